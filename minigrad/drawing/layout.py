"""Where the boxes of one time step stand: a body of rows, laid out once and stamped for every step.

A box stands one row above the highest of its inputs; an edge that passes a row gets a place of its own in it, and what
comes from below (weights, and the line down to a pill) runs in tracks at the right. The same code places the results
to the right of the last step, and a whole expression, which is a body without time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .rows import ordered_rows, rank, relax, rise_to_users, spread, to_the_top, wrap_leaves
from .scene import Point
from .slots import CHANNEL, SPACE, Link, Slot

APART = 20.0  # between two lines that enter or leave the same side


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
