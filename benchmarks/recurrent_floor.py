"""What a training step cannot do without, alone: its matrix products as fast as NumPy does them here, and its activations.

Both kinds of libraries spend their time in these; where their sum over torch.nn's time is above a wished-for ratio, no kernel
that calls NumPy reaches it on this processor. Gather, loss, update, additions and Python are not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels.shared import step_product, weight_gradient

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
TANHS = {"rnn": 1, "gru": 3, "lstm": 5}            # σ is a tanh too, and the LSTM has one more, of its cell


def operations(kind: str, units: int, V: int, N: int, T: int) -> float:
    """Floating-point operations of the products: forward, backward and dW of W_hh, and of the layer after it."""
    return 2.0 * N * T * 3 * (GATES[kind] * units * units + units * V)


def bare(kind: str, units: int, V: int, N: int, T: int) -> dict[str, Callable[[], Any]]:
    """The products of one step, and its activations, on random numbers."""
    rng, gates = np.random.default_rng(0), GATES[kind]

    def random(*shape: int) -> np.ndarray:
        return rng.normal(0.0, 0.1, shape).astype("float32")
    hs, dzs, W, W_out, dy = random(T, N, units), random(gates, T, N, units), random(gates, units, units), random(units, V), random(T * N, V)
    single = gates == 1
    forward = step_product(W[0] if single else W, N)
    backward = step_product(W[0].T if single else W.swapaxes(1, 2), N)
    steps = [dzs[0, t] if single else dzs[:, t].copy() for t in range(T)]
    rows, z = hs.reshape(T * N, units), random(TANHS[kind], N, units)

    def products() -> None:
        for h in hs:
            forward(h)
        for dz in steps:
            backward(dz)
        weight_gradient(hs, dzs)
        np.dot(rows, W_out)
        np.dot(dy, W_out.T)
        np.dot(rows.T, dy)

    def activations() -> None:
        for _ in range(T):
            np.tanh(z, out=z)
    return {"products": products, "activations": activations}
