"""The gradient check: what a pullback promises, tested by nudging.

A derivative can be computed in two independent ways: by walking the graph back, and by moving the inputs a little and
looking. `check_gradients` does both along random directions, and says by how much they differ; a wrong derivative may
train, but it does not pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import backend
from .engine import Tensor, gradients, wrap

__all__ = ["GradientError", "check_gradients"]


class GradientError(AssertionError):
    """Two ways of computing one derivative disagree."""


def check_gradients(f: Callable, *arrays: Any, order: int = 1, eps: float | None = None, tolerance: float | None = None,
                    directions: int = 2, seed: int = 0) -> float:
    """⟨dy, J v⟩ by central differences = ⟨Jᵀ dy, v⟩ by pullbacks, for random dy and v: the largest relative
    difference found.

    f takes Tensors like `arrays` and returns a Tensor of any shape.  With order=2 the gradient itself, as a function,
    is checked as well. The difference quotient is (f(x + εv) − f(x − εv)) / 2ε; its error is smallest near ε =
    ∛(3·machine epsilon), which is the default. The tolerance is 1e-6 in float64, 1e-2 in float32: check in float64.
    Inputs that are not floating are handed on as they are. Raises GradientError, naming the input and its worst
    entry, if the difference exceeds the tolerance.
    """
    arrays = tuple(a.array if isinstance(a, Tensor) else a for a in arrays)
    arrays = tuple(a if backend.is_array(a) else np.asarray(a) for a in arrays)
    rng = np.random.default_rng(seed)
    floating = [k for k, a in enumerate(arrays) if a.dtype.kind == "f"]
    if not floating:
        raise TypeError("check_gradients needs a floating input: there is nothing to differentiate")
    worst = 0.0
    for k in floating:
        for _ in range(directions):
            worst = max(worst, check_one_input(f, arrays, k, rng, eps, tolerance))
    if order > 1:
        def first_derivative(*inputs: Tensor) -> Tensor:
            y = f(*inputs)
            weights = np.random.default_rng(seed + 1).standard_normal(y.shape).astype(y.dtype)
            seeds = wrap(backend.like(weights, y.array))
            chosen = [inputs[k] for k in floating]
            found = gradients(y, chosen, seed=seeds, create_graph=True)
            return sum(((g * g * 0.5 + g).sum() for g in found), start=wrap(np.zeros_like(found[0].array.sum())))
        worst = max(worst, check_gradients(first_derivative, *arrays, order=order - 1, eps=eps, tolerance=tolerance,
                                           directions=directions, seed=seed + 2))
    return worst


def check_one_input(f: Callable, arrays: tuple, k: int, rng: np.random.Generator, eps: float | None,
                    tolerance: float | None) -> float:
    """One direction v for input k and one dy: the relative difference of the two derivatives, or GradientError."""
    x = arrays[k]
    machine = float(np.finfo(x.dtype).eps)
    eps = eps or (3 * machine) ** (1 / 3)
    tolerance = tolerance or (1e-6 if machine < 1e-12 else 1e-2)
    v = backend.like(rng.standard_normal(x.shape).astype(x.dtype), x)

    def at(value: Any) -> list[Tensor]:
        return [Tensor(value if j == k else a, requires_grad=a.dtype.kind == "f") for j, a in enumerate(arrays)]

    inputs = at(x)
    y = f(*inputs)
    if not isinstance(y, Tensor):
        raise TypeError(f"check_gradients takes a function that returns a Tensor, this one returned {type(y).__name__}")
    dy = backend.like(rng.standard_normal(y.shape).astype(y.dtype), y.array)
    dx = gradients(y, [inputs[k]], seed=dy)[0].array if y.requires_grad else np.zeros_like(x)
    if dx.shape != x.shape:
        raise GradientError(f"the gradient of input {k} has shape {dx.shape}, the input {x.shape}: "
                            f"a pullback that broadcasts forward must sum backward (see `elementwise`)")
    ahead, behind = f(*at(x + eps * v)).array, f(*at(x - eps * v)).array
    nudged = float((dy * (ahead - behind)).sum()) / (2 * eps)
    walked = float((dx * v).sum())
    scale = max(abs(nudged), abs(walked), float(np.abs(dx * v).sum()), float(np.abs(dy * y.array).sum()) * 1e-3, 1e-8)
    difference = abs(nudged - walked) / scale
    if not difference <= tolerance:
        raise GradientError(f"the gradient of input {k}, shape {x.shape}, is wrong: along a random direction the "
                            f"pullbacks say {walked:.9g}, nudging says {nudged:.9g} (relative difference {difference:.1e}, tolerance {tolerance:.0e})"
                            f"{worst_entry(f, at, x, dx, dy, eps)}")
    return difference


def worst_entry(f: Callable, at: Callable, x: Any, dx: Any, dy: Any, eps: float) -> str:
    """Which entry is furthest off, for inputs small enough to try each."""
    if not 0 < x.size <= 200:
        return ""
    nudged = np.zeros(x.size)
    for j in range(x.size):
        v = backend.like((np.arange(x.size) == j).astype(x.dtype).reshape(x.shape), x)
        nudged[j] = float((dy * (f(*at(x + eps * v)).array - f(*at(x - eps * v)).array)).sum()) / (2 * eps)
    walked = np.asarray(backend.array_to_cpu(dx), dtype=float).reshape(-1)
    worst = int(np.argmax(np.abs(np.nan_to_num(nudged - walked, nan=np.inf))))
    entry = [int(i) for i in np.unravel_index(worst, x.shape)]
    return f"; worst at entry {entry}: pullback {walked[worst]:.6g}, nudged {nudged[worst]:.6g}"
