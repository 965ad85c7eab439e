"""BackupAndRestore: a run that is interrupted goes on as if it had not been.

One file holds everything that the next step depends on: weights, optimiser, epoch and batch, every generator's state and
the other callbacks' states. What a damaged file says is tried on all of them before any of it is believed.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .callback import Callback, Logs


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
