"""Symbol: a tensor that is not there yet, known by its shape alone.

Calling a layer or an operation on Symbols computes nothing; it writes down a Call and returns the Symbols of its
results. A Model sorts those Calls by time and runs them again on real tensors. What shape a result has is found by
trying the call on zeros at two batch sizes: an axis that comes out different is unknown (None).
"""
from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, ops
from ..engine import Tensor, no_grad, wrap
from ..structure import leaves, map_leaves

_clock = itertools.count()
TRIALS = ((2, 32), (3, 48))      # (size of an unknown batch axis, size of any other unknown axis), twice


class Symbol:
    """A promise of a tensor. `shape` has None where the size is known only when a batch comes."""

    def __init__(self, shape: tuple[int | None, ...], dtype: Any = None, *, call: Call | None = None,
                 name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype if dtype is not None else backend.floatx())
        self.call = call
        self.name = name
        self.time = next(_clock)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Any:
        return ops.transpose(self)

    def __record__(self, op: Callable[..., Any], inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """What an operation does when an operand is a Symbol: it is written down instead of computed."""
        return Call(op, tuple(inputs), dict(settings)).outputs

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Symbol(shape={self.shape}, dtype={self.dtype.name}{name})"

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no value yet, so nothing can be decided by it; write a Lambda or a Layer instead")

    def __iter__(self) -> Any:
        raise TypeError(f"{self!r} has no value yet, so it cannot be iterated over; use mg.split or an index")

    __array_priority__ = 1000    # array + symbol asks the Symbol first


COMPARISONS = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
NEED_VALUES = {"dot", "astype", "argmax", "argmin"}

for _word, _function in {**ops.OPERATORS, **ops.METHODS}.items():
    if _word not in COMPARISONS | NEED_VALUES:
        setattr(Symbol, _word, _function)


class Call:
    """One use of a layer or an operation on Symbols: what was called, on what, and what came out.

    `inputs` are the positional arguments, `options` the keyword ones; Symbols may stand anywhere in either.
    """

    def __init__(self, op: Callable[..., Any], inputs: tuple[Any, ...], options: dict[str, Any],
                 outputs: Any = None) -> None:
        self.op, self.inputs, self.options = op, inputs, options
        self.outputs = self._promise() if outputs is None else outputs
        for symbol in leaves(self.outputs):
            symbol.call = self
        self.time = next(_clock)

    @property
    def sources(self) -> list[Symbol]:
        """The Symbols that the call reads."""
        return [one for one in (*leaves(self.inputs), *leaves(self.options)) if isinstance(one, Symbol)]

    def run(self, values: dict[Symbol, Any]) -> Any:
        """The same call with values in the Symbols' places."""
        def value(leaf: Any) -> Any:
            return values[leaf] if isinstance(leaf, Symbol) else leaf
        return self.op(*map_leaves(value, self.inputs), **map_leaves(value, self.options))

    def _promise(self) -> Any:
        """The Symbols of the results, from two trials on zeros; a shape that does not fit is refused here."""
        if hasattr(self.op, "ready"):
            self.op.ready(map_leaves(lambda one: getattr(one, "shape", None), self.inputs))
        try:
            small, large = self._try(*TRIALS[0]), self._try(*TRIALS[1])
        except ValueError as error:
            error.add_note(f"while calling {named(self.op)} on {', '.join(str(one.shape) for one in self.sources)}")
            raise
        others = iter(leaves(large))
        return map_leaves(lambda y: promised(y, next(others)), small)

    def _try(self, batch: int, size: int) -> Any:
        """The result for zeros of the Symbols' shapes. What the layer remembers is put back as it was."""
        remembered = self.op.remembered() if hasattr(self.op, "remembered") else {}
        zeros = {one: zeros_for(one, batch, size) for one in self.sources}
        try:
            with no_grad(), np.errstate(all="ignore"):          # 1/0 in a trial says nothing about the data to come
                return self.run(zeros)
        finally:
            for state, array in remembered.items():
                state.data = array


def zeros_for(symbol: Symbol, batch: int, size: int) -> Tensor:
    """A tensor of zeros of the symbol's shape, with sizes chosen for its unknown axes."""
    shape = [(batch if axis == 0 else size) if known is None else known for axis, known in enumerate(symbol.shape)]
    return wrap(np.zeros(shape, symbol.dtype))


def promised(small: Any, large: Any) -> Symbol:
    """The Symbol of one result: axes on which both trials agree are known."""
    if not isinstance(small, Tensor):
        small, large = np.asarray(small), np.asarray(large)
    shape = tuple(a if a == b else None for a, b in zip(small.shape, large.shape))
    return Symbol(shape, small.dtype)


def named(op: Any) -> str:
    """How a call is named in messages: a layer by its label, an operation by its function's name."""
    return getattr(op, "label", None) or op.__name__


def Input(shape: tuple[int | None, ...] | None = None, batch_size: int | None = None, dtype: Any = None,
          name: str | None = None, *, batch_shape: tuple[int | None, ...] | None = None) -> Symbol:
    """Where a model begins: `shape` is one example's, without the batch axis."""
    if batch_shape is None:
        if shape is None:
            raise ValueError("Input needs shape=(…) of one example, without the batch axis")
        batch_shape = (batch_size, *shape)
    for size in batch_shape:
        if size is not None and (not isinstance(size, (int, np.integer)) or size < 0):
            raise ValueError(f"Input's shape consists of sizes and None, got {batch_shape}")
    return Symbol(tuple(batch_shape), dtype, name=name)
