"""Normalisation: activations of mean 0 and variance 1, then stretched and shifted by what is learned.

LayerNormalization takes mean and variance over the features of one example; BatchNormalization over the batch while
training, and over what it remembers of past batches in use.
"""
from __future__ import annotations

from typing import Any

from .. import constraints, initializers, ops, regularizers
from ..engine import Tensor
from .layer import Layer, Parameter, State


class Normalization(Layer):
    """What both share: γ and β along the normalised axes."""

    supports_masking = True
    casts_integers = True
    gamma: Parameter
    beta: Parameter

    def __init__(self, axis: Any = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis if isinstance(axis, int) else tuple(axis)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = map(initializers.get, (beta_initializer, gamma_initializer))
        self.beta_regularizer, self.gamma_regularizer = map(regularizers.get, (beta_regularizer, gamma_regularizer))
        self.beta_constraint, self.gamma_constraint = map(constraints.get, (beta_constraint, gamma_constraint))

    def axes(self, rank: int) -> tuple[int, ...]:
        """The axes that γ and β lie along, counted from 0."""
        chosen = (self.axis,) if isinstance(self.axis, int) else self.axis
        if any(not -rank <= axis < rank for axis in chosen):
            raise ValueError(f"{self.label} normalises axis {self.axis}, but its input has {rank} axes")
        return tuple(sorted(axis % rank for axis in chosen))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.along = self.axes(len(input_shape))
        self.features: Any = tuple(input_shape[axis] for axis in self.along)
        if self.scale:
            self.add_weight("gamma", self.features, self.gamma_initializer, regularizer=self.gamma_regularizer,
                            constraint=self.gamma_constraint)
        if self.center:
            self.add_weight("beta", self.features, self.beta_initializer, regularizer=self.beta_regularizer,
                            constraint=self.beta_constraint)

    def check(self, x: Tensor) -> None:
        found = tuple(x.shape[axis] for axis in self.axes(x.ndim))
        if found != self.features:
            raise ValueError(f"{self.label} expects {self.features} along axis {self.axis}, got x of shape {x.shape}")

    def spread(self, weight: Any, rank: int) -> Any:
        """A weight along its axes, of size 1 along all others."""
        sizes = dict(zip(self.along, self.features))
        return ops.reshape(weight, tuple(sizes.get(axis, 1) for axis in range(rank)))

    def normalized(self, x: Tensor, mean: Any, variance: Any) -> Tensor:
        """y = γ (x − μ) / √(σ² + ε) + β"""
        y = (x - mean) / ops.sqrt(variance + self.epsilon)
        y = y * self.spread(self.gamma, x.ndim) if self.scale else y
        return y + self.spread(self.beta, x.ndim) if self.center else y


class LayerNormalization(Normalization):
    """y = γ (x − μ) / √(σ² + ε) + β,  μ and σ² over the features of one example  (Ba, Kiros and Hinton 2016)

    ε keeps a constant vector from a division by zero.
    """

    def call(self, x: Tensor) -> Tensor:
        self.check(x)
        return self.normalized(x, ops.mean(x, axis=self.along, keepdims=True), ops.var(x, axis=self.along, keepdims=True))


class BatchNormalization(Normalization):
    """y = γ (x − μ) / √(σ² + ε) + β,  μ and σ² over the batch  (Ioffe and Szegedy 2015)

    While training, the moving statistics follow: m ← momentum · m + (1 − momentum) · μ; in use, and where the layer is
    frozen, they stand in for μ and σ². They are saved and never differentiated.
    """

    moving_mean: State
    moving_variance: State

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, *, moving_mean_initializer: Any = "zeros",
                 moving_variance_initializer: Any = "ones", **options: Any) -> None:
        super().__init__(axis, epsilon, **options)
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.add_weight("moving_mean", self.features, self.moving_mean_initializer, trainable=False)
        self.add_weight("moving_variance", self.features, self.moving_variance_initializer, trainable=False)

    def call(self, x: Tensor, training: bool = False, mask: Any = None) -> Tensor:
        self.check(x)
        if not (training and self.trainable):
            return self.normalized(x, self.spread(self.moving_mean, x.ndim), self.spread(self.moving_variance, x.ndim))
        over = tuple(axis for axis in range(x.ndim) if axis not in self.along)
        mean, variance = self.statistics(x, over, mask)
        self.remember(self.moving_mean, mean)
        self.remember(self.moving_variance, variance)
        return self.normalized(x, mean, variance)

    def statistics(self, x: Tensor, over: tuple[int, ...], mask: Any) -> tuple[Tensor, Tensor]:
        """μ and σ² over the batch; masked steps do not count."""
        if mask is None or mask.shape != x.shape[: mask.ndim]:
            return ops.mean(x, axis=over, keepdims=True), ops.var(x, axis=over, keepdims=True)
        weight = mask.astype(x.dtype).reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
        share = weight * (1.0 / max(1.0, float((weight + 0.0 * x.array).sum()) / self.features[0]))
        mean = ops.sum(x * share, axis=over, keepdims=True)
        return mean, ops.sum(ops.square(x - mean) * share, axis=over, keepdims=True)

    def remember(self, state: State, value: Tensor) -> None:
        """m ← momentum · m + (1 − momentum) · value"""
        state.data = self.momentum * state.array + (1.0 - self.momentum) * value.array.reshape(state.shape)
