"""Gates that open: a cell as the textbook's figure, a few steps of it, with its real values.

A gate says in a word what it does and stands as high in its box as it is open; equations are given once in letters and once
in numbers. The state that only gates and sums touch, an LSTM's c, is the boldest line of the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from . import cards, fonts, formulas, text_views
from .cards import PAD, SIZES, is_gate
from .graph import Graph, Value, sources
from .moving import LEGIBLE, SLIDE, to_slide
from .naming import spoken
from .notation import odd
from .placed import MARGIN
from .scene import Box, Edge, Mark, Scene, Text, line, rectangle
from .slots import Slot
from .steps import Plan
from .unrolled import Unrolled

WINDOW = 58.0  # how high a gate can be filled
LOWEST = 66.0  # a box with two lines
PAGE = (SLIDE[0] * SIZES[-1] / LEGIBLE, SLIDE[1] * SIZES[-1] / LEGIBLE)  # on which a slide is laid out, to be made larger


class Cell(Unrolled):
    """An Unrolled net, forward, with room for what happens inside a step."""

    long: frozenset = frozenset()  # the roles whose equation takes two lines

    def high(self, slot: Slot) -> float:
        return 70.0 if slot.leaf else 168.0 if slot.key in self.gates else 112.0 if slot.key in self.long else 88.0

    def manners(self, limited: bool) -> list[tuple[Callable[[Slot], float], float]]:
        """On a slide that is too low for gates that open, boxes are as low as those of an unrolled net."""
        tall: list[tuple[Callable[[Slot], float], float]] = [(self.high, 46.0), (self.high, 36.0), (self.high, 27.0)]
        if limited:
            return [*tall, (self.low, 27.0), (self.dense, 24.0)]
        return tall[:1] if self.rows < 4 else tall[1:2]

    @property
    def rows(self) -> int:
        """How many rows the highest body has."""
        return max(len(body.rows) for body in self.plan.bodies)

    def heights(self, room: float | None) -> float:
        """Once to see how wide the boxes are, and again with room for the equations that take two lines."""
        super().heights(room)
        slots = [(slot, v) for c in self.plan.columns for slot, v in c.slots.items() if v.computed]
        self.long = frozenset(v.role for slot, v in slots if not self.on_one_line(v, slot.w - 2 * PAD + 8))
        return super().heights(room)

    @property
    def spelled(self) -> bool:
        """Whether every equation has room, on one line or on two."""
        slots = [(slot, v) for c in self.plan.columns for slot, v in c.slots.items() if v.computed and slot.key not in self.gates]
        return all(v.role not in self.long or self.halves(v, slot.w - 2 * PAD + 8) for slot, v in slots)

    def halves(self, v: Value, room: float) -> list[str]:
        """The equation on two lines; nothing where that is too wide, too."""
        lines = in_two_lines(formulas.equation(v, self.graph))
        return lines if all(fonts.measure(line, SIZES[-1]) <= room for line in lines) else []

    def on_one_line(self, v: Value, room: float) -> bool:
        """Whether the whole equation fits."""
        return fonts.measure(list(formulas.forms(v, self.graph))[:3][-1], SIZES[-1], False) <= room

    @property
    def gates(self) -> set:
        """The roles that are drawn as gates or as what a gate lets in."""
        return {v.role for c in self.plan.columns for v in c.slots.values() if is_gate(v) or cards.candidate(v)}

    def add_box(self, v: Value, x: float, y: float, w: float, h: float) -> Box:
        """A tall gate, or an equation in letters over one in numbers."""
        if h < LOWEST:
            return super().add_box(v, x, y, w, h)
        kind, fill, stroke = self.style(v)
        box = Box(self.graph.id[v], x, y, w, h, fill, stroke, 4.0 if kind == "memory" else 2.2, 14, kind=kind)
        box.title = formulas.equation(v, self.graph)
        box.step = self.graph.columns[v.column].number if v.column is not None else None
        self.boxes[v] = box
        if not cards.finite(v, self.graph):
            box.fill, box.stroke, box.dash = "alarm fill", "alarm", "7 4"
        if v.column is not None and v.role in self.gates and h > 120:
            self.gate(box, v)
        elif v.column is not None and v.computed:
            self.equation(box, v)
        else:
            cards.two_lines(box, v, self.graph, self.plan.values)
            box.texts = [t for t in box.texts if t.text]
        return box

    def does(self, v: Value) -> str:
        """What a gate does, in a word: keep."""
        return self.words.get(f"gate {v.name}", "") if is_gate(v) or v.name == "g" else ""

    @cached_property
    def worded(self) -> bool:
        """Whether every gate's box has room for its word: else all show their letters alone."""
        gates = [(slot, v) for c in self.plan.columns for slot, v in c.slots.items() if v.role in self.gates]
        return all(fonts.measure(f"{v.name}: {self.does(v)}", 18, True) <= slot.w - 10 for slot, v in gates if self.does(v))

    def gate(self, box: Box, v: Value) -> None:
        """f: keep, 82 %, a window filled as high as the gate is open, and what it is computed from."""
        mean, x = float(np.mean(v.array)), box.x + box.w / 2
        word = self.does(v) if self.worded else ""
        title, size = fonts.fit([f"{v.name}: {word}" if word else v.name, v.name], box.w - 10, (21, 20, 19, 18), True)
        number, large = fonts.fit(cards.openings(v), box.w - 8, (27, 25, 23, 21, 19, 18), True)
        formula, small = fonts.fit([formulas.formula(v, self.graph), formulas.symbol(v)], box.w - 8, (19, 18))
        if not is_gate(v):
            box.stroke = "against line"
        box.texts += [Text(x, box.y + 28, title, size, True, "ink", "middle", box.fill),
                      Text(x, box.y + 59, number, large, True, "ink", "middle", box.fill),
                      Text(x, box.bottom - 12, formula, small, False, "ink", "middle", box.fill)]  # fmt: skip
        top, left, right = box.y + 72, box.x + 1.1, box.right - 1.1
        box.marks.append(Mark(rectangle(left, top, right - left, WINDOW), "column"))
        if odd(mean):
            return
        signed = not is_gate(v)
        zero = top + WINDOW / 2 if signed else top + WINDOW
        level = zero - max(-1.0, min(1.0, mean)) * (WINDOW / 2 if signed else WINDOW)
        fill, edge = ("against fill", "against line") if signed else ("gate level", "gate line")
        box.marks += [Mark(rectangle(left, min(level, zero), right - left, abs(level - zero)), fill),
                      Mark(line((left, level), (right, level)), "", edge, 3.5)]  # fmt: skip
        if signed:
            box.marks.append(Mark(line((left, zero), (right, zero)), "", "muted", 1.5, "4 4"))

    def equation(self, box: Box, v: Value) -> None:
        """c₁ = f₁ ⊙ c₀ + i₁ ⊙ g₁ over 1.04 = 0.82·0.70 + 0.64·0.73; arrays show their cells instead."""
        room, x, y = box.w - 2 * PAD + 8, box.x + box.w / 2, box.y
        forms = list(formulas.forms(v, self.graph))
        halves = self.halves(v, room) if v.role in self.long else []
        if halves:
            style = cards.title_style([[half] for half in halves], room)
            box.texts += [Text(x, y + 32 + 26 * k, half, style.size, style.bold, "ink", "middle", box.fill) for k, half in enumerate(halves)]
            y += 24
        else:
            style = cards.title_style([forms], room)
            box.texts.append(Text(x, y + 36, forms[style.form], style.size, style.bold, "ink", "middle", box.fill))
        numbers = formulas.in_numbers(v, self.graph)
        short = numbers.partition(" = ")[0]
        if numbers:
            text, size = fonts.fit([numbers, short], room, SIZES[2:])
            box.texts.append(Text(x, y + 70, text, size, False, "ink", "middle", box.fill))
        elif v.array.size > 1:
            width = min(170.0, room)
            box.marks += cards.strip(v.array, x - width / 2, y + 54, width, 18)

    def edge(self, lower: Value, upper: Value, path, **more) -> Edge:  # type: ignore[no-untyped-def]
        """Upwards, in the colour of what flows: the memory boldest, the state green."""
        kind, *_ = self.style(lower)
        stroke, width = {"memory": ("memory line", 4.5), "state": ("state line", 3.0), "first": ("line", 2.2)}.get(kind, ("ink", 2.4))
        if lower.kind in ("data", "number"):
            stroke, width = "line", 2.2
        return Edge(self.graph.id[lower], self.graph.id[upper], path, stroke, width, "head", kind="forward", on="column", **more)


def in_two_lines(equation: str) -> list[str]:
    """Broken at the plus sign at which the longer of the two lines is shortest; as it is where there is none."""
    plus = [k for k in range(len(equation)) if equation.startswith(" + ", k)]
    breaks = [[equation[:k], equation[k + 1 :]] for k in plus]
    return min(breaks, key=lambda lines: max(fonts.measure(line, SIZES[-1]) for line in lines), default=[equation])


def scene(graph: Graph, words: Mapping[str, str], values: str, steps: int | None, title: str | None, slide: bool = False) -> Scene:
    """A few steps of a cell on a page."""
    graph.backward = False
    net, end = fitted(graph, words, values, steps, slide)
    page = Scene(net.page, 0)
    net.net(page, end)
    bottom = net.draw_rails(end + 11)
    name = spoken(v.path for v in graph.values if v.column is not None and v.computed) or words["a cell"]
    page.title = title or words["title cell"].format(name=name, steps=len(graph.columns))
    page.add(*net.grounds, *net.marks, *net.edges, *net.over, *net.boxes.values(), *net.texts)
    text, size = fonts.fit([page.title], page.width - 2 * MARGIN, (34, 32, 30, 28, 26, 24, 22), True)
    page.add(Text(MARGIN, 50, text, size, True, kind="title"))
    note = memory_note(net, words)
    if note:
        text, size = fonts.fit([note], page.width - 2 * MARGIN, (22, 21, 20, 19, 18), True)
        page.add(Text(MARGIN, bottom + 32, text, size, True, "memory line"))
        bottom += 30
    page.height = bottom + 34
    page.description = described(net.plan, graph)
    page.text = text_views.cell(graph, net.plan, words, page.title)
    if slide:
        to_slide(page)
    return page


def fitted(graph: Graph, words: Mapping[str, str], values: str, steps: int | None, slide: bool) -> tuple[Cell, float]:
    """The net on its page, and where its columns end; on a slide with as many of the steps as have room for their equations."""
    most = steps or (3 if len(graph.columns) < 4 else 4)
    if not slide:
        net = Cell(Plan(graph, most, values), words, backward=False)
        net.page = net.widths(None, net.least_width())
        return net, net.heights(None)
    for rails in (4, 2, 1):
        for few in range(most, 0, -1):
            net = Cell(Plan(graph, few, values, most_rails=rails), words, backward=False)
            net.page = net.widths(PAGE[0])
            below = 39.0 * (len(net.plan.rails) - max(0, len(net.plan.lesser) - 1)) + 58 + (30 if memory_note(net, words) else 0)
            end = net.heights(PAGE[1] - below)
            if few == 1 or net.fits() and (net.spelled or net.compact):
                break
        if end <= PAGE[1] - below + 14:
            break
    return net, end


def memory_note(net: Cell, words: Mapping[str, str]) -> str:
    """Between one c and the next there is one factor only: the gate that multiplies it."""
    for v in net.graph.shown:
        if v.role in net.memories and v.column == 0:
            before = [x for x in sources(v) if x.initial is not None and x.initial.role == v.role]
            factors = [y for user in (before[0].users if before else []) for y in user.inputs if y is not before[0]]
            if len(factors) == 1 and factors[0].name:
                return words["memory note"].format(memory=v.name, gate=factors[0].name)
    return ""


def described(plan: Plan, graph: Graph) -> str:
    """Each drawn step's equations, in letters and in numbers."""
    lines = []
    for c in plan.columns:
        if not c.gap:
            said = [f"{formulas.equation(v, graph)}" + (f" ({numbers})" if (numbers := formulas.in_numbers(v, graph)) else "")
                    for v in c.slots.values() if v.computed]  # fmt: skip
            lines.append(f"Step {graph.columns[c.last].number}: " + "; ".join(said) + ".")
    return "\n".join(lines)
