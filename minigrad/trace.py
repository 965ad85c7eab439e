"""Watching a computation: what was recorded, under which name, and which gradients arrived where.

A Trace is an observer of the engine.  Inside `with mg.Trace() as trace:` it keeps every recorded tensor with the name
of the variable that held it and the user's line that made it; during `backward()` it keeps every gradient, and every
part that was added to one.  What is drawn and explained is this list and nothing else.  `detect_anomaly` is the other
observer here: it stops at the first NaN or infinity.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

import numpy as np

from . import backend, engine
from .engine import Observer, Part, Patch, Product, Scope, Tensor, describe, place

__all__ = ["Contribution", "Trace", "detect_anomaly"]

PACKAGE = str(Path(__file__).parent)
MACHINERY = {str(Path(PACKAGE, f"{name}.py"))
             for name in ("engine", "ops", "trace", "backend", "transforms", "gradcheck")}


class Contribution(NamedTuple):
    """One part of the gradient of a tensor: what came back through one use of it."""

    t: int | None                           # the time step of the use
    scope: Scope
    op: Any                                 # the operation that used it
    array: Any                              # ∂L/∂x through this use alone, in x's shape
    output: Tensor                          # what the operation made of it
    position: int                           # which input of the operation it was


class Trace(Observer):
    """`with mg.Trace() as trace:` — keeps the graph as it is built, and the gradients as they arrive.

    Inside, recurrent layers run step by step (as with `unroll=True`) whatever they were made with, so that every step
    can be seen; `Trace(kernels=True)` leaves them as they are.  `backward()` may come inside or after; the trace
    shows the last one.
    """

    def __init__(self, kernels: bool = False) -> None:
        self.unrolls = not kernels
        self.tensors: list[Tensor] = []                     # recorded tensors, in order of creation
        self.output: Tensor | None = None                   # where the last backward() began; None = not yet
        self._known: set[Tensor] = set()
        self._names: dict[Tensor, str] = {}                 # variables that held a tensor
        self._arguments: dict[Tensor, str] = {}             # arguments that did: second choice
        self._lists: dict[Tensor, str] = {}                 # lists that hold it: third choice
        self._lines: dict[Tensor, str] = {}
        self._gradients: dict[Tensor, Any] = {}
        self._arrivals: dict[Tensor, list[tuple[Tensor, int, Any]]] = {}
        self._listening = False

    def __enter__(self) -> Self:
        if self.tensors:                                    # entered again: a new computation, from nothing
            engine.observers[:] = [o for o in engine.observers if not (isinstance(o, Afterwards) and o.trace() is self)]
            self.__init__(kernels=not self.unrolls)         # type: ignore[misc]
        engine.observers.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._take_names(sys._getframe(1))
        engine.observers.remove(self)
        engine.observers.append(Afterwards(self))

    # -- what can be asked

    def gradient(self, x: Tensor) -> Any:
        """∂L/∂x as it arrived in the last backward, for interior tensors too; None = not computed."""
        return self._gradients.get(x)

    def arrivals(self, x: Tensor) -> list[Contribution]:
        """The parts of ∂L/∂x in the order in which they arrived; added in this order they are the gradient, bit for bit."""
        return [Contribution(y.scope.step, y.scope, y.op, dense(x, dx), y, k)
                for y, k, dx in self._arrivals.get(x, [])]

    def contributions(self, x: Tensor) -> list[Contribution]:
        """The parts of ∂L/∂x, one for each use of x, in order of time: G = Σ part.  For W_hh, part_t = h_{t−1}ᵀ dz_t."""
        return sorted(self.arrivals(x), key=lambda part: (part.t is None, part.t or 0, part.output.time))

    def name(self, x: Tensor) -> str | None:
        """The name given to x, else that of the variable that held it, else None."""
        return x.name or self._names.get(x) or self._arguments.get(x) or self._lists.get(x)

    def where(self, x: Tensor) -> str | None:
        """The user's line that made x: "homework.py:14"."""
        return self._lines.get(x)

    # -- what the engine says

    def recorded(self, y: Tensor) -> None:
        self.tensors.append(y)
        self._known.add(y)
        for frame in frames_to_user(sys._getframe(1)):
            self._take_names(frame)
        self._lines[y] = users_line(sys._getframe(1))

    def begun(self, output: Tensor) -> None:
        self._listening = output in self._known
        if self._listening:
            self.output = output
            self._gradients, self._arrivals = {}, {}

    def arrived(self, y: Tensor, dy: Any) -> None:
        if self._listening and not isinstance(dy, list):
            self._gradients[y] = dy

    def contributed(self, y: Tensor, k: int, x: Tensor, dx: Any) -> None:
        if self._listening and not isinstance(dx, Part):
            self._arrivals.setdefault(x, []).append((y, k, dx))

    def failed(self, error: Exception) -> None:
        error.add_note(f"made at {users_line(sys._getframe(1))}")

    def _take_names(self, frame: FrameType) -> None:
        """Every tensor in a local variable gets its name, unless it has one."""
        arguments = set(frame.f_code.co_varnames[:frame.f_code.co_argcount])
        for name, value in list(frame.f_locals.items()):
            if name[0] in "._":
                continue
            if isinstance(value, Tensor):
                (self._arguments if name in arguments else self._names).setdefault(value, name)
            elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
                for x in value:                             # the steps of a sequence, kept in a list
                    if isinstance(x, Tensor):
                        self._lists.setdefault(x, name)


class Afterwards(Observer):
    """Listens for a trace that is left: `backward()` often comes after the with-block.  Goes away with the trace, or
    when the next backward is about something else."""

    def __init__(self, trace: Trace) -> None:
        self.trace = weakref.ref(trace, leave)

    def begun(self, output: Tensor) -> None:
        trace = self.trace()
        if trace is not None and (trace.output is None or output in trace._known):
            trace.begun(output)
        else:
            leave(self.trace)

    def arrived(self, y: Tensor, dy: Any) -> None:
        trace = self.trace()
        if trace is not None:
            trace.arrived(y, dy)

    def contributed(self, y: Tensor, k: int, x: Tensor, dx: Any) -> None:
        trace = self.trace()
        if trace is not None:
            trace.contributed(y, k, x, dx)


def leave(trace: weakref.ref) -> None:
    """Nobody listens for this trace any more (a function, since a method would make a circle)."""
    for observer in engine.observers.copy():
        if isinstance(observer, Afterwards) and observer.trace is trace:
            engine.observers.remove(observer)


def dense(x: Tensor, dx: Any) -> Any:
    """A part as an array of x's shape."""
    if isinstance(dx, Tensor):
        return dx.array
    if isinstance(dx, Product):
        return dx.out()
    if isinstance(dx, Patch):
        return backend.zeros_but_at(x.array, dx.index, dx.value)
    return dx


def frames_to_user(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of layers and models on the way out, and the first frame outside minigrad."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file not in MACHINERY:
            yield frame
        if not file.startswith(PACKAGE):
            return
        frame = frame.f_back


def users_line(frame: FrameType | None) -> str:
    """The line outside minigrad that all this came from: "homework.py:14"."""
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else "?"


# -------------------------------------------------------------------------- the first NaN

class detect_anomaly(Observer):
    """`with mg.detect_anomaly():` — the first NaN or infinity, forward or backward, raises FloatingPointError.

    The message names the operation, its inputs, the layer and the time step, and the user's line.  It looks at every
    number that is computed, and runs recurrent layers step by step so that the step has a name: it is for hunting,
    not for every day.
    """

    unrolls = True

    def __enter__(self) -> Self:
        engine.observers.append(self)
        self.lines: dict[Tensor, str] = {}
        return self

    def __exit__(self, *_: object) -> None:
        engine.observers.remove(self)

    def recorded(self, y: Tensor) -> None:
        self.lines[y] = users_line(sys._getframe(1))
        for array in y.array if isinstance(y.array, tuple) else (y.array,):
            if not finite(array):
                self._stop(what_happened(y, array), y)

    def contributed(self, y: Tensor, k: int, x: Tensor, dx: Any) -> None:
        array = dx.value if isinstance(dx, (Patch, Part)) else dx
        array = array.array if isinstance(array, Tensor) else array
        if not finite(array):
            tainted = ", ".join(describe(x) for x in tainted_inputs(y))
            self._stop(f"the backward of {sentence(y)} gave {what_is_wrong(array)} to its input {describe(x)}"
                       + (f"; its input {tainted} held one already" if tainted else ""), y)

    def arrived(self, y: Tensor, dy: Any) -> None:
        array = dy.array if isinstance(dy, Tensor) else dy
        if not isinstance(array, list) and not finite(array):
            self._stop(f"the gradient of {describe(y)}, a sum of finite parts, is {what_is_wrong(array)}", y)

    def failed(self, error: Exception) -> None:
        error.add_note(f"made at {users_line(sys._getframe(1))}")

    def _stop(self, message: str, y: Tensor) -> None:
        line = self.lines.get(y)
        raise FloatingPointError(message + (f" (made at {line})" if line else ""))


def tainted_inputs(y: Tensor) -> list[Tensor]:
    """The inputs of the operation that made y which hold a NaN or an infinity."""
    return [x for x in y.inputs or () if isinstance(x, Tensor) and not finite(x.array)]


def what_happened(y: Tensor, array: Any) -> str:
    """Who is to blame for a value that is not finite: the operation, or whatever made its input and was not recorded."""
    tainted = tainted_inputs(y)
    if not tainted:
        return f"{sentence(y)} gave {what_is_wrong(array)}"
    held = " and ".join(f"{describe(x)} held {what_is_wrong(x.array)}" for x in tainted)
    return (f"{held} already when it came to {sentence(y)}: it was given as data, or made by something that is not recorded "
            f"here (before the with-block, in no_grad, from tensors without requires_grad, on .data)")


def finite(array: Any) -> bool:
    arrays = array if isinstance(array, tuple) else (array,)
    return all(bool(np.isfinite(a).all()) for a in arrays if a is not None)


def what_is_wrong(array: Any) -> str:
    kinds = [word for word, test in (("nan", np.isnan), ("inf", np.isinf)) if bool(test(array).any())]
    return f"{' and '.join(kinds)} at {int((~np.isfinite(array)).sum())} of {array.size} places"


def sentence(y: Tensor) -> str:
    """log(x[2, 3]) in layer 'rnn', step 4"""
    return f"{y.op.__name__}({', '.join(describe(x) for x in y.inputs)}){place(y.scope)}"
