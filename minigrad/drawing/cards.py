"""What is written in a box: its equation, its value and its gradient, in the largest letters that fit.

A number is shown as a number, a small array as a strip of cells, a gate as how far it is open. A gradient that was
never computed has no number, and NaN and infinity are marked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import fonts, formulas
from .graph import SLICES, Graph, Value
from .notation import fixed, given, norm, number, odd, shape
from .scene import Box, Mark, Path, Text, polygon, rectangle

PAD = 12.0
SIZES = (23, 22, 21, 20, 19, 18)
LARGE, TALL = (30, 28, 26, 25, 24), 110.0  # letters for a box that is as high as that
STYLES = {
    "state": ("state fill", "state line"), "memory": ("memory fill", "memory line"), "loss": ("loss fill", "loss line"),
    "gate": ("gate fill", "gate line"), "weight": ("weight fill", "weight line"), "input": ("input fill", "input line"),
    "value": ("value fill", "value line"), "data": ("data fill", "data line"), "alarm": ("alarm fill", "alarm"),
}  # fmt: skip

Segment = tuple[str, bool, str]  # words, bold, colour


def finite(v: Value, graph: Graph) -> bool:
    """Whether a value and its gradient are free of NaN and infinity."""
    arrays = [v.array] if v.kind != "number" else []
    gradient = graph.gradient(v)
    return all(np.all(np.isfinite(a)) for a in [*arrays, *([] if gradient is None else [gradient])])


def gradient_words(v: Value, graph: Graph) -> list[Segment]:
    """dh₁ 0.34, ‖dh₁‖ 0.08; nothing for what has no gradient, and the words for what was not computed."""
    if v.kind in ("data", "number") or not graph.backward or graph.gradients == "weights" and v.kind != "weight":
        return []
    gradient, name = graph.gradient(v), formulas.name(v, graph)
    if gradient is None:
        return [(graph.missing, False, "muted")] if v.computed else []
    if gradient.size == 1:
        return [(f"d{name} ", False, "gradient"), (number(gradient.item()), True, "gradient")]
    return [(f"‖d{name}‖ ", False, "gradient"), (number(norm(gradient)), True, "gradient")]


def value_words(v: Value, values: str) -> str:
    """0.41; for arrays nothing, the shape, the norm, or mean ± deviation, as `values` asks; any NaN or infinity in words."""
    array = v.array
    if values == "none" or array.dtype.kind not in "fiub":
        return ""
    wrong = [x for x in np.ravel(array) if odd(float(x))]
    if wrong:
        return odd(float(wrong[0])) or ""
    if v.leaf and v.kind == "data" and array.size > 1 and not array.any():
        return "0"
    if array.size == 1:
        return given(array.item()) if v.leaf else number(array.item())
    if values == "shapes":
        return shape(array)
    if values == "statistics":
        return f"{number(float(np.mean(array)))} ± {number(float(np.std(array)))}"
    return f"‖·‖ {number(norm(array))}" if values == "norms" else ""


def is_gate(v: Value) -> bool:
    """σ(…) inside a step, on its way to scale something: it opens between 0 and 1."""
    opens = v.op == "sigmoid" or v.op in SLICES and v.inputs[0].op == "sigmoid" and not v.inputs[0].shown
    return opens and v.column is not None and bool(v.name)


def candidate(v: Value) -> bool:
    """tanh(z[g]), or a named tanh times a gate: what the gate lets in, between −1 and 1."""
    if v.op != "tanh" or v.column is None:
        return False
    gated = [user for user in v.users if user.op == "multiply" and user.column == v.column and any(is_gate(x) for x in user.inputs)]
    return v.inputs[0].op == "getitem" or bool(v.name) and len(v.users) == len(gated) == 1


def opening(v: Value, decimals: int = 2) -> str:
    """A gate's mean as a percentage, a candidate's as a signed number."""
    mean = float(np.mean(v.array))
    if odd(mean):
        return str(odd(mean))
    return f"{100 * mean:.0f} %" if is_gate(v) else fixed(mean, decimals, sign=True)


def openings(v: Value) -> list[str]:
    """The same, shorter and shorter: 65 %, 65%, 65; +0.19, +0.2, +. Rounded, never cut."""
    words = opening(v)
    if is_gate(v) or odd(float(np.mean(v.array))):
        return [words, words.replace(" ", ""), words.removesuffix(" %")]
    return [words, opening(v, 1), words[0] if words[0] in "+−" else "0"]


@dataclass(frozen=True)
class Style:
    """How the titles of one row are set: which of an equation's forms, in which letters."""

    form: int
    size: float
    bold: bool
    named: bool = True  # whether, on one line, there is room to say whose gradient the number is
    told: bool = True  # whether there is room for a gradient at all, beside a name that is not cut


def title_style(titles: Sequence[Sequence[str]], room: float, large: bool = False) -> Style:
    """The first form that fits for all of the boxes of a row: bold where it can be, else regular and smaller."""
    for form in range(max(len(forms) for forms in titles)):
        for bold, sizes in ((True, (LARGE if large else ()) + SIZES[:4]), (False, SIZES[3:]), (True, SIZES[3:])):
            for size in sizes:
                if all(fonts.measure(forms[min(form, len(forms) - 1)], size, bold) <= room for forms in titles):
                    return Style(form, size, bold)
    return Style(-1, SIZES[-1], True)


def fill_card(box: Box, v: Value, graph: Graph, values: str, style: Style | None = None) -> None:
    """The texts and marks of a box; one line where it is low, two where there is room."""
    if not finite(v, graph):
        box.fill, box.stroke, box.dash = "alarm fill", "alarm", "7 4"
    if (is_gate(v) or candidate(v)) and box.w < 130:
        gate_card(box, v, graph)
    elif box.h >= 64:
        two_lines(box, v, graph, values, style)
    else:
        one_line(box, v, graph, values, style)


def names_gradient(v: Value, graph: Graph, values: str, width: float) -> bool:
    """Whether name, value, `dh₁` and the gradient fit on one line."""
    value = value_words(v, values)
    words = [(formulas.name(v, graph), True), *((text, bold) for text, bold, _ in gradient_words(v, graph))]
    taken = sum(fonts.measure(text, 18, bold) for text, bold in words) + (fonts.measure(value, 18) + 10 if value else 0.0)
    return taken + 12 <= width - 2 * PAD


def tells_gradient(v: Value, graph: Graph, width: float) -> bool:
    """Whether the name and the bare gradient fit on one line."""
    right = gradient_words(v, graph)[-1:]
    return not right or fonts.measure(formulas.name(v, graph), 18, True) + 12 + fonts.measure(right[0][0], 18, right[0][1]) <= width - 2 * PAD


def gate_card(box: Box, v: Value, graph: Graph) -> None:
    """The gate's letter and how open it is; filled as high as its value."""
    mean = float(np.mean(v.array))
    x = box.x + box.w / 2
    if not odd(mean):
        inset = box.width
        level = (box.h - 2 * inset) * (mean if is_gate(v) else abs(mean))
        fill = "gate level" if is_gate(v) else ("gradient fill" if mean >= 0 else "against fill")
        box.marks.append(Mark(filled(box.x + inset, box.right - inset, box.bottom - inset, level, box.radius - inset), fill=fill))
    title, size = fonts.fit([formulas.name(v, graph), v.name], box.w - 3, (21, 20, 19, 18), True)
    low, small = fonts.fit(openings(v), box.w - 4, (20, 19, 18))
    line = box.h / 2
    box.texts += [
        Text(x, box.y + line - 5, title, size, True, "ink", "middle", box.fill),
        Text(x, box.y + line + 20, low, small, False, "ink", "middle", box.fill),
    ]


def filled(left: float, right: float, bottom: float, level: float, radius: float) -> Path:
    """A vessel with a round bottom, filled as high as `level`."""
    rises = [min(level, radius) * k / 6 for k in range(7)]
    insets = [radius - math.sqrt(max(0.0, radius**2 - (radius - rise) ** 2)) for rise in rises]
    wall = list(zip(insets, rises, strict=True)) + [(insets[-1], level)]
    return polygon(*((left + inset, bottom - rise) for inset, rise in wall), *((right - inset, bottom - rise) for inset, rise in wall[::-1]))


def two_lines(box: Box, v: Value, graph: Graph, values: str, style: Style | None = None) -> None:
    """The equation above; the value at the left and the gradient at the right below."""
    forms, room = list(formulas.forms(v, graph)), box.w - 2 * PAD + 10
    style = style or title_style([forms], room, box.h >= TALL)
    title = fonts.cut(forms[min(style.form, len(forms) - 1)], room, style.size, style.bold)
    alone = not value_words(v, values) and not gradient_words(v, graph) and v.array.size > 1
    apart = 8 if box.h >= TALL else 0
    y = box.y + box.h / 2 + (7.5 if alone else -8 - apart)
    box.texts.append(Text(box.x + box.w / 2, y, title, style.size, style.bold, "ink", "middle", box.fill))
    if not alone:
        second_line(box, v, graph, values, box.y + box.h / 2 + 26 + apart)


def second_line(box: Box, v: Value, graph: Graph, values: str, y: float) -> None:
    """Value and gradient on one line; the value alone stands in the middle."""
    left, right = value_words(v, values), gradient_words(v, graph)
    room = box.w - 2 * PAD
    if not right:
        sizes = (LARGE if box.h >= TALL else ()) + SIZES
        size = next((s for s in sizes if fonts.measure(left, s) <= room), None)
        if size:
            box.texts.append(Text(box.x + box.w / 2, y, left, size, False, "ink", "middle", box.fill))
        return
    right_aligned(box, right, y, spared(right, room, [fonts.measure(left, 18) + 14 if left else 0.0]))
    taken = sum(t.width for t in box.texts if t.y == y) + 14
    size = next((s for s in SIZES if fonts.measure(left, s) <= room - taken), None)
    if left and size:
        box.texts.append(Text(box.x + PAD, y, left, size, False, "ink", "start", box.fill))
    elif not left and v.array.size > 1 and room - taken > 44 and values != "none":
        box.marks += strip(v.array, box.x + PAD, y - 15, min(96.0, room - taken), 16)


def spared(segments: Sequence[Segment], room: float, claims: Sequence[float]) -> float:
    """What is left for a gradient after the claims of others, the most important first: it comes before any that it leaves no room for."""
    need = fonts.measure(segments[-1][0], SIZES[-1], segments[-1][1])
    kept = [sum(claims[:k]) for k in range(len(claims), -1, -1)]
    return next((room - taken for taken in kept if need <= room - taken), room)


def right_aligned(
    box: Box, segments: Sequence[Segment], y: float, room: float, sizes: Sequence[float] = SIZES
) -> float:
    """Segments of different weight, ending at the box's right padding; the last alone where there is no room for all.

    What does not fit is left out: half a number would be another number. Returns the letters' size.
    """
    def width(size: float, some: Sequence[Segment]) -> float:
        return sum(fonts.measure(words, size, bold) for words, bold, _ in some)

    kept = list(segments)
    size = next((s for s in sizes if width(s, kept) <= room), None)
    if size is None and len(kept) > 1:
        kept = kept[-1:]
        size = next((s for s in sizes if width(s, kept) <= room), sizes[-1])
    size = size or sizes[-1]
    if width(size, kept) > room:
        return size
    x = box.right - PAD - width(size, kept)
    for words, bold, colour in kept:
        box.texts.append(Text(x, y, words, size, bold, colour, "start", box.fill))
        x += fonts.measure(words, size, bold)
    return size


def one_line(box: Box, v: Value, graph: Graph, values: str, style: Style | None = None) -> None:
    """The name and the value at the left, the gradient at the right; alone, the name stands in the middle."""
    y, room = box.y + box.h / 2 + 7.5, box.w - 2 * PAD
    name = v.full_name if v.kind == "weight" else formulas.name(v, graph)
    value, right = value_words(v, values), gradient_words(v, graph)
    if style is not None and not style.told:
        right = []
    if not value and not right:
        forms = list(formulas.forms(v, graph))
        title, size = fonts.fit(forms, room, (21, 20, 19, 18), True)
        if title not in forms:
            title, size = fonts.fit(forms[-1:], room + PAD, (18,), True)
        box.texts.append(Text(box.x + box.w / 2, y, title, size, True, "ink", "middle", box.fill))
        return
    taken = 0.0
    if right:
        right = right[-1:] if v.leaf or style is not None and not style.named else right
        spare = fonts.measure(value, 18) + 10 if value else 0.0
        sizes = SIZES[3:] if v.leaf else SIZES
        right_aligned(box, right, y, spared(right, room, [fonts.measure(name, 18, True) + 12, spare]), sizes)
        taken = sum(fonts.measure(t.text, t.size, t.bold) for t in box.texts) + 12
    full = [formulas.equation(v, graph)] if v.computed and not value else []
    names = v.names if v.kind == "weight" else [name]
    title, size = fonts.fit([*full, *names], room - taken, (21, 20, 19, 18), True)
    if value:
        both = (s for s in (21, 20, 19, 18) if fonts.measure(name, s, True) + 8 + fonts.measure(value, s) <= room - taken)
        size = next(both, size)
    box.texts.append(Text(box.x + PAD, y, title, size, True, "ink", "start", box.fill))
    used = fonts.measure(title, size, True) + 8
    if value and used + fonts.measure(value, size) <= room - taken:
        box.texts.append(Text(box.x + PAD + used, y, value, size, False, "ink", "start", box.fill))


def strip(array: np.ndarray, x: float, y: float, width: float, height: float, most: int = 16) -> list[Mark]:
    """An array as a row of cells (at most `most`; a batch is averaged): orange above 0, purple below, as strong as it is large."""
    flat = np.asarray(array, dtype=np.float64)
    flat = flat.reshape(-1, flat.shape[-1]).mean(axis=0) if flat.ndim > 1 else flat
    if flat.size > most:
        flat = np.array([chunk.mean() for chunk in np.array_split(flat, most)])
    largest = float(np.max(np.abs(flat), initial=0.0, where=np.isfinite(flat))) or 1.0
    cell = width / flat.size
    marks = []
    for k, a in enumerate(flat):
        strength = min(1.0, abs(a) / largest) if np.isfinite(a) else 1.0
        fill = "alarm" if not np.isfinite(a) else "bar" if a >= 0 else "bar against"
        marks.append(Mark(rectangle(x + k * cell, y, cell, height), fill=fill, opacity=round(0.08 + 0.92 * strength, 3)))
    return [*marks, Mark(rectangle(x, y, width, height), stroke="line", width=1)]
