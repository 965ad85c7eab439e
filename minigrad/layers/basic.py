"""Layers that change shapes, mask, drop, or apply a function: the small change of a model.

None of them has trained weights. Shapes in the docstrings leave out nothing: N is the batch axis, T time, D features.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, ops
from ..engine import Tensor, wrap
from ..registry import Registry
from . import activations
from .layer import Layer
from .symbol import Input, Symbol

functions = Registry("function")          # what a saved Lambda may name; see register_function


class Activation(Layer):
    """y = f(x), f by name or as a function of one Tensor"""

    supports_masking = True

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, x: Tensor) -> Tensor:
        return self.activation(x)


class Softmax(Layer):
    """y = eˣ / Σ eˣ  over `axis`; where a mask (of x's shape) is False, y is 0"""

    supports_masking = True

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, x: Tensor, mask: Any = None) -> Tensor:
        if mask is not None and mask.shape == x.shape:
            x = x + backend.like(np.where(backend.to_cpu(mask), 0.0, -1e9).astype(x.dtype), x.array)
        return ops.softmax(x, axis=self.axis)


class ReLU(Layer):
    """y = max(x, 0), with the slope `negative_slope` below and `max_value` as ceiling, as in Keras"""

    supports_masking = True

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **options: Any) -> None:
        super().__init__(**options)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, x: Tensor) -> Tensor:
        y = ops.where(x.array > self.threshold, x, self.negative_slope * (x - self.threshold))
        return y if self.max_value is None else ops.minimum(y, self.max_value)


class LeakyReLU(Layer):
    """y = x for x > 0,  negative_slope · x below"""

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        super().__init__(**options)
        self.negative_slope = negative_slope

    def call(self, x: Tensor) -> Tensor:
        return ops.leaky_relu(x, negative_slope=self.negative_slope)


def InputLayer(input_shape: Any = None, batch_size: int | None = None, dtype: Any = None, name: str | None = None, *,
               shape: Any = None, batch_input_shape: Any = None, batch_shape: Any = None) -> Symbol:
    """Keras' other word for Input: what a Sequential may begin with."""
    return Input(shape if input_shape is None else input_shape, batch_size, dtype, name,
                 batch_shape=batch_shape if batch_input_shape is None else batch_input_shape)


# ------------------------------------------------------------------------------- chance, during training only

class Random(Layer):
    """A layer that draws: from a generator of its own if it has a seed, else from the one of the whole framework."""

    supports_masking = True
    seed: int | None

    def draws(self) -> np.random.Generator:
        if self.seed is None:
            return backend.generator()
        if "_generator" not in vars(self):
            self._generator = np.random.default_rng(self.seed)
        return self._generator


class Dropout(Random):
    """y = x · k / (1 − rate),  k = 1 with probability 1 − rate, else 0; during training only  (Srivastava et al. 2014)

    `noise_shape` has 1 for the axes that share their fate, e.g. (None, 1, None) for all steps of a sequence.
    """

    def __init__(self, rate: float, noise_shape: tuple[int | None, ...] | None = None, seed: int | None = None,
                 **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate <= 1:
            raise ValueError(f"{self.label}: rate is the fraction dropped, 0 to 1, got {rate}")
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if self.noise_shape is not None and len(self.noise_shape) != x.ndim:
            raise ValueError(f"{self.label} has noise_shape {self.noise_shape}, one size or None for each axis; got x of shape {x.shape}")
        if not training or self.rate == 0:
            return x
        if self.rate == 1:
            return x * 0.0
        shape = x.shape if self.noise_shape is None else tuple(s or n for s, n in zip(self.noise_shape, x.shape))
        kept = self.draws().random(shape) >= self.rate
        return x * wrap(backend.like((kept / (1.0 - self.rate)).astype(x.dtype), x.array))


class SpatialDropout1D(Dropout):
    """Dropout that drops whole features, at all steps of a sequence at once"""

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, (None, 1, None), seed, **options)

    def get_config(self) -> dict[str, Any]:
        return {word: value for word, value in super().get_config().items() if word != "noise_shape"}


class GaussianNoise(Random):
    """y = x + ε,  ε ~ N(0, stddev²); during training only"""

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.stddev, self.seed = stddev, seed

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if not training:
            return x
        noise = self.draws().normal(0.0, self.stddev, x.shape).astype(x.dtype)
        return x + wrap(backend.like(noise, x.array))


class GaussianDropout(Random):
    """y = x · ε,  ε ~ N(1, rate/(1 − rate)); during training only  (Srivastava et al. 2014, section 10)"""

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ValueError(f"{self.label}: rate is from 0 to below 1, got {rate}")
        self.rate, self.seed = rate, seed

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return x
        noise = self.draws().normal(1.0, math.sqrt(self.rate / (1.0 - self.rate)), x.shape).astype(x.dtype)
        return x * wrap(backend.like(noise, x.array))


# ------------------------------------------------------------------------------- shapes

class Flatten(Layer):
    """x (N, …) → y (N, product of the rest)"""

    def call(self, x: Tensor) -> Tensor:
        return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


class Reshape(Layer):
    """x (N, …) → y (N, *target_shape); one size may be −1"""

    def __init__(self, target_shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, x: Tensor) -> Tensor:
        known = math.prod(size for size in self.target_shape if size != -1)
        have = math.prod(x.shape[1:])
        if (have % max(1, known) if -1 in self.target_shape else have != known):
            raise ValueError(f"{self.label} cannot turn {x.shape[1:]} ({have} numbers) into {self.target_shape}")
        rest = have // max(1, known)
        return ops.reshape(x, (x.shape[0], *(rest if size == -1 else size for size in self.target_shape)))


class Permute(Layer):
    """x (N, a₁, a₂, …) → y (N, a_dims[0], a_dims[1], …); `dims` counts from 1, the batch axis stays"""

    def __init__(self, dims: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"{self.label}: dims orders the axes 1 to {len(self.dims)}, got {self.dims}")

    def call(self, x: Tensor) -> Tensor:
        if x.ndim != len(self.dims) + 1:
            raise ValueError(f"{self.label} orders {len(self.dims)} axes behind the batch axis, got x of shape {x.shape}")
        return ops.transpose(x, (0, *self.dims))


class RepeatVector(Layer):
    """x (N, D) → y (N, n, D): the same vector at n steps, as a decoder wants it"""

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = n

    def call(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(f"{self.label} expects x of shape (batch, features), got {x.shape}")
        return ops.broadcast_to(ops.expand_dims(x, 1), (x.shape[0], self.n, x.shape[1]))


class Masking(Layer):
    """mask = any(x ≠ mask_value) over the features; y = x · mask"""

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def call(self, x: Tensor) -> Tensor:
        return x * self.compute_mask(x, None)[..., None].astype(x.dtype)

    def compute_mask(self, x: Tensor, mask: Any) -> Any:
        return (x.array != self.mask_value).any(axis=-1)


# ------------------------------------------------------------------------------- any function

class Lambda(Layer):
    """y = function(x, **arguments); a mask goes where the operations in the function take it

    A function can be saved with a model only if it has a name that the reader knows: `mg.layers.register_function(f)`.
    """

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.function = functions.find(function) if isinstance(function, str) else function
        self.arguments = arguments

    def call(self, x: Any) -> Any:
        return self.function(x, **(self.arguments or {}))


def register_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function's name known to Lambda layers, so that models with it can be saved and loaded; a decorator too."""
    if function.__name__ == "<lambda>":
        raise ValueError("a lambda has no name to be found by; define it with def")
    return functions.add(function)
