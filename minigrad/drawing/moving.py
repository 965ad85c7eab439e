"""Everything that is drawn, elsewhere on its page: a picture that is smaller than a slide stands in its middle."""

from __future__ import annotations

from typing import Any

from .scene import Item, Scene, Text

SLIDE = (1920.0, 1080.0)


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
