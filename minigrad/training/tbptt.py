"""Truncated backpropagation through time: one long text, cut into windows that follow one another.

The text is laid out in `batch` rows; window k of a row continues window k−1 of the same row, so a state can be carried
forward from window to window for ever while gradients flow back through one window only, or through k2 steps for every k1
new ones, `truncated` (Williams and Peng 1990; Sutskever 2013, section 2.8.6).
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import backend, ops
from ..engine import Tensor, no_grad, wrap
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


def truncated(net: Callable[..., Any], x: Any, k1: int, k2: int | None = None, states: Any = None) -> Iterator[Tensor]:
    """After every k1 steps their outputs, whose gradients go back k2 steps from the last of them (k1 if not said)

    x (N, T, …); `net(x, initial_state=states)` returns outputs (N, steps, …) and then the states, as a recurrent layer does with
    `return_sequences` and `return_state`. The states are carried on from the first step to the last. Between two outputs
    the caller may update the weights: `for y in truncated(lstm, x, 5, 20): ...backward(); optimizer.step(parameters)`.
    At most one window's history is alive, however long x is. With k2 > k1 windows overlap, and the steps that they share
    are computed again, with the weights of the day; with k2 < k1 the first k1 − k2 outputs of a window have no history.
    The given `states` get gradients from every window that reaches back to them. Steps at the end that do not fill a window
    are left out, as `windows` does.
    """
    k2 = k1 if k2 is None else k2
    if k1 < 1 or k2 < 1:
        raise ValueError(f"k1 and k2 count steps, at least 1; got {k1} and {k2}")
    x = x if isinstance(x, Tensor) or backend.is_array(x) else np.asarray(x)
    if x.ndim < 2 or x.shape[1] < k1:
        raise ValueError(f"{x.shape[1] if x.ndim > 1 else 0} steps do not fill one window of k1 = {k1}: x is (N, T, …), got {x.shape}")
    begin = 0                                                     # `states` are those before step `begin`
    for end in range(k1, x.shape[1] + 1, k1):
        cut = max(0, end - k2)                                    # gradients go back to here
        following = max(0, min(end, end + k1 - k2))               # the next window's states are those before this step
        pieces: list[Tensor] = []
        with no_grad():
            states = run(net, x, begin, cut, states, pieces)
        states = run(net, x, cut, following, states, pieces)
        kept = detached(states) if following else states          # what was given is nobody's to cut
        run(net, x, following, end, states, pieces)
        yield ops.concatenate(pieces, axis=1)[:, -k1:]
        begin, states = following, kept


def run(net: Callable[..., Any], x: Any, begin: int, end: int, states: Any, pieces: list[Tensor]) -> Any:
    """The steps from `begin` up to `end`: their outputs are appended to the pieces, and the states after them returned."""
    if begin >= end:
        return states
    found = net(x[:, begin:end], initial_state=states)
    if not isinstance(found, (tuple, list)) or found[0].shape[1:2] != (end - begin,) or not getattr(net, "return_sequences", True):
        raise ValueError("truncated needs a net that returns outputs (N, steps, …) and then its states: make the recurrent layer with "
                         "return_sequences=True and return_state=True")
    outputs, *states = found
    pieces.append(outputs)
    return states


class ResetStates(Callback):
    """Sets stateful layers back to zeros before every epoch and before every evaluation: a text begins anew."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.model.reset_states()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self.model.reset_states()
