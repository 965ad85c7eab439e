"""Where the columns of an unrolled net stand: how wide they are, how high, and what needs room between and above them.

From the left: rails' names and first states, the steps of each part (an encoder, its decoder), first states of what runs
backwards, results. Above the columns: the parts' names, and levels for what goes further than one step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from . import cards, fonts
from .cards import STYLES, value_words
from .graph import Value
from .layout import Body
from .notation import shape
from .scene import Box, Edge, Mark, Text
from .slots import Slot
from .steps import GATE, Plan, Shown, carries, drawn_users

MARGIN, LEFT, RIGHT = 36.0, 196.0, 267.0  # the page's edge, the zone of first states, the zone of results
INSET = 7.0  # from a column's ground to its boxes
TOP = 78.0  # where the columns begin
HEADER = 40.0  # for `t = 1`
PITCH = 400.0  # the widest that a column may be
PITCHES = (26.0, 22.0, 18.0, 15.0)  # between two lines from below
NARROW = 1440.0  # the narrowest that a page may be
FIRST = 156.0  # the width of a first state's box
APART = 46.0  # more than a gutter: between an encoder and its decoder
LEVEL = 11.0  # between two lines above the columns


class Placed:
    """The drawing in progress: what is drawn so far, and where columns and rows stand."""

    def __init__(self, plan: Plan, words: Mapping[str, str], backward: bool, labels: Any = None) -> None:
        self.page = 0.0
        self.tall_rows = False  # whether boxes are as high as large letters need
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
        self.levels = self.level_numbers()
        self.taps: dict[Value, list[float]] = {v: [] for v in plan.rails}
        self.waiting: list[tuple[Value, Value, float, float, float]] = []  # taps, until their rail has a height
        self.feeds: list[tuple[Value, Value, float, float]] = []  # lines down into a rail: (rail, box, x at the box, x below it)
        self.parts: list[tuple[Value, int, float, float]] = []  # (box, shown column, x, x below it): lines down to pills
        self.left_width = self.room_for_rails()
        beside = bool(plan.after_slots) or backward and plan.graph.weight is not None  # results, or notes beside a sum
        self.right_width = max(RIGHT, min(520.0, plan.after.least_width(PITCHES[-1]))) if beside else 0.0

    # -- lanes between the columns, levels above them

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

    def level_numbers(self) -> dict[Any, int]:
        """For each source of lines over columns, and each result that takes from several, the lowest level that is free there."""
        last = len(self.graph.columns)
        spans: dict[Any, tuple[int, int]] = {}
        for x, v in self.plan.risers:
            start, end = spans.get(v, (last, last))
            spans[v] = min(start, x.column if x.column is not None else start), end
        for x, target in self.plan.skips:
            start, end = spans.get(x, (last, 0))
            columns = [self.plan.initial_column(x) if x.column is None else x.column, target.column or 0]
            spans[x] = min(start, *columns), max(end, *columns)
        levels: dict[Any, int] = {}
        for key, (start, end) in spans.items():
            busy = {levels[other] for other in levels if spans[other][0] <= end and start <= spans[other][1]}
            levels[key] = next(k for k in range(len(spans)) if k not in busy)
        return levels

    def level(self, key: Any) -> float:
        """The height of a line above the columns."""
        return self.top - 14.0 - LEVEL * self.levels.get(key, 0)

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
        """Between the boxes of two neighbouring columns: a lane for every state, and two for what goes over columns."""
        return 30.0 + 12.0 * max(0, len(self.lanes) - 1) + (26.0 if self.plan.skips else 0.0)

    def rising(self) -> bool:
        """Whether a line runs above the columns."""
        return bool(self.levels)

    def headroom(self) -> float:
        """What stands above the columns: the parts' names, and the lines that run there."""
        lines = 15.0 + LEVEL * max(1, len(set(self.levels.values()))) if self.rising() else 0.0
        return lines + (30.0 if len(self.plan.parts) > 1 else 0.0)

    # -- which values are states, and what that makes them

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
    def memories(self) -> list[Any]:
        """States that only meet elementwise operations on their way: an LSTM's c."""
        states = [v for v in self.graph.values if self.is_state(v)]
        roles = dict.fromkeys(v.role for v in states)
        if len(roles) < 2:
            return []
        return [role for role in roles if all(self.kept(v) for v in states if v.role == role)]

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
        after = [user for user in v.users if user.column not in (None, v.column) and user.path == v.path]
        scaled = all(user.op in ("multiply", "select") and all(x.kind != "weight" for x in user.inputs) for user in after)
        return scaled and all(
            box.role == v.role for user in after for box in ([user] if user.shown else drawn_users(user)))  # fmt: skip

    # -- widths

    def room_for_rails(self) -> float:
        """The left zone: as wide as the longest name of a weight, within reason."""
        full = [f"{v.full_name}  {value_words(v, 'auto') or shape(v.array)}" for v in self.plan.rails if not v.computed]
        return min(300.0, max([LEFT, *(fonts.measure(words, 19, True) + 24 for words in full)]))

    def least_width(self) -> float:
        """How wide the columns must be for what stands in them."""
        return max(body.least_width(PITCHES[-1]) for body in self.plan.bodies)

    def room_before(self, c: Shown) -> float:
        """What stands between a part's first step and the part before: their distance, and first states of its own."""
        if c is self.plan.columns[0] or not any(part.columns[0] is c for part in self.plan.parts):
            return 0.0
        own = any(v.late is None and v.kind != "number" and self.plan.initial_column(v) == c.columns[0] for v in self.plan.initial)
        return APART + (FIRST + 20.0 if own else 0.0)

    def room_after(self, c: Shown) -> float:
        """Room for the first states of what runs backwards: they stand to the right of the last step."""
        late = any(v.late is not None and self.plan.initial_column(v) == c.last for v in self.plan.initial)
        return FIRST + self.gutter if late else 0.0

    def widths(self, width: float | None, column: float = 0.0) -> float:
        """Place the columns, each at least `column` wide; returns the page's width."""
        shown = self.plan.columns
        weights = [0.66 if c.gap else 1.0 for c in shown]
        left = MARGIN + (self.left_width if self.plan.initial or self.plan.rails else 0.0) + self.gutter
        right = self.right_width + 34.0
        between = sum(self.room_before(c) + self.room_after(c) for c in shown)
        room = (width or 1920.0) - left - right - MARGIN - between
        share = room / sum(weights)
        pitch = max(min(share, max(PITCH, self.least_width() + self.gutter)), column + self.gutter if column else 0.0)
        page = width or max(NARROW, left + between + pitch * sum(weights) + right + MARGIN)
        slack = max(0.0, (page - left - right - MARGIN - between - pitch * sum(weights)) / 2)
        self.left = MARGIN + slack
        x = left + slack
        for c, share in zip(shown, weights, strict=True):
            x += self.room_before(c)
            c.x, c.w = x, pitch * share - self.gutter
            x += pitch * share + self.room_after(c)
        self.right = x + 34.0 - self.gutter + 14.0
        return page

    def fits(self) -> bool:
        """Whether the columns are wide enough for what stands in them."""
        return all(body.least_width(PITCHES[-1]) <= c.w for body in self.plan.bodies for c in self.plan.columns
                   if c.body is body)  # fmt: skip

    # -- heights

    def heights(self, room: float | None) -> float:
        """Place every body's rows, as roomy as the page allows; returns where the columns' ground ends."""
        self.top = TOP + self.headroom()
        start = self.top + HEADER
        for height, gap in self.manners(bool(room)):
            bottom = start + max(natural(body, height, gap) for body in self.plan.bodies)
            if room is None or bottom <= room:
                break
        for body in self.plan.bodies:
            width = next(c.w for c in self.plan.columns if c.body is body)
            pitch = next((p for p in PITCHES if body.least_width(p) <= width), PITCHES[-1])
            body.place(width, start, bottom, height, pitch)
        self.compact, self.bottom, self.tall_rows = height not in (self.high, self.tall), bottom, height == self.tall
        self.place_results(start, bottom)
        return bottom + 13.0

    def place_results(self, top: float, bottom: float) -> None:
        """The results stand beside the steps, roomy where they can; beside the rails there is room too."""
        after = self.plan.after
        tall = [(self.tall, 84.0)] if self.tall_rows else []
        beside_rails = 0.0 if any(link.lower is None for link in after.links) else 45.0 * min(3, len(self.plan.rails))
        for height, gap in (*tall, (self.high, 46.0), (self.high, 36.0), (self.low, 36.0), (self.low, 24.0)):
            end = top + natural(after, height, gap)
            if end <= bottom + beside_rails:
                break
        after.place(self.right_width, top, end, height)

    def manners(self, limited: bool) -> list[tuple[Callable[[Slot], float], float]]:
        """How high boxes are and how far their rows apart, from the roomiest to the closest."""
        found: list[tuple[Callable[[Slot], float], float]] = [(self.high, 46.0), (self.low, 36.0), (self.low, 27.0), (self.dense, 24.0)]
        if limited and not self.backward:  # the page is the net's alone
            return [(self.tall, 100.0), (self.tall, 70.0), (self.high, 70.0), *found]
        if max(len(body.rows) for body in self.plan.bodies) > 3:
            return found[1:] if limited else found[1:2]
        return found

    def tall(self, slot: Slot) -> float:
        return 60.0 if slot.leaf else 108.0 if slot.need == GATE else 124.0

    def high(self, slot: Slot) -> float:
        return 44.0 if slot.leaf else 82.0

    def low(self, slot: Slot) -> float:
        return 44.0 if slot.leaf else 60.0 if slot.need == GATE else 50.0

    def dense(self, slot: Slot) -> float:
        return 38.0 if slot.leaf else 54.0 if slot.need == GATE else 40.0


def natural(body: Body, height: Callable[[Slot], float], gap: float) -> float:
    """How high a body is with that gap between its rows."""
    rows = [max((height(s) for s in row if s.key is not None), default=20.0) for row in body.rows]
    return sum(rows) + gap * (len(rows) - 1)
