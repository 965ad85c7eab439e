"""What a callback is: something that is told when a run, an epoch, a batch begins and ends.

Callback hears everything and does nothing; CallbackList tells all callbacks of a run, one after another. History is the
one that every run has, and LambdaCallback lets plain functions take a callback's place.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

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


def matplotlib_pyplot(wanted_by: str) -> Any:
    """matplotlib.pyplot, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{wanted_by} draws with matplotlib: pip install matplotlib") from error
    return plt
