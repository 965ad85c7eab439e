"""Every pullback of every primitive, made wrong in turn: times 1.001, and with its sign turned. All of these mutants must die.

A mutant is judged by the first-order property of its own row of the table and by nothing else, so each row proves the whole of
its primitive. Run `python -m tests.mutants` (or with the names of primitives); it prints the counts and exits 1 if one survives.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

import minigrad  # noqa: F401  (every module that defines a primitive is imported by it)
from minigrad.engine import Patch, Product, elementwise, kernel, primitive, primitives
from tests.checks import check_first_order
from tests.kernel_rows import KERNELS
from tests.table import ROWS, Row

FACTORS = (1.001, -1.0)
quickly = settings(
    max_examples=60,
    phases=[Phase.generate],  # the first counterexample is enough, it need not be the smallest
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def scaled(pullback: Callable, factor: float) -> Callable:
    """The pullback, wrong by a factor."""

    def wrong(dy: Any) -> Any:
        dx = pullback(dy)
        if type(dx) in (Patch, Product):
            return type(dx)(dx[0], dx[1] * factor)
        return dx * factor

    return wrong


def wrong_rule(original: Any, k: int, factor: float) -> Callable:
    """The primitive's rule with pullback k wrong by a factor; of a kernel, the gradient of input k."""

    @wraps(original.rule)
    def rule(*inputs: Any, **settings: Any) -> tuple:
        value, *pullbacks = original.rule(*inputs, **settings)
        if k < len(pullbacks):
            pullbacks[k] = scaled(pullbacks[k], factor)
        return value, *pullbacks

    @wraps(original.rule)
    def kernel_rule(*inputs: Any, **settings: Any) -> tuple:
        values, pull = original.rule(*inputs, **settings)

        def wrong_pull(dys: list, wanted: list[bool]) -> list:
            dxs = list(pull(dys, wanted))
            if k < len(dxs) and dxs[k] is not None:
                dxs[k] = dxs[k] * factor
            return dxs

        return values, wrong_pull

    return kernel_rule if is_kernel(original) else rule


def is_kernel(op: Any) -> bool:
    return getattr(op, "is_kernel", False)


@contextmanager
def mutated(name: str, k: int, factor: float) -> Iterator[None]:
    """While it lasts, pullback k of a primitive is wrong by a factor."""
    original = primitives[name]
    make = kernel if is_kernel(original) else elementwise if original.broadcasts else primitive
    make(wrong_rule(original, k, factor))
    try:
        yield
    finally:
        primitives[name] = original


def arity(row: Row) -> int:
    """The largest number of pullbacks that a case of this row needs."""
    most = 0

    @quickly
    @given(row.cases)
    def look(case: Any) -> None:
        nonlocal most
        most = max([most, *(k + 1 for k in case.variable)])

    look()
    return most


def judge(row: Row) -> None:
    """The row's first-order property, on its own cases: raises AssertionError where it does not hold."""

    @quickly
    @given(row.cases)
    def holds(case: Any) -> None:
        check_first_order(row, case)

    holds()


def dies(row: Row, k: int, factor: float) -> bool:
    """Does the row's own property notice?"""
    with mutated(row.name, k, factor):
        try:
            judge(row)
        except AssertionError:
            return True
        return False


def survivors(rows: list[Row]) -> tuple[int, list[str]]:
    """How many mutants there were, and those that nobody noticed."""
    count, alive = 0, []
    for row in rows:
        pullbacks = arity(row)
        if not pullbacks:
            alive.append(f"{row.name}: no case needs a pullback")
        for k in range(pullbacks):
            for factor in FACTORS:
                count += 1
                if not dies(row, k, factor):
                    alive.append(f"{row.name}, pullback {k}, times {factor}")
    return count, alive


def main(names: list[str]) -> int:
    start = time.perf_counter()
    rows = [row for row in ROWS + KERNELS if not names or row.name in names]
    for row in rows:  # the table itself must be right before anything can be said of mutants
        judge(row)
    count, alive = survivors(rows)
    for mutant in alive:
        print("survived:", mutant)
    seconds = time.perf_counter() - start
    print(f"{len(rows)} primitives, {count} mutants, {count - len(alive)} died, {len(alive)} survived ({seconds:.0f} s)")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
