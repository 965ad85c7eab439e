"""The rows of the whole-sequence kernels: their cases, and the same nets written as loops over time in plain NumPy.

A kernel is a primitive with several outputs; a row joins them into one flat vector, so that its five promises and its mutants
are those of every primitive. It has no second derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad import kernels, ops  # noqa: F401  (importing the kernels registers them)
from minigrad.engine import primitives
from tests.cases import Case, arrays
from tests.table import Row

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "linear": lambda z: z,
}


def flat(outputs: Any) -> np.ndarray:
    return np.concatenate([np.ravel(y) for y in outputs])


def joined(name: str) -> Callable[..., Any]:
    """The kernel, all of its outputs in one vector."""

    def call(*operands: Any, **settings: Any) -> Any:
        return ops.concatenate(primitives[name](*operands, **settings), axis=None)

    return call


@st.composite
def sequences(draw: Any, gates: int, states: int, biases: int = 1, **settings: st.SearchStrategy) -> Case:
    """x (T, N, features) or integers (T, N), W_xh, W_hh, b or None, first states or None, and perhaps a mask."""
    T, N, features, units = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(0, features, size=(T, N)) if draw(st.integers(0, 3)) == 0 else draw(arrays((T, N, features)))
    weights = [0.5 * draw(arrays((rows, gates * units))) for rows in (features, units)]
    shape = (gates * units,) if biases == 1 else (biases, gates * units)
    b = draw(arrays(shape)) if draw(st.booleans()) else None
    firsts = [draw(arrays((N, units))) if draw(st.booleans()) else None for _ in range(states)]
    mask = rng.random((T, N)) > 0.4 if draw(st.booleans()) else None
    chosen = {name: draw(values) for name, values in settings.items()}
    return Case((x, *weights, b, *firsts), {"mask": mask, **chosen})


@st.composite
def with_peepholes(draw: Any) -> Case:
    """The LSTM's variants: peepholes (one row for each of i f o), and gates coupled by i = 1 − f (rows f o)."""
    coupled = draw(st.booleans())
    case = draw(sequences(3 if coupled else 4, states=2, activation=st.sampled_from(["tanh", "linear"])))
    units = case.operands[2].shape[0]
    peepholes = draw(arrays((2 if coupled else 3, units))) if draw(st.booleans()) else None
    return Case((*case.operands, peepholes), {**case.settings, "coupled": coupled})


# ------------------------------------------------------------------------------------------------ the nets as loops


def inputs(x: np.ndarray, W: np.ndarray) -> np.ndarray:
    return W[x] if x.dtype.kind in "iu" else x @ W


def kept(mask: Any, t: int, new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return new if mask is None else np.where(mask[t][:, None], new, old)


def first(state: Any, x: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    return np.zeros((x.shape[1], W_hh.shape[0])) if state is None else state


def rnn(x: Any, W_xh: Any, W_hh: Any, b: Any, h0: Any, activation: str, mask: Any) -> np.ndarray:
    h, hs = first(h0, x, W_hh), []
    for t in range(len(x)):
        z = inputs(x[t], W_xh) + h @ W_hh + (0 if b is None else b)
        h = kept(mask, t, FUNCTIONS[activation](z), h)
        hs.append(h)
    return flat([hs, h])


def lstm(x: Any, W_xh: Any, W_hh: Any, b: Any, h0: Any, c0: Any, P: Any, coupled: bool, activation: str, mask: Any) -> np.ndarray:
    sigmoid, tanh = FUNCTIONS["sigmoid"], FUNCTIONS[activation]
    h, c, hs, cs = first(h0, x, W_hh), first(c0, x, W_hh), [], []
    for t in range(len(x)):
        z = inputs(x[t], W_xh) + h @ W_hh + (0 if b is None else b)
        *z_if, z_g, z_o = np.split(z, 3 if coupled else 4, axis=1)
        seen = [np.zeros(h.shape[1])] * 3 if P is None else list(P)
        gates = [sigmoid(z_k + p * c) for z_k, p in zip(z_if, seen, strict=False)]
        f = gates[-1]
        i = 1 - f if coupled else gates[0]
        new_c = f * c + i * tanh(z_g)
        o = sigmoid(z_o + seen[-1] * new_c)
        h, c = kept(mask, t, o * tanh(new_c), h), kept(mask, t, new_c, c)
        hs.append(h)
        cs.append(c)
    return flat([hs, h, c, cs])


def gru(x: Any, W_xh: Any, W_hh: Any, b: Any, h0: Any, reset_after: bool, activation: str, mask: Any) -> np.ndarray:
    sigmoid, tanh = FUNCTIONS["sigmoid"], FUNCTIONS[activation]
    h, hs, units = first(h0, x, W_hh), [], W_hh.shape[0]
    b_in, b_seen = (0, 0) if b is None else (b[0], b[1]) if reset_after else (b, 0)
    for t in range(len(x)):
        z, r, candidate = np.split(inputs(x[t], W_xh) + b_in, 3, axis=1)
        seen = h @ W_hh + b_seen
        z, r = sigmoid(z + seen[:, :units]), sigmoid(r + seen[:, units : 2 * units])
        if reset_after:
            candidate = tanh(candidate + r * seen[:, 2 * units :])
        else:
            candidate = tanh(candidate + (r * h) @ W_hh[:, 2 * units :])
        h = kept(mask, t, z * h + (1 - z) * candidate, h)
        hs.append(h)
    return flat([hs, h])


smooth = st.sampled_from(["tanh", "linear", "sigmoid"])
gru_cases = sequences(3, 1, activation=st.sampled_from(["tanh", "linear"]), reset_after=st.just(False)) | sequences(
    3, 1, biases=2, activation=st.just("tanh"), reset_after=st.just(True)
)

KERNELS: list[Row] = [
    Row("rnn", sequences(1, 1, activation=smooth), rnn, call=joined("rnn"), orders=1),
    Row("lstm", with_peepholes(), lstm, call=joined("lstm"), orders=1),
    Row("gru", gru_cases, gru, call=joined("gru"), orders=1),
]
