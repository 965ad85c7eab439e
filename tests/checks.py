"""The promises of a primitive, as functions of its row of the table and one case.

A derivative is tested along random directions: for a random dy and a random v, ⟨pullback(dy), v⟩ must be the slope of
⟨dy, f(x + εv)⟩ at ε = 0, found by central differences in float64. Each input has a direction of its own, so no error of one
pullback can hide behind another's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine import Tensor, gradients, no_grad, wrap
from tests.cases import Case
from tests.table import Row

STEP = 1e-5
TOLERANCE = 1e-6


def variables(case: Case) -> dict[int, Tensor]:
    """A leaf for every operand that has a derivative, around the very array of the case, whose layout is under test."""
    leaves = {}
    for k in case.variable:
        leaves[k] = wrap(case.operands[k])
        leaves[k].requires_grad = True
    return leaves


def apply(row: Row, case: Case, arrays: dict[int, Any]) -> Tensor:
    changed = case.replaced(arrays)
    return row(*changed.operands, **changed.settings)


def value(row: Row, case: Case, arrays: dict[int, Any] | None = None) -> np.ndarray:
    with no_grad():
        return apply(row, case, {k: wrap(x) for k, x in (arrays or {k: case.operands[k] for k in case.variable}).items()}).array


def random_like(rng: np.random.Generator, x: Any) -> np.ndarray:
    return np.asarray(rng.normal(size=x.shape))


def slope(f: Callable[[np.ndarray], Any], x: np.ndarray, v: np.ndarray) -> float:
    """d f(x + εv)/dε at ε = 0."""
    return float(f(x + STEP * v) - f(x - STEP * v)) / (2 * STEP)


def assert_close(found: float, expected: float, what: str, tolerance: float = TOLERANCE) -> None:
    error = abs(float(found) - expected)
    assert error <= tolerance * max(1.0, abs(expected)), f"{what}: {found} instead of {expected}"


# ------------------------------------------------------------------------------------------------ the promises


def check_value(row: Row, case: Case) -> None:
    """The value is what the row's own account of it says, in shape and in numbers."""
    y = value(row, case)
    expected = np.asarray(row.value(*case.operands, **case.settings))
    assert y.shape == expected.shape, f"shape {y.shape} instead of {expected.shape}"
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


def check_first_order(row: Row, case: Case) -> None:
    """⟨pullback(dy), v⟩ is the slope of ⟨dy, f⟩ along v, for every input."""
    rng = np.random.default_rng(1)
    xs = variables(case)
    y = apply(row, case, xs)
    dy = random_like(rng, y)
    for (k, x), dx in zip(xs.items(), gradients(y, list(xs.values()), seed=dy), strict=True):
        assert dx.shape == x.shape and dx.dtype == x.dtype, f"input {k}{x.shape}: gradient {dx.shape} {dx.dtype}"
        v = random_like(rng, x)
        expected = slope(lambda a, k=k: np.sum(dy * value(row, case, {**arrays_of(case), k: a})), x.array, v)
        assert_close(np.sum(dx.array * v), expected, f"{row.name}{case}, input {k}")


def arrays_of(case: Case) -> dict[int, np.ndarray]:
    return {k: case.operands[k] for k in case.variable}


def check_second_order(row: Row, case: Case) -> None:
    """With s = Σₖ⟨wₖ, ∂⟨dy, f⟩/∂xₖ⟩, the gradients of s by every x and by dy are the slopes of s."""
    if row.orders < 2:
        return
    rng = np.random.default_rng(2)
    xs = variables(case)
    y = apply(row, case, xs)
    dy = Tensor(random_like(rng, y), requires_grad=True)
    firsts = gradients(y, list(xs.values()), seed=dy, create_graph=True)
    weights = [random_like(rng, x) for x in xs.values()]
    total = sum((first * w).sum() for first, w in zip(firsts, weights, strict=True))
    seconds = gradients(total, [*xs.values(), dy])

    def s(arrays: dict[int, np.ndarray], seed: np.ndarray) -> float:
        leaves = {k: Tensor(a, requires_grad=True) for k, a in arrays.items()}
        found = gradients(apply(row, case, leaves), list(leaves.values()), seed=seed)
        return float(sum(np.sum(dx.array * w) for dx, w in zip(found, weights, strict=True)))

    for k, second in zip([*xs, None], seconds, strict=True):
        x = dy.array if k is None else case.operands[k]
        v = random_like(rng, x)
        along = (lambda a: s(arrays_of(case), a)) if k is None else (lambda a, k=k: s({**arrays_of(case), k: a}, dy.array))
        assert second.shape == x.shape and second.dtype == x.dtype
        what = f"{row.name}{case}, second order, {'dy' if k is None else f'input {k}'}"
        assert_close(np.sum(second.array * v), slope(along, x, v), what)


def check_float32(row: Row, case: Case) -> None:
    """In float32 everything stays float32, and is what float64 says to single precision."""
    rng = np.random.default_rng(3)
    small = case.replaced({k: case.operands[k].astype(np.float32) for k in case.variable})
    wide = case.replaced({k: small.operands[k].astype(np.float64) for k in case.variable})
    xs, xs64 = variables(small), variables(wide)
    y, y64 = apply(row, small, xs), apply(row, wide, xs64)
    dy = random_like(rng, y64).astype(np.float32)
    if row.keeps_dtype:
        assert y.dtype == np.float32, f"float32 became {y.dtype} forward"
    assert_near(y.array, y64.array)
    found = gradients(y, list(xs.values()), seed=dy.astype(y.dtype))
    expected = gradients(y64, list(xs64.values()), seed=dy)
    for x, dx, dx64 in zip(xs.values(), found, expected, strict=True):
        assert dx.dtype == x.dtype == np.float32, f"float32 became {dx.dtype} backward"
        assert_near(dx.array, dx64.array)


def assert_near(found: Any, expected: Any) -> None:
    scale = 1.0 + np.max(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * scale)


def check_linearity(row: Row, case: Case) -> None:
    """pullback(a·u + b·w) = a·pullback(u) + b·pullback(w)"""
    rng = np.random.default_rng(4)
    xs = variables(case)
    y = apply(row, case, xs)
    u, w = random_like(rng, y), random_like(rng, y)
    at = [gradients(y, list(xs.values()), seed=seed) for seed in (u, w, 2.0 * u - 3.0 * w)]
    for dx_u, dx_w, dx in zip(*at, strict=True):
        np.testing.assert_allclose(dx.array, 2.0 * dx_u.array - 3.0 * dx_w.array, rtol=1e-10, atol=1e-10)
