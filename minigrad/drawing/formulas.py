"""The equation of a box, as the program computes it: h₂ = tanh(z₂), c₁ = f₁⊙c₀ + i₁⊙g₁, L = ½ (y − target)².

The text is read off the recorded operations, with brackets where precedence asks for them. Shorter forms are offered
too, so that a narrow box can still say something true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from .graph import NONLINEAR, SLICES, VIEWS, Graph, Value, sources
from .notation import given, number, subscript, superscript

SUM, PRODUCT, MATRIX, POWER, ATOM = range(5)
CALLS = {"sigmoid": "σ", "log_softmax": "log softmax", "cross_entropy_of_logits": "cross-entropy", "abs": "abs"}
INFIX = {"add": (" + ", SUM), "subtract": (" − ", SUM), "divide": (" / ", PRODUCT)}
THIN = "\u2009"  # the space between factors
DOUBLED = re.compile(r"\(\(([^()]*)\)\)")  # tanh((−0.20))
ADDED = re.compile(r" \+ \(−([^()·]*)\)(?!·)")  # 0.36 + (−0.10)
DEPTH = 14  # how many operations deep an equation is written out


def name(v: Value, graph: Graph) -> str:
    """h at step 2 → h₂; the state before the first step → h₀; a weight keeps its bare name."""
    if v.kind == "number" and v.initial is None:
        return constant(float(v.tensor))
    if graph.in_numbers:
        return f"({number(v.array.item())})" if v.array.item() < 0 else number(v.array.item())
    if graph.rolled is not None and v.column is not None and v.name:
        return v.name + later(v.column - graph.rolled)
    if v.cut is not None:
        return name(v.cut, graph)
    if v.initial is not None and v.initial.column is not None:
        away = v.number - graph.columns[graph.rolled].number if graph.rolled is not None else 0
        return v.name + (later(away) if away else subscript(v.number))
    if v.column is not None and v.numbered and v.name:
        return v.name + subscript(graph.columns[v.column].number)
    return v.name


def later(steps: int) -> str:
    """ₜ, ₜ₋₁, ₜ₊₁"""
    return "ₜ" + (subscript(steps) if steps < 0 else f"₊{subscript(steps)}" if steps else "")


def constant(x: float) -> str:
    """½ for 0.5, and short numbers."""
    return {0.5: "½", 0.25: "¼", 0.75: "¾"}.get(x) or given(x)


def equation(v: Value, graph: Graph) -> str:
    """name = formula"""
    return f"{name(v, graph)} = {formula(v, graph)}" if v.computed else name(v, graph)


def in_numbers(v: Value, graph: Graph) -> str:
    """1.04 = 0.82·0.70 + 0.64·0.73: the equation with the numbers of this step; empty where a value is no number."""
    if any(x.array.size != 1 for x in [v, *sources(v)] if x.kind != "number"):
        return ""
    graph.in_numbers = True
    try:
        right = formula(v, graph).replace(" ⊙ ", "·").replace(" · ", "·").replace(THIN, "·")
    finally:
        graph.in_numbers = False
    return f"{number(v.array.item())} = " + ADDED.sub(r" − \1", DOUBLED.sub(r"(\1)", right))


def forms(v: Value, graph: Graph) -> Iterator[str]:
    """The equation, then with less and less space around operators, then name and operation, then the name alone."""
    full = equation(v, graph)
    yield full
    if v.computed:
        tight = full.replace(" ⊙ ", "⊙").replace(" · ", "·")
        yield tight.replace(THIN, "")
        yield tight.replace(THIN, "").replace(" + ", "+").replace(" − ", "−")
        if " + " in full:
            yield full.partition(" + ")[0].replace(THIN, "") + " + …"
        elif symbol(v).replace(" ", "").replace("-", "").isalpha():
            yield f"{name(v, graph)} = {symbol(v)}(…)"
    yield name(v, graph)


def symbol(v: Value) -> str:
    """The last operation alone: +, ×, tanh, σ."""
    signs = {"add": "+", "subtract": "−", "multiply": "⊙", "divide": "÷", "matmul": "· W", "negative": "−", "getitem": "[·]"}
    if v.op in SLICES and v.inputs[0].op in NONLINEAR and not v.inputs[0].shown:
        return symbol(v.inputs[0])
    return signs.get(v.op) or CALLS.get(v.op, v.op.replace("_", " "))


def formula(v: Value, graph: Graph) -> str:
    """What a computed value is made of, down to the values that have boxes of their own."""
    return written(v, graph, 0)[0]


def written(v: Value, graph: Graph, depth: int) -> tuple[str, int]:
    """The text of an operation and how tightly it binds."""
    nested = sum(x.computed and not x.shown for x in v.inputs)
    if depth > DEPTH or depth > 5 and nested > 1:
        return "…", ATOM
    inner = [operand(x, graph, depth) for x in v.inputs]
    if v.op == "add" and v.inputs[0].kind == "number" and v.inputs[0].tensor == 0:
        return inner[1]
    if v.op in INFIX:
        sign, level = INFIX[v.op]
        return bracket(inner[0], level) + sign + bracket(inner[1], level + (v.op != "add")), level
    if v.op in ("multiply", "matmul"):
        level = PRODUCT if v.op == "multiply" else MATRIX
        return bracket(inner[0], level) + joint(v, graph) + bracket(inner[1], level), level
    if v.op in ("negative",):
        return "−" + bracket(inner[0], PRODUCT), SUM
    if v.op in ("square", "power"):
        return raised(inner, v), POWER
    if v.op == "select" and v.column is not None and v.let_through in (0.0, 1.0):
        return inner[0 if v.let_through else -1]  # the mask is the same for all
    if v.op in VIEWS:
        return inner[0]
    if v.op in SLICES and v.inputs[0].op in NONLINEAR and not v.inputs[0].shown:
        curve = v.inputs[0]
        return called(curve, [piece(curve.inputs[0], v, graph, depth + 1)[0]]), ATOM
    if v.op in SLICES and v.column is not None and v.inputs[0].computed and v.inputs[0].column is None and not v.inputs[0].shown:
        return inner[0]  # a step's part of what was computed for all steps at once
    if v.op in SLICES:
        return piece(v.inputs[0], v, graph, depth)
    return called(v, [text for text, _ in inner]), ATOM


def piece(x: Value, cut: Value, graph: Graph, depth: int) -> tuple[str, int]:
    """x[z]; of a sum without a box the sum of the pieces, as the textbook has it: (x W + b)[z] → x W[z] + b[z]."""
    lettered = cut.op == "getitem" and "letter" in cut.settings
    if x.shown or not x.computed or not lettered or x.array.ndim == 0:
        return sliced(operand(x, graph, depth), cut), ATOM
    if x.op == "getitem" and "letter" in x.settings and x.column == cut.column and not picked(x):
        return piece(x.inputs[0], cut, graph, depth + 1)  # what was cut out of a piece: W[zr][z] is W[z]
    if x.op in ("add", "subtract"):
        sign, level = INFIX[x.op]
        left, right = (piece(y, cut, graph, depth + 1) if y.array.ndim else operand(y, graph, depth) for y in x.inputs)
        return bracket(left, level) + sign + bracket(right, level + (x.op != "add")), level
    if x.op == "matmul" and x.array.ndim == x.inputs[0].array.ndim:
        left, right = operand(x.inputs[0], graph, depth), piece(x.inputs[1], cut, graph, depth + 1)
        return bracket(left, MATRIX) + joint(x, graph) + bracket(right, MATRIX), MATRIX
    return sliced(operand(x, graph, depth), cut), ATOM


def operand(x: Value, graph: Graph, depth: int) -> tuple[str, int]:
    """An input: the name of its box, or its own formula where it has none."""
    if x.shown or not x.computed:
        if x.leaf and not x.shown:
            return x.name or (constant(x.array.item()) if x.array.size == 1 else "data"), ATOM
        return name(x, graph), ATOM
    return written(x, graph, depth + 1)


def bracket(inner: tuple[str, int], level: int) -> str:
    """(a + b) where the surrounding operation binds more tightly."""
    return f"({inner[0]})" if inner[1] < level else inner[0]


def joint(v: Value, graph: Graph) -> str:
    """Between factors: a space for a matrix product and before a weight, ⊙ for arrays, · for numbers."""
    weighted = bool(graph.columns) and any(x.kind == "weight" for x in v.inputs)
    if v.op == "matmul" or weighted or v.inputs[0].kind == "number":
        return THIN
    return " ⊙ " if v.array.size > 1 else " · "


def raised(inner: list[tuple[str, int]], v: Value) -> str:
    """(y − t)², xⁿ, 2^x"""
    base = bracket(inner[0], ATOM)
    if v.op == "square":
        return base + "²"
    exponent = v.inputs[1]
    if exponent.kind == "number" and float(exponent.tensor).is_integer():
        return base + superscript(int(exponent.tensor))
    return f"{base}^{bracket(inner[1], ATOM)}"


def sliced(inner: tuple[str, int], v: Value) -> str:
    """z[i], xᵀ, x[3]"""
    base = bracket(inner, ATOM)
    if v.op in ("transpose", "swapaxes"):
        return base + "ᵀ"
    if v.op == "flip":
        return f"flip({inner[0]})"
    if places := picked(v):
        return f"{base}[{', '.join(places)}]"
    return f"{base}[{v.settings.get('letter', '·')}]"


def picked(v: Value) -> list[str]:
    """x[3], x[:, 2] → ["3"], [":", "2"]; nothing where an index has no whole numbers, and takes pieces."""
    index = v.settings.get("index")
    parts = index if isinstance(index, tuple) else (index,)
    whole = [isinstance(p, (int, np.integer)) for p in parts]
    return [str(int(p)) if is_whole else ":" for p, is_whole in zip(parts, whole, strict=True)] if any(whole) else []


def called(v: Value, inner: list[str]) -> str:
    """tanh(z), [h, x], Σ(x)"""
    if v.op in ("concatenate", "stack"):
        return f"[{', '.join(inner)}]" if len(inner) <= 3 else f"[{inner[0]}, …, {inner[-1]}]"
    if v.op == "select":
        return f"where(mask, {', '.join(inner)})"
    label = {"sum": "Σ", "sqrt": "√"}.get(v.op) or CALLS.get(v.op, v.op.replace("_", " "))
    return f"{label}({', '.join(inner)})"
