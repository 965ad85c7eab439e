"""The table that `model.summary()` prints: layers, shapes, numbers of weights, connections; at most 80 columns wide."""
from __future__ import annotations

import itertools
from typing import Any

from ..layers.layer import Layer, Parameter
from ..layers.symbol import named
from ..structure import leaves


def summary_table(model: Any, width: int = 80) -> str:
    """One row per layer, and per operation on Symbols; the last column only where the graph is no line."""
    names, straight = names_in(model), is_line(model)
    steps = dict.fromkeys(call.op if isinstance(call.op, Layer) else call for call in model.calls)
    rows = [row_of(one, model, names, straight) for one in steps or model.sublayers()]
    head = ["Layer (type)", "Output shape", "Weights", "Connected to"]
    if not any(row[3] for row in rows):
        rows, head = [row[:3] for row in rows], head[:3]
    widths = column_widths([head, *rows], width)
    line = "─" * width
    body = [formatted(row, widths) for row in rows]
    return "\n".join([f"{type(model).__name__} {model.name!r}", line, formatted(head, widths), line, *body, line, *totals(model)])


def row_of(step: Any, model: Any, names: dict[Any, str], straight: bool) -> list[str]:
    """Name (type), shape, weights, sources: of a layer with all its calls, or of one call of an operation."""
    is_layer = isinstance(step, Layer)
    calls = [call for call in model.calls if call.op is step] if is_layer else [step]
    shapes = " ".join(shape_text(one.shape) for one in leaves(calls[0].outputs)) if calls else "?"
    kind, frozen = (type(step).__name__, "" if step.trainable else " *") if is_layer else ("operation", "")
    name = step.name if is_layer else names[step]
    sources = "" if straight else ", ".join(dict.fromkeys(source_name(symbol, names) for call in calls for symbol in call.sources))
    return [f"{name} ({kind}){frozen}", shapes, f"{step.count_params():,}" if is_layer else "0", sources]


def is_line(model: Any) -> bool:
    """Whether each call reads what the one before it made, and nothing else."""
    ends = [model.inputs, *(call.outputs for call in model.calls)]
    return all(len(call.sources) == 1 and call.sources[0] is end for call, end in zip(model.calls, ends))


def names_in(model: Any) -> dict[Any, str]:
    """Inputs without a name, and calls of operations, counted as layers are: add, add_1, …"""
    names: dict[Any, str] = {}
    taken = {layer.name for layer in model.sublayers()}
    inputs = [symbol for symbol in leaves(model.inputs) if symbol is not None]
    for thing in [*inputs, *(call for call in model.calls if not isinstance(call.op, Layer))]:
        word = named(thing.op) if hasattr(thing, "op") else thing.name or "input"
        free = (word if k == 0 else f"{word}_{k}" for k in itertools.count())
        names[thing] = next(name for name in free if name not in taken)
        taken.add(names[thing])
    return names


def shape_text(shape: Any) -> str:
    """(None, 64) → (·, 64): what is not known yet is a dot"""
    return "(" + ", ".join("·" if size is None else str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"


def source_name(symbol: Any, names: dict[Any, str]) -> str:
    """Where a Symbol comes from: a layer's name, an operation's, or an Input's."""
    if symbol in names:
        return names[symbol]
    return symbol.call.op.name if isinstance(symbol.call.op, Layer) else names[symbol.call]


def column_widths(rows: list[list[str]], width: int) -> list[int]:
    """As wide as the texts need; the widest columns give way until the table fits."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(range(len(widths)), key=lambda k: widths[k])
        widths[widest] -= 1
    return widths


def formatted(row: list[str], widths: list[int]) -> str:
    """Cells cut to their columns; numbers to the right."""
    cells = [text if len(text) <= size else text[: size - 1] + "…" for text, size in zip(row, widths)]
    return "  ".join(cell.rjust(size) if k == 2 else cell.ljust(size) for k, (cell, size) in enumerate(zip(cells, widths))).rstrip()


def totals(model: Any) -> list[str]:
    """How many numbers are trained, frozen, and merely remembered."""
    weights = model.weights
    trained = sum(w.size for w in weights if w.requires_grad)
    frozen = sum(w.size for w in weights if isinstance(w, Parameter) and not w.requires_grad)
    states = sum(w.size for w in weights) - trained - frozen
    size = sum(w.size * w.dtype.itemsize for w in weights)
    text = f"{trained + frozen + states:,} weights ({size_text(size)}): {trained:,} trained"
    return [text + (f", {frozen:,} frozen (*)" if frozen else "") + (f", {states:,} remembered" if states else "")]


def size_text(size: int) -> str:
    """1536 → 1.5 KiB"""
    return f"{size} bytes" if size < 1024 else f"{size / 1024:.1f} KiB" if size < 1024**2 else f"{size / 1024**2:.1f} MiB"
