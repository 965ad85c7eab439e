"""Operations on whole sequences, given back to the steps that they belong to.

A layer stacks its outputs, turns them round, joins them with another's, and the next layer reads them step by step. In a
picture each step has its own part of that: [h→₂, h←₂] stands in the column of step 2. And what a mask lets through is one
value with what it was computed from: where the mask holds back, the state before passes on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import SLICES, VIEWS, Graph, Value

Sequence = tuple[int, list[Value]]  # the axis of time, and the value of every step
PLUMBING = SLICES | VIEWS | {"stack", "concatenate"}


def regroup(values: list[Value]) -> list[Value]:
    """The same computation, with sequences taken apart and masked states in one piece; in order of creation."""
    for v in values:
        if v.op in PLUMBING and v.path and v.step is None and not v.own_name:
            v.name = ""  # a layer's own variable, not its user's
    found: dict[Value, Sequence] = {}
    parts: list[Value] = []
    for v in values:
        sequence = as_sequence(v, found, parts)
        if sequence is not None:
            found[v] = sequence
    for v in [v for v in values if v.step is not None]:
        read_step_by_step(v, found)
    for v, (_, steps) in found.items():
        if any(x in parts for x in steps):
            v.op, v.inputs = "stack", list(dict.fromkeys(steps))
    merge_equal_reads(values)
    live = still_used([*values, *parts], values[-1])
    return sorted([*live, *masked_states(live)], key=lambda v: v.time)


def as_sequence(v: Value, found: dict[Value, Sequence], parts: list[Value]) -> Sequence | None:
    """The values of the steps in order, where a value outside of time is a stack of them, turned round or joined."""
    if not v.computed or v.step is not None:
        return None
    if v.op == "stack" and len(v.inputs) > 1 and all(x.computed and x.step is not None for x in v.inputs):
        return v.settings.get("axis", 0) % v.array.ndim, v.inputs
    below = [found[x] for x in v.inputs if x in found]
    if not below or len({axis for axis, _ in below}) > 1:
        return None
    axis, steps = below[0]
    if v.op == "flip" and axes_of(v) == {axis}:
        return axis, steps[::-1]
    if v.op == "multiply" and len(below) == 1 and any(x.kind in ("data", "number") for x in v.inputs):
        return axis, steps  # a mask on what comes out: zeros at the padding
    joins = v.op == "concatenate" and v.settings.get("axis", 0) % v.array.ndim != axis or v.op in ("add", "multiply")
    aligned = len(below) == len(v.inputs) > 1 and all([x.step for x in s] == [x.step for x in steps] for _, s in below)
    if not joins or not aligned:
        return None
    together = [part_of(v, axis, t, [s[t] for _, s in below], len(steps)) for t in range(len(steps))]
    parts += together
    return axis, together


def axes_of(flip: Value) -> set[int]:
    """The axes that are turned round."""
    axis = flip.settings.get("axis")
    axes = axis if isinstance(axis, tuple) else range(flip.array.ndim) if axis is None else (axis,)
    return {k % flip.array.ndim for k in axes}


def part_of(whole: Value, axis: int, t: int, inputs: list[Value], count: int) -> Value:
    """One step's part of an operation on whole sequences."""
    part = Value(None, "value", op=whole.op, inputs=list(inputs), settings=whole.settings, time=whole.time - 0.9 + 0.8 * t / count,
                 step=inputs[0].step, path=whole.path, loop=whole.path or "·", name=whole.name, own_name=whole.own_name)  # fmt: skip
    part.numbers = lambda: np.take(whole.array, t, axis)
    part.slope = lambda graph: None if (g := graph.gradient(whole)) is None else np.take(g, t, axis)
    for x in inputs:
        x.users = [user for user in x.users if user is not part] + [part]
    return part


def read_step_by_step(v: Value, found: dict[Value, Sequence]) -> None:
    """Where a step takes its element of a joined sequence, it takes that step's part."""
    for place, x in enumerate(v.inputs):
        if x.op == "getitem" and x.inputs[0] in found and (part := element(x, found[x.inputs[0]])) is not None:
            v.inputs[place] = part
            part.users += [v] if v not in part.users else []


def merge_equal_reads(values: list[Value]) -> None:
    """x[:, t] taken by two layers is one x_t, with the sum of what both send back."""
    seen: dict[Any, list[Value]] = {}
    for v in values:
        if v.op == "getitem" and v.step is not None and v.inputs[0].computed and v.inputs[0].step is None:
            seen.setdefault((v.inputs[0], v.step, str(v.settings.get("index"))), []).append(v)
    for first, *others in seen.values():
        for v in others:
            for user in v.users:
                user.inputs = [first if x is v else x for x in user.inputs]
            first.users += [user for user in v.users if user not in first.users]
            v.users = []
        if others:
            first.slope = sum_of_slopes([first, *others])
            first.path = first.loop = first.path.rpartition("/")[0] + "/·"  # of neither layer: it stands below both


def sum_of_slopes(values: list[Value]) -> Any:
    """The gradient of what several values stand for: the sum of theirs."""

    def slope(graph: Graph) -> np.ndarray | None:
        found = [g for v in values if (g := graph.recorded(v)) is not None]
        return np.sum(found, axis=0) if found else None

    return slope


def element(picked: Value, sequence: Sequence) -> Value | None:
    """Which step's value `[:, 3]` picks."""
    axis, steps = sequence
    index = picked.settings.get("index")
    parts = index if isinstance(index, tuple) else (index,)
    whole = all(p == slice(None) for k, p in enumerate(parts) if k != axis and isinstance(p, slice))
    if len(parts) > axis and isinstance(parts[axis], (int, np.integer)) and whole and all(isinstance(p, slice) for p in parts[:axis]):
        return steps[int(parts[axis])]
    return None


def still_used(values: list[Value], root: Value) -> list[Value]:
    """What the root is made of, and only that; users are counted anew."""
    kept, waiting = {root}, [root]
    for v in waiting:
        new = [x for x in dict.fromkeys(v.inputs) if x not in kept]
        kept.update(new)
        waiting += new
    for v in kept:
        v.users = [user for user in v.users if user in kept and v in user.inputs]
        for x in v.inputs:
            x.users += [v] if v not in x.users else []
    return [v for v in values if v in kept]


# ------------------------------------------------------------------------------------------------ what a mask lets through

def masked_states(values: list[Value]) -> list[Value]:
    """where(mask, c′, c): readers of c′ read the masked state, which is c′ wherever they count; returns the states made for that.

    A step whose masked c nobody reads gets one too, so that all steps are alike.
    """
    masks = [v for v in values if v.op == "select" and v.step is not None and len(v.inputs) == 2 and v.inputs[0].step == v.step]
    state_of = {v.inputs[0]: v for v in masks}
    known = {(v.path, new.op, new.name) for new, v in state_of.items() if new.name}
    beside = {(v.path, v.step): v for v in masks}
    before: dict[Any, Value] = {}
    made = []
    for new in [v for v in values if v.computed and v.step is not None and (v.path, v.op, v.name) in known]:
        key = new.path, new.op, new.name
        if new not in state_of and key in before and (new.path, new.step) in beside:
            made.append(lets_through(new, before[key], beside[new.path, new.step]))
            state_of[new] = made[-1]
        if new in state_of:
            before[key] = state_of[new]
    for new, state in state_of.items():
        hand_over(new, state)
    return made


def lets_through(new: Value, before: Value, other: Value) -> Value:
    """The masked state that was not asked for, under the mask of another."""
    mask = as_host(other.settings["condition"])
    state = Value(None, "value", op="select", inputs=[new, before], settings=other.settings, time=new.time, step=new.step,
                  path=new.path, loop=new.loop)  # fmt: skip
    state.numbers = lambda: np.where(mask, new.array, before.array)
    state.slope = lambda graph: None
    before.users.append(state)
    return state


def hand_over(new: Value, state: Value) -> None:
    """Readers of the new value read the masked one; its gradient is that of the new one where the mask lets through."""
    readers = [user for user in new.users if user is not state]
    if not readers or not all(behind(user, state) for user in readers):
        return
    mask, own = as_host(state.settings["condition"]), state.slope or state_slope(state)

    def slope(graph: Graph) -> np.ndarray | None:
        through, passed = graph.gradient(new), own(graph)
        if through is None:
            return passed
        return np.where(mask, through, 0.0 if passed is None else passed)

    state.slope = slope
    state.time = new.time + 0.05
    for user in readers:
        user.inputs = [state if x is new else x for x in user.inputs]
        state.users += [user] if user not in state.users else []
    new.users = [state]


def behind(v: Value, state: Value) -> bool:
    """Whether all that comes of a value in its step is masked as the state is."""
    if v.op == "select":
        return np.array_equal(as_host(v.settings["condition"]), as_host(state.settings["condition"]))
    return v.step == state.step and bool(v.users) and all(behind(user, state) for user in v.users)


def state_slope(state: Value) -> Any:
    """The recorded gradient of a value."""
    return lambda graph: graph.recorded(state)


def as_host(array: Any) -> np.ndarray:
    """The array on the host."""
    return np.asarray(array.get() if hasattr(array, "get") else array)
