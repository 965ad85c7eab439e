"""A picture that builds up: one file per step with one layout for slides, or all of them as one animation.

The finished picture is taken apart again. Forward, a step's boxes appear as they were computed, with their values alone and every
arrow pointing onwards; backward, last step first, the gradients come in, the arrows turn round, and the sum under the net grows.
Nothing is laid out anew, so that nothing moves from one slide to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby

from .scene import Box, Edge, Item, Mark, Scene, Text

NEVER = 10**6
MANY = 14  # more operations than this are shown a row at a time, more bars a few at a time
LEAVES = ("weight", "data", "input", "first")
GRADIENT = ("gradient", "against")

Moments = dict[int, tuple[int, int]]  # place in the scene → (when the item appears, when its gradient does)


def scenes(scene: Scene) -> list[Scene]:
    """The frames: the scene with what is known by then, the finished picture last."""
    moments = told(scene)
    present = sorted({m for pair in moments.values() for m in pair if m < NEVER})
    frames = [frame(scene, moments, now) for now in present]
    for k, one in enumerate(frames):
        one.title = f"{scene.title} ({k + 1} / {len(frames)})"
        one.description = news(frames[k - 1] if k else None, one)
    frames[-1].description = scene.description
    return frames


def frame(scene: Scene, moments: Moments, now: int) -> Scene:
    """What of the scene is known at one moment."""
    items = [known(item, moments[k][1], now) for k, item in enumerate(scene.items) if moments[k][0] <= now]
    return replace(scene, items=items)


def known(item: Item, gradient: int, now: int) -> Item:
    """The item as it is, or, as long as its gradient has not come, without it."""
    if gradient == NEVER or gradient <= now:
        return item
    if isinstance(item, Box):
        return replace(item, texts=[t for t in item.texts if t.colour not in GRADIENT])
    if isinstance(item, Edge):
        return replace(item, stroke="ink", width=2.2, arrow="head", kind="forward")
    return item


def news(before: Scene | None, now: Scene) -> str:
    """In words what a frame adds to the one before it: the boxes' equations, and the texts."""
    old = {id(text) for text in before.texts} if before else set()
    seen = {box.id for box in before.boxes} if before else set()
    lines = []
    for box in now.boxes:
        fresh = " ".join(t.text.strip() for t in box.texts if id(t) not in old)
        if box.id not in seen:
            lines.append(box.title or fresh)
        elif fresh:
            lines.append(f"{box.title}: {fresh}")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------ when what appears


def told(scene: Scene) -> Moments:
    """The story of a scene: when each of its items appears, and when it gets its gradient."""
    if any(box.id.startswith("part") for box in scene.boxes):
        return triangle(scene)
    if any(isinstance(item, Mark) and item.kind == "flow" for item in scene.items):
        return flow(scene)
    if any(number_of(box) is not None for box in scene.boxes):
        return Story(scene).moments()
    return from_the_top(scene)


def number_of(box: Box) -> int | None:
    """n12 → 12: values are numbered in the order in which they were computed."""
    return int(box.id[1:]) if box.id[:1] == "n" and box.id[1:].isdigit() else None


class Story:
    """Forward and backward through a recorded graph: groups of boxes in the order in which they were computed, then the same back."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.boxes = scene, {box.id: box for box in scene.boxes}
        self.groups = grouped([box for box in scene.boxes if number_of(box) is not None and box.kind not in LEAVES])
        self.backward = any(t.colour in GRADIENT for box in scene.boxes for t in box.texts) or any(e.kind == "backward" for e in scene.edges)
        self.pills = [box for box in scene.boxes if box.kind == "pill"]
        self.end = 2 * len(self.groups) + 1 if self.backward else len(self.groups)
        self.forward: dict[str, int] = {}
        self.back: dict[str, int] = {}
        for k, group in enumerate(self.groups, 1):
            for box in group:
                self.forward[box.id] = k
                self.back[box.id] = 2 * len(self.groups) + 1 - k
        for box in scene.boxes:
            if box.kind == "entry":
                self.forward[box.id], self.back[box.id] = self.listed(box)
        for box in scene.boxes:
            if box.kind in LEAVES:
                self.leaf(box)

    def leaf(self, box: Box) -> None:
        """Weights and first states are there from the beginning, data comes when it is used; a gradient is whole after its last part."""
        users = [edge.head for edge in self.scene.edges if edge.tail == box.id and edge.head in self.forward and edge.head != box.id]
        early = box.kind in ("weight", "first") and (box.step is None or box.kind == "first")
        self.forward[box.id] = 0 if early or not users else min(self.forward[user] for user in users)
        self.back[box.id] = max((self.back.get(user, self.end) for user in users), default=self.end)

    def moments(self) -> Moments:
        """For every item; what stands under the net comes in the order in which it was added."""
        found, use, late = {}, 0, 0
        for k, item in enumerate(self.scene.items):
            if isinstance(item, Mark) and item.kind in ("dots", "bar"):
                use, late = use + (item.kind == "dots" or not self.dotted(k)), 1
            late = {"ghost": 2, "total": 2, "zero": 3}.get(item.kind, late)
            if isinstance(item, (Text, Mark)) and item.kind in ("legend", "title", "step"):
                found[k] = (0, NEVER)
            elif late and not isinstance(item, Box):
                arrival = self.pill(self.pills[use - 1]) if late == 1 and 0 < use <= len(self.pills) else self.end
                found[k] = ({1: arrival, 2: self.end, 3: self.pill(self.pills[0])}[late], NEVER)
            else:
                found[k] = self.item(item)
        return found

    def dotted(self, k: int) -> bool:
        """Whether the dots from the pill to its bar came just before the bar."""
        before = self.scene.items[k - 1]
        return isinstance(before, Mark) and before.kind == "dots"

    def item(self, item: Item) -> tuple[int, int]:
        """One item of the net."""
        if isinstance(item, Box):
            if item.kind == "pill":
                return self.pill(item), NEVER
            return self.forward.get(item.id, 0), self.back.get(item.id, NEVER) if self.backward else NEVER
        if isinstance(item, Edge):
            return self.edge(item)
        if isinstance(item, Text):
            return self.text(item)
        return self.mark(item), NEVER

    def listed(self, row: Box) -> tuple[int, int]:
        """A line of the tape comes with its box, or with the boxes of the step above it; so does what arrives there."""
        net = [box for group in self.groups for box in group]
        mine = [box.id for box in net if box.title == row.title] or [box.id for box in net if abs(box.x - row.x) < 2]
        return max((self.forward[k] for k in mine), default=0), max((self.back[k] for k in mine), default=self.end)

    def visited(self, x: float, y: float) -> int:
        """When backward comes to the box on whose upper edge a number stands."""
        return next((self.back[box.id] for box in self.boxes.values() if box.id in self.back and box.x < x < box.right and abs(box.y - y) < 2),
                    self.end)  # fmt: skip

    def pill(self, pill: Box) -> int:
        """A pill comes with the gradients of the boxes that its line comes from; one of steps drawn as one, with what arrives next."""
        if not self.backward:
            return self.end
        for later in self.pills[self.pills.index(pill) :]:
            arrived = [self.back.get(e.tail, self.end) for e in self.scene.edges if e.head == later.id]
            if arrived:
                return max(arrived)
        return self.end

    def edge(self, edge: Edge) -> tuple[int, int]:
        """An edge needs both of its ends; carrying a gradient, it turns round when that arrives."""
        appears = max(self.forward.get(edge.tail, 0), self.forward.get(edge.head, 0))
        if edge.kind == "part":
            return (self.back.get(edge.tail, self.end) if self.backward else self.end), NEVER
        if edge.kind != "backward":
            return appears, NEVER
        leaf = self.boxes[edge.tail].kind in LEAVES if edge.tail in self.boxes else False
        arrives = self.back.get(edge.head if leaf else edge.tail, self.end)
        twin = any(e.kind == "forward" and (e.tail, e.head) == (edge.tail, edge.head) for e in self.scene.edges)
        return (arrives, NEVER) if twin else (appears, arrives)

    def text(self, text: Text) -> tuple[int, int]:
        """Words at an edge come with its gradient; a gradient outside of boxes is the result."""
        if text.kind == "visit":
            return self.visited(text.x, text.y - 6.5), NEVER
        ends = text.kind.split()
        if len(ends) == 3 and ends[0] == "edge":
            return self.edge(Edge(ends[1], ends[2], self.scene.edges[0].path, kind="backward"))[0], NEVER
        return (self.end if text.colour in GRADIENT else 0), NEVER

    def mark(self, mark: Mark) -> int:
        """The dot on a rail comes with its tap; everything else is ground."""
        xs = [x for x, _ in mark.path.points]
        if mark.kind == "badge":
            ys = [y for _, y in mark.path.points]
            return self.visited((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        if mark.kind != "tap":
            return 0
        middle = (min(xs) + max(xs)) / 2
        taps = [self.edge(e)[0] for e in self.scene.edges if e.kind == "tap" and abs(e.path.start[0] - middle) < 1]
        return min(taps, default=0)


def grouped(boxes: list[Box]) -> list[list[Box]]:
    """The boxes of a step together, as long as the computation stayed there; without steps one at a time, or row by row."""
    boxes = sorted(boxes, key=lambda box: number_of(box) or 0)
    if any(box.step is not None for box in boxes):
        return runs(boxes, lambda box: box.step)
    if len(boxes) <= MANY or any(box.row is None for box in boxes):
        return [[box] for box in boxes]
    return runs(sorted(boxes, key=lambda box: -box.y), lambda box: box.row)


def runs(boxes: list[Box], key: Callable[[Box], object]) -> list[list[Box]]:
    """Neighbours with the same key, together."""
    return [list(group) for _, group in groupby(boxes, key)]


def triangle(scene: Scene) -> Moments:
    """Who taught whom: a loss' row after the other, then the sums down the columns, then the truncated triangles."""
    rows = sorted({box.centre[1] for box in scene.boxes if box.id.startswith("part")})
    right = min((m.path.start[0] for m in scene.items if isinstance(m, Mark) and m.kind == "level"), default=scene.width)
    found: Moments = {}
    for k, item in enumerate(scene.items):
        if isinstance(item, Box):
            row = next((r for r, y in enumerate(rows, 1) if abs(item.centre[1] - y) < 4), len(rows) + 1)
            found[k] = (row, NEVER)
        else:
            x = item.left if isinstance(item, Text) else item.path.start[0]
            heading = isinstance(item, Text) and item.kind == "title"
            aside = x >= right - 1 and not heading
            found[k] = (len(rows) + 2 if aside else len(rows) + 1 if late_text(item) else 0, NEVER)
    return found


def late_text(item: Item) -> bool:
    """A result's name, in the gradient's colour."""
    return isinstance(item, Text) and item.colour in GRADIENT


def flow(scene: Scene) -> Moments:
    """How far a gradient reaches: the bars from the last step to the first, a few at a time; what is written about them at the end."""
    places = [k for k, item in enumerate(scene.items) if isinstance(item, Mark) and item.kind == "flow"]
    panels = runs_of_places(places)
    longest = max(len(panel) for panel in panels)
    share = max(1, -(-longest // MANY))
    found: Moments = dict.fromkeys(range(len(scene.items)), (0, NEVER))
    for panel in panels:
        for back, k in enumerate(reversed(panel)):
            found[k] = (1 + back // share, NEVER)
        for k in written_after(panel[-1], scene):
            found[k] = (2 + (longest - 1) // share, NEVER)
    return found


def written_after(last: int, scene: Scene) -> Iterator[int]:
    """The places of the bold words, and of their arrow, that follow a panel's last bar."""
    for k in range(last + 1, len(scene.items)):
        item = scene.items[k]
        if isinstance(item, Mark):
            continue
        if isinstance(item, Text) and not item.bold:
            return
        yield k


def runs_of_places(places: list[int]) -> list[list[int]]:
    """[3, 4, 5, 9, 10] → [[3, 4, 5], [9, 10]]"""
    return [[place for _, place in group] for _, group in groupby(enumerate(places), lambda pair: pair[1] - pair[0])]


def from_the_top(scene: Scene) -> Moments:
    """A model: its layers row by row, each with the arrows that enter it."""
    tops = sorted({round(box.centre[1]) for box in scene.boxes})
    when = {box.id: tops.index(round(box.centre[1])) for box in scene.boxes}
    found: Moments = {}
    for k, item in enumerate(scene.items):
        if isinstance(item, Box):
            found[k] = (when[item.id], NEVER)
        elif isinstance(item, Edge):
            found[k] = (max(when.get(item.tail, 0), when.get(item.head, 0)), NEVER)
        else:
            y = item.y if isinstance(item, Text) else item.path.start[1]
            later = [j for j, top in enumerate(tops) if top >= y - 1]
            found[k] = (0 if item.kind == "title" or not later else later[0], NEVER)
    return found
