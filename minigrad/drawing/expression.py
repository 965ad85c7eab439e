"""An expression as a graph: every operation a box with its value and its gradient, local derivatives on the edges.

Black goes up and computes, orange comes down and multiplies: what arrives at a box times the local derivative on the
edge is what the edge hands on. What is used twice adds what came back: 2 + 3 = 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from . import fonts, formulas
from .bands import Bands
from .cards import STYLES, finite, strip, value_words
from .edge_words import Label, place_labels
from .graph import Graph, Value, sources
from .notation import decimals_for, fixed, given, norm, number, odd, rounded_to_sum
from .scene import Box, Edge, Point, Scene, Text, bent
from .slots import Link, Slot

MARGIN, TOP, GAP, SPACE = 48.0, 96.0, 118.0, 46.0
WORDS = 156.0  # between boxes where edges carry words
LONGEST, WIDEST = 340.0, 1400.0  # a box's equation; a heading over a narrow picture
OFFSET = 3.4  # of the two colours of an edge, to either side


class Expression:
    """The drawing in progress of a graph without time."""

    words_on_edges = True  # the local derivatives, and what the chain rule makes of them
    close = False  # rows nearer to each other
    clear = True  # whether all words have a place of their own

    def __init__(self, graph: Graph, words: Mapping[str, str], backward: bool, values: str) -> None:
        self.graph, self.words, self.backward, self.values = graph, words, backward, values
        self.scalar = all(v.array.size == 1 for v in graph.shown if v.kind not in ("number", "elided"))
        self.spelled = self.scalar and len(graph.shown) <= 30 and self.words_on_edges
        self.boxes: dict[Value, Box] = {}

    def scene(self, title: str, description: str, bands: int = 1) -> Scene:
        """Boxes in rows, inputs at the bottom, the result on top; a deep graph in so many bands beside each other."""
        slots = {v: Slot(v, need=self.width(v), leaf=not v.inputs) for v in self.graph.shown}
        links = [Link(slots[x], slots[v], key=places) for v in slots for x, places in self.drawn_inputs(v).items()]
        placed = Bands(list(slots.values()), links, bands)
        worded = self.spelled and self.backward
        gap = GAP if worded else 46.0 if self.close else 64.0
        placed.place(WORDS if worded else SPACE, TOP, lambda slot: self.height(slot.key), gap, 120.0 if worded else 0.0)
        heading, size = fonts.fit([title], max(placed.width, WIDEST), (26, 24, 22), True)
        scene = Scene(max(placed.width, fonts.measure(heading, size, True)) + 2 * MARGIN, 0, title, description)
        left = (scene.width - placed.width) / 2
        for v, slot in slots.items():
            dx, dy = placed.shift(slot)
            self.boxes[v] = self.box(v, slot, left + dx, dy)
            self.boxes[v].row = placed.row(slot)
        scene.height = max(box.bottom for box in self.boxes.values()) + max(MARGIN, placed.foot + 20)
        labels = [self.edges(scene, placed, link, left) for link in links]
        scene.add(*self.boxes.values())
        self.clear = place_labels(scene, labels)
        scene.add(Text(MARGIN, 52, heading, size, True, kind="title"))
        return scene

    def drawn_inputs(self, v: Value) -> dict[Value, list[int]]:
        """The inputs with boxes, each with the positions at which it is used; −1 where it is used inside a folded part."""
        found: dict[Value, list[int]] = {}
        for k, x in enumerate(v.inputs):
            if x.shown:
                found.setdefault(x, []).append(k)
            else:
                for y in sources(x):
                    found.setdefault(y, []).append(-1)
        return found

    # -- boxes

    def rows(self, v: Value) -> list[tuple[str, str, str]]:
        """(word, number, colour) for the value and the gradient."""
        if v.kind == "elided":
            return [(self.words[word].format(count=f"{count:,}"), "", "ink") for word, count in v.settings.items()]
        value = given(float(v.tensor)) if v.kind == "number" else value_words(v, self.values)
        rows = [(self.words["value"], value, "ink")] if value and self.values != "none" else []
        if v.kind == "weight" or v.kind not in ("number", "data") and self.backward and self.graph.gradients == "all":
            rows.append((self.words["grad"], self.gradient_text(v), "gradient"))
        return rows

    def gradient_text(self, v: Value) -> str:
        """5, or 2 + 3 = 5 where the value was used more than once; arrays by their norm."""
        gradient = self.graph.gradient(v)
        if gradient is None:
            return self.words["not computed"]
        if gradient.size > 1:
            return f"‖·‖ {number(norm(gradient))}"
        parts = self.graph.trace.contributions(v.tensor) if self.graph.trace is not None else []
        numbers = [float(np.ravel(part.array)[0]) for part in parts]
        if not 1 < len(numbers) <= 6 or any(odd(x) for x in numbers):
            return number(gradient.item())
        return added(numbers)

    def width(self, v: Value) -> float:
        """As wide as the widest of its lines."""
        rows = [fonts.measure(word, 20) + 18 + fonts.measure(text, 20, True) for word, text, _ in self.rows(v)]
        title = fonts.measure(self.title(v), 23, True)
        return max([title, *rows, 60.0]) + 28

    def title(self, v: Value) -> str:
        """The equation, where it is not too long."""
        if v.kind == "number":
            return given(float(v.tensor))
        if v.kind == "weight":
            return fonts.cut(v.full_name, LONGEST, 23, True)
        forms = list(formulas.forms(v, self.graph))
        return fonts.cut(next((form for form in forms if fonts.measure(form, 23, True) <= LONGEST), forms[-1]), LONGEST, 23, True)

    def height(self, v: Value) -> float:
        strips = self.shows_strip(v)
        return 52.0 + 32.0 * len(self.rows(v)) + (24.0 if strips else 0.0)

    def shows_strip(self, v: Value) -> bool:
        return v.kind not in ("number", "elided") and v.array.size > 1 and self.values in ("auto", "numbers") and v.array.dtype.kind == "f"

    def box(self, v: Value, slot: Slot, dx: float, dy: float) -> Box:
        """A box with its title, value and gradient."""
        kind = "weight" if v.kind == "weight" else "value" if v.kind == "elided" else "data" if not v.computed else "loss" if v is self.graph.root else "state"
        fill, stroke = STYLES[kind]
        h = self.height(v)
        box = Box(self.graph.id[v], slot.x + dx, slot.y + dy + (slot.h - h) / 2, slot.w, h, fill, stroke, 2, 16, "9 6" if v.kind == "elided" else "", kind)
        if not finite(v, self.graph):
            box.fill, box.stroke, box.dash = "alarm fill", "alarm", "7 4"
        box.title = formulas.equation(v, self.graph)
        x, y = box.x + box.w / 2, box.y + 34
        box.texts.append(Text(x, y, self.title(v), 23, True, "ink", "middle", box.fill))
        if self.shows_strip(v):
            box.marks += strip(v.array, box.x + 14, y + 12, box.w - 28, 16)
            y += 24
        for word, text, colour in self.rows(v):
            y += 32
            missing = text == self.words["not computed"]
            box.texts.append(Text(box.x + 14, y, word, 20, False, "muted", "start", box.fill))
            if not text:
                continue
            box.texts.append(Text(box.right - 14, y, text, 20, colour == "gradient" and not missing,
                                  "muted" if missing else colour, "end", box.fill))  # fmt: skip
        return box

    # -- edges

    def edges(self, scene: Scene, placed: Bands, link: Link, left: float) -> Label:
        """Black up and orange down beside each other, or grey for what has no gradient; returns the edge's words."""
        assert link.lower is not None and link.upper is not None
        x, v = link.lower.key, link.upper.key
        lower, upper = self.boxes[x], self.boxes[v]
        corners, entered = placed.route(link)
        points = [(px + left, py) for px, py in corners]
        stretch = points[entered], points[entered + 1]
        points = from_box_to_box(points, lower.y, upper.bottom)
        around = list(pairwise(points))
        radius = 14.0 if entered else 40.0
        flows = x.kind in ("value", "weight", "elided")
        if not flows or not self.backward:
            stroke = "ink" if flows else "line"
            scene.add(Edge(lower.id, upper.id, bent(points, radius), stroke, 2.4, "head", kind="forward"))
            return Label(stretch, [], "", around)
        scene.add(Edge(lower.id, upper.id, bent(beside(points, OFFSET), radius), "ink", 2.6, "head", kind="forward"))
        scene.add(Edge(lower.id, upper.id, bent(beside(points, -OFFSET), radius), "gradient line", 2.6, "tail", kind="backward"))
        words = self.edge_words(x, v, link.key) if self.spelled and x.kind != "elided" else []
        return Label(stretch, words, f"edge {lower.id} {upper.id}", around)

    def edge_words(self, x: Value, v: Value, places: list[int]) -> list[str]:
        """∂e/∂c = d = 2, and what the chain rule makes of it: 1·2 = 2."""
        locals_ = [local_derivative(v, k) for k in places]
        if any(d is None for d in locals_):
            return []
        local = sum(d for d in locals_ if d is not None)
        symbol = local_symbol(v, places[0], self.graph) if len(places) == 1 else added([d for d in locals_ if d is not None])
        name = f"∂{v.name}/∂{formulas.name(x, self.graph)}"
        whole = len(places) > 1 or not symbol or symbol == number(local)
        first = f"{name} = {symbol or number(local)}" if whole else f"{name} = {symbol} = {number(local)}"
        arriving = self.graph.gradient(v)
        if arriving is None:
            return [first]
        dy = float(arriving.ravel()[0])
        return [first, f"{number(dy)}·{bracketed(local)} = {number(dy * local)}"]


def added(numbers: list[float]) -> str:
    """2 + 3 = 5, rounded so that it adds as printed."""
    total = sum(numbers)
    whole = all(float(x).is_integer() for x in [*numbers, total])
    decimals = 0 if whole else decimals_for([*numbers, total])
    printed = rounded_to_sum(numbers, decimals)
    terms = [fixed(x, decimals) for x in printed]
    text = terms[0] + "".join(f" − {t[1:]}" if t.startswith("−") else f" + {t}" for t in terms[1:])
    return f"{text} = {fixed(sum(printed), decimals)}"


def bracketed(x: float) -> str:
    """(−2) as a factor, 2 as it is."""
    return f"({number(x)})" if x < 0 else number(x)


def local_derivative(v: Value, position: int) -> float | None:
    """∂v/∂(its input), a number: what the operation's own pullback makes of 1."""
    if position < 0 or v.array.size != 1 or v.inputs[position].kind == "number":
        return None
    pullbacks = v.tensor.pullbacks
    pullback = pullbacks[position] if isinstance(pullbacks, tuple) and position < len(pullbacks) else None
    result: Any = pullback(np.ones_like(v.array)) if callable(pullback) else None
    return float(np.ravel(result)[0]) if isinstance(result, (np.ndarray, np.generic)) and np.size(result) == 1 else None


def local_symbol(v: Value, position: int, graph: Graph) -> str:
    """The local derivative as the textbook has it: the other factor, 1 − y², …"""
    names = [formulas.name(x, graph) if x.shown or x.kind == "number" else "" for x in v.inputs]
    if v.op == "multiply" and all(names) and v.inputs[0] is not v.inputs[1]:
        return names[1 - position]
    exponent = v.inputs[1].tensor if v.op == "power" and v.inputs[1].kind == "number" else 2 if v.op == "square" else None
    if exponent == 2 and names[0]:
        return f"2{names[0]}"
    y = formulas.name(v, graph)
    return {"tanh": f"1 − {y}²", "sigmoid": f"{y}(1 − {y})", "exp": y}.get(v.op, "")


def from_box_to_box(points: list[Point], start: float, end: float) -> list[Point]:
    """Upright where a low box stands in a high row, as far as the row reaches."""
    here, there = abs(points[0][1] - start) < 1, abs(points[-1][1] - end) < 1
    return [(points[0][0], start), *points[here : len(points) - there], (points[-1][0], end)]


def beside(points: list[Point], offset: float) -> list[Point]:
    """The same way a little to one side; where it turns, the two sides' lines meet."""
    sides = [aside(a, b) for a, b in pairwise(points)]
    moved = []
    for (x, y), (ax, ay), (bx, by) in zip(points, [sides[0], *sides], [*sides, sides[-1]], strict=True):
        share = offset / max(0.4, 1 + ax * bx + ay * by)
        moved.append((x + share * (ax + bx), y + share * (ay + by)))
    for k, (ax, _) in ((0, sides[0]), (-1, sides[-1])):  # the ends stay on their boxes, and as far apart where the way is slanting
        moved[k] = (points[k][0] + offset / (ax if abs(ax) > 0.3 else math.copysign(0.3, ax)), points[k][1])
    return moved


def aside(a: Point, b: Point) -> Point:
    """Across the way from a to b, one pixel long."""
    length = max(1e-9, math.dist(a, b))
    return (b[1] - a[1]) / length, (a[0] - b[0]) / length
