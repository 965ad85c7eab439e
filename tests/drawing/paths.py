"""Where a drawn line really goes: points along it, straight pieces and Béziers alike, held against boxes and words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from minigrad.drawing.scene import Box, Edge, Path, Point, Scene

NEAR = 3.0  # pixels by which a line may touch what it only passes


def points(path: Path, step: float = 4.0) -> Iterator[Point]:
    """Points along a path, at most some pixels apart."""
    here = path.start
    for command in path.commands[1:]:
        corners = [here, *(command[k : k + 2] for k in range(1, len(command), 2))]
        length = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(corners))
        count = max(2, int(length / step))
        yield from (bezier(corners, k / count) for k in range(count + 1))
        here = corners[-1]


def bezier(corners: list[Point], t: float) -> Point:
    """de Casteljau: the point of the curve with these control points; a straight line has two."""
    while len(corners) > 1:
        corners = [((1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]) for a, b in pairwise(corners)]
    return corners[0]


def crosses(edge: Edge, box: Box) -> bool:
    """Whether a line runs through the inside of a box."""
    return any(box.x + NEAR < x < box.right - NEAR and box.y + NEAR < y < box.bottom - NEAR for x, y in points(edge.path))


def pierced(scene: Scene) -> list[str]:
    """The lines that run through boxes, their own included; into a pill's round end a line goes a little way."""
    return [f"{edge.kind} {name(scene, edge.tail)} → {name(scene, edge.head)} through {box.title}"
            for edge in scene.edges for box in scene.boxes if crosses(edge, box) and not (edge.kind == "part" and edge.head == box.id)]  # fmt: skip


def struck(scene: Scene) -> list[str]:
    """The step numbers and other words outside of boxes that a line runs over."""
    loose = [text for text in scene.items if hasattr(text, "bounds") and text.kind != "legend"]
    found = []
    for edge in scene.edges:
        along = list(points(edge.path))
        for text in loose:
            left, top, right, bottom = text.bounds
            if any(left < x < right and top < y < bottom - 3 for x, y in along):
                found.append(f"{edge.kind} {name(scene, edge.tail)} → {name(scene, edge.head)} over {text.text}")
    return found


def name(scene: Scene, id: str) -> str:
    """What a box is."""
    return next((box.title for box in scene.boxes if box.id == id), id)
