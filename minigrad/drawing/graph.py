"""A recorded graph as a person would read it: values with names, time steps and roles.

A Value stands for a tensor or a number, and knows what it was made of and what was made of it. Values at the same place of
different steps have the same role, and with it one name and one height. Nothing here knows a cell, a layer or a file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine import Tensor
from .notation import NOT_COMPUTED

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
    late: Value | None = None  # the same where time runs backwards: it enters at the last step
    number: int = 0  # the number of the step that it stands before the first (or after the last) as
    cut: Value | None = None  # the state that this leaf repeats without its history
    numbered: bool = True  # whether the name carries the step's number
    numbers: Callable[[], np.ndarray] | None = None  # of a value that is no tensor by itself: one step's part of a whole sequence
    slope: Callable[[Graph], np.ndarray | None] | None = None  # and its gradient

    @property
    def array(self) -> np.ndarray:
        if self.kind == "elided":
            return np.zeros(0)
        if self.numbers is not None:
            return self.numbers()
        return np.asarray(self.tensor.numpy() if isinstance(self.tensor, Tensor) else self.tensor)

    @property
    def let_through(self) -> float:
        """The share of a masked value that its mask lets through: 1 everywhere else."""
        mask = self.settings.get("condition") if self.op == "select" else None
        return 1.0 if mask is None else float(np.mean(np.asarray(mask.get() if hasattr(mask, "get") else mask)))

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
    weights: list[Value] = field(default_factory=list)  # all that are, where there are several
    rolled: int | None = None  # the column whose step is called t, where one stands for all
    in_numbers: bool = False  # whether equations name their values or give their numbers
    backward: bool = True  # whether gradients are shown
    gradients: str = "all"  # whose numbers are written: those of all boxes, or of the weights alone
    missing: str = NOT_COMPUTED  # the words for a gradient that is not there

    def __post_init__(self) -> None:
        self.by_tensor = {v.tensor: v for v in self.values if v.kind != "number" and v.tensor is not None}
        self.id = {v: f"n{k}" for k, v in enumerate(self.values)}

    def of(self, tensor: Tensor) -> Value | None:
        """The value that stands for a tensor."""
        return self.by_tensor.get(tensor)

    def gradient(self, value: Value) -> np.ndarray | None:
        """∂L/∂value, or None: not computed."""
        return self.recorded(value) if value.slope is None else value.slope(self)

    def recorded(self, value: Value) -> np.ndarray | None:
        """∂L/∂value as the trace has it; a weight also knows its own."""
        recorded = self.trace is not None and value.kind not in ("number", "elided")
        found = self.trace.gradient(value.tensor) if recorded and value.tensor is not None else None
        if found is None and value.kind == "weight":
            found = value.tensor.grad
        return None if found is None else np.asarray(getattr(found, "get", lambda: found)())

    def forget(self) -> None:
        """Let go of the tensors when the picture is made: values know their inputs and their users, which is a circle."""
        for value in self.values:
            value.inputs, value.users, value.initial, value.tensor = [], [], None, None
            value.numbers = value.slope = None
        self.by_tensor.clear()

    @property
    def shown(self) -> list[Value]:
        return [v for v in self.values if v.shown]


def carried(v: Value) -> Iterator[tuple[Value, int]]:
    """The users of a value in other columns, and how many columns away they are."""
    for user in v.users:
        if v.column is not None and user.column is not None and user.column != v.column:
            yield user, user.column - v.column


def ways(values: list[Value]) -> dict[str, int]:
    """For each path, which way its states go through time: 1 to the right, −1 to the left."""
    found: dict[str, int] = {}
    for v in values:
        for user, distance in carried(v):
            if user.path == v.path:
                found.setdefault(v.path, 1 if distance > 0 else -1)
    return found


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
