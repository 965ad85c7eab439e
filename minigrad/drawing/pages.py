"""An expression on its page: as it is while it is small, else in bands, and if that is not enough with its middle drawn as one box.

What must be given up is given up in this order: boxes for constants, which the equations give too; the words on the edges; operations
between the first and the last. Letters never get smaller than can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from . import formulas, text_views
from .eliding import Elided
from .expression import Expression
from .graph import Graph, Value
from .moving import LARGEST, SLIDE, to_slide
from .naming import name_the_nameless
from .scene import Scene

ROOMY = (2000.0, 1600.0)  # a page that nobody asked to be a slide
FEW, MANY = 30, 60  # boxes, up to which constants have boxes too, and above which the middle is one
BANDS = 8
COUNTS = (36, 30, 27, 24, 21, 18, 15, 12, 10, 8, 6)  # results that are tried where not all have room


def expression(
    graph: Graph, words: Mapping[str, str], *, backward: bool, values: str, title: str | None, slide: bool = False, most: int | None = None
) -> Scene:
    """The graph without time, on a page where it can be read; `most` results, if somebody asks for a number."""
    hidden = show_constants(graph)
    title = title or words["title expression" if backward else "title computed"].format(name=graph.root.name)
    best = next(found for found in attempts(graph, words, backward, values, title, slide, most, hidden) if found is not None)
    best.description = described(graph, words, backward, values)
    best.text = text_views.expression(graph, words, title, backward)
    if slide:
        to_slide(best)
    return best


def show_constants(graph: Graph) -> list[Value]:
    """Numbers that a small graph was given are boxes too, and so is every step of it that is a number itself; returns what was no box."""
    hidden = [v for v in graph.values if not v.shown]
    if len(graph.shown) < FEW:
        scalar = all(v.kind == "number" or v.array.size == 1 for v in graph.values) and len(graph.values) < MANY
        for v in hidden:
            v.shown = scalar or v.kind == "number" or v.leaf
        name_the_nameless(graph)
    return hidden


def attempts(
    graph: Graph, words: Mapping[str, str], backward: bool, values: str, title: str, slide: bool, most: int | None,
    hidden: Sequence[Value],
) -> Iterator[Scene | None]:
    """Pictures from the fullest to the smallest, None where one does not fit; the last is taken as it is."""
    page = SLIDE if slide else ROOMY
    results = sum(v.shown and v.computed for v in graph.values)
    asked = most is not None and most < results
    if not asked and (len(graph.shown) <= MANY or most):
        yield from manners(graph, words, backward, values, title, page)
        if most:
            yield in_bands(graph, words, backward, values, title, page, False)[1]
    for v in hidden:
        v.shown &= v.leaf
    name_the_nameless(graph)
    whole = Elided(graph)
    boxes = sum(v.shown for v in graph.values)
    for count in [most] if asked and most else [n for n in (boxes, *COUNTS) if n <= min(boxes, MANY)]:
        whole.restore()
        whole.keep_ends(count)
        fits, found = in_bands(graph, words, backward, values, title, page, False)
        yield found if fits else None
    yield found


def manners(
    graph: Graph, words: Mapping[str, str], backward: bool, values: str, title: str, page: tuple[float, float]
) -> Iterator[Scene | None]:
    """With boxes for constants, without them, and without words on the edges."""
    for constants, spelled in ((True, True), (False, True), (False, False)):
        if not constants:
            without_constants(graph)
        fits, found = in_bands(graph, words, backward, values, title, page, spelled)
        yield found if fits else None


def without_constants(graph: Graph) -> None:
    """Equations give the numbers that they were given."""
    for v in graph.values:
        v.shown &= v.kind != "number"


def in_bands(
    graph: Graph, words: Mapping[str, str], backward: bool, values: str, title: str, page: tuple[float, float], spelled: bool
) -> tuple[bool, Scene]:
    """The picture in as few bands as make it large on the page, and whether that is large enough."""
    best: tuple[float, Scene] | None = None
    for count in range(1, BANDS + 1):
        drawing = Expression(graph, words, backward, values)
        drawing.spelled &= spelled
        drawing.close = page is SLIDE
        scene = drawing.scene(title, "", count)
        size = min(page[0] / scene.width, page[1] / scene.height, LARGEST)
        size *= drawing.clear or 0.1
        if best is None or size > best[0] * 1.12:
            best = size, scene
        if size >= 1 and (page is ROOMY or count == 1) or scene.width > 2 * page[0]:
            break
    assert best is not None
    return best[0] >= 1, best[1]


def described(graph: Graph, words: Mapping[str, str], backward: bool, values: str) -> str:
    """The equations from the first to the last, and the weights' gradients."""
    lines = []
    for v in graph.shown:
        if v.computed:
            lines.append(formulas.equation(v, graph) + ".")
        elif "operations" in v.settings:
            lines.append(words["says between"].format(operations=words["operations"].format(count=f"{v.settings['operations']:,}")))
        elif "inputs more" in v.settings:
            lines.append(words["leaves more"].format(count=v.settings["inputs more"]))
    if backward:
        drawing = Expression(graph, words, backward, values)
        weights = [v for v in graph.shown if v.kind == "weight"]
        lines.append(words["says gradients"].format(list="; ".join(f"{v.full_name}.grad = {drawing.gradient_text(v)}" for v in weights)))
    return "\n".join(lines)
