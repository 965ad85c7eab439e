"""A net unrolled through time: which boxes stand in a step, which lie outside, and how steps are joined.

A Plan sorts the graph's values into columns (one per step drawn; a run of steps may be drawn as one), a zone for the
states before the first step, a zone for what follows the last, and rails for what all steps share. It decides no position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from . import fonts, formulas
from .cards import PAD, candidate, gradient_words, is_gate, value_words
from .graph import Graph, Value, boxes_of, carried, sources, ways
from .layout import Body
from .naming import spoken
from .slots import Link, Slot

GATE = 43.0  # the least width of a gate's box: "100%"
LEAVES = 380.0  # how wide a row of weights beside the results may be


@dataclass
class Part:
    """Steps that are counted together: those of an encoder, those of its decoder."""

    name: str
    columns: list[Shown]


@dataclass
class Shown:
    """One column of the picture: a step, or a run of steps drawn as one."""

    columns: list[int]
    slots: dict[Slot, Value] = field(default_factory=dict)
    body: Body | None = None
    x: float = 0.0
    w: float = 0.0

    @property
    def gap(self) -> bool:
        return len(self.columns) > 1

    @property
    def last(self) -> int:
        return self.columns[-1]


class Plan:
    """What stands where, in words: columns, states before, results after, rails."""

    def __init__(self, graph: Graph, most: int = 8, values: str = "auto", most_rails: int = 9,
                 only: list[int] | None = None) -> None:  # fmt: skip
        self.graph, self.values = graph, values
        drawn = groups_of_parts(graph, most) if only is None else [[k] for k in only]
        self.columns = [Shown(group) for group in drawn]
        self.drawn = {c.columns[0]: c for c in self.columns if not c.gap}
        self.rails = rails(graph)
        self.lesser = self.rails[: max(0, len(self.rails) - most_rails)]  # shared too, drawn as one rail
        self.initial = [v for v in graph.values if v.initial is not None and v.shown and v not in self.rails]
        self.cuts = [v for v in graph.values if v.cut is not None and v.shown]
        blocks = {graph.columns[c.last].block for c in self.columns}
        self.bodies = [self.body_of(block) for block in sorted(blocks)]
        self.after, self.after_slots = self.results()

    @cached_property
    def skips(self) -> list[tuple[Value, Value]]:
        """The pairs (source, target) that are joined over more than one step, either way, where both are drawn."""
        found = []
        for c in self.drawn.values():
            for x in self.inside(c.last):
                for target in dict.fromkeys(drawn_users(x)):
                    if target.column in self.drawn and abs(target.column - c.last) > 1:
                        found.append((x, target))
        for x in self.initial:
            further = (target for target in dict.fromkeys(drawn_users(x)) if target.column in self.drawn)
            found += [(x, target) for target in further if target.column != self.initial_column(x) and x.late is None]
        return found

    @cached_property
    def risers(self) -> list[tuple[Value, Value]]:
        """The pairs (source, result) where the result takes more than the last step's: they go along above the columns."""
        found = []
        for v in self.after_slots.values():
            senders = [x for x in sources(v) if x.column is not None]
            several = len({x.column for x in senders}) > 1
            found += [(x, v) for x in senders if x.column in self.drawn and (several or x.column != self.columns[-1].last)]
        return found

    @cached_property
    def parts(self) -> list[Part]:
        """The runs of columns that are counted together, each with its loop's name."""
        found: dict[int, Part] = {}
        for c in self.columns:
            block = self.graph.columns[c.last].block
            found.setdefault(block, Part("", [])).columns.append(c)
        for part in found.values():
            part.name = self.part_name(part)
        return list(found.values())

    def part_name(self, part: Part) -> str:
        """The names of the loops that run in a part's columns."""
        return spoken(v.loop for c in part.columns for v in self.inside(c.last) if v.computed)

    @property
    def groups(self) -> list[list[int | None]]:
        """The columns of each pill: those of a drawn column; last, what belongs to no step."""
        drawn: list[list[int | None]] = [list(c.columns) for c in self.columns]
        return [*drawn, [None]]

    def body_of(self, block: int) -> Body:
        """The body that the steps of a block share: one slot per role, one link per pair of roles that is joined."""
        columns = [c for c in self.columns if not c.gap and self.graph.columns[c.last].block == block]
        loops = self.storeys([v for c in columns for v in self.inside(c.last) if v.computed])
        by_name = self.body_with(columns, loops, named_seat)
        return by_name if by_name.upward else self.body_with(columns, loops, lambda v: v.role)

    def body_with(self, columns: list[Shown], loops: list[str], seat: Callable[[Value], Any]) -> Body:
        """One slot per seat, one link per pair of seats that is joined in any of the columns."""
        slots: dict[Any, Slot] = {}
        for c in columns:
            c.slots = {}
            for v in self.inside(c.last):
                slot = slots.setdefault(seat(v), Slot(v.role, leaf=not v.computed, fixed=not v.computed))
                slot.storey = loops.index(v.loop) if v.computed else 0
                slot.need = max(slot.need, self.need(v))
                slot.left_pull |= any(self.from_before(x, v) for x in sources(v))
                c.slots[slot] = v
        first = {slot: next(c.slots[slot] for c in columns if slot in c.slots) for slot in slots.values()}
        order = sorted(first, key=lambda slot: first[slot].order or first[slot].time)
        links: dict[Any, Link] = {}
        for c in columns:
            for slot, v in c.slots.items():
                self.link(slot, v, c, links)
        body = Body(order, list(links.values()))
        for c in columns:
            c.body = body
        return body

    def storeys(self, boxes: list[Value]) -> list[str]:
        """The loops from the bottom: in the order of the program, but what runs backwards stands under its forward twin."""
        loops = list(dict.fromkeys(v.loop for v in boxes))
        fed = {(v.loop, x.loop) for v in boxes for x in sources(v) if x.computed}
        way = ways(boxes)
        for k, (one, other) in enumerate(pairwise(loops)):
            opposed = way.get(one, 0) > 0 > way.get(other, 0)
            if opposed and (other, one) not in fed:
                loops[k : k + 2] = [other, one]
        return loops

    def inside(self, column: int) -> list[Value]:
        """The values with boxes in a step."""
        return [v for v in self.graph.values if v.shown and v.column == column and v.initial is None]

    def from_before(self, x: Value, v: Value) -> bool:
        """Whether x enters v from the step before."""
        return x.initial is not None or x.cut is not None or (x.column is not None and v.column is not None and x.column < v.column)

    def link(self, slot: Slot, v: Value, c: Shown, links: dict[Any, Link]) -> None:
        """The lines that end in a box from inside its step or from below; and the one that rises out of the step."""
        seats = {x: other for other, x in c.slots.items()}
        for x in sources(v):
            if x in self.rails:
                if x in self.lesser:
                    continue
                main = x is self.graph.weight
                links.setdefault((x, slot), Link(None, slot, key=x, order=int(main)))
                if main and any(user.column == c.last and v in boxes_of(user) for user in x.users):
                    links.setdefault(("part", slot), Link(None, slot, key="part", order=2))
            elif x in seats and seats[x] is not slot:
                links.setdefault((seats[x], slot), Link(seats[x], slot, key=x.role))
        for rail in self.rails:
            if rail not in self.lesser and v in sources(rail):
                links.setdefault(("feed", rail, slot), Link(None, slot, key=("feed", rail), order=3))
        if self.rises(v):
            links.setdefault(("rise", slot), Link(slot, None, key="rise"))

    def rises(self, v: Value) -> bool:
        """Whether a value goes out at the top: to a result that takes more than the last step's."""
        users = [user for user in drawn_users(v) if user.column is None and user not in self.rails]
        early = v.column != self.columns[-1].last
        return any(early or len({x.column for x in sources(user)} - {None}) > 1 for user in users)

    def results(self) -> tuple[Body, dict[Slot, Value]]:
        """What follows the last step, with the weights and data that only it uses."""
        out: dict[Value, Slot] = {}
        before = self.before()
        for v in self.graph.shown:
            if v.column is None and v not in self.rails and v.initial is None and v.cut is None and v not in before:
                out[v] = Slot(v, need=self.need(v), leaf=not v.computed, fixed=False)
        links = []
        for v, slot in out.items():
            for x in sources(v):
                if x in out and x is not v:
                    links.append(Link(out[x], slot, key=x))
                elif x in self.rails and x not in self.lesser:
                    links.append(Link(None, slot, key=x))
            slot.left_pull = any(x.column is not None for x in sources(v))
        if self.graph.weight in self.rails:
            links += [Link(None, link.upper, key="part", order=2) for link in links if link.key is self.graph.weight]
        return Body(list(out.values()), links, leaf_room=LEAVES), {slot: v for v, slot in out.items()}

    def before(self) -> set[Value]:
        """What the first states and the rails were computed from, and nothing else uses: it is named in their equations."""
        known = {*self.rails, *self.initial}
        waiting = [x for v in known for x in sources(v)]
        for x in waiting:
            if x not in known and x.column is None and all(user in known for user in drawn_users(x)):
                known.add(x)
                waiting += sources(x)
        return known

    def need(self, v: Value) -> float:
        """The least width in which a box can say its name and value."""
        if is_gate(v) or candidate(v):
            return GATE
        name = fonts.measure(v.full_name if v.kind == "weight" else formulas.name(v, self.graph), 20, True)
        if v.leaf:
            value, gradient = value_words(v, self.values), gradient_words(v, self.graph)[-1:] if v.kind == "weight" else []
            beside = sum(fonts.measure(words, 20, bold) + 8 for words, bold, _ in [(value, False, ""), *gradient] if words)
            return name + beside + 2 * PAD
        numbers = [gradient_words(v, self.graph)[-1:], [(value_words(v, self.values), False, "")]]
        told = numbers if v.column is not None else numbers[:1]  # of a result at least the gradient, beside its name
        beside = sum(fonts.measure(words, 18, bold) + 14 for one in told for words, bold, _ in one if words)
        return max(60.0, name + min(beside, 120.0) + 2 * PAD)

    def let_through(self, c: Shown) -> float:
        """The share of a step that its masks let through; 1 without masks."""
        shares = [v.let_through for v in self.graph.values if v.column == c.last and v.op == "select" and "condition" in v.settings]
        return sum(shares) / len(shares) if shares else 1.0

    def initial_column(self, v: Value) -> int:
        """Where a first state enters."""
        return next(user.column for user in v.users if user.column is not None)


def named_seat(v: Value) -> Any:
    """Where a value stands in its column: where that of its name stands in the others, even if it was computed otherwise."""
    return (v.loop, v.name, v.computed) if v.name else v.role


def drawn_users(v: Value) -> Iterable[Value]:
    """The boxes that use a value."""
    waiting, seen = list(v.users), set(v.users)
    for user in waiting:
        if user.shown:
            yield user
        else:
            new = [u for u in user.users if u not in seen]
            seen.update(new)
            waiting += new


def rails(graph: Graph) -> list[Value]:
    """What several steps share and no step owns: weights, and values computed before the first step; the singled-out last."""
    found = []
    for v in graph.shown:
        outside = v.column is None and v.initial is None and v.cut is None and v is not graph.root
        if outside and any(user.column is not None for user in drawn_users(v)):
            found.append(v)
    return sorted(found, key=lambda v: (v is graph.weight, v in graph.weights, v.kind != "weight"))


def groups_of_parts(graph: Graph, most: int) -> list[list[int]]:
    """Each part's steps by themselves: the longest parts give up steps first, and none is left with fewer than three columns."""
    parts: dict[int, list[int]] = {}
    for k, column in enumerate(graph.columns):
        parts.setdefault(column.block, []).append(k)
    room = {block: len(columns) for block, columns in parts.items()}
    while sum(room.values()) > most and max(room.values()) > 3:
        room[max(room, key=lambda block: room[block])] -= 1
    return [[columns[k] for k in group] for block, columns in parts.items() for group in groups(len(columns), max(room[block], min(3, most)))]


def groups(count: int, most: int) -> list[list[int]]:
    """1, 2, 3, …, 50: all steps where they fit, else the first ones, a run drawn as one, and the last."""
    if count <= most:
        return [[k] for k in range(count)]
    tail = 2 if most >= 5 else 1
    head = max(1, min(most - tail - 1, 3))
    return [*([k] for k in range(head)), list(range(head, count - tail)), *([k] for k in range(count - tail, count))]


def carries(plan: Plan, left: Shown, right: Shown) -> list[tuple[Value, Value]]:
    """The pairs (source, target) that join two neighbouring columns, in either direction."""
    pairs = []
    for here, there in ((left, right), (right, left)):
        for x in plan.inside(here.last if here is left else here.columns[0]):
            goal = there.columns[0] if here is left else there.last
            for target in dict.fromkeys(drawn_users(x)):
                if target.column == goal and any(user.column == goal for user, _ in carried(x)):
                    pairs.append((x, target))
    return pairs
