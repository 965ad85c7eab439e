"""From tensors to values: what a result was made from, oldest first, each value with its inputs and its users.

A slice of a stack is the stacked thing itself, so that a layer that reads another layer's outputs is joined to them step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import Tensor
from .graph import Value


def collect(output: Tensor, trace: Any) -> list[Value]:
    """Values for the output and all that it was made from, oldest first, each with its inputs and users."""
    found: dict[Tensor, Value] = {}
    waiting = [output]
    for tensor in waiting:
        if tensor in found:
            continue
        found[tensor] = as_value(tensor, trace)
        if tensor.op is not None:
            waiting += [source(x) for x in tensor.inputs if isinstance(x, Tensor)]
    ordered = sorted((v for v in found.values() if v.computed), key=lambda v: v.time)
    leaves: list[Value] = []
    for value in ordered:
        for position, x in enumerate(value.tensor.inputs):
            if x is None:
                continue
            made = found[source(x)] if isinstance(x, Tensor) else Value(x, "number", time=value.time)
            if not made.computed and not made.users:
                made.time = value.time - 0.9 + 0.01 * min(position, 80)
                leaves.append(made)
            value.inputs.append(made)
            if value not in made.users:
                made.users.append(value)
    tell_passes_apart(ordered)
    return sorted([*ordered, *leaves], key=lambda v: v.time) if ordered else list(found.values())


def tell_passes_apart(ordered: list[Value]) -> None:
    """A loop that comes back to a step that it has left is a second loop, though it has the same name."""
    seen: dict[str, set] = {}
    now: dict[str, tuple[int, int | None]] = {}
    for v in ordered:
        if v.step is None:
            continue
        number, current = now.get(v.loop, (1, None))
        if v.step != current:  # v.loop is still the bare name here
            if v.step in seen.setdefault(v.loop, set()):
                number, seen[v.loop] = number + 1, set()
            seen[v.loop].add(v.step)
            now[v.loop] = (number, v.step)
        if number > 1:
            v.path, v.loop = f"{v.path}#{number}", f"{v.loop}#{number}"


def as_value(tensor: Tensor, trace: Any) -> Value:
    """A tensor with what its node and the trace know of it."""
    name = (trace.name(tensor) if trace is not None else None) or tensor.name or ""
    if tensor.op is None:
        return Value(tensor, "weight" if tensor.requires_grad else "data", name=name, own_name=bool(tensor.name))
    scope = tensor.scope
    return Value(
        tensor, "value", op=tensor.op.__name__, settings=tensor.settings, time=tensor.time, step=scope.step, path=scope.path,
        loop=loop_of(scope), name=name, own_name=bool(tensor.name),
    )  # fmt: skip


def loop_of(scope: Any) -> str:
    """The names around the nearest scope that has a t: which loop over time an operation belongs to."""
    while scope is not None and scope.t is None:
        scope = scope.parent
    return scope.path if scope is not None else ""


def source(tensor: Tensor) -> Tensor:
    """The tensor itself; or, where it is one element of a stack, the tensor that was stacked there."""
    while tensor.op is not None and tensor.op.__name__ == "getitem":
        inner = tensor.inputs[0]
        axes = list(range(inner.ndim))  # axes[k]: which axis of the stack is axis k of what is indexed
        while inner.op is not None and inner.op.__name__ in ("swapaxes", "transpose"):
            axes, inner = unswapped(axes, inner)
        picked = picked_place(tensor.settings.get("index"), axes, inner)
        if picked is None:
            break
        tensor = inner.inputs[picked]
    return tensor


def unswapped(axes: list[int], tensor: Tensor) -> tuple[list[int], Tensor]:
    """The axes in terms of the tensor before its axes were exchanged."""
    if tensor.op.__name__ == "swapaxes":
        order = list(range(tensor.ndim))
        a, b = tensor.settings["axis1"], tensor.settings["axis2"]
        order[a], order[b] = order[b], order[a]
    else:
        order = list(tensor.settings.get("axes") or reversed(range(tensor.ndim)))
    return [order[axis] for axis in axes], tensor.inputs[0]


def picked_place(index: Any, axes: list[int], stack: Tensor) -> int | None:
    """Which of the stacked tensors an index picks whole: `[:, 3]` of a stack along axis 1 → 3; None if it does not."""
    if stack.op is None or stack.op.__name__ != "stack":
        return None
    along = stack.settings.get("axis", 0) % stack.ndim
    parts = list(index) if isinstance(index, tuple) else [index]
    if len(parts) > len(axes) or not all(isinstance(p, (int, np.integer)) or p == slice(None) for p in parts):
        return None
    integers = [(axes[k], int(p)) for k, p in enumerate(parts) if isinstance(p, (int, np.integer))]
    if len(integers) != 1 or integers[0][0] != along:
        return None
    rest = [axis for axis in axes if axis != along]
    return integers[0][1] % len(stack.inputs) if rest == sorted(rest) else None
