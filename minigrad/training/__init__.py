"""Training: the loop written out, batches, callbacks, truncated backpropagation through time."""
from __future__ import annotations

from .batches import Batches, Stream, as_batches
from .loop import evaluate, fit, predict, train_step
from .tbptt import detached, truncated, windows

__all__ = ["Batches", "Stream", "as_batches", "detached", "evaluate", "fit", "predict", "train_step", "truncated", "windows"]
