"""Truncated backpropagation through time: one long text, cut into windows that follow one another.

The text is laid out in `batch` rows; window k of a row continues window k−1 of the same row, so a state can be carried
forward from window to window for ever while gradients flow back through one window only (Williams and Peng 1990).
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine import Tensor, wrap
from ..structure import map_leaves
from .callbacks import Callback, Logs


class Windows:
    """Batches (x, y) of shape (batch, steps), y one step ahead of x; the same in every pass."""

    def __init__(self, ids: Any, batch: int, steps: int) -> None:
        ids = np.asarray(ids)
        if ids.ndim != 1 or ids.dtype.kind not in "iu":
            raise ValueError(f"windows cut a sequence of integers, got {ids.dtype} of shape {ids.shape}")
        if batch < 1 or steps < 1:
            raise ValueError(f"batch and steps must be at least 1, got {batch} and {steps}")
        row = (len(ids) - 1) // batch                             # each row also needs the letter after its last one
        if row < steps:
            raise ValueError(f"{len(ids)} letters do not fill {batch} rows of {steps} steps and the next letter; "
                             f"make batch or steps smaller")
        self.batch, self.steps = batch, steps
        self.x = ids[: row * batch].reshape(batch, row)           # (batch, row)
        self.y = ids[1: row * batch + 1].reshape(batch, row)

    def __len__(self) -> int:
        return self.x.shape[1] // self.steps

    def __iter__(self) -> Iterator[tuple[Tensor, np.ndarray]]:
        for k in range(len(self)):
            window = slice(k * self.steps, (k + 1) * self.steps)
            yield wrap(self.x[:, window].copy()), self.y[:, window].copy()


def windows(ids: Any, batch: int, steps: int) -> Windows:
    """`for x, y in windows(ids, 32, 64):` each window continues the one before it, row by row."""
    return Windows(ids, batch, steps)


def detached(states: Any) -> Any:
    """The same states without their history: what one window hands to the next."""
    return map_leaves(lambda state: state.detach() if isinstance(state, Tensor) else state, states)


class ResetStates(Callback):
    """Sets stateful layers back to zeros before every epoch and before every evaluation: a text begins anew."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.model.reset_states()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self.model.reset_states()
