"""What the stepper plays: a recorded graph as boxes, and as moves in the order in which they happened.

A move forward is one operation; a move backward is one arrival: the gradient at a box, the local slope, and what their product
adds to an input's gradient.  Each move carries the numbers that were known then, and no more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import Tensor, history
from ..trace import Trace
from . import formulas
from .expression import local_derivative, local_symbol
from .graph import SLICES, Graph, Value
from .notation import decimals_for, fixed, norm, number, odd, rounded_to_sum, running, shape, shares
from .sums import as_array

SIZES = 12  # an array of at most this many numbers is printed whole in the panel
CELLS = 6  # a larger one is shown as a strip of so many cells
LONGEST = 20  # a box's equation has at most so many letters

Move = dict[str, Any]


def script_of(graph: Graph) -> dict[str, Any]:
    """Everything the page knows, as JSON can hold it."""
    shown = [v for v in graph.values if v.shown]
    watched = [v for v in shown if v.kind == "weight" and v.users]
    first = graph.weight if graph.weight in watched else watched[0] if watched else None
    return {
        "boxes": [box(v, graph) for v in shown],
        "steps": [column.number for column in graph.columns], "blocks": [column.block for column in graph.columns],
        "moves": [*forward_moves(shown, graph), *backward_moves(graph)],
        "weights": [graph.id[v] for v in watched],
        "picks": [graph.id[v] for v in (graph.weights or watched) if v in watched],
        "first": graph.id[first] if first else None,
    }


# -------------------------------------------------------------------------- boxes

def box(v: Value, graph: Graph) -> dict[str, Any]:
    """One value: its words, its numbers, and where it stands."""
    entry: dict[str, Any] = {
        "id": graph.id[v], "name": label(v, graph), "text": shortest(v, graph), "equation": formulas.equation(v, graph),
        "kind": kind(v, graph), "column": v.column, "value": printed(v.array), "inputs": [graph.id[x] for x in v.inputs if x.shown],
    }
    if v.array.size > 1:
        entry["shape"], entry["cells"] = shape(v.array), cells(v.array)
        if v.array.size <= SIZES:
            entry["all"] = [number(float(x)) for x in np.ravel(v.array)]
    if not np.isfinite(v.array).all():
        entry["alarm"] = True
    where = graph.trace.where(v.tensor) if isinstance(v.tensor, Tensor) and graph.trace is not None else None
    return entry | ({"line": where} if where else {})


def label(v: Value, graph: Graph) -> str:
    """h₂; a weight with its layer, where two layers have one of that name."""
    return (v.full_name if v.kind == "weight" else formulas.name(v, graph)) or "·"


def kind(v: Value, graph: Graph) -> str:
    """The colour's role: weight, data, state (used by a later step), loss, or any other value."""
    if v.kind != "value":
        return v.kind
    if v is graph.root:
        return "loss"
    return "state" if any(carried_on(x) for x in graph.values if x is v or x.role is not None and x.role == v.role) else "value"


def carried_on(v: Value) -> bool:
    """Whether a later step uses it."""
    return v.column is not None and any(user.column is not None and user.column > v.column for user in v.users)


def shortest(v: Value, graph: Graph) -> str:
    """The equation if it fits a box, else a shorter form of it; a piece that is cut out of a stack goes by its name."""
    if not v.computed or v.lettered and v.op in SLICES and v.settings.get("letter"):
        return label(v, graph)
    forms = list(formulas.forms(v, graph))
    return next((form for form in forms if len(form) <= (LONGEST if v.column is not None else LONGEST + 6)), forms[-1])


def printed(array: Any) -> str:
    """A number, or an array's shape."""
    array = as_array(array)
    return number(float(np.ravel(array)[0])) if array.size == 1 else shape(array)


def cells(array: np.ndarray) -> list[int | None]:
    """The first entries as whole numbers from −9 to 9, the largest of all being 9; None where there is no number."""
    flat = np.ravel(array).astype(float)
    known = np.abs(flat[np.isfinite(flat)])
    largest = float(known.max()) if known.size and known.max() > 0 else 1.0
    return [round(9 * x / largest) if np.isfinite(x) else None for x in flat[:CELLS].tolist()]


def measured(array: Any) -> str:
    """A gradient: a number, or an array's length ‖·‖."""
    array = as_array(array)
    return number(float(np.ravel(array)[0])) if array.size == 1 else f"‖{number(norm(array))}‖"


# -------------------------------------------------------------------------- moves

def forward_moves(shown: list[Value], graph: Graph) -> list[Move]:
    """One move per computed value, in the order of computing."""
    return [{"box": graph.id[v], "equation": formulas.equation(v, graph), "numbers": formulas.in_numbers(v, graph)}
            for v in sorted((v for v in shown if v.computed), key=lambda v: v.time)]


def backward_moves(graph: Graph) -> list[Move]:
    """One move per arrival, in the order in which backward visits."""
    trace: Trace = graph.trace
    if trace is None or trace.output is None:
        return []
    moves: list[Move] = [{"seed": graph.id[graph.root], "now": measured(trace.gradient(trace.output))}]
    sums: dict[Tensor, Any] = {}
    parts: dict[Value, list[tuple[Move, Any]]] = {}
    for y in history(trace.output):
        for x, position, part in parts_of(y, trace):
            v, u = graph.of(y), graph.of(x)
            if v is None or u is None or not (v.shown and u.shown):
                continue
            before = sums.get(x)
            with np.errstate(all="ignore"):
                sums[x] = part if before is None else before + part
            moves.append(arrival(graph, v, u, position, part, before, sums[x]))
            parts.setdefault(u, []).append((moves[-1], part))
    for u, arrived in parts.items():
        if u.kind == "weight":
            (add_numbers if u.array.size == 1 else add_shares)(arrived)
    return moves


def parts_of(y: Tensor, trace: Trace) -> list[tuple[Tensor, int, np.ndarray]]:
    """What y's pullbacks sent to its inputs: (input, which one it is, the part)."""
    found = []
    for position, x in enumerate(y.inputs):
        if isinstance(x, Tensor):
            found += [(x, position, as_array(part.array)) for part in trace.arrivals(x)
                      if part.output is y and part.position == position]
    return found


def arrival(graph: Graph, v: Value, u: Value, position: int, part: Any, before: Any, now: Any) -> Move:
    """The three slots of one step of the chain rule: arriving × local = added, with the sum before and after."""
    move: Move = {
        "from": graph.id[v], "to": graph.id[u], "arriving": f"∂L/∂{formulas.name(v, graph)} = {measured(graph.gradient(v))}",
        "local": slope(v, u, position, graph), "part": measured(part), "now": measured(now), "leaf": u.kind == "weight",
    }
    if not np.isfinite(part).all():
        move["alarm"] = True
    return move | ({"was": measured(before)} if before is not None else {})


def slope(v: Value, u: Value, position: int, graph: Graph) -> str:
    """∂h₂/∂z₂ = 1 − h₂² = 0.91; of arrays the factor alone, or the operation where there is no short one."""
    local = f"∂{formulas.name(v, graph)}/∂{formulas.name(u, graph)}"
    value, symbol = local_derivative(v, position), local_symbol(v, position, graph)
    if value is not None:
        return f"{local} = {symbol} = {number(value)}" if symbol else f"{local} = {number(value)}"
    symbol = symbol or array_symbol(v, position, graph)
    return f"{local} = {symbol}" if symbol else f"{local}: {v.op.replace('_', ' ')}"


def array_symbol(v: Value, position: int, graph: Graph) -> str:
    """What a sum or a product passes back: 1, −1, or the other factor, transposed in a matrix product."""
    other = v.inputs[1 - position] if len(v.inputs) == 2 else None
    if v.op in ("add", "subtract"):
        return "−1" if v.op == "subtract" and position == 1 else "1"
    if v.op == "matmul" and other is not None and (other.shown or other.kind == "number"):
        return f"{label(other, graph)}ᵀ"
    return "cut out" if v.op in SLICES and v.settings.get("letter") else ""


def add_numbers(arrived: list[tuple[Move, Any]]) -> None:
    """The parts of a weight of one number, with one number of decimals, so that they add up as printed."""
    numbers = [float(np.ravel(part)[0]) for _, part in arrived]
    if not np.isfinite(numbers).all():
        for (move, _), x in zip(arrived, numbers, strict=True):
            move["printed"] = odd(x) or number(x)
        return
    decimals = max(decimals_for([*numbers, sum(numbers)]), 2 if max(map(abs, numbers)) < 10 else 0)
    shown = rounded_to_sum(numbers, decimals)
    for k, ((move, _), x, one, now) in enumerate(zip(arrived, numbers, shown, running(shown), strict=True)):
        move |= {"number": x, "printed": fixed(one, decimals, sign=True), "now": fixed(now, decimals)}
        if k:
            move["was"] = fixed(now - one, decimals)


def add_shares(arrived: list[tuple[Move, Any]]) -> None:
    """Norms do not add, so an array's parts are weighed by their signed shares of its gradient, in per cent."""
    arrays = [part for _, part in arrived]
    with np.errstate(all="ignore"):
        total = np.asarray(sum(arrays))
    if norm(total) == 0.0 or not np.isfinite(norm(total)):
        return
    exact = [100 * share for share in shares(arrays, total)]
    for (move, _), x, whole in zip(arrived, exact, rounded_to_sum(exact, 0, 100.0), strict=True):
        move |= {"share": round(x, 3), "printed": fixed(whole, 0, sign=True) + " %"}
