"""Callbacks: what happens beside the training: stopping early, saving, printing, measuring.

The loop tells every callback when something begins and ends; a callback overrides what it wants to hear. Names,
arguments and defaults are Keras'. What a callback must remember to go on after an interruption is in its `state`.
"""
from __future__ import annotations

import csv
import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .. import backend

Logs = dict[str, float]


class Callback:
    """Hears of everything; does nothing. `self.model` and `self.params` (epochs, steps) are set before training."""

    model: Any = None
    params: Mapping[str, Any] = MappingProxyType({})
    runs_last = False                    # whether it must hear of everything after all other callbacks

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of on_train_batch_end."""

    def on_test_begin(self, logs: Logs | None = None) -> None: ...

    def on_test_end(self, logs: Logs | None = None) -> None: ...

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_begin(self, logs: Logs | None = None) -> None: ...

    def on_predict_end(self, logs: Logs | None = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_interrupt(self, epoch: int, batch: int) -> None:
        """Ctrl-C was pressed; `batch` of `epoch` is done, and training ends here."""

    def on_resume(self, epoch: int, step: int) -> Logs | None:
        """Training goes on: the batches of this epoch before `step` were done earlier. May return the logs of then."""
        return None

    def start(self) -> tuple[int, int] | None:
        """(epoch, step) where training must go on, if this callback knows of an earlier run."""
        return None

    def state(self) -> dict[str, Any]:
        """Numbers, texts, lists and arrays that a checkpoint must hold: the same names whenever it is asked."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""


class History(Callback):
    """What `fit` returns: `.history["loss"]` has one value per epoch; `.epoch` are their numbers."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for word, value in (logs or {}).items():
            self.history.setdefault(word, []).append(value)

    def state(self) -> dict[str, Any]:
        return {"history": {word: list(values) for word, values in self.history.items()}, "epoch": list(self.epoch)}

    def set_state(self, state: dict[str, Any]) -> None:
        self.history, self.epoch = state["history"], state["epoch"]

    def plot(self, path: str | None = None) -> Any:
        """One curve per metric, training and validation together; needs matplotlib. With a path, saved there."""
        plt = matplotlib_pyplot("history.plot()")
        words = [word for word in self.history if not word.startswith("val_")]
        figure, axes = plt.subplots(1, len(words), figsize=(4.5 * len(words), 3.2), squeeze=False)
        for panel, word in zip(axes[0], words):
            for curve, label in ((word, "training"), (f"val_{word}", "validation")):
                if curve in self.history:
                    panel.plot([e + 1 for e in self.epoch][-len(self.history[curve]):], self.history[curve], label=label)
            panel.set(title=word, xlabel="epoch")
            panel.legend()
        figure.tight_layout()
        if path is not None:
            figure.savefig(path)
        return figure

    def __repr__(self) -> str:
        last = ", ".join(f"{word} {values[-1]:.4g}" for word, values in self.history.items())
        return f"History({len(self.epoch)} epochs{': ' + last if last else ''})"


class CallbackList:
    """All callbacks of one run, told one after another."""

    def __init__(self, callbacks: Iterable[Callback] | Callback | None, model: Any, params: dict[str, Any]) -> None:
        given = [] if callbacks is None else [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
        known = [one for one in given if isinstance(one, History)]
        self.history = known[0] if known else History()
        self.callbacks = sorted(given if known else [*given, self.history], key=lambda one: one.runs_last)
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)
        for callback in self.callbacks:
            if hasattr(callback, "set_companions"):
                callback.set_companions(self.callbacks)

    def start(self, initial_epoch: int) -> tuple[int, int]:
        """Where to begin: where an earlier run was interrupted, or (initial_epoch, 0)."""
        restored = [place for place in (callback.start() for callback in self.callbacks) if place is not None]
        self.going_on = bool(restored)
        return restored[0] if restored else (initial_epoch, 0)

    def go_on(self, epoch: int, steps: Iterable[Any], count: int) -> Logs:
        """Passes over the batches that were done before an interruption; returns the logs as they were then."""
        for _ in zip(range(count), steps):
            pass
        told = [callback.on_resume(epoch, count) for callback in self.callbacks] if self.going_on else []
        return {word: value for logs in told for word, value in (logs or {}).items()}

    def __getattr__(self, word: str) -> Callable[..., None]:
        if not word.startswith("on_"):
            raise AttributeError(word)

        count = 2 if "epoch" in word or "batch" in word or word == "on_interrupt" else 1

        def tell(*what: Any) -> None:
            what = (*what, {})[:count]                            # logs always, since a callback may have no default for them
            for callback in self.callbacks:
                getattr(callback, word)(*what)
        return tell


class LambdaCallback(Callback):
    """Functions in a callback's place: LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for word, function in functions.items():
            if not (word.startswith("on_") and hasattr(Callback, word)):
                raise TypeError(f"a callback hears nothing called {word!r}")
            setattr(self, word, function)


# ------------------------------------------------------------------------------- watching one quantity

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


# ------------------------------------------------------------------------------- writing things down

class CSVLogger(Callback):
    """One line per epoch in a CSV file."""

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = Path(filename), separator, append
        self.columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.filename.parent.mkdir(parents=True, exist_ok=True)
        keep = self.append and self.filename.exists() and self.filename.stat().st_size > 0
        self.columns = self._header() if keep else []
        if not keep:
            self.filename.write_text("", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        row = {"epoch": epoch, **(logs or {})}
        if not set(row) <= set(self.columns):
            self._widen([word for word in row if word not in self.columns])
        with open(self.filename, "a", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerow([row.get(word, "NA") for word in self.columns])

    def _widen(self, words: list[str]) -> None:
        """More columns: some are not measured in every epoch. Earlier rows say NA there."""
        with open(self.filename, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter=self.separator))[1:]
        self.columns = [*self.columns, *words]
        with open(self.filename, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerows([self.columns, *(row + ["NA"] * len(words) for row in rows)])

    def _header(self) -> list[str]:
        with open(self.filename, newline="", encoding="utf-8") as file:
            return next(csv.reader(file, delimiter=self.separator))

    def set_state(self, state: dict[str, Any]) -> None:
        self.columns = state["columns"]

    def state(self) -> dict[str, Any]:
        return {"columns": self.columns}


class ModelCheckpoint(Watching):
    """Saves the model after every epoch (or every `save_freq` batches), or only when `monitor` is the best so far.

    `filepath` may hold {epoch} and the names of metrics: "model-{epoch:02d}-{val_loss:.2f}.minigrad". After Ctrl-C the
    model is saved too, unless only the best is wanted.
    """

    def __init__(self, filepath: str | Path, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False,
                 save_weights_only: bool = False, mode: str = "auto", save_freq: str | int = "epoch",
                 initial_value_threshold: float | None = None) -> None:
        super().__init__(monitor, mode)
        self.filepath, self.verbose, self.save_freq = str(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.best, self.batches, self.epoch = initial_value_threshold, 0, 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.batches += 1
        if self.save_freq != "epoch" and self.batches % int(self.save_freq) == 0:
            self._save_if_wanted(logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_wanted(logs)

    def on_interrupt(self, epoch: int, batch: int) -> None:
        if not self.save_best_only:
            self._save({})

    def _save_if_wanted(self, logs: Logs | None) -> None:
        if self.save_best_only:
            value = self.value(logs)
            if value is None or not self.better(value, self.best):
                return
            self.best = value
        self._save(logs or {})

    def _save(self, logs: Logs) -> None:
        words = {"epoch": self.epoch + 1, "batch": self.batches, **logs}
        path = self.filepath.format_map(Missing(words))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if self.verbose:
            print(f"Epoch {self.epoch + 1}: saved {path}")

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self.batches, "epoch": self.epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class Missing(dict[str, Any]):
    """Words for a file's name; a metric that was not measured reads as nan."""

    def __missing__(self, word: str) -> float:
        return math.nan


class BackupAndRestore(Callback):
    """Makes a training run survive an interruption: the same losses as an unbroken run, bit for bit on the CPU.

    Every epoch (or every `save_freq` batches), and at Ctrl-C, one file receives weights, optimiser, position, the random
    generators' and the callbacks' states. A later `fit` with the same arguments goes on from there. The file is removed
    when training has come to its end. Exact for arrays, and for iterables that begin anew at every pass; a generator
    (and steps_per_epoch) goes on with whatever comes next.
    """

    runs_last = True

    def __init__(self, backup_dir: str | Path, save_freq: str | int = "epoch", delete_checkpoint: bool = True) -> None:
        self.path = Path(backup_dir) / "checkpoint.minigrad"
        self.save_freq, self.delete_checkpoint = save_freq, delete_checkpoint
        self.companions: list[Callback] = []

    def set_companions(self, callbacks: list[Callback]) -> None:
        self.companions = [one for one in callbacks if one is not self]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.restored: dict[str, Any] | None = None
        self.logs: Logs = {}
        self.interrupted, self.epoch = False, 0

    # ---------------------------------------------------------------- going on

    def start(self) -> tuple[int, int] | None:
        if not self.path.exists():
            return None
        self.restored = self.model.load_checkpoint(self.path, accept=self.accept)
        self.set_random_state(self.restored["random"])
        return self.restored["epoch"], self.restored["step"]

    def accept(self, position: dict[str, Any]) -> None:
        """Tries what a file says on everything that it is for; if anything refuses, all is put back as it was."""
        before = self.position(0, 0, [])
        try:
            if not all(type(position[word]) is int and position[word] >= 0 for word in ("epoch", "step")):
                raise ValueError("epoch and step are no whole numbers")
            self.set_random_state(position["epoch_began"])
            self.set_random_state(position["random"])
            self.model.set_metrics_state(position["metrics"])
            self.set_companion_states(position["callbacks"])
            if any(type(number) not in (int, float) for number in position["logs"].values()):
                raise ValueError("the logs hold something other than numbers")
            float(position["rate"] or 0)
        except Exception:
            self.set_companion_states(before["callbacks"])
            raise
        finally:
            self.set_random_state(before["random"])
            self.model.set_metrics_state(before["metrics"])

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch
        if self.restored is not None and self.restored["step"]:      # this epoch's order must come out as it did
            self.set_random_state(self.restored["epoch_began"])
        self.epoch_began = self.random_state()

    def on_resume(self, epoch: int, step: int) -> Logs | None:
        restored, self.restored = self.restored, None
        if restored is None or step == 0:
            return None
        self.set_random_state(restored["random"])     # on_epoch_begin has just begun this epoch a second time
        self.model.set_metrics_state(restored["metrics"])
        self.set_companion_states(restored["callbacks"])
        if restored["rate"] is not None:
            self.model.optimizer.learning_rate = restored["rate"]
        return restored["logs"]

    # ---------------------------------------------------------------- saving

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.logs = dict(logs or {})
        if self.save_freq != "epoch" and (batch + 1) % int(self.save_freq) == 0:
            self.save(self.epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch_began = self.random_state()
        self.save(epoch + 1, 0)

    def on_interrupt(self, epoch: int, batch: int) -> None:
        self.interrupted = True
        self.save(epoch, batch + 1)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and not self.interrupted and self.path.exists():
            self.path.unlink()

    def save(self, epoch: int, step: int) -> None:
        """Writes the checkpoint: what comes next is `step` of `epoch`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.model.save_checkpoint(self.path, self.position(epoch, step, self.epoch_began))

    def position(self, epoch: int, step: int, epoch_began: list[Any]) -> dict[str, Any]:
        """Where training stands, weights and optimiser apart."""
        rate = getattr(self.model.optimizer, "learning_rate", None)
        return {
            "epoch": epoch, "step": step, "epoch_began": epoch_began, "random": self.random_state(),
            "logs": self.logs, "rate": None if callable(rate) else rate,
            "metrics": self.model.metrics_state(),
            "callbacks": [[type(one).__name__, one.state()] for one in self.companions if one.state()],
        }

    # ---------------------------------------------------------------- the parts of a position

    def generators(self) -> list[np.random.Generator]:
        """The framework's, the layers' own, and the one that shuffles."""
        shuffling = getattr(self.params.get("batches"), "generator", None)
        return [*self.model.generators(), *([] if shuffling is None else [shuffling])]

    def random_state(self) -> list[Any]:
        return [generator.bit_generator.state for generator in self.generators()]

    def set_random_state(self, states: list[Any]) -> None:
        for generator, state in zip(self.generators(), states, strict=True):
            generator.bit_generator.state = state

    def set_companion_states(self, states: list[Any]) -> None:
        """Each state goes to the first callback of its class that has had none yet."""
        waiting = [one for one in self.companions if one.state()]
        for word, state in states:
            taker = next((one for one in waiting if type(one).__name__ == word), None)
            if taker is not None:
                waiting.remove(taker)
                set_same(taker, state)


def set_same(thing: Any, state: dict[str, Any]) -> None:
    """thing.set_state(state), for a state that has the names that the thing's own has."""
    if set(state) != set(thing.state()):
        raise ValueError(f"{type(thing).__name__} remembers {', '.join(thing.state())}, the file has {', '.join(state)}")
    thing.set_state(state)


# ------------------------------------------------------------------------------- looking inside

class GradientMonitor(Callback):
    """‖∂L/∂θ‖ of every parameter after every step: `.norms["lstm/W_hh"]` is a list; `.layers()` joins them by layer."""

    def __init__(self, every: int = 1) -> None:
        self.every, self.steps = every, 0
        self.norms: dict[str, list[float]] = {}

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.steps += 1
        if self.steps % self.every == 0:
            for path, weight in self.model.named_weights().items():
                if weight.grad is not None:
                    self.norms.setdefault(path, []).append(float(np.linalg.norm(backend.to_cpu(weight.grad))))

    def layers(self) -> dict[str, list[float]]:
        """The same, one curve per layer: √ Σ of its parameters' squares."""
        squares: dict[str, Any] = {}
        for path, norms in self.norms.items():
            layer = path.rpartition("/")[0]
            squares[layer] = squares.get(layer, 0.0) + np.square(norms)
        return {layer: np.sqrt(total).tolist() for layer, total in squares.items()}

    def plot(self, path: str | None = None) -> Any:
        """One curve per layer, logarithmic; needs matplotlib. With a path, saved there."""
        plt = matplotlib_pyplot("GradientMonitor.plot()")
        figure, panel = plt.subplots(figsize=(6, 3.5))
        for layer, norms in self.layers().items():
            panel.semilogy(norms, label=layer or "model")
        panel.set(xlabel="step", ylabel="norm of the gradient")
        panel.legend()
        figure.tight_layout()
        if path is not None:
            figure.savefig(path)
        return figure

    def state(self) -> dict[str, Any]:
        return {"norms": self.norms, "steps": self.steps}

    def set_state(self, state: dict[str, Any]) -> None:
        self.norms, self.steps = state["norms"], state["steps"]


class Sampler(Callback):
    """Prints what `write(model)` returns (a sampled text) every n epochs, and keeps it in `.samples`."""

    def __init__(self, write: Callable[[Any], str], every: int = 1, show: Callable[[str], Any] | None = print) -> None:
        self.write, self.every, self.show = write, every, show
        self.samples: list[list[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if (epoch + 1) % self.every == 0:
            text = self.write(self.model)
            self.samples.append([epoch, text])
            if self.show is not None:
                self.show(f"\nEpoch {epoch + 1} writes:\n{text}")

    def state(self) -> dict[str, Any]:
        return {"samples": self.samples}

    def set_state(self, state: dict[str, Any]) -> None:
        self.samples = state["samples"]


def matplotlib_pyplot(wanted_by: str) -> Any:
    """matplotlib.pyplot, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{wanted_by} draws with matplotlib: pip install matplotlib") from error
    return plt
