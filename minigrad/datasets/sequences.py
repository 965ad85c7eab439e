"""Generated sequences, each with a memory whose length is known: parity, adding, copying, echoing.

They ask of a net exactly one thing that a window over the input cannot give. Every function draws from minigrad's one
random generator, so `mg.set_random_seed` makes them repeatable, and returns what to feed and what to expect.
"""

from __future__ import annotations

import numpy as np

from ..backend import floatx, generator


def parity(count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """y_t = x_0 xor … xor x_t: bits (count, length, 1), and after each of them whether the number of ones is odd (count, length)."""
    bits = generator().integers(0, 2, (count, length))
    return bits[..., None].astype(floatx()), bits.cumsum(axis=1) % 2


def adding(count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """y = the sum of the two marked numbers: x (count, length, 2) holds numbers in [0, 1) and marks, y is (count, 1).

    One mark lies in each half, so the first number waits for half the length on average. Whoever always answers 1 has a
    mean squared error of 1/6, the variance of the sum of two uniform numbers (Hochreiter and Schmidhuber 1997, experiment 4).
    """
    if length < 2:
        raise ValueError(f"two numbers to add need a length of at least 2, got {length}")
    numbers, marks, rows = generator().random((count, length)), np.zeros((count, length)), np.arange(count)
    first = generator().integers(0, length // 2, count)
    second = generator().integers(length // 2, length, count)
    marks[rows, first] = marks[rows, second] = 1
    y = numbers[rows, first] + numbers[rows, second]
    return np.stack([numbers, marks], axis=-1).astype(floatx()), y[:, None].astype(floatx())


def copying(count: int, items: int = 3, symbols: int = 4, blanks: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """y = blanks, then the items again: integer x and y, both (count, items + blanks + 1 + items).

    The symbols to remember are 2 … symbols + 1; 0 is blank and 1 is the signal to begin the copy.
    """
    memory = generator().integers(2, symbols + 2, (count, items))
    x = np.zeros((count, 2 * items + blanks + 1), dtype=int)
    y = np.zeros_like(x)
    x[:, :items] = memory
    x[:, items + blanks] = 1
    y[:, -items:] = memory
    return x, y


def echo(count: int, length: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """y_t = x_{t−lag}: fair coin flips (count, length, 1) and what they were `lag` steps ago (count, length).

    The answers of the first `lag` steps are coin flips from before the beginning, which nobody can know.
    """
    flips = generator().integers(0, 2, (count, length + lag))
    return flips[:, lag:, None].astype(floatx()), flips[:, :length]
