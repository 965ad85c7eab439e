"""The tape: every operation in the order in which forward recorded it, and the order in which backward visits it.

Forward writes one entry per operation, 1 … n; backward reads from the end. Whoever uses a value was recorded after it, so on
the way back every part of its gradient arrives before it is visited. Entries are the engine's own `history`, folded nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine import Tensor, history
from . import formulas
from .cards import value_words
from .collecting import as_value
from .expression import added
from .graph import Graph, Value
from .notation import norm, number, odd, subscript
from .sums import as_array
from .text import cells, pad

MOST = 24  # entries in one list, if nobody asks for more


@dataclass(eq=False)
class Entry:
    """One operation: recorded as number `number`, visited by backward as number `visit`."""

    value: Value
    number: int
    visit: int
    segment: int | None = None  # the column of time under which it is listed; −1 before the first, None after the last


@dataclass
class Gap:
    """Entries that are not drawn."""

    entries: list[Entry] = field(default_factory=list)


class Tape:
    """The entries of a graph, oldest first, and what can be asked of each."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        tensors = history(graph.root.tensor)[::-1]
        n = len(tensors)
        self.entries = [Entry(self.value_of(y), k, n + 1 - k) for k, y in enumerate(tensors, 1)]
        self.by_value = {entry.value: entry for entry in self.entries}
        self.walked = graph.trace is not None and graph.gradient(graph.root) is not None
        self.boxed = self.in_boxes()
        self.segments()

    def value_of(self, tensor: Tensor) -> Value:
        """The graph's value; a new one for what the other pictures look through: a slice of a stack, the stack itself."""
        found = self.graph.of(tensor)
        if found is None:
            found = as_value(tensor, self.graph.trace)
            self.graph.by_tensor[tensor] = found
        return found

    def in_boxes(self) -> dict[Value, list[Entry]]:
        """The entries that each box of the folded picture holds, in the order of the visits."""
        held: dict[Value, list[Entry]] = {}
        home: dict[Value, Value] = {}  # users are younger: theirs are known
        for entry in reversed(self.entries):
            v = entry.value
            box = v if v.shown else next((home[user] for user in v.users if user in home), None)
            if box is not None:
                home[v] = box
                held.setdefault(box, []).append(entry)
        return held

    def segments(self) -> None:
        """Each entry is listed under its step; what was recorded between two steps, under the one before it."""
        last = max((k for k, e in enumerate(self.entries) if e.value.column is not None), default=-1)
        now: int | None = -1
        for k, entry in enumerate(self.entries):
            now = entry.value.column if entry.value.column is not None else now if k < last else None
            entry.segment = now

    def unfold(self) -> None:
        """Every operation for itself: exact inputs, and v₇ for what operation 7 computed and nobody named."""
        leaves: dict[Value, None] = {}
        for entry in self.entries:
            v = entry.value
            v.inputs = [self.by_value_or_leaf(x, v, leaves) for x in v.tensor.inputs if x is not None]
            v.shown, v.settings = True, {**(v.tensor.settings or {}), **v.settings}
        for entry in self.entries:
            v = entry.value
            if not v.name or v.lettered and not self.graph.columns:
                v.name, v.numbered = "v" + subscript(entry.number), False
        self.graph.values = [*leaves, *(entry.value for entry in self.entries)]
        self.graph.id = {v: f"n{k}" for k, v in enumerate(self.graph.values)}

    def by_value_or_leaf(self, x: Any, v: Value, leaves: dict[Value, None]) -> Value:
        """The value of an input: another entry's, a leaf's, or a number."""
        if not isinstance(x, Tensor):
            return Value(x, "number", time=v.time)
        found = self.value_of(x)
        if x.op is None:
            leaves[found] = None
        return found

    # -- what can be asked of an entry

    def equation(self, entry: Entry) -> list[str]:
        """The operation in the program's names, then shorter and shorter."""
        v = entry.value
        forms = list(dict.fromkeys(formulas.forms(v, self.graph)))
        if v.numbered or " = " not in forms[0]:  # has a name: h₁ = ⊙, if there is room for no more
            return [*forms[:-1], f"{forms[-1]} = {formulas.symbol(v)}", forms[-1]]
        tight = next(form for form in reversed(forms) if " = " in form and "…" not in form)
        return [*forms[:-1], tight.partition(" = ")[2], formulas.symbol(v), forms[-1]]

    def value(self, entry: Entry) -> str:
        """0.41, or the norm of an array; nothing for a kernel, which computed several arrays."""
        if isinstance(entry.value.tensor.array, tuple):
            return ""
        return value_words(entry.value, "norms")

    def graph_value(self, v: Value) -> str:
        """The same of a leaf."""
        return value_words(v, "norms")

    def arrives(self, v: Value) -> str:
        """∂L/∂v as it was when v was visited: 5, 3 + 2 = 5 where it came in parts, ‖·‖ of an array."""
        gradient = self.graph.gradient(v)
        if gradient is None:
            return "" if self.walked and isinstance(v.tensor.array, tuple) else self.graph.missing
        if gradient.size > 1:
            return f"‖·‖ {number(norm(gradient))}"
        numbers = [float(np.ravel(as_array(part.array))[0]) for part in self.parts(v)]
        if not 1 < len(numbers) <= 4 or any(odd(x) for x in numbers):
            return number(gradient.item())
        return added(numbers)

    def parts(self, v: Value) -> list[Any]:
        """What came back to a value, in the order in which it arrived."""
        return self.graph.trace.arrivals(v.tensor) if self.graph.trace is not None else []

    def senders(self, v: Value) -> list[int]:
        """The visits in which the parts of a value's gradient were sent."""
        return [self.by_value[self.graph.by_tensor[part.output]].visit for part in self.parts(v)
                if self.graph.of(part.output) in self.by_value]  # fmt: skip

    def targets(self, entry: Entry) -> list[Value]:
        """The inputs that a gradient is sent on to, each once, in order."""
        wanting = (x for x in entry.value.inputs if x.kind != "number" and x.tensor.requires_grad)
        return list(dict.fromkeys(wanting))

    def sent(self, entry: Entry, x: Value) -> str:
        """What one visit sends to one input: −0.49, or the norm of an array."""
        arrays = [as_array(part.array) for part in self.parts(x) if part.output is entry.value.tensor]
        if not arrays:
            return ""
        total = np.sum(arrays, axis=0)
        return number(total.item()) if total.size == 1 else f"‖·‖ {number(norm(total))}"

    def sends(self, entry: Entry) -> str:
        """b 3, c 2: to whom, and how much."""
        said = [f"{self.name(x)} {self.sent(entry, x)}".strip() for x in self.targets(entry)]
        return ", ".join(said) or "–"

    def name(self, v: Value) -> str:
        """W_xh, h₂, v₇"""
        return (v.full_name if v.kind == "weight" else formulas.name(v, self.graph)) or "·"

    def leaves(self, entries: Iterable[Entry]) -> list[Value]:
        """The leaves that want a gradient and are used by these entries, in order of first use."""
        return list(dict.fromkeys(x for entry in entries for x in self.targets(entry) if x.kind == "weight"))

    # -- in words

    def lines(self, words: Mapping[str, str]) -> str:
        """The list for a terminal, or for whoever cannot see it."""
        rows = [[words[key] for key in ("recorded", "operation", "value", "visited", "arrives", "sends on")]]
        shown = list(shortened(self.entries, MOST))
        for item in shown:
            if isinstance(item, Gap):
                rows.append(["…", more(item, words), "", "…", "", ""])
            else:
                rows.append([str(item.number), self.equation(item)[0].replace("\u2009", " "), self.value(item), str(item.visit),
                             self.arrives(item.value), self.sends(item)])  # fmt: skip
        rows += [["", x.grad_name, "", "", self.arrives(x), ""] for x in self.leaves(e for e in shown if isinstance(e, Entry))]
        widths = [max(cells(row[k]) for row in rows) for k in range(5)]
        return "\n".join("  ".join([*(pad(row[k], widths[k], k != 1) for k in range(5)), row[5]]).rstrip() for row in rows)


def shortened(entries: Sequence[Entry], most: int) -> Iterator[Entry | Gap]:
    """All of them, or the first ones, how many are left out, and the last ones."""
    if len(entries) <= most:
        yield from entries
        return
    head = max(1, (most - 1) // 2)
    tail = max(1, most - 1 - head)
    yield from entries[:head]
    yield Gap(list(entries[head:-tail]))
    yield from entries[-tail:]


def more(gap: Gap, words: Mapping[str, str]) -> str:
    """97 operations more (11 to 107); without the numbers where others come between"""
    first, last = gap.entries[0].number, gap.entries[-1].number
    if last - first >= len(gap.entries):
        return words["tape some more"].format(count=f"{len(gap.entries):,}")
    return words["tape more"].format(count=f"{len(gap.entries):,}", first=f"{first:,}", last=f"{last:,}")


def visits(entries: Sequence[Entry]) -> str:
    """8; 8–11 for a box that holds operations visited one after the other; 8, … where others come between."""
    numbers = [entry.visit for entry in entries]
    if len(numbers) == 1:
        return str(numbers[0])
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return f"{numbers[0]}, …"
