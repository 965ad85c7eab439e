"""Functions of functions: from f to its gradient, Jacobian, Hessian and Hessian-vector product.

Each is a few lines over `engine.gradients`; since a derivative taken with create_graph=True is made of the same
operations as everything else, they nest: grad(grad(f)) is the second derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from . import backend
from .engine import Tensor, gradients, wrap
from .ops import primitives, stack

__all__ = ["grad", "hessian", "hvp", "jacobian", "value_and_grad"]


def variable(x: Any) -> Tensor:
    """x as a variable of its own: a new leaf, or, where x is itself being differentiated, a copy that is joined to it."""
    if isinstance(x, Tensor) and x.requires_grad:
        return primitives["positive"](x)
    return Tensor(x, requires_grad=True)


def value_and_grad(f: Callable, argnums: int | tuple[int, ...] = 0) -> Callable:
    """(f(x), ∇f(x)) as a function of x, for an f that returns one number.

    `argnums` says with respect to which arguments; for several the gradients come as a tuple.  Arguments may be
    Tensors, arrays or numbers.
    """
    def both(*args: Any, **kwargs: Any) -> tuple[Tensor, Any]:
        positions = positions_in(args, argnums, f)
        nested = any(isinstance(args[k], Tensor) and args[k].requires_grad for k in positions)
        variables = {k: variable(args[k]) for k in positions}
        value = f(*(variables.get(k, x) for k, x in enumerate(args)), **kwargs)
        check_output(value, f)
        found = differentiate(value, [variables[k] for k in positions], create_graph=nested)
        return value, tuple(found) if isinstance(argnums, (tuple, list)) else found[0]
    return both


def positions_in(args: tuple, argnums: Any, f: Callable) -> list[int]:
    """`argnums` as places among the arguments, counted from the front; −1 is the last."""
    wanted = [index(k) for k in (argnums if isinstance(argnums, (tuple, list)) else (argnums,))]
    if any(not -len(args) <= k < len(args) for k in wanted):
        raise ValueError(f"argnums={argnums!r} asks for an argument that {getattr(f, '__name__', 'f')} was not given: it got "
                         f"{len(args)} by position, counted 0 … {len(args) - 1} (arguments by keyword have no gradient)")
    return [k % len(args) for k in wanted]


def grad(f: Callable, argnums: int | tuple[int, ...] = 0) -> Callable:
    """∇f(x) as a function of x, for an f that returns one number: grad(grad(f)) is f″."""
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def differentiate(value: Tensor, variables: list[Tensor], seed: Any = None, create_graph: bool = False) -> list[Tensor]:
    """gradients(…), and zeros where f does not depend on its argument at all."""
    if not value.requires_grad:
        return [wrap(np.zeros_like(x.array)) for x in variables]
    return gradients(value, variables, seed=seed, create_graph=create_graph)


def check_output(value: Any, f: Callable, scalar: bool = True) -> None:
    name = getattr(f, "__name__", "f")
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must return a Tensor, got {type(value).__name__}: compute with minigrad's operations, "
                        f"not on .data")
    if scalar and value.size != 1:
        raise ValueError(f"{name} must return one number, got shape {value.shape}: take .sum(), or use mg.jacobian")


def jacobian(f: Callable) -> Callable:
    """J[i…, j…] = ∂f(x)[i…]/∂x[j…] as a function of x, shape f(x).shape + x.shape.  One walk for every number in f(x)."""
    def matrix(x: Any) -> Tensor:
        nested = isinstance(x, Tensor) and x.requires_grad
        variable_x = variable(x)
        y = f(variable_x)
        check_output(y, f, scalar=False)
        rows = [differentiate(y, [variable_x], seed=seed, create_graph=nested)[0] for seed in unit_seeds(y)]
        if not rows:
            return wrap(np.zeros_like(variable_x.array, shape=y.shape + variable_x.shape))
        return stack(rows).reshape(y.shape + variable_x.shape)
    return matrix


def unit_seeds(y: Tensor) -> list[Any]:
    """One array of y's shape for every number in it: 1 there, 0 elsewhere."""
    basis = np.eye(y.size, dtype=y.dtype).reshape((y.size, *y.shape))
    return [backend.like(seed, y.array) for seed in basis]


def hessian(f: Callable) -> Callable:
    """H = ∂²f/∂x∂x as a function of x, for an f that returns one number; shape x.shape + x.shape."""
    def matrix(x: Any) -> Tensor:
        return jacobian(grad(f))(x)
    return matrix


def hvp(f: Callable, x: Any, v: Any) -> Tensor:
    """H v = ∂(∇f · v)/∂x, the Hessian times a vector without the Hessian: a few walks, whatever its size (Pearlmutter
    1994)."""
    variable_x = variable(x)
    value = f(variable_x)
    check_output(value, f)
    gradient = differentiate(value, [variable_x], create_graph=True)[0]
    nested = isinstance(x, Tensor) and x.requires_grad
    return differentiate((gradient * v).sum(), [variable_x], create_graph=nested)[0]
