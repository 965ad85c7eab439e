"""Constraints: what a weight must satisfy after every update.

Each is called with a plain array and returns the nearest array (in its own sense) that satisfies it. Names and defaults
are Keras'; `axis` are the axes that belong to one unit's incoming weights, 0 for Dense.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .registry import Registry, described

constraints = Registry("constraint")
get = constraints.get


class Constraint:
    """Subclasses define __call__(W) → W'."""

    def __call__(self, W: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(W)")

    def __repr__(self) -> str:
        return described(self)


def norms(W: Any, axis: Any) -> Any:
    """‖w‖ over the axes of one unit."""
    return np.sqrt(np.sum(np.square(W), axis=axis, keepdims=True))


@constraints.register()
class MaxNorm(Constraint):
    """w' = w · min(1, max_value/‖w‖)"""

    def __init__(self, max_value: float = 2.0, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, W: Any) -> Any:
        length = norms(W, self.axis)
        return W * (np.clip(length, 0.0, self.max_value) / (1e-7 + length))


@constraints.register()
class MinMaxNorm(Constraint):
    """w' = w · ((1−rate) + rate · clip(‖w‖, min_value, max_value)/‖w‖)"""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, W: Any) -> Any:
        length = norms(W, self.axis)
        wanted = self.rate * np.clip(length, self.min_value, self.max_value) + (1.0 - self.rate) * length
        return W * (wanted / (1e-7 + length))


@constraints.register()
class UnitNorm(Constraint):
    """w' = w/‖w‖"""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, W: Any) -> Any:
        return W / (1e-7 + norms(W, self.axis))


@constraints.register()
class NonNeg(Constraint):
    """w' = max(w, 0)"""

    def __call__(self, W: Any) -> Any:
        return W * (W >= 0.0)
