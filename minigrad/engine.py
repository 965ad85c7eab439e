"""The engine: tensors that remember how they were made, and the walk that turns that memory into gradients.

A Tensor holds an array and, if an operation made it, the operation, its inputs, and one pullback per input (a
function that takes ∂L/∂output and returns ∂L/∂input).  `walk` visits these tensors newest first and adds up what the
pullbacks return; nothing here knows a single operation, layer or picture: operations are in ops.py, and whoever wants
to watch (drawing, anomaly hunting) appends an observer.
"""

from __future__ import annotations

import gc
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import backend
from .sums import UNFINISHED, Copies, Part, Patch, Product, Sums, TensorSums

__all__ = ["Parameter", "Tensor", "gradients", "no_grad", "scope"]

tick = count(1).__next__                    # the engine's clock: an output is always younger than its inputs
primitives: dict[str, Any] = {}             # every operation by name, in order of definition
observers: list[Observer] = []              # whoever watches


class Observer:
    """Hears what the engine does.  With nobody listening this costs one empty loop."""

    unrolls = False                         # wants recurrent layers to run step by step

    def recorded(self, y: Tensor) -> None:
        """y was computed and remembers how."""

    def failed(self, error: Exception) -> None:
        """An operation raised an error."""

    def begun(self, output: Tensor) -> None:
        """A walk back from output begins."""

    def arrived(self, y: Tensor, dy: Any) -> None:
        """The gradient of y is complete."""

    def contributed(self, y: Tensor, k: int, x: Tensor, dx: Any) -> None:
        """dx, the part of ∂L/∂x that comes back through y, whose input k is x, is about to be added."""


def tracing() -> bool:
    """Does somebody watch who wants to see every step of a recurrent layer?"""
    return any(observer.unrolls for observer in observers)


# -------------------------------------------------------------------------- the tensor

class Tensor:
    """A NumPy or CuPy array that remembers how it was made.

    `data` may be an array (copied; its dtype stays), a Python number or a list (they become `floatx`, float32 by
    default). With `requires_grad=True` its gradient is added to `.grad` by every `backward()` of something computed
    from it.

    NumPy's functions of a Tensor are minigrad's, but a list of Tensors is made an array before anybody is asked:
    `np.sum([x, w])` is a plain number without a history.  Write `mg.stack([x, w]).sum()`.
    """

    __slots__ = ("array", "op", "inputs", "pullbacks", "settings", "scope", "time",      # noqa: RUF023
                 "requires_grad", "_grad", "name", "mask")

    array: Any            # internal: read it, never write into it
    op: Any               # how it was made, self = op(*inputs, **settings): the operation, None for a leaf
    inputs: Any           # a tuple of Tensors and Python numbers
    pullbacks: Any        # per input: ∂L/∂self → ∂L/∂input, or None where none is wanted; a Joint for a kernel
    settings: Any
    scope: Any            # in which layer and at which time step
    requires_grad: bool
    _grad: Any            # what `grad` shows
    name: str | None
    mask: Any             # which steps of a sequence count, for layers; operations hand it on as masks.py says
    time: int             # when it got its array, by the engine's clock; 0 for a leaf that never got another

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None, dtype: Any = None) -> None:
        self.array = private_array(data, dtype)
        if requires_grad and self.array.dtype.kind != "f":
            raise TypeError(f"only floating tensors have gradients, got dtype {self.array.dtype}: "
                            f"give floats, or Tensor(data, requires_grad=True, dtype='float32')")
        self.op = self.inputs = self.pullbacks = self.settings = self.scope = None
        self.requires_grad = requires_grad
        self.name = name
        self._grad = self.mask = None
        self.time = 0

    @property
    def grad(self) -> Any:
        """∂L/∂self, a read-only array of the same shape; None = not computed.  `t.grad = array` gives it another."""
        return self._grad

    @grad.setter
    def grad(self, dx: Any) -> None:
        if dx is not None and np.shape(dx) != self.array.shape:
            raise ValueError(f"the gradient of {describe(self)} has its shape, got {np.shape(dx)}: give ∂L/∂{self.name or 'x'}, one "
                             f"number for each of its own, or None")
        self._grad = dx.array if isinstance(dx, Tensor) else dx

    @property
    def data(self) -> Any:
        """The values, as a read-only view.  `t.data = array` gives it another array (a copy); older graphs keep the old.

        `t.data += 1` would write into the view, and NumPy refuses it ("output array is read-only"): write
        `t.data = t.data + 1`.
        """
        return backend.read_only(self.array)

    @data.setter
    def data(self, values: Any) -> None:
        self.rebind(private_array(values, self.array.dtype))

    def rebind(self, array: Any) -> None:
        """`t.data = array` without the copy, for callers who give the array away (optimisers)."""
        if self.op is not None:
            raise RuntimeError(f"{describe(self)} was computed by {self.op.__name__}: only a leaf can get new data; "
                               f"use .detach() first")
        if array.shape != self.array.shape:
            raise ValueError(f"{describe(self)} cannot be rebound to shape {array.shape}: a tensor keeps its shape; "
                             f"make a new Tensor")
        self.array = array
        self.time = tick()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def size(self) -> int:
        return self.array.size

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    def backward(self, seed: Any = None, until: Sequence[Tensor] = ()) -> None:
        """x.grad += ∂self/∂x, for every leaf x that requires a gradient.

        self is one number; else give `seed`, ∂L/∂self, of its shape.  The graph is kept: a second call adds the same
        again (`zero_grad()` starts anew).  `until=[h]` stops at the tensors h: they get a `.grad` as if they were
        leaves, and nothing older is visited.  Gradients are read-only arrays; to change one, rebind it (`x.grad = 0.5
        * x.grad`). Raises RuntimeError if nothing that requires a gradient was used, ValueError if self is not one
        number and has no seed.
        """
        until = [until] if isinstance(until, Tensor) else until
        for x, dx in walk(self, seed_for(self, seed), stops=until).items():
            x._grad = backend.locked(dx if x._grad is None else x._grad + dx)

    def detach(self) -> Tensor:
        """The same values without the history: a new leaf through which no gradient flows."""
        t = wrap(self.array)
        t.mask = self.mask
        return t

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` is "not computed" again."""
        self._grad = None

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array on the host: a read-only view where they are there already, a copy from a GPU."""
        return backend.read_only(backend.array_to_cpu(self.array))

    def item(self) -> float:
        """The one number in it, as a Python number."""
        if self.array.size != 1:
            raise ValueError(f"item() needs one number, {describe(self)} has {self.array.size}")
        return self.array.item()

    def to_gpu(self) -> Tensor:
        return Tensor(backend.to_gpu(self.array), self.requires_grad, self.name)

    def to_cpu(self) -> Tensor:
        return Tensor(backend.to_cpu(self.array), self.requires_grad, self.name)

    # -- what Python and NumPy expect of something like an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if not backend.on_host(self.array):
            raise TypeError(f"{describe(self)} lives on a GPU; bring it here with mg.to_cpu(tensor)")
        if dtype is not None and np.dtype(dtype) != self.array.dtype:
            return np.asarray(self.array).astype(dtype)
        return np.array(self.array) if copy else backend.read_only(self.array)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a tensor of shape ()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.dtype.kind not in "iu":
            raise TypeError(f"only an integer tensor can be an index, got dtype {self.array.dtype}")
        return int(self.item())

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ValueError(f"whether {describe(self)} is true is not one question but {self.array.size}: ask (x > 0).all() or "
                             f".any(), or take one number of it")
        return bool(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    __hash__ = object.__hash__

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError("a tensor is never written into, since its graph may need the old values: make a new one with "
                        "mg.where(mask, new, old), or rebind the whole with t.data = array")

    def __reduce__(self) -> Any:
        return restore, (type(self), np.array(backend.array_to_cpu(self.array)), self.requires_grad, self.name)

    def __repr__(self) -> str:
        values = np.array2string(np.asarray(backend.array_to_cpu(self.array)), precision=4, separator=", ",
                                 threshold=20, edgeitems=3, prefix="Tensor(")
        made = f", made by {self.op.__name__}" if self.op else ", requires_grad=True" if self.requires_grad else ""
        name = f", name={self.name!r}" if self.name else ""
        where = "" if backend.on_host(self.array) else ", on the GPU"
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype}{name}{made}{where})"

    if TYPE_CHECKING:                       # ops.py attaches these at its end; a test compares the two lists
        T: Tensor
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Any: ...
        def __ne__(self, other: object) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any: ...
        def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any: ...
        def exp(self) -> Tensor: ...
        def log(self) -> Tensor: ...
        def sqrt(self) -> Tensor: ...
        def abs(self) -> Tensor: ...
        def square(self) -> Tensor: ...
        def sin(self) -> Tensor: ...
        def cos(self) -> Tensor: ...
        def tanh(self) -> Tensor: ...
        def sigmoid(self) -> Tensor: ...
        def relu(self) -> Tensor: ...
        def leaky_relu(self, negative_slope: float = ...) -> Tensor: ...
        def elu(self, alpha: float = ...) -> Tensor: ...
        def gelu(self, approximate: bool = ...) -> Tensor: ...
        def softplus(self) -> Tensor: ...
        def softmax(self, axis: int = ...) -> Tensor: ...
        def log_softmax(self, axis: int = ...) -> Tensor: ...
        def logsumexp(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def clip(self, min: Any = ..., max: Any = ...) -> Tensor: ...
        def sum(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def mean(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def max(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def min(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def prod(self, axis: Any = ..., keepdims: bool = ...) -> Tensor: ...
        def var(self, axis: Any = ..., ddof: int = ..., keepdims: bool = ...) -> Tensor: ...
        def std(self, axis: Any = ..., ddof: int = ..., keepdims: bool = ...) -> Tensor: ...
        def cumsum(self, axis: Any = ...) -> Tensor: ...
        def dot(self, other: Any) -> Tensor: ...
        def reshape(self, *shape: Any) -> Tensor: ...
        def ravel(self) -> Tensor: ...
        def flatten(self) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        def swapaxes(self, axis1: int, axis2: int) -> Tensor: ...
        def squeeze(self, axis: Any = ...) -> Tensor: ...
        def expand_dims(self, axis: Any) -> Tensor: ...
        def astype(self, dtype: Any) -> Tensor: ...
        def argmax(self, axis: Any = ...) -> Any: ...
        def argmin(self, axis: Any = ...) -> Any: ...


class Parameter(Tensor):
    """A tensor that a layer learns: a leaf that requires a gradient."""

    __slots__ = ()

    def __init__(self, data: Any, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(data, requires_grad=True, name=name, dtype=dtype)


def restore(kind: type, array: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    """What copy, deepcopy and pickle call: the value, requires_grad and name, without the graph."""
    t: Tensor = Tensor.__new__(kind)
    Tensor.__init__(t, array, requires_grad, name)
    return t


def private_array(data: Any, dtype: Any = None) -> Any:
    """A copy of `data` that nobody else can write into; Python numbers and lists of them take the default dtype."""
    if isinstance(data, Tensor):
        data = data.array
    if not backend.is_array(data):
        if isinstance(data, (list, tuple)) and any(isinstance(x, Tensor) for x in data):
            raise TypeError("a Tensor of Tensors would lose their graph: join them with mg.stack([...]), or take their .data")
        data = np.array(data)
        if dtype is None and data.dtype.kind in "iuf":
            dtype = backend.floatx()
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("a Tensor cannot leave places out as a masked array does: give array.filled(value), and the mask apart "
                        "(mg.where(~array.mask, x, 0.0), or a layer's mask=)")
    if data.dtype.kind not in "biuf":
        raise TypeError(f"a Tensor holds real numbers, got dtype {data.dtype}")
    array = data.astype(data.dtype if dtype is None else dtype)          # astype copies, and keeps the memory order
    if not isinstance(array, np.ndarray):
        return array
    array.flags.writeable = False
    return array[()]          # shape () becomes NumPy's scalar, a sixth of the time of a 0-d array; others stay arrays


def wrap(array: Any) -> Tensor:
    """A leaf around an array, without a copy: for internal code that gives the array away."""
    t = new(Tensor)
    t.array = array
    t.op = t.inputs = t.pullbacks = t.settings = t.scope = t._grad = t.name = t.mask = None
    t.requires_grad = False
    t.time = 0
    return t


new = Tensor.__new__


# -------------------------------------------------------------------------- where and whether to record

class Scope(NamedTuple):
    """Where an operation was called: a name ("lstm"), a position t in a sequence, or both; and the scope around it."""

    name: str | None
    t: int | None
    parent: Scope | None

    @property
    def path(self) -> str:
        """The names from the outermost in: "encoder/lstm"."""
        outer = self.parent.path if self.parent else ""
        return "/".join(part for part in (outer, self.name) if part)

    @property
    def step(self) -> int | None:
        """The position in the sequence that it belongs to: its own t, or that of the nearest scope around it."""
        return self.t if self.t is not None or self.parent is None else self.parent.step


recording = True
_scope = Scope(None, None, None)


def current_scope() -> Scope:
    return _scope


class scope:
    """`with mg.scope("encoder", t=3):` — what is recorded inside belongs to this name and this place in the sequence."""

    def __init__(self, name: str | None = None, *, t: int | None = None) -> None:
        self.name, self.t = name, t
        self.outer: list[Scope] = []        # a list, since one object may be entered again inside itself

    def __enter__(self) -> None:
        global _scope
        self.outer.append(_scope)
        _scope = Scope(self.name, self.t, _scope)

    def __exit__(self, *_: object) -> None:
        global _scope
        _scope = self.outer.pop()


class no_grad:
    """`with mg.no_grad():` or `@mg.no_grad()` — operations inside compute values and remember nothing."""

    def __init__(self) -> None:
        self.outer: list[bool] = []

    def __enter__(self) -> None:
        global recording
        self.outer.append(recording)
        recording = False

    def __exit__(self, *_: object) -> None:
        global recording
        recording = self.outer.pop()

    def __call__(self, function: Callable) -> Callable:
        @wraps(function)
        def unrecorded(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)
        return unrecorded


def uncollected(function: Callable) -> Callable:
    """`@uncollected` — Python's cycle collector rests meanwhile, so that a graph costs time linear in its length.

    The collector looks for circles of references whenever some hundred objects were made, and a long graph would be walked
    through again and again while it grows.  It would find nothing: a tensor refers to older ones alone, so graphs have no
    circles, and die by counting references.  Afterwards, also after an error, it is as it was before: off, where the user
    had switched it off or one such function runs inside another.
    """
    @wraps(function)
    def resting(*args: Any, **kwargs: Any) -> Any:
        was_on = gc.isenabled()
        if was_on:                          # else another thread may wake it in between, and this one would leave it off
            gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if was_on:
                gc.enable()
    return resting


# -------------------------------------------------------------------------- recording

NO_SETTINGS: dict = {}
ARRAYS = (Tensor, np.ndarray)
NUMBERS = (float, int, bool)              # Python's own: they take the dtype of what they meet


def record(op: Any, inputs: tuple, value: Any, pullbacks: Any, settings: dict) -> Tensor:
    """The result of an operation, with the memory of how it was made."""
    y = new(Tensor)
    y.array = value
    y.op = op
    y.inputs = inputs
    y.pullbacks = pullbacks
    y.settings = settings
    y.scope = _scope
    y.time = tick()
    y.requires_grad = True
    y._grad = y.name = y.mask = None
    for observer in observers:
        observer.recorded(y)
    return y


def primitive(rule: Callable, broadcasts: bool = False) -> Any:
    """Makes an operation on Tensors out of a rule on arrays.

    A rule takes arrays and returns its value, followed by one pullback per input: the local backward, which takes dy
    = ∂L/∂y and returns ∂L/∂input.  Positional arguments are differentiable, keyword-only arguments are settings; a
    caller may give settings by position too, in the rule's order, as NumPy allows.  The formulas are plain `np.`, so
    the same rule runs on NumPy arrays, on CuPy arrays, and on Tensors — which is how a derivative gets a derivative.
    """
    parameters = inspect.signature(rule).parameters.values()
    keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    arity = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)

    def general(*inputs: Any, **settings: Any) -> Any:
        if len(inputs) > arity and not variadic:
            inputs, settings = inputs[:arity], settings_by_position(op, keywords, inputs[arity:], settings)
        for name, value in settings.items():
            if isinstance(value, Tensor):
                raise TypeError(f"{name} is a setting of {op.__name__} and has no gradient: give a number, or the tensor's .data")
            if isinstance(value, np.ndarray):   # the graph needs it as it is now, and the caller may write into it
                settings[name] = value.copy()
        inputs = tuple([x if isinstance(x, Tensor) else operand(x) for x in inputs])
        if all(type(x) in NUMBERS for x in inputs):
            inputs = tuple(wrap(private_array(x)) for x in inputs)
        masked = False
        for x in inputs:
            if isinstance(x, Tensor):
                masked = masked or x.mask is not None
            elif hasattr(x, "__record__"):  # a layer's Symbol: it takes the call and remembers it for later
                return x.__record__(op, inputs, settings)
        arrays = [x.array if isinstance(x, Tensor) else x for x in inputs]
        try:
            value, *pullbacks = rule(*arrays, **settings)
        except Exception as error:
            explain(error, op, inputs)
            raise
        wanted = [recording and isinstance(x, Tensor) and x.requires_grad for x in inputs]
        if any(wanted):
            y = record(op, inputs, value, needed(op, pullbacks, wanted, arrays, value), settings)
        else:
            y = wrap(value)
        if masked:
            y.mask = carried(op, inputs, settings, y)
        return y

    if arity == 1 and not variadic:
        op = unary_with_settings(rule, general) if keywords else unary(rule, general)
    else:
        op = binary(rule, general, broadcasts) if arity == 2 and not keywords else general
    op = wraps(rule)(op)
    op.rule = rule                          # type: ignore[attr-defined]
    op.broadcasts = broadcasts              # type: ignore[attr-defined]
    primitives[rule.__name__] = op
    return op


def needed(op: Any, pullbacks: list, wanted: list[bool], arrays: list, value: Any) -> tuple:
    """One pullback for each input that wants a gradient, None for the others."""
    if len(pullbacks) != len(arrays):
        raise TypeError(f"the rule of {op.__name__} has {len(arrays)} inputs and returned {len(pullbacks)} pullbacks")
    for k, pullback in enumerate(pullbacks):
        if not wanted[k]:
            pullbacks[k] = None
        elif arrays[k].dtype != value.dtype or op.broadcasts and arrays[k].shape != value.shape:
            pullbacks[k] = fitted(pullback, arrays[k])
    return tuple(pullbacks)


def carried(op: Any, inputs: tuple, settings: dict, y: Tensor) -> Any:
    """Which steps of y count, where it was computed from a tensor with a mask: masks.py says so, operation by operation."""
    return op.carries(inputs, settings, y) if hasattr(op, "carries") else None


def settings_by_position(op: Any, keywords: list[str], given: tuple, settings: dict) -> dict:
    """mg.sum(x, 0) means mg.sum(x, axis=0)."""
    if len(given) > len(keywords):
        raise TypeError(f"{op.__name__} takes {', '.join(keywords) or 'no settings'}, got {len(given)} of them")
    return dict(zip(keywords, given, strict=False), **settings)


def elementwise(rule: Callable) -> Any:
    """A primitive whose inputs broadcast: gradients are summed back over the axes that were copied (`sum_to`)."""
    return primitive(rule, broadcasts=True)


def unary(rule: Callable, general: Callable) -> Callable:
    """The commonest case of `primitive`, y = f(x) of one Tensor, without the loops (half the time of a call)."""

    def op(x: Any) -> Any:
        if not isinstance(x, Tensor):
            return general(x)
        try:
            y, pullback = rule(x.array)
        except Exception as error:
            explain(error, op, (x,))
            raise
        if recording and x.requires_grad:
            y = record(op, (x,), y, (pullback,), NO_SETTINGS)
        else:
            y = wrap(y)
        if x.mask is not None:
            y.mask = carried(op, (x,), NO_SETTINGS, y)
        return y

    return op


def unary_with_settings(rule: Callable, general: Callable) -> Callable:
    """y = f(x) of one Tensor with settings by name that are no arrays, likewise: slices, sums, reshapes."""

    def op(x: Any, *given: Any, **settings: Any) -> Any:
        for setting in settings.values():
            if isinstance(setting, ARRAYS) and not is_private(setting):
                return general(x, *given, **settings)
        if given or not isinstance(x, Tensor):
            return general(x, *given, **settings)
        try:
            y, pullback = rule(x.array, **settings)
        except Exception as error:
            explain(error, op, (x,))
            raise
        if recording and x.requires_grad:
            y = record(op, (x,), y, (pullback if y.dtype is x.array.dtype else fitted(pullback, x.array),), settings)
        else:
            y = wrap(y)
        if x.mask is not None:
            y.mask = carried(op, (x,), settings, y)
        return y

    return op


def is_private(array: Any) -> bool:
    """Whether a graph may keep this array as it is: whoever locked an array of his own will not write into it."""
    return type(array) is np.ndarray and array.base is None and not array.flags.writeable


def binary(rule: Callable, general: Callable, broadcasts: bool) -> Callable:
    """The next commonest case, z = f(x, y) of two Tensors, or of one and a Python number, likewise."""

    def op(x: Any, y: Any) -> Any:
        if isinstance(x, Tensor):
            a, wants_x = x.array, x.requires_grad
        elif type(x) in NUMBERS and isinstance(y, Tensor):
            a, wants_x = x, False
        else:
            return general(x, y)
        if isinstance(y, Tensor):
            b, wants_y = y.array, y.requires_grad
        elif type(y) in NUMBERS:
            b, wants_y = y, False
        else:
            return general(x, y)
        try:
            z, pull_x, pull_y = rule(a, b)
        except Exception as error:
            explain(error, op, (x, y))
            raise
        if recording and (wants_x or wants_y):
            if b is not y and a is not x and (a.dtype is not b.dtype or broadcasts and a.shape != b.shape):
                pull_x = pull_x if alike(a, z) else fitted(pull_x, a)
                pull_y = pull_y if alike(b, z) else fitted(pull_y, b)
            z = record(op, (x, y), z, (pull_x if wants_x else None, pull_y if wants_y else None), NO_SETTINGS)
        else:
            z = wrap(z)
        if a is not x and x.mask is not None or b is not y and y.mask is not None:
            z.mask = carried(op, (x, y), NO_SETTINGS, z)
        return z

    return op


def operand(x: Any) -> Any:
    """What stands beside Tensors in a call: Python numbers stay (they have no dtype); arrays and lists become constants."""
    if x is None or type(x) in NUMBERS or hasattr(x, "__record__"):
        return x
    return x if isinstance(x, Tensor) else wrap(private_array(x))


def sum_to(dz: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of broadcasting, copying forward is summing backward: dz summed over the axes stretched from `shape`."""
    if dz.shape == shape:
        return dz
    if dz.size == math.prod(shape):         # axes of size one alone were added: nothing to sum
        return dz.reshape(shape)
    new_axes = dz.ndim - len(shape)
    stretched = [new_axes + k for k, n in enumerate(shape) if n == 1]
    return dz.sum(axis=(*range(new_axes), *stretched), keepdims=True).reshape(shape)


def alike(x: Any, z: Any) -> bool:
    return x.shape == z.shape and x.dtype is z.dtype


def fitted(pullback: Callable, array: Any) -> Callable:
    """The pullback, its result summed back to the array's shape and cast to its dtype: a gradient has its tensor's."""
    shape, dtype = array.shape, array.dtype
    return lambda dz: fit(pullback(dz), shape, dtype)


def fit(dx: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    if isinstance(dx, Patch):
        return Patch(dx.index, dx.value.astype(dtype))
    if isinstance(dx, Product):
        dx = dx.out()
    if len(shape) == 1 and shape == dx.shape[1:] and dx.dtype is dtype and not isinstance(dx, Tensor):
        return Copies(dx)
    dx = sum_to(dx, shape)
    return dx if dx.dtype == dtype else dx.astype(dtype)


# -------------------------------------------------------------------------- kernels: many steps, one node

class Joint(NamedTuple):
    """The one pullback of a kernel: (gradient of each output or None, which inputs want one) → gradient of each input."""

    pull: Callable
    wanted: list[bool]

    def split(self, dys: list) -> tuple:
        """One sweep back through the whole sequence; then each input has its pullback, as every tensor's input has."""
        return tuple([None if dx is None else lambda _, dx=dx: dx for dx in self.pull(dys, self.wanted)])


def kernel(rule: Callable) -> Any:
    """Makes an operation with several outputs and one joint pullback: a whole sequence as one node.

    The rule takes arrays (None for what is not there) and returns ((output, …), pull), where pull(dys, wanted) takes
    ∂L/∂output for each output (None where nothing arrived) and returns ∂L/∂input for each input (None where not
    wanted).  A kernel is faster than the operations it stands for and has no second derivative; the transparent path
    (`unroll=True`) has them all.
    """

    @wraps(rule)
    def op(*inputs: Any, **settings: Any) -> tuple[Tensor, ...]:
        inputs = tuple([x if isinstance(x, Tensor) else operand(x) for x in inputs])
        arrays = [x.array if isinstance(x, Tensor) else x for x in inputs]
        try:
            values, pull = rule(*arrays, **settings)
        except Exception as error:
            explain(error, op, inputs)
            raise
        wanted = [recording and isinstance(x, Tensor) and x.requires_grad for x in inputs]
        if True not in wanted:
            return tuple([wrap(value) for value in values])
        whole = record(op, inputs, values, Joint(pull, wanted), settings)
        return tuple([record(part, (whole,), value, (part(whole, k=k)[1],), {"k": k}) for k, value in enumerate(values)])

    op.rule = rule                          # type: ignore[attr-defined]
    op.is_kernel = True                     # type: ignore[attr-defined]
    primitives[rule.__name__] = op
    return op


def part(whole: Tensor, *, k: int) -> Any:
    """Output k of a kernel."""
    return whole.array[k], lambda dy: Part(k, dy)


part.rule = part                            # type: ignore[attr-defined]


# -------------------------------------------------------------------------- the walk back

def history(*outputs: Tensor, stops: Iterable[Tensor] = ()) -> list[Tensor]:
    """Every recorded tensor that the outputs were computed from, newest first: each comes after all of its users.

    A tensor is always younger than what it was made from, so sorting by age is a topological order; no recursion,
    whatever the depth.
    """
    found: dict[int, Tensor] = {}
    stops = set(stops)                      # a set compares by identity first; a list would ask ==, which compares
                                            # numbers
    waiting: list[Any] = list(outputs)
    for y in waiting:                       # the list grows while it is walked
        if isinstance(y, Tensor) and y.op is not None and y.time not in found and y not in stops:
            found[y.time] = y
            waiting.extend(y.inputs)
    return [found[time] for time in sorted(found, reverse=True)]


@uncollected
def walk(output: Tensor, seed: Any, stops: Sequence[Tensor] = (), keep: Sequence[Tensor] = (),
         create_graph: bool = False) -> dict[Tensor, Any]:
    """∂L/∂x for every leaf (and every tensor in `stops` or `keep`) that `output` was computed from, where seed =
    ∂L/∂output.

    The gradient of y is complete when y is reached, since all its users are younger and were reached before; each
    pullback of its node then sends a part on to an input, where the parts are added.  With `create_graph` gradients
    are Tensors with a history of their own.
    """
    sums: Any = TensorSums(primitives["scatter"]) if create_graph else Sums(seen=bool(observers))
    add, waiting = sums.add, sums.waiting
    add(output, seed)
    for observer in observers.copy():        # one may leave
        observer.begun(output)
    kept: dict[Tensor, Any] = {}
    wanted = set(keep)
    for y in history(output, stops=stops):
        if waiting and y in waiting:
            sums.add_waiting(y)
        dy = sums.pop(y, None)
        if dy is None:
            continue
        if wanted and y in wanted:
            kept[y] = dy
        for observer in observers:
            observer.arrived(y, dy)
        pullbacks = differentiable(y) if create_graph else y.pullbacks
        if type(pullbacks) is Joint:
            pullbacks = pullbacks.split(dy)
        for k, x in enumerate(y.inputs):
            pullback = pullbacks[k]
            if pullback is not None:
                dx = pullback(dy)
                if observers:               # they see each part by itself
                    dx = dx.out() if type(dx) in UNFINISHED else dx
                    for observer in observers:
                        observer.contributed(y, k, x, dx)
                add(x, dx)
    for x in sums.rest():                   # the leaves
        if x.array.dtype.kind != "f":
            raise TypeError(f"{describe(x)} holds {x.dtype}, and integers have no gradients: make it of floats")
        dx = sums.pop(x)
        kept[x] = dx if dx.dtype == x.array.dtype else dx.astype(x.dtype)
        for observer in observers:
            observer.arrived(x, kept[x])
    return kept


def differentiable(y: Tensor) -> list:
    """The node's pullbacks again, made from its input Tensors instead of their arrays: what they compute has a
    history.

    This is how every derivative has a derivative: np.tanh(x) of a Tensor x is minigrad's own tanh, so the rule that
    gave the first derivative gives the next one too.
    """
    if hasattr(y.op, "is_kernel"):
        raise RuntimeError(f"{y.op.__name__} is a whole-sequence kernel, which has no second derivative: "
                           f"make the layer with unroll=True, or compute inside `with mg.Trace():`")
    for x in y.inputs:
        if isinstance(x, Tensor) and x.time > y.time:
            raise RuntimeError(f"{describe(x)} got new data after {y.op.__name__} used it, so the derivative of that "
                               f"operation's derivative is gone: compute the output again, then its gradients")
    pullbacks = []
    for x, old, new_pullback in zip(y.inputs, y.pullbacks, y.op.rule(*y.inputs, **y.settings)[1:], strict=True):
        pullbacks.append(None if old is None else new_pullback if y.op is part else fitted(new_pullback, x))
    return pullbacks


def seed_for(output: Tensor, seed: Any) -> Any:
    """∂L/∂output: 1 for a loss, else what the caller gave; always in the output's dtype and shape."""
    if not output.requires_grad:
        raise RuntimeError(f"{describe(output)} has no gradient: it was not computed from a tensor with "
                           f"requires_grad=True (or inside no_grad(), or past a detach(), or from integers)")
    if isinstance(seed, Tensor) and seed.shape != output.shape or seed is not None and np.shape(seed) != output.shape:
        raise ValueError(f"the seed of {describe(output)} must have its shape, got {np.shape(seed)}")
    if seed is None:
        if output.array.size != 1:
            raise ValueError(f"backward() starts from one number, {describe(output)} has {output.size}: "
                             f"take .sum() or .mean() of it, or give the seed ∂L/∂output of its shape")
        return output.array ** 0            # 1 of its dtype, shape and device, even for NaN
    return private_array(seed, output.dtype)


def gradients(output: Tensor, inputs: Sequence[Tensor], seed: Any = None, create_graph: bool = False) -> list[Tensor]:
    """[∂output/∂x for x in inputs], as Tensors; `.grad` is not touched.

    For an output of more than one number, `seed` (of its shape) says which combination: Σ seed · ∂output/∂x.  With
    `create_graph=True` the results have a history and can be differentiated again, to any order.  An input that the
    output does not depend on gets zeros.
    """
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for what, x in (("output", output), *(("input", x) for x in inputs)):
        if not isinstance(x, Tensor):
            raise TypeError(f"gradients(output, inputs) is asked of Tensors, got an {what} that is {describe(x)}: a number or "
                            f"array has no history; compute it from Tensors with minigrad's operations")
    for x in inputs:
        if not x.requires_grad:
            raise TypeError(f"{describe(x)} does not require a gradient: make it with requires_grad=True")
    values = seed_for(output, seed)
    if not create_graph:
        seed = values
    elif not isinstance(seed, Tensor):
        seed = wrap(values)
    found = walk(output, seed, keep=inputs, create_graph=create_graph)
    results = [found.get(x, np.zeros_like(x.array)) for x in inputs]
    return [dx if isinstance(dx, Tensor) else wrap(dx) for dx in results]


# -------------------------------------------------------------------------- saying what is wrong

def describe(x: Any) -> str:
    """A tensor in an error message: its name, if it has one, and its shape."""
    if not isinstance(x, Tensor):
        return repr(x)
    if type(x.array) is tuple:
        return "kernel outputs"
    return f"{x.name or 'tensor'}{list(x.shape)}"


def place(scope: Scope) -> str:
    """ in layer 'lstm', step 3"""
    path, step = scope.path, scope.step
    layer = f" in layer '{path}'" if path else ""
    return layer if step is None else f"{layer}{',' if path else ' at'} step {step}"


MENDS = {
    "matmul": "x @ y needs as many columns in x (its last size) as rows in y (its last size but one); a number multiplies by *",
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "where"),
                    "sizes are compared from the right; each pair must be equal, or one of the two 1"),
}


def explain(error: Exception, op: Any, inputs: tuple) -> None:
    """Adds to an error of NumPy's which operation met it, with what, and where; then what that operation asks for."""
    error.add_note(f"in {op.__name__}({', '.join(describe(x) for x in inputs)}){place(_scope)}")
    if op.__name__ in MENDS:
        error.add_note(MENDS[op.__name__])
    for observer in observers:
        observer.failed(error)
