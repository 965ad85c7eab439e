"""Regularisers: a price on large weights, added to the loss.

Each is called with a Tensor and returns one number. Names, defaults and meanings are Keras': "l2" is L2(0.01), and the
sum of squares is not halved.
"""
from __future__ import annotations

import numpy as np

from . import ops
from .engine import Tensor
from .registry import Registry, described

regularizers = Registry("regularizer")
get = regularizers.get


class Regularizer:
    """Subclasses define __call__(W) → penalty."""

    def __call__(self, W: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(W)")

    def __repr__(self) -> str:
        return described(self)


@regularizers.register()
class L1(Regularizer):
    """R = λ₁ Σ |w|"""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = l1

    def __call__(self, W: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(W))


@regularizers.register()
class L2(Regularizer):
    """R = λ₂ Σ w²"""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = l2

    def __call__(self, W: Tensor) -> Tensor:
        return self.l2 * ops.sum(ops.square(W))


@regularizers.register("l1_l2")
class L1L2(Regularizer):
    """R = λ₁ Σ |w| + λ₂ Σ w²"""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, W: Tensor) -> Tensor:
        return self.l1 * ops.sum(ops.abs(W)) + self.l2 * ops.sum(ops.square(W))


@regularizers.register()
class OrthogonalRegularizer(Regularizer):
    """R = factor · Σ_{i<j} |⟨wᵢ, wⱼ⟩|,  wᵢ the rows of W scaled to length 1 (or columns); mean over the pairs, as in Keras"""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode is 'rows' or 'columns', not {mode!r}")
        self.factor, self.mode = factor, mode

    def __call__(self, W: Tensor) -> Tensor:
        W = W if self.mode == "rows" else ops.transpose(W)
        W = W / ops.sqrt(ops.maximum(ops.sum(ops.square(W), axis=1, keepdims=True), 1e-12))
        n = W.shape[0]
        off_diagonal = 1.0 - np.eye(n, like=W.array).astype(W.dtype)
        return (0.5 * self.factor / max(1.0, n * (n - 1) / 2.0)) * ops.sum(ops.abs(ops.matmul(W, ops.transpose(W))) * off_diagonal)


def l1(l1: float = 0.01) -> L1:
    """The same as L1(l1)."""
    return L1(l1)


def l2(l2: float = 0.01) -> L2:
    """The same as L2(l2)."""
    return L2(l2)
