"""What `compile` is told: which loss and which metrics belong to which output.

A model may have one output, a list, or a dict by name; losses, metrics and targets come in the same form. An Objective
lines them up when the first prediction shows what there is, adds the losses to one number, and keeps the running means.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend
from .. import losses as loss_functions
from .. import metrics as metric_functions
from ..engine import Tensor
from ..metrics import Mean, Metric
from ..structure import leaves


class Objective:
    """Losses, their weights, and metrics, one entry per output."""

    def __init__(self, loss: Any = None, metrics: Any = None, loss_weights: Any = None, weighted_metrics: Any = None) -> None:
        self.loss, self.given_metrics, self.loss_weights = loss, metrics, loss_weights
        self.weighted_metrics = weighted_metrics
        self.names: list[str] | None = None
        self.total = Mean("loss")
        self.losses: list[Any] = []
        self.loss_means: list[Mean] = []
        self.plain: list[list[Metric]] = []
        self.weighted: list[list[Metric]] = []
        self.parts: list[Tensor | None] = []
        self.guessed = False

    def bind_at_compile(self, names: list[str] | None) -> None:
        """Known outputs are bound at once; else one is assumed, where nothing given speaks of several."""
        given = (self.loss, self.loss_weights, self.given_metrics, self.weighted_metrics)
        several = any(isinstance(one, dict) for one in given) or isinstance(self.loss, (list, tuple))
        self.guessed = names is None and not several
        if names is not None or self.guessed:
            self.bind(names or ["output"])

    def bind(self, names: list[str]) -> None:
        """Lines everything up with the outputs' names."""
        if self.names == names:
            return
        self.names = names
        self.losses = [loss_functions.get(one) for one in per_output(self.loss, names, "loss")]
        if all(one is None for one in self.losses) and self.loss is not None:
            raise ValueError(f"no loss belongs to any of the outputs {', '.join(names)}")
        self.weights = [1.0 if w is None else float(w) for w in per_output(self.loss_weights, names, "loss_weights")]
        self.loss_means = [Mean(f"{name}_loss") for name in names] if len(names) > 1 else []
        self.plain = self.metrics_of(self.given_metrics)
        self.weighted = self.metrics_of(self.weighted_metrics)

    def metrics_of(self, given: Any) -> list[list[Metric]]:
        """For each output its metrics, named `output_metric` where there are several outputs."""
        assert self.names is not None
        found = []
        for name, loss, some in zip(self.names, self.losses, lists_per_output(given, self.names)):
            metrics = [metric_functions.get(one, loss) for one in some]
            if len(self.names) > 1:
                for metric, asked in zip(metrics, some):
                    metric.name = f"{name}_{metric.name if isinstance(asked, Metric) or callable(asked) else asked}"
            found.append(metrics)
        return found

    @property
    def metrics(self) -> list[Metric]:
        """Every running mean, the total loss first."""
        return [self.total, *self.loss_means, *(one for some in (*self.plain, *self.weighted) for one in some)]

    @property
    def has_loss(self) -> bool:
        """Whether any output has one."""
        return any(one is not None for one in self.losses)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
        """L = Σₖ weightₖ · lossₖ(yₖ, ŷₖ), or None where no output has a loss"""
        if self.names is None or self.guessed and len(leaves(y_pred)) != 1:
            self.bind(names_of(y_pred))
        total: Any = None
        self.parts = []
        for loss, weight, target, output, w in zip(self.losses, self.weights, *self.lined_up(y, y_pred, sample_weight)):
            if loss is not None and target is None and not isinstance(loss, loss_functions.FunctionLoss):
                raise ValueError(f"{loss} compares the outputs with targets, and there are none: give y")
            part = None if loss is None else loss(target, output, w)
            self.parts.append(part)
            if part is not None:
                part = part if weight == 1.0 else weight * part
                total = part if total is None else total + part
        return total

    def update(self, loss: Tensor, y: Any, y_pred: Any, sample_weight: Any) -> dict[str, float]:
        """Takes a batch into every running mean, and returns them."""
        targets, outputs, weights = self.lined_up(y, y_pred, sample_weight)
        count = outputs[0].shape[0] if outputs[0].ndim else 1
        self.total.update_state(loss.item(), count)
        for mean, part in zip(self.loss_means, self.parts):
            if part is not None:
                mean.update_state(part.item(), count)
        self.parts = []                                           # their graphs need not live any longer
        for k, (target, output) in enumerate(zip(targets, outputs)):
            if self.losses[k] is not None and not self.losses[k].last_axis_is_one:
                target, output = loss_functions.steps_apart(target, output)
            for metric in self.plain[k] if self.plain else ():
                metric.update_state(target, output, mask_weight(None, output))
            for metric in self.weighted[k] if self.weighted else ():
                metric.update_state(target, output, mask_weight(weights[k], output))
        return self.results()

    def results(self) -> dict[str, float]:
        """Name → running mean; an output without a loss has no entry for one."""
        unused = [mean for mean, loss in zip(self.loss_means, self.losses) if loss is None]
        return {metric.name: metric.result() for metric in self.metrics if metric not in unused}

    def reset(self) -> None:
        """A new epoch: all running means begin again."""
        for metric in self.metrics:
            metric.reset_state()

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold to go on in the middle of an epoch."""
        return {"outputs": self.names, "metrics": [metric.state() for metric in self.metrics]}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`; there must be as many outputs, if they are known already. Their names may be others: layers
        that are made a second time in one program are counted on.
        """
        names, before = state["outputs"], self.names
        if names is None:
            self.names, self.losses, self.loss_means, self.plain, self.weighted = None, [], [], [], []
        elif before is None:
            self.bind([str(name) for name in names])
        elif len(before) != len(names):
            raise ValueError(f"the outputs are {before}, and were {names}")
        for metric, saved in zip(self.metrics, state["metrics"], strict=True):
            if set(saved) != set(metric.state()):
                raise ValueError(f"{metric.name} sums up {', '.join(metric.state())}, not {', '.join(saved)}")
            metric.set_state(saved)

    def lined_up(self, y: Any, y_pred: Any, sample_weight: Any) -> tuple[list[Any], list[Any], list[Any]]:
        """Targets, outputs and weights, one of each per output, in the outputs' order."""
        outputs = leaves(y_pred)
        names = self.names or names_of(y_pred)
        if len(outputs) != len(names):
            raise ValueError(f"the model gave {len(outputs)} outputs, and was compiled for {', '.join(names)}")
        keys = list(y_pred) if isinstance(y_pred, dict) else names
        targets = in_order(y, keys, "targets")
        if sample_weight is None or len(outputs) == 1 or isinstance(sample_weight, (list, dict)):
            return targets, outputs, in_order(sample_weight, keys, "sample_weight")
        return targets, outputs, [sample_weight] * len(outputs)


def names_of(y_pred: Any) -> list[str]:
    """Names for outputs that have none of their own."""
    if isinstance(y_pred, dict):
        return list(y_pred)
    count = len(leaves(y_pred))
    return ["output"] if count == 1 else [f"output_{k + 1}" for k in range(count)]


def in_order(given: Any, names: list[str], what: str) -> list[Any]:
    """One entry per output from a dict by name, a list, or a single thing."""
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"{what} name {', '.join(unknown)}; the outputs are {', '.join(names)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and not (len(names) == 1 and np.ndim(given[0]) == 0):
        if len(given) != len(names):
            raise ValueError(f"there are {len(names)} outputs ({', '.join(names)}), got {len(given)} {what}")
        return list(given)
    if len(names) > 1:
        raise ValueError(f"there are {len(names)} outputs ({', '.join(names)}); give {what} as a list or dict")
    return [given]


def per_output(given: Any, names: list[str], what: str) -> list[Any]:
    """One loss (or weight) per output; a single one serves all."""
    if given is None or isinstance(given, (str, int, float)) or callable(given):
        return [given] * len(names)
    if isinstance(given, dict) and "class" in given:
        return [given] * len(names)
    return in_order(given, names, what)


def lists_per_output(given: Any, names: list[str]) -> list[list[Any]]:
    """A list of metrics for every output. A flat list belongs to the only output, or to each of several."""
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict) and "class" not in given:
        return [as_list(one) for one in in_order(given, names, "metrics")]
    given = as_list(given)
    if len(names) > 1 and any(isinstance(one, (list, tuple)) for one in given):
        return [as_list(one) for one in in_order(given, names, "metrics")]
    if len(given) == 1 and isinstance(given[0], (list, tuple)):
        return [list(given[0])]
    if len(names) > 1 and any(isinstance(one, Metric) for one in given):
        raise ValueError(f"a Metric object counts for one output; name it: metrics={{{names[0]!r}: [...]}}")
    return [list(given) for _ in names]


def as_list(one: Any) -> list[Any]:
    return [] if one is None else list(one) if isinstance(one, (list, tuple)) else [one]


def mask_weight(weight: Any, output: Any) -> Any:
    """Masked steps count nothing. A mask of every number along an axis of classes says nothing of steps."""
    mask = getattr(output, "mask", None)
    if mask is None or mask.ndim >= output.ndim > 1 or mask.shape != output.shape[:mask.ndim]:
        return weight
    if weight is None:
        return mask
    weight, mask = np.asarray(backend.to_cpu(weight)), backend.to_cpu(mask)
    rank = max(weight.ndim, mask.ndim)
    return weight.reshape(weight.shape + (1,) * (rank - weight.ndim)) * mask.reshape(mask.shape + (1,) * (rank - mask.ndim))
