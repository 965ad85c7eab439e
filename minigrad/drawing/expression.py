"""An expression as a graph: every operation a box with its value and its gradient, local derivatives on the edges.

Black goes up and computes, orange comes down and multiplies: what arrives at a box times the local derivative on the
edge is what the edge hands on. What is used twice adds what came back: 2 + 3 = 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import fonts, formulas
from .cards import STYLES, finite, strip, value_words
from .graph import Graph, Value, sources
from .layout import Body, Link, Slot
from .notation import decimals_for, fixed, given, norm, number, odd, rounded_to_sum
from .scene import Box, Edge, Point, Scene, Text, bent

MARGIN, TOP, GAP, SPACE = 48.0, 96.0, 118.0, 46.0
WORDS = 156.0  # between boxes where edges carry words
OFFSET = 3.4  # of the two colours of an edge, to either side


class Expression:
    """The drawing in progress of a graph without time."""

    words_on_edges = True  # the local derivatives, and what the chain rule makes of them

    def __init__(self, graph: Graph, words: Mapping[str, str], backward: bool, values: str) -> None:
        self.graph, self.words, self.backward, self.values = graph, words, backward, values
        self.scalar = all(v.array.size == 1 for v in graph.shown if v.kind not in ("number", "elided"))
        self.small = len(graph.shown) <= 40
        self.boxes: dict[Value, Box] = {}

    def scene(self, title: str, description: str) -> Scene:
        """Boxes in rows, inputs at the bottom, the result on top."""
        slots = {v: Slot(v, need=self.width(v), leaf=not v.computed) for v in self.graph.shown}
        links = [Link(slots[x], slots[v], key=places) for v in slots for x, places in self.drawn_inputs(v).items()]
        body = Body(list(slots.values()), links, sinking=False)
        spelled = self.scalar and self.small and self.backward and self.words_on_edges
        body.place_freely(WORDS if spelled else SPACE, TOP, lambda slot: self.height(slot.key), GAP if spelled else 64.0)
        room = 120.0 if spelled else 0.0
        scene = Scene(body.width + 2 * MARGIN + 2 * room, 0, title, description)
        scene.width = max(scene.width, fonts.measure(title, 26, True) + 2 * MARGIN)
        shift = (scene.width - body.width) / 2
        for v, slot in slots.items():
            self.boxes[v] = self.box(v, slot, shift)
        scene.height = max(box.bottom for box in self.boxes.values()) + MARGIN
        labels = [self.edges(scene, body, link, shift) for link in links]
        scene.add(*self.boxes.values())
        place_labels(scene, [label for label in labels if label is not None])
        scene.add(Text(MARGIN, 52, title, 26, True, kind="title"))
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
            return [(self.words["operations"].format(count=f"{v.settings['operations']:,}"), "", "ink")]
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
            return v.full_name
        forms = list(formulas.forms(v, self.graph))
        return next((form for form in forms if fonts.measure(form, 23, True) <= 340), forms[-1])

    def height(self, v: Value) -> float:
        strips = self.shows_strip(v)
        return 52.0 + 32.0 * len(self.rows(v)) + (24.0 if strips else 0.0)

    def shows_strip(self, v: Value) -> bool:
        return v.kind not in ("number", "elided") and v.array.size > 1 and self.values in ("auto", "numbers") and v.array.dtype.kind == "f"

    def box(self, v: Value, slot: Slot, shift: float) -> Box:
        """A box with its title, value and gradient."""
        kind = "weight" if v.kind == "weight" else "data" if not v.computed else "loss" if v is self.graph.root else "state"
        fill, stroke = STYLES[kind]
        h = self.height(v)
        box = Box(self.graph.id[v], slot.x + shift, slot.y + (slot.h - h) / 2, slot.w, h, fill, stroke, 2, 16, kind=kind)
        if not finite(v, self.graph):
            box.fill, box.stroke, box.dash = "alarm fill", "alarm", "7 4"
        box.title, box.row = formulas.equation(v, self.graph), slot.rank
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

    def edges(self, scene: Scene, body: Body, link: Link, shift: float) -> Label | None:
        """Black up and orange down beside each other, or grey for what has no gradient; returns the edge's words."""
        assert link.lower is not None and link.upper is not None
        x, v = link.lower.key, link.upper.key
        lower, upper = self.boxes[x], self.boxes[v]
        points = [(px + shift, py) for piece in body.route(link, 0, 0) for px, py in piece]
        points[0], points[-1] = (points[0][0], lower.y), (points[-1][0], upper.bottom)
        flows = x.kind in ("value", "weight", "elided")
        if not flows or not self.backward:
            stroke = "ink" if flows else "line"
            scene.add(Edge(lower.id, upper.id, bent(points, 40), stroke, 2.4, "head", kind="forward"))
            return Label((points[0], points[1]), [], "")
        left, right = beside(points, OFFSET), beside(points, -OFFSET)
        scene.add(Edge(lower.id, upper.id, bent(left, 40), "ink", 2.6, "head", kind="forward"))
        scene.add(Edge(lower.id, upper.id, bent(right, 40), "gradient line", 2.6, "tail", kind="backward"))
        spelled = self.scalar and self.small and self.words_on_edges and x.kind != "elided"
        words = self.edge_words(x, v, link.key) if spelled else []
        return Label((points[0], points[1]), words, f"edge {lower.id} {upper.id}")

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


@dataclass
class Label:
    """An edge's first stretch and the words that belong beside it."""

    stretch: tuple[Point, Point]
    words: list[str]
    edge: str  # which edge they belong to

    def at(self, share: float, left: bool) -> list[Text]:
        """The words beside the point at that share of the way, at its left or its right, clear of the line."""
        (x0, y0), (x1, y1) = self.stretch
        slope, y = (x1 - x0) / (y1 - y0), y0 + (y1 - y0) * share
        texts = []
        for k, words in enumerate(self.words):
            size, down = (19, -4) if k == 0 else (20, 20)
            xs = [x0 + slope * (level - y0) for level in (y + down + 4, y + down - size)]
            x = min(xs) - 11 if left else max(xs) + 11
            texts.append(Text(x, y + down, words, size, k > 0, "gradient" if k else "muted", "end" if left else "start",
                              kind=self.edge))  # fmt: skip
        return texts


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


def beside(points: list[Point], offset: float) -> list[Point]:
    """The same way a little to one side, each point moved across the way's direction there."""
    moved = []
    for k, (x, y) in enumerate(points):
        (x0, y0), (x1, y1) = points[max(0, k - 1)], points[min(len(points) - 1, k + 1)]
        length = max(1e-9, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        moved.append((x + offset * (y1 - y0) / length, y))
    return moved


def place_labels(scene: Scene, labels: list[Label]) -> None:
    """Each edge's words at the side and the height where they meet the least; the page grows with them."""
    placed: list[Text] = []
    for label in sorted(labels, key=lambda label: (label.stretch[0][1], label.stretch[0][0])):
        if not label.words:
            continue
        (x0, _), (x1, _) = label.stretch
        sides = (True, False) if x1 - x0 > 12 else (False, True)
        choices = [label.at(share, left) for share in (0.5, 0.36, 0.64) for left in sides]
        best = min(range(len(choices)), key=lambda k: (trouble(choices[k], placed, labels, label, scene), k))
        placed += choices[best]
    scene.width = max([scene.width, *(t.bounds[2] + 24 for t in placed)])
    scene.add(*placed)


def trouble(texts: list[Text], placed: list[Text], labels: list[Label], own: Label, scene: Scene) -> float:
    """How much the words would meet other words, lines, boxes and the page's edge."""
    total = 0.0
    for text in texts:
        box = text.bounds
        total += 10 * sum(overlaps(box, other.bounds) for other in placed)
        total += 4 * sum(crosses(box, label.stretch) for label in labels if label is not own)
        total += 10 * sum(overlaps(box, (b.x, b.y, b.right, b.bottom)) for b in scene.boxes) + 10 * (box[0] < 8)
    return total


def overlaps(a: tuple[float, float, float, float], b: tuple[float, float, float, float], margin: float = 5) -> bool:
    """Whether two rectangles meet."""
    return a[0] < b[2] + margin and b[0] < a[2] + margin and a[1] < b[3] and b[1] < a[3]


def crosses(box: tuple[float, float, float, float], stretch: tuple[Point, Point]) -> bool:
    """Whether a line passes through a rectangle (with room for its two colours)."""
    (x0, y0), (x1, y1) = stretch
    for k in range(9):
        y = box[1] + (box[3] - box[1]) * k / 8
        if min(y0, y1) <= y <= max(y0, y1):
            x = x0 + (x1 - x0) * (y - y0) / (y1 - y0)
            if box[0] - 7 <= x <= box[2] + 7:
                return True
    return False
