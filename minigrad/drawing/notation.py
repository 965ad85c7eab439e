"""Numbers and formulas as a blackboard writes them: −0.49, 42 %, h₁ᵀ dz₂.

Everything printed on a picture passes through here, so that one weight's numbers have one number of decimals and add
up as printed. NaN and infinities are shown as what they are, and what was never computed is never shown as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

NOT_COMPUTED = "not computed"
_SUB = str.maketrans("0123456789-+−", "₀₁₂₃₄₅₆₇₈₉₋₊₋")
_SUP = str.maketrans("0123456789-+−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁻")


def subscript(number: int) -> str:
    """12 → ₁₂"""
    return str(number).translate(_SUB)


def superscript(number: int) -> str:
    """12 → ¹²"""
    return str(number).translate(_SUP)


def odd(x: float) -> str | None:
    """The words for what is no number: `NaN`, `∞`, `−∞`; None for a number."""
    if math.isnan(x):
        return "NaN"
    return ("∞" if x > 0 else "−∞") if math.isinf(x) else None


def decimals_for(values: Sequence[float], digits: int = 2) -> int:
    """How many decimals show the largest of the values with two significant digits: 0.49 → 2, 12.3 → 0, 0.004 → 4."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    if largest == 0.0:
        return digits
    return max(0, digits - 1 - math.floor(math.log10(largest)))


def fixed(x: float, decimals: int, sign: bool = False) -> str:
    """−0.49 with a true minus and a fixed number of decimals; `sign` also writes the plus."""
    if odd(x):
        return str(odd(x))
    rounded = f"{abs(x):.{decimals}f}"
    zero = float(rounded) == 0.0
    mark = "" if zero else "−" if x < 0 else "+" if sign else ""
    return mark + rounded


def number(x: float, digits: int = 2) -> str:
    """Two significant digits, at least two decimals below 10 (0.41, −0.05, 1.3e−7 as 1.3·10⁻⁷); whole numbers stay whole."""
    x = float(x)
    if odd(x):
        return str(odd(x))
    if x == round(x) and abs(x) < 1e5:
        return fixed(x, 0)
    size = math.floor(math.log10(abs(x)))
    if size < -3 or size > 5:
        mantissa, _, exponent = f"{x:.{digits - 1}e}".partition("e")
        return f"{fixed(float(mantissa), digits - 1)}·10{superscript(int(exponent))}"
    return fixed(x, max(0, digits - 1 - size) if size < -1 else (digits if size < 1 else max(0, digits - size)))


def given(x: float, digits: int = 3) -> str:
    """A number as somebody typed it: 0.4, −0.9, 12; one with many digits is shortened as a computed one is."""
    short = f"{float(x):.{digits}g}"
    if odd(float(x)) or "e" in short or abs(float(short) - float(x)) > 1e-6 * abs(float(x)):
        return number(x)
    return short.replace("-", "−")


def rounded_to_sum(values: Sequence[float], decimals: int, total: float | None = None) -> list[float]:
    """Largest remainder: each value rounded down or up to the decimals so that the printed ones add to the printed total."""
    if not all(math.isfinite(v) for v in values):
        return [float(v) for v in values]
    unit = 10.0**decimals
    scaled = [v * unit for v in values]
    floors = [math.floor(s + 1e-9) for s in scaled]
    target = round((math.fsum(values) if total is None else total) * unit)
    by_remainder = sorted(range(len(values)), key=lambda k: floors[k] - scaled[k])
    missing = target - sum(floors)
    for k in by_remainder[: max(0, missing)]:
        floors[k] += 1
    for k in by_remainder[::-1][: max(0, -missing)]:
        floors[k] -= 1
    return [f / unit for f in floors]


def running(values: Sequence[float]) -> list[float]:
    """The sums so far: what stands on the waterfall's dashes."""
    return list(accumulate(values))


def shares(parts: Sequence[np.ndarray], total: np.ndarray) -> list[float]:
    """s_t = ⟨part_t, G⟩ / ‖G‖²: signed, and summing to 1, which norms do not. NaN where G = 0 or is not finite."""
    G = np.asarray(total, dtype=np.float64)
    squared = float(np.vdot(G, G))
    if not math.isfinite(squared) or squared == 0.0:
        return [math.nan] * len(parts)
    return [float(np.vdot(np.asarray(part, dtype=np.float64), G)) / squared for part in parts]


def norm(array: np.ndarray) -> float:
    """‖a‖, in double precision, NaN and infinity kept."""
    a = np.asarray(array, dtype=np.float64)
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.sum(a * a)))


def shape(array: np.ndarray) -> str:
    """(16, 64) → `16 × 64`; () → `1`"""
    return " × ".join(str(n) for n in np.shape(array)) or "1"
