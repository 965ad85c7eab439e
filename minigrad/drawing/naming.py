"""Names: those of the program's own variables, one for each role; letters for what has none; marks where two would be the same.

A gate takes the letter of the slice that it was made of, and a variable that is overwritten at once names what it holds in the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any

from .graph import LINEAR, NONLINEAR, SLICES, Column, Graph, Value, carried, ways
from .notation import subscript, superscript

MARKS = "→←′⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹"  # what tells one layer's c from another's


def assign_names(values: list[Value], columns: list[Column]) -> None:
    """Each role gets the name that most of its values have; a slice hands its name on to the gate made of it."""
    for v in values:
        v.name = tidy(v.name)
    promote_gates(values)
    name_masked(values)
    forget_rebound(values)
    by_role: dict[Any, list[Value]] = {}
    for v in values:
        if v.column is not None and v.role is not None:
            by_role.setdefault((v.role, columns[v.column].block), []).append(v)
    for alike in by_role.values():
        names = [v.name for v in alike if v.name]
        stems = Counter(stem(name, columns[v.column].number) for v in alike if (name := v.name) and v.column is not None)
        if not names:
            continue
        common, votes = max(stems.items(), key=lambda item: (item[1], -len(item[0])))
        for v in alike:
            v.numbered = not (v.own_name and votes == 1 < len(names))
            if v.numbered:
                v.name = common
    name_joints(values)
    for v in values:
        if v.initial is not None:
            v.name = v.initial.name


def name_joints(values: list[Value]) -> None:
    """[h→, h←] is h: what two layers' states of one name are joined to."""
    for v in values:
        names = {x.name for x in v.inputs}
        if v.computed and not v.name and len(names) == 1 and len({x.path for x in v.inputs}) > 1 and all(x.computed for x in v.inputs):
            v.name = names.pop()


def tidy(name: str) -> str:
    """h_t → h, h_new → h, h_tilde → h̃: what the blackboard would write."""
    for ending in ("_t",):
        name = name.removesuffix(ending) if len(name) > len(ending) else name
    for ending, accent in (("_tilde", "\u0303"), ("_hat", "\u0302"), ("_bar", "\u0304"), ("_star", "*")):
        if name.endswith(ending) and len(name) == len(ending) + 1:
            name = name[0] + accent
    return name


def stem(name: str, number: int) -> str:
    """h3 or h_3 at step 3 → h"""
    without = name.removesuffix(str(number))
    return without.rstrip("_") or name if without != name else name


def promote_gates(values: list[Value]) -> None:
    """`i, f, g, o = split(z)`, then σ(i): the box is the gate, so it takes the letter; z[i] is what it was made of."""
    for v in values:
        if v.op in SLICES and v.name:
            v.settings = v.settings | {"letter": v.name.partition("_")[2] or v.name}
            gate = v.users[0]
            if len(v.users) == 1 and gate.op in NONLINEAR and not gate.name and gate.column == v.column:
                gate.name, gate.order, v.name = v.name, v.time, ""


def name_masked(values: list[Value]) -> None:
    """where(mask, h', h): what a mask lets through has the state's name, and the new value folds into it."""
    for v in values:
        if v.op == "select" and len(v.inputs) == 2:
            new = v.inputs[0]
            if new.computed and new.column == v.column and len(new.users) == 1 and not new.own_name:
                v.name, new.name = v.name or new.name, ""


def forget_rebound(values: list[Value]) -> None:
    """`y = x @ W; y = y + b`: a variable that is overwritten at once names what it holds in the end; x W + b is one equation."""
    for v in values:
        user = v.users[0] if len(v.users) == 1 else None
        if user is None or not v.computed or v.own_name or v.column != user.column:
            continue
        affine = v.op == "matmul" and user.op == "add" and any(x.kind == "weight" for x in user.inputs) and v.path == user.path
        if v.name == user.name or affine:
            v.name = ""


def name_the_nameless(graph: Graph) -> None:
    """A sum under a nonlinearity is z, a linear output y, a state h, a loss L, data x; the rest v₁, v₂, … in order."""
    taken: dict[Any, set[str]] = {}
    spots: dict[Any, dict[tuple, None]] = {}
    for v in graph.values:
        v.name = "" if v.lettered else v.name
    for v in graph.shown:
        taken.setdefault(place(v), set()).update((v.name, v.name.rstrip(MARKS)))
        spots.setdefault(kin(v, graph), {})[place(v)] = None
    given: dict[Any, str] = {}
    for v in graph.shown:
        if not v.name and v.kind != "number":
            key = kin(v, graph)
            if key not in given:
                given[key] = next(letter for letter in candidates(v, graph) if all(letter not in taken[spot] for spot in spots[key]))
                for spot in spots[key]:
                    taken[spot].add(given[key])
            v.name, v.lettered = given[key], True
    tell_apart(graph)
    for v in graph.values:
        state = v.initial or v.cut
        if state is not None:
            v.name = state.name


def place(v: Value) -> tuple[str, int | None]:
    """Where a name must be unique: in a layer's step, or outside of them."""
    return v.path, v.column


def kin(v: Value, graph: Graph) -> Any:
    """What shares a letter: the same operation at every step of its part."""
    return (v.role, graph.columns[v.column].block if v.column is not None else None) if v.role else v


def tell_apart(graph: Graph) -> None:
    """The same name in two layers: h and h⁽²⁾ in their steps; rnn.W_hh and rnn_2.W_hh for weights; twice in one layer: h′."""
    weights = Counter(v.name for v in graph.shown if v.kind == "weight")
    for v in graph.shown:
        if v.kind == "weight" and weights[v.name] > 1 and v.users[0].path:
            v.owner = v.users[0].path.rpartition("/")[2]
    seen_outside: Counter = Counter()
    for v in graph.shown:
        if v.computed and v.column is None and not v.own_name:
            if v.lettered and v.name[-1:].isdigit():  # v₁ of another layer
                v.name = next(f"v{subscript(k)}" for k in count(1) if not seen_outside[f"v{subscript(k)}"])
            seen_outside[v.name] += 1
            v.name += subscript(seen_outside[v.name]) if seen_outside[v.name] > 1 else ""
    states, way = {v.role for v in graph.shown if any(True for _ in carried(v))}, ways(graph.values)
    paths: dict[tuple, list[str]] = {}
    alike: dict[tuple, list[Value]] = {}
    for v in graph.shown:
        if v.computed and v.column is not None:
            paths.setdefault((v.name, graph.columns[v.column].block), []).append(v.path)
            alike.setdefault((v.name, v.column, v.path), []).append(v)
    marks = {key: marks_of(list(dict.fromkeys(found)), way) for key, found in paths.items()}
    for (name, column, path), values in alike.items():
        values.sort(key=lambda v: (v.role not in states, not any(True for _ in carried(v)), v.time))
        for k, v in enumerate(values):
            v.name = name + "′" * k + marks[name, graph.columns[column].block][path]


def marks_of(paths: list[str], way: dict[str, int]) -> dict[str, str]:
    """Nothing for the first layer, ⁽²⁾ for the second; → and ← for two that go opposite ways."""
    opposed = {way.get(path) for path in paths} >= {1, -1}
    seen: Counter = Counter()
    marks = {}
    for path in paths:
        arrow = {1: "→", -1: "←"}.get(way.get(path, 0), "") if opposed else ""
        seen[arrow] += 1
        marks[path] = arrow + (f"⁽{superscript(seen[arrow])}⁾" if seen[arrow] > 1 else "")
    return marks


def spoken(loops: Iterable[str]) -> str:
    """Layers by their own names: lstm, of model/lstm; both, of both/forward_rnn and both/backward_rnn; low + high.

    Where nobody named the wrapper of two directions, what it wraps is named: reader, of bidirectional_1/forward_reader.
    """
    names: dict[str, None] = {}
    paths = list(dict.fromkeys(loop.partition("#")[0].removesuffix("·").rstrip("/") for loop in loops))
    for path in paths:
        if any(other.startswith(path + "/") for other in paths):
            continue  # what only puts the others together
        *above, name = path.split("/")
        one_way = name.removeprefix("forward_").removeprefix("backward_")
        if above and one_way != name:
            name = one_way if above[-1].startswith("bidirectional") else above[-1]
        names[name] = None
    return " + ".join(name for name in names if name)


def candidates(v: Value, graph: Graph) -> Iterable[str]:
    """Letters that would suit, best first; outside time v₁, v₂, … (Wengert's list)."""
    if v is graph.root and v.array.size == 1:
        yield "L"
    if v.kind == "data":
        compared = any(user.op == "subtract" for user in v.users)
        read = any(user.op == "matmul" for user in v.users)
        if v.column is None and not compared and read:
            yield from ("x", *(f"x{subscript(k)}" for k in range(2, 100)))
        yield from ("target", "x", "data") if compared or v.column is None else ("x", "x′", "x″", "data")
    if v.kind == "weight":
        yield from ("w", "W")
    scaled = v.op == "multiply" and any(x.kind == "weight" for x in v.inputs)
    if (v.op in LINEAR or scaled) and graph.columns:
        yield from "za" if any(user.op in NONLINEAR - {"softmax"} for user in v.users) or len(v.users) > 1 else "yz"
    if any(abs(distance) == 1 for _, distance in carried(v)):
        yield from "hcs"
    if v.column is not None:
        yield from "uvpqkmn"
    k = 1
    while True:
        number = str(k) if v.column is None else "′" * k
        yield "v" + number.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
        k += 1
