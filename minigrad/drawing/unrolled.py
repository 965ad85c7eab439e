"""The unrolled net as a scene: time from left to right, shared weights as rails below, results at the right.

Each kind of step was laid out once as a body; here it is stamped for every step. The lines between the columns are in
routes.py, the rails in rails.py. Backward, a line carries the gradient's arrow against the values' way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from . import cards, fonts, formulas
from .cards import fill_card
from .graph import Value, sources
from .layout import Body
from .placed import FIRST, INSET, TOP
from .rails import Railed
from .scene import Box, Mark, Path, Point, Scene, Text, curve, line, rounded_rectangle
from .slots import Link, Slot
from .steps import Shown, carries

SIZES = (21, 20, 19, 18)


class Unrolled(Railed):
    """The drawing in progress: call `net()`, then read `scene` and where things stand."""

    def net(self, scene: Scene, ground_end: float) -> None:
        """Columns, boxes and lines; the rails come after, since their height depends on nothing here."""
        for c in self.plan.columns:
            self.ground(c, ground_end)
        self.part_names()
        self.first_states()
        for c in self.plan.columns:
            self.elided(c) if c.gap else self.stamp(c)
        self.results()
        for left, right in pairwise(self.plan.columns):
            self.join(left, right)
        self.join_skips()
        self.join_first()
        self.join_results()

    def ground(self, c: Shown, end: float) -> None:
        """The column's ground and its number."""
        path = rounded_rectangle(c.x - INSET, self.top, c.w + 2 * INSET, end - self.top, 14)
        dash = "8 6" if c.gap or self.plan.let_through(c) == 0.0 else ""
        self.grounds.append(Mark(path, "column", "column line", 1.5, dash, kind="step"))
        label, size = self.step_words(c)
        share = self.plan.let_through(c)
        if share < 1 and not c.gap:
            masked = self.words["masked"] if share == 0.0 else self.words["masked some"].format(share=f"{100 * (1 - share):.0f}")
            label, size = fonts.fit([f"{label} · {masked}", f"{label} ·"], c.w - self.beside_number, SIZES, True)
        x, anchor = (c.x + 6, "start") if self.rising() and not c.gap else (c.x + c.w / 2, "middle")
        self.texts.append(Text(x, self.top + 27, label, size, True, "muted", anchor, "column"))

    @property
    def beside_number(self) -> float:
        """What the step's number leaves free at its right, for lines that go out at the top."""
        out = [c.w - link.ends[1] + 14 for c in self.plan.columns if c.body for link in c.body.links if link.upper is None]
        return max(62.0, *out, 0.0) if self.rising() else 0.0

    def part_names(self) -> None:
        """Over the columns that are counted together, what they are: the encoder's, the decoder's."""
        parts = self.plan.parts
        for k, part in enumerate(parts, 1) if len(parts) > 1 else ():
            left, right = part.columns[0].x - INSET, part.columns[-1].x + part.columns[-1].w + INSET
            y = TOP + 14.0
            name, size = fonts.fit([part.name or self.words["loop"].format(number=k)], right - left, SIZES, True)
            text = Text((left + right) / 2, y, fonts.cut(name, right - left, size, True), size, True, "ink", "middle", kind="part")
            self.texts.append(text)
            for start, end in ((left, text.bounds[0] - 10), (text.bounds[2] + 10, right)):
                if end > start:
                    self.marks.append(Mark(line((start, y - 6), (end, y - 6)), "", "line", 2, kind="part"))

    def step_words(self, c: Shown) -> tuple[str, float]:
        """`t = 3 · l`, or for all steps `l` alone where that does not fit; how many steps, for those drawn as one."""
        if c.gap:
            return fonts.fit([self.words["steps more"].format(steps=len(c.columns)), "…"], c.w, SIZES, True)
        room = min(column.w for column in self.plan.columns if not column.gap) - self.beside_number
        steps = [self.words["step"].format(number=self.graph.columns[x.last].number) for x in self.plan.columns if not x.gap]
        labels = [str(self.labels.get(self.graph.columns[x.last].number, "")) for x in self.plan.columns if not x.gap]
        both = [f"{step} · {label}" if label else step for step, label in zip(steps, labels, strict=True)]
        place = [x for x in self.plan.columns if not x.gap].index(c)
        for words in (both, [label or step for step, label in zip(steps, labels, strict=True)]):
            size = next((s for s in SIZES if all(fonts.measure(w, s, True) <= room for w in words)), None)
            if size:
                return words[place], size
        return fonts.cut(labels[place] or steps[place].rpartition(" ")[2], room, SIZES[-1], True), SIZES[-1]

    def add_box(self, v: Value, x: float, y: float, w: float, h: float) -> Box:
        """A value's box with what is written in it."""
        kind, fill, stroke = self.style(v)
        width = 3.5 if kind == "memory" else 2.0
        box = Box(self.graph.id[v], x, y, w, h, fill, stroke, width, 12 if h > 50 else 10, kind=kind)
        box.title = formulas.equation(v, self.graph)
        box.step = self.graph.columns[v.column].number if v.column is not None else None
        fill_card(box, v, self.graph, self.plan.values, self.title_style(v, w))
        if self.held_back(v) and v.op != "select":
            grey(box)
        self.boxes[v] = box
        return box

    def title_style(self, v: Value, w: float) -> cards.Style | None:
        """The same for all boxes of a role, so that a row reads evenly."""
        if v.column is None or not v.computed:
            return None
        if v.role not in self.styles:
            alike = [x for c in self.plan.columns for x in c.slots.values() if x.role == v.role]
            titles = [list(formulas.forms(x, self.graph)) for x in alike]
            style = cards.title_style(titles, w - 2 * cards.PAD + 10, self.tall_rows)
            named = all(cards.names_gradient(x, self.graph, self.plan.values, w) for x in alike)
            told = all(cards.tells_gradient(x, self.graph, w) for x in alike)
            self.styles[v.role] = replace(style, named=named, told=told)
        return self.styles[v.role]

    def stamp(self, c: Shown) -> None:
        """A step's boxes, and the lines inside it and from below."""
        assert c.body is not None
        for slot, v in c.slots.items():
            self.add_box(v, c.x + slot.x, slot.y, slot.w, slot.h).row = slot.rank
        for link in c.body.links:
            self.draw_link(link, c.body, c.x, c.slots, self.plan.columns.index(c))

    def results(self) -> None:
        """The boxes after the last step."""
        for slot, v in self.plan.after_slots.items():
            self.add_box(v, self.right + slot.x, slot.y, slot.w, slot.h).row = slot.rank
        for link in self.plan.after.links:
            self.draw_link(link, self.plan.after, self.right, self.plan.after_slots, len(self.plan.columns))

    def draw_link(self, link: Link, body: Body, x: float, values: Mapping[Slot, Value], column: int) -> None:
        """One line of a body: between boxes, or a tap, or the start of a line down to a pill."""
        upper = values.get(link.upper) if link.upper else None
        if link.lower is None and upper is not None:
            self.tap(link, upper, x, column)
        elif link.lower is not None and link.lower in values:
            lower = values[link.lower]
            if upper is not None and lower in sources(upper):
                path = smooth(body.route(link, 0, 0), x)
                self.edges.append(self.edge(lower, upper, path))

    def elided(self, c: Shown) -> None:
        """Dots at the height of every state, for the steps that are drawn as one."""
        neighbour = self.plan.columns[self.plan.columns.index(c) - 1]
        c.body = neighbour.body
        heights = dict.fromkeys(slot.y + slot.h / 2 + 4 for slot, v in neighbour.slots.items() if v.role in self.states)
        for y in heights:
            self.texts.append(Text(c.x + c.w / 2, y, "…", 34, True, "muted", "middle", "column"))

    def first_states(self) -> None:
        """h₀ and c₀ at the left, at the height of h and c; where time runs backwards, at the right of the last step."""
        for v in self.plan.initial:
            assert v.initial is not None
            column, slot = self.plan.drawn.get(self.plan.initial_column(v)), self.state_slot(v.initial)
            further = column is not None and column is not self.plan.columns[0] and v.late is None
            if column is None or slot is None or further and v.kind == "number":
                continue
            x = column.x + column.w + self.gutter - 4 if v.late else column.x - self.gutter - FIRST - 4
            taken = [box.y for w, box in self.boxes.items() if w.initial is not None and box.x == x]
            taken += self.handed_over(column) if further else []
            y = slot.y
            while any(abs(y - other) < slot.h + 6 for other in taken):
                y += slot.h + 8
            self.add_box(v, x, y, FIRST, slot.h).kind = "first"

    def handed_over(self, column: Shown) -> list[float]:
        """At which heights the part before hands something over: nothing may stand in the way."""
        before = self.plan.columns[self.plan.columns.index(column) - 1]
        return [self.slot(x, before).y for x, _ in carries(self.plan, before, column)] if not before.gap else []

    def state_slot(self, state: Value) -> Slot | None:
        """Where a state stands in its body."""
        return next((slot for c in self.plan.columns for slot, v in c.slots.items() if v.role == state.role), None)


def grey(box: Box) -> None:
    """A box of a step that is padding: there, and without effect."""
    box.fill, box.stroke, box.width, box.dash = "column", "line", 1.5, ""
    box.marks = []
    for text in box.texts:
        text.colour, text.on, text.bold = "muted", "column", False


def smooth(route: list[tuple[Point, Point]], x: float) -> Any:
    """A link's pieces as one path: upright where it can be, a soft bend where it must move aside."""
    commands: list[tuple] = []
    for (x0, y0), (x1, y1) in route:
        start, end = (x + x0, y0), (x + x1, y1)
        if not commands:
            commands.append(("M", *start))
        elif commands[-1][-2:] != start:
            commands.append(("L", *start))
        if abs(x0 - x1) < 0.5:
            commands.append(("L", *end))
        else:
            commands.append(curve(start, end).commands[1])
    return Path(tuple(commands))
