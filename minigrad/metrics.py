"""Metrics: what people want to read beside the loss, averaged over an epoch and never differentiated.

A metric is fed batch by batch (`update_state`), asked (`result`), and begins again (`reset_state`); its running sums
are plain Python floats, so a checkpoint can hold them. Names and defaults are Keras'; "accuracy" finds out by itself
from the shapes which kind is meant.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import backend, losses
from .engine import Tensor, no_grad
from .registry import Registry, described, snake_case

metrics = Registry("metric")
EPSILON = 1e-7


def host(values: Any) -> np.ndarray:
    """A plain NumPy array of whatever was given."""
    return np.asarray(backend.to_cpu(values.array if isinstance(values, Tensor) else values))


# ------------------------------------------------------------------------------- values per example

def like_prediction(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Targets (N,) for predictions (N, 1), and the other way round. (Targets (T, N) for predictions (N, T) are a mistake.)"""
    if y_true.shape in ((*y_pred.shape, 1), y_pred.shape[:-1]) and y_true.size == y_pred.size:
        return y_true.reshape(y_pred.shape)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"the metric compares targets of shape {y_true.shape} with predictions of shape {y_pred.shape}")
    return y_true


def class_of(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Class numbers of shape y_pred.shape[:-1]."""
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ValueError(f"the metric expects class numbers of shape {y_pred.shape[:-1]}, got {y_true.shape}")
    return y_true.astype(np.int64)


@metrics.register()
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> np.ndarray:
    """[y = (p > threshold)], averaged over the last axis"""
    y_true, y_pred = host(y_true), host(y_pred)
    right = (like_prediction(y_true, y_pred) == (y_pred > threshold)).astype(np.float64)
    return right.mean(axis=-1) if right.ndim else right


@metrics.register()
def categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """[argmax y = argmax p]"""
    y_true, y_pred = host(y_true), host(y_pred)
    return (like_prediction(y_true, y_pred).argmax(axis=-1) == y_pred.argmax(axis=-1)).astype(np.float64)


@metrics.register()
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """[y = argmax p]"""
    y_true, y_pred = host(y_true), host(y_pred)
    return (class_of(y_true, y_pred) == y_pred.argmax(axis=-1)).astype(np.float64)


@metrics.register()
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """[fewer than k classes score higher than y]"""
    y_true, y_pred = host(y_true), host(y_pred)
    score = np.take_along_axis(y_pred, class_of(y_true, y_pred)[..., None], axis=-1)
    return ((y_pred > score).sum(axis=-1) < k).astype(np.float64)


@metrics.register()
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """[fewer than k classes score higher than argmax y]"""
    y_true, y_pred = host(y_true), host(y_pred)
    return sparse_top_k_categorical_accuracy(like_prediction(y_true, y_pred).argmax(axis=-1), y_pred, k)


def accuracy_for(y_true: Any, y_pred: Any) -> Callable[[Any, Any], np.ndarray]:
    """Which accuracy the shapes mean: one output → binary, one-hot targets → categorical, class numbers → sparse."""
    if y_pred.shape[-1] == 1 or np.ndim(y_pred) == 1:
        return binary_accuracy
    return categorical_accuracy if tuple(y_true.shape) == tuple(y_pred.shape) else sparse_categorical_accuracy


# ------------------------------------------------------------------------------- metrics as objects

class Metric:
    """Subclasses define update_state, result, reset_state; those that are means of something need only `values`."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets what was seen."""
        self.total, self.count = 0.0, 0.0

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """One value per example (and step)."""
        raise NotImplementedError(f"{type(self).__name__} must define values(y_true, y_pred)")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes in a batch."""
        values = np.asarray(host(self.values(y_true, y_pred)), dtype=np.float64)
        weights = spread(sample_weight, values.shape)
        self.total += float((values * weights).sum())
        self.count += float(weights.sum())

    def result(self) -> float:
        """The value over all that was seen since reset_state."""
        return self.total / self.count if self.count else 0.0

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold to go on in the middle of an epoch."""
        return {key: value for key, value in vars(self).items() if isinstance(value, (int, float, list))}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        vars(self).update(state)

    def __repr__(self) -> str:
        return described(self)


def spread(sample_weight: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Weights of one per example, or one per example and step, as one per value. A single value for the whole batch weighs
    as much as all its examples (and steps) together.
    """
    if sample_weight is None:
        return np.ones(shape)
    weights = host(sample_weight).astype(np.float64)
    if not shape:
        return weights.sum()
    if weights.ndim > len(shape) and math.prod(weights.shape[len(shape):]) == 1:
        weights = weights.reshape(weights.shape[: len(shape)])
    if weights.ndim > len(shape) or any(n not in (1, size) for n, size in zip(weights.shape, shape)):
        raise ValueError(f"weights of shape {weights.shape} do not fit a metric with values of shape {shape}")
    return np.broadcast_to(weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape)


class MeanOf(Metric):
    """The mean of any function (y_true, y_pred) → one value per example."""

    def __init__(self, function: Callable[..., Any], name: str | None = None, **settings: Any) -> None:
        self.function, self.settings = function, settings
        super().__init__(name or getattr(function, "__name__", "metric"))

    def values(self, y_true: Any, y_pred: Any) -> Any:
        with no_grad():
            return self.function(y_true, y_pred, **self.settings)


@metrics.register("mean")
class Mean(Metric):
    """The mean of numbers given by update_state(value, weight=1): a running loss."""

    def update_state(self, value: Any, weight: Any = 1.0, sample_weight: Any = None) -> None:
        self.total += float(value) * float(weight)
        self.count += float(weight)


@metrics.register("acc")
class Accuracy(Metric):
    """The share of right answers; which comparison that means is read off the first batch's shapes (see accuracy_for)."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name or "accuracy")

    def values(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = host(y_true), host(y_pred)
        return accuracy_for(y_true, y_pred)(y_true, y_pred)


@metrics.register()
class BinaryAccuracy(Metric):
    """mean [y = (p > threshold)]"""

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name)
        self.threshold = threshold

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return binary_accuracy(y_true, y_pred, self.threshold)


@metrics.register()
class CategoricalAccuracy(Metric):
    """mean [argmax y = argmax p]"""

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_accuracy(y_true, y_pred)


@metrics.register()
class SparseCategoricalAccuracy(Metric):
    """mean [y = argmax p]"""

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_categorical_accuracy(y_true, y_pred)


@metrics.register()
class TopKCategoricalAccuracy(Metric):
    """mean [argmax y is among the k highest of p]"""

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name or "top_k_categorical_accuracy")
        self.k = k

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return top_k_categorical_accuracy(y_true, y_pred, self.k)


@metrics.register()
class SparseTopKCategoricalAccuracy(Metric):
    """mean [y is among the k highest of p]"""

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name or "sparse_top_k_categorical_accuracy")
        self.k = k

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_top_k_categorical_accuracy(y_true, y_pred, self.k)


class Counted(Metric):
    """Precision and Recall: counts of right and wrong "yes", p > threshold (or class `class_id` the highest)."""

    def __init__(self, thresholds: float = 0.5, class_id: int | None = None, name: str | None = None) -> None:
        self.thresholds, self.class_id = thresholds, class_id
        super().__init__(name)

    def reset_state(self) -> None:
        self.true_positives = self.false_positives = self.false_negatives = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = host(y_true), host(y_pred)
        y_true = like_prediction(y_true, y_pred)
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        yes, said = y_true > 0.5, y_pred > self.thresholds
        weights = spread(sample_weight, yes.shape)
        self.true_positives += float(((yes & said) * weights).sum())
        self.false_positives += float(((~yes & said) * weights).sum())
        self.false_negatives += float(((yes & ~said) * weights).sum())


@metrics.register()
class Precision(Counted):
    """TP / (TP + FP)"""

    def result(self) -> float:
        return self.true_positives / max(EPSILON, self.true_positives + self.false_positives)


@metrics.register()
class Recall(Counted):
    """TP / (TP + FN)"""

    def result(self) -> float:
        return self.true_positives / max(EPSILON, self.true_positives + self.false_negatives)


@metrics.register("f1")
class F1Score(Counted):
    """2 TP / (2 TP + FP + FN)"""

    def result(self) -> float:
        return 2.0 * self.true_positives / max(EPSILON, 2.0 * self.true_positives + self.false_positives + self.false_negatives)


@metrics.register("auc")
class AUC(Metric):
    """∫ recall d(false alarms) over all thresholds: the chance that a positive example scores above a negative one

    `curve="PR"` integrates precision over recall instead. Scores are sorted into `num_thresholds` bins of [0, 1], so it costs the
    same however many there are; between two thresholds the ROC is a straight line, and precision follows Davis and Goadrich (2006).
    """

    def __init__(self, num_thresholds: int = 200, curve: str = "ROC", name: str | None = None) -> None:
        if num_thresholds < 2 or curve not in ("ROC", "PR"):
            raise ValueError(f"AUC needs at least 2 thresholds and a curve 'ROC' or 'PR', got {num_thresholds} and {curve!r}")
        self.num_thresholds, self.curve = num_thresholds, curve
        super().__init__(name or "auc")

    def reset_state(self) -> None:
        self.positives, self.negatives = [0.0] * self.num_thresholds, [0.0] * self.num_thresholds    # above each threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = host(y_true), host(y_pred)
        if y_pred.size and not (y_pred.min() >= 0 and y_pred.max() <= 1):
            raise ValueError(f"AUC expects probabilities from 0 to 1, got {y_pred.min():.3g} to {y_pred.max():.3g}")
        yes, weights = like_prediction(y_true, y_pred) > 0.5, spread(sample_weight, y_pred.shape)
        inner = np.arange(1, self.num_thresholds - 1) / (self.num_thresholds - 1)
        above = y_pred[..., None] > np.array([-1e-7, *inner, 1 + 1e-7])
        axes = tuple(range(y_pred.ndim))
        self.positives = (self.positives + (above * (yes * weights)[..., None]).sum(axes)).tolist()
        self.negatives = (self.negatives + (above * (~yes * weights)[..., None]).sum(axes)).tolist()

    def result(self) -> float:
        tp, fp = np.array(self.positives), np.array(self.negatives)
        all_positive, all_negative = max(tp[0], EPSILON), max(fp[0], EPSILON)
        if self.curve == "ROC":
            return float((-np.diff(fp) * (tp[:-1] + tp[1:]) / 2).sum() / (all_positive * all_negative))
        step, said = -np.diff(tp), tp + fp
        slope = step / np.maximum(-np.diff(said), EPSILON)              # of tp over all that is said to be positive
        begin = tp[1:] - slope * said[1:]
        ratio = np.where((said[:-1] > 0) & (said[1:] > 0), said[:-1] / np.maximum(said[1:], EPSILON), 1.0)
        return float((slope * (step + begin * np.log(ratio))).sum() / all_positive)


@metrics.register("rmse")
class RootMeanSquaredError(Metric):
    """√ mean (ŷ − y)²"""

    def values(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = host(y_true), host(y_pred)
        return np.square(y_pred - like_prediction(y_true, y_pred), dtype=np.float64)

    def result(self) -> float:
        return math.sqrt(super().result())


class Nats(Metric):
    """Metrics made of the mean cross-entropy with class numbers."""

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self.from_logits, self.ignore_class = from_logits, ignore_class

    def values(self, y_true: Any, y_pred: Any) -> Any:
        with no_grad():
            return losses.sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.ignore_class)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.ignore_class is not None:
            kept = host(y_true) != self.ignore_class
            sample_weight = kept if sample_weight is None else spread(sample_weight, kept.shape) * kept
        super().update_state(y_true, y_pred, sample_weight)


@metrics.register()
class Perplexity(Nats):
    """exp(mean −log p[y]): among how many equally likely classes the model still hesitates"""

    def result(self) -> float:
        mean = super().result()
        return math.exp(mean) if mean < 709.0 else math.inf


@metrics.register("bpc")
class BitsPerCharacter(Nats):
    """mean −log₂ p[y]"""

    def result(self) -> float:
        return super().result() / math.log(2.0)


def get(what: Any, loss: Any = None) -> Metric:
    """A name, class, object or function → a Metric. "accuracy" and "crossentropy" ask the loss what they mean.

    Losses' names ("mae", "mse", "binary_crossentropy") are metrics too: their means.
    """
    if what in ("crossentropy", "ce") and loss is not None:
        return MeanOf(loss.call, name="crossentropy")
    if isinstance(what, str) and what not in metrics.entries and what in losses.losses.entries:
        return named_mean(losses.losses.find(what), what)
    found = metrics.get(what)
    if isinstance(found, Metric):
        if isinstance(what, str) and what in ("acc", "mse", "mae"):
            found.name = what
        return found
    if not callable(found):
        raise TypeError(f"a metric is a name, a Metric, or a function (y_true, y_pred), got {what!r}")
    return named_mean(found, what if isinstance(what, str) else None)


def named_mean(found: Any, name: str | None) -> Metric:
    """The mean of a loss or function, under the name by which it was asked for."""
    function = found().call if isinstance(found, type) else found.call if isinstance(found, losses.Loss) else found
    return MeanOf(function, name=name or getattr(found, "name", None))


@metrics.register()
class MeanAbsoluteError(MeanOf):
    """mean |ŷ − y|"""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(losses.mean_absolute_error, name)


@metrics.register()
class MeanSquaredError(MeanOf):
    """mean (ŷ − y)²"""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(losses.mean_squared_error, name)
