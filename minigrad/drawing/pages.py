"""An expression on its page: as it is while it is small, else in bands, and if that is not enough with its middle drawn as one box.

What must be given up is given up in this order: boxes for constants, which the equations give too; the words on the edges; operations
between the first and the last. Letters never get smaller than can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import formulas, text_views
from .eliding import Elided
from .expression import Expression
from .graph import Graph, Value
from .moving import LARGEST, SLIDE, to_slide
from .naming import name_the_nameless
from .scene import Scene

ROOMY = (2000.0, 1600.0)  # a page that nobody asked to be a slide
WIDE = (3000.0, 1600.0)  # what it may grow to before anything is left out
FEW, MANY = 30, 60  # boxes, up to which constants have boxes too, and above which the middle is one
BANDS = 8
COUNTS = (36, 30, 27, 24, 21, 18, 15, 12, 10, 8, 6)  # results that are tried where not all have room


def expression(
    graph: Graph, words: Mapping[str, str], *, backward: bool, values: str, title: str | None, slide: bool = False, most: int | None = None
) -> Scene:
    """The graph without time, on a page where it can be read; `most` results, if somebody asks for a number."""
    hidden = show_constants(graph)
    title = title or words["title expression" if backward else "title computed"].format(name=graph.root.name)
    pages = Pages(graph, words, backward, values, title, slide)
    best = next(found for found in pages.attempts(most, hidden) if found is not None)
    best.description = described(graph, words, backward, values)
    best.text = text_views.expression(graph, words, title, backward)
    if slide:
        to_slide(best)
    return best


@dataclass
class Pages:
    """The pictures that are tried for one graph."""

    graph: Graph
    words: Mapping[str, str]
    backward: bool
    values: str
    title: str
    slide: bool

    def attempts(self, most: int | None, hidden: Sequence[Value]) -> Iterator[Scene | None]:
        """Pictures from the fullest to the smallest, None where one does not fit; the last is taken as it is."""
        asked = most is not None and most < sum(v.shown and v.computed for v in self.graph.values)
        if not asked and (most or len(self.graph.shown) <= MANY):
            yield from self.whole()
            widest = self.in_bands(spelled=False)[1]
            if most or not self.slide and widest.width <= WIDE[0] and widest.height <= WIDE[1]:
                yield widest
        for v in hidden:
            v.shown &= v.leaf
        name_the_nameless(self.graph)
        elided, boxes = Elided(self.graph), len(self.graph.shown)
        for count in [most] if asked and most else [n for n in (boxes, *COUNTS) if n <= min(boxes, MANY)]:
            elided.restore()
            without_constants(self.graph)
            elided.keep_ends(count)
            fits, found = self.in_bands(spelled=False)
            yield found if fits else None
        yield found

    def whole(self) -> Iterator[Scene | None]:
        """With boxes for constants, without them, and without words on the edges."""
        for constants, spelled in ((True, True), (False, True), (False, False)):
            if not constants:
                without_constants(self.graph)
            fits, found = self.in_bands(spelled)
            yield found if fits else None

    def in_bands(self, spelled: bool) -> tuple[bool, Scene]:
        """The picture in as few bands as make it large on the page, and whether that is large enough."""
        best, scene = self.banded(1, spelled)
        for count in range(2, BANDS + 1):
            if best >= 1 and (count == 2 or not self.slide):
                break
            size, found = self.banded(count, spelled)
            if size > best * 1.12 or best < 1 <= size:
                best, scene = size, found
            if found.width > 2 * SLIDE[0]:
                break
        return best >= 1, scene

    def banded(self, count: int, spelled: bool) -> tuple[float, Scene]:
        """The picture in so many bands, and how many times as large the page could show it; very little where words stand on words."""
        drawing = Expression(self.graph, self.words, self.backward, self.values)
        drawing.spelled &= spelled
        drawing.close = self.slide
        scene = drawing.scene(self.title, "", count)
        width, height = SLIDE if self.slide else ROOMY
        size = min(width / scene.width, height / scene.height, LARGEST)
        return size if drawing.clear else size / 10, scene


def show_constants(graph: Graph) -> list[Value]:
    """Numbers that a small graph was given are boxes too, and so is every step of it that is a number itself; returns what was no box."""
    hidden = [v for v in graph.values if not v.shown]
    if len(graph.shown) < FEW:
        scalar = all(v.kind == "number" or v.array.size == 1 for v in graph.values) and len(graph.values) < MANY
        for v in hidden:
            v.shown = scalar or v.kind == "number" or v.leaf
        name_the_nameless(graph)
    return hidden


def without_constants(graph: Graph) -> None:
    """Equations give the numbers that they were given."""
    for v in graph.values:
        v.shown &= v.kind != "number"


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
