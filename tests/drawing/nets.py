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


def weight(name: str, *shape: int, seed: int = 0) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape) * 0.5, requires_grad=True, name=name)


def data(*shape: int, seed: int = 1) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape))


def steps_that_differ() -> mg.Trace:
    """Every second step does more than the others, and one of them more still."""
    W, V, h = weight("W", 3, 3), weight("V", 3, 3), data(1, 3)
    with mg.Trace() as trace:
        for t in range(5):
            with mg.scope(t=t):
                x = data(1, 3, seed=t)
                z = x + h @ W
                if t % 2:
                    z = mg.relu(z) @ V
                h = mg.tanh(z)
                if t == 3:
                    h = h * mg.sigmoid(x @ V)
        loss = mg.sum(h)
    loss.backward()
    return trace


def far_back(far: int = 2, steps: int = 5, backwards: bool = False) -> mg.Trace:
    """z = h(one step before) W + h(`far` steps before); or with time running backwards."""
    W, states = weight("W", 3, 3), {-k: data(1, 3, seed=k) for k in range(1, far + 1)}
    with mg.Trace() as trace:
        for t in range(steps):
            with mg.scope(t=steps - 1 - t if backwards else t):
                z = states[t - 1] @ W + states[t - far]
                h = states[t] = mg.tanh(z)
        loss = mg.sum(h)
    loss.backward()
    return trace


def with_context() -> mg.Trace:
    """A decoder that reads its encoder's last state at every step."""
    W, U, h = weight("W", 3, 3), weight("U", 3, 3), data(1, 3)
    with mg.Trace() as trace:
        for t in range(3):
            with mg.scope("encoder", t=t):
                h = mg.tanh(data(1, 3, seed=t) + h @ W)
        s, loss = mg.Tensor(np.zeros((1, 3))), 0.0
        for t in range(3):
            with mg.scope("decoder", t=t):
                s = mg.tanh(s @ U + h)
                loss = loss + mg.sum(s * s)
    loss.backward()
    return trace


def translator() -> mg.Trace:
    """The library's LSTM as encoder and as decoder, which begins with the encoder's states."""
    mg.set_random_seed(0)
    encoder, decoder = mg.layers.LSTM(3, return_state=True, name="encoder"), mg.layers.LSTM(3, return_sequences=True, name="decoder")
    dense = mg.layers.Dense(4)
    with mg.Trace() as trace:
        _, h, c = encoder(data(2, 3, 3))
        y = dense(decoder(data(2, 2, 2), initial_state=[h, c]))
        loss = mg.mean(mg.cross_entropy(y, np.zeros((2, 2), dtype=int)))
    loss.backward()
    return trace


def two_storeys_both_ways(kind: str = "RNN") -> mg.Trace:
    """Bidirectional on Bidirectional."""
    mg.set_random_seed(0)
    make = getattr(mg.layers, kind)
    low = mg.layers.Bidirectional(make(3, return_sequences=True), name="low")
    high = mg.layers.Bidirectional(make(3), name="high")
    with mg.Trace() as trace:
        loss = mg.mean(high(low(data(2, 4, 3))) ** 2)
    loss.backward()
    return trace


def masked_both_ways() -> mg.Trace:
    """Padding under a Bidirectional layer."""
    mg.set_random_seed(0)
    embedding, dense = mg.layers.Embedding(6, 3, mask_zero=True), mg.layers.Dense(2)
    both = mg.layers.Bidirectional(mg.layers.LSTM(2, return_sequences=True), name="both")
    with mg.Trace() as trace:
        loss = mg.mean(dense(both(embedding(np.array([[1, 2, 0], [4, 0, 0]])))) ** 2)
    loss.backward()
    return trace


def many_results() -> mg.Trace:
    """Three Dense layers with long names read the last state."""
    mg.set_random_seed(0)
    rnn, heads = mg.layers.LSTM(3), [mg.layers.Dense(2, name=f"a_long_name_{k}") for k in range(3)]
    with mg.Trace() as trace:
        h = rnn(data(2, 3, 3))
        loss = sum((mg.mean(head(h) ** 2) for head in heads), 0.0)
    loss.backward()
    return trace


WIDE = {
    "both ways": both_ways, "both ways, LSTM": lambda: both_ways("LSTM", 3), "both ways, the last": lambda: both_ways("GRU", sequences=False),
    "masked LSTM": masked, "masked GRU": lambda: masked("GRU"), "masked both ways": masked_both_ways,
    "two storeys both ways": two_storeys_both_ways, "encoder and decoder": lambda: encoder_decoder()[0], "with context": with_context,
    "translator": translator, "steps that differ": steps_that_differ, "two steps back": far_back,
    "three steps back, backwards": lambda: far_back(3, 6, backwards=True), "cut": lambda: spelled(6, detach=3)[0],
    "stacked": lambda: layer("GRU", stacked=True)[0], "own cell": lambda: own_cell()[0], "many results": many_results,
    "fifty steps": lambda: layer("LSTM", steps=50)[0], "a loss at every step": lambda: layer("LSTM", sequences=True)[0],
}  # fmt: skip
