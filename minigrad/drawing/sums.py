"""One weight, T uses, one gradient: the parts that came back, as numbers that add up as printed.

A weight of one number has parts that are numbers. An array's parts are given as signed shares, s_t = ⟨part_t, G⟩ / ‖G‖²
with G their sum, since norms do not add; or as one chosen entry. The order is the one in which the parts arrived.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import formulas
from .formulas import MATRIX
from .graph import SLICES, VIEWS, Graph, Value
from .notation import NOT_COMPUTED, decimals_for, fixed, norm, odd, rounded_to_sum, shares, superscript
from .words import WORDS


@dataclass
class Use:
    """What one step adds to the weight's gradient (or several steps drawn as one)."""

    columns: list[int | None]
    title: str
    number: float | None = None
    printed: float = 0.0
    label: str = NOT_COMPUTED
    arrays: tuple[np.ndarray, ...] = ()

    @property
    def against(self) -> bool:
        return self.number is not None and self.printed < 0

    def shorter(self, words: Mapping[str, str]) -> list[str]:
        """The title where its formula has no room: how many uses, or whose gradient it is: …ᵀ dz₁."""
        if len(self.arrays) > 1:
            return [words["some uses"].format(count=len(self.arrays))]
        factor, _, gradient = self.title.rpartition(" ")
        return [f"…{'ᵀ' if factor.endswith('ᵀ') else ''} {gradient}"] if factor else []


@dataclass
class Sum:
    """The uses in order of arrival, and what they add up to."""

    weight: Value
    uses: list[Use]
    kind: str  # "number", "share" or "entry"
    total: float | None
    label: str
    decimals: int
    unit: str
    norms: tuple[float, float]  # the sum of the parts' norms, and the norm of the sum
    entry: Any = None  # which entry of the array the numbers are, if one was chosen
    added: bool = False  # whether .grad held something before: then this is what backward added to it

    def signed(self, x: float) -> str:
        """+19 %, −0.09, +3.2·10⁻⁷"""
        return fixed(x, self.decimals, sign=True) + (self.unit if math.isfinite(x) else "")

    def plain(self, x: float) -> str:
        return fixed(x, self.decimals) + self.unit


def add_up(
    graph: Graph, weight: Value, groups: Sequence[Sequence[int | None]], entry: Any = None, words: Mapping[str, str] = WORDS
) -> Sum:
    """The weight's sum; `groups` says which columns are drawn as one."""
    uses = arrived_uses(graph, weight, groups, words)
    arrays = [sum_of(use.arrays) for use in uses]
    if not uses or any(a is None for a in arrays):
        return Sum(weight, uses, "number", None, graph.missing, 2, "", (math.nan, math.nan))
    total = sum_of([a for use in uses for a in use.arrays])
    kind = "entry" if entry is not None else "number" if weight.array.size == 1 else "share"
    numbers = as_numbers(arrays, total, kind, entry)
    if kind == "share" and norm(total) == 0.0:
        return nothing_to_share(weight, uses, arrays)
    result = printed_sum(weight, uses, kind, numbers)
    result.entry = entry
    single = [norm(a) for use in uses for a in use.arrays]
    result.norms = (math.fsum(single), norm(total))
    held = weight.tensor.grad if weight.leaf else None
    if held is not None and math.isfinite(norm(total)):
        result.added = not np.allclose(as_array(held), total, rtol=1e-3, atol=1e-6 * norm(total))
    return result


def nothing_to_share(weight: Value, uses: list[Use], arrays: list[Any]) -> Sum:
    """The gradient is zero, so no part has a share of it: parts that are zero say 0, others that cancel say –."""
    for use, array in zip(uses, arrays, strict=True):
        use.number, use.printed, use.label = 0.0, 0.0, "0" if norm(array) == 0.0 else "–"
    return Sum(weight, uses, "share", 0.0, "0", 0, "", (math.fsum(map(norm, arrays)), 0.0))


def as_numbers(arrays: list[Any], total: Any, kind: str, entry: Any) -> list[float]:
    """Each part as the number that its pill shows."""
    if kind == "share":
        return [100 * s for s in shares(arrays, total)]
    return [float(a[entry]) if kind == "entry" else float(np.ravel(a)[0]) for a in arrays]


def printed_sum(weight: Value, uses: list[Use], kind: str, numbers: list[float]) -> Sum:
    """Largest remainder, one number of decimals for all: the printed parts add to the printed total."""
    exponent = 0 if kind == "share" else far_from_one(numbers)
    unit = " %" if kind == "share" else f"·10{superscript(exponent)}" if exponent else ""
    scaled = [x / 10.0**exponent for x in numbers]
    total = 100.0 if kind == "share" and all(map(math.isfinite, numbers)) else math.fsum(scaled)
    decimals = 0 if kind == "share" else decimals_for([*scaled, total])
    result = Sum(weight, uses, kind, total, "", decimals, unit, (math.nan, math.nan))
    for use, x, printed in zip(uses, scaled, rounded_to_sum(scaled, decimals, total), strict=True):
        use.number, use.printed = x, printed
        use.label = result.signed(printed)
    result.total = math.fsum(use.printed for use in uses)
    result.label = "100 %" if kind == "share" and not odd(result.total) else result.signed(result.total)
    return result


def far_from_one(numbers: Sequence[float]) -> int:
    """The power of ten to take out so that numbers far from 1 stay short; 0 for everyday ones."""
    largest = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
    size = math.floor(math.log10(largest)) if largest else 0
    return size if size < -3 or size > 4 else 0


def sum_of(arrays: Sequence[Any]) -> Any:
    """The arrays added in their order; None if one is missing."""
    total = None
    for array in arrays:
        total = array if total is None else total + array
    return total


def arrived_uses(graph: Graph, weight: Value, groups: Sequence[Sequence[int | None]], words: Mapping[str, str]) -> list[Use]:
    """One Use per group of columns, in order of arrival; before backward(), last step first and without numbers."""
    home = {column: k for k, group in enumerate(groups) for column in group}
    arrivals = graph.trace.arrivals(weight.tensor) if graph.trace is not None else []
    found: dict[int, list] = {}
    for part in arrivals:
        value = graph.of(part.output)
        if value is not None:
            found.setdefault(home.get(value.column, -1), []).append((value, as_array(part.array)))
    if not found:
        for user in reversed(weight.users):
            found.setdefault(home.get(user.column, -1), []).append((user, None))
    return [Use(list(groups[k]), title(graph, weight, [v for v, _ in entries], words), label=graph.missing,
                arrays=tuple(a for _, a in entries)) for k, entries in found.items() if k >= 0]  # fmt: skip


def as_array(array: Any) -> np.ndarray:
    """The part on the host."""
    return np.asarray(array.get() if hasattr(array, "get") else array)


def title(graph: Graph, weight: Value, users: list[Value], words: Mapping[str, str] = WORDS) -> str:
    """How the code computes the part: h₁ᵀ dz₂; for several uses drawn as one, how many there are."""
    distinct = list(dict.fromkeys(users))
    if len(distinct) > 1:
        titles = [use_title(graph, weight, v, words) for v in distinct]
        return " + ".join(titles).replace("+ −", "− ") if len(titles) == 2 else words["some uses"].format(count=len(titles))
    return use_title(graph, weight, distinct[0], words)


def use_title(graph: Graph, weight: Value, user: Value, words: Mapping[str, str] = WORDS) -> str:
    """xᵀ dz for x W, dz xᵀ for W x, x · dz for numbers, dz for what is added, −dz for what is taken away; else the term's own name."""
    used = weight
    while (user.op in VIEWS or user.op in SLICES) and len(user.users) == 1:
        used, user = user, user.users[0]
    result, sign = linear_result(user)
    if result is None:
        return words["in term"].format(term=term(used, user, graph))
    dz = f"d{formulas.name(result, graph)}"
    mates = [x for x in user.inputs if x is not used]
    if user.op in ("add", "subtract", "negative"):
        taken = user.op == "negative" or user.op == "subtract" and user.inputs[0] is not used
        return signed(dz, -sign if taken else sign)
    if user.op == "multiply" and mates:
        return signed(f"{operand(mates[0], graph)} · {dz}", sign)
    if user.op == "matmul" and mates:
        x = operand(mates[0], graph)
        if all(v.array.size == 1 for v in (used, mates[0], result)):
            return signed(f"{x} · {dz}", sign)
        return signed(f"{x}ᵀ {dz}" if user.inputs[1] is used else f"{dz} {x}ᵀ", sign)
    return words["in term"].format(term=term(used, user, graph))


def signed(words: str, sign: int) -> str:
    """−h₀ᵀ dz₁ for a term that is taken away."""
    return words if sign > 0 else f"−{words}"


def term(used: Value, user: Value, graph: Graph) -> str:
    """The operation that uses the weight, as it is written: W², tanh(W)."""
    if user.shown and user.op not in ("add", "subtract", "multiply", "matmul", "divide"):
        return formulas.name(user, graph)
    return formulas.formula(user, graph)


def operand(x: Value, graph: Graph) -> str:
    """A factor, in brackets if it is a formula."""
    return formulas.bracket(formulas.operand(x, graph, 0), MATRIX + 1)


def linear_result(user: Value) -> tuple[Value | None, int]:
    """The box whose gradient reaches the use unchanged but for its sign: through sums only; None if something else lies between."""
    sign = 1
    while not user.shown:
        after = user.users[0] if len(user.users) == 1 else None
        if after is None or after.op not in {"add", "subtract", "negative", "reshape", "positive"}:
            return None, 1
        if after.op == "negative" or after.op == "subtract" and after.inputs[1] is user:
            sign = -sign
        user = after
    return user, sign
