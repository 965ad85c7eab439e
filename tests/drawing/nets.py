"""The small nets that the pictures are tested with: hand-written loops and the library's own layers."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg

TOY_INPUTS = (0.3, -0.9, 0.8, 0.9, -0.9)


def toy(inputs: Any = TOY_INPUTS, first: int = 1, backward: bool = True) -> tuple[mg.Trace, mg.Tensor]:
    """The toy net of every figure: z = x W_xh + h W_hh + b, h = tanh(z), L = ½ (h W_hy − y*)², one unit, by hand."""
    W_xh, W_hh, b, W_hy = (number(value, name) for name, value in (("W_xh", 0.5), ("W_hh", 0.9), ("b", -0.1), ("W_hy", 0.8)))
    h, y_star = mg.Tensor(0.4, dtype="float64"), mg.Tensor(-1.0, dtype="float64")
    with mg.Trace() as trace:
        for t, value in enumerate(inputs, first):
            with mg.scope(t=t):
                x = mg.Tensor(value, dtype="float64")
                z = x * W_xh + h * W_hh + b
                h = mg.tanh(z)
        y = h * W_hy
        L = 0.5 * (y - y_star) ** 2
    if backward:
        L.backward()
    return trace, W_hh


def number(value: float, name: str) -> mg.Tensor:
    return mg.Tensor(value, requires_grad=True, name=name, dtype="float64")


def expression() -> mg.Trace:
    """e = (a + b)·(b + 1), with a = 2 and b = 1: b is used twice."""
    a, b = number(2.0, "a"), number(1.0, "b")
    with mg.Trace() as trace:
        c = a + b
        d = b + 1
        e = c * d
    e.backward()
    return trace


def layer(kind: str, steps: int = 5, units: int = 8, sequences: bool = False, stacked: bool = False,
          batch: int = 2) -> tuple[mg.Trace, Any]:  # fmt: skip
    """One of the library's recurrent layers (or two, one on the other), a Dense layer and a cross-entropy."""
    mg.set_random_seed(0)
    make = getattr(mg.layers, kind)
    below = make(units, return_sequences=sequences or stacked, name=kind.lower())
    above = make(units, return_sequences=sequences, name=f"{kind.lower()}_2") if stacked else None
    dense = mg.layers.Dense(3, name="dense")
    x = mg.Tensor(np.random.default_rng(0).normal(size=(batch, steps, 4)))
    with mg.Trace() as trace:
        h = below(x)
        h = above(h) if above else h
        y = dense(h)
        targets = np.zeros((batch, steps) if sequences else batch, dtype=int)
        loss = mg.mean(mg.cross_entropy(y, targets))
    loss.backward()
    return trace, below


def own_cell(steps: int = 4, units: int = 3, seed: int = 0) -> tuple[mg.Trace, mg.Tensor]:
    """A cell that the library does not have: two states, a weight used twice in a step, letters of its own."""
    random = np.random.default_rng(seed)
    U, V, W = (mg.Tensor(random.normal(size=(units, units)), requires_grad=True, name=name) for name in "UVW")
    p = mg.Tensor(random.normal(size=(1, units)))
    q = mg.Tensor(random.normal(size=(1, units)))
    total: Any = 0.0
    with mg.Trace() as trace:
        for t in range(steps):
            with mg.scope("mine", t=t):
                s = mg.tanh(p @ U + q @ V)
                k = mg.sigmoid(s @ W)
                p, q = k * p + (1 - k) * s, mg.tanh(s @ U) * q
                total = total + mg.sum(p * q)
    total.backward()
    return trace, U


def spelled(steps: int = 4, units: int = 6, detach: int = 0) -> tuple[mg.Trace, mg.Tensor]:
    """A net with a loss at every step, the losses summed as they come; `detach` cuts the state every so many steps."""
    random = np.random.default_rng(2)
    W_xh, W_hh, W_hy = (mg.Tensor(random.normal(size=shape) * 0.7, requires_grad=True, name=name)
                        for name, shape in (("W_xh", (3, units)), ("W_hh", (units, units)), ("W_hy", (units, 3))))  # fmt: skip
    h, loss = mg.Tensor(np.ones((1, units))), 0.0
    with mg.Trace() as trace:
        for t in range(steps):
            if detach and t and t % detach == 0:
                h = h.detach()
            with mg.scope(t=t):
                x = mg.Tensor(random.normal(size=(1, 3)))
                h = mg.tanh(x @ W_xh + h @ W_hh)
                y = h @ W_hy
                loss = loss + mg.sum(mg.cross_entropy(y, np.array([t % 3])))
    loss.backward()
    return trace, W_hh


def both_ways(kind: str = "RNN", steps: int = 4, sequences: bool = True) -> mg.Trace:
    """A Bidirectional layer under a Dense one."""
    mg.set_random_seed(0)
    layer_ = mg.layers.Bidirectional(getattr(mg.layers, kind)(4, return_sequences=sequences), name="both")
    dense = mg.layers.Dense(2)
    x = mg.Tensor(np.random.default_rng(0).normal(size=(2, steps, 3)))
    with mg.Trace() as trace:
        y = dense(layer_(x))
        loss = mg.mean(mg.cross_entropy(y, np.zeros((2, steps) if sequences else 2, dtype=int)))
    loss.backward()
    return trace


def masked(kind: str = "LSTM") -> mg.Trace:
    """A layer that reads two sequences of which one is shorter, and a step that is padding in both."""
    mg.set_random_seed(0)
    embedding, rnn, dense = mg.layers.Embedding(6, 3, mask_zero=True), getattr(mg.layers, kind)(4), mg.layers.Dense(2)
    with mg.Trace() as trace:
        loss = mg.mean(mg.cross_entropy(dense(rnn(embedding(np.array([[1, 2, 3, 0], [4, 5, 0, 0]])))), np.zeros(2, dtype=int)))
    loss.backward()
    return trace


def encoder_decoder() -> tuple[mg.Trace, mg.Tensor]:
    """Three steps that read, then two that write from where the reading ended."""
    W_xh, W_hh, W_hy = number(0.5, "W_xh"), number(0.9, "W_hh"), number(0.8, "W_hy")
    h, loss = mg.Tensor(0.0, dtype="float64"), 0.0
    with mg.Trace() as trace:
        for t, value in enumerate((0.3, -0.9, 0.8)):
            with mg.scope("reader", t=t):
                h = mg.tanh(value * W_xh + h * W_hh)
        for t in range(2):
            with mg.scope("writer", t=t):
                h = mg.tanh(h * W_hh)
                y = h * W_hy
                loss = loss + (y - 1.0) ** 2
    loss.backward()
    return trace, W_hh
