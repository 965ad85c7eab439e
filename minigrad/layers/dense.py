"""Dense and Embedding: the two layers that are one product each.

Dense multiplies by a matrix; Embedding is the same product for one-hot rows, done by picking rows instead.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import constraints, initializers, ops, regularizers
from ..engine import Tensor
from . import activations
from .layer import Layer, Parameter


class Dense(Layer):
    """y = activation(x W + b)

    x (…, features) → y (…, units): every axis but the last is carried along. W is (features, units).
    """

    supports_masking = True
    casts_integers = True
    W: Parameter
    b: Parameter

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.units = positive(units, "units", self)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.bias_initializer = map(initializers.get, (kernel_initializer, bias_initializer))
        self.kernel_regularizer, self.bias_regularizer = map(regularizers.get, (kernel_regularizer, bias_regularizer))
        self.kernel_constraint, self.bias_constraint = map(constraints.get, (kernel_constraint, bias_constraint))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.features = features_of(input_shape, self)
        self.add_weight("W", (self.features, self.units), self.kernel_initializer,
                        regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        if self.use_bias:
            self.add_weight("b", (self.units,), self.bias_initializer,
                            regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    @property
    def kernel(self) -> Parameter:
        """Keras' name for W."""
        return self.W

    @property
    def bias(self) -> Parameter | None:
        """Keras' name for b."""
        return self.b if self.use_bias else None

    def compute_mask(self, x: Any, mask: Any) -> Any:
        """Each step stays a step; where x has no axis of features, its steps are what is summed over."""
        return mask if mask is None or mask.ndim < x.ndim else None

    def call(self, x: Tensor) -> Tensor:
        expect_features(x, self.features, self)
        y = x @ self.W                                                        # (…, units)
        return self.activation(y + self.b if self.use_bias else y)


class Embedding(Layer):
    """y = W[x]

    x integers (batch, time) → y (batch, time, output_dim). W is (input_dim, output_dim), one row per word. With
    `mask_zero`, 0 is no word but padding, and a mask x ≠ 0 travels on.
    """

    input_dtype = "int64"
    W: Parameter

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
                 input_length: int | None = None, **options: Any) -> None:
        if input_length is not None:
            options.setdefault("input_shape", (input_length,))
        super().__init__(**options)
        self.input_dim, self.output_dim = positive(input_dim, "input_dim", self), positive(output_dim, "output_dim", self)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero, self.input_length = mask_zero, input_length

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.add_weight("W", (self.input_dim, self.output_dim), self.embeddings_initializer,
                        regularizer=self.embeddings_regularizer, constraint=self.embeddings_constraint)

    @property
    def embeddings(self) -> Parameter:
        """Keras' name for W."""
        return self.W

    def call(self, x: Tensor) -> Tensor:
        indices = x.array if x.dtype.kind in "iu" else x.array.astype(np.int64)
        if indices.size and not (0 <= indices.min() and indices.max() < self.input_dim):
            raise IndexError(f"{self.label} has rows 0 to {self.input_dim - 1}, "
                             f"got numbers from {indices.min()} to {indices.max()}")
        return ops.embedding(self.W, indices)

    def compute_mask(self, x: Tensor, mask: Any) -> Any:
        return x.array != 0 if self.mask_zero else None


def positive(number: Any, word: str, layer: Layer) -> int:
    """A count that must be a whole number above zero."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number <= 0:
        raise ValueError(f"{layer.label}: {word} must be a whole number above 0, got {number!r}")
    return int(number)


def features_of(input_shape: Any, layer: Layer) -> int:
    """The size of the last axis, which weights depend on."""
    if not isinstance(input_shape, tuple) or not input_shape or input_shape[-1] is None:
        raise ValueError(f"{layer.label} needs to know the size of its input's last axis, got shape {input_shape}")
    return input_shape[-1]


def expect_features(x: Tensor, features: int, layer: Layer) -> None:
    """Refuses an input whose last axis is not the one that the weights were made for."""
    if x.shape[-1:] != (features,):
        raise ValueError(f"{layer.label} expects {features} features (axis -1), got x of shape {x.shape}")
