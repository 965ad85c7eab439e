"""The training loop: what fit, evaluate and predict do, written out.

`fit` is meant to be read, copied and changed: two loops, one inside the other, around `train_step`, which is the whole
of gradient descent in six lines. A model is anything with the few methods that are called here.
"""
from __future__ import annotations

import operator
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import backend
from ..engine import Tensor, no_grad, uncollected
from ..structure import leaves, map_leaves
from .batches import streamed
from .callbacks import CallbackList, History


@uncollected
def train_step(model: Any, x: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
    """θ ← θ − η ∂L/∂θ, once: predict, compare, go backward, update. Returns the running metrics."""
    y_pred = model(x, training=True)
    loss = model.compute_loss(y, y_pred, sample_weight)
    parameters = model.parameters()                   # asked now, since the first call makes them
    for p in parameters:
        p.zero_grad()
    if parameters:
        loss.backward()
        model.optimizer.step(parameters)
        model.constrain()
    else:
        warnings.warn("there is nothing to train: every layer is frozen, or none has weights", stacklevel=2)
    return model.update_metrics(loss, y, y_pred, sample_weight)


def fit(model: Any, batches: Any, epochs: int = 1, *, validation: Any = None, callbacks: Any = (),
        initial_epoch: int = 0, validation_freq: Any = 1) -> History:
    """Trains on every batch (x, y) or (x, y, sample_weight), `epochs` times. Ctrl-C ends it in good order after the
    running batch.
    """
    batches, validation = streamed(batches), None if validation is None else streamed(validation)
    watchers = CallbackList(callbacks, model, {"epochs": epochs, "steps": length(batches), "batches": batches})
    model.stop_training = False
    logs: dict[str, float] = {}
    with interrupts() as interrupted:
        watchers.on_train_begin()
        first_epoch, first_step = watchers.start(initial_epoch)
        for epoch in range(first_epoch, epochs):
            model.reset_metrics()
            watchers.on_epoch_begin(epoch)
            steps, logs = enumerate(batches), {}
            if epoch == first_epoch:
                logs, step = watchers.go_on(epoch, steps, first_step), first_step - 1
            for step, (x, y, sample_weight) in steps:
                watchers.on_train_batch_begin(step)
                logs = model.train_step(placed(x, model), y, sample_weight)
                watchers.on_train_batch_end(step, logs)
                if model.stop_training or interrupted:
                    break
            if interrupted:
                watchers.on_interrupt(epoch, step)
                break
            if not logs:
                out_of_batches(epoch, first_epoch)
                break
            if validation is not None and due(epoch + 1, validation_freq):
                logs = logs | validated(model, validation, watchers)
            watchers.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        watchers.on_train_end(logs)
    return watchers.history


def out_of_batches(epoch: int, first_epoch: int) -> None:
    """A generator that is used up ends the training; one that never gave a batch is an error."""
    said = (f"no batches came in epoch {epoch + 1}; a generator is used up after one pass (give steps_per_epoch, or something that can be "
            "iterated over again)")
    if epoch == first_epoch:
        raise ValueError(said)
    warnings.warn(f"{said}: training ends here", stacklevel=3)


def due(epoch: int, frequency: Any) -> bool:
    """Whether there is a validation after this epoch, counted from 1: after every so many, or after those that are listed."""
    return epoch % frequency == 0 if isinstance(frequency, int) else epoch in frequency


def test_step(model: Any, x: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
    """Predicts and compares, without gradients."""
    y_pred = model(x, training=False)
    return model.update_metrics(model.compute_loss(y, y_pred, sample_weight), y, y_pred, sample_weight)


@no_grad()
def evaluate(model: Any, batches: Any, watchers: Any = None) -> dict[str, float]:
    """The loss and the metrics over all batches. The metrics' running sums are left as they were."""
    watchers = watchers or CallbackList((), model, {})
    kept = [metric.state() for metric in model.metrics]
    model.reset_metrics()
    watchers.on_test_begin()
    logs: dict[str, float] = {}
    for step, (x, y, sample_weight) in enumerate(streamed(batches)):
        watchers.on_test_batch_begin(step)
        logs = model.test_step(placed(x, model), y, sample_weight)
        watchers.on_test_batch_end(step, logs)
    watchers.on_test_end(logs)
    for metric, state in zip(model.metrics, kept):
        metric.set_state(state)
    return logs


def validated(model: Any, batches: Any, watchers: Any) -> dict[str, float]:
    """The same on validation data, under the names val_…"""
    logs = evaluate(model, batches, watchers)
    if not logs:
        warnings.warn("there was nothing to validate with: a generator is used up after one pass (give validation_steps and one "
                      "that goes on, or something that can be iterated over again)", stacklevel=3)
    return {f"val_{word}": value for word, value in logs.items()}


@no_grad()
def predict(model: Any, batches: Any, watchers: Any = None) -> Any:
    """The model's outputs for all batches, joined along the batch axis, as NumPy arrays."""
    watchers = watchers or CallbackList((), model, {})
    watchers.on_predict_begin()
    parts = []
    for step, batch in enumerate(streamed(batches)):
        watchers.on_predict_batch_begin(step)
        parts.append(map_leaves(to_host, model(placed(batch.x, model), training=False)))
        watchers.on_predict_batch_end(step)
    watchers.on_predict_end()
    if not parts:
        raise ValueError("there is nothing to predict: no batches came")
    columns = iter([np.concatenate(column) for column in zip(*map(leaves, parts))])
    return map_leaves(lambda _: next(columns), parts[0])


def to_host(y: Any) -> np.ndarray:
    return np.asarray(backend.to_cpu(y.array if isinstance(y, Tensor) else y))


def placed(x: Any, model: Any) -> Any:
    """The inputs where the model's weights are: moved to the GPU if those are there."""
    home = next(iter(model.parameters()), None)
    if home is None or backend.on_host(home.array):
        return x
    return map_leaves(lambda one: backend.to_gpu(one) if backend.on_host(getattr(one, "array", one)) else one, x)


def length(batches: Any) -> int | None:
    """How many batches a pass has, or None where that is not known before it ends."""
    return operator.length_hint(batches, 0) or None


class Interrupted:
    """False until Ctrl-C was pressed."""

    asked = False

    def __bool__(self) -> bool:
        return self.asked


@contextmanager
def interrupts() -> Iterator[Interrupted]:
    """Inside, the first Ctrl-C is noted instead of raised, so that a running batch can be finished; the second raises."""
    interrupted = Interrupted()
    if threading.current_thread() is not threading.main_thread():      # Python handles signals in the main thread alone
        yield interrupted
        return

    def note(number: int, frame: Any) -> None:
        interrupted.asked = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
