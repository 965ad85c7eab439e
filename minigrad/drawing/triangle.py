"""Who taught whom, drawn: row = the loss at step k, column = the use of W at step t, square = that part of W.grad.

Side and strength grow with the logarithm of the share, the hue is its sign; vanishing is the fade away from the diagonal.
Beside it, what truncation leaves: a band where each loss reaches a few uses back, small triangles where the state is detached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import fonts, taught, text_views
from .graph import Graph, Value
from .notation import fixed
from .scene import Box, Mark, Scene, Text, line, rectangle, rounded_rectangle
from .sums import title

LEFT, TOP, CELL, MOST = 177.0, 165.0, 86.0, 8
SMALL = 44.0  # a cell of the truncated triangles


class Triangle:
    """The drawing in progress: `scene()` makes it."""

    def __init__(self, graph: Graph, weight: Value, words: Mapping[str, str], truncate: int | None) -> None:
        self.graph, self.weight, self.words = graph, weight, words
        count = len(graph.columns)
        self.groups = [[int(k) for k in group] for group in np.array_split(np.arange(count), min(count, MOST))]
        parts = taught.table(graph, weight)
        self.fine = taught.shares(parts)
        self.cells = taught.in_groups(self.fine, self.groups)
        self.known = bool(np.all(np.isfinite(self.cells))) and bool(self.cells.any())
        self.truncate = truncate if truncate is not None else round(3 * count / self.n) if count > 4 else 0

    @property
    def n(self) -> int:
        return len(self.groups)

    def number(self, group: list[int]) -> str:
        """3, or 5–8 for steps drawn as one."""
        first, last = self.graph.columns[group[0]].number, self.graph.columns[group[-1]].number
        return str(first) if first == last else f"{first}–{last}"

    def scene(self, heading: str | None) -> Scene:
        """The large triangle with its sums, the legend, and the truncated ones."""
        name = self.weight.full_name
        scene = Scene(1920, 1080, heading or self.words["title taught"].format(weight=name))
        scene.add(Text(36, 50, scene.title, 34, True, kind="title"))
        subtitle, size = fonts.fit([self.words["taught how"].format(weight=name)], 1848, (22, 21, 20, 19, 18))
        scene.add(Text(36, 92, subtitle, size, False, "muted", kind="legend"))
        if not self.known:
            scene.add(Text(36, 160, self.words["not computed"] if self.graph.gradient(self.weight) is None
                           else self.words["grad is zero"].format(weight=self.weight.grad_name).replace("|", " "), 24, True, "muted"))  # fmt: skip
            scene.height, scene.description = 220, scene.items[-1].text  # type: ignore[union-attr]
            return scene
        printed, rows, columns = taught.rounded_table(self.cells)
        self.grid(scene, printed)
        self.sums(scene, rows, columns)
        self.legend(scene)
        if self.truncate and self.n > 2:
            self.truncations(scene)
        else:
            scene.width = max(text.bounds[2] for text in scene.texts) + 36
        scene.description = self.described(rows, columns)
        steps = [self.number(group) for group in self.groups]
        scene.text = text_views.triangle(printed, rows, columns, steps, self.words, scene.title, self.words["taught how"].format(weight=name))
        return scene

    # -- the large triangle

    def grid(self, scene: Scene, printed: np.ndarray) -> None:
        """A ground and a square for every pair of a loss and an earlier (or equal) use."""
        for k, group in enumerate(self.groups):
            x, y = LEFT + CELL * k, TOP + CELL * k
            step = self.number(group)
            label, size = fonts.fit([self.words["step"].format(number=step), step], CELL - 4, (20, 19, 18), True)
            scene.add(Text(x + CELL / 2, TOP - 14, label, size, True, "muted", "middle"))
            scene.add(Text(LEFT - 18, y + CELL / 2 + 8, self.words["loss"].format(number=self.number(group)), 22, True, "ink", "end"))
            for t in range(k + 1):
                scene.add(Mark(rectangle(LEFT + CELL * t + 1, y + 1, CELL - 2, CELL - 2), "column", kind="cell ground"))
        for k in range(self.n):
            for t in range(self.n):
                if self.cells[k, t] != 0.0:
                    scene.add(self.square(k, t, int(printed[k, t])))

    def square(self, k: int, t: int, printed: int) -> Box:
        """One square; its number only where it is not rounded to 0."""
        share = float(self.cells[k, t])
        side, opacity = size_of(share, CELL), strength(share)
        x, y = LEFT + CELL * (t + 0.5), TOP + CELL * (k + 0.5)
        against = share < 0
        box = Box(f"part{k + 1}_{t + 1}", x - side / 2, y - side / 2, side, side, "", "against line" if against else "gradient line",
                  1.6, 4, kind="part", step=self.graph.columns[self.groups[t][0]].number)  # fmt: skip
        box.title = f"{self.words['loss'].format(number=self.number(self.groups[k]))}, t = {self.number(self.groups[t])}: {share:.2g} %"
        inner = rounded_rectangle(box.x, box.y, side, side, 4)
        box.marks.append(Mark(inner, "cell against" if against else "cell", opacity=opacity, kind="square"))
        words = fixed(printed, 0, sign=True)
        if printed and fonts.measure(words, 21, True) + 6 <= side:
            box.texts.append(Text(x, y + 8, words, 21, True, "ink", "middle", "cell against" if against else "cell"))
        elif printed and fonts.measure(words, 18, True) + 2 <= side:
            box.texts.append(Text(x, y + 7, words, 18, True, "ink", "middle", "cell against" if against else "cell"))
        return box

    def sums(self, scene: Scene, rows: np.ndarray, columns: np.ndarray) -> None:
        """At the right what each loss sends in all, at the bottom the pills of the uses, in the corner all of it."""
        right, bottom = LEFT + CELL * self.n + 27, TOP + CELL * self.n + 22
        scene.add(Text(right + 56, TOP - 14, self.words["sum"], 21, True, "ink", "middle"))
        scene.add(Text(LEFT - 18, bottom + 48, self.words["sum"], 21, True, "ink", "end"))
        for k in range(self.n):
            y = TOP + CELL * k + (CELL - 62) / 2
            scene.add(pill(f"loss{k + 1}", right, y, 112, 62, [fixed(rows[k], 0, sign=True)], rows[k] < 0))
            words = [self.use_title(k), fixed(columns[k], 0, sign=True)]
            scene.add(pill(f"use{k + 1}", LEFT + CELL * k + 2, bottom, CELL - 4, 80, words, columns[k] < 0))
        box = Box("total", right, bottom, 112, 80, "total", "total", 2, 12, kind="total")
        box.texts.append(Text(right + 56, bottom + 49, "100 %", 26, True, "on total", "middle", "total"))
        scene.add(box, Text(right + 56, bottom + 108, f"= {self.weight.grad_name}", 20, True, "gradient", "middle"))
        y = bottom + (112 if self.n > 6 else 146)
        for part in self.words["taught read"].split("|"):
            scene.add(Text(LEFT, y, part, 20, False, "muted"))
            y += 27
        scene.height = max(1080.0, y + 12) if self.n > 7 else max(y + 20, 720.0)

    def use_title(self, t: int) -> str:
        """h₁ᵀdz₂, or which uses are drawn as one."""
        group = set(self.groups[t])
        users = [v for v in self.weight.users if v.column in group]
        if len(group) > 1 or not users:
            return f"{len(users)} ×"
        words = title(self.graph, self.weight, users, self.words).replace(" ", "")
        return words if fonts.measure(words, 18) <= CELL - 10 else f"{len(users)} ×"

    def legend(self, scene: Scene) -> None:
        """What a size means, in the empty half."""
        inside = self.n > 6
        x, y = (LEFT + CELL * 4 + 2, TOP + 26) if inside else (LEFT + CELL * self.n + 190, TOP + 26)
        left = x + 6
        scene.add(Text(x, y, self.words["taught causal"], 20, True))
        x += 36
        for share in (30.0, 3.0, 0.3, 0.03):
            side = size_of(share, CELL)
            square = rounded_rectangle(x - side / 2, y + 65 - side / 2, side, side, 4)
            scene.add(Mark(square, "cell", opacity=strength(share)), Mark(square, "", "gradient line", 1.6))
            scene.add(Text(x, y + 132, f"{share:g}", 19, False, "muted", "middle"))
            x += 84 if share > 1 else 66
        scene.add(Text(x - 32, y + 132, "%", 19, False, "muted"))
        for k, (fill, stroke, key) in enumerate((("cell", "gradient line", "taught along"), ("cell against", "against line", "taught against"))):
            level = y + 174 + 34 * k
            square = rounded_rectangle(left, level - 18, 24, 24, 4)
            scene.add(Mark(square, fill), Mark(square, "", stroke, 1.6))
            words = self.words[key].format(weight=self.weight.full_name)
            scene.add(Text(left + 38, level, words, 20))

    # -- truncation

    def truncations(self, scene: Scene) -> None:
        """The same triangle twice, small: a sliding window, and a state detached every few steps."""
        x, reach = 1180.0 if self.n > 6 else 1260.0, self.truncate
        window = (lambda k, t: k - t < reach)  # type: Callable[[Any, Any], Any]
        chunk = (lambda k, t: k // reach == t // reach)  # type: Callable[[Any, Any], Any]
        self.truncated(scene, x, 148, self.words["truncated window"].format(steps=reach), self.words["truncated band"], window)
        below = 148 + 88 + SMALL * self.n + 28
        first = [str(self.graph.columns[k].number) for k in range(0, len(self.graph.columns), reach)][1:3]
        left_over = self.words["truncated few" if len(first) < 2 or self.n < len(self.fine) else "truncated triangles"]
        left_over = left_over.format(losses=self.words["and"].join(first))
        self.truncated(scene, x, below, self.words["truncated detach"].format(steps=reach), left_over, chunk)
        scene.height = max(scene.height, below + 88 + SMALL * self.n + 24)

    def truncated(self, scene: Scene, x: float, y: float, heading: str, words: str, kept: Callable[[Any, Any], Any]) -> None:
        """One small triangle, with dashes for what is cut off and how much is kept."""
        scene.add(Text(x, y, heading, 23, True), Text(x, y + 30, words, 19, False, "muted"))
        total = self.fine[kept(*np.indices(self.fine.shape))].sum()
        top = y + 46
        for k in range(self.n):
            for t in range(k + 1):
                self.small_square(scene, x + SMALL * t, top + SMALL * k, float(self.cells[k, t]),
                                  kept(self.groups[k][0], self.groups[t][0]))  # fmt: skip
        self.staircase(scene, x, top, kept)
        right = x + SMALL * self.n + 46
        middle = top + SMALL * self.n * 0.45
        scene.add(Text(right, middle, self.words["kept"].format(share=f"{total:.0f}"), 30, True, "gradient"),
                  Text(right, middle + 38, self.words["cut off"].format(share=fixed(100 - round(total), 0)), 21),
                  Mark(line((right, middle + 72), (right + 52, middle + 72)), "", "ink", 3.5, "11 6"),
                  Text(right + 64, middle + 79, self.words["the cut"], 20, False, "muted"))  # fmt: skip

    def small_square(self, scene: Scene, x: float, y: float, share: float, kept: bool) -> None:
        """A square of a truncated triangle: filled if it is kept, dashed if it is cut off."""
        side = size_of(share, SMALL)
        path = rectangle(x + (SMALL - side) / 2, y + (SMALL - side) / 2, side, side)
        if not kept and share:
            scene.add(Mark(path, "", "faint", 1.6, "3 3", kind="cut"))
        if not kept:
            return
        scene.add(Mark(rectangle(x + 1, y + 1, SMALL - 2, SMALL - 2), "column"))
        if share:
            scene.add(Mark(path, "cell against" if share < 0 else "cell", opacity=strength(share)),
                      Mark(path, "", "against line" if share < 0 else "gradient line", 1.4))  # fmt: skip

    def staircase(self, scene: Scene, x: float, y: float, kept: Callable[[Any, Any], Any]) -> None:
        """The dashed line between what is kept and what is cut off."""
        points: list[tuple[float, float]] = []
        for k in range(self.n):
            cut = sum(not kept(self.groups[k][0], self.groups[t][0]) for t in range(k + 1))
            if cut or points:
                points += [(x + SMALL * cut, y + SMALL * k), (x + SMALL * cut, y + SMALL * (k + 1))]
        if points:
            scene.add(Mark(line((x, points[0][1]), *points), "", "ink", 3.5, "11 6", kind="level"))

    def described(self, rows: np.ndarray, columns: np.ndarray) -> str:
        """The sums in words."""
        def listed(key: str, sums: np.ndarray) -> str:
            return ", ".join(f"{self.words[key].format(number=self.number(g))}: {fixed(x, 0, sign=True)} %"
                             for g, x in zip(self.groups, sums, strict=True))  # fmt: skip

        by_loss = self.words["says losses"].format(weight=self.weight.grad_name, list=listed("loss", rows))
        return f"{by_loss}\n{self.words['says uses'].format(list=listed('step', columns))}"


def size_of(share: float, cell: float) -> float:
    """The side of a square: 50 + 17·log₁₀|%| in a cell of 86."""
    return max(9.0, min(78.0, 50 + 17 * math.log10(max(abs(share), 1e-10)))) * cell / 86


def strength(share: float) -> float:
    """From faint to full over four powers of ten."""
    return round(max(0.3, min(1.0, 0.75 + 0.2 * math.log10(max(abs(share), 1e-10)))), 3)


def pill(id: str, x: float, y: float, w: float, h: float, words: list[str], against: bool) -> Box:
    """A rounded box with one or two lines, coloured by sign."""
    side = "against" if against else "gradient"
    box = Box(id, x, y, w, h, f"{side} fill", f"{side} line", 2, 28 if len(words) > 1 else 14, kind="pill")
    if len(words) > 1:
        text, size = fonts.fit([words[0]], w - 6, (19, 18))
        box.texts.append(Text(x + w / 2, y + 31, text, size, False, "ink", "middle", box.fill))
    text, size = fonts.fit([words[-1]], w - 12, (26, 24, 22, 20, 18), True)
    box.texts.append(Text(x + w / 2, y + h / 2 + (24 if len(words) > 1 else 9), text, size, True, side, "middle", box.fill))
    return box
