"""Batches: whatever somebody trains on, as an iterable of (x, y, sample_weight).

Arrays (or lists and dicts of arrays, one per input) are cut into batches, in a new random order at every pass; anything
else that can be iterated over is taken to yield batches already. Inputs come out as Tensors, targets as arrays.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sized
from typing import Any, NamedTuple

import numpy as np

from .. import backend
from ..engine import Tensor, wrap
from ..structure import leaves, map_leaves


class Batch(NamedTuple):
    """One step's worth: inputs, targets, weights of the examples (or None)."""

    x: Any
    y: Any = None
    sample_weight: Any = None


class Batches:
    """Arrays, cut into batches of `batch_size`; the last one may be smaller. Each pass with `shuffle` draws a new order.

    With `seed` the order comes from a generator of its own, else from the framework's (mg.set_random_seed).
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None,
                 shuffle: bool = False, seed: int | None = None, class_weight: dict[int, float] | None = None) -> None:
        self.batch_size = 32 if batch_size is None else int(batch_size)
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.x, self.y, self.sample_weight = as_arrays(x), as_arrays(y), as_arrays(sample_weight)
        self.count = common_length({"x": self.x, "y": self.y, "sample_weight": self.sample_weight})
        if self.count == 0:
            raise ValueError("there are no examples: the arrays are empty")
        self.shuffle, self.class_weight = shuffle, class_weight
        self.generator = None if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        return math.ceil(self.count / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(self.count)
        if self.shuffle:
            (self.generator or backend.generator()).shuffle(order)
        for start in range(0, self.count, self.batch_size):
            chosen = order[start:start + self.batch_size]
            x, y, weight = (taken(part, chosen) for part in (self.x, self.y, self.sample_weight))
            yield Batch(map_leaves(wrap, x), y, class_weighted(y, weight, self.class_weight))


class Indexed:
    """Batches that are asked for by their number, as Keras' Sequence and PyDataset: `len(source)`, `source[k]`, `source.on_epoch_end()`."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[Any]:
        for k in range(len(self.source)):
            yield self.source[k]
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()


class Stream:
    """Any iterable of batches: x, (x, y) or (x, y, sample_weight). `steps` batches make a pass, if given.

    An iterator (a generator) is not begun anew by the next pass but continued; other iterables start afresh.
    """

    def __init__(self, source: Iterable[Any], *, steps: int | None = None, class_weight: dict[int, float] | None = None,
                 targets: bool = True) -> None:
        self.source, self.steps, self.class_weight, self.targets = source, steps, class_weight, targets
        self.once = iter(source) if steps is not None or iter(source) is source else None

    def __len__(self) -> int:
        if self.steps is not None:
            return self.steps
        if isinstance(self.source, Sized):
            return len(self.source)
        raise TypeError("how many batches a generator will give is not known; say steps_per_epoch")

    def __iter__(self) -> Iterator[Batch]:
        batches = iter(self.source) if self.once is None else self.once
        for count, one in enumerate(self._renewed(batches)):
            pair = isinstance(one, list) and self.targets and len(one) in (2, 3)      # PyTorch's DataLoader gives lists
            batch = Batch(*one) if isinstance(one, tuple) or pair else Batch(one)
            yield batch._replace(sample_weight=class_weighted(batch.y, batch.sample_weight, self.class_weight))
            if self.steps is not None and count + 1 == self.steps:
                return

    def _renewed(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The batches; where `steps` asks for more than one pass over a list holds, it is begun again."""
        for one in batches:                                    # no `yield from`: it would close the source when a pass ends
            yield one
        while self.steps is not None and iter(self.source) is not self.source:
            self.once = iter(self.source)
            for one in self.once:
                yield one


def as_batches(x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None, shuffle: bool = False,
               seed: int | None = None, steps: int | None = None, class_weight: dict[int, float] | None = None,
               targets: bool = True) -> Any:
    """What `fit`, `evaluate` and `predict` (which needs no targets) were given → Batches or a Stream."""
    if is_data(x):
        batches = Batches(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, seed=seed, class_weight=class_weight)
        return batches if steps is None else Stream(batches, steps=steps)
    if y is not None or sample_weight is not None:
        raise ValueError(f"x is {type(x).__name__}, an iterable of batches, which must yield (x, y) itself; leave y out")
    if hasattr(x, "__getitem__") and hasattr(x, "__len__") and not isinstance(x, (list, tuple, dict)) and not hasattr(type(x), "__iter__"):
        x = Indexed(x)
    if not isinstance(x, Iterable):
        raise TypeError(f"x must be arrays, or an iterable of batches, got {type(x).__name__}")
    return Stream(x, steps=steps, class_weight=class_weight, targets=targets)


def streamed(batches: Any) -> Any:
    """Any iterable of (x, y), as an iterable of Batches; Batches and Streams stay what they are."""
    return batches if isinstance(batches, (Batches, Stream)) else Stream(batches)


def is_data(x: Any) -> bool:
    """Arrays, Tensors, tables, nested lists of numbers, or lists and dicts of such; a list of (x, y) tuples is not."""
    if isinstance(x, (list, tuple, dict)) and x:
        parts = list(x.values()) if isinstance(x, dict) else x
        return not any(isinstance(part, (tuple, Batch)) and any(is_array(one) for one in part) for part in parts)
    return is_array(x)


def is_array(x: Any) -> bool:
    """Whether this is an array, or a table that can become one."""
    return isinstance(x, Tensor) or backend.is_array(x) or hasattr(x, "__array__") and not isinstance(x, np.generic)


def as_arrays(nest: Any) -> Any:
    """Arrays in a list or dict stay apart; a list of numbers becomes one array; None stays None."""
    if nest is None or isinstance(nest, Tensor):
        return None if nest is None else nest.array
    if isinstance(nest, dict):
        return {key: as_arrays(part) for key, part in nest.items()}
    if isinstance(nest, (list, tuple)) and any(is_array(one) and np.ndim(one) > 0 for one in leaves(nest)):
        return [as_arrays(part) for part in nest]
    return nest if backend.is_array(nest) else np.asarray(nest)


def taken(nest: Any, chosen: Any) -> Any:
    """The chosen examples of every array."""
    return map_leaves(lambda array: None if array is None else array[chosen], nest)


def common_length(parts: dict[str, Any]) -> int:
    """The number of examples, which all arrays must share."""
    lengths = {word: [len(a) for a in leaves(part) if a is not None] for word, part in parts.items()}
    found = sorted({n for some in lengths.values() for n in some})
    if len(found) != 1:
        raise ValueError("all arrays must hold the same number of examples, got "
                         + ", ".join(f"{word}: {some}" for word, some in lengths.items() if some))
    return found[0]


def class_weighted(y: Any, sample_weight: Any, class_weight: dict[int, float] | None) -> Any:
    """wᵢ · class_weight[yᵢ]; one-hot targets (rows whose sum is 1) are read as their class."""
    if class_weight is None:
        return sample_weight
    if not isinstance(class_weight, dict):
        raise TypeError(f"class_weight says class by class how much it counts, {{0: 1.0, 1: 5.0}}; got {class_weight!r:.40}")
    if y is None or isinstance(y, (list, tuple, dict)):
        raise ValueError("class_weight is for a single target; with several outputs give sample_weight, one for each")
    labels = np.asarray(backend.to_cpu(y))
    if labels.ndim > 1 and labels.shape[-1] > 1 and not np.allclose(labels.sum(axis=-1), 1.0, atol=1e-3):
        raise ValueError(f"class_weight reads one class from each row of targets of shape {labels.shape}, and these rows are not "
                         "one-hot: give class numbers an axis of size 1, y[..., None], or give sample_weight")
    if labels.ndim > 1:
        labels = labels.argmax(axis=-1) if labels.shape[-1] > 1 else labels[..., 0]
    weights = np.ones(labels.shape)
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights if sample_weight is None else weights * backend.to_cpu(sample_weight)


def split_off(fraction: float, x: Any, y: Any, sample_weight: Any) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """The first examples for training, the last `fraction` for validation: before any shuffling, as in Keras."""
    if not 0 < fraction < 1:
        raise ValueError(f"validation_split is a fraction between 0 and 1, got {fraction}")
    parts = [as_arrays(part) for part in (x, y, sample_weight)]
    count = common_length(dict(zip(("x", "y", "sample_weight"), parts)))
    cut = math.floor(count * (1.0 - fraction) + 1e-9)
    if cut in (0, count):
        raise ValueError(f"validation_split={fraction} of {count} examples leaves one side empty")
    first, last = (tuple(taken(part, side) for part in parts) for side in (slice(None, cut), slice(cut, None)))
    return first, last  # type: ignore[return-value]
