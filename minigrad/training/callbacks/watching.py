"""Callbacks that watch one number and act on it: end the training, change the learning rate.

Watching knows whether a quantity got better; EarlyStopping and ReduceLROnPlateau wait for that, as ModelCheckpoint does
where only the best is kept. LearningRateScheduler and TerminateOnNaN look at the rate and at the loss.
"""
from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable
from typing import Any

from .callback import Callback, Logs


class Watching(Callback):
    """A callback that asks whether a quantity got better: lower, or higher where its name says accuracy and the like."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is 'auto', 'min' or 'max', not {mode!r}")
        rising = mode == "max" or mode == "auto" and any(word in monitor for word in RISING)
        self.monitor, self.mode, self.sign, self.min_delta = monitor, mode, 1.0 if rising else -1.0, abs(min_delta)

    def value(self, logs: Logs | None) -> float | None:
        """The quantity, or None (said once) where it was not measured."""
        if logs is not None and self.monitor in logs:
            return logs[self.monitor]
        if not getattr(self, "_said", False):
            print(f"{type(self).__name__} watches {self.monitor!r}, which is not there; there are {', '.join(logs or {})}",
                  file=sys.stderr)
            self._said = True
        return None

    def better(self, value: float, best: float | None) -> bool:
        """Whether value beats best by more than min_delta."""
        return best is None or self.sign * (value - best) > self.min_delta


RISING = ("acc", "precision", "recall", "auc", "f1", "top_k")


class EarlyStopping(Watching):
    """Stops when `monitor` has not improved by more than min_delta for `patience` epochs.

    With a `baseline`, epochs count as waiting until it is beaten; it ends at the first of them without an improvement, as in Keras.
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0.0, patience: int = 0, verbose: int = 0,
                 mode: str = "auto", baseline: float | None = None, restore_best_weights: bool = False,
                 start_from_epoch: int = 0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.reset()

    def reset(self) -> None:
        self.best: float | None = None
        self.best_epoch = self.wait = self.stopped_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value, self.best):
            self.best, self.best_epoch = value, epoch
            self.best_weights = self.model.get_weights() if self.restore_best_weights else None
            self.wait = 0 if self.baseline is None or self.better(value, self.baseline) else self.wait
            return
        if self.wait >= self.patience:
            self.stopped_epoch, self.model.stop_training = epoch, True
            if self.verbose:
                print(f"Epoch {epoch + 1}: early stopping")

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait, "best_weights": self.best_weights}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class ReduceLROnPlateau(Watching):
    """η ← max(η · factor, min_lr) when `monitor` has not improved for `patience` epochs"""

    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0,
                 mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0) -> None:
        super().__init__(monitor, mode, min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau makes the rate smaller: factor must be below 1, got {factor}")
        self.factor, self.patience, self.verbose, self.cooldown, self.min_lr = factor, patience, verbose, cooldown, min_lr
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best: float | None = None
        self.wait = self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value, optimizer = self.value(logs), self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = optimizer.rate
        if value is None:
            return
        if self.cooling > 0:
            self.cooling, self.wait = self.cooling - 1, 0
        if self.better(value, self.best):
            self.best, self.wait = value, 0
            return
        if self.cooling > 0:
            return
        self.wait += 1
        if self.wait >= self.patience and optimizer.rate > self.min_lr:
            set_rate(optimizer, max(optimizer.rate * self.factor, self.min_lr))
            self.cooling, self.wait = self.cooldown, 0
            if self.verbose:
                print(f"Epoch {epoch + 1}: learning rate {optimizer.learning_rate:.3g}")

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait, "cooling": self.cooling}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class LearningRateScheduler(Callback):
    """η ← schedule(epoch, η), or schedule(epoch), before every epoch"""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        asked = (epoch, self.model.optimizer.rate)[: len(inspect.signature(self.schedule).parameters)]
        set_rate(self.model.optimizer, float(self.schedule(*asked)))
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {self.model.optimizer.learning_rate:.3g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.rate


def set_rate(optimizer: Any, rate: float) -> None:
    """η ← rate, unless a schedule decides about it already."""
    if callable(optimizer.learning_rate):
        raise TypeError(f"the learning rate follows {optimizer.learning_rate}, so no callback can set it; give the optimiser a number")
    optimizer.learning_rate = rate


class TerminateOnNaN(Callback):
    """Stops at the first loss that is no number."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            print(f"Batch {batch}: the loss is {loss}; training stops. mg.detect_anomaly() says where it came from.",
                  file=sys.stderr)
            self.model.stop_training = True
