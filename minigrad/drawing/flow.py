"""How far a gradient reaches: ‖∂L/∂x_t‖ for every step, relative to the last, for several nets on one scale.

Height and colour are log₁₀; three values are written: the first step's, where it has halved, and the last, which is 1. Below
the dashed line a float32 sum loses the contribution. Untrained gates vanish too: they make the long path learnable, no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..trace import dense
from . import fonts, text_views
from .graph import Graph, Value
from .moving import to_slide
from .notation import norm, superscript
from .reading import graph_of
from .scene import Edge, Mark, Scene, Text, line, rectangle

LEFT, TOP, GAP, BELOW = 212.0, 196.0, 88.0, 76.0
LOST = 2.0**-24  # what is smaller beside 1 disappears in a float32 sum
DEEPEST = -9.0  # the floor of the scale, as a power of ten


def profile(graph: Graph, of: str) -> np.ndarray:
    """‖∂L/∂x_t‖ for every step t; `of` is "x", or the name of a state, "h" or "c". NaN where nothing arrived."""
    norms = np.full(len(graph.columns), np.nan)
    squares: dict[int, float] = {}
    for v in graph.values:
        wanted = v.name == of if of != "x" else is_input(v)
        if v.column is not None and v.initial is None and wanted:
            gradient = arriving(v, graph)
            if gradient is not None:
                squares[v.column] = squares.get(v.column, 0.0) + norm(gradient) ** 2
    for column, square in squares.items():
        norms[column] = math.sqrt(square)
    return norms


def is_input(v: Value) -> bool:
    """What enters a step from outside of time: data, or a slice of a sequence that was computed before."""
    if v.kind == "data":
        return v.array.dtype.kind == "f"
    return v.op == "getitem" and v.inputs[0].column is None and v.inputs[0].kind != "weight"


def arriving(v: Value, graph: Graph) -> np.ndarray | None:
    """∂L/∂v: as recorded; for data, which records none, what the rules of its users make of their gradients."""
    known = graph.gradient(v)
    if known is not None or v.computed:
        return known
    total = None
    for user in v.users:
        dy = graph.gradient(user)
        if dy is None:
            continue
        arrays = [x.tensor if x.kind == "number" else x.tensor.array for x in user.inputs]
        pullbacks = user.tensor.op.rule(*arrays, **user.tensor.settings)[1:]
        for x, pullback in zip(user.inputs, pullbacks, strict=False):
            if x is v:
                part = dense(v.tensor, pullback(dy))
                total = part if total is None else total + part
    return None if total is None else np.asarray(total)


def as_pairs(what: Any) -> list[tuple[str, list[Any]]]:
    """A trace, a pair (before, after), or a mapping from names to either → [(name, [trace, …])]."""
    named = what if isinstance(what, Mapping) else {"": what}
    return [(str(name), list(x) if isinstance(x, Sequence) else [x]) for name, x in named.items()]


class Flow:
    """The drawing in progress: `scene()` makes it."""

    def __init__(self, what: Any, of: str, words: Mapping[str, str]) -> None:
        self.words, self.of = words, of
        self.rows = [(name, [profile(graph_of(trace, None), of) for trace in traces]) for name, traces in as_pairs(what)]
        self.columns = max(len(profiles) for _, profiles in self.rows)
        if not any(np.any(np.isfinite(p)) for _, profiles in self.rows for p in profiles):
            raise ValueError(f"no gradient of {of!r} reached a step: call backward() first, and see that {of!r} is drawn in the steps")
        logs = [np.log10(relative(p)) for _, profiles in self.rows for p in profiles]
        shown = np.concatenate([x[np.isfinite(x)] for x in logs])
        self.low = max(DEEPEST, math.floor(min(shown.min(initial=0.0), -1.0)))
        self.high = max(0.6, float(shown.max(initial=0.0)) + 0.4)

    def scene(self, title: str | None, slide: bool = False) -> Scene:
        """A panel for every net, before and after training beside each other."""
        scene = Scene(1920, 1080, title or self.words["title flow"])
        text, size = fonts.fit([scene.title], 1800, (38, 36, 34, 32, 30, 28, 26, 24), True)
        scene.add(Text(60, 62, text, size, True, kind="title"))
        scene.add(Text(60, 102, self.words["flow how"].format(of=f"{self.of}ₜ"), 22, False, "muted", kind="legend"))
        width = (1920 - LEFT - 60 - GAP * (self.columns - 1)) / self.columns
        height = min(math.inf if slide else 240.0, (1080 - TOP - 106) / len(self.rows) - BELOW)
        for k, (name, profiles) in enumerate(self.rows):
            y = TOP + k * (height + BELOW)
            label, size = fonts.fit([name], LEFT - 60, (38, 34, 30, 26, 22, 20, 18), True)
            scene.add(Text(40, y + height / 2 - 18, label, size, True))
            for j, values in enumerate(profiles):
                self.panel(scene, LEFT + j * (width + GAP), y, width, height, relative(values), j == 0)
        if self.columns == 2:
            for j, key in enumerate(("before training", "after training")):
                scene.add(Text(LEFT + j * (width + GAP) + width / 2, TOP - 42, self.words[key], 28, True, "ink", "middle"))
        self.foot(scene, TOP + len(self.rows) * (height + BELOW) + 12)
        scene.description = "\n".join(self.described())
        panels = [(name, relative(values)) for name, profiles in self.rows for values in profiles]
        told = [(name, values, line.partition(": ")[2] or line) for (name, values), line in zip(panels, self.described(), strict=True)]
        how = self.words["flow how"].format(of=f"{self.of}ₜ")
        scene.text = text_views.reach(told, self.low, self.high, scene.title, how)
        if slide:
            to_slide(scene)
        return scene

    def panel(self, scene: Scene, x: float, y: float, w: float, h: float, values: np.ndarray, scaled: bool) -> None:
        """One net's bars on the common scale."""
        def level(log: float) -> float:
            return y + h * (self.high - max(log, self.low)) / (self.high - self.low)

        scene.add(Mark(rectangle(x, y, w, h), "column"))
        for power in range(0, int(self.low) - 1, -2):
            scene.add(Mark(line((x, level(power)), (x + w, level(power))), "", "column line", 1.2))
            if scaled and (power % 4 == 0 or self.low > -5):
                scene.add(Text(x - 12, level(power) + 7, factor(10.0**power), 19, False, "muted", "end"))
        pitch = w / len(values)
        for t, value in enumerate(values):
            if np.isfinite(value) and value > 0:
                top = level(math.log10(value))
                bar = rectangle(x + t * pitch + pitch * 0.06, top, pitch * 0.88, max(y + h - top, 1.5))
                scene.add(Mark(bar, colour(value), kind="flow", title=f"t = {t + 1}: {factor(value)}"))
        scene.add(Mark(line((x, level(0)), (x + w, level(0))), "", "ink", 2))
        scene.add(Mark(line((x, y + h), (x + w, y + h)), "", "line", 2))
        if self.low < math.log10(LOST):
            scene.add(Mark(line((x, level(math.log10(LOST))), (x + w, level(math.log10(LOST)))), "", "ground", 6),
                      Mark(line((x, level(math.log10(LOST))), (x + w, level(math.log10(LOST)))), "", "gradient line", 2.5, "9 5"))  # fmt: skip
        self.written(scene, x, y, w, pitch, values)
        self.steps(scene, x, y + h + 26, pitch, len(values))

    def written(self, scene: Scene, x: float, y: float, w: float, pitch: float, values: np.ndarray) -> None:
        """Three values above the bars: the first, the half-life, the last."""
        top = y - 10
        first = factor(float(values[0])) if np.isfinite(values[0]) else self.words["nothing arrived"]
        scene.add(Text(x + w - 2, top, "1", 24, True, "ink", "end"), Text(x, top, first, 24, True))
        half = half_life(values)
        words = self.half_words(half)
        left = x + fonts.measure(first, 24, True) + 24
        at = x + w - 40 if half is None else x + w - (half + 0.5) * pitch
        width = fonts.measure(words, 20, True)
        end = max(left + width, min(at - 8, x + w - 40))
        scene.add(Text(end, top - 2, words, 20, True, "muted", "end"))
        if half is not None and abs(at - end - 8) < 40:
            scene.add(Edge("", "", line((at, top - 16), (at, y + 14)), "muted", 2, kind="half"))

    def half_words(self, half: int | None) -> str:
        """½ after 3 steps"""
        if half is None:
            return self.words["no half-life"]
        return self.words["half once"] if half == 1 else self.words["half"].format(steps=half)

    def steps(self, scene: Scene, x: float, y: float, pitch: float, count: int) -> None:
        """1, 10, 20, …, T under the bars."""
        every = max(1, 10 * math.ceil(count / 50)) if count > 12 else 1
        for t in range(1, count + 1):
            last, near = t == count, count - t < every * 0.6 and count > 12
            if last or (not near and (t == 1 or t % every == 0)):
                words = self.words["step"].format(number=t) if last else str(t)
                scene.add(Text(x + (t - 0.5) * pitch, y, words, 19, False, "muted", "end" if last and count > 12 else "middle"))

    def foot(self, scene: Scene, y: float) -> None:
        """The dashed line's meaning, and the colours'."""
        y += 24
        if self.low < math.log10(LOST):
            scene.add(Mark(line((60, y - 7), (104, y - 7)), "", "gradient line", 2.5, "9 5"),
                      Text(116, y, self.words["lost"].format(factor=f"÷ {1 / LOST:,.0f}"), 20, True, "gradient"))  # fmt: skip
        x, width = 1190.0, 500.0
        for k in range(50):
            log = self.low + (1 - self.low) * (k + 0.5) / 50
            scene.add(Mark(rectangle(x + k * width / 50, y - 18, width / 50 + 0.5, 20), colour(10.0**log)))
        scene.add(Text(x - 12, y, factor(10.0**self.low), 19, False, "muted", "end"), Text(x + width + 12, y, "× 10", 19, False, "muted"),
                  Text(x + width * -self.low / (1 - self.low), y - 25, "1", 19, False, "muted", "middle"))  # fmt: skip
        if self.columns == 2:
            text, size = fonts.fit([self.words["flow note"]], 1800, (21, 20, 19, 18))
            scene.add(Text(60, y + 42, text, size, False, "muted"))
        scene.height = y + 70

    def described(self) -> list[str]:
        """Each panel's three values in words."""
        lines = []
        for name, profiles in self.rows:
            for key, values in zip(("before training", "after training"), profiles, strict=False):
                r, when = relative(values), f" {self.words[key]}" if self.columns == 2 else ""
                half = half_life(r)
                first = factor(float(r[0]))
                said = self.words["says reach"].format(name=f"{name}{when}", first=first, half=self.half_words(half))
                lines.append(said.lstrip(": "))
        return lines


def relative(norms: np.ndarray) -> np.ndarray:
    """Each step's norm over the last one's (over the largest, where the last got nothing)."""
    finite = norms[np.isfinite(norms)]
    base = norms[-1] if np.isfinite(norms[-1]) and norms[-1] > 0 else finite.max(initial=0.0) or 1.0
    with np.errstate(all="ignore"):
        return norms / base


def half_life(values: np.ndarray) -> int | None:
    """After how many steps back less than half is left; None if it never is."""
    for back in range(1, len(values)):
        if values[-1 - back] < 0.5:
            return back
    return None


def factor(x: float) -> str:
    """1e−6 → ÷ 1,000,000; 3.4 → × 3.4; two significant digits."""
    if not math.isfinite(x) or x <= 0:
        return "0" if x == 0 else "NaN" if math.isnan(x) else "∞"
    times = x if x >= 1 else 1 / x
    if times > 1e12:
        return f"{'×' if x >= 1 else '÷'} 10{superscript(round(math.log10(times)))}"
    digits = 1 - math.floor(math.log10(times))
    rounded = round(times, digits)
    if rounded == 1:
        return "1"
    return f"{'×' if x >= 1 else '÷'} {rounded:,.{1 if rounded < 10 and rounded != int(rounded) else 0}f}"


def colour(value: float) -> str:
    """Grey at 1, blue and deep blue below, orange above: a mixture of the theme's roles."""
    log = math.log10(value)
    if log >= 0:
        return f"mix line|bar {min(1.0, log):.2f}"
    share = min(1.0, log / DEEPEST * 1.1)
    return f"mix line|input line {share * 2:.2f}" if share < 0.5 else f"mix input line|far {share * 2 - 1:.2f}"
