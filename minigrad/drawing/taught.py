"""Who taught whom: the part of ∂L/∂W that the loss at step k sends through the use of W at step t.

The loss is taken apart where it leaves the steps: from each step's share of it a walk of its own goes back through the
recorded graph, and what it adds to W at each use is kept. Rows add to each loss' gradient, columns to the uses, all to W.grad.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import engine
from ..engine import Observer, Tensor
from ..trace import dense
from .graph import Graph, Value

JOINS = {"add", "subtract", "multiply", "divide", "negative", "sum", "mean", "reshape", "stack", "concatenate", "getitem"}


class Parts(Observer):
    """Keeps what is added to one tensor, and through which operation."""

    def __init__(self, weight: Tensor) -> None:
        self.weight, self.found = weight, []  # type: tuple[Tensor, list[tuple[Tensor, np.ndarray]]]

    def contributed(self, y: Tensor, k: int, x: Tensor, dx: Any) -> None:
        if x is self.weight:
            part = dense(x, dx)
            self.found.append((y, np.asarray(part.get() if hasattr(part, "get") else part)))


def walked(output: Tensor, seed: Any, stops: list[Tensor], weight: Tensor) -> tuple[dict, list]:
    """One walk back that nobody else hears: the gradients of leaves and stops, and the weight's parts."""
    watcher, others = Parts(weight), engine.observers[:]
    engine.observers[:] = [watcher]
    try:
        gradients = engine.walk(output, seed, stops=stops)
    finally:
        engine.observers[:] = others
    return gradients, watcher.found


def exits(graph: Graph) -> dict[Value, int]:
    """The values at which the loss leaves the steps, with their columns: a loss of step k, or a state that a later layer reads."""
    found: dict[Value, int] = {}
    waiting, seen = [graph.root], {graph.root}
    for v in waiting:
        for x in v.inputs:
            if x in seen or not x.computed:
                continue
            seen.add(x)
            if x.column is not None and not sums_losses(x):
                found[x] = x.column
            else:
                waiting.append(x)
    return found


def sums_losses(v: Value) -> bool:
    """L_t = L_{t−1} + loss_t: a running sum of the losses, which takes no part in the recurrence."""
    return v.op in JOINS and v.array.size == 1 and all(x.kind == "number" or x.array.size == 1 for x in v.inputs)


def table(graph: Graph, weight: Value) -> list[list[tuple[np.ndarray, ...]]]:
    """parts[k][t]: the arrays that the loss of column k adds to the weight through its uses in column t."""
    leaving, count = exits(graph), len(graph.columns)
    stops = [v.tensor for v in leaving]
    seeds, _ = walked(graph.root.tensor, np.ones_like(graph.root.tensor.array), stops, weight.tensor)
    parts: list[list[tuple[np.ndarray, ...]]] = [[()] * count for _ in range(count)]
    for v, k in leaving.items():
        if v.tensor in seeds:
            _, found = walked(v.tensor, seeds[v.tensor], [], weight.tensor)
            for y, part in found:
                user = graph.of(y)
                if user is not None and user.column is not None:
                    parts[k][user.column] += (part,)
    return parts


def shares(parts: list[list[tuple[np.ndarray, ...]]]) -> np.ndarray:
    """The table in per cent of ‖G‖², signed."""
    filled = [(k, t, cell) for k, row in enumerate(parts) for t, cell in enumerate(row) if cell]
    fine = np.zeros((len(parts), len(parts)))
    if not filled:
        return fine
    G = np.sum(np.asarray([part for *_, cell in filled for part in cell], dtype=np.float64), axis=0)
    squared = float(np.vdot(G, G)) or math.nan
    for k, t, cell in filled:
        fine[k, t] = 100 * sum(float(np.vdot(p.astype(np.float64), G)) for p in cell) / squared
    return fine


def in_groups(fine: np.ndarray, groups: list[list[int]]) -> np.ndarray:
    """The table with the columns of each group drawn as one."""
    return np.array([[fine[np.ix_(a, b)].sum() for b in groups] for a in groups])


def rounded_table(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Controlled rounding: each cell, each row's and column's sum to a neighbouring whole number, all still adding.

    The table with its negated sums as last row and column adds to zero along every line, so whoever changes one fractional entry
    can go round a cycle of fractional entries, one up and the next down; each turn makes at least one entry whole.
    """
    m, n = cells.shape
    x = np.zeros((m + 1, n + 1))
    x[:m, :n] = cells
    x[:m, n], x[m, :n] = -cells.sum(1), -cells.sum(0)
    x[m, n] = cells.sum()
    for entry in np.ndindex(x.shape):
        settle(x, entry)
    while (cycle := fractional_cycle(x)) is not None:
        ups, downs = cycle[::2], cycle[1::2]
        step = min([math.ceil(x[c]) - x[c] for c in ups] + [x[c] - math.floor(x[c]) for c in downs])
        for c in ups:
            x[c] += step
        for c in downs:
            x[c] -= step
        for c in cycle:
            settle(x, c)
    return x[:m, :n], -x[:m, n], -x[m, :n]


def settle(x: np.ndarray, cell: tuple[int, ...]) -> None:
    """What is whole but for the machine's rounding becomes whole."""
    if abs(x[cell] - round(x[cell])) < 1e-7:
        x[cell] = round(x[cell])


def fractional_cycle(x: np.ndarray) -> list[tuple[int, int]] | None:
    """Fractional entries such that each shares a row or a column with the next, in turn, round to the first; None if all are whole.

    Every line that has one fractional entry has two, since it adds to zero: so a walk from line to line never ends before it meets
    a line again.
    """
    rough = np.abs(x - np.round(x)) > 1e-7
    if not rough.any():
        return None
    line: tuple[str, int] = ("row", int(np.argwhere(rough)[0][0]))
    lines, entries = [line], []  # type: list[tuple[str, int]], list[tuple[int, int]]
    while True:
        kind, k = line
        places = [(k, int(j)) for j in np.flatnonzero(rough[k])] if kind == "row" else [(int(i), k) for i in np.flatnonzero(rough[:, k])]
        entry = next((place for place in places if place not in entries[-1:]), None)
        if entry is None:  # alone in its line: whole but for the machine's rounding
            x[entries[-1]] = np.round(x[entries[-1]])
            return fractional_cycle(x)
        line = ("column", entry[1]) if kind == "row" else ("row", entry[0])
        entries.append(entry)
        if line in lines:
            return entries[lines.index(line) :]
        lines.append(line)
