"""What to draw: a recorded graph read as a person would read it, with names, time steps and roles.

`read` turns tensors into Values. Values at the same place of different steps get the same role, and with it one name and
one height. What has no name of its own folds into the named result that it is part of, so that a box is an equation
of the program; a slice of a stack is the stacked thing itself. Nothing here knows a cell, a layer or a file format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine import Tensor
from ..trace import Trace
from .notation import NOT_COMPUTED, subscript, superscript

LINEAR = {"add", "subtract", "matmul", "einsum_of_letters", "negative"}
NONLINEAR = {"tanh", "sigmoid", "relu", "leaky_relu", "elu", "gelu", "softplus", "softmax", "sin", "exp", "clip"}
VIEWS = {"reshape", "squeeze", "expand_dims", "broadcast_to", "astype", "positive", "part"}
SLICES = {"getitem", "flip", "transpose", "swapaxes", "moveaxis"}


@dataclass(eq=False)
class Value:
    """A tensor or a number of the recorded graph, and where it belongs in a picture."""

    tensor: Any
    kind: str  # "value" (computed), "weight" (a leaf that wants a gradient), "data" (one that does not), "number"
    op: str = ""
    inputs: list[Value] = field(default_factory=list)
    users: list[Value] = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    time: float = 0
    order: float = 0  # where it stands among its neighbours: a gate where the code names it, i f g o
    step: int | None = None
    path: str = ""
    loop: str = ""
    name: str = ""
    owner: str = ""  # the layer, where two layers have a weight of that name
    lettered: bool = False  # the name is a letter that was free
    own_name: bool = False  # given by `name=`, not found by watching
    column: int | None = None
    role: Any = None
    shown: bool = False
    initial: Value | None = None  # the state that this leaf stands in for before the first step
    late: Value | None = None  # the state that it stands in for after the last step, where time runs backwards
    cut: Value | None = None  # the state that this leaf repeats without its history
    numbered: bool = True  # whether the name carries the step's number

    @property
    def array(self) -> np.ndarray:
        if self.kind == "elided":
            return np.zeros(0)
        return np.asarray(self.tensor.numpy() if isinstance(self.tensor, Tensor) else self.tensor)

    @property
    def full_name(self) -> str:
        """rnn_2.W_hh, where W_hh alone would not tell which."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def grad_name(self) -> str:
        """W_hh.grad; of a value that is no leaf, dA."""
        return f"{self.full_name}.grad" if self.leaf else f"d{self.full_name}"

    @property
    def names(self) -> list[str]:
        """The full name, and shorter ones that still tell it from others: backward_rnn.W_hh, backwa….W_hh, W_hh."""
        shorter = [f"{self.owner[:k]}….{self.name}" for k in (9, 7, 5, 3) if self.owner and len(self.owner) > k + 1]
        return [self.full_name, *shorter, self.name]

    @property
    def computed(self) -> bool:
        return self.kind == "value"

    @property
    def leaf(self) -> bool:
        return self.kind in ("weight", "data")


@dataclass
class Column:
    """One time step: `number` is what the picture prints, `block` tells an encoder's steps from its decoder's."""

    index: int
    block: int
    step: int
    number: int


@dataclass
class Graph:
    """The values in order of creation, the columns of time, and where gradients can be asked for."""

    values: list[Value]
    root: Value
    columns: list[Column]
    trace: Any
    weight: Value | None = None  # the one that is singled out
    rolled: int | None = None  # the column whose step is called t, where one stands for all
    in_numbers: bool = False  # whether equations name their values or give their numbers
    backward: bool = True  # whether gradients are shown
    missing: str = NOT_COMPUTED  # the words for a gradient that is not there

    def __post_init__(self) -> None:
        self.by_tensor = {v.tensor: v for v in self.values if v.kind != "number"}
        self.id = {v: f"n{k}" for k, v in enumerate(self.values)}

    def of(self, tensor: Tensor) -> Value | None:
        """The value that stands for a tensor."""
        return self.by_tensor.get(tensor)

    def gradient(self, value: Value) -> np.ndarray | None:
        """∂L/∂value, or None: not computed."""
        recorded = self.trace is not None and value.kind not in ("number", "elided")
        found = self.trace.gradient(value.tensor) if recorded else None
        if found is None and value.kind == "weight":
            found = value.tensor.grad
        return None if found is None else np.asarray(getattr(found, "get", lambda: found)())

    def forget(self) -> None:
        """Let go of the tensors when the picture is made: values know their inputs and their users, which is a circle."""
        for value in self.values:
            value.inputs, value.users, value.initial, value.tensor = [], [], None, None
        self.by_tensor.clear()

    @property
    def shown(self) -> list[Value]:
        return [v for v in self.values if v.shown]


def read(trace: Any, output: Tensor | None = None, weight: Any = None, fold: bool = True) -> Graph:
    """The graph of `output` (without it, of what backward began from), with every name, step, role and fold decided."""
    output = output if output is not None else last_result(trace)
    values = collect(output, trace)
    root = values[-1]
    columns = assign_columns(values)
    merge_equal_leaves(values)
    assign_roles(values)
    assign_initial(values, columns)
    assign_names(values, columns)
    for value in values:
        value.shown = worth_showing(value, root) if fold else value.kind != "number" or value.initial is not None
    graph = Graph(values, root, columns, trace)
    graph.weight = single_out(graph, weight)
    show_sums(graph)
    name_the_nameless(graph)
    return graph


def single_out(graph: Graph, weight: Any) -> Value | None:
    """The weight asked for, as a tensor or by name; else the one used in most steps, first of all on a state: W_hh."""
    weights = [v for v in graph.values if v.kind == "weight" and v.users]
    if weight is not None:
        named = [v for v in weights if v.tensor is weight or (isinstance(weight, str) and v.name == weight)]
        if not named:
            known = ", ".join(v.name or "?" for v in weights)
            raise ValueError(f"no weight {getattr(weight, 'name', weight)!r} in this graph; it has {known}")
        return named[0]
    used = [v for v in weights if any(user.column is not None for user in v.users)]
    used = used or [v for v in graph.values if piece_of_weight(v) and any(user.column is not None for user in v.users)]
    return max(used, key=lambda v: (steps_of(v), v.name == "W_hh", on_state(v), v.array.size, -v.time), default=None)


def piece_of_weight(v: Value) -> bool:
    """A slice of a weight, cut before the first step and used in all of them."""
    return v.column is None and v.op in SLICES | VIEWS and v.inputs[0].kind == "weight"


def own_path(weight: Value) -> str:
    """rnn.W_hh: the weight with the layer that uses it."""
    return f"{weight.users[0].path.rpartition('/')[2]}.{weight.name}"


def steps_of(weight: Value) -> int:
    """In how many columns a weight is used."""
    return len({user.column for user in weight.users} - {None})


def on_state(weight: Value) -> bool:
    """Whether a weight multiplies something that came from the step before."""
    mates = (x for user in weight.users for x in user.inputs if user.op in ("matmul", "multiply") and x is not weight)
    return any(x.initial is not None or any(distance == 1 for _, distance in carried(x)) for x in mates)


def show_sums(graph: Graph) -> None:
    """The sum that the singled-out weight enters gets a box, so that its pill can say hᵀ dz."""
    for user in graph.weight.users if graph.weight is not None and graph.columns else ():
        v = user
        while not v.shown and len(v.users) == 1 and v.users[0].op in LINEAR | VIEWS:
            v = v.users[0]
        v.shown = True


def graph_of(what: Any, weight: Any) -> Graph:
    """The graph of a Trace, or of a Tensor without one; a TypeError for what records nothing."""
    if isinstance(what, Trace):
        return read(what, weight=weight)
    if isinstance(what, Tensor):
        if what.op is None:
            raise TypeError(f"{what.name or 'this tensor'} was not computed from anything that requires a gradient: nothing to draw")
        return read(None, what, weight=weight)
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


# ------------------------------------------------------------------------------------------------ from tensors to values


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


# ------------------------------------------------------------------------------------------------ time


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


# ------------------------------------------------------------------------------------------------ roles


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


def carried(v: Value) -> Iterator[tuple[Value, int]]:
    """The users of a value in other columns, and how many columns away they are."""
    for user in v.users:
        if v.column is not None and user.column is not None and user.column != v.column:
            yield user, user.column - v.column


def assign_initial(values: list[Value], columns: list[Column]) -> None:
    """What enters where, one step on, a state enters is that state before the first step: h₀.

    Further on it is a state whose history was cut (`h.detach()`), if the numbers are the same; else it is a leaf of its step.
    """
    states: dict[tuple, tuple[Value, int]] = {}
    for v in values:
        for user, distance in carried(v):
            if v.computed and abs(distance) == 1:
                for position, x in enumerate(user.inputs):
                    if x is v:
                        states.setdefault((user.role, position), (v, distance))
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


def settle_initial(v: Value, user: Value, state: Value, distance: int, at: dict, columns: list[Column]) -> None:
    """Whether a leaf is the state before the first step, or one whose history was cut, or neither."""
    before = at.get((state.role, user.column - distance)) if user.column is not None else None
    if before is None and distance > 0 and user.column == 0 and v.initial is None:
        v.initial = state
    elif before is None and distance < 0 and v.kind == "data":
        v.late = state
    elif before is not None and v.kind == "data" and np.array_equal(v.array, before.array):
        v.cut, v.column = before, None


# ------------------------------------------------------------------------------------------------ names


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
    for v in values:
        if v.initial is not None:
            v.name = v.initial.name


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
    return len(v.users) > 1 or (v.op in LINEAR and uses_weight(v) and bends(v.users[0]) and not plain_gate(v.users[0]))


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


def uses_weight(v: Value) -> bool:
    """Whether a weight enters this sum of products."""
    waiting = [v]
    for k, x in enumerate(waiting):
        if k > 60:
            return False
        if x.kind == "weight":
            return True
        if x.op in LINEAR or x.op in VIEWS or x.op in SLICES or x.op == "multiply":
            waiting += [y for y in x.inputs if not y.name or y.kind == "weight"][:8]
    return False


def fold_inner(graph: Graph) -> None:
    """Inside the steps only states, data and the sums with the singled-out weight keep a box; the rest folds into them."""
    sums = {box for user in graph.weight.users for box in boxes_of(user)} if graph.weight is not None else set()
    states = {v.role for v in graph.values if v.computed and any(user.column != v.column for user in v.users)}
    for v in graph.values:
        if v.shown and v.computed and v.column is not None and v is not graph.root and v not in sums:
            v.shown = v.role in states


def keep_newest(graph: Graph, most: int = 18) -> None:
    """Of a graph too large to be read, the newest results stay, with the leaves that they use; all older ones are one box."""
    boxes = [v for v in graph.values if v.shown and v.computed]
    since = boxes[-most].time if len(boxes) > most else 0.0
    kept = [v for v in graph.values if v.computed and v.time >= since]
    older = sum(v.computed and v.time < since for v in graph.values)
    rest = Value(None, "elided", name="…", shown=True, time=since - 1, settings={"operations": older})
    for v in kept:
        v.inputs = [rest if x.computed and x.time < since else x for x in v.inputs]
        rest.users += [v] if rest in v.inputs else []
    computed, leaves = set(kept), list(dict.fromkeys(x for v in reversed(kept) for x in v.inputs if not x.computed and x is not rest))
    for x in leaves:
        x.users = [user for user in x.users if user in computed]
    for x in leaves[2 * most :]:
        x.shown = False
    inside = {*computed, *leaves}
    rest.settings["leaves"] = max(0, len(leaves) - 2 * most)
    rest.shown = bool(older)
    graph.values = [rest, *(v for v in graph.values if v in inside)]
    graph.id = {v: f"n{k}" for k, v in enumerate(graph.values)}


def name_the_nameless(graph: Graph) -> None:
    """A sum under a nonlinearity is z, a linear output y, a state h, a loss L, data x; the rest v₁, v₂, … in order."""
    taken: dict[Any, set[str]] = {}
    for v in graph.values:
        v.name = "" if v.lettered else v.name
    for v in graph.shown:
        taken.setdefault(place(v), set()).add(v.name)
    given: dict[Any, str] = {}
    for v in graph.shown:
        if not v.name and v.kind != "number":
            key = (v.role, graph.columns[v.column].block if v.column is not None else None) if v.role else v
            if key not in given:
                given[key] = next(letter for letter in candidates(v, graph) if letter not in taken[place(v)])
                taken[place(v)].add(given[key])
            v.name, v.lettered = given[key], True
    tell_apart(graph)
    for v in graph.values:
        state = v.initial or v.cut or v.late
        if state is not None:
            v.name = state.name


def place(v: Value) -> tuple[str, bool]:
    """Where a name must be unique: inside a layer's steps, or outside of them."""
    return v.path, v.column is None


def tell_apart(graph: Graph) -> None:
    """The same name in two layers: h and h⁽²⁾ in their steps; rnn.W_hh and rnn_2.W_hh for weights; twice in one layer: h′."""
    weights = Counter(v.name for v in graph.shown if v.kind == "weight")
    for v in graph.shown:
        if v.kind == "weight" and weights[v.name] > 1 and v.users[0].path:
            v.owner = v.users[0].path.rpartition("/")[2]
    seen_outside: Counter = Counter()
    for v in graph.shown:
        if v.computed and v.column is None and not v.own_name:
            seen_outside[v.name] += 1
            v.name += subscript(seen_outside[v.name]) if seen_outside[v.name] > 1 else ""
    roles: dict[Any, dict[Any, tuple[str, str]]] = {}
    for v in graph.shown:
        if v.computed and v.column is not None:
            roles.setdefault((v.name, graph.columns[v.column].block), {}).setdefault(v.role, (v.path, v.name))
    states = {v.role for v in graph.shown if any(True for _ in carried(v))}
    for alike in roles.values():
        paths = list(dict.fromkeys(path for path, _ in alike.values()))
        seen: Counter = Counter()
        for role, (path, name) in sorted(alike.items(), key=lambda item: item[0] not in states):
            seen[path] += 1
            layer = f"⁽{superscript(paths.index(path) + 1)}⁾" if paths.index(path) else ""
            alike[role] = (path, name + "′" * (seen[path] - 1) + layer)
    for v in graph.shown:
        if v.computed and v.column is not None:
            v.name = roles.get((v.name, graph.columns[v.column].block), {}).get(v.role, ("", v.name))[1]


def candidates(v: Value, graph: Graph) -> Iterable[str]:
    """Letters that would suit, best first; outside time v₁, v₂, … (Wengert's list)."""
    if v is graph.root and v.array.size == 1:
        yield "L"
    if v.kind == "data":
        yield from ("x", "target", "data") if v.column is not None else ("target", "x", "data")
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


# ------------------------------------------------------------------------------------------------ what stands in a box


def sources(v: Value) -> list[Value]:
    """The boxes that a box's equation names, in the order in which it does."""
    found: dict[Value, None] = {}
    seen: set[Value] = set()
    waiting = list(reversed(v.inputs))
    while waiting:
        x = waiting.pop()
        if x.shown:
            found[x] = None
        elif x not in seen:
            seen.add(x)
            waiting += reversed(x.inputs)
    return list(found)


def boxes_of(v: Value) -> list[Value]:
    """The boxes that a value is drawn in: itself, or those that it folds into."""
    if v.shown:
        return [v]
    found: dict[Value, None] = {}
    waiting = list(v.users)
    for user in waiting:
        if user.shown:
            found[user] = None
        else:
            waiting += [u for u in user.users if u not in waiting]
    return list(found)
