"""The unrolled net as a scene: time from left to right, shared weights as rails below, results at the right.

Each kind of step was laid out once as a body; here it is stamped for every step, joined to its neighbours through the
gutters between the columns, and to the rails by taps. Backward, a line carries the gradient's arrow against the values' way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from . import cards, fonts, formulas
from .cards import STYLES, fill_card, gradient_words, right_aligned, value_words
from .graph import Value, sources
from .layout import Body, Link, Slot
from .notation import shape
from .scene import Box, Edge, Mark, Path, Point, Scene, Text, bent, circle, curve, line, rectangle, rounded_rectangle
from .steps import GATE, Plan, Shown, carries, drawn_users

MARGIN, LEFT, RIGHT = 36.0, 196.0, 267.0  # the page's edge, the zone of first states, the zone of results
INSET = 7.0  # from a column's ground to its boxes
TOP = 78.0  # where the columns begin
HEADER = 40.0  # for `t = 1`
PITCH = 400.0  # the widest that a column may be
SIZES = (21, 20, 19, 18)
PITCHES = (26.0, 22.0, 18.0, 15.0)  # between two lines from below
NARROW = 1440.0  # the narrowest that a page may be


class Unrolled:
    """The drawing in progress: call `net()`, then read `scene` and where things stand."""

    def __init__(self, plan: Plan, words: Mapping[str, str], backward: bool, labels: Any = None) -> None:
        self.page = 0.0
        self.plan, self.graph, self.words, self.backward = plan, plan.graph, words, backward
        self.labels = labels or {}
        self.boxes: dict[Value, Box] = {}
        self.edges: list[Edge] = []
        self.marks: list[Mark] = []
        self.texts: list[Text] = []
        self.grounds: list[Mark] = []
        self.over: list[Mark] = []  # what lies over the lines
        self.styles: dict[Any, cards.Style] = {}
        self.lanes = self.lane_numbers()
        self.taps: dict[Value, list[float]] = {v: [] for v in plan.rails}
        self.waiting: list[tuple[Value, Value, float, float, float]] = []  # taps, until their rail has a height
        self.parts: list[tuple[Value, int, float, float]] = []  # (box, shown column, x, x below it): lines down to pills

    # -- measures

    def lane_numbers(self) -> dict[Any, int]:
        """For each state that must change its height on the way to the next step, its own lane in the gutter."""
        lanes: dict[Any, int] = {}
        shown = self.plan.columns
        for left, right in pairwise(shown):
            for x, target in carries(self.plan, left, right) if not (left.gap or right.gap) else ():
                if self.same_row(x, target, left, right) is False:
                    lanes.setdefault(x.role, len(lanes))
        for v in self.plan.initial:
            lanes.setdefault(v.initial.role, len(lanes)) if v.initial and not lanes else None
        return lanes

    def slot(self, v: Value, c: Shown) -> Slot:
        """The slot of a value in its column."""
        return next(slot for slot, value in c.slots.items() if value is v)

    def same_row(self, x: Value, target: Value, left: Shown, right: Shown) -> bool:
        """Whether a state can go straight on: from the last box of a row to the first box of the same row (or back)."""
        back = x.column is not None and target.column is not None and target.column < x.column
        a, b = (self.slot(x, right), self.slot(target, left)) if back else (self.slot(x, left), self.slot(target, right))
        free = a.first and b.last if back else a.last and b.first
        return a.rank == b.rank and left.body is right.body and free

    @property
    def gutter(self) -> float:
        """Between the boxes of two neighbouring columns."""
        return 30.0 + 12.0 * max(0, len(self.lanes) - 1)

    def least_width(self) -> float:
        """How wide the columns must be for what stands in them."""
        return max(body.least_width(PITCHES[-1]) for body in self.plan.bodies)

    def widths(self, width: float | None, column: float = 0.0) -> float:
        """Place the columns, each at least `column` wide; returns the page's width."""
        shown = self.plan.columns
        weights = [0.66 if c.gap else 1.0 for c in shown]
        left = MARGIN + (LEFT if self.plan.initial or self.plan.rails else 0.0) + self.gutter
        right = RIGHT + 34.0
        room = (width or 1920.0) - left - right - MARGIN
        pitch = max(min(PITCH, room / sum(weights)), column + self.gutter if column else 0.0)
        page = width or max(NARROW, left + pitch * sum(weights) + right + MARGIN)
        slack = max(0.0, (page - left - right - MARGIN - pitch * sum(weights)) / 2)
        self.left = MARGIN + slack
        x = left + slack
        for c, share in zip(shown, weights, strict=True):
            c.x, c.w = x, pitch * share - self.gutter
            x += pitch * share
        self.right = x + 34.0 - self.gutter + 14.0
        return page

    def heights(self, room: float | None) -> float:
        """Place every body's rows, as roomy as the page allows; returns where the columns' ground ends."""
        self.top = TOP + (26.0 if self.rising() else 0.0)
        start = self.top + HEADER
        manners = [(self.high, 46.0), (self.low, 36.0), (self.low, 27.0), (self.dense, 24.0)]
        if max(len(body.rows) for body in self.plan.bodies) > 3:
            manners = manners[1:] if room else manners[1:2]
        for height, gap in manners:
            bottom = start + max(natural(body, height, gap) for body in self.plan.bodies)
            if room is None or bottom <= room:
                break
        for body in self.plan.bodies:
            width = next(c.w for c in self.plan.columns if c.body is body)
            pitch = next((p for p in PITCHES if body.least_width(p) <= width), PITCHES[-1])
            body.place(width, start, bottom, height, pitch)
        self.compact, self.bottom = height != self.high, bottom
        self.place_results(start, bottom)
        return bottom + 13.0

    def rising(self) -> bool:
        """Whether a line runs above the columns."""
        return bool(self.plan.skips) or any(link.upper is None for body in self.plan.bodies for link in body.links)

    def fits(self) -> bool:
        """Whether the columns are wide enough for what stands in them."""
        return all(body.least_width(PITCHES[-1]) <= c.w for body in self.plan.bodies for c in self.plan.columns
                   if c.body is body)  # fmt: skip

    def place_results(self, top: float, bottom: float) -> None:
        """The results stand beside the steps, roomy where they can; beside the rails there is room too."""
        after = self.plan.after
        beside_rails = 0.0 if any(link.lower is None for link in after.links) else 45.0 * min(3, len(self.plan.rails))
        for height, gap in ((self.high, 46.0), (self.high, 36.0), (self.low, 36.0), (self.low, 24.0)):
            end = top + natural(after, height, gap)
            if end <= bottom + beside_rails:
                break
        after.place(RIGHT, top, end, height)

    def high(self, slot: Slot) -> float:
        return 44.0 if slot.leaf else 82.0

    def low(self, slot: Slot) -> float:
        return 44.0 if slot.leaf else 60.0 if slot.need == GATE else 50.0

    def dense(self, slot: Slot) -> float:
        return 38.0 if slot.leaf else 54.0 if slot.need == GATE else 40.0

    # -- the net

    def net(self, scene: Scene, ground_end: float) -> None:
        """Columns, boxes and lines; the rails come after, since their height depends on nothing here."""
        for c in self.plan.columns:
            self.ground(c, ground_end)
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
            label, size = fonts.fit([f"{label} · {masked}", f"{label} ·"], c.w - (52 if self.rising() else 0), SIZES, True)
        x, anchor = (c.x + 6, "start") if self.rising() and not c.gap else (c.x + c.w / 2, "middle")
        self.texts.append(Text(x, self.top + 27, label, size, True, "muted", anchor, "column"))

    def step_words(self, c: Shown) -> tuple[str, float]:
        """`t = 3 · l`, or for all steps `l` alone where that does not fit; how many steps, for those drawn as one."""
        if c.gap:
            return fonts.fit([self.words["steps more"].format(steps=len(c.columns)), "…"], c.w, SIZES, True)
        room = min(column.w for column in self.plan.columns if not column.gap) - (52 if self.rising() else 0)
        steps = [self.words["step"].format(number=self.graph.columns[x.last].number) for x in self.plan.columns if not x.gap]
        labels = [str(self.labels.get(self.graph.columns[x.last].number, "")) for x in self.plan.columns if not x.gap]
        both = [f"{step} · {label}" if label else step for step, label in zip(steps, labels, strict=True)]
        place = [x for x in self.plan.columns if not x.gap].index(c)
        for words in (both, [label or step for step, label in zip(steps, labels, strict=True)]):
            size = next((s for s in SIZES if all(fonts.measure(w, s, True) <= room for w in words)), None)
            if size:
                return words[place], size
        return fonts.cut(labels[place] or steps[place].rpartition(" ")[2], room, SIZES[-1], True), SIZES[-1]

    def style(self, v: Value) -> tuple[str, str, str]:
        """kind, fill, stroke: by the part that a value plays."""
        if v.kind == "weight":
            kind = "weight"
        elif v.leaf:
            kind = "input" if v.column is not None else "data"
        elif v is self.graph.root:
            kind = "loss"
        elif v.role in self.memories:
            kind = "memory"
        elif cards.is_gate(v) or cards.candidate(v):
            kind = "gate"
        else:
            kind = "state" if v.role in self.states else "value"
        return kind, *STYLES[kind]

    @cached_property
    def memories(self) -> set[Any]:
        """States that only meet elementwise operations on their way: an LSTM's c."""
        states = [v for v in self.graph.values if self.is_state(v)]
        roles = dict.fromkeys(v.role for v in states)
        if len(roles) < 2:
            return set()
        return {role for role in roles if all(self.kept(v) for v in states if v.role == role)}

    @cached_property
    def states(self) -> set[Any]:
        """The roles of values that enter the next step."""
        return {v.role for v in self.graph.values if self.is_state(v)}

    def is_state(self, v: Value) -> bool:
        """Whether a value enters the next step."""
        return v.computed and v.column is not None and any(
            user.column is not None and user.column != v.column for user in v.users)  # fmt: skip

    def kept(self, v: Value) -> bool:
        """Whether a state goes straight into its own successor and into no weight's product."""
        after = [user for user in v.users if user.column not in (None, v.column)]
        return all(user.op == "multiply" and all(x.kind != "weight" for x in user.inputs) for user in after) and all(
            box.role == v.role for user in after for box in ([user] if user.shown else drawn_users(user)))  # fmt: skip

    def add_box(self, v: Value, x: float, y: float, w: float, h: float) -> Box:
        """A value's box with what is written in it."""
        kind, fill, stroke = self.style(v)
        width = 3.5 if kind == "memory" else 2.0
        box = Box(self.graph.id[v], x, y, w, h, fill, stroke, width, 12 if h > 50 else 10, kind=kind)
        box.title = formulas.equation(v, self.graph)
        box.step = self.graph.columns[v.column].number if v.column is not None else None
        fill_card(box, v, self.graph, self.plan.values, self.title_style(v, w))
        self.boxes[v] = box
        return box

    def title_style(self, v: Value, w: float) -> cards.Style | None:
        """The same for all boxes of a role, so that a row reads evenly."""
        if v.column is None or not v.computed:
            return None
        if v.role not in self.styles:
            alike = [x for c in self.plan.columns for x in c.slots.values() if x.role == v.role]
            titles = [list(formulas.forms(x, self.graph)) for x in alike]
            style = cards.title_style(titles, w - 2 * cards.PAD + 10)
            named = all(cards.names_gradient(x, self.graph, self.plan.values, w) for x in alike)
            self.styles[v.role] = replace(style, named=named)
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

    def tap(self, link: Link, upper: Value, x: float, column: int) -> None:
        """Where a rail will reach up into a box, or a pill's line will come down from it."""
        if link.key == "part":
            if self.graph.weight in sources(upper):
                self.parts.append((upper, column, x + link.ends[1], x + link.track))
        elif link.key in sources(upper):
            self.taps[link.key].append(x + link.track)
            box = self.boxes[upper]
            self.pending(link, upper, box, x)

    def pending(self, link: Link, upper: Value, box: Box, x: float) -> None:
        """A tap, drawn when the rail's height is known."""
        self.waiting.append((link.key, upper, x + link.track, x + link.ends[1], box.bottom))

    def edge(self, lower: Value, upper: Value, path: Any, **more: Any) -> Edge:
        """A line between two boxes: black upwards; backward, orange and against the values' way, where a gradient flows."""
        flows = self.backward and lower.kind in ("value", "weight") and self.graph.gradient(upper) is not None
        if not flows:
            grey = "line" if lower.kind in ("data", "number") or self.backward else "ink"
            return Edge(self.graph.id[lower], self.graph.id[upper], path, grey, 2.2, "head", kind="forward", on="column", **more)
        return Edge(self.graph.id[lower], self.graph.id[upper], path, "gradient line", 2.8, "tail",
                    kind="backward", on="column", **more)  # fmt: skip

    # -- between the steps

    def join(self, left: Shown, right: Shown) -> None:
        """The states that go from one column to the next."""
        if left.gap or right.gap:
            self.join_gap(left, right)
            return
        for x, target in carries(self.plan, left, right):
            if x.column == right.columns[0]:
                self.carry_back(x, target, left, right)
            else:
                self.carry(self.boxes[x], self.slot(x, left), x, target, right)
        for v in self.plan.cuts:
            for target in drawn_users(v):
                if v.cut is not None and v.cut.column == left.last and target.column == right.columns[0]:
                    self.cut(v, v.cut, target, left, right)

    def carry(self, box: Box, slot: Slot | None, x: Value, target: Value, right: Shown) -> None:
        """One state's way through the gutter into a box of the next column."""
        points = self.carried_points(box, slot, x, target, right)
        path = bent(points, 11)
        level = len({round(y, 1) for _, y in points}) == 1
        state = x.initial or x
        if state.role in self.memories and level:
            self.memory(box, self.boxes[target], x, target)
        else:
            self.edges.append(self.edge(x, target, path))

    def carry_back(self, x: Value, target: Value, left: Shown, right: Shown) -> None:
        """A state that goes to the step at its left: the same way, mirrored."""
        box, to = self.boxes[x], self.boxes[target]
        slot, goal = self.slot(x, right), self.slot(target, left)
        lane = right.x - 18 - 12 * self.lanes.get(x.role, 0)
        half = 16.0 if self.compact else 22.0
        top = slot.rank == max(s.rank for s in right.slots)
        level = (box.bottom, box.bottom + half) if top else (box.y, box.y - half)
        points = [(box.x, box.centre[1])] if slot.first else [(box.x + 16, level[0]), (box.x + 16, level[1])]
        points.append((lane, points[-1][1]))
        if goal.last:
            points += [(lane, to.centre[1]), (to.right, to.centre[1])]
        else:
            enter = to.right - 14 - 10 * self.lanes.get(x.role, 0)
            points += [(lane, to.bottom + half), (enter, to.bottom + half), (enter, to.bottom)]
        self.edges.append(self.edge(x, target, bent(points, 11)))

    def cut(self, v: Value, before: Value, target: Value, left: Shown, right: Shown) -> None:
        """A state whose history was cut: its value goes on, and no gradient comes back; two strokes across the line."""
        points = self.carried_points(self.boxes[before], self.slot(before, left), before, target, right)
        edge = Edge(self.graph.id[before], self.graph.id[target], bent(points, 11), "line", 2.2, "head", "6 5", "cut", on="column")
        edge.title = f"{formulas.name(v, self.graph)}.detach()"
        self.edges.append(edge)
        x = right.x - self.gutter / 2
        y = points[0][1]
        for dx in (-4.0, 4.0):
            self.over.append(Mark(line((x + dx - 5, y + 13), (x + dx + 5, y - 13)), "", "ink", 3.5, kind="cut"))
        self.over.insert(0, Mark(rectangle(x - 6, y - 7, 12, 14), "ground", kind="patch"))

    def memory(self, box: Box, other: Box, x: Value, target: Value) -> None:
        """The c path: the boldest line of the figure, with the gradient's arrow below it."""
        y = box.centre[1]
        start, end = (box.right, y), (other.x, y)
        arrow = "" if self.backward else "head"
        self.edges.append(Edge(box.id, other.id, line(start, end), "memory line", 7, arrow, kind="memory", on="column"))
        if self.backward and x.kind == "value":
            below = line((box.right, y + 14), (other.x, y + 14))
            self.edges.append(self.edge(x, target, below))

    def carried_points(self, box: Box, slot: Slot | None, x: Value, target: Value, right: Shown) -> list[Point]:
        """Out at the side (or over the row), along the lane, in at the side (or under the row)."""
        to, goal = self.boxes[target], self.slot(target, right)
        state = x.initial or x
        lane = right.x - self.gutter + 18 + 12 * self.lanes.get(state.role, 0)
        half = 16.0 if self.compact else 22.0
        if slot is None or slot.last:
            points = [(box.right, box.centre[1])]
        elif slot.rank == max(s.rank for s in right.slots):  # above the top row stands the step's number
            points = [(box.right - 16, box.bottom), (box.right - 16, box.bottom + half)]
        else:
            points = [(box.right - 16, box.y), (box.right - 16, box.y - half)]
        if goal.first and abs(to.centre[1] - points[-1][1]) < 1:
            return [*points, (to.x, points[-1][1])]
        points.append((lane, points[-1][1]))
        if goal.first:
            y = to.centre[1] if self.only_entry(target, right) else to.centre[1] + self.entry_offset(state)
            return [*points, (lane, y), (to.x, y)]
        entry = to.x + 14 + 10 * self.lanes.get(state.role, 0)
        return [*points, (lane, to.bottom + half), (entry, to.bottom + half), (entry, to.bottom)]

    def only_entry(self, target: Value, right: Shown) -> bool:
        """Whether a single state enters a box from the step before."""
        entering = [s for s in sources(target) if s.initial is not None or s.column not in (None, target.column)]
        return len(entering) < 2

    def entry_offset(self, state: Value) -> float:
        """States that enter the same side do so one below the other."""
        return -9.0 + 18.0 * (self.lanes.get(state.role, 0) % 2)

    def join_skips(self) -> None:
        """What goes further than one step: out at the right, along above the columns, in at the left."""
        for k, (x, target) in enumerate(self.plan.skips):
            left, right = self.plan.drawn[x.column], self.plan.drawn[target.column]  # type: ignore[index]
            box, to = self.boxes[x], self.boxes[target]
            level = self.top - 14 - 5 * (k % 3)
            out, into = left.x + left.w + self.gutter - 9, right.x - self.gutter + 9
            points = [(box.right, box.centre[1] - 9), (out, box.centre[1] - 9), (out, level), (into, level)]
            y = to.centre[1] - 12
            self.edges.append(self.edge(x, target, bent([*points, (into, y), (to.x, y)], 11)))

    def elided(self, c: Shown) -> None:
        """Dots at the height of every state, for the steps that are drawn as one."""
        neighbour = self.plan.columns[self.plan.columns.index(c) - 1]
        c.body = neighbour.body
        heights = dict.fromkeys(slot.y + slot.h / 2 + 4 for slot, v in neighbour.slots.items() if v.role in self.states)
        for y in heights:
            self.texts.append(Text(c.x + c.w / 2, y, "…", 34, True, "muted", "middle", "column"))

    def join_gap(self, left: Shown, right: Shown) -> None:
        """Dashed lines into the elided steps and out of them."""
        shown = self.plan.columns
        if right.gap:
            after = shown[shown.index(right) + 1]
            for slot, v in left.slots.items():
                if self.is_state(v):
                    box = self.boxes[v]
                    to = self.boxes[next(w for s, w in after.slots.items() if s is slot)] if slot in after.slots else box
                    path = line((box.right, box.centre[1]), (right.x + right.w / 2 - 26, box.centre[1]))
                    edge = self.edge(v, v, path, dash="7 5")
                    edge.tail, edge.head = box.id, to.id
                    self.edges.append(edge)
            return
        before = shown[shown.index(left) - 1]
        for v in self.plan.inside(right.last):
            for x in sources(v):
                if x.column == left.last:
                    self.out_of_gap(x, v, before, left, right)

    def out_of_gap(self, x: Value, v: Value, before: Shown, gap: Shown, right: Shown) -> None:
        """From the dots into the column after them."""
        slot = next((s for s, w in before.slots.items() if w.role == x.role), None)
        if slot is None:
            return
        start = gap.x + gap.w / 2 + 26
        ghost = Box(self.graph.id[before.slots[slot]], start, slot.y, 0, slot.h)
        points = self.carried_points(ghost, None, x, v, right)
        edge = self.edge(x, v, bent(points, 11), dash="7 5")
        edge.tail = ghost.id
        if edge.arrow == "tail":
            edge.arrow = ""
        self.edges.append(edge)

    # -- before the first step and after the last

    def first_states(self) -> None:
        """h₀ and c₀ at the left, at the height of h and c."""
        taken: list[float] = []
        for v in self.plan.initial:
            assert v.initial is not None
            column = self.plan.drawn.get(self.plan.initial_column(v))
            slot = self.state_slot(v.initial)
            if column is None or slot is None:
                continue
            y = slot.y
            while any(abs(y - other) < slot.h + 6 for other in taken):
                y += slot.h + 8
            taken.append(y)
            w = 156.0
            box = self.add_box(v, column.x - self.gutter - w - 4, y, w, slot.h)
            box.kind = "first"

    def state_slot(self, state: Value) -> Slot | None:
        """Where a state stands in its body."""
        return next((slot for c in self.plan.columns for slot, v in c.slots.items() if v.role == state.role), None)

    def join_first(self) -> None:
        """From the first states into the first step."""
        for v in self.plan.initial:
            column = self.plan.drawn.get(self.plan.initial_column(v))
            for target in dict.fromkeys(drawn_users(v)):
                if v in self.boxes and column is not None and target.column == column.last:
                    self.carry(self.boxes[v], None, v, target, column)

    def join_results(self) -> None:
        """From the last step into the results; what several steps send goes along a line above the columns."""
        for slot, v in self.plan.after_slots.items():
            senders = [x for x in sources(v) if x.column is not None]
            several = len({x.column for x in senders}) > 1
            for x in senders:
                if x in self.boxes:
                    self.rise(x, v) if several else self.leave(x, v, slot)

    def leave(self, x: Value, v: Value, goal: Slot) -> None:
        """Out of the last step's side, into the side of a result."""
        box, to = self.boxes[x], self.boxes[v]
        lane = box.right + (18 if self.backward else 14)
        start = (box.right, box.centre[1]) if self.side_free(x) else (box.right - 16, box.y)
        y = to.centre[1]
        if self.side_free(x):
            points = [start, (lane, start[1]), (lane, y), (to.x, y)]
        else:
            points = [start, (start[0], box.y - 16), (lane, box.y - 16), (lane, y), (to.x, y)]
        if not goal.first:
            below = to.bottom + 14
            points = [*points[:-2], (lane, below), (to.x + 14, below), (to.x + 14, to.bottom)]
        self.edges.append(self.edge(x, v, bent(points, 11)))

    def side_free(self, x: Value) -> bool:
        """Whether nothing stands to the right of a box in its column."""
        column = self.plan.drawn[x.column] if x.column is not None else None
        return column is None or self.slot(x, column).last

    def rise(self, x: Value, v: Value) -> None:
        """Up out of the column, along above all columns, down into the result."""
        assert x.column is not None
        column = self.plan.drawn[x.column]
        slot = self.slot(x, column)
        link = next(n for n in column.body.links if n.key == "rise" and n.lower is slot)  # type: ignore[union-attr]
        level = self.top - 14
        route = column.body.route(link, 0, level)  # type: ignore[union-attr]
        points = [(column.x + px, py) for piece in route for px, py in piece]
        to = self.boxes[v]
        lane = self.right - 14
        points += [(lane, level), (lane, to.centre[1]), (to.x, to.centre[1])]
        self.edges.append(self.edge(x, v, bent(points, 11)))

    # -- what all steps share

    def draw_rails(self, top: float) -> float:
        """The shared weights under the columns, each once, with a tap for every use; returns where they end."""
        y = top
        if self.plan.lesser:
            y = self.lesser_rail(y) + 6.0
        for v in self.plan.rails[len(self.plan.lesser) :]:
            main = v is self.graph.weight and self.backward
            h = 62.0 if main else 33.0
            y += 5.0 if main and v is not self.plan.rails[0] else 0.0
            self.rail(v, y, h, main)
            y += h + 6.0
        return y

    def lesser_rail(self, y: float) -> float:
        """The weights for which the page has no rail of their own, by name."""
        names = ", ".join(v.full_name for v in self.plan.lesser)
        count = str(len(self.plan.lesser))
        full = self.words["rails more"].format(count=count, names=names)
        text, size = fonts.fit([full, self.words["rails more"].partition(":")[0].format(count=count)], LEFT, (19, 18))
        self.texts.append(Text(self.left + 12, y + 23, text, size, False, "weight"))
        return y + 33.0

    def rail(self, v: Value, y: float, h: float, main: bool) -> None:
        """One weight's box, its line, and its taps."""
        kind, fill, stroke = self.style(v)
        box = Box(self.graph.id[v], self.left, y, LEFT, h, fill, stroke, 4 if main else 2, 13 if main else 9, kind=kind)
        box.title = formulas.equation(v, self.graph)
        self.boxes[v] = box
        self.rail_words(box, v, main)
        level, width = y + h / 2, 4.5 if main else 2.2
        colour = "weight line" if v.kind == "weight" else "line"
        if self.taps[v]:
            self.marks.append(Mark(line((box.right, level), (max(self.taps[v]), level)), "", colour, width, kind="rail"))
        for key, upper, x, end, bottom in self.waiting:
            if key is v:
                self.marks.append(Mark(circle(x, level, 6.5 if main else 4.5), colour, kind="tap"))
                turn = bottom + 12 + 5 * (self.taps_before(upper, key) % 4)
                path = bent([(x, level), (x, turn), (end, turn), (end, bottom)] if end != x else [(x, level), (x, bottom)])
                self.edges.append(Edge(box.id, self.graph.id[upper], path, colour, width * 0.8 if main else width, "head",
                                       kind="tap", on="column"))  # fmt: skip

    def taps_before(self, upper: Value, key: Value) -> int:
        """How many taps reach the same box from earlier rails: each turns a little lower."""
        return [k for k, box, *_ in self.waiting if box is upper].index(key)

    def rail_words(self, box: Box, v: Value, main: bool) -> None:
        """The name, its number or shape, and its gradient; for the singled-out weight its count of uses."""
        name = v.full_name
        what = value_words(v, "none" if self.plan.values == "none" else "auto") or shape(v.array)
        if main:
            self.main_words(box, v, f"{name}  {what}")
            return
        if v.computed:
            forms = [form for form in formulas.forms(v, self.graph) if form != name]
            text, size = fonts.fit([*forms, f"{name}  {what}", name], box.w - 24, (19, 18), True)
            box.texts.append(Text(box.x + 12, box.y + 23, text, size, True, "ink", "start", box.fill))
            return
        gradient = gradient_words(v, self.graph)[-1:] if v.array.size == 1 else []
        room = box.w - 24
        if gradient:
            spare = fonts.measure(what, 18) + 7
            right_aligned(box, gradient, box.y + 23, room - fonts.measure(name, 18, True) - 10 - spare)
        taken = sum(t.width for t in box.texts) + 12 if gradient else 0
        text, size = fonts.fit(v.names if v.kind == "weight" else [name], room - taken, (19, 18), True)
        used = fonts.measure(text, size, True) + 7
        box.texts.append(Text(box.x + 12, box.y + 23, text, size, True, "ink", "start", box.fill))
        if fonts.measure(what, 18) <= room - taken - used:
            box.texts.append(Text(box.x + 12 + used, box.y + 23, what, 18, False, "ink", "start", box.fill))

    def main_words(self, box: Box, v: Value, full: str) -> None:
        """W_hh 0.9, × 5 uses"""
        x, uses = box.x + box.w / 2, len(v.users)
        title, size = fonts.fit([full, *v.names], box.w - 20, (23, 22, 21, 20, 19, 18), True)
        below = self.words["uses"].format(uses=uses) if uses > 1 else self.words["one use"]
        box.texts += [Text(x, box.y + 27, title, size, True, "ink", "middle", box.fill),
                      Text(x, box.y + 51, below, 19, True, "ink", "middle", box.fill)]  # fmt: skip


def natural(body: Body, height: Callable[[Slot], float], gap: float) -> float:
    """How high a body is with that gap between its rows."""
    rows = [max((height(s) for s in row if s.key is not None), default=20.0) for row in body.rows]
    return sum(rows) + gap * (len(rows) - 1)


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
