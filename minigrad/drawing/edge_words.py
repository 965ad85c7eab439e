"""Words at the edges of an expression: where they stand so that they meet no box, no line and no other words."""

from __future__ import annotations

from dataclasses import dataclass

from .scene import Point, Scene, Text

ON_WORDS = 10.0  # how bad it is to stand on words or on a box; to stand on a line is less


@dataclass
class Label:
    """An edge's first stretch and the words that belong beside it."""

    stretch: tuple[Point, Point]
    words: list[str]
    edge: str  # which edge they belong to
    around: list[tuple[Point, Point]]  # all of its stretches, which other words keep clear of

    def at(self, share: float, left: bool) -> list[Text]:
        """The words beside the point at that share of the way, at its left or its right, clear of the line."""
        (x0, y0), (x1, y1) = self.stretch
        slope, y = (x1 - x0) / (y1 - y0), y0 + (y1 - y0) * share
        texts = []
        for k, words in enumerate(self.words):
            size, down = (20, -4) if k == 0 else (20, 20)
            xs = [x0 + slope * (level - y0) for level in (y + down + 4, y + down - size)]
            x = min(xs) - 11 if left else max(xs) + 11
            texts.append(Text(x, y + down, words, size, k > 0, "gradient" if k else "muted", "end" if left else "start",
                              kind=self.edge))  # fmt: skip
        return texts


def place_labels(scene: Scene, labels: list[Label]) -> bool:
    """Each edge's words at the side and the height where they meet the least; the page grows with them.

    Returns whether none of them stands on other words or on a box.
    """
    placed: list[Text] = []
    clear = True
    for label in sorted(labels, key=lambda label: (label.stretch[0][1], label.stretch[0][0])):
        if not label.words:
            continue
        (x0, _), (x1, _) = label.stretch
        sides = (True, False) if x1 - x0 > 12 else (False, True)
        choices = [label.at(share, left) for share in (0.5, 0.36, 0.64, 0.25, 0.75) for left in sides]
        troubles = [trouble(texts, placed, labels, label, scene) for texts in choices]
        best = min(range(len(choices)), key=lambda k: (troubles[k], k))
        clear &= troubles[best] < ON_WORDS
        placed += choices[best]
    scene.width = max([scene.width, *(t.bounds[2] + 24 for t in placed)])
    scene.add(*placed)
    return clear


def trouble(texts: list[Text], placed: list[Text], labels: list[Label], own: Label, scene: Scene) -> float:
    """How much the words would meet other words, lines, boxes and the page's edge."""
    total = 0.0
    for text in texts:
        box = text.bounds
        total += ON_WORDS * sum(overlaps(box, other.bounds) for other in placed)
        total += 0.1 * sum(crosses(box, stretch) for label in labels if label is not own for stretch in label.around)
        total += ON_WORDS * sum(overlaps(box, (b.x, b.y, b.right, b.bottom)) for b in scene.boxes) + ON_WORDS * (box[0] < 8)
    return total


def overlaps(a: tuple[float, float, float, float], b: tuple[float, float, float, float], margin: float = 5) -> bool:
    """Whether two rectangles meet."""
    return a[0] < b[2] + margin and b[0] < a[2] + margin and a[1] < b[3] and b[1] < a[3]


def crosses(box: tuple[float, float, float, float], stretch: tuple[Point, Point]) -> bool:
    """Whether a line passes through a rectangle (with room for its two colours)."""
    (x0, y0), (x1, y1) = stretch
    if max(x0, x1) < box[0] - 7 or min(x0, x1) > box[2] + 7 or max(y0, y1) < box[1] or min(y0, y1) > box[3]:
        return False
    for k in range(9):
        y = box[1] + (box[3] - box[1]) * k / 8
        if y0 != y1 and min(y0, y1) <= y <= max(y0, y1):
            x = x0 + (x1 - x0) * (y - y0) / (y1 - y0)
            if box[0] - 7 <= x <= box[2] + 7:
                return True
    return False
