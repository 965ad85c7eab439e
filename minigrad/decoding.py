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
from .engine import no_grad
from .structure import map_leaves


def distribution(logits, temperature: float = 1.0, top_k: int | None = None) -> np.ndarray:
    """p = softmax(logits / temperature), zero but for the top_k most probable symbols; over the last axis, in float64.

    A temperature below 1 sharpens, above 1 flattens, and 0 puts all on the most probable symbol (the first of equals).
    """
    z = _numbers(logits)
    if not temperature >= 0:
        raise ValueError(f"a temperature is at least 0 (0 means: always the most probable), got {temperature}")
    if top_k is not None and (top_k < 1 or top_k != int(top_k)):
        raise ValueError(f"top_k keeps at least one symbol, and a whole number of them, got {top_k}")
    if temperature == 0:
        return np.where(np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., None], 1.0, 0.0)
    if top_k is not None and top_k < z.shape[-1]:
        order = np.argsort(-z, axis=-1, kind="stable")
        z = np.where(np.argsort(order, axis=-1) < top_k, z, -np.inf)
    p = np.exp((z - z.max(axis=-1, keepdims=True)) / temperature)
    return p / p.sum(axis=-1, keepdims=True)


def _numbers(logits: Any) -> np.ndarray:
    """The logits in float64; a row out of which nothing can be chosen is an error, not symbol 0."""
    z = np.asarray(to_cpu(getattr(logits, "array", logits)), dtype=np.float64)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"logits have one number for each symbol on their last axis, got shape {z.shape}")
    if not np.isfinite(z.max(axis=-1)).all():                   # NaN or +∞ anywhere, or nothing but −∞
        raise ValueError("logits are numbers, or −∞ for what is impossible; this row has NaN or ∞, or no symbol that is possible: "
                         f"{z[~np.isfinite(z.max(axis=-1))].ravel()[:4]} …: were the weights finite?")
    return z


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


@no_grad()
def generate(
    step: Callable[[Any, Any], tuple[Any, Any]], first: Any, length: int, state: Any = None, choose: Callable = sample,
    end: int | None = None,
) -> list:  # fmt: skip
    """logits, state = step(symbol, state); symbol = choose(logits): `length` symbols, each the next one's input.

    `first` is the symbol (or whatever `step` takes) to begin with and is not part of the answer. After `end` a row is
    finished and filled up with it, and when all rows are, the answer ends before `length`. No history is kept.
    """
    symbol, symbols, finished = first, [], False
    for _ in range(length):
        logits, state = step(symbol, state)
        symbol = choose(logits)
        if end is not None:
            symbol = np.where(finished, end, symbol)
            finished = symbol == end
        symbols.append(symbol)
        if np.all(finished):
            break
    return symbols


@no_grad()
def beam_search(
    step: Callable[[Any, Any], tuple[Any, Any]], first: Any, length: int, state: Any = None, width: int = 4,
    end: int | None = None, length_power: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The `width` best continuations by log p = Σ log p(symbol), best first: symbols (width, length), log p (width,)

    logits, state = step(symbols, state) works on rows: `symbols` (rows,), and every tensor or array in `state` has that
    many rows. All hypotheses take each step together; of all their continuations the `width` best live on. `first` is
    one symbol, or several (N,) for N searches at once; then both results have N in front. After `end` a row is finished
    and filled up with it. `length_power` α ranks by log p / Lᵃ, L the symbols up to and with `end`: α = 0 favours short
    answers (Wu et al. 2016). A row for which no continuation was left has log p = −∞. Width 1 is greedy, and a width
    that keeps everything is exhaustive.
    """
    if width < 1 or length < 1:
        raise ValueError(f"beam search keeps at least one hypothesis and takes at least one step, got {width} and {length}")
    symbols = np.atleast_1d(first)
    N, log_p, lengths = len(symbols), np.zeros((len(symbols), 1)), np.zeros((len(symbols), 1), dtype=int)
    texts = np.zeros((N, 1, 0), dtype=int)
    for _ in range(length):
        logits, state = step(symbols, state)
        going = _going_on(texts, end)
        each = _log_probabilities(logits, going, end)                           # (N, beams, V)
        lengths = lengths + going
        total = log_p[..., None] + each
        parent, symbol = _best(total / np.maximum(lengths, 1)[..., None] ** length_power, width)
        n = np.arange(N)[:, None]
        log_p, texts, lengths = total[n, parent, symbol], np.dstack([texts[n, parent], symbol]), lengths[n, parent]
        rows = (n * each.shape[1] + parent).ravel()
        symbols, state = symbol.ravel(), _rows(state, rows, each.shape[0] * each.shape[1])
    return (texts[0], log_p[0]) if np.ndim(first) == 0 else (texts, log_p)


def _rows(state: Any, rows: np.ndarray, count: int) -> Any:
    """The states that the hypotheses continue from: their parents', chosen among `count`."""
    def chosen(part: Any) -> Any:
        if part is None:
            return None
        if np.shape(part)[:1] != (count,):
            raise ValueError(f"every tensor or array in a beam's state has one row for each of its {count} hypotheses, "
                             f"got one of shape {np.shape(part)}")
        return part[rows]
    return map_leaves(chosen, state)


def _going_on(texts: np.ndarray, end: int | None) -> np.ndarray:
    """Which hypotheses have not yet chosen `end`: (N, beams)."""
    return np.ones(texts.shape[:2], dtype=bool) if end is None else (texts != end).all(axis=-1)


def _log_probabilities(logits: Any, going: np.ndarray, end: int | None) -> np.ndarray:
    """log softmax, in float64; what is finished can only repeat `end`, at no price."""
    z = _numbers(logits)
    if z.size != going.size * z.shape[-1]:
        raise ValueError(f"step returns logits (rows, symbols) with as many rows as it was given, {going.size}; got shape {z.shape}")
    if end is not None and not 0 <= end < z.shape[-1]:
        raise ValueError(f"end is one of the {z.shape[-1]} symbols, 0 … {z.shape[-1] - 1}, got {end}")
    z = z - z.max(axis=-1, keepdims=True)
    log_p = (z - np.log(np.exp(z).sum(axis=-1, keepdims=True))).reshape(*going.shape, -1)
    if end is not None:
        log_p[~going] = np.where(np.arange(log_p.shape[-1]) == end, 0.0, -np.inf)
    return log_p


def _best(scores: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(parent, symbol) of the `width` highest of scores (N, beams, V), the first of equals first."""
    flat = scores.reshape(len(scores), -1)
    order = np.argsort(-flat, axis=-1, kind="stable")[:, :width]
    return order // scores.shape[-1], order % scores.shape[-1]
