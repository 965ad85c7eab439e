"""Where the boxes of one time step stand: a body of rows, laid out once and stamped for every step.

A box stands one row above the highest of its inputs; an edge that passes a row gets a place of its own in it, and what
comes from below (weights, and the line down to a pill) runs in tracks at the right. The same code places the results
to the right of the last step, and a whole expression, which is a body without time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .scene import Point

SPACE = 8.0  # between two boxes of a row
CHANNEL = 20.0  # the width that a passing edge has in a row
APART = 20.0  # between two lines that enter or leave the same side
LIGHT = 0.05  # how much a leaf counts where boxes push each other aside


@dataclass(eq=False)
class Slot:
    """A place for a box in the body: what it holds (`key`), how wide it must be, and, once placed, where it is."""

    key: Any
    need: float = 0.0
    leaf: bool = False
    storey: int = 0  # layers stand one above the other
    fixed: bool = False  # keeps the width that it needs instead of sharing what is left
    rank: int = 0
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0
    first: bool = False  # the leftmost, the rightmost box of its row: a line can reach it from the side
    last: bool = False
    left_pull: bool = False  # something enters from the step before: stand at the left
    right_pull: bool = False  # a way out at the top: stand at the right
    ceiling: bool = False  # above all others

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h


@dataclass(eq=False)
class Link:
    """A line inside a body, upwards: from a slot (None: from below the body) to a slot (None: out at the top)."""

    lower: Slot | None
    upper: Slot | None
    key: Any = None
    order: int = 0  # among those from below to the same slot: higher stands further right
    mids: list[Slot] = field(default_factory=list)  # the places that it passes, one per row
    track: float = 0.0  # the x of one that comes from below
    ends: tuple[float, float] = (0.0, 0.0)  # where it leaves the lower and reaches the upper


class Body:
    """Rows of slots, bottom row first, with the links between them; `sinking` leaves stay at the very bottom.

    Leaves that need more than `leaf_room` beside each other stand in several rows.
    """

    def __init__(self, slots: Sequence[Slot], links: Sequence[Link], sinking: bool = True, leaf_room: float = float("inf")) -> None:
        self.slots, self.links = list(slots), list(links)
        self.width = 0.0
        self.top = 0.0
        rank(self.slots, self.links)
        if not sinking:
            rise_to_users(self.links)
        to_the_top(self.slots)
        wrap_leaves(self.slots, leaf_room)
        self.rows = ordered_rows(self.slots, self.links)

    @property
    def upward(self) -> bool:
        """Whether every line goes up."""
        return all(link.lower.rank < link.upper.rank for link in self.links if link.lower and link.upper)

    def place(self, width: float, top: float, bottom: float, height: Callable[[Slot], float], pitch: float = 24) -> None:
        """Decide every x, y, width and height: rows spread evenly from `top` down to `bottom`."""
        self.width, self.top = width, top
        self.set_tracks(pitch)
        for k, row in enumerate(self.rows):
            spread(row, self.limit(k))
        self.set_heights(top, bottom, height)
        for k in range(len(self.rows) + 1):
            self.join(k)

    def place_freely(self, space: float, top: float, height: Callable[[Slot], float], gap: float) -> None:
        """Every box as wide as it needs, near what it is joined to, however wide that makes the whole."""
        relax(self.rows, self.links, space)
        self.width = max(slot.right for row in self.rows for slot in row)
        bottom = top + sum(self.row_heights(height)) + gap * (len(self.rows) - 1)
        self.set_heights(top, bottom, height)
        for k in range(len(self.rows) + 1):
            self.join(k)

    def tracks(self, most: int = 5) -> list[list[Link]]:
        """The lines from below, from left to right: those to higher rows further right, so that none passes through a box.

        Where there are many, those of order 0 to the same slot share a track.
        """
        links = [link for link in self.links if link.lower is None and link.upper is not None]
        place = {slot: k for k, slot in enumerate(self.slots)}
        links.sort(key=lambda link: (link.upper.rank, place[link.upper], link.order))  # type: ignore[union-attr, index]
        found: dict[Any, list[Link]] = {}
        for link in links:
            alone = len(links) <= most or link.order
            found.setdefault(link if alone else link.upper, []).append(link)
        return list(found.values())

    def set_tracks(self, pitch: float) -> None:
        """Give every line from below its x, at the right of the body."""
        tracks = self.tracks()
        start = self.width - 16 - pitch * (len(tracks) - 1)
        for k, together in enumerate(tracks):
            for link in together:
                link.track = start + pitch * k

    def least_width(self, pitch: float) -> float:
        """How wide the body must be for every box to have what it needs."""
        ranks = [together[0].upper.rank for together in self.tracks() if together[0].upper]
        widest = 0.0
        for k, row in enumerate(self.rows):
            passing = sum(rank > k for rank in ranks)
            reserved = 30.0 + pitch * (passing - 1) if passing else 0.0
            widest = max(widest, sum(slot.need for slot in row) + SPACE * (len(row) - 1) + reserved)
        return widest

    def limit(self, k: int) -> float:
        """How far to the right the boxes of row k may reach: not into a track that passes."""
        passing = [link.track for link in self.links if link.lower is None and (not link.upper or link.upper.rank > k)]
        return min(passing, default=self.width + 14) - 14

    def set_heights(self, top: float, bottom: float, height: Callable[[Slot], float]) -> None:
        """Every box of a row has the row's height; what is left between top and bottom goes between the rows."""
        heights = self.row_heights(height)
        gap = (bottom - top - sum(heights)) / max(1, len(self.rows) - 1)
        y = bottom
        for row, h in zip(self.rows, heights, strict=True):
            for slot in row:
                slot.h, slot.y = (h, y - h)
            y -= h + gap

    def row_heights(self, height: Callable[[Slot], float]) -> list[float]:
        """How high every row is."""
        return [max((height(slot) for slot in row if slot.key is not None), default=20.0) for row in self.rows]

    def join(self, k: int) -> None:
        """Where the lines between row k − 1 and row k start and end: upright where they can be, never on each other."""
        crossing = [piece for link in self.links for piece in pieces(link, len(self.rows), self.width) if piece.row == k]
        straight(crossing, APART)
        for piece in crossing:
            start, end = piece.link.ends
            piece.link.ends = (piece.low if piece.first else start, piece.high if piece.final else end)

    def route(self, link: Link, low: float, high: float) -> list[tuple[Point, Point]]:
        """The link as pieces from gap to gap: each starts on top of a row (or at y = low) and ends under the next."""
        points: list[tuple[Point, Point]] = []
        x, y = link.ends[0], link.lower.y if link.lower else low
        for mid in link.mids:
            centre = link.track if link.lower is None else mid.x + mid.w / 2
            points.append(((x, y), (centre, mid.bottom)))
            x, y = centre, mid.y
        points.append(((x, y), (link.ends[1], link.upper.bottom if link.upper else high)))
        return points


@dataclass
class Piece:
    """The part of a link between two rows, with the intervals in which it may end below and above."""

    link: Link
    row: int  # the row that it reaches
    below: tuple[float, float]
    above: tuple[float, float]
    first: bool
    final: bool
    low: float = 0.0
    high: float = 0.0


def pieces(link: Link, rows: int, width: float) -> list[Piece]:
    """The link cut at every row that it passes."""
    row = 0 if link.lower is None else link.lower.rank + 1
    stops: list[tuple[float, float]] = [(link.track, link.track) if link.lower is None else inside(link.lower)]
    for mid in link.mids:
        x = link.track if link.lower is None else mid.x + mid.w / 2
        stops.append((x, x))
    beside = (width - 52.0, width - 12.0)  # of the step's number
    if link.upper is None and link.lower is not None and not link.mids:
        right = min(beside[1], link.lower.right - CHANNEL / 2)
        stops[0] = (min(max(beside[0], link.lower.x + CHANNEL / 2), right), right)
    stops.append(inside(link.upper) if link.upper else beside if link.mids else stops[-1])
    last = len(stops) - 2
    return [Piece(link, row + k, stops[k], stops[k + 1], k == 0, k == last) for k in range(last + 1)]


def inside(slot: Slot) -> tuple[float, float]:
    """Where along its top or bottom a line may meet a box."""
    margin = min(CHANNEL / 2, slot.w / 2)
    return slot.x + margin, slot.right - margin


def straight(crossing: list[Piece], apart: float) -> None:
    """Give every piece its two ends; neighbours keep a distance as far as their boxes allow."""
    for piece in crossing:
        low, high = max(piece.below[0], piece.above[0]), min(piece.below[1], piece.above[1])
        middle = (low + high) / 2
        piece.low, piece.high = clamp(middle, piece.below), clamp(middle, piece.above)
    for side, interval in (("high", "above"), ("low", "below")):
        separate(crossing, side, interval, apart)
    for piece in crossing:
        low, high = max(piece.below[0], piece.above[0]), min(piece.below[1], piece.above[1])
        if low <= high and piece.low != piece.high:
            common = clamp(piece.high, (low, high))
            if not any(abs(other.low - common) < apart / 2 or abs(other.high - common) < apart / 2
                       for other in crossing if other is not piece):  # fmt: skip
                piece.low = piece.high = common


def separate(crossing: list[Piece], side: str, interval: str, apart: float) -> None:
    """Push the ends at one side apart, from left to right and back again, each within its own interval."""
    order = sorted(crossing, key=lambda piece: (getattr(piece, side), piece.low, piece.high))
    for before, after in pairwise(order):
        wanted = max(getattr(after, side), getattr(before, side) + apart)
        setattr(after, side, clamp(wanted, getattr(after, interval)))
    for after, before in pairwise(order[::-1]):
        wanted = min(getattr(before, side), getattr(after, side) - apart)
        setattr(before, side, clamp(wanted, getattr(before, interval)))


def clamp(x: float, interval: tuple[float, float]) -> float:
    """x, or the nearer end of the interval."""
    return min(max(x, interval[0]), interval[1]) if interval[0] <= interval[1] else sum(interval) / 2


def rank(slots: list[Slot], links: list[Link]) -> None:
    """rank = 1 + the highest rank of the inputs; leaves stand at the bottom, and a storey above all of the storey below."""
    inputs: dict[Slot, list[Slot]] = {slot: [] for slot in slots}
    for link in links:
        if link.lower is not None and link.upper is not None:
            inputs[link.upper].append(link.lower)
    top = 0 if any(slot.leaf for slot in slots) else -1
    for slot in slots:
        slot.rank = 0
    for storey in sorted({slot.storey for slot in slots}):
        inside = [slot for slot in slots if slot.storey == storey and not slot.leaf]
        for _ in inside:  # as a rule inputs come first, and once is enough; never more often than there are boxes
            before = [slot.rank for slot in inside]
            for slot in inside:
                slot.rank = max([top + 1, *(x.rank + 1 for x in inputs[slot])])
            if before == [slot.rank for slot in inside]:
                break
        top = max([top, *(slot.rank for slot in inside)])


def rise_to_users(links: list[Link]) -> None:
    """A leaf stands right under the lowest of its users."""
    lowest: dict[Slot, int] = {}
    for link in links:
        if link.lower is not None and link.upper is not None and link.lower.leaf and link.lower.key is not None:
            lowest[link.lower] = min(lowest.get(link.lower, link.upper.rank), link.upper.rank)
    for leaf, above in lowest.items():
        leaf.rank = above - 1


def to_the_top(slots: list[Slot]) -> None:
    """Ways out stand in a row of their own above all others."""
    highest = max((slot.rank for slot in slots if not slot.ceiling), default=0)
    for slot in slots:
        slot.rank = highest + 1 if slot.ceiling else slot.rank


def wrap_leaves(slots: list[Slot], room: float) -> None:
    """The leaves of the bottom row in as many rows as they need; everything else moves up."""
    rows: list[float] = [0.0]
    place = {}
    for slot in slots:
        if slot.leaf and slot.rank == 0:
            if rows[-1] and rows[-1] + SPACE + slot.need > room:
                rows.append(0.0)
            rows[-1] += SPACE + slot.need
            place[slot] = len(rows) - 1
    for slot in slots:
        slot.rank = place.get(slot, slot.rank + len(rows) - 1)


def relax(rows: list[list[Slot]], links: list[Link], space: float, sweeps: int = 24) -> None:
    """Widths as needed; each box moves to the mean of what it is joined to, as far as its neighbours in the row let it."""
    around: dict[Slot, list[Slot]] = {slot: [] for row in rows for slot in row}
    for link in links:
        chain = [x for x in (link.lower, *link.mids, link.upper) if x is not None and x in around]
        for a, b in pairwise(chain):
            couple(a, b, around)
    for row in rows:
        x = 0.0
        for slot in row:
            slot.w, slot.x = slot.need, x
            x += slot.need + space
    places = {slot: k for k, row in enumerate(rows) for slot in row}
    below = {slot: [x for x in leading(found) if places[x] < places[slot]] for slot, found in around.items()}
    for sweep in range(sweeps):
        for row in rows if sweep % 2 else rows[::-1]:
            keep_order(row, [mean(leading(around[slot]), slot) for slot in row], space)
    for row in rows:  # at last upwards, so that a chain is upright
        keep_order(row, [mean(below[slot] or leading(around[slot]), slot) for slot in row], space)
    left = min(slot.x for row in rows for slot in row)
    for row in rows:
        for slot in row:
            slot.x -= left


def leading(around: list[Slot]) -> list[Slot]:
    """What a box stands above or below: other results, and leaves only where there is nothing else."""
    return [slot for slot in around if not slot.leaf] or around


def mean(around: list[Slot], slot: Slot) -> float:
    """The middle of what is around a box; its own where there is nothing."""
    return sum(other.x + other.w / 2 for other in around or [slot]) / len(around or [slot])


def keep_order(row: list[Slot], wanted: list[float], space: float) -> None:
    """Pool adjacent violators: the centres nearest to the wanted ones at which no two boxes of the row come too close.

    Leaves give way: they count little.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (a.w + b.w) / 2 + space)
    pools: list[tuple[float, float, int]] = []
    for slot, x, offset in zip(row, wanted, offsets, strict=True):
        weight = LIGHT if slot.leaf else 1.0
        total, heavy, count = weight * (x - offset), weight, 1
        while pools and pools[-1][0] / pools[-1][1] > total / heavy:
            before = pools.pop()
            total, heavy, count = total + before[0], heavy + before[1], count + before[2]
        pools.append((total, heavy, count))
    centres = [total / heavy for total, heavy, count in pools for _ in range(count)]
    for slot, centre, offset in zip(row, centres, offsets, strict=True):
        slot.x = centre + offset - slot.w / 2


def ordered_rows(slots: list[Slot], links: list[Link]) -> list[list[Slot]]:
    """The rows from the bottom, with places for passing edges, ordered so that lines cross little (barycentres)."""
    count = max((slot.rank for slot in slots), default=0) + 1
    rows: list[list[Slot]] = [[] for _ in range(count)]
    for slot in slots:
        rows[slot.rank].append(slot)
    neighbours: dict[Slot, list[Slot]] = {slot: [] for slot in slots}
    for link in links:
        chain_up(link, rows, neighbours, count)
    for sweep in range(6):
        places = {slot: (k + 0.5) / len(row) for row in rows for k, slot in enumerate(row)}
        for row in rows[1:] if sweep % 2 == 0 else rows[-2::-1]:
            row.sort(key=lambda slot: (slot.right_pull, not slot.left_pull, barycentre(slot, neighbours, places)))
            places |= {slot: (k + 0.5) / len(row) for k, slot in enumerate(row)}
    for row in rows:
        boxes = [slot for slot in row if slot.key is not None]
        if boxes:
            boxes[0].first = boxes[-1].last = True
    return rows


def chain_up(link: Link, rows: list[list[Slot]], neighbours: dict[Slot, list[Slot]], count: int) -> None:
    """Places for a link in every row between its ends; one from below needs none beside the boxes, it has its track."""
    low = link.lower.rank if link.lower is not None else -1
    high = link.upper.rank if link.upper is not None else count
    before = link.lower
    for k in range(low + 1, high):
        mid = Slot(None, need=CHANNEL, fixed=True, rank=k, right_pull=link.upper is None)
        link.mids.append(mid)
        neighbours[mid] = []
        rows[k].append(mid) if link.lower is not None else None
        couple(before, mid, neighbours)
        before = mid if link.lower is not None else None
    couple(before, link.upper, neighbours)


def couple(a: Slot | None, b: Slot | None, neighbours: dict[Slot, list[Slot]]) -> None:
    """a and b want to stand above each other."""
    if a is not None and b is not None:
        neighbours[a].append(b)
        neighbours[b].append(a)


def barycentre(slot: Slot, neighbours: dict[Slot, list[Slot]], places: dict[Slot, float]) -> float:
    """The mean place of what the slot is joined to; where it stands now if to nothing."""
    around = [places[other] for other in neighbours[slot] if other in places]
    return sum(around) / len(around) if around else places[slot]


def spread(row: list[Slot], width: float) -> None:
    """Widths and positions along a row: passing edges and leaves keep what they need, the other boxes share the rest."""
    free = width - sum(slot.need for slot in row) - SPACE * (len(row) - 1)
    growing = [slot for slot in row if not slot.fixed]
    shrink = 1.0 if free >= 0 else max(0.2, 1 + free / max(1.0, sum(s.need for s in row if s.key is not None)))
    x = 0.0
    for slot in row:
        slot.w = slot.need * (shrink if slot.key is not None else 1.0)
        if free > 0 and not slot.fixed:
            slot.w += free / len(growing)
        slot.x = x
        x += slot.w + SPACE
