"""Everything that is drawn, elsewhere on its page or larger: a picture that is smaller than a slide grows, and stands in its middle."""

from __future__ import annotations

from typing import Any

from .scene import Item, Path, Scene, Text

SLIDE = (1920.0, 1080.0)
LEGIBLE = 20.0  # the smallest letters of a slide that was laid out on a smaller page
LARGEST = 1.6  # times, that a picture grows


def moved(items: list[Item], dx: float, dy: float) -> None:
    """All of the items aside and down by so much."""
    for item in items:
        shift(item, dx, dy)


def shift(item: Any, dx: float, dy: float) -> None:
    """One item, with what is inside it."""
    if hasattr(item, "path"):
        item.path = item.path.moved(dx, dy)
    else:
        item.x, item.y = item.x + dx, item.y + dy
    for inner in (*getattr(item, "texts", ()), *getattr(item, "marks", ())):
        shift(inner, dx, dy)


def centred(scene: Scene) -> None:
    """In the middle of a slide, but for its title and its legend."""
    dx, dy = max(0.0, (SLIDE[0] - scene.width) / 2), max(0.0, (SLIDE[1] - scene.height) / 2)
    moved([item for item in scene.items if not (isinstance(item, Text) and item.kind in ("title", "legend"))], dx, dy)
    scene.width, scene.height = max(scene.width, SLIDE[0]), max(scene.height, SLIDE[1])


def times(scene: Scene) -> float:
    """How many times as large a picture is on a slide."""
    return min(LARGEST, SLIDE[0] / scene.width, SLIDE[1] / scene.height)


def legible(scene: Scene) -> bool:
    """Whether no letter of it would be too small on a slide."""
    return times(scene) * min((text.size for text in scene.texts), default=18.0) >= 17.99


def to_slide(scene: Scene) -> None:
    """As large as the slide allows, or as small as it must be; the title in its corner, the picture in the middle of what is below."""
    larger = times(scene)
    for item in scene.items:
        zoom(item, larger)
    scene.width, scene.height, scene.smallest = scene.width * larger, scene.height * larger, scene.smallest * larger
    centred(scene)
    scene.width, scene.height = SLIDE  # not 1920.0000000000002


def zoom(item: Any, times: float) -> None:
    """One item so many times as large, with what is inside it."""
    for name in ("x", "y", "w", "h", "size", "width", "radius"):
        if name in vars(item):
            setattr(item, name, getattr(item, name) * times)
    if hasattr(item, "path"):
        item.path = Path(tuple((command[0], *(x * times for x in command[1:])) for command in item.path.commands))
    if getattr(item, "dash", ""):
        item.dash = " ".join(f"{float(part) * times:.1f}" for part in item.dash.split())
    for inner in (*getattr(item, "texts", ()), *getattr(item, "marks", ())):
        zoom(inner, times)
