"""How the arguments of an operation are drawn: shapes and layouts by Hypothesis, values by a seeded generator.

A domain gives values where a function is smooth, a few steps of a difference away from any kink. A layout arranges the same
values in memory as users' arrays may be: C order, Fortran order, negative steps, every second element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Shape = tuple[int, ...]
Domain = Callable[[np.random.Generator, Shape], np.ndarray]
SIDE = 3  # arrays are small: what is wrong is wrong for three rows
DIMENSIONS = 3
LAYOUTS = ("C", "F", "negative", "strided")


@dataclass(frozen=True)
class Case:
    """One call: its positional operands (float64 arrays are differentiable, the rest is not) and its settings."""

    operands: tuple[Any, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def variable(self) -> list[int]:
        """The positions of the operands that have a derivative."""
        return [k for k, x in enumerate(self.operands) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]

    def replaced(self, arrays: dict[int, Any]) -> Case:
        return Case(tuple(arrays.get(k, x) for k, x in enumerate(self.operands)), self.settings)

    def __repr__(self) -> str:
        operands = [f"array{x.shape}{x.dtype}" if isinstance(x, np.ndarray) else repr(x) for x in self.operands]
        return f"({', '.join([*operands, *(f'{k}={v!r}' for k, v in self.settings.items())])})"


# ------------------------------------------------------------------------------------------------ domains


def everywhere(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(0.4, 2.0, size=shape)


def away_from_zero(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(0.3, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def above_minus_one(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(-0.6, 2.0, size=shape)


def apart(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Any two values differ by 0.1 or more: no ties, for max, min and their like."""
    size = int(np.prod(shape))
    values = 0.2 * (rng.permutation(size) - size / 2) + rng.uniform(0, 0.1, size=size)
    return values.reshape(shape)


def with_zeros(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Some of the values are exactly 0, where a division would fail."""
    return rng.normal(size=shape) * (rng.random(size=shape) > 0.2)


def near_integers(offset: float) -> Domain:
    """Small integers, shifted by an offset: values of two such domains never tie, however they are broadcast."""

    def domain(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        return rng.integers(-3, 4, size=shape) + offset + rng.uniform(-0.1, 0.1, size=shape)

    return domain


# ------------------------------------------------------------------------------------------------ arrays


def arrange(values: np.ndarray, layout: str) -> np.ndarray:
    """The same values, laid out in memory in another way."""
    values = np.asarray(values)
    if layout == "F":
        return np.asfortranarray(values) if values.ndim else values
    if layout == "negative" and values.ndim:
        return np.flip(np.flip(values).copy())
    if layout == "strided" and values.ndim:
        return np.repeat(values, 2, axis=-1)[..., ::2]
    return values


def shapes(min_dims: int = 0, max_dims: int = DIMENSIONS, min_side: int = 0, max_side: int = SIDE) -> st.SearchStrategy:
    return hnp.array_shapes(min_dims=max(min_dims, 1), max_dims=max_dims, min_side=min_side, max_side=max_side) | (
        st.just(()) if min_dims == 0 else st.nothing()
    )


def broadcastable(count: int, min_side: int = 0) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Shapes that NumPy broadcasts together, in one of which an axis may be missing, of size one or of size zero."""
    drawn = hnp.mutually_broadcastable_shapes(
        num_shapes=count, min_dims=0, max_dims=DIMENSIONS, min_side=min_side, max_side=SIDE
    )
    return drawn.map(lambda result: tuple(result.input_shapes))


@st.composite
def arrays(draw: Any, shape: Shape, domain: Domain = everywhere) -> np.ndarray:
    """A float64 array of a shape: its layout is drawn, its values come from a generator whose seed is drawn."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return arrange(domain(rng, shape), draw(st.sampled_from(LAYOUTS)))


def axes(ndim: int, many: bool = True) -> st.SearchStrategy:
    """None, an axis from either end, or (where many are allowed) a tuple of axes."""
    if ndim == 0:
        return st.sampled_from([None, ()]) if many else st.none()
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(st.integers(0, ndim - 1), unique=True, max_size=ndim).map(tuple)
    return st.none() | one | (several if many else st.nothing())


def axis_of(ndim: int) -> st.SearchStrategy[int]:
    return st.integers(-ndim, ndim - 1)
