"""Layers that make one tensor of several: sums, products, concatenation, and what attention is built from.

They are called on a list. Add, Multiply and their kin broadcast; an input with fewer axes gets its missing
ones behind the batch axis, as in Keras.
"""
from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from .. import ops
from ..engine import Tensor
from ..masks import either
from ..structure import leaves
from .layer import Layer


class Merge(Layer):
    """A layer whose input is a list of tensors; subclasses define merge(a, b)."""

    def call(self, x: list[Tensor]) -> Tensor:
        expect_list(x, self)
        rank = max(one.ndim for one in x)
        alike = [with_axes(one, rank) for one in x]
        if any(len({one.shape[-axis] for one in alike if axis <= one.ndim} - {1}) > 1 for axis in range(1, rank + 1)):
            raise ValueError(f"{self.label} joins element by element, so sizes must be equal or 1; got shapes "
                             f"{shapes_of(x)}: bring them together with a Dense layer or a slice, or use Concatenate")
        return self.finish(reduce(self.merge, alike), len(x))

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define merge(a, b)")

    def finish(self, y: Tensor, count: int) -> Tensor:
        return y

    def compute_mask(self, x: Any, mask: Any) -> Any:
        """A step counts where it counts in one of the inputs; in an input without a mask every step does (as in Keras)."""
        masks = leaves(mask)
        return None if any(one is None for one in masks) else either(masks)


class Add(Merge):
    """y = Σ xᵢ"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Subtract(Merge):
    """y = x₁ − x₂"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a - b


class Multiply(Merge):
    """y = ∏ xᵢ"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a * b


class Average(Merge):
    """y = Σ xᵢ / n"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b

    def finish(self, y: Tensor, count: int) -> Tensor:
        return y * (1.0 / count)


class Maximum(Merge):
    """y = max xᵢ"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.maximum(a, b)


class Minimum(Merge):
    """y = min xᵢ"""

    def merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.minimum(a, b)


class Concatenate(Merge):
    """y = (x₁ … xₙ) along `axis`"""

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, x: list[Tensor]) -> Tensor:
        expect_list(x, self)
        axis = self.axis % max(1, x[0].ndim)
        rest = [tuple(size for k, size in enumerate(one.shape) if k != axis) for one in x]
        if not -x[0].ndim <= self.axis < x[0].ndim or any(one != rest[0] for one in rest):
            raise ValueError(f"{self.label} joins along axis {self.axis}; the other axes must agree, got shapes "
                             f"{shapes_of(x)}: choose another axis=, or use a Dense layer, a slice or Reshape before")
        return ops.concatenate(x, axis=axis)

    def compute_mask(self, x: Any, mask: Any) -> Any:
        if mask is None or self.axis % x[0].ndim != 1:
            return super().compute_mask(x, mask)
        masks = [np.ones_like(one.array[..., 0], dtype=bool) if m is None else m for one, m in zip(x, mask)]
        return np.concatenate(masks, axis=1)


class Dot(Layer):
    """y = Σ x₁ x₂ over one axis of each: (N, a, k)·(N, k, b) → (N, a, b); `normalize` gives cosines

    `axes` is one number for both or a pair; 0 is the batch axis and stays.
    """

    def __init__(self, axes: Any, normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.axes, self.normalize = axes if isinstance(axes, int) else tuple(axes), normalize

    def call(self, x: list[Tensor]) -> Tensor:
        if not isinstance(x, (list, tuple)) or len(x) != 2:
            raise ValueError(f"{self.label} is called on a list of two tensors: Dot(axes)([a, b])")
        a, b = x
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if any(not -one.ndim <= axis < one.ndim for one, axis in zip(x, axes)):
            raise ValueError(f"{self.label} has axes={self.axes}, which shapes {shapes_of(x)} have not")
        i, j = axes[0] % a.ndim, axes[1] % b.ndim
        if a.shape[i] != b.shape[j]:
            raise ValueError(f"{self.label} sums over axis {i} of {a.shape} and axis {j} of {b.shape}, whose sizes differ: "
                             f"choose other axes=, or bring them together with a Dense layer")
        if self.normalize:
            a, b = unit(a, i), unit(b, j)
        a, b = ops.moveaxis(a, i, -1), ops.moveaxis(b, j, 1)                 # (N, …, k), (N, k, …)
        rows, columns = a.shape[1:-1], b.shape[2:]
        y = ops.matmul(ops.reshape(a, (a.shape[0], -1, a.shape[-1])), ops.reshape(b, (*b.shape[:2], -1)))
        return ops.reshape(y, (a.shape[0], *rows, *columns) if rows or columns else (a.shape[0], 1))


def unit(x: Tensor, axis: int) -> Tensor:
    """x / ‖x‖ along an axis"""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


def with_axes(x: Tensor, rank: int) -> Tensor:
    """(N, D) beside (N, T, D) is (N, 1, D)"""
    return x if x.ndim in (0, 1, rank) else ops.reshape(x, (x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:]))


def shapes_of(x: Any) -> str:
    """(2, 3) and (2, 4), for messages"""
    return " and ".join(str(one.shape) for one in x)


def expect_list(x: Any, layer: Layer) -> None:
    """Refuses anything but a list of at least one tensor."""
    if not isinstance(x, (list, tuple)) or not x:
        raise ValueError(f"{layer.label} joins a list of tensors: {type(layer).__name__}()([a, b])")
