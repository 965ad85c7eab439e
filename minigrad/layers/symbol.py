"""Symbol: a tensor that is not there yet, known by its shape alone.

Calling a layer or an operation on Symbols computes nothing; it writes down a Call and returns the Symbols of its
results. A Model sorts those Calls by time and runs them again on real tensors. What shape a result has is found by
trying the call on zeros at two batch sizes: an axis that comes out different is unknown (None).
"""
from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, ops
from ..engine import Tensor, no_grad, primitives, wrap
from ..structure import leaves, map_leaves

_clock = itertools.count()
TRIALS: tuple = (                # two sizes for an unknown batch axis, and two for any other unknown axis
    ((2, 32), (3, 48)),
    ((4, 600), (6, 1200)),       # where those did not fit: long enough for wide windows, and numbers that much divides
    ((2, None), (3, None)),      # unknown axes as long as those of the other inputs that are known
)


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

    def astype(self, dtype: Any) -> Any:
        """The same promise in another dtype; a floating one keeps the gradient."""
        name = np.dtype(dtype).name
        if np.dtype(name).kind == "f":
            return primitives["astype"](self, dtype=name)
        return self.__record__(ops.cast, (self, name), {})

    def __getitem__(self, index: Any) -> Any:
        among = [one for one in leaves(index) if isinstance(one, Symbol)]
        if any(one.dtype.kind == "b" for one in among):
            raise TypeError(f"how many places {among[0]!r} chooses is not known before it has values: write "
                            f"mg.where(condition, x, 0.0)")
        return self.__record__(ops.indexed, (self, index), {}) if among else ops.indexed(self, index)

    def dot(self, other: Any) -> Any:
        return self.__record__(ops.dot, (self, other), {})

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no value yet, so nothing can be decided by it: write mg.where(condition, a, b) for "
                        f"a choice, (0 < x) & (x < 3) for 0 < x < 3, `is` for ==, or a Lambda or a Layer")

    def __iter__(self) -> Any:
        raise TypeError(f"{self!r} has no value yet, so it cannot be iterated over; use mg.split or an index")

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"{self!r} has no length that is known yet; its other axes stand in .shape")
        return self.shape[0]

    def __float__(self) -> float:
        raise TypeError(f"{self!r} has no value yet, so it is no number; compute with it, or write a Lambda or a Layer")

    __int__ = __index__ = __float__        # type: ignore[assignment]

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"{self!r} has no value yet, so it is no array; use minigrad's or NumPy's functions on it, or a "
                        f"Lambda")

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(f"{self!r} is never written into: make a new one with mg.where(condition, new, old)")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        """np.tanh(symbol), np.greater(symbol, 0)"""
        if method == "__call__" and ufunc.__name__ in VALUES_ONLY:
            return VALUES_ONLY[ufunc.__name__](*inputs, **settings)
        return ops.array_ufunc(self, ufunc, method, *inputs, **settings)     # type: ignore[arg-type]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """np.sum(symbol), np.argmax(symbol)"""
        if function in (np.shape, np.ndim):
            return getattr(self, function.__name__)
        if function.__name__ in VALUES_ONLY:
            return VALUES_ONLY[function.__name__](*args, **kwargs)
        if function in ops.PLAIN_FUNCTIONS:
            raise TypeError(f"np.{function.__name__} needs values, and {self!r} has none yet; write a Lambda or a Layer")
        return ops.array_function(self, function, types, args, kwargs)       # type: ignore[arg-type]

    __hash__ = object.__hash__   # == makes a Symbol: the library asks `is`, and dicts find a Symbol by its identity


# ------------------------------------------------------------------------------- functions without a derivative

def values_only(function: Any) -> Any:
    """A function of NumPy's that has no derivative (a comparison, argmax), for a graph of Symbols; its result is a Tensor."""
    def op(*inputs: Any, **settings: Any) -> Any:
        for one in leaves((inputs, settings)):
            if isinstance(one, Symbol):
                return one.__record__(op, inputs, settings)
        bare = map_leaves(lambda one: one.array if isinstance(one, Tensor) else one, (inputs, settings))
        return wrap(function(*bare[0], **bare[1]))
    op.__name__, op.__doc__ = function.__name__, f"np.{function.__name__}, whose result has no gradient"
    return op


VALUES_ONLY = {function.__name__: values_only(function) for function in (
    *(getattr(np, name) for name in ops.PLAIN_UFUNCS), np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert,
    np.argmax, np.argmin, np.argsort, np.any, np.all, np.count_nonzero, np.zeros_like, np.ones_like, np.full_like, np.round)}

for _word, _function in {**ops.OPERATORS, **ops.METHODS}.items():
    if _word not in vars(Symbol):
        setattr(Symbol, _word, _function)
for _word, _name in {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
                     "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "invert": "invert"}.items():
    setattr(Symbol, f"__{_word}__", VALUES_ONLY[_name])
for _word in ("and", "or", "xor"):
    setattr(Symbol, f"__r{_word}__", ops.swapped(VALUES_ONLY[f"bitwise_{_word}"]))
Symbol.argmax, Symbol.argmin = VALUES_ONLY["argmax"], VALUES_ONLY["argmin"]      # type: ignore[attr-defined]


def operations() -> dict[str, Any]:
    """All that is recorded beside layers, by the name that it has in a file."""
    return {**primitives, **VALUES_ONLY, "where": ops.where, "cast": ops.cast, "dot": ops.dot, "embedding": ops.embedding, "indexed": ops.indexed}


# ------------------------------------------------------------------------------- calls


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
        self._prepare()
        errors = []
        for small_sizes, large_sizes in TRIALS:
            try:
                small, large = self._try(*small_sizes), self._try(*large_sizes)
            except (ValueError, IndexError, TypeError) as error:
                errors.append(error)
            else:
                return promises(small, large)
        raise explained(self, errors[0], errors[1])

    def _prepare(self) -> None:
        """A layer's weights are made from shapes alone."""
        if hasattr(self.op, "ready"):
            try:
                self.op.ready(map_leaves(lambda one: getattr(one, "shape", None), self.inputs))
            except (ValueError, TypeError, IndexError) as error:
                raise explained(self, error, error) from None

    def _try(self, batch: int, size: int | None) -> Any:
        """The result for zeros of the Symbols' shapes. What the layer remembers is put back as it was."""
        remembered = self.op.remembered() if hasattr(self.op, "remembered") else {}
        known = {axis: n for one in self.sources for axis, n in enumerate(one.shape) if n is not None} if size is None else {}
        zeros = {one: zeros_for(one, batch, 32 if size is None else size, known) for one in self.sources}
        try:
            with no_grad(), np.errstate(all="ignore"):          # 1/0 in a trial says nothing about the data to come
                return self.run(zeros)
        finally:
            for state, array in remembered.items():
                state.data = array


def zeros_for(symbol: Symbol, batch: int, size: int, known: dict[int, int] | None = None) -> Tensor:
    """A tensor of zeros of the symbol's shape, with sizes for its unknown axes: those known of others, or the ones given."""
    likely = {axis: batch if axis == 0 else size for axis in range(symbol.ndim)} | (known or {})
    return wrap(np.zeros([likely[axis] if n is None else n for axis, n in enumerate(symbol.shape)], symbol.dtype))


def promises(small: Any, large: Any) -> Any:
    """The Symbols of all results, in their nest."""
    others = iter(leaves(large))
    return map_leaves(lambda y: promised(y, next(others)), small)


def promised(small: Any, large: Any) -> Symbol:
    """The Symbol of one result: axes on which both trials agree are known."""
    if not isinstance(small, Tensor):
        small, large = np.asarray(small), np.asarray(large)
    shape = tuple(a if a == b else None for a, b in zip(small.shape, large.shape))
    return Symbol(shape, small.dtype)


def named(op: Any) -> str:
    """How a call is named in messages: a layer by its label, an operation by its function's name."""
    return getattr(op, "label", None) or op.__name__


# ------------------------------------------------------------------------------- what does not fit

MENDS = {
    "matmul": "the last axis of the first must be as long as the last but one of the second",
    "getitem": "give an index that this shape has",
    "reshape": "as many numbers must come out as went in; -1 stands for what is left",
    "concatenate": "all axes but the joined one must be equally long",
    "stack": "all must have one shape",
    "einsum_of_letters": "one letter stands for one length everywhere",
}
BROADCAST = ("sizes, counted from the last axis, must be equal or 1: bring them together with a Dense layer, a slice or "
             "mg.expand_dims")


def explained(call: Call, error: Exception, other: Exception) -> Exception:
    """The error of a call that no size fits: it names the call and the shapes, and says how to mend it."""
    name, is_layer = named(call.op).removesuffix("_of_letters"), hasattr(call.op, "label")
    if name == "getitem":
        name = f"x[{', '.join(map(shown_index, parts_of(call)))}]"
    given = [one for one in leaves(call.inputs) if hasattr(one, "shape")]
    given += [one for one in leaves(call.options) if isinstance(one, Symbol)]
    message, shapes = agreed(str(error), str(other)).strip(), " and ".join(str(one.shape) for one in given)
    if not (is_layer and message.startswith(name)):
        mend = BROADCAST if getattr(call.op, "broadcasts", name == "where") else MENDS.get(named(call.op))
        message = f"{name} does not fit {shapes}: {message}" + (f"; {mend}" if mend else "")
    elif not all(str(one.shape) in message for one in given):
        message += f"; it was called on {shapes}"
    kind = type(error) if type(error) in (ValueError, TypeError, IndexError) else ValueError
    told = kind(message).with_traceback(error.__traceback__)
    for notes in zip(getattr(error, "__notes__", []), getattr(other, "__notes__", [])):
        told.add_note(agreed(*notes))
    return told


def agreed(one: str, other: str) -> str:
    """A message as two trials agree on it: a number that came out different depends on what is unknown."""
    words, others = re.split(r"(\d+)", one), re.split(r"(\d+)", other)
    if len(words) != len(others):
        return one
    return "".join(word if word == its else "None" for word, its in zip(words, others))


def parts_of(call: Call) -> tuple:
    """The parts of the index of x[…]."""
    index = call.options["index"]
    return index if isinstance(index, tuple) else (index,)


def shown_index(part: Any) -> str:
    """slice(1, None) as one writes it: 1:"""
    if isinstance(part, slice):
        ends = [part.start, part.stop] + [part.step] * (part.step is not None)
        return ":".join("" if end is None else str(end) for end in ends)
    return "..." if part is Ellipsis else str(part)


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
