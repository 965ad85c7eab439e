"""From a recorded computation to a Graph: which tensors, in which steps, under which names, and which of them are boxes.

`read` goes through the stages in order; each stage is a module. Last comes the weight that is singled out: the one whose
gradient a picture adds up.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..engine import Tensor
from ..trace import Trace
from .collecting import collect
from .columns import assign_columns, assign_initial, assign_roles, merge_equal_leaves
from .folding import show_alike, show_sums, worth_showing
from .graph import SLICES, VIEWS, Graph, Value, carried
from .naming import assign_names, name_the_nameless
from .sequences import regroup


def read(
    trace: Any, output: Tensor | None = None, weight: Any = None, fold: bool = True, whole: bool = True, sums: bool = True
) -> Graph:
    """The graph of `output` (without it, of what backward began from), with every name, step, role and fold decided.

    `whole` keeps operations on whole sequences as they were recorded; else each step has its part of them. `sums`: the sum that
    the singled-out weight enters has a box of its own.
    """
    output = output if output is not None else last_result(trace)
    values = collect(output, trace)
    values = values if whole else regroup(values)
    root = values[-1]
    columns = assign_columns(values)
    merge_equal_leaves(values)
    assign_roles(values)
    assign_initial(values, columns)
    assign_names(values, columns)
    for value in values:
        value.shown = worth_showing(value, root) if fold else value.kind != "number" or value.initial is not None
    show_alike(values)
    graph = Graph(values, root, columns, trace)
    graph.weight = single_out(graph, weight)
    if sums:
        show_sums(graph)
    name_the_nameless(graph)
    return graph


def single_out(graph: Graph, weight: Any) -> Value | None:
    """The weight asked for, as a tensor or by name; else the one used in most steps, first of all on a state: W_hh."""
    weights = [v for v in graph.values if v.kind == "weight" and v.users]
    if weight is not None:
        named = [v for v in weights if v.tensor is weight or (isinstance(weight, str) and weight in (v.name, owned(v)))]
        if not named:
            names = Counter(v.name for v in weights)
            known = ", ".join((v.name if names[v.name] == 1 else owned(v)) or "?" for v in weights)
            raise ValueError(f"no weight {getattr(weight, 'name', weight)!r} in this graph; it has {known}")
        return named[0]
    used = [v for v in weights if any(user.column is not None for user in v.users)]
    used = used or [v for v in graph.values if piece_of_weight(v) and any(user.column is not None for user in v.users)]
    return max(used, key=lambda v: (steps_of(v), v.name == "W_hh", on_state(v), v.array.size, -v.time), default=None)


def owned(v: Value) -> str:
    """lstm.W_hh: the weight's name behind that of the layer that uses it."""
    layer = v.users[0].path.rpartition("/")[2]
    return f"{layer}.{v.name}" if layer else v.name


def piece_of_weight(v: Value) -> bool:
    """A slice of a weight, cut before the first step and used in all of them."""
    return v.column is None and v.op in SLICES | VIEWS and v.inputs[0].kind == "weight"


def steps_of(weight: Value) -> int:
    """In how many columns a weight is used."""
    return len({user.column for user in weight.users} - {None})


def on_state(weight: Value) -> bool:
    """Whether a weight multiplies something that came from the step before."""
    mates = (x for user in weight.users for x in user.inputs if user.op in ("matmul", "multiply") and x is not weight)
    return any(x.initial is not None or any(distance == 1 for _, distance in carried(x)) for x in mates)


def graph_of(what: Any, weight: Any, whole: bool = True, sums: bool = True) -> Graph:
    """The graph of a Trace, or of a Tensor without one; a TypeError for what records nothing."""
    if isinstance(what, Trace):
        return read(what, weight=weight, whole=whole, sums=sums)
    if isinstance(what, Tensor):
        if what.op is None:
            raise TypeError(f"{what.name or 'this tensor'} was not computed from anything that requires a gradient: nothing to draw")
        return read(None, what, weight=weight, whole=whole, sums=sums)
    raise TypeError(f"draw takes a Trace, a Tensor or a Model, got {type(what).__name__}")


def last_result(trace: Any) -> Tensor:
    """What backward started from; before that, the newest recorded tensor that nothing else used."""
    if getattr(trace, "output", None) is not None:
        return trace.output
    tensors = list(trace.tensors)
    if not tensors:
        raise ValueError("the trace is empty: compute something from tensors with requires_grad=True inside `with mg.Trace()`")
    used = {x for y in tensors for x in y.inputs if isinstance(x, Tensor)}
    ends = [y for y in tensors if y not in used]
    return ends[-1]
