"""The other views for a terminal: one step and its loop, the inside of a cell, an expression, a model with its branches.

What a picture shows by place is shown by lines of characters; the numbers are the picture's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import formulas
from .cards import candidate, is_gate, opening
from .graph import Graph, Value, carried
from .notation import number, shape
from .steps import Plan
from .text import bar, cells, folded, pad, table, told, told_gradient

BLOCKS = "▁▂▃▄▅▆▇█"


def rolled(graph: Graph, plan: Plan, words: Mapping[str, str], title: str, sums: str) -> str:
    """One step in a frame, the loop at its right side, what follows, the weights, and the sum."""
    numbers = [column.number for column in graph.columns]
    heading = f"{words['step'].format(number=f'{numbers[0]} … {numbers[-1]}')}, × {len(numbers)}"
    inside = [v for v in plan.columns[0].slots.values() if v.computed][::-1]
    lines = [heading, *framed(inside, graph, words["one step later"])]
    rows = [[v.full_name, shape(v.array), f"× {len(v.users)}", f"{words['grad']} {told_gradient(v, graph)}"] for v in plan.rails if v.kind == "weight"]
    with steps_by_number(graph):
        after = [folded(f"{formulas.equation(v, graph)}   {told(v)}   d{v.name} {told_gradient(v, graph)}")
                 for v in plan.after_slots.values() if v.computed]  # fmt: skip
    return "\n\n".join(part for part in (title, "\n".join(lines), "\n".join(after), table(rows) if rows else "", folded(sums)) if part) + "\n"


@contextmanager
def steps_by_number(graph: Graph) -> Iterator[None]:
    """Inside, a value of the last step is h₅, not hₜ."""
    rolled, graph.rolled = graph.rolled, None
    try:
        yield
    finally:
        graph.rolled = rolled


def framed(inside: Sequence[Value], graph: Graph, later: str) -> list[str]:
    """The step's equations; a state leaves at the right, goes down, and comes in again below."""
    said = [formulas.equation(v, graph) for v in inside]
    room = min(max(map(cells, said)), 56)
    said = [text if cells(text) <= room else formulas.name(v, graph) + " = …" for v, text in zip(inside, said, strict=True)]
    loops = {v.role for v in graph.values if any(distance for _, distance in carried(v))}
    states = [v.role in loops for v in inside]
    first = states.index(True) if any(states) else len(said)
    lines = ["┌" + "─" * (room + 2) + "┐"]
    for k, (text, state) in enumerate(zip(said, states, strict=True)):
        side = "├─┐" if k == first else "├─┤" if state else "│ │" if k > first else "│"
        lines.append(f"│ {pad(text, room)} {side}")
    lines.append("└" + "─" * (room + 2) + "┘" + (f"◂┘ {later}" if any(states) else ""))
    return lines


def cell(graph: Graph, plan: Plan, words: Mapping[str, str], title: str) -> str:
    """Step by step: each gate with its word and a bar as long as it is open, each equation in letters and in numbers."""
    lines = [title]
    for c in plan.columns:
        if c.gap:
            lines += ["", words["elided"].format(first=graph.columns[c.columns[0]].number, last=graph.columns[c.columns[-1]].number)]
            continue
        lines += ["", words["step"].format(number=graph.columns[c.last].number)]
        for v in c.slots.values():
            if v.computed:
                lines.append(gate(v, words) if is_gate(v) or candidate(v) else folded("  " + told_equation(v, graph), 6))
    return "\n".join(lines) + "\n"


def gate(v: Value, words: Mapping[str, str]) -> str:
    """  f: keep   82 %  ████████"""
    word = words.get(f"gate {v.name}", "") if is_gate(v) or v.name == "g" else ""
    return f"  {pad(f'{v.name}: {word}' if word else v.name, 10)}{pad(opening(v), 8, True)}  {bar(float(np.mean(v.array)), 30)}".rstrip()


def told_equation(v: Value, graph: Graph) -> str:
    """c₁ = f₁ ⊙ c₀ + i₁ ⊙ g₁   1.04 = 0.82·0.70 + 0.64·0.73; an array's numbers while they are few."""
    numbers = formulas.in_numbers(v, graph)
    few = "(" + ", ".join(number(float(x)) for x in np.ravel(v.array)) + ")" if 1 < v.array.size <= 4 else told(v)
    return f"{formulas.equation(v, graph)}   {numbers or few}"


def expression(graph: Graph, words: Mapping[str, str], title: str, backward: bool) -> str:
    """Every value in the order of computing, with its gradient beside it."""
    rows = [["", words["value"], *([words["gradient"]] if backward else [])]]
    for v in graph.shown:
        if v.kind not in ("number", "elided"):
            rows.append([formulas.equation(v, graph), told(v), *([gradient(v, graph)] if backward else [])])
    return f"{title}\n\n{table(rows)}\n"


def gradient(v: Value, graph: Graph) -> str:
    """The gradient; nothing for what wants none."""
    return "" if v.kind == "data" else told_gradient(v, graph)


# ------------------------------------------------------------------------------------------------ a model


def model(blocks: Sequence[Any], joined: Sequence[tuple[Any, Any, int]], title: str) -> str:
    """A line for every layer, top down, and at its left the ways that data takes between them."""
    ways = gutters(list(blocks), [(a, b) for a, b, _ in joined])
    wide = max(cells(line) for line in ways)
    names = max(cells(block.name) for block in blocks)
    lines = [title, ""]
    for block, way in zip(blocks, ways, strict=True):
        said = "  ".join(f"{word} {value}" for word, value in block.rows)
        head = f"{pad(way, wide)}  {pad(block.name, names)}  {block.heading}"
        lines += [f"{head}  {said}"] if cells(f"{head}  {said}") <= 80 else [head, pad(below(way), wide + 2) + pad("", names) + f"  {said}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def gutters(blocks: list[Any], joined: list[tuple[Any, Any]]) -> list[str]:
    """At each block, the open ways: │ goes on, ● is the block, ┘ ends in it, ├ gives to it and goes on."""
    places = {block: k for k, block in enumerate(blocks)}
    last = {block: max([places[b] for a, b in joined if a is block and places[b] > places[block]], default=-1) for block in blocks}
    lanes: list[Any] = []
    lines = []
    for k, block in enumerate(blocks):
        gives = [a for a, b in joined if b is block and places[a] < k]
        ends = [lane for lane, a in enumerate(lanes) if a in gives and last[a] == k]
        at = ends[0] if ends else lanes.index(None) if None in lanes else len(lanes)
        lanes += [None] * (at + 1 - len(lanes))
        touched = [lane for lane, a in enumerate(lanes) if a is not None and a in gives] + [at]
        lines.append("".join(mark(lane, lanes, at, ends, touched) for lane in range(len(lanes))).rstrip())
        for lane in ends:
            lanes[lane] = None
        lanes[at] = block if last[block] > k else None
    return lines


def mark(lane: int, lanes: list[Any], at: int, ends: list[int], touched: list[int]) -> str:
    """One way at one block, and the line to the next way."""
    low, high = min(touched), max(touched)
    across = "─" if low <= lane < high else " "
    if lane == at:
        return "●" + across
    if lane in ends:
        return ("┘" if lane == high else "┴" if lane > low else "└") + across
    if lane in touched:
        return ("┤" if lane == high else "├" if lane == low else "┼") + across
    if low < lane < high:
        return ("┼" if lanes[lane] is not None else "─") + across
    return ("│" if lanes[lane] is not None else " ") + across


def below(way: str) -> str:
    """The ways that go on under a block's line."""
    return "".join({"●": "│", "│": "│", "├": "│", "┤": "│", "┼": "│"}.get(c, " ") for c in way)


# ------------------------------------------------------------------------------------------------ who taught whom, and how far


def triangle(printed: np.ndarray, rows: np.ndarray, columns: np.ndarray, steps: Sequence[str], words: Mapping[str, str], title: str, how: str) -> str:
    """The printed table: a loss' row after the other, what each sends, and under them what each use receives."""
    signed = [[f"{'−' if x < 0 else '+'}{abs(int(x))}" if x else "·" for x in row[: k + 1]] + [""] * (len(row) - k - 1) for k, row in enumerate(printed)]
    head = ["", *(f"t = {step}" for step in steps), words["sum"]]
    body = [[words["loss"].format(number=step), *row, f"{int(total)} %".replace("-", "−")] for step, row, total in zip(steps, signed, rows, strict=True)]
    foot = [words["sum"], *(str(int(x)).replace("-", "−") for x in columns), f"{int(np.sum(rows))} %"]
    return f"{title}\n{folded(how, 0)}\n\n{table([head, *body, foot])}\n"


def reach(panels: Sequence[tuple[str, np.ndarray, str]], low: float, high: float, title: str, how: str) -> str:
    """For each net a letter per step, as high as log₁₀ of what arrived there, and the three values in words."""
    lines = [title, folded(how, 0), ""]
    for name, values, said in panels:
        with np.errstate(all="ignore"):
            logs = np.log10(np.asarray(values, dtype=float))
        shown = logs[np.linspace(0, len(logs) - 1, min(len(logs), 72)).astype(int)]
        blocks = "".join(" " if not np.isfinite(x) else BLOCKS[round(7 * float(np.clip((x - low) / (high - low), 0, 1)))] for x in shown)
        lines += [*([name] if name else []), f"  {blocks}", f"  {said}"]
    return "\n".join(lines) + "\n"
