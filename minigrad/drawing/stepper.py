"""`mg.explore`: a computation as one page that plays it, an operation at a time, forward and then backward.

Here the recorded graph becomes a script: boxes, and moves in the order in which they happened, each with the numbers
that were known then and no more.  The page (stepper.html, one file, no network) plays the script; it computes nothing
of its own but sums of what it shows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..engine import Tensor, history
from ..trace import Trace
from . import formulas
from .expression import local_derivative, local_symbol
from .graph import Graph, Value, read
from .notation import norm, number, shape, shares
from .sums import as_array
from .themes import DARK, LIGHT
from .words import words_for

SIZES = 12          # an array of at most this many numbers is printed whole in the panel


class Page:
    """A page that plays a computation: `.html`, `.save("page.html")`; in a notebook it shows itself."""

    def __init__(self, script: dict[str, Any], title: str) -> None:
        self.script, self.title = script, title

    @property
    def html(self) -> str:
        """The whole page, in one file that fetches nothing."""
        page = files(__package__).joinpath("stepper.html").read_text(encoding="utf-8")
        data = json.dumps(self.script, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        return page.replace("{{title}}", escape(self.title)).replace("{{palettes}}", palettes()).replace("{{script}}", data)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page beside its target and rename it."""
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            beside.write_text(self.html, encoding="utf-8")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return target

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:720px;border:0" title="{escape(self.title)}"></iframe>'

    def __repr__(self) -> str:
        return f"Page({self.title!r}, {len(self.script['moves'])} moves)"


def explore(what: Any, path: str | os.PathLike[str] | None = None, *, weight: Any = None, title: str | None = None,
            words: Mapping[str, str] | None = None) -> Page:
    """The page that plays a Trace, forward and backward, an operation at a time; saved at `path` if one is given.

    Keys: ← → one operation, space plays (in predict mode it reveals), P predicts, 1 … 9 fold a step, D is dark.
    `weight` (a tensor or its name) is whose sum is watched first.  `page.html#step=31` opens at a move.
    Raises TypeError for something that records nothing, ValueError for an unknown weight.
    """
    if not isinstance(what, Trace):
        raise TypeError(f"explore plays a Trace, got {type(what).__name__}: compute inside `with mg.Trace() as trace:`")
    own = words_for(words)
    graph = read(what, weight=weight, fold=False)
    graph.missing = own["not computed"]
    title = title or f"{graph.root.name or 'the result'}, an operation at a time"
    page = Page(script_of(graph), title)
    graph.forget()
    if path is not None:
        page.save(path)
    return page


# -------------------------------------------------------------------------- the script

def script_of(graph: Graph) -> dict[str, Any]:
    """Everything the page knows, as JSON can hold it."""
    shown = [v for v in graph.values if v.shown]
    watched = [v for v in shown if v.kind == "weight" and v.users]
    first = graph.weight if graph.weight in watched else None
    return {
        "boxes": [box(v, graph) for v in shown],
        "steps": [column.number for column in graph.columns],
        "moves": [*forward_moves(shown, graph), *backward_moves(graph)],
        "weights": [graph.id[v] for v in watched],
        "first": graph.id[first] if first else graph.id[watched[0]] if watched else None,
    }


def box(v: Value, graph: Graph) -> dict[str, Any]:
    """One value: its words, its numbers, and where it stands."""
    entry: dict[str, Any] = {
        "id": graph.id[v], "name": label(v, graph), "text": shortest(v, graph), "kind": kind(v, graph),
        "column": v.column, "value": printed(v.array), "inputs": [graph.id[x] for x in v.inputs if x.shown],
    }
    if v.array.size > 1:
        entry["shape"] = shape(v.array)
        if v.array.size <= SIZES:
            entry["all"] = [number(float(x)) for x in np.ravel(v.array)]
    where = graph.trace.where(v.tensor) if isinstance(v.tensor, Tensor) and graph.trace is not None else None
    if where:
        entry["line"] = where
    return entry


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
    """The equation if it fits a box, else a shorter form of it."""
    forms = list(formulas.forms(v, graph)) if v.computed else [label(v, graph)]
    return next((form for form in forms if len(form) <= 24), forms[-1])


def printed(array: Any) -> str:
    """A number, or an array's shape."""
    array = as_array(array)
    return number(float(np.ravel(array)[0])) if array.size == 1 else shape(array)


def measured(array: Any) -> str:
    """A gradient: a number, or an array's length ‖·‖."""
    array = as_array(array)
    return number(float(np.ravel(array)[0])) if array.size == 1 else f"‖{number(norm(array))}‖"


def forward_moves(shown: list[Value], graph: Graph) -> list[dict[str, Any]]:
    """One move per computed value, in the order of computing."""
    moves = []
    for v in sorted((v for v in shown if v.computed), key=lambda v: v.time):
        moves.append({"box": graph.id[v], "equation": formulas.equation(v, graph), "numbers": formulas.in_numbers(v, graph)})
    return moves


def backward_moves(graph: Graph) -> list[dict[str, Any]]:
    """One move per arrival: the gradient that arrives at a box, the local slope, and what that adds to an input's gradient."""
    trace: Trace = graph.trace
    if trace is None or trace.output is None:
        return []
    moves: list[dict[str, Any]] = [{"seed": graph.id[graph.root], "now": measured(trace.gradient(trace.output))}]
    sums: dict[Tensor, Any] = {}
    printed_shares = {x: shares_by_arrival(trace, x) for x in weights_with_arrays(graph)}
    for y in history(trace.output):
        for x, position, part in parts_of(y, trace):
            v, u = graph.of(y), graph.of(x)
            if v is None or u is None or not (v.shown and u.shown):
                continue
            before = sums.get(x)
            with np.errstate(all="ignore"):
                sums[x] = part if before is None else before + part
            moves.append(arrival(graph, v, u, position, part, before, sums[x]))
            if x in printed_shares:
                moves[-1]["share"] = printed_shares[x][y, position]
    return moves


def parts_of(y: Tensor, trace: Trace) -> list[tuple[Tensor, int, np.ndarray]]:
    """What y's pullbacks sent to its inputs: (input, which one it is, the part)."""
    found = []
    for position, x in enumerate(y.inputs):
        if isinstance(x, Tensor):
            found += [(x, position, as_array(part.array)) for part in trace.arrivals(x)
                      if part.output is y and part.position == position]
    return found


def arrival(graph: Graph, v: Value, u: Value, position: int, part: Any, before: Any, now: Any) -> dict[str, Any]:
    """The three slots of one step of the chain rule: arriving × local = added, with the sum before and after."""
    slope, symbol = local_derivative(v, position), local_symbol(v, position, graph)
    local = f"∂{formulas.name(v, graph)}/∂{formulas.name(u, graph)}"
    if slope is not None:
        words = f"{local} = {symbol} = {number(slope)}" if symbol else f"{local} = {number(slope)}"
    else:
        words = f"{local}: {v.op.replace('_', ' ')}"
    move = {
        "from": graph.id[v], "to": graph.id[u], "arriving": f"∂L/∂{formulas.name(v, graph)} = {measured(graph.gradient(v))}",
        "local": words, "part": measured(part), "now": measured(now), "leaf": u.kind == "weight",
    }
    if part.size == 1 and np.isfinite(part).all():
        move["number"] = float(np.ravel(part)[0])
    if before is not None:
        move["was"] = measured(before)
    return move


def weights_with_arrays(graph: Graph) -> list[Tensor]:
    return [v.tensor for v in graph.values if v.kind == "weight" and v.array.size > 1]


def shares_by_arrival(trace: Trace, x: Tensor) -> dict[tuple[Tensor, int], float]:
    """Norms do not add, so an array's parts are weighed by their signed shares of its gradient, in per cent."""
    parts = trace.arrivals(x)
    arrays = [as_array(part.array) for part in parts]
    with np.errstate(all="ignore"):
        total = np.asarray(sum(arrays))
    if not arrays or norm(total) == 0.0 or not np.isfinite(total).all():
        return {(part.output, part.position): 0.0 for part in parts}
    found = shares(arrays, total)
    return {(part.output, part.position): 100 * float(share) for part, share in zip(parts, found, strict=True)}


def palettes() -> str:
    """The themes as CSS variables: light, and dark where the reader's system or the button asks for it."""
    def variables(theme: dict[str, str]) -> str:
        return "".join(f"--{name.replace(' ', '-')}:{value};" for name, value in theme.items())
    light, dark = variables(LIGHT), variables(DARK)
    return (f":root{{{light}color-scheme:light}}@media(prefers-color-scheme:dark){{:root:not([data-theme=light])"
            f"{{{dark}color-scheme:dark}}}}:root[data-theme=dark]{{{dark}color-scheme:dark}}")
