"""A graph that is deeper than its page is high, cut into bands: the lower rows stand at the left, the next ones beside them.

Each band is a body of its own. What is used in a later band goes out at the top of its own, down between the two, and in at the
bottom of the next; several users share that way. One band is the plain picture, inputs at the bottom and the result on top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .layout import Body
from .rows import rank, rise_to_users
from .scene import Point
from .slots import Link, Slot

LANE, LEVEL = 17.0, 15.0  # between ways that go down, and between those that go across
BESIDE = 26.0  # from a band to the first way beside it
PORT = 20.0  # the width of a place at which a way goes in or out


class Bands:
    """Where every slot stands and which way every link takes; call `place`, then read `shift`, `route`, `width`, `bottom`."""

    def __init__(self, slots: Sequence[Slot], links: Sequence[Link], count: int = 1) -> None:
        self.links = list(links)
        rank(list(slots), self.links)
        rise_to_users(self.links)
        lowest = min((slot.rank for slot in slots if not slot.leaf), default=0)
        highest = max(slot.rank for slot in slots)
        each = max(1, -(-(highest - lowest + 1) // count))
        self.band = {slot: max(0, slot.rank + slot.leaf - lowest) // each for slot in slots}
        self.count = max(self.band.values()) + 1
        self.ins: dict[tuple[Slot, int], Slot] = {}
        self.outs: dict[tuple[Slot, int], Slot] = {}
        self.inner: dict[tuple[Slot, Slot], Link] = {}
        for link in self.links:
            self.cut(link)
        places = [*slots, *self.ins.values(), *self.outs.values()]
        self.bodies = []
        for k in range(self.count):
            inside = [slot for slot in places if self.band[slot] == k]
            within = [link for (low, _), link in self.inner.items() if self.band[low] == k]
            self.bodies.append(Body(inside, within, sinking=False))

    def cut(self, link: Link) -> None:
        """A link as one inside a band, or as one to the way out, through the bands between, and one from the way in."""
        assert link.lower is not None and link.upper is not None
        here = link.lower
        for k in range(self.band[link.lower], self.band[link.upper]):
            out = self.outs.setdefault((link.lower, k), Slot(None, need=PORT, fixed=True, ceiling=True))
            way_in = self.ins.setdefault((link.lower, k + 1), Slot(None, need=PORT, fixed=True, leaf=True))
            self.band[out], self.band[way_in] = k, k + 1
            self.inner.setdefault((here, out), Link(here, out))
            here = way_in
        self.inner[here, link.upper] = link if here is link.lower else Link(here, link.upper, key=link.key)

    def ways(self, k: int) -> list[Slot]:
        """Whose ways go from band k to the next, from the innermost to the outermost."""
        crossing = [low for low, band in self.outs if band == k]
        return sorted(crossing, key=lambda low: -self.outs[low, k].x)

    def place(self, space: float, top: float, height: Callable[[Slot], float], gap: float, beside: float = 0.0) -> None:
        """Every band as wide as it needs, all standing on one line; `beside` is kept free at both sides of each."""
        for body in self.bodies:
            body.place_freely(space, 0.0, height, gap)
        over = max([LEVEL * len(self.ways(k)) for k in range(self.count)], default=0.0)
        highs = [max(slot.bottom for slot in body.slots) for body in self.bodies]
        self.bottom = top + max(over + high if self.ways(k) else high for k, high in enumerate(highs))
        self.shifts: list[Point] = []
        x = beside
        for k, body in enumerate(self.bodies):
            self.shifts.append((x, self.bottom - highs[k]))
            x += body.width + beside
            if k + 1 < self.count:
                x += BESIDE + LANE * (len(self.ways(k)) - 1) + BESIDE + beside / 2
        self.width = x
        self.foot = max([0.0, *(16 + LEVEL * len(self.ways(k)) for k in range(self.count - 1))])
        self.beside = beside

    def shift(self, slot: Slot) -> Point:
        """By how much the slot's band is moved."""
        return self.shifts[self.band[slot]]

    def row(self, slot: Slot) -> int:
        """The slot's row, counted on from band to band."""
        return self.band[slot] * 1000 + slot.rank

    def route(self, link: Link) -> tuple[list[Point], int]:
        """The corners of a link's way, and the place of the one at which its last band begins."""
        assert link.lower is not None and link.upper is not None
        points: list[Point] = []
        here, entered = link.lower, 0
        for k in range(self.band[link.lower], self.band[link.upper]):
            out = self.outs[link.lower, k]
            points += self.within(self.inner[here, out])
            points += self.between(link.lower, k)
            here, entered = self.ins[link.lower, k + 1], len(points)
        return points + self.within(self.inner[here, link.upper]), entered

    def within(self, link: Link) -> list[Point]:
        """A link's corners inside its band."""
        assert link.lower is not None
        dx, dy = self.shift(link.lower)
        body = self.bodies[self.band[link.lower]]
        return [(x + dx, y + dy) for piece in body.route(link, 0, 0) for x, y in piece]

    def between(self, low: Slot, k: int) -> list[Point]:
        """The corners of a way from the top of band k to the bottom of the next."""
        out, way_in = self.outs[low, k], self.ins[low, k + 1]
        order = self.ways(k)
        place, last = order.index(low), len(order) - 1
        level = self.shift(out)[1] + out.bottom - 4 - LEVEL * place
        lane = self.shift(out)[0] + self.bodies[k].width + self.beside + BESIDE + LANE * place
        foot = self.bottom + 16 + LEVEL * (last - place)
        start, end = out.x + out.w / 2 + self.shift(out)[0], way_in.x + way_in.w / 2 + self.shift(way_in)[0]
        return [(start, level), (lane, level), (lane, foot), (end, foot)]
