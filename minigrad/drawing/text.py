"""The picture for a terminal: a table of steps and the waterfall in block letters, where nothing can be shown but text.

It says the same numbers as the drawing, in the same order, and needs no font but the terminal's own.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from . import formulas
from .cards import value_words
from .graph import Graph, Value
from .notation import fixed, norm, number, running, shape
from .steps import Plan
from .sums import Sum

BAR = 44  # the longest bar, in characters
EIGHTHS = " ▏▎▍▌▋▊▉█"


def cells(words: str) -> int:
    """How many cells of a terminal a text takes: 漢 two, an accent none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def pad(words: str, width: int, right: bool = False) -> str:
    """The text with spaces before or after it."""
    space = " " * max(0, width - cells(words))
    return space + words if right else words + space


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry; the first one to the left, the others to the right."""
    widths = [max(cells(row[k]) for row in rows if k < len(row)) for k in range(max(map(len, rows)))]
    return "\n".join("  ".join(pad(x, widths[k], k > 0) for k, x in enumerate(row)).rstrip() for row in rows)


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
    lines += [f"{formulas.equation(v, graph)}   {told(v)}   d{v.name} {told_gradient(v, graph)}"
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
    rows = []
    for use, level in zip(total.uses, levels, strict=True):
        numbers = [graph.columns[k].number for k in use.columns if k is not None]
        step = f"t = {numbers[0]}" if len(numbers) == 1 else f"t = {numbers[0]}…{numbers[-1]}" if numbers else ""
        rows.append([step, use.title, use.label, total.plain(level), bar(level / largest)])
    rows.append(["sum", "", "", fixed(total.total, total.decimals) + total.unit, ""])
    widths = [max(cells(row[k]) for row in rows) for k in range(4)]
    lines = ["  ".join([pad(r[0], widths[0]), pad(r[1], widths[1]), pad(r[2], widths[2], True), pad(r[3], widths[3], True), r[4]])
             for r in rows]  # fmt: skip
    return "\n".join([head, *(line.rstrip() for line in lines)])


def bar(share: float) -> str:
    """A bar in eighths of a character; a negative one begins with −."""
    if not math.isfinite(share):
        return ""
    length = round(abs(share) * BAR * 8)
    return ("−" if share < 0 else "") + "█" * (length // 8) + EIGHTHS[length % 8].strip()
