"""Losses: how wrong a prediction is, as one number that can be differentiated.

Each loss is a function (y_true, y_pred) → one value per example, written as its formula, and a class of Keras' name
that averages those values. Names, argument orders and defaults are Keras'; "mse" and MeanSquaredError() mean the same.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import backend, ops
from .engine import Tensor, wrap
from .registry import Registry, described

EPSILON = 1e-7      # probabilities are kept this far from 0 and 1 before a logarithm, as in Keras

losses = Registry("loss")


# ------------------------------------------------------------------------------- preparing what is compared

def plain(y: Any) -> Any:
    """Targets as a plain array: they are compared with, never differentiated."""
    return y.array if isinstance(y, Tensor) else y if backend.is_array(y) else np.asarray(y)


def matched(y_true: Any, y_pred: Tensor) -> Any:
    """Targets of the prediction's shape and dtype. (N,) meets (N, 1), as in Keras: it must not spread to (N, N)."""
    y = y_true if isinstance(y_true, Tensor) else backend.like(plain(y_true), y_pred.array).astype(y_pred.dtype)
    if y.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        y = y.reshape(y_pred.shape) if y.shape == y_pred.shape[:-1] else y
    elif y.ndim == y_pred.ndim + 1 and y.shape[-1] == 1:
        y = y.reshape(y.shape[:-1])
    if y.shape != y_pred.shape:
        raise ValueError(f"the loss compares targets of shape {y.shape} with predictions of shape {y_pred.shape}")
    return y


def class_numbers(y_true: Any, y_pred: Tensor) -> Any:
    """Integer targets of shape y_pred.shape[:-1]; a last axis of size 1 is dropped."""
    y = backend.like(plain(y_true), y_pred.array)
    if y.ndim == y_pred.ndim and y.shape[-1] == 1:
        y = y.reshape(y.shape[:-1])
    if y.shape != y_pred.shape[:-1]:
        raise ValueError(f"sparse targets are class numbers of shape {y_pred.shape[:-1]}, got shape {y.shape} "
                         f"for predictions of shape {y_pred.shape}; one-hot targets want categorical_crossentropy")
    return y if y.dtype.kind in "iu" else y.astype(np.int64)


def tensor(y_pred: Any) -> Tensor:
    """Predictions as a Tensor; arrays and lists are taken as constants."""
    return y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)


def logits_of(y_pred: Tensor) -> Tensor | None:
    """What a softmax was taken of, if y_pred came straight out of one over its last axis.

    log softmax(z) computed from z is exact where softmax(z) has underflowed to 0 and its logarithm has no gradient left.
    """
    if y_pred.op is ops.softmax and y_pred.settings.get("axis", -1) in (-1, y_pred.ndim - 1):
        return y_pred.inputs[0]
    return None


# ------------------------------------------------------------------------------- regression

@losses.register("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean (ŷ − y)²  over the last axis"""
    y_pred = tensor(y_pred)
    return ops.mean(ops.square(y_pred - matched(y_true, y_pred)), axis=-1)


@losses.register("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean |ŷ − y|  over the last axis"""
    y_pred = tensor(y_pred)
    return ops.mean(ops.abs(y_pred - matched(y_true, y_pred)), axis=-1)


@losses.register("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = 100 · mean |ŷ − y| / max(|y|, ε)"""
    y_pred = tensor(y_pred)
    y = matched(y_true, y_pred)
    return 100.0 * ops.mean(ops.abs(y_pred - y) / ops.maximum(ops.abs(y), EPSILON), axis=-1)


@losses.register("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean (log(1 + ŷ) − log(1 + y))²,  both kept above ε"""
    y_pred = tensor(y_pred)
    y = matched(y_true, y_pred)
    return ops.mean(ops.square(ops.log1p(ops.maximum(y_pred, EPSILON)) - ops.log1p(ops.maximum(y, EPSILON))), axis=-1)


@losses.register()
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """ℓ = mean { ½e² where |e| ≤ δ,  δ|e| − ½δ² elsewhere },  e = ŷ − y  (Huber 1964)"""
    y_pred = tensor(y_pred)
    e = ops.abs(y_pred - matched(y_true, y_pred))
    return ops.mean(ops.where(plain(e) <= delta, 0.5 * ops.square(e), delta * e - 0.5 * delta**2), axis=-1)


@losses.register("logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean log cosh e = mean (e + softplus(−2e) − log 2)"""
    y_pred = tensor(y_pred)
    e = y_pred - matched(y_true, y_pred)
    return ops.mean(e + ops.softplus(-2.0 * e) - math.log(2.0), axis=-1)


@losses.register()
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean (ŷ − y log(ŷ + ε))"""
    y_pred = tensor(y_pred)
    return ops.mean(y_pred - matched(y_true, y_pred) * ops.log(y_pred + EPSILON), axis=-1)


@losses.register()
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """s = y·ŷ / (‖y‖ ‖ŷ‖),  1 where they point the same way; the loss of this name is −s"""
    y_pred = tensor(y_pred)
    return ops.sum(unit(matched(y_true, y_pred), axis) * unit(y_pred, axis), axis=axis)


def unit(x: Any, axis: int) -> Any:
    """x / ‖x‖, with ‖x‖² kept above 1e-12"""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


# ------------------------------------------------------------------------------- classification

@losses.register()
def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Tensor:
    """ℓ = −Σₖ yₖ log pₖ,  p = softmax(ŷ) from logits, else ŷ / Σŷ

    Probabilities that came straight out of a softmax are traced back to its logits, so that log 0 never arises; others
    are kept within [ε, 1 − ε].
    """
    y_pred = tensor(y_pred)
    y = matched(y_true, y_pred)
    if label_smoothing:
        y = y * (1.0 - label_smoothing) + label_smoothing / y_pred.shape[axis]
    return -ops.sum(y * log_probabilities(y_pred, from_logits, axis), axis=axis)


def log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    """log p, from logits or from probabilities."""
    logits = y_pred if from_logits else logits_of(y_pred) if axis in (-1, y_pred.ndim - 1) else None
    if logits is not None:
        return ops.log_softmax(logits, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    return ops.log(ops.clip(p, EPSILON, 1.0 - EPSILON))


@losses.register()
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                                    ignore_class: int | None = None, axis: int = -1) -> Tensor:
    """ℓ = −log p[y],  p = softmax(ŷ) from logits, else ŷ / Σŷ;  y is a class number; 0 where y is `ignore_class`"""
    y_pred = tensor(y_pred)
    if axis not in (-1, y_pred.ndim - 1):
        y_pred = ops.moveaxis(y_pred, axis, -1)
    y = class_numbers(y_true, y_pred)
    kept = None if ignore_class is None else y != ignore_class
    classes = y if kept is None else np.where(kept, y, 0)
    logits = y_pred if from_logits else logits_of(y_pred)
    if logits is None:
        logits = log_probabilities(y_pred, False, -1)
    value = per_row_cross_entropy(logits, classes)
    return value if kept is None else value * kept.astype(value.dtype)


def per_row_cross_entropy(logits: Tensor, classes: Any) -> Tensor:
    """−log softmax(z)[y], one value per row"""
    return ops.cross_entropy(logits, classes)


@losses.register("bce", "BCE")
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Tensor:
    """ℓ = mean (−y log p − (1 − y) log(1 − p)),  p = σ(ŷ) from logits, else ŷ

    From logits, log(1 + eᶻ) − y·z: the same, and exact however large z is.
    """
    y_pred = tensor(y_pred)
    y = matched(y_true, y_pred)
    if label_smoothing:
        y = y * (1.0 - label_smoothing) + 0.5 * label_smoothing
    from_sigmoid = y_pred.op is not None and y_pred.op is ops.sigmoid
    if from_logits or from_sigmoid:
        z = y_pred.inputs[0] if from_sigmoid and not from_logits else y_pred      # type: ignore[union-attr]
        return ops.mean(ops.softplus(z) - y * z, axis=axis)
    p = ops.clip(y_pred, EPSILON, 1.0 - EPSILON)
    return -ops.mean(y * ops.log(p) + (1.0 - y) * ops.log(1.0 - p), axis=axis)


@losses.register("kld", "KLD", "kl_divergence")
def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = Σ y log(y / ŷ),  both kept within [ε, 1]"""
    y_pred = tensor(y_pred)
    y, p = ops.clip(matched(y_true, y_pred), EPSILON, 1.0), ops.clip(y_pred, EPSILON, 1.0)
    return ops.sum(y * (ops.log(y) - ops.log(p)), axis=-1)


def signs(y: Any) -> Any:
    """Targets 0 and 1 become −1 and 1; targets that are −1 and 1 stay."""
    array = plain(y)
    return array if ((array == -1) | (array == 1)).all() else 2.0 * array - 1.0


@losses.register()
def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean max(0, 1 − y ŷ),  y ∈ {−1, 1}"""
    y_pred = tensor(y_pred)
    return ops.mean(ops.maximum(1.0 - signs(matched(y_true, y_pred)) * y_pred, 0.0), axis=-1)


@losses.register()
def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = mean max(0, 1 − y ŷ)²,  y ∈ {−1, 1}"""
    y_pred = tensor(y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - signs(matched(y_true, y_pred)) * y_pred, 0.0)), axis=-1)


@losses.register()
def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """ℓ = max(0, 1 + max((1 − y) ŷ) − Σ y ŷ)"""
    y_pred = tensor(y_pred)
    y = matched(y_true, y_pred)
    return ops.maximum(1.0 + ops.max((1.0 - y) * y_pred, axis=-1) - ops.sum(y * y_pred, axis=-1), 0.0)


# ------------------------------------------------------------------------------- from one value per example to one number

class Loss:
    """Called with (y_true, y_pred, sample_weight), gives one number.

    `reduction` is "sum_over_batch_size" (the mean), "sum", or None for one value per example. A subclass defines
    `call(y_true, y_pred)`. Where predictions carry a mask, masked steps count neither above nor below the fraction line.
    `last_axis_is_one` says that the last axis belongs together (classes, a direction): no number along it is a step.
    """

    last_axis_is_one = False

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        if reduction not in ("sum_over_batch_size", "mean", "sum", "none", None):
            raise ValueError(f"reduction is 'sum_over_batch_size', 'mean', 'sum' or None, not {reduction!r}")
        self.reduction, self.name = reduction, name

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """One value per example (and step)."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        y_pred = tensor(y_pred)
        if not self.last_axis_is_one:
            y_true, y_pred = steps_apart(y_true, y_pred)
        return reduced(self.call(y_true, y_pred), self.reduction, sample_weight, y_pred.mask)

    def __repr__(self) -> str:
        return described(self)


def steps_apart(y_true: Any, y_pred: Tensor) -> tuple[Any, Tensor]:
    """(N, T) → (N, T, 1) where a mask says of every number that it is a step: a mean over the last axis would mix in padding."""
    if y_pred.mask is None or y_pred.ndim < 2 or y_pred.mask.shape != y_pred.shape:
        return y_true, y_pred
    y = matched(y_true, y_pred)
    return y.reshape((*y.shape, 1)), ops.expand_dims(y_pred, -1)


def reduced(values: Any, reduction: str | None, sample_weight: Any, mask: Any) -> Tensor:
    """Σ wᵢ ℓᵢ / n over the n values that are not masked (so a weight of 2 counts twice, as in Keras)."""
    values = values if isinstance(values, Tensor) else wrap(np.asarray(values))
    count: Any = values.size
    if mask is not None and mask.shape == values.shape[:mask.ndim]:
        kept = mask.reshape(mask.shape + (1,) * (values.ndim - mask.ndim)).astype(values.dtype)
        values = values * kept
        count = int(mask.sum()) * (values.size // max(1, mask.size))
    if sample_weight is not None:
        values = values * weights_like(sample_weight, values)
    if reduction in (None, "none"):
        return values
    if reduction == "sum":
        return ops.sum(values)
    return ops.sum(values) * (1.0 / max(1, count)) if mask is not None else ops.mean(values)


def weights_like(sample_weight: Any, values: Tensor) -> Any:
    """Weights of one per example, or one per example and step, ready to multiply."""
    weights = backend.like(plain(sample_weight), values.array).astype(values.dtype)
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights.reshape(weights.shape[:-1])
    if weights.ndim > values.ndim or weights.shape != values.shape[: weights.ndim]:
        raise ValueError(f"sample_weight of shape {weights.shape} does not fit losses of shape {values.shape}")
    return weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))


class FunctionLoss(Loss):
    """Any function (y_true, y_pred) → values per example, or → one number, as a loss."""

    last_axis_is_one = True

    def __init__(self, function: Any, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.function(y_true, y_pred)


@losses.register()
class MeanSquaredError(Loss):
    """L = mean (ŷ − y)²"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return mean_squared_error(y_true, y_pred)


@losses.register()
class MeanAbsoluteError(Loss):
    """L = mean |ŷ − y|"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return mean_absolute_error(y_true, y_pred)


@losses.register()
class MeanAbsolutePercentageError(Loss):
    """L = 100 · mean |ŷ − y| / |y|"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return mean_absolute_percentage_error(y_true, y_pred)


@losses.register()
class MeanSquaredLogarithmicError(Loss):
    """L = mean (log(1 + ŷ) − log(1 + y))²"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return mean_squared_logarithmic_error(y_true, y_pred)


@losses.register()
class Huber(Loss):
    """L = mean { ½e² where |e| ≤ δ,  δ|e| − ½δ² elsewhere }"""

    def __init__(self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return huber(y_true, y_pred, self.delta)


@losses.register()
class LogCosh(Loss):
    """L = mean log cosh(ŷ − y)"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return log_cosh(y_true, y_pred)


@losses.register()
class Poisson(Loss):
    """L = mean (ŷ − y log ŷ)"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return poisson(y_true, y_pred)


@losses.register("cosine_proximity")
class CosineSimilarity(Loss):
    """L = −mean y·ŷ / (‖y‖ ‖ŷ‖): −1 where they agree (older Keras: cosine_proximity)"""

    last_axis_is_one = True

    def __init__(self, axis: int = -1, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return -cosine_similarity(y_true, y_pred, self.axis)


@losses.register()
class CategoricalCrossentropy(Loss):
    """L = −mean Σₖ yₖ log pₖ  (one-hot or soft targets)"""

    last_axis_is_one = True

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)


@losses.register()
class SparseCategoricalCrossentropy(Loss):
    """L = −mean log p[y]  (targets are class numbers); where y is `ignore_class` the loss is 0 and not counted"""

    last_axis_is_one = True

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None,
                 reduction: str | None = "sum_over_batch_size", axis: int = -1, name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.ignore_class, self.axis)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        y_pred = tensor(y_pred)
        values, mask = self.call(y_true, y_pred), y_pred.mask
        if self.ignore_class is not None:
            kept = plain(y_true).reshape(values.shape) != self.ignore_class
            mask = kept if mask is None else mask & kept
        return reduced(values, self.reduction, sample_weight, mask)


@losses.register()
class BinaryCrossentropy(Loss):
    """L = mean (−y log p − (1 − y) log(1 − p))"""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)


@losses.register()
class KLDivergence(Loss):
    """L = mean Σ y log(y / ŷ)"""

    last_axis_is_one = True

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return kullback_leibler_divergence(y_true, y_pred)


@losses.register()
class Hinge(Loss):
    """L = mean max(0, 1 − y ŷ)"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return hinge(y_true, y_pred)


@losses.register()
class SquaredHinge(Loss):
    """L = mean max(0, 1 − y ŷ)²"""

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return squared_hinge(y_true, y_pred)


@losses.register()
class CategoricalHinge(Loss):
    """L = mean max(0, 1 + max((1 − y) ŷ) − Σ y ŷ)"""

    last_axis_is_one = True

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return categorical_hinge(y_true, y_pred)


OF_FUNCTION = {
    mean_squared_error: MeanSquaredError, mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError, huber: Huber, log_cosh: LogCosh, poisson: Poisson,
    cosine_similarity: CosineSimilarity, categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy, binary_crossentropy: BinaryCrossentropy,
    kullback_leibler_divergence: KLDivergence, hinge: Hinge, squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
}


def get(what: Any) -> Any:
    """A name, a class, an object or a function (y_true, y_pred) → a Loss that gives one number; None stays None."""
    found = losses.get(what)
    if found is None or isinstance(found, Loss):
        return found
    return OF_FUNCTION[found]() if found in OF_FUNCTION else FunctionLoss(found)
