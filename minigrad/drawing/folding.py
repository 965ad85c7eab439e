"""Which values have a box of their own; the others fold into the boxes that they are part of, so that a box is an equation.

What a program named, what leaves its step, and what a nonlinearity bends stays.
"""

from __future__ import annotations

from .graph import LINEAR, NONLINEAR, SLICES, VIEWS, Graph, Value, boxes_of, sources


def show_sums(graph: Graph) -> None:
    """The sum that the singled-out weight enters gets a box, so that its pill can say hᵀ dz."""
    for user in graph.weight.users if graph.weight is not None and graph.columns else ():
        v = user
        while not v.shown and len(v.users) == 1 and v.users[0].op in LINEAR | VIEWS:
            v = v.users[0]
        v.shown = True
        if len(v.users) == 1 and v.users[0].op in NONLINEAR and plain_gate(v.users[0]):
            show_siblings(graph, v)


def show_siblings(graph: Graph, z: Value) -> None:
    """Where one gate's sum has a box, those of the gates that read the same have one too: gates stay side by side."""
    read = {x for x in sources(z) if x.kind != "weight"}
    for x in graph.values:
        if x.computed and x.column == z.column and x.path == z.path and x.op in LINEAR and len(x.users) == 1:
            bent = x.users[0].op in NONLINEAR and plain_gate(x.users[0])
            x.shown |= bent and {y for y in sources(x) if y.kind != "weight"} == read


def worth_showing(v: Value, root: Value) -> bool:
    """A value has a box of its own if it has a name, leaves its step, is used twice, or is what a nonlinearity bends."""
    if v.kind == "number":
        return v.initial is not None
    if v.cut is not None:
        return True
    if v.leaf:
        return bool(v.name) or v.kind == "weight" or v.initial is not None or v.array.size > 1
    if v is root or v.name and not inner_slice(v):
        return True
    if v.op in VIEWS or v.op in SLICES or v.op in NONLINEAR and all(user.op in SLICES for user in v.users):
        return False
    if any(user.column != v.column for user in v.users):
        return v.column is not None or len(v.users) > 1
    if cut_into_terms(v):
        return False
    return len(v.users) > 1 or (v.op in LINEAR and uses_weight(v) and bends(v.users[0]) and not plain_gate(v.users[0]))


def show_alike(values: list[Value]) -> None:
    """What has a box in one step has one in every step."""
    roles = {v.role for v in values if v.shown and v.computed and v.column is not None}
    for v in values:
        v.shown |= v.computed and v.column is not None and v.role in roles


def plain_gate(user: Value) -> bool:
    """A named nonlinearity that stays inside its step, z = σ(x W_xz + h W_hz): its sum needs no box of its own."""
    return bool(user.name) and user.column is not None and all(u.column == user.column for u in user.users)


def inner_slice(v: Value) -> bool:
    """A piece of a weight, or of a sum of the same step, x_zr of x W_xh: equations name it, but it has no box."""
    x = v.inputs[0]
    piece = x.kind == "weight" or x.computed and x.column == v.column and x.op in LINEAR
    return v.op in SLICES and v.column is not None and piece


def bends(user: Value) -> bool:
    """Whether the sum ends here: its user is no further sum, product or view of it."""
    while (user.op in VIEWS or user.op in SLICES) and len(user.users) == 1:
        user = user.users[0]
    return user.op not in LINEAR | VIEWS | {"multiply", "divide", "power", "square"}


def cut_into_terms(v: Value) -> bool:
    """x W + b, cut into pieces that are terms of other sums: the textbook writes x W[z] + b[z] there, and has no box for the whole."""
    cut = v.column is not None and v.op in LINEAR and all(user.op == "getitem" and "letter" in user.settings for user in v.users)
    return cut and all(u.op in LINEAR and u.column == v.column for user in v.users for u in user.users)


def uses_weight(v: Value) -> bool:
    """Whether a weight enters this sum of products."""
    waiting = [v]
    for k, x in enumerate(waiting):
        if k > 60:
            return False
        if x.kind == "weight":
            return True
        if x.op in LINEAR or x.op in VIEWS or x.op in SLICES or x.op == "multiply":
            waiting += [y for y in x.inputs if not y.name or y.kind == "weight" or y.op in SLICES and inner_slice(y)][:8]
    return False


def fold_scopes(graph: Graph, depth: int) -> None:
    """What lies more than so many scopes deep folds into what uses it; results, states and what leaves its scope keep their boxes."""
    for v in graph.values:
        if v.shown and v.computed and v is not graph.root and len(scopes(v)) > depth:
            kept = scopes(v)[:depth]
            v.shown = any(user.column != v.column or scopes(user)[: depth + 1] != [*kept, scopes(v)[depth]] for user in v.users)
    show_sums(graph)


def scopes(v: Value) -> list[str]:
    """The names of the scopes around a value, from outside in."""
    return [name for name in v.path.split("/") if name]


def fold_inner(graph: Graph) -> None:
    """Inside the steps only states, data and the sums with the singled-out weight keep a box; the rest folds into them."""
    sums = {box for user in graph.weight.users for box in boxes_of(user)} if graph.weight is not None else set()
    states = {v.role for v in graph.values if v.computed and any(user.column != v.column for user in v.users)}
    for v in graph.values:
        if v.shown and v.computed and v.column is not None and v is not graph.root and v not in sums:
            v.shown = v.role in states
