"""The unrolled net for a terminal: a table of steps and the waterfall in block letters, where nothing can be shown but text.

It says the same numbers as the drawing, in the same order, in 80 columns; `plain` says it in the letters that a terminal has.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from . import formulas
from .cards import value_words
from .graph import Graph, Value
from .notation import fixed, norm, number, running, shape
from .steps import Plan
from .sums import Sum

WIDE = 80  # the columns of a terminal
BAR = 44  # the longest bar, in characters
EIGHTHS = " ▏▎▍▌▋▊▉█"
SIGNS = {
    "−": "-", "·": "*", "⊙": "*", "×": "x", "÷": "/", "½": "1/2", "¼": "1/4", "¾": "3/4", "√": "sqrt", "Σ": "sum", "σ": "sigmoid", "∂": "d", "∞": "inf",
    "‖": "|", "′": "'", "→": "->", "←": "<-", "…": "...", "–": "-", "█": "#", "●": "o", "○": "o", "│": "|", "─": "-", "┌": "+", "┐": "+", "└": "+",
    "┘": "+", "├": "+", "┤": "+", "┼": "+", "◂": "<", "▲": "+", "▼": "-", "\u2009": " ", "ᵀ": ".T", "ₜ": "_t", "⟨": "<", "⟩": ">", "⁽": "(", "⁾": ")",
} | dict.fromkeys("▏▎▍▌▋▊▉", "#") | {"▁▂▃▄▅▆▇█"[k]: str(k + 1) for k in range(7)}  # fmt: skip


def cells(words: str) -> int:
    """How many cells of a terminal a text takes: 漢 two, an accent none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def pad(words: str, width: int, right: bool = False) -> str:
    """The text with spaces before or after it."""
    space = " " * max(0, width - cells(words))
    return space + words if right else words + space


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry; the first one to the left, the others to the right, and on below where they end."""
    widths = [max(cells(row[k]) for row in rows if k < len(row)) for k in range(max(map(len, rows)))]
    blocks: list[list[int]] = [[]]
    for k in range(1, len(widths)):
        if blocks[-1] and widths[0] + sum(widths[j] + 2 for j in [*blocks[-1], k]) > WIDE:
            blocks.append([])
        blocks[-1].append(k)
    lines = ["\n".join("  ".join(pad(row[k], widths[k], k > 0) for k in (0, *block) if k < len(row)).rstrip() for row in rows) for block in blocks]
    return "\n\n".join(lines)


def folded(line: str, indent: int = 4) -> str:
    """A line that is too long for a terminal goes on below, a little to the right; numbers and formulas stay whole."""
    first, *words = re.split(r"(?<=\S) ", line)
    lines, now = [], first
    for word in words:
        if cells(f"{now} {word}") > WIDE:
            lines.append(now.rstrip())
            now = " " * indent + word.strip()
        else:
            now = f"{now} {word}"
    return "\n".join([*lines, now])


def plain(words: str, encoding: str) -> str:
    """The text in letters that an encoding has: h₂ = tanh(z₂) as h_2 = tanh(z_2) where it knows no small numbers."""
    lines = []
    for line in words.split("\n"):
        said = "".join(c if encodable(c, encoding) else spelled(c, encoding) for c in line)
        for mark, digits in (("_", "₀-₉₋₊"), ("^", "⁰¹²³⁴-⁹⁻⁺")):  # h₁₂ → h_12, not h_1_2
            for run in re.findall(f"[{digits}]{{2,}}", line):
                said = said.replace("".join(spelled(c, encoding) for c in run), mark + "".join(spelled(c, encoding)[1:] for c in run))
        lines.append(squeezed(said.replace("_t_", "_t"), cells(line)))
    return "\n".join(lines)


def squeezed(line: str, width: int) -> str:
    """A line that grew gives its last wide space back, so that what stands at its right end stays there."""
    for space in reversed(re.findall(" {3,}", line)):
        surplus = len(line) - width
        if surplus > 0:
            left, _, right = line.rpartition(space)
            line = left + space[min(surplus, len(space) - 1) :] + right
    return line


def spelled(c: str, encoding: str) -> str:
    """One letter that the encoding does not know, said with those that it does; ? for what cannot be said."""
    if c in SIGNS:
        return SIGNS[c]
    kind, _, digit = unicodedata.decomposition(c).partition(" ")
    if kind in ("<sub>", "<super>") and len(digit.split()) == 1:
        return ("_" if kind == "<sub>" else "^") + plain(chr(int(digit, 16)), encoding)
    if unicodedata.combining(c):
        return "~"
    bare = unicodedata.normalize("NFD", c)[0]
    return bare if encodable(bare, encoding) else "?"


def encodable(c: str, encoding: str) -> bool:
    """Whether the encoding has this letter."""
    return c.encode(encoding, "ignore") != b""


def unrolled(graph: Graph, plan: Plan, total: Sum | None, title: str) -> str:
    """Steps as columns, what they hold as rows, then what follows, then the sum."""
    columns = [c for c in plan.columns if not c.gap]
    rows = [["t", *(str(graph.columns[c.last].number) for c in columns)]]
    for slot in [s for body in plan.bodies for row in body.rows[::-1] for s in row if s.key is not None]:
        values = [c.slots.get(slot) for c in columns]
        name = next(v for v in values if v is not None)
        rows.append([name.name, *(told(v) for v in values)])
        if name.computed:
            rows.append([f"  d{name.name}", *(told_gradient(v, graph) for v in values)])
    lines = [title, "", table(rows), ""]
    for c in plan.columns:
        if c.gap:
            numbers = [graph.columns[k].number for k in c.columns]
            lines += [f"(steps {numbers[0]} to {numbers[-1]} are not shown)", ""]
    lines += [folded(f"{formulas.equation(v, graph)}   {told(v)}   d{v.name} {told_gradient(v, graph)}")
              for v in plan.after_slots.values() if v.computed]  # fmt: skip
    lines += [f"{v.full_name} ({shape(v.array)}), used {len(v.users)} ×" for v in plan.rails]
    return "\n".join([*lines, *(["", waterfall(total, graph)] if total is not None and total.uses else [])]) + "\n"


def told(v: Value | None) -> str:
    """A value as a number, or its norm."""
    if v is None:
        return ""
    return value_words(v, "auto") or f"‖{number(norm(v.array))}‖"


def told_gradient(v: Value | None, graph: Graph) -> str:
    """A gradient as a number, or its norm; a dash where it was not computed."""
    gradient = graph.gradient(v) if v is not None else None
    if gradient is None:
        return "–"
    return number(gradient.item()) if gradient.size == 1 else f"‖{number(norm(gradient))}‖"


def waterfall(total: Sum, graph: Graph) -> str:
    """One line per use, in order of arrival: its part, and the sum so far as a bar."""
    head = f"{total.weight.grad_name}, in order of arrival"
    if total.total is None:
        return f"{head}: {graph.missing}"
    levels = running([use.printed for use in total.uses])
    largest = max((abs(x) for x in levels if math.isfinite(x)), default=0.0) or 1.0
    rows: list[list[Any]] = []
    for use, level in zip(total.uses, levels, strict=True):
        numbers = [graph.columns[k].number for k in use.columns if k is not None]
        step = f"t = {numbers[0]}" if len(numbers) == 1 else f"t = {numbers[0]}…{numbers[-1]}" if numbers else ""
        rows.append([step, use.title, use.label, total.plain(level), level / largest])
    rows.append(["sum", "", "", fixed(total.total, total.decimals) + total.unit, 0.0])
    widths = [max(cells(row[k]) for row in rows) for k in range(4)]
    room = WIDE - sum(widths) - 8
    lines = ["  ".join([pad(r[0], widths[0]), pad(r[1], widths[1]), pad(r[2], widths[2], True), pad(r[3], widths[3], True), bar(r[4], room)])
             for r in rows]  # fmt: skip
    return "\n".join([head, *(line.rstrip() for line in lines)])


def bar(share: float, room: int = BAR) -> str:
    """A bar in eighths of a character; a negative one begins with −."""
    if not math.isfinite(share) or room < 4:
        return ""
    length = round(abs(share) * (min(BAR, room) - 1) * 8)
    return ("−" if share < 0 else "") + "█" * (length // 8) + EIGHTHS[length % 8].strip()
