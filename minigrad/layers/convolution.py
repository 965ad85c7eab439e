"""Convolutions and pooling: the same small product at every place of a sequence or an image.

Every window is laid out as one row (`windows`), and a convolution is then one matrix product. Shapes are Keras'
channels-last: sequences (N, T, channels), images (N, height, width, channels).
"""
from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from .. import constraints, initializers, ops, regularizers
from ..engine import Tensor
from . import activations
from .dense import expect_features, features_of, positive
from .layer import Layer, Parameter


def sizes(value: Any, rank: int, word: str, layer: Layer) -> tuple[int, ...]:
    """3 → (3, 3); (3, 5) stays."""
    parts = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(parts) != rank or any(not isinstance(n, (int, np.integer)) or n < 1 for n in parts):
        raise ValueError(f"{layer.label}: {word} is a whole number above 0, or {rank} of them, got {value!r}")
    return tuple(int(n) for n in parts)


def margins(extent: int, window: int, stride: int, padding: str) -> tuple[int, int]:
    """How much to pad before and after: nothing; or so that ⌈extent/stride⌉ windows fit; or all of it in the past."""
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return window - 1, 0
    needed = max(0, (math.ceil(extent / stride) - 1) * stride + window - extent)
    return needed // 2, needed - needed // 2


def padded(x: Tensor, window: tuple[int, ...], strides: tuple[int, ...], padding: str, value: float = 0.0) -> Tensor:
    """x with margins on its spatial axes."""
    pads = [margins(n, k, s, padding) for n, k, s in zip(x.shape[1:-1], window, strides)]
    if all(pad == (0, 0) for pad in pads):
        return x
    return ops.pad(x, [(0, 0), *pads, (0, 0)], constant_values=value)


def shifts(x: Tensor, window: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...]) -> list[Tensor]:
    """For each place in the window, what all windows see there: slices of x, each (N, out…, channels)."""
    out = [(n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(x.shape[1:-1], window, strides, dilation)]
    views = []
    for place in product(*(range(k) for k in window)):
        where = tuple(slice(p * d, p * d + (n - 1) * s + 1, s) for p, d, n, s in zip(place, dilation, out, strides))
        views.append(ops.getitem(x, index=(slice(None), *where)))
    return views


class Convolution(Layer):
    """What Conv1D and Conv2D share; `rank` is the number of spatial axes.

    y[p] = activation(Σₖ x[p·stride + k·dilation] W[k] + b),  W (window…, channels, filters)
    """

    rank: int
    casts_integers = True
    W: Parameter
    b: Parameter

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", dilation_rate: Any = 1,
                 activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, **options: Any) -> None:
        super().__init__(**options)
        allowed = ("valid", "same", "causal") if self.rank == 1 else ("valid", "same")
        if padding not in allowed:
            raise ValueError(f"{self.label}: padding is one of {', '.join(allowed)}, not {padding!r}")
        self.filters = positive(filters, "filters", self)
        self.kernel_size = sizes(kernel_size, self.rank, "kernel_size", self)
        self.strides = sizes(strides, self.rank, "strides", self)
        self.dilation_rate = sizes(dilation_rate, self.rank, "dilation_rate", self)
        self.padding, self.activation, self.use_bias = padding, activations.get(activation), use_bias
        self.kernel_initializer, self.bias_initializer = map(initializers.get, (kernel_initializer, bias_initializer))
        self.kernel_regularizer, self.bias_regularizer = map(regularizers.get, (kernel_regularizer, bias_regularizer))
        self.kernel_constraint, self.bias_constraint = map(constraints.get, (kernel_constraint, bias_constraint))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.features = features_of(input_shape, self)
        self.add_weight("W", (*self.kernel_size, self.features, self.filters), self.kernel_initializer,
                        regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        if self.use_bias:
            self.add_weight("b", (self.filters,), self.bias_initializer,
                            regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    def call(self, x: Tensor) -> Tensor:
        expect_places(x, self.rank, self)
        expect_features(x, self.features, self)
        spans = tuple((k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation_rate))
        x = padded(x, spans, self.strides, self.padding)
        expect_room(x, spans, self)
        rows = ops.concatenate(shifts(x, self.kernel_size, self.strides, self.dilation_rate), axis=-1)  # (N, out…, window·channels)
        y = rows @ ops.reshape(self.W, (-1, self.filters))
        return self.activation(y + self.b if self.use_bias else y)


class Conv1D(Convolution):
    """yₜ = activation(Σₖ x[t·stride + k·dilation] W[k] + b):  x (N, T, channels) → y (N, T', filters)

    `padding="causal"` puts all padding in the past, so that no step sees a later one.
    """

    rank = 1

    def compute_mask(self, x: Any, mask: Any) -> Any:
        """A mask goes on where there still is a step for each of its steps."""
        return mask if self.padding != "valid" and self.strides == (1,) else None


class Conv2D(Convolution):
    """y[i, j] = activation(Σ x[i·s + k·d, j·s + l·d] W[k, l] + b):  x (N, H, W, channels) → y (N, H', W', filters)"""

    rank = 2


# ------------------------------------------------------------------------------- pooling

class Pooling(Layer):
    """What MaxPooling and AveragePooling share: one number per window and channel. `strides` is the window's size unless given."""

    rank: int

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", **options: Any) -> None:
        super().__init__(**options)
        if padding not in ("valid", "same"):
            raise ValueError(f"{self.label}: padding is 'valid' or 'same', not {padding!r}")
        self.pool_size = sizes(pool_size, self.rank, "pool_size", self)
        self.strides = self.pool_size if strides is None else sizes(strides, self.rank, "strides", self)
        self.padding = padding

    def windows(self, x: Tensor, outside: float) -> Tensor:
        """(window, N, out…, channels)"""
        expect_places(x, self.rank, self)
        x = padded(x, self.pool_size, self.strides, self.padding, outside)
        expect_room(x, self.pool_size, self)
        return ops.stack(shifts(x, self.pool_size, self.strides, (1,) * self.rank))


class MaxPooling(Pooling):
    """y = max over each window"""

    def call(self, x: Tensor) -> Tensor:
        return ops.max(self.windows(x, -math.inf), axis=0)


class AveragePooling(Pooling):
    """y = mean over each window; places outside the input do not count"""

    def call(self, x: Tensor) -> Tensor:
        total = ops.sum(self.windows(x, 0.0), axis=0)
        inside = np.ones_like(x.array[:1, ..., :1])
        count = self.windows(Tensor(inside), 0.0).array.sum(axis=0)
        return total * (1.0 / count)


class MaxPooling1D(MaxPooling):
    """y = max over windows of steps:  (N, T, C) → (N, T', C)"""

    rank = 1


class MaxPooling2D(MaxPooling):
    """y = max over windows of an image:  (N, H, W, C) → (N, H', W', C)"""

    rank = 2


class AveragePooling1D(AveragePooling):
    """y = mean over windows of steps:  (N, T, C) → (N, T', C)"""

    rank = 1


class AveragePooling2D(AveragePooling):
    """y = mean over windows of an image:  (N, H, W, C) → (N, H', W', C)"""

    rank = 2


class GlobalPooling(Layer):
    """One number per channel, over all places; `keepdims` keeps axes of size 1."""

    rank: int

    def __init__(self, keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.keepdims = keepdims

    def places(self, x: Tensor) -> tuple[int, ...]:
        expect_places(x, self.rank, self)
        return tuple(range(1, self.rank + 1))


class GlobalAveragePooling1D(GlobalPooling):
    """y = mean over the steps, masked ones left out:  (N, T, C) → (N, C)"""

    rank = 1

    def call(self, x: Tensor, mask: Any = None) -> Tensor:
        if mask is None:
            return ops.mean(x, axis=self.places(x), keepdims=self.keepdims)
        weight = mask[..., None].astype(x.dtype)                              # (N, T, 1)
        share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
        return ops.sum(x * share, axis=self.places(x), keepdims=self.keepdims)


class GlobalAveragePooling2D(GlobalPooling):
    """y = mean over the image:  (N, H, W, C) → (N, C)"""

    rank = 2

    def call(self, x: Tensor) -> Tensor:
        return ops.mean(x, axis=self.places(x), keepdims=self.keepdims)


class GlobalMaxPooling1D(GlobalPooling):
    """y = max over the steps:  (N, T, C) → (N, C)"""

    rank = 1

    def call(self, x: Tensor) -> Tensor:
        return ops.max(x, axis=self.places(x), keepdims=self.keepdims)


class GlobalMaxPooling2D(GlobalPooling):
    """y = max over the image:  (N, H, W, C) → (N, C)"""

    rank = 2

    def call(self, x: Tensor) -> Tensor:
        return ops.max(x, axis=self.places(x), keepdims=self.keepdims)


class UpSampling2D(Layer):
    """y[i, j] = x[i // size, j // size]:  (N, H, W, C) → (N, size·H, size·W, C), each pixel repeated"""

    def __init__(self, size: Any = 2, **options: Any) -> None:
        super().__init__(**options)
        self.size = sizes(size, 2, "size", self)

    def call(self, x: Tensor) -> Tensor:
        expect_places(x, 2, self)
        N, H, W, C = x.shape
        a, b = self.size
        y = ops.broadcast_to(ops.reshape(x, (N, H, 1, W, 1, C)), (N, H, a, W, b, C))
        return ops.reshape(y, (N, H * a, W * b, C))


def expect_places(x: Tensor, rank: int, layer: Layer) -> None:
    """Sequences have 3 axes, images 4."""
    if x.ndim != rank + 2:
        shape = "(batch, time, channels)" if rank == 1 else "(batch, height, width, channels)"
        raise ValueError(f"{layer.label} expects x of shape {shape}, got {x.shape}")


def expect_room(x: Tensor, window: tuple[int, ...], layer: Layer) -> None:
    """A window must fit into the input at least once."""
    if any(n < k for n, k in zip(x.shape[1:-1], window)):
        raise ValueError(f"{layer.label} looks through a window of {window}, larger than its input of shape {x.shape}")
