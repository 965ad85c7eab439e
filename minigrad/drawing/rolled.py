"""The net rolled up: one step, a loop, and ×T; the same names, colours and honest totals as unrolled.

One column stands for all steps. Each box shows what it was at every step as a strip of cells; the states go round a loop
and come back one step later; under the weights stands the same sum that the unrolled picture adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import fonts, formulas, text_views
from .cards import PAD, SIZES, STYLES, fill_card, strip
from .graph import Graph, Value, ways
from .notation import norm
from .notes import check
from .placed import LEFT, MARGIN, RIGHT
from .scene import Box, Edge, Scene, Text, bent
from .slots import Slot
from .steps import Plan, drawn_users
from .sums import add_up
from .text import told_gradient
from .unrolled import Unrolled

WIDE = 520.0  # the one column's width


class Rolled(Unrolled):
    """An Unrolled net of a single column, whose states come back to it."""

    looped, way = False, 1

    def __init__(self, plan: Plan, words: Mapping[str, str], backward: bool) -> None:
        super().__init__(plan, words, backward)
        self.alike = {v: [x for x in self.graph.values if x.role == v.role and x.column is not None]
                      for v in self.plan.columns[0].slots.values()}  # fmt: skip
        states = [v for v in self.alike if v.role in self.states]
        self.same = set.intersection(*({x.column for x in self.alike[v]} for v in states or self.alike))  # the steps that do this

    @property
    def gutter(self) -> float:
        """Room at both sides for the loops."""
        return 60.0 + 22.0 * max(1, len(self.lanes))

    def lane_numbers(self) -> dict[Any, int]:
        """A loop of its own for every state."""
        column = self.plan.columns[0]
        states = [v for v in column.slots.values() if v.role in self.states]
        return {v.role: k for k, v in enumerate(sorted(states, key=lambda v: self.slot(v, column).rank))}

    def widths(self, width: float | None, column: float = 0.0) -> float:
        """The column in the middle, first states at the left, results at the right."""
        c = self.plan.columns[0]
        self.left = MARGIN
        c.w = max(WIDE, self.least_width())
        c.x = MARGIN + LEFT + self.gutter + 20
        self.right = c.x + c.w + self.gutter + 20
        return width or self.right + RIGHT + MARGIN

    def step_words(self, c: Any) -> tuple[str, float]:
        """t = 1 … 5, × 5"""
        numbers = [column.number for column in self.graph.columns if column.index in self.same]
        every = len(numbers) == len(self.graph.columns)
        said = f"{numbers[0]} … {numbers[-1]}" if every else ", ".join(map(str, numbers))
        labels = [f"{self.words['step'].format(number=some)}  ·  × {len(numbers)}" for some in (said, f"{numbers[0]}, … {numbers[-1]}")]
        other = "" if every else "  ·  " + self.words["steps differ"].format(count=len(self.graph.columns) - len(numbers))
        return fonts.fit([label + other for label in labels] + labels, c.w, SIZES, True)

    def rising(self) -> bool:
        """The loops run above the column."""
        return True

    def add_box(self, v: Value, x: float, y: float, w: float, h: float) -> Box:
        """A box with its equation and, instead of one step's number, a cell for every step."""
        if v.column is None or v not in self.alike:
            return super().add_box(v, x, y, w, h)
        kind, fill, stroke = self.style(v)
        box = Box(self.graph.id[v], x, y, w, h, fill, stroke, 3.5 if kind == "memory" else 2.0, 12, kind=kind)
        box.title = formulas.equation(v, self.graph)
        self.boxes[v] = box
        wide = 0.0 if w < 200 else min(170.0, 0.36 * w)
        forms = list(formulas.forms(v, self.graph))
        text, size = fonts.fit(forms, w - 2 * PAD - wide - (10 if wide else 0), SIZES, True)
        where = (box.x + PAD, "start") if wide else (box.x + w / 2, "middle")
        box.texts.append(Text(where[0], y + h / 2 + 7.5, text, size, True, "ink", where[1], fill))
        if wide:
            box.marks += strip(self.over_time(v), box.right - PAD - wide, y + h / 2 - 9, wide, 18, most=32)
        return box

    def over_time(self, v: Value) -> np.ndarray:
        """One number per step: the value itself, or an array's norm."""
        return np.array([x.array.item() if x.array.size == 1 else norm(x.array) for x in self.alike[v]])

    def results(self) -> None:
        """What follows the last step is said with the last step's own number."""
        rolled, self.graph.rolled = self.graph.rolled, None
        super().results()
        self.graph.rolled = rolled

    def title_style(self, v: Value, w: float) -> None:
        """Every title for itself: there is one column."""

    def loops(self) -> None:
        """Each state goes out at the right, over the column, and in at the left, one step later."""
        c = self.plan.columns[0]
        for v, slot in ((v, slot) for slot, v in c.slots.items() if v.role in self.lanes):
            targets = [t for x in self.alike[v] for t in drawn_users(x) if t.column != x.column and t.column is not None]
            for role in dict.fromkeys(t.role for t in targets):
                names = {t.name for t in targets if t.role == role}
                target = next((t for t in c.slots.values() if t.role == role), None)
                target = target or next((t for t in c.slots.values() if t.name in names), None)
                if target is not None:
                    self.loop(v, slot, target, self.slot(target, c))
                    self.looped = True

    def loop(self, v: Value, slot: Slot, target: Value, goal: Slot) -> None:
        """One loop, drawn like every state's way to the next step."""
        c, k = self.plan.columns[0], self.lanes[v.role]
        box, to = self.boxes[v], self.boxes[target]
        over, reach = self.top - 16 - 15 * k, 26 + 20 * k
        right, left = c.x + c.w + reach, c.x - reach
        apart = 7 if to is box else 0
        if slot.last:
            points = [(box.right, box.centre[1] - apart)]
        else:
            points = [(box.right - 22, box.y), (box.right - 22, box.y - 16)]
        points += [(right, points[-1][1]), (right, over), (left, over)]
        if goal.first:
            points += [(left, to.centre[1] + apart), (to.x, to.centre[1] + apart)]
        else:
            points += [(left, to.bottom + 18), (to.x + 24, to.bottom + 18), (to.x + 24, to.bottom)]
        edge = self.edge(v, target, bent(points, 16))
        if v.role in self.memories:
            edge.stroke, edge.width, edge.arrow = "memory line", 6, "head"
        self.edges.append(edge)

    def later(self) -> None:
        """On the loops: that they take one step."""
        c = self.plan.columns[0]
        y = self.top - 16 - 15 * (len(self.lanes) - 1) - 11
        if not self.looped:
            return
        self.texts.append(Text(c.x + c.w / 2, y, self.words["one step earlier" if self.way < 0 else "one step later"], 19, False, "muted", "middle"))

    def first_states(self) -> None:
        """h₀ at the left, as in the unrolled net."""
        c = self.plan.columns[0]
        states = {v: self.state_slot(v.initial) for v in self.plan.initial if v.initial is not None}
        for v in sorted(states, key=lambda v: (states[v].y if states[v] else 0.0)):  # type: ignore[union-attr]
            slot = self.state_slot(v.initial) if v.initial is not None else None
            if slot is not None:
                fill, stroke = STYLES["data"]
                y = max([slot.y, *(b.bottom + 8 for b in self.boxes.values() if b.kind == "first")])
                box = Box(self.graph.id[v], self.left, y, LEFT - 56, slot.h, fill, stroke, 2, 12, kind="first")
                rolled, self.graph.rolled = self.graph.rolled, None
                fill_card(box, v, self.graph, self.plan.values)
                self.graph.rolled = rolled
                self.boxes[v] = box
                lane = c.x - 26 - 20 * self.lanes.get(v.initial.role, 0) if v.initial else c.x
                path = bent([(box.right, box.centre[1]), (lane, box.centre[1])])
                self.edges.append(Edge(box.id, self.graph.id[v.initial or v], path, "line", 2.2, "head", kind="forward"))

    def join_first(self) -> None:
        """Drawn with the first states."""


def scene(graph: Graph, words: Mapping[str, str], backward: bool, values: str, title: str | None, most_rails: int = 9) -> Scene:
    """The rolled net on its page, with the sum of the singled-out weight's parts as a line."""
    way = -1 if set(ways(graph.values).values()) == {-1} else 1
    graph.rolled = 0 if way < 0 else len(graph.columns) - 1
    plan = Plan(graph, values=values, most_rails=most_rails, only=[graph.rolled])
    net = Rolled(plan, words, backward)
    net.way = way
    page = Scene(net.widths(None), 0, title or words["title rolled"].format(steps=len(graph.columns)))
    end = net.heights(None)
    shift(net, 34.0 + 15.0 * max(0, len(net.lanes) - 1))
    end += 34.0 + 15.0 * max(0, len(net.lanes) - 1)
    net.net(page, end)
    net.loops()
    net.later()
    bottom = net.draw_rails(end + 11)
    page.add(*net.grounds, *net.marks, *net.edges, *net.over, *net.boxes.values(), *net.texts)
    page.add(Text(MARGIN, 50, fonts.fit([page.title], page.width - 2 * MARGIN, (32, 30, 28, 26, 24, 22), True)[0], 30, True, kind="title"))
    page.height = bottom + 30
    sums = total_line(page, graph, bottom, words) if backward and graph.weight is not None else ""
    page.description = described(graph, plan, words, sums)
    page.text = text_views.rolled(graph, plan, words, page.title, sums)
    graph.rolled = None
    return page


def shift(net: Rolled, down: float) -> None:
    """Move the placed rows down to make room for the loops."""
    net.top += down
    for slot in {id(s): s for body in [*net.plan.bodies, net.plan.after] for row in body.rows for s in row}.values():
        slot.y += down


def total_line(page: Scene, graph: Graph, y: float, words: Mapping[str, str]) -> str:
    """W_hh.grad = 0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53, in order of arrival: drawn, as short as it must be, and told whole."""
    assert graph.weight is not None
    rolled, graph.rolled = graph.rolled, None
    total = add_up(graph, graph.weight, [[c.index] for c in graph.columns] + [[None]])
    graph.rolled = rolled
    sum_ = whole = check(total)
    if total.total is not None:
        left, _, right = sum_.rpartition(" = ")
        sum_ = whole = f"{graph.weight.grad_name}:  {left} = {right}"
        if fonts.measure(sum_, 20, True) > page.width - 2 * MARGIN:
            sum_ = f"{graph.weight.grad_name}:  {len(total.uses)} × … = {right}"
    text, size = fonts.fit([sum_], page.width - 2 * MARGIN, (24, 22, 20, 19, 18), True)
    page.add(Text(MARGIN, y + 34, text, size, True, "gradient", kind="total number"))
    page.height = y + 60
    return whole


def described(graph: Graph, plan: Plan, words: Mapping[str, str], sums: str) -> str:
    """The one step in words, what follows it, each weight's uses and gradient, and the sum."""
    lines = [f"One step stands for all {len(graph.columns)}: " + "; ".join(
        formulas.equation(v, graph) for v in plan.columns[0].slots.values() if v.computed) + "."]  # fmt: skip
    if plan.after_slots:
        with text_views.steps_by_number(graph):
            lines.append("Then: " + "; ".join(formulas.equation(v, graph) for v in plan.after_slots.values() if v.computed) + ".")
    for v in plan.rails:
        if v.kind == "weight":
            times = "once" if len(v.users) == 1 else f"{len(v.users)} times"
            grad = f"; {v.grad_name} = {told_gradient(v, graph)}" if graph.gradient(v) is not None else ""
            lines.append(f"{v.full_name} is used {times}{grad}.")
    return "\n".join([*lines, *([f"In order of arrival, {sums}."] if sums else [])])
