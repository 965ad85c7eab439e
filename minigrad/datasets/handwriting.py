"""Handwritten digits of 8×8 pixels, alone and in pairs, with number words and questions to go with the pairs.

The 1,797 pictures come with scikit-learn (Alpaydin and Kaynak 1998, from the UCI repository), so nothing is downloaded.
A picture is eight rows of eight: read as it stands it is a sequence of rows, reshaped to (64, 1) one of pixels.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from ..backend import floatx, generator

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
QUESTIONS = (
    "which digit is on the left",
    "which digit is on the right",
    "are both digits equal",
    "is their sum even",
    "is the left digit larger",
)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pictures (1797, 8, 8) with ink between 0 and 1, and which digit each of them is (1797,)."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the digits come with scikit-learn: python -m pip install scikit-learn")
    file = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if file.exists():  # importing scikit-learn for one table would take a second or two
        table = np.loadtxt(file, delimiter=",")
        pixels, labels = table[:, :64], table[:, 64]
    else:
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
    return (pixels.reshape(-1, 8, 8) / 16).astype(floatx()), labels.astype(np.int64)


def split(*arrays: np.ndarray, test: float = 0.25) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """(training, held out): the arrays' rows, shuffled alike, and a share `test` of them kept apart."""
    count = len(arrays[0])
    if any(len(array) != count for array in arrays):
        raise ValueError(f"arrays to split must be equally long, got lengths {[len(array) for array in arrays]}")
    if not 0 < test < 1:
        raise ValueError(f"the share to hold out lies between 0 and 1, got {test}")
    order = generator().permutation(count)
    edge = round(count * test)
    return tuple(a[order[edge:]] for a in arrays), tuple(a[order[:edge]] for a in arrays)


def digit_pairs(
    images: np.ndarray, labels: np.ndarray, count: int, equal: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (count, 2, 8, 8) drawn from the pictures, left and right, and their digits (count, 2).

    `equal` is the share of pairs that show the same digit twice; without it chance decides, and it is about a tenth.
    `side_by_side` makes one picture of a pair.
    """
    left, right = generator().integers(len(images), size=(2, count))
    if equal is not None:
        same = generator().random(count) < equal
        for n in range(count):
            wanted = np.flatnonzero((labels == labels[left[n]]) == same[n])
            right[n] = generator().choice(wanted)
    chosen = np.stack([left, right], axis=1)
    return images[chosen], labels[chosen]


def side_by_side(pairs: np.ndarray) -> np.ndarray:
    """(count, 2, 8, 8) → (count, 8, 16): the left digit and the right one in one picture."""
    return np.concatenate([pairs[:, 0], pairs[:, 1]], axis=-1)


def number_word(n: int) -> str:
    """42 → "forty-two", for 0 … 99."""
    if not 0 <= n <= 99:
        raise ValueError(f"number words go from 0 to 99, got {n}")
    if n < 20:
        return (UNITS + TEENS)[n]
    return TENS[n // 10 - 2] + (f"-{UNITS[n % 10]}" if n % 10 else "")


def ask(labels: np.ndarray) -> tuple[list[str], list[str]]:
    """A question about each pair of digits, one of five at random, and its answer: a digit, "yes" or "no"."""
    kinds = generator().integers(len(QUESTIONS), size=len(labels))
    answers = [answer(QUESTIONS[kind], int(a), int(b)) for kind, (a, b) in zip(kinds, labels, strict=True)]
    return [QUESTIONS[kind] for kind in kinds], answers


def answer(question: str, left: int, right: int) -> str:
    """What is true of two digits."""
    truths = (str(left), str(right), left == right, (left + right) % 2 == 0, left > right)
    truth = truths[QUESTIONS.index(question)]
    return truth if isinstance(truth, str) else "yes" if truth else "no"
