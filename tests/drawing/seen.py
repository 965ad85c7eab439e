"""What a picture is asked: is every text in its box, is nothing on anything, can it be read from the back of the room."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

from minigrad.drawing import Figure
from minigrad.drawing.scene import Box, Edge, Mark, Scene, Text
from minigrad.drawing.themes import THEMES, contrast


def look_at(figure: Figure, smallest: float = 18, numbered_once: bool = True) -> None:
    """Every promise that holds for every picture; an encoder and a decoder both count from 1."""
    scene = figure.scene
    on_the_page(scene)
    texts_in_their_boxes(scene)
    boxes_apart(scene)
    texts_apart(scene)
    readable(scene, smallest)
    contrasts(scene)
    if numbered_once:
        steps_in_order(scene)


def on_the_page(scene: Scene) -> None:
    for box in scene.boxes:
        assert box.x >= -0.5 and box.y >= -0.5 and box.right <= scene.width + 0.5 and box.bottom <= scene.height + 0.5, box
    for text in scene.texts:
        left, top, right, bottom = text.bounds
        assert left >= -0.5 and top >= -0.5 and right <= scene.width + 0.5 and bottom <= scene.height + 0.5, text


def texts_in_their_boxes(scene: Scene) -> None:
    for box in scene.boxes:
        assert box.kind == "part" or any(text.text.strip() for text in box.texts), f"an empty box: {box.title}"
        for text in box.texts:
            left, top, right, bottom = text.bounds
            inside = left >= box.x - 0.5 and right <= box.right + 0.5 and top >= box.y - 0.5 and bottom <= box.bottom + 0.5
            assert inside, (text, box.x, box.y, box.w, box.h)


def boxes_apart(scene: Scene) -> None:
    for a, b in combinations(scene.boxes, 2):
        apart = a.right <= b.x + 0.5 or b.right <= a.x + 0.5 or a.bottom <= b.y + 0.5 or b.bottom <= a.y + 0.5
        assert apart, (a.title, b.title)


def texts_apart(scene: Scene) -> None:
    bounds = [(t, t.bounds) for t in scene.texts if t.text]
    for (s, a), (t, b) in combinations(bounds, 2):
        apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 4 or b[3] <= a[1] + 4
        assert apart, (s.text, t.text)


def readable(scene: Scene, smallest: float) -> None:
    for text in scene.texts:
        assert text.size >= smallest, text
        assert not re.search(r"[\d.]…", text.text), f"half a number: {text}"


def contrasts(scene: Scene) -> None:
    """4.5:1 for every text on what it stands on, 3:1 for every line on the grounds that it crosses."""
    for name, theme in THEMES.items():
        for text in scene.texts:
            assert contrast(theme[text.colour], theme[text.on]) >= 4.5, (name, text)
        for item in scene.items:
            if isinstance(item, Edge):
                assert all(contrast(theme[item.stroke], theme[ground]) >= 3 for ground in ("ground", "column")), (name, item)
            if isinstance(item, Box):
                assert contrast(theme[item.stroke], theme["ground"]) >= 3, (name, item.stroke)
            if isinstance(item, Mark) and item.kind in ("rail", "bar", "total", "ghost", "level", "tap"):
                assert contrast(theme[item.stroke or item.fill], theme[item.on]) >= 3, (name, item)


def steps_in_order(scene: Scene) -> None:
    """Step t is left of step t + 1, and the boxes of one row are at one height."""
    inside = [box for box in scene.boxes if box.step is not None and box.kind not in ("pill", "first")]
    steps = sorted({box.step for box in inside if box.step is not None})
    for a, b in pairwise(steps):
        assert max(x.right for x in inside if x.step == a) < min(x.x for x in inside if x.step == b), (a, b)


def words(scene: Scene) -> list[str]:
    """All that is written."""
    return [text.text for text in scene.texts if isinstance(text, Text)]
