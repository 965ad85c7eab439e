"""The lines between the columns of an unrolled net: from step to step, over several steps, into the results.

A line leaves a box at its side, or over its row where another box stands in the way; it changes its height in the gutter, each
state in a lane of its own; what goes further than one step runs above the columns. No line passes through a box.
"""

from __future__ import annotations

from typing import Any

from . import formulas
from .graph import Value, carried, sources
from .placed import Placed
from .scene import Box, Edge, Mark, Point, Text, bent, line, rectangle
from .slots import Slot
from .steps import Shown, carries, drawn_users


class Routed(Placed):
    """Adds the lines between columns to what is placed."""

    def edge(self, lower: Value, upper: Value, path: Any, **more: Any) -> Edge:
        """A line between two boxes: black upwards; backward, orange and against the values' way, where a gradient flows."""
        more = {"on": "column", **more}
        flows = self.backward and lower.kind in ("value", "weight") and self.graph.gradient(upper) is not None
        if self.held_back(upper) and not (upper.op == "select" and lower.role == upper.role):
            return Edge(self.graph.id[lower], self.graph.id[upper], path, "line", 1.6, "head", "3 5", "held", **more)
        if not flows:
            grey = "line" if lower.kind in ("data", "number") or self.backward else "ink"
            return Edge(self.graph.id[lower], self.graph.id[upper], path, grey, 2.2, "head", kind="forward", **more)
        return Edge(self.graph.id[lower], self.graph.id[upper], path, "gradient line", 2.8, "tail", kind="backward", **more)

    def held_back(self, v: Value) -> bool:
        """Whether a value belongs to a step that is padding for all: computed, and then not used."""
        column = self.plan.drawn.get(v.column) if v.column is not None else None
        return column is not None and self.plan.let_through(column) == 0.0

    # -- out of a box, into a box; way is 1 to the right, −1 to the left

    def out_of(self, box: Box, slot: Slot | None, c: Shown, way: int, dy: float = 0.0) -> list[Point]:
        """Out at the side; over the row where another box stands there, or under it where the step's number stands above."""
        edge = box.right if way > 0 else box.x
        if slot is None or (slot.last if way > 0 else slot.first):
            return [(edge, box.centre[1] + dy)]
        x = edge - 16 * way
        if slot.rank == max(s.rank for s in c.slots):
            return [(x, box.bottom), (x, box.bottom + self.half)]
        return [(x, box.y), (x, box.y - self.half)]

    def into(self, box: Box, slot: Slot, lane: float, way: int, state: Value, dy: float = 0.0) -> list[Point]:
        """From the lane in at the side, or under the row and up."""
        edge = box.x if way > 0 else box.right
        if slot.first if way > 0 else slot.last:
            return [(lane, box.centre[1] + dy), (edge, box.centre[1] + dy)]
        entry = edge + way * (14 + 10 * self.lanes.get(state.role, 0))
        below = box.bottom + self.half
        return [(lane, below), (entry, below), (entry, box.bottom)]

    @property
    def half(self) -> float:
        """How far from a row a line runs along it."""
        return 16.0 if self.compact else 22.0

    # -- between two neighbours

    def join(self, left: Shown, right: Shown) -> None:
        """The states that go from one column to the next."""
        if left.gap or right.gap:
            self.join_gap(left, right)
            return
        for x, target in carries(self.plan, left, right):
            if only_held(x, target):
                continue
            if x.column == right.columns[0]:
                self.carry_back(self.boxes[x], self.slot(x, right), x, target, left, right)
            else:
                self.carry(self.boxes[x], self.slot(x, left), x, target, right)
                self.hand_over(x, left, right)
        for v in self.plan.cuts:
            for target in drawn_users(v):
                if v.cut is not None and v.cut.column == left.last and target.column == right.columns[0]:
                    self.cut(v, v.cut, target, left, right)

    def hand_over(self, x: Value, left: Shown, right: Shown) -> None:
        """Between two parts, what the one hands to the other is named beside its line."""
        if self.room_before(right) and (box := self.boxes[x]).right > left.x:
            name = formulas.name(x, self.graph)
            further = any(source is x for source, _ in self.plan.skips)
            y = box.centre[1] - (25 if further else 9)
            text = Text(left.x + left.w + INSET_OUT, y, name, 19, True, "ink", "start", kind="hand-over")
            if all(t.text != name or t.kind != text.kind for t in self.texts):
                self.texts.append(text)

    def carry(self, box: Box, slot: Slot | None, x: Value, target: Value, right: Shown) -> None:
        """One state's way through the gutter into a box of the next column."""
        points = self.carried_points(box, slot, x, target, right)
        level = len({round(y, 1) for _, y in points}) == 1
        state = x.initial or x
        if state.role in self.memories and level:
            self.memory(box, self.boxes[target], x, target)
        else:
            self.edges.append(self.edge(x, target, bent(points, 11)))

    def carry_back(self, box: Box, slot: Slot | None, x: Value, target: Value, left: Shown, right: Shown | None) -> None:
        """A state that goes to the step at its left: the same way, mirrored."""
        points = self.points_back(box, slot, x, target, left, right)
        level = len({round(y, 1) for _, y in points}) == 1
        if (x.initial or x).role in self.memories and level:
            self.memory(box, self.boxes[target], x, target)
        else:
            self.edges.append(self.edge(x, target, bent(points, 11)))

    def points_back(self, box: Box, slot: Slot | None, x: Value, target: Value, left: Shown, right: Shown | None) -> list[Point]:
        """carried_points, mirrored."""
        to, goal = self.boxes[target], self.slot(target, left)
        state = x.initial or x
        lane = left.x + left.w + self.gutter - 18 - 12 * self.lanes.get(state.role, 0)
        points = self.out_of(box, slot, right or left, -1)
        if goal.last and abs(to.centre[1] - points[-1][1]) < 1:
            return [*points, (to.right, points[-1][1])]
        return [*points, (lane, points[-1][1]), *self.into(to, goal, lane, -1, state)]

    def carried_points(self, box: Box, slot: Slot | None, x: Value, target: Value, right: Shown) -> list[Point]:
        """Out at the side (or over the row), along the lane, in at the side (or under the row)."""
        to, goal = self.boxes[target], self.slot(target, right)
        state = x.initial or x
        lane = right.x - self.gutter + 18 + 12 * self.lanes.get(state.role, 0)
        points = self.out_of(box, slot, right, 1)
        if goal.first and abs(to.centre[1] - points[-1][1]) < 1:
            return [*points, (to.x, points[-1][1])]
        dy = 0.0 if self.only_entry(target) else self.entry_offset(state)
        return [*points, (lane, points[-1][1]), *self.into(to, goal, lane, 1, state, dy)]

    def only_entry(self, target: Value) -> bool:
        """Whether a single state enters a box from the step before."""
        entering = [s for s in sources(target) if s.initial is not None or s.column not in (None, target.column)]
        return len(entering) < 2

    def entry_offset(self, state: Value) -> float:
        """States that enter the same side do so one below the other."""
        return -9.0 + 18.0 * (self.lanes.get(state.role, 0) % 2)

    def memory(self, box: Box, other: Box, x: Value, target: Value) -> None:
        """The c path: the boldest line of the figure, with the gradient's arrow below it."""
        y = box.centre[1]
        ends = (box.right, other.x) if box.x < other.x else (box.x, other.right)
        arrow = "" if self.backward else "head"
        self.edges.append(Edge(box.id, other.id, line((ends[0], y), (ends[1], y)), "memory line", 7, arrow, kind="memory", on="column"))
        if self.backward and x.kind == "value":
            self.edges.append(self.edge(x, target, line((ends[0], y + 14), (ends[1], y + 14))))

    def cut(self, v: Value, before: Value, target: Value, left: Shown, right: Shown) -> None:
        """A state whose history was cut: its value goes on, and no gradient comes back; two strokes across the line."""
        points = self.carried_points(self.boxes[before], self.slot(before, left), before, target, right)
        edge = Edge(self.graph.id[before], self.graph.id[target], bent(points, 11), "line", 2.2, "head", "6 5", "cut", on="column")
        edge.title = f"{formulas.name(v, self.graph)}.detach()"
        self.edges.append(edge)
        x, y = right.x - self.gutter / 2, points[0][1]
        for dx in (-4.0, 4.0):
            self.over.append(Mark(line((x + dx - 5, y + 13), (x + dx + 5, y - 13)), "", "ink", 3.5, kind="cut"))
        self.over.insert(0, Mark(rectangle(x - 6, y - 7, 12, 14), "ground", kind="patch"))

    # -- over several steps

    def join_skips(self) -> None:
        """What goes further than one step, either way: out at the side, along above the columns, in at the other side."""
        for x, target in self.plan.skips:
            if x not in self.boxes:
                continue
            there = self.plan.drawn[target.column]  # type: ignore[index]
            here = self.plan.drawn.get(x.column)  # type: ignore[arg-type]
            way = 1 if here is None or here.x < there.x else -1
            into = there.x - 18 if way > 0 else there.x + there.w + self.gutter - 30
            if here is None:
                out, slot = self.boxes[x].right + 13, None
            else:
                out, slot = (here.x + here.w + self.gutter - 30 if way > 0 else here.x - 18), self.slot(x, here)
            points = self.out_of(self.boxes[x], slot, here or there, way, -15)
            points += [(out, points[-1][1]), (out, self.level(x)), (into, self.level(x))]
            points += self.into(self.boxes[target], self.slot(target, there), into, way, x.initial or x, 15)
            self.edges.append(self.edge(x, target, bent(points, 11)))

    # -- into and out of the steps that are drawn as one

    def join_gap(self, left: Shown, right: Shown) -> None:
        """Dashed lines into the elided steps and out of them."""
        shown = self.plan.columns
        gap, way = (right, 1) if right.gap else (left, -1)
        here, there = (left, right) if way > 0 else (right, left)
        beyond = shown[shown.index(gap) + way]
        for slot, v in here.slots.items():
            if any(distance * way > 0 for _, distance in carried(v)):
                self.into_gap(v, slot, beyond, there, way)
        for v in self.plan.inside(here.last):
            for x in sources(v):
                if x.column == (gap.columns[0] if way > 0 else gap.last):
                    self.out_of_gap(x, v, shown[shown.index(gap) - 1], gap, here, -way)

    def into_gap(self, v: Value, slot: Slot, after: Shown, gap: Shown, way: int) -> None:
        """From a state to the dots at its height."""
        box = self.boxes[v]
        to = self.boxes[next(w for s, w in after.slots.items() if s is slot)] if slot in after.slots else box
        points = self.out_of(box, slot, self.plan.drawn[v.column], way)  # type: ignore[index]
        edge = self.edge(v, v, bent([*points, (gap.x + gap.w / 2 - 26 * way, points[-1][1])], 11), dash="7 5")
        edge.tail, edge.head = box.id, to.id
        self.edges.append(edge)

    def out_of_gap(self, x: Value, v: Value, before: Shown, gap: Shown, goal: Shown, way: int) -> None:
        """From the dots into the column after them; where time runs backwards, into the one before them."""
        slot = next((s for s, w in before.slots.items() if (w.role, w.name) == (x.role, x.name)), None)
        if slot is None:
            return
        start = gap.x + gap.w / 2 + 26 * way
        ghost = Box(self.graph.id[before.slots[slot]], start, slot.y, 0, slot.h)
        points = self.carried_points(ghost, None, x, v, goal) if way > 0 else self.points_back(ghost, None, x, v, goal, goal)
        edge = self.edge(x, v, bent(points, 11), dash="7 5")
        edge.tail = ghost.id
        if edge.arrow == "tail":
            edge.arrow = ""
        self.edges.append(edge)

    # -- before the first step and after the last

    def join_first(self) -> None:
        """From the first states into the first step; where time runs backwards, into the last."""
        for v in self.plan.initial:
            column = self.plan.drawn.get(self.plan.initial_column(v))
            for target in dict.fromkeys(drawn_users(v)):
                if v not in self.boxes or column is None or target.column != column.last or only_held(v, target):
                    continue
                if v.late is not None:
                    self.carry_back(self.boxes[v], None, v, target, column, None)
                else:
                    self.carry(self.boxes[v], None, v, target, column)

    def join_results(self) -> None:
        """From the last step into the results; what comes from elsewhere goes along a line above the columns."""
        for slot, v in self.plan.after_slots.items():
            for x in sources(v):
                if x.column is not None and x in self.boxes:
                    self.rise(x, v, slot) if (x, v) in self.plan.risers else self.leave(x, v, slot)

    def leave(self, x: Value, v: Value, goal: Slot) -> None:
        """Out of the last step's side, into the side of a result."""
        column = self.plan.drawn[x.column]  # type: ignore[index]
        points = self.out_of(self.boxes[x], self.slot(x, column), column, 1)
        lane = column.x + column.w + (18 if self.backward else 14)
        self.edges.append(self.edge(x, v, bent([*points, (lane, points[-1][1]), *self.enter_result(v, goal, lane)], 11)))

    def rise(self, x: Value, v: Value, goal: Slot) -> None:
        """Up out of the column, along above all columns, down into the result."""
        column = self.plan.drawn[x.column]  # type: ignore[index]
        slot = self.slot(x, column)
        link = next(n for n in column.body.links if n.key == "rise" and n.lower is slot)  # type: ignore[union-attr]
        level = self.level(v)
        route = column.body.route(link, 0, level)  # type: ignore[union-attr]
        points = [(column.x + px, py) for piece in route for px, py in piece]
        lane = self.right - 14 - 6.0 * self.levels.get(v, 0)
        self.edges.append(self.edge(x, v, bent([*points, (lane, level), *self.enter_result(v, goal, lane)], 11)))

    def enter_result(self, v: Value, goal: Slot, lane: float) -> list[Point]:
        """In at the side of a result, or under its row and up."""
        to = self.boxes[v]
        if goal.first:
            return [(lane, to.centre[1]), (to.x, to.centre[1])]
        below = to.bottom + 14
        return [(lane, below), (to.x + 14, below), (to.x + 14, to.bottom)]


INSET_OUT = 14.0  # from a column to the name of what it hands over


def only_held(x: Value, target: Value) -> bool:
    """Whether a state enters the next only for where a mask holds it back, and the mask holds nothing back."""
    if target.op != "select" or target.let_through < 1 or len(target.inputs) < 2:
        return False
    new = target.inputs[0]
    return x not in ([new] if new.shown else sources(new))
