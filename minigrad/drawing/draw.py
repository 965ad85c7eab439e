"""`mg.draw`: one call from a trace (or a tensor) to a Figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import Tensor
from . import views
from .figure import Figure
from .graph import read
from .words import words_for

VALUES = ("auto", "none", "numbers", "shapes", "norms")
SIZES = (None, "slide")


def draw(
    what: Any, *, weight: Any = None, direction: str = "auto", values: str = "auto", steps: int | None = None,
    entry: Any = None, labels: Any = None, theme: str = "light", size: str | None = None, title: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:  # fmt: skip
    """The picture of a recorded computation."""
    own = words_for(words)
    graph = read(what, weight=weight)
    backward = direction == "backward" or direction == "auto"
    scene = views.unrolled(graph, own, backward=backward, slide=size == "slide", most=steps or 8, values=values,
                           title=title, entry=entry, labels=labels)
    return Figure(scene, theme)
