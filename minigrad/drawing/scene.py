"""What a drawn picture consists of: boxes with texts, edges between them, and marks; in pixels, y downwards.

Every view ends in a Scene and every writer (SVG, PNG, PDF, DOT, HTML) begins with one, so that a view knows no file
format and a writer no net. Colours are names of roles in a theme; positions stay readable, and the tests read them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from .fonts import measure

Point = tuple[float, float]
ASCENT, DESCENT = 0.73, 0.21  # of capitals and of g, in ems


@dataclass
class Text:
    """One line of text; (x, y) is its baseline's start, middle or end, `on` the colour that it stands on."""

    x: float
    y: float
    text: str
    size: float = 20
    bold: bool = False
    colour: str = "ink"
    anchor: str = "start"
    on: str = "ground"
    kind: str = ""

    @property
    def width(self) -> float:
        return measure(self.text, self.size, self.bold)

    @property
    def left(self) -> float:
        return self.x - self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return self.left, self.y - ASCENT * self.size, self.left + self.width, self.y + DESCENT * self.size


class Path(NamedTuple):
    """Commands of an SVG path: ("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y), ("Z",)."""

    commands: tuple[tuple, ...]

    @property
    def start(self) -> Point:
        return self.commands[0][-2:]

    @property
    def end(self) -> Point:
        return self.commands[-1][-2:]

    @property
    def points(self) -> list[Point]:
        """The corners and the ends of curves, for tests and for DOT."""
        return [command[-2:] for command in self.commands if len(command) > 1]

    def along(self, count: int = 12) -> list[Point]:
        """Points on the path, so many on each of its pieces."""
        found, here = [self.start], self.start
        for command in self.commands[1:]:
            corners = [here, *(command[k : k + 2] for k in range(1, len(command), 2))]
            for k in range(1, count + 1):
                found.append(on_curve(corners, k / count))
            here = corners[-1]
        return found

    def moved(self, dx: float, dy: float) -> Path:
        """The same path elsewhere."""
        return Path(tuple((c[0], *(x + (dy if k % 2 else dx) for k, x in enumerate(c[1:]))) for c in self.commands))


def on_curve(corners: Sequence[Point], t: float) -> Point:
    """de Casteljau: the point of the Bézier curve with these control points; two of them make a straight line."""
    while len(corners) > 1:
        corners = [((1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]) for a, b in pairwise(corners)]
    return corners[0]


@dataclass
class Mark:
    """A shape that is neither box nor edge: a bar, a rail, an arrowhead, a dashed line."""

    path: Path
    fill: str = ""
    stroke: str = ""
    width: float = 0
    dash: str = ""
    kind: str = ""
    on: str = "ground"
    title: str = ""
    opacity: float = 1.0


@dataclass
class Box:
    """A rounded rectangle with its texts and marks inside; `id` is unique in the scene."""

    id: str
    x: float
    y: float
    w: float
    h: float
    fill: str = "value fill"
    stroke: str = "value line"
    width: float = 2
    radius: float = 10
    dash: str = ""
    kind: str = "value"
    title: str = ""
    texts: list[Text] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    step: int | None = None
    row: int | None = None

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def centre(self) -> Point:
        return self.x + self.w / 2, self.y + self.h / 2


@dataclass
class Edge:
    """A line from the box `tail` to the box `head` (as values flow); `arrow` says at which ends it points."""

    tail: str
    head: str
    path: Path
    stroke: str = "line"
    width: float = 2.5
    arrow: str = "head"
    dash: str = ""
    kind: str = "value"
    title: str = ""
    on: str = "ground"


Item = Box | Edge | Mark | Text


@dataclass
class Scene:
    """The items in the order in which they are painted, and the words for whoever cannot see them."""

    width: float
    height: float
    title: str = ""
    description: str = ""
    items: list[Item] = field(default_factory=list)
    smallest: float = 18  # no text is smaller, at this scene's size
    text: str = ""  # the picture for a terminal

    def add(self, *items: Item) -> None:
        self.items.extend(items)

    @property
    def boxes(self) -> list[Box]:
        return [item for item in self.items if isinstance(item, Box)]

    @property
    def edges(self) -> list[Edge]:
        return [item for item in self.items if isinstance(item, Edge)]

    @property
    def texts(self) -> list[Text]:
        inside = [text for box in self.boxes for text in box.texts]
        return inside + [item for item in self.items if isinstance(item, Text)]

    def box(self, id: str) -> Box:
        """The box of that id."""
        return next(box for box in self.boxes if box.id == id)


def line(*points: Point) -> Path:
    """A polyline."""
    return Path(tuple(("L" if k else "M", x, y) for k, (x, y) in enumerate(points)))


def polygon(*points: Point) -> Path:
    """A closed polyline."""
    return Path((*line(*points).commands, ("Z",)))


def rectangle(x: float, y: float, w: float, h: float) -> Path:
    """A rectangle with sharp corners."""
    return polygon((x, y), (x + w, y), (x + w, y + h), (x, y + h))


ARC = 0.5523  # a quarter circle as a cubic curve


def rounded_rectangle(x: float, y: float, w: float, h: float, r: float) -> Path:
    """A rectangle whose corners are quarter circles of radius r."""
    r = min(r, w / 2, h / 2)
    k = r * (1 - ARC)
    right, bottom = x + w, y + h
    return Path((
        ("M", x + r, y), ("L", right - r, y), ("C", right - k, y, right, y + k, right, y + r),
        ("L", right, bottom - r), ("C", right, bottom - k, right - k, bottom, right - r, bottom),
        ("L", x + r, bottom), ("C", x + k, bottom, x, bottom - k, x, bottom - r),
        ("L", x, y + r), ("C", x, y + k, x + k, y, x + r, y), ("Z",),
    ))  # fmt: skip


def circle(x: float, y: float, r: float) -> Path:
    """A circle, as four curves."""
    return rounded_rectangle(x - r, y - r, 2 * r, 2 * r, r)


def bent(points: Sequence[Point], radius: float = 12) -> Path:
    """A polyline with rounded corners: the way edges turn."""
    points = without_repeats(points)
    commands: list[tuple] = [("M", *points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        start, end = towards(corner, before, r), towards(corner, after, r)
        first, second = towards(corner, before, r * (1 - ARC)), towards(corner, after, r * (1 - ARC))
        commands += [("L", *start), ("C", *first, *second, *end)]
    return Path((*commands, ("L", *points[-1])))


def curve(start: Point, end: Point, vertical: bool = True) -> Path:
    """A cubic curve that leaves and arrives upright (or level)."""
    (x0, y0), (x1, y1) = start, end
    bend = 0.5 * ((y1 - y0) if vertical else (x1 - x0))
    controls = (x0, y0 + bend, x1, y1 - bend) if vertical else (x0 + bend, y0, x1 - bend, y1)
    return Path((("M", x0, y0), ("C", *controls, x1, y1)))


def without_repeats(points: Iterable[Point]) -> list[Point]:
    """The points without the ones that repeat the one before, or lie on a straight line between their neighbours."""
    kept: list[Point] = []
    for point in points:
        if kept and math.dist(kept[-1], point) < 0.01:
            continue
        while len(kept) > 1 and abs(cross(kept[-2], kept[-1], point)) < 0.01 and between(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept if len(kept) > 1 else kept * 2


def cross(a: Point, b: Point, c: Point) -> float:
    """(b − a) × (c − a): twice the signed area of the triangle."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def between(a: Point, b: Point, c: Point) -> bool:
    """Whether b lies on the way from a to c, not behind either."""
    return (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) >= 0


def towards(start: Point, end: Point, distance: float) -> Point:
    """The point at that distance from start in the direction of end."""
    length = math.dist(start, end)
    share = distance / length if length else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def arrowhead(tip: Point, behind: Point, size: float) -> Path:
    """A triangle whose tip is at `tip`, pointing away from `behind`."""
    base = towards(tip, behind, size)
    dx, dy = base[0] - tip[0], base[1] - tip[1]
    return polygon(tip, (base[0] - 0.45 * dy, base[1] + 0.45 * dx), (base[0] + 0.45 * dy, base[1] - 0.45 * dx))


def arrow_size(width: float) -> float:
    """How long an arrowhead is on a line of that width."""
    return 8 + 2.2 * width


def with_arrows(edge: Edge) -> tuple[Path, list[Path]]:
    """The edge's line, shortened so that it ends inside its arrowheads, and the arrowheads."""
    commands, heads, size = list(edge.path.commands), [], arrow_size(edge.width)
    if edge.arrow in ("head", "both"):
        tip, last = edge.path.end, commands[-1]
        behind = last[3:5] if last[0] == "C" and math.dist(last[3:5], tip) > 1 else commands[-2][-2:]
        heads.append(arrowhead(tip, behind, size))
        commands[-1] = (*last[:-2], *towards(tip, behind, size * 0.8))
    if edge.arrow in ("tail", "both"):
        tip, after = edge.path.start, commands[1][1:3]
        heads.append(arrowhead(tip, after, size))
        commands[0] = ("M", *towards(tip, after, size * 0.8))
    return Path(tuple(commands)), heads
