"""Where the next input comes from: teacher forcing (the target of the step before, from the data) or sampling (the symbol chosen there).

A chosen symbol is a plain number without a history, so the graph cannot know that it came from y; whoever draws says it, as in
`feeds={"y": "x"}`. Through a choice no gradient passes: its arrow is dashed, with two strokes across it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from . import fonts, formulas
from .graph import Graph, Value
from .naming import tidy
from .scene import Edge, Mark, Text, bent, line, rectangle
from .unrolled import Unrolled

Pair = tuple[Value, Value]


def pairs(graph: Graph, feeds: Mapping[str, str] | None) -> list[Pair]:
    """(y₁, x₂), (y₂, x₃), …: the values of those names in neighbouring steps of one loop; ValueError where there are none."""
    found: list[Pair] = []
    for source, target in (feeds or {}).items():
        of_these = [pair for here, there in pairwise(graph.columns) if here.block == there.block
                    if (pair := (named(graph, source, here.index), named(graph, target, there.index)))[0] and pair[1]]  # fmt: skip
        if not of_these:
            known = ", ".join(dict.fromkeys(v.name for v in graph.shown if v.column is not None))
            raise ValueError(f"feeds: no step holds {source!r} and the next one {target!r}; the steps hold {known}")
        found += of_these  # type: ignore[arg-type]
    show(graph, found)
    for y, x in found:
        if not y.computed and not (y.array.shape == x.array.shape and np.array_equal(y.array, x.array)):
            raise ValueError(f"feeds: {formulas.name(x, graph)} is not {formulas.name(y, graph)}: their numbers differ")
    return found


def named(graph: Graph, name: str, column: int) -> Value | None:
    """The value of that name in a step: one with a box, or else one that is folded into another."""
    alike = [v for v in graph.values if v.column == column and v.kind != "number" and v.name in (name, tidy(name))]
    return max(alike, key=lambda v: v.shown, default=None)


def show(graph: Graph, found: Sequence[Pair]) -> None:
    """What an arrow begins or ends at has a box, in every step: a row of an embedding, which else is part of an equation."""
    roles = {v.role for pair in found for v in pair if not v.shown}
    for v in graph.values:
        v.shown |= v.role in roles


def lanes(net: Unrolled, found: Sequence[Pair]) -> None:
    """A lane of its own between the columns for every kind of arrow: before the columns get their places."""
    for y, _ in found:
        if y.computed:
            net.lanes.setdefault(y.role, len(net.lanes))


def draw(net: Unrolled, found: Sequence[Pair]) -> None:
    """An arrow from every source to the next step's input: dashed and struck through for a choice, plain for data."""
    for left, right in pairwise(net.plan.columns):
        for y, x in found:
            if left.gap or right.gap or y.column != left.last or x.column != right.last:
                continue
            points = net.carried_points(net.boxes[y], net.slot(y, left), y, x, right)
            kind, colour, dash = ("chosen", "ink", "3 6") if y.computed else ("forced", "input line", "")
            edge = Edge(net.boxes[y].id, net.boxes[x].id, bent(points, 11), colour, 2.6, "head", dash, kind, on="column")
            edge.title = f"{formulas.name(x, net.graph)} ← {formulas.name(y, net.graph)}"
            net.edges.append(edge)
            if y.computed:
                strike(net, points)


def strike(net: Unrolled, points: list[tuple[float, float]]) -> None:
    """Two strokes across the longest upright piece: nothing comes back this way."""
    (x, y0), (_, y1) = max(pairwise(points), key=lambda piece: (piece[0][0] == piece[1][0], abs(piece[0][1] - piece[1][1])))
    y = (y0 + y1) / 2
    net.over.insert(0, Mark(rectangle(x - 7, y - 6, 14, 12), "ground", kind="patch"))
    for dy in (-4.0, 4.0):
        net.over.append(Mark(line((x - 10, y + dy + 4), (x + 10, y + dy - 4)), "", "ink", 3, kind="cut"))


def legend(net: Unrolled, found: Sequence[Pair], words: Mapping[str, str], y: float) -> list[Text | Edge | Mark]:
    """One line that says what the arrows are."""
    items: list[Text | Edge | Mark] = []
    x = net.plan.columns[0].x
    for source, target in {(v.name, w.name): (v, w) for v, w in found}.values():
        dash, colour = ("3 6", "ink") if source.computed else ("", "input line")
        items.append(Edge("", "", line((x, y - 7), (x + 60, y - 7)), colour, 2.6, "head", dash, "chosen" if source.computed else "forced"))
        key = "chosen" if source.computed else "forced"
        said = words[key].format(source=source.name, target=target.name)
        items.append(Text(x + 74, y, said, 20, True, "ink"))
        x += 74 + fonts.measure(said, 20, True) + 40
    return items


def described(found: Sequence[Pair], words: Mapping[str, str]) -> list[str]:
    """The same for whoever cannot see the arrows."""
    kinds = {(v.name, w.name): v.computed for v, w in found}
    return [words["chosen" if chosen else "forced"].format(source=y, target=x) + "." for (y, x), chosen in kinds.items()]
