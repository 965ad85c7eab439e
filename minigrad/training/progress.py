"""Showing how far training is: a bar in a terminal or notebook, one line per epoch in a file.

The bar is tqdm's where tqdm is installed; the plain lines need nothing.
"""
from __future__ import annotations

import importlib.util
import sys
import time
from typing import Any

from .callbacks import Callback, Logs


def shown(logs: Logs | None) -> str:
    """`loss 0.4312 · accuracy 0.8750`"""
    return " · ".join(f"{word} {value:.4g}" if abs(value) < 1e-3 else f"{word} {value:.4f}"
                      for word, value in (logs or {}).items())


class EpochLines(Callback):
    """verbose=2: one line per epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        took = time.perf_counter() - self.began
        print(f"Epoch {epoch + 1}/{self.params.get('epochs')} · {took:.1f} s · {shown(logs)}", flush=True)


class ProgressBar(Callback):
    """verbose=1: a bar per epoch, which keeps its last figures when the epoch is done."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        from tqdm.auto import tqdm
        self.bar: Any = tqdm(total=self.params.get("steps"), desc=f"Epoch {epoch + 1}/{self.params.get('epochs')}",
                             file=sys.stdout, dynamic_ncols=True, mininterval=0.1)
        self.shown_at = 0.0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        now = time.perf_counter()
        if now - self.shown_at > 0.1:
            self.bar.set_postfix_str(shown(logs), refresh=False)
            self.shown_at = now
        self.bar.update(batch + 1 - self.bar.n)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.bar.set_postfix_str(shown(logs))
        self.bar.close()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if hasattr(self, "bar"):
            self.bar.close()


def progress_for(verbose: int | str) -> list[Callback]:
    """verbose 0: nothing; 1 or "auto": a bar where one can be drawn, else lines; 2: lines."""
    if verbose not in (0, 1, 2, "auto", True, False):
        raise ValueError(f"verbose is 0 (silent), 1 (bar), 2 (lines) or 'auto', got {verbose!r}")
    if verbose in (0, False):
        return []
    can_draw = "ipykernel" in sys.modules or sys.stdout.isatty()
    if verbose != 2 and can_draw and importlib.util.find_spec("tqdm") is not None:
        return [ProgressBar()]
    return [EpochLines()]
