"""Letters for values that the program gives no name, none of which the program uses for anything else.

Where every operation has a box, most boxes hold a value that no variable ever held.  They are lettered as on a blackboard:
p, q for products with a weight, s for sums, z for what a nonlinearity bends; a letter that is taken is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from .folding import bends
from .graph import LINEAR, SLICES, Graph, Value, carried
from .notation import subscript, superscript

REST = "umnkrdegαβγδεζηθκλμξπρτφχψω"
MARKS = "′₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾0123456789_"


def letter_all(graph: Graph) -> None:
    """Gives every value that has no name of the program's own a letter that the program does not use."""
    taken = {bare(v.name) for v in graph.values if v.name and not v.lettered}
    loops = list(dict.fromkeys(v.loop for v in graph.values if v.column is not None))
    given: dict[tuple, str] = {}
    used: dict[str, set[str]] = {}
    for v in graph.values:
        if not v.lettered or v.initial or v.late or v.cut:
            continue
        loop = v.loop if v.column is not None else ""
        key = (loop, v.role, graph.columns[v.column].block if v.column is not None else v.role and v)
        if key not in given:
            here = used.setdefault(loop, set())
            letter = next(letter for letter in candidates(v, graph) if bare(letter) not in taken and letter not in here)
            here.add(letter)
            again = any(letter in there for other, there in used.items() if other != loop)
            given[key] = letter + (f"⁽{superscript(loops.index(loop) + 1)}⁾" if again and v.column is not None else "")
        v.name = given[key]
    for v in graph.values:
        state = v.initial or v.late or v.cut
        if state is not None:
            v.name = state.name


def bare(name: str) -> str:
    """h⁽²⁾, h′, h_1 and h₂ all use the letter h."""
    return name.rstrip(MARKS) or name


def candidates(v: Value, graph: Graph) -> Iterator[str]:
    """Letters that would suit, best first."""
    if v is graph.root and v.array.size == 1:
        yield "L"
    if v.kind == "data":
        yield from ("x", "target", "data")
    if v.kind == "weight":
        yield from "wW"
    if v.op in SLICES and v.settings.get("letter"):
        yield f"{v.inputs[0].name}_{v.settings['letter']}"
    if any(abs(distance) == 1 for _, distance in carried(v)):
        yield from "hc"
    if v.column is None:
        yield from (letter + subscript(k) for letter in "vea" for k in range(1, 1000))
    if v.op in LINEAR and v.users and any(bends(user) for user in v.users):
        yield from "za"
    yield from "pq" if v.op in ("matmul", "multiply") and any(x.kind == "weight" for x in v.inputs) else ""
    yield from "s" if v.op in ("add", "subtract") else ""
    yield from REST
    yield from (letter + "′" * k for k in count(1) for letter in REST)
