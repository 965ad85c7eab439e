"""Time: which step a value belongs to, which loops share columns, and which values are the same operation at another step.

Steps come from `scope(t=...)`. Equal operations on equal things have the same role in every column; a leaf that enters where,
one step on, a state enters is that state before the first step.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .graph import Column, Value, carried


def assign_columns(values: list[Value]) -> list[Column]:
    """One column per step of each block of loops; data that one step alone uses belongs to that step."""
    blocks = blocks_of(values)
    keys = sorted({(blocks[v.loop], v.step) for v in values if v.step is not None and v.computed})
    first = min((step for _, step in keys), default=0)
    columns = [Column(k, block, step, step + (1 if first == 0 else 0)) for k, (block, step) in enumerate(keys)]
    index = {(c.block, c.step): c.index for c in columns}
    for value in values:
        if value.computed and value.step is not None:
            value.column = index[blocks[value.loop], value.step]
    for value in values:
        homes = {user.column for user in value.users}
        own = not value.computed and len(homes) == 1 and None not in homes
        if own and not (value.kind == "weight" and (len(columns) == 1 or shared(value))):
            value.column = homes.pop()
            value.loop, value.path = value.users[0].loop, value.users[0].path
    return columns


def merge_equal_leaves(values: list[Value]) -> None:
    """x_t read twice in a step, by two layers, is one x_t: equal data of the same name in the same step."""
    seen: dict[tuple, Value] = {}
    for v in list(values):
        if v.kind != "data" or v.column is None or not v.name:
            continue
        same = seen.setdefault((v.column, v.name, v.array.shape), v)
        if same is not v and np.array_equal(same.array, v.array):
            for user in v.users:
                user.inputs = [same if x is v else x for x in user.inputs]
                same.users += [user] if user not in same.users else []
            values.remove(v)


def shared(value: Value) -> bool:
    """A layer's parameter lies under the columns even where a single step uses it."""
    return value.kind == "weight" and type(value.tensor).__name__ == "Parameter"


def blocks_of(values: list[Value]) -> dict[str, int]:
    """Which loops share columns: those whose equal steps are joined, and independent ones; a consumer of the rest comes after."""
    loops: list[str] = []
    for v in values:
        if v.step is not None and v.computed and v.loop not in loops:
            loops.append(v.loop)
    feeds = {loop: ancestors(values, loop) for loop in loops}
    blocks: dict[str, int] = {}
    for loop in loops:
        before = [other for other in blocks if other in feeds[loop]]
        joined = [other for other in before if feeds[loop][other]]
        if joined:
            blocks[loop] = blocks[joined[0]]
        else:
            blocks[loop] = max((blocks[other] + 1 for other in before), default=0)
    return blocks


def ancestors(values: list[Value], loop: str) -> dict[str, bool]:
    """The other loops that a loop's values come from; True for one whose step t goes straight into step t, at every t."""
    reached: dict[str, bool] = {}
    seen: set[Value] = set()
    steps: dict[str, set] = {}
    waiting = [v for v in values if v.loop == loop and v.step is not None]
    targets = {v.step for v in waiting}
    for v in waiting:
        for x in v.inputs:
            if x.computed and x.step is not None and x.loop != loop:
                reached.setdefault(x.loop, False)
                if v.loop == loop and v.step == x.step:
                    steps.setdefault(x.loop, set()).add(v.step)
            if x.computed and x not in seen:
                seen.add(x)
                waiting.append(x)
    return {other: len(steps.get(other, ())) > len(targets) // 2 for other in reached}


def assign_roles(values: list[Value]) -> None:
    """The same operation on the same things gets the same role in every column; nothing is compared pair by pair."""
    numbers: dict[tuple, int] = {}
    taken: Counter = Counter()
    weights = {v: k for k, v in enumerate(v for v in values if v.kind == "weight")}

    def token(v: Value, x: Value) -> Any:
        if x.computed and x.column == v.column:
            return x.role
        return ("weight", weights[x]) if x in weights and x.column is None else ("from outside",)

    for v in values:
        if v.computed:
            key = (v.op, v.path, v.column is None, tuple(token(v, x) for x in v.inputs))
            kind = numbers.setdefault(key, len(numbers))
            taken[v.column, kind] += 1
            v.role = (kind, taken[v.column, kind])
    for v in values:
        if not v.computed and v.users:
            user = v.users[0]
            v.role = ("leaf", user.role, user.inputs.index(v))


def assign_initial(values: list[Value], columns: list[Column]) -> None:
    """What enters where, one step on, a state enters is that state before the first step: h₀.

    Further on it is a state whose history was cut (`h.detach()`), if the numbers are the same; else it is a leaf of its step.
    """
    states: dict[tuple, tuple[Value, int]] = {}
    for v in values:
        for user, distance in carried(v):
            for position, x in enumerate(user.inputs) if v.computed else ():
                known = states.get((user.role, position))
                if x is v and (known is None or abs(distance) < abs(known[1])):
                    states[user.role, position] = (v, distance)
    at = {(v.role, v.column): v for v in values if v.computed and v.column is not None}
    for v in values:
        for user in v.users:
            for position, x in enumerate(user.inputs):
                if x is v and (user.role, position) in states and user.column is not None and not (v.computed and v.column is not None):
                    settle_initial(v, user, *states[user.role, position], at, columns)
    for v in values:
        if len(columns) == 1 and v.kind == "data" and v.name and v.column == 0 and v.initial is None:
            v.initial = next((x for x in values if x.computed and x.column == v.column and x.name == v.name), None)
        if v.initial is not None and not v.computed:
            v.column = None


def begins(column: int, distance: int, columns: list[Column]) -> bool:
    """Whether the step that far before is none of this part: of the encoder, of the decoder."""
    before = column - distance
    return not 0 <= before < len(columns) or columns[before].block != columns[column].block


def settle_initial(v: Value, user: Value, state: Value, distance: int, at: dict, columns: list[Column]) -> None:
    """Whether a leaf is the state before the first step, or one whose history was cut, or neither."""
    before = at.get((state.role, user.column - distance)) if user.column is not None else None
    if before is None and user.column is not None and v.initial is None and abs(distance) <= 2 and begins(user.column, distance, columns):
        v.initial, v.late = state, state if distance < 0 else None
        v.number = columns[user.column].number - distance
    elif before is not None and v.kind == "data" and np.array_equal(v.array, before.array):
        v.cut, v.column = before, None
