"""What the waterfall's ghost is, in words: above it, or beside it where nothing else is drawn, on as few lines as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from . import fonts
from .scene import Box, Edge, Item, Mark, Text, line, rectangle

if TYPE_CHECKING:
    from .waterfall import Waterfall

SIZE, LINE = 18.0, 22.0
NEAR, FAR = 10.0, 420.0  # from what the words belong to; the widest that they may be
FREE = 5.0  # around the words

Bounds = tuple[float, float, float, float]


def of_ghost(fall: Waterfall) -> None:
    """= instead of += would leave +0.12: above the ghost, else beside it, else among the notes."""
    if fall.outlined is None:
        return
    left, high, right, low, bar_low = fall.outlined
    last = fall.sum.uses[-1]
    lines = [fall.words["overwrite"], fall.words["would leave"].format(number=last.label)]
    middle, room = (left + right) / 2, fall.place(last)[1] + 26
    size = next((s for s in (20, 19, 18) if all(fonts.measure(words, s, True) <= room for words in lines)), 0)
    if size and high - bar_low >= 62:
        fall.scene.add(*(Text(middle, high - 38 + 26 * k, words, size, True, "muted", "middle") for k, words in enumerate(lines)))
        if high - bar_low >= 100:
            fall.scene.add(Edge("", "", line((middle, bar_low + 6), (middle, high - 64)), "muted", 2, "head", "7 5", "ghost"))
        return
    limits = (fall.net.left, fall.pill_bottom, fall.end, fall.zero + 3)
    found = beside(lines, (left, high, right, low), [*fall.scene.items, *fall.net.edges], limits)
    fall.scene.add(*found)
    fall.elsewhere = [] if found else lines


def in_the_margin(fall: Waterfall) -> None:
    """At the right of the zero line, behind a small outline like the ghost's; where something stands there, no ghost is drawn."""
    x, lines = fall.net.right, [part for words in fall.elsewhere for part in wrap(words, fall.net.right_width - 44, SIZE, True)]
    y = (fall.pill_bottom + fall.zero - LINE * len(lines)) / 2
    texts = [Text(x + 44, y + 17 + LINE * k, part, SIZE, True, "muted") for k, part in enumerate(lines)]
    taken = [bounds(item) for item in (*fall.scene.items, *fall.net.edges)]
    if any(overlap(text.bounds, other) for text in texts for other in taken):
        fall.scene.items = [item for item in fall.scene.items if item is not fall.ghostly]
    elif texts:
        fall.scene.add(*texts, Mark(rectangle(x, y + 4, 32, 16), "", "muted", 2.5, "7 5", kind="ghost"))


def beside(lines: Sequence[str], outline: Bounds, drawn: Iterable[Item], limits: Bounds) -> list[Text]:
    """The words at the left or the right of an outline, inside the limits, clear of all that is drawn; nothing where there is no such place."""
    left, top, right, bottom = outline
    taken = [bounds(item) for item in drawn]
    for width, side in product((FAR, 200.0, 160.0, 125.0, 105.0), (-1, 1)):
        wrapped = [part for words in lines for part in wrap(words, width, SIZE, True)]
        wide, high = max(fonts.measure(part, SIZE, True) for part in wrapped), LINE * len(wrapped)
        x = left - NEAR - wide if side < 0 else right + NEAR
        if wide > width:
            continue
        for y in ((top + bottom - high) / 2, bottom - high - 4, top, top - high / 2):
            place = (x - FREE, y - FREE, x + wide + FREE, y + high + FREE)
            if within(place, limits) and not any(overlap(place, other) for other in taken):
                edge, anchor = (x + wide, "end") if side < 0 else (x, "start")
                return [Text(edge, y + 17 + LINE * k, part, SIZE, True, "muted", anchor) for k, part in enumerate(wrapped)]
    return []


def wrap(words: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Broken at spaces into lines no wider than that, as far as the words allow."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fonts.measure(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def bounds(item: Item) -> Bounds:
    """The rectangle that an item covers."""
    if isinstance(item, Text):
        return item.bounds
    if isinstance(item, Box):
        return item.x, item.y, item.right, item.bottom
    xs, ys = zip(*item.path.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def within(a: Bounds, b: Bounds) -> bool:
    return a[0] >= b[0] and a[1] >= b[1] and a[2] <= b[2] and a[3] <= b[3]


def overlap(a: Bounds, b: Bounds) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
