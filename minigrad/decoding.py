"""From probabilities to symbols: how a trained model's next symbol is chosen, and how a text grows from such choices.

A model says how probable each next symbol is; taking the most probable one (greedy) and drawing one (sampling, sharper
or flatter by a temperature, or among the k best only) give very different texts. `generate` feeds each choice back in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .backend import generator as seeded_generator
from .backend import to_cpu


def distribution(logits, temperature: float = 1.0, top_k: int | None = None) -> np.ndarray:
    """p = softmax(logits / temperature), zero but for the top_k most probable symbols; over the last axis, in float64.

    A temperature below 1 sharpens, above 1 flattens, and 0 puts all on the most probable symbol (the first of equals).
    """
    z = np.asarray(to_cpu(getattr(logits, "array", logits)), dtype=np.float64)
    if temperature < 0:
        raise ValueError(f"a temperature is at least 0 (0 means: always the most probable), got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k keeps at least one symbol, got {top_k}")
    if temperature == 0:
        return np.where(np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., None], 1.0, 0.0)
    if top_k is not None and top_k < z.shape[-1]:
        order = np.argsort(-z, axis=-1, kind="stable")
        z = np.where(np.argsort(order, axis=-1) < top_k, z, -np.inf)
    p = np.exp((z - z.max(axis=-1, keepdims=True)) / temperature)
    return p / p.sum(axis=-1, keepdims=True)


def greedy(logits) -> np.ndarray:
    """argmax over the last axis: the most probable symbol of each row."""
    return distribution(logits, temperature=0).argmax(axis=-1)


def sample(
    logits, temperature: float = 1.0, top_k: int | None = None, generator: np.random.Generator | None = None
) -> np.ndarray:
    """A symbol of each row, drawn from distribution(logits, temperature, top_k).

    It inverts the cumulated probabilities at one uniform number per row. Without a generator of its own it draws from
    the one that mg.set_random_seed seeds.
    """
    p = distribution(logits, temperature, top_k)
    u = (generator or seeded_generator()).random(p.shape[:-1] + (1,))
    below = p.cumsum(axis=-1) <= u
    last_possible = p.shape[-1] - 1 - (p[..., ::-1] > 0).argmax(axis=-1)  # rounding may leave the last sum under 1
    return np.minimum(below.sum(axis=-1), last_possible)


def generate(
    step: Callable[[Any, Any], tuple[Any, Any]], first: Any, length: int, state: Any = None, choose: Callable = sample
) -> list:
    """logits, state = step(symbol, state); symbol = choose(logits): `length` symbols, each the next one's input.

    `first` is the symbol (or whatever `step` takes) to begin with and is not part of the answer.
    """
    symbol, symbols = first, []
    for _ in range(length):
        logits, state = step(symbol, state)
        symbol = choose(logits)
        symbols.append(symbol)
    return symbols
