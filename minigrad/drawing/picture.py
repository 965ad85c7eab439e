"""`mg.draw`: one call from a recorded computation to a Figure.

What is drawn follows from what was recorded: a graph with time steps is unrolled from left to right, one without is
drawn as an expression. Every option has a default that suits the first look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..trace import Trace
from . import models, pages, several, tape_view, views
from .figure import Figure
from .flow import Flow
from .folding import fold_scopes
from .graph import Graph
from .reading import graph_of
from .scene import Scene
from .words import words_for

CHOICES = {
    "view": ("auto", "triangle", "rolled", "cell", "flow", "tape"),
    "direction": ("auto", "forward", "backward"),
    "values": ("auto", "none", "numbers", "shapes", "norms", "statistics"),
    "gradients": ("all", "weights", "none"),
    "size": (None, "slide"),
    "theme": ("light", "dark", "print"),
}


def draw(
    what: Any, view: str = "auto", *, weight: Any = None, direction: str = "auto", values: str = "auto",
    steps: int | None = None, entry: Any = None, labels: Any = None, truncate: int | None = None, of: str = "x",
    feeds: Mapping[str, str] | None = None, gradients: str = "all", fold: int | None = None, theme: str = "light",
    size: str | None = None, title: str | None = None, words: Mapping[str, str] | None = None,
) -> Figure:  # fmt: skip
    """The picture of a Trace, of a Tensor (what it was computed from), or of a Model (its layers).

    Time steps become columns, with a pill for each use of the singled-out `weight` (a tensor or a name; else W_hh) and the
    waterfall of its gradient: numbers, or an array's signed shares, or one `entry` (0, 3); `weight=[...]`: one for each.
    Without time: the expression. `view` is "triangle" (who taught whom; `truncate` steps), "rolled", "cell", "tape" (the order
    of the visits), or "flow" (how far gradients `of` "x", "h" reach; of a trace, a pair before and after, or a mapping of names
    to these). `feeds={"y": "x"}`: the next step's x is chosen from y, or is y from the data. `steps`: how many columns (without
    time: how many results) before the middle ones are one; `labels`: a word for each step; `size="slide"`: 1920 × 1080, whatever
    has no room folded; `words`: see drawing/words.py.
    `direction="forward"` has no gradients. `values` of arrays: "none", "shapes", "norms", "statistics" (mean ± deviation), or
    small heat maps. `gradients`: of "all" boxes, of the "weights" alone, or "none". `fold=1`: operations more than one scope deep
    fold into what uses them. `theme`: "light", "dark", or "print"; every hue is one of a set for colour-blind readers.
    """
    check(view=view, direction=direction, values=values, gradients=gradients, size=size, theme=theme)
    check_counts(steps=(steps, 1), truncate=(truncate, 0), fold=(fold, 0))
    own = words_for(words)
    direction = "forward" if gradients == "none" else direction
    if view == "flow":
        return Figure(Flow(what, of, own).scene(title, size == "slide"), theme)
    if hasattr(what, "calls") and hasattr(what, "sublayers"):
        return Figure(models.scene(what, own, title, size == "slide"), theme)
    first, *others = several.listed(weight)
    graph = graph_of(what, first, whole=view not in ("auto", "rolled", "cell"), sums=view != "cell" and direction != "forward")
    try:
        computed = any(graph.gradient(v) is not None for v in graph.values)
        graph.backward = direction == "backward" or direction == "auto" and (computed or isinstance(what, Trace))
        graph.missing, graph.gradients = own["not computed"], gradients
        check_entry(entry, graph)
        if fold is not None:
            fold_scopes(graph, fold)
        if feeds and weight is None:  # then the picture is about what is fed, not about a sum
            graph.weight = None
        if view in ("auto", "tape"):
            weights = several.pick(graph, others) if others else []
            scene, text = in_time_or_not(graph, own, view, title=title, values=values, slide=size == "slide", most=steps, entry=entry,
                                         labels=numbered(labels, graph), weights=weights, feeds=feeds)  # fmt: skip
            return Figure(scene, theme, text)
        return Figure(of_view(graph, own, view, values, steps, truncate, title, size == "slide"), theme)
    finally:
        graph.forget()


def of_view(
    graph: Graph, own: Mapping[str, str], view: str, values: str, steps: int | None, truncate: int | None, title: str | None, slide: bool
) -> Scene:
    """One of the views that need time."""
    if view == "triangle":
        return views.triangle(graph, own, title, truncate, slide)
    if view == "rolled":
        return views.rolled(graph, own, graph.backward, values, title, slide)
    return views.cell(graph, own, values, steps, title, slide)


def in_time_or_not(graph: Graph, own: Mapping[str, str], view: str, **options: Any) -> tuple[Scene, str]:
    """The tape; else in columns where time was recorded, else as an expression."""
    if view == "tape":
        chosen = {key: options[key] for key in ("slide", "most", "values", "title", "labels")}
        return tape_view.tape(graph, own, **chosen)
    if not graph.columns:
        chosen = {key: options[key] for key in ("slide", "most", "values", "title")}
        return pages.expression(graph, own, backward=graph.backward, **chosen), ""
    return views.unrolled(graph, own, backward=graph.backward, **options)


def numbered(labels: Any, graph: Graph) -> dict[int, str]:
    """"hell" → {1: "h", 2: "e", 3: "l", 4: "l"}: by the numbers that the columns print."""
    if labels is None or isinstance(labels, Mapping):
        return dict(labels or {})
    if not isinstance(labels, Iterable):
        raise TypeError(f"labels is a word for each step, say \"hello\" or {{1: 'h', 2: 'e'}}; got {labels!r}")
    return {column.number: str(label) for column, label in zip(graph.columns, labels, strict=False)}


def check(**options: Any) -> None:
    """Each option is one of its choices, or an error that lists them."""
    for name, value in options.items():
        if value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(map(repr, CHOICES[name]))}; got {value!r}")


def check_counts(**options: tuple[Any, int]) -> None:
    """Each option is None or a whole number that is large enough."""
    for name, (value, least) in options.items():
        if value is not None and (not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least):
            raise ValueError(f"{name} is a whole number, at least {least}; got {value!r}")


def check_entry(entry: Any, graph: Graph) -> None:
    """An entry is a place in the singled-out weight, one number for each of its axes."""
    if entry is None or graph.weight is None:
        return
    index, shape = entry if isinstance(entry, tuple) else (entry,), graph.weight.array.shape
    whole = all(isinstance(k, (int, np.integer)) for k in index)
    if not whole or len(index) != len(shape) or any(not -n <= k < n for k, n in zip(index, shape, strict=True)):
        raise ValueError(f"entry is a place in {graph.weight.full_name} of shape {shape}; got {entry!r}")
