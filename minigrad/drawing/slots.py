"""What a layout places: slots, one for each box, and the links between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SPACE = 8.0  # between two boxes of a row
CHANNEL = 20.0  # the width that a passing edge has in a row


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
