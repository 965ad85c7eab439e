"""One training step of a vanilla recurrent net in nothing but NumPy: forward, cross-entropy, backward and update, by hand.

No tape, no layers, no checks, every array written in place where that helps, the same products as the kernel's, and the fastest form
of everything between them. What a framework on NumPy takes beyond it is the price of being one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.kernels.shared import row_gradient, step_product

RATE = 0.1


def rnn_step(start: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> Callable[[], float]:
    """hₜ = tanh(W_xh[xₜ] + b + hₜ₋₁ W_hh);  logits = h W + b_y;  mean cross-entropy; then W −= 0.1 ∂L/∂W for all: the step."""
    weights = {name: array.copy() for name, array in start.items()}
    (N, T), units = x.shape, start["W_hh"].shape[0]
    x, target, each = x.T.copy(), y.T.reshape(-1), np.arange(N * T)
    ones = np.ones(N * T, "float32")

    def step() -> float:
        hs = states(weights, x, N, units)
        loss, dlogits = loss_and_gradient(hs[1:].reshape(-1, units) @ weights["W"], weights["b_y"], (each, target))
        gradients = {"W": hs[1:].reshape(-1, units).T @ dlogits, "b_y": ones @ dlogits}
        dzs = sweep_back((dlogits @ weights["W"].T).reshape(T, N, units), hs[1:], weights["W_hh"])
        gradients["W_hh"] = hs[:-1].reshape(-1, units).T @ dzs.reshape(-1, units)
        gradients["W_xh"] = row_gradient(x, dzs[None], len(weights["W_xh"]))
        gradients["b"] = gradients["W_xh"].sum(0)
        for name, gradient in gradients.items():
            weights[name] = weights[name] - RATE * gradient
        return loss
    return step


def states(weights: dict[str, np.ndarray], x: np.ndarray, N: int, units: int) -> np.ndarray:
    """All states (T + 1, N, units); the first is zero."""
    zs = np.take(weights["W_xh"] + weights["b"], x, axis=0)
    hs = np.empty((len(x) + 1, N, units), "float32")
    hs[0] = 0.0
    product = step_product(weights["W_hh"], N)
    for z, h, new_h in zip(zs, hs, hs[1:]):
        product(h, out=new_h)
        np.add(new_h, z, out=new_h)
        np.tanh(new_h, out=new_h)
    return hs


def loss_and_gradient(logits: np.ndarray, b_y: np.ndarray, picked: Any) -> tuple[float, np.ndarray]:
    """The mean of ln Σ e^z − z_target over all rows, and (softmax(z) − one-hot(target)) / rows, written over the logits."""
    rows = len(logits)
    logits += b_y
    top, right = logits[picked[0], logits.argmax(-1)], logits[picked]
    logits -= top[:, None]
    np.exp(logits, out=logits)
    total = logits @ np.ones(logits.shape[1], "float32")
    logits *= (1.0 / (rows * total))[:, None]
    logits[picked] -= np.float32(1.0 / rows)
    return float((np.log(total) + top - right).mean()), logits


def sweep_back(dhs: np.ndarray, hs: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
    """∂L/∂z of all steps: dz = (1 − h²) ⊙ dh, and dh of the step before takes dz W_hhᵀ."""
    dzs = np.multiply(hs, hs)
    np.subtract(1.0, dzs, out=dzs)
    product, dh = step_product(W_hh.T, hs.shape[1]), np.zeros_like(hs[0])
    for dz, incoming in zip(dzs[::-1], dhs[::-1]):
        np.add(dh, incoming, out=dh)
        np.multiply(dz, dh, out=dz)
        product(dz, out=dh)
    return dzs
