"""What all steps share: each weight once, as a rail under the columns, with a tap up into every box that uses it.

A value that every step reads, such as an attention's H, is a rail too: with lines down from the boxes that it is made of, and
taps up to its readers, along which its gradient comes back.
"""

from __future__ import annotations

from dataclasses import replace

from . import fonts, formulas
from .cards import gradient_words, right_aligned, spared, value_words
from .graph import Value, sources
from .notation import shape
from .routes import Routed
from .scene import Box, Edge, Mark, Text, bent, circle, line
from .slots import Link


class Railed(Routed):
    """Adds the rails to what is drawn."""

    def tap(self, link: Link, upper: Value, x: float, column: int) -> None:
        """Where a rail will reach up into a box, or a line will come down from it: to its pill, or into a rail."""
        if link.key == "part":
            if self.graph.weight in sources(upper):
                self.parts.append((upper, column, x + link.ends[1], x + link.track))
        elif isinstance(link.key, tuple):
            if upper in sources(link.key[1]):
                self.feeds.append((link.key[1], upper, x + link.ends[1], x + link.track))
        elif link.key in sources(upper):
            self.taps[link.key].append(x + link.track)
            self.waiting.append((link.key, upper, x + link.track, x + link.ends[1], self.boxes[upper].bottom))

    def draw_rails(self, top: float) -> float:
        """The shared weights under the columns, each once, with a tap for every use; returns where they end."""
        y = top
        if self.plan.lesser:
            y = self.lesser_rail(y) + 6.0
        for v in self.plan.rails[len(self.plan.lesser) :]:
            main = v is self.graph.weight and self.backward
            h = 62.0 if main else 33.0
            y += 5.0 if main and v is not self.plan.rails[0] else 0.0
            self.rail(v, y, h, main)
            y += h + 6.0
        return y

    def lesser_rail(self, y: float) -> float:
        """The weights for which the page has no rail of their own, by name."""
        short = list(dict.fromkeys(v.name for v in self.plan.lesser))
        lists = [[v.full_name for v in self.plan.lesser], short, *([*short[:k], "…"] for k in range(len(short) - 1, 0, -1))]
        more, count = self.words["rails more"], len(self.plan.lesser)
        said = [more.format(count=count, names=", ".join(names)) for names in lists]
        text, size = fonts.fit([*said, more.partition(":")[0].format(count=count)], self.left_width, (19, 18))
        self.texts.append(Text(self.left + 12, y + 23, text, size, False, "weight"))
        return y + 33.0

    def rail(self, v: Value, y: float, h: float, main: bool) -> None:
        """One weight's box, its line, and its taps."""
        kind, fill, stroke = self.style(v)
        box = Box(self.graph.id[v], self.left, y, self.left_width, h, fill, stroke, 4 if main else 2, 13 if main else 9, kind=kind)
        box.title = formulas.equation(v, self.graph)
        self.boxes[v] = box
        self.rail_words(box, v, main)
        self.line_of(v, box, 4.5 if main else 2.2)

    def line_of(self, v: Value, box: Box, width: float) -> None:
        """The rail's line as far as it is used, its taps, and what it is made of."""
        level, main = box.centre[1], width > 3
        reached = [*self.taps[v], *(x for rail, _, _, x in self.feeds if rail is v)]
        colour = "weight line" if v.kind == "weight" else "line"
        if reached:
            self.marks.append(Mark(line((box.right, level), (max(reached), level)), "", colour, width, kind="rail"))
        for key, upper, x, end, bottom in self.waiting:
            if key is v:
                self.marks.append(Mark(circle(x, level, 6.5 if main else 4.5), colour, kind="tap"))
                turn = bottom + 12 + 5 * (self.taps_before(upper, key) % 4)
                path = bent([(x, level), (x, turn), (end, turn), (end, bottom)] if end != x else [(x, level), (x, bottom)])
                thin = width * 0.8 if main else width
                tap = Edge(box.id, self.graph.id[upper], path, colour, thin, "head", kind="tap", on="column")
                own = v.kind == "weight" and not self.held_back(upper)
                self.edges.append(tap if own else replace(self.edge(v, upper, path), kind="tap"))
        for rail, lower, end, x in self.feeds:
            if rail is v:
                below = self.boxes[lower].bottom
                turn = below + 14
                path = bent([(end, below), (end, turn), (x, turn), (x, level)] if end != x else [(x, below), (x, level)])
                self.edges.append(replace(self.edge(lower, v, path), kind="feed"))

    def taps_before(self, upper: Value, key: Value) -> int:
        """How many taps reach the same box from earlier rails: each turns a little lower."""
        return [k for k, box, *_ in self.waiting if box is upper].index(key)

    def rail_words(self, box: Box, v: Value, main: bool) -> None:
        """The name, its number or shape, and its gradient; for the singled-out weight its count of uses."""
        name = v.full_name
        what = value_words(v, "none" if self.plan.values == "none" else "auto") or shape(v.array)
        if main:
            self.main_words(box, v, f"{name}  {what}")
            return
        if v.computed:
            forms = [form for form in formulas.forms(v, self.graph) if form != name]
            text, size = fonts.fit([*forms, f"{name}  {what}", name], box.w - 24, (19, 18), True)
            box.texts.append(Text(box.x + 12, box.y + 23, text, size, True, "ink", "start", box.fill))
            return
        gradient = gradient_words(v, self.graph)[-1:] if v.array.size == 1 else []
        room = box.w - 24
        if gradient:
            spare = fonts.measure(what, 18) + 7
            right_aligned(box, gradient, box.y + 23, spared(gradient, room, [fonts.measure(name, 18, True) + 10, spare]))
        taken = sum(t.width for t in box.texts) + 12 if gradient else 0
        text, size = fonts.fit(v.names if v.kind == "weight" else [name], room - taken, (19, 18), True)
        used = fonts.measure(text, size, True) + 7
        box.texts.append(Text(box.x + 12, box.y + 23, text, size, True, "ink", "start", box.fill))
        if fonts.measure(what, 18) <= room - taken - used:
            box.texts.append(Text(box.x + 12 + used, box.y + 23, what, 18, False, "ink", "start", box.fill))

    def main_words(self, box: Box, v: Value, full: str) -> None:
        """W_hh 0.9, × 5 uses"""
        x, uses = box.x + box.w / 2, len(v.users)
        title, size = fonts.fit([full, *v.names], box.w - 20, (23, 22, 21, 20, 19, 18), True)
        below = self.words["uses"].format(uses=uses) if uses > 1 else self.words["one use"]
        box.texts += [Text(x, box.y + 27, title, size, True, "ink", "middle", box.fill),
                      Text(x, box.y + 51, below, 19, True, "ink", "middle", box.fill)]  # fmt: skip
