"""Callbacks that write files: the metrics as a table, the model as it was at its best.

CSVLogger adds a line after every epoch. ModelCheckpoint saves what `model.save` or `save_weights` saves; to go on after
an interruption needs more, and is in backup.py.
"""
from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from .callback import Callback, Logs
from .watching import Watching


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
