"""Masks: which steps of a padded batch count, and what an operation leaves of that.

A mask is an array of booleans of a tensor's first axes, (batch, time) as a rule; Embedding and Masking make it,
recurrent layers, attention, pooling and losses heed it, and the tensor carries it along. An operation keeps it where
each step of its result still is a step of its input, and drops it where one cannot say: here this is written down,
operation by operation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import numpy as np

from . import ops
from .engine import Tensor, primitives

Rule = Callable[[tuple, dict, Tensor], Any]     # (inputs, settings, y) → the mask of y = op(*inputs, **settings) or None


def mask_of(x: Any) -> Any:
    """The mask of an input, if it has one that fits its first axes."""
    mask = x.mask if isinstance(x, Tensor) else None
    return mask if mask is not None and np.shape(mask) == x.shape[:np.ndim(mask)] else None


def either(masks: Iterable[Any]) -> Any:
    """m₁ ∨ m₂ ∨ …: where several inputs meet, a step counts that counts in one of them, as in Keras' Add; None has no say"""
    masks = [mask for mask in masks if mask is not None]
    return reduce(np.logical_or, masks) if len({mask.ndim for mask in masks}) == 1 else None


# -------------------------------------------------------------------------- rules

def together(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """y = f(x₁, x₂, …) element by element: step by step too, for those inputs whose axes are y's."""
    mask = either(mask_of(x) for x in inputs if isinstance(x, Tensor) and x.ndim == y.ndim)
    return mask if mask is None or mask.shape == y.shape[:mask.ndim] else np.broadcast_to(mask, y.shape[:mask.ndim])


def same_steps(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """One input's mask, where y begins with the same axes: softmax, reshape of the features alone."""
    mask = mask_of(inputs[0])
    return mask if mask is not None and mask.shape == y.shape[:mask.ndim] else None


def beyond(axes_touched: Callable[..., Any]) -> Rule:
    """The mask stays where only axes behind its own are touched: a sum over features keeps it, one over time does not."""
    def rule(inputs: tuple, settings: dict, y: Tensor) -> Any:
        mask = either(map(mask_of, inputs))
        touched = axes_touched(inputs[0], y, **settings)
        return mask if mask is not None and all(axis >= mask.ndim for axis in touched) else None
    return rule


def joined(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """Along time (or the batch) masks are joined as their tensors are; along features they meet."""
    masks, axis = [mask_of(x) for x in inputs], settings.get("axis", 0)
    one = next((mask for mask in masks if mask is not None), None)
    if one is None or axis is None or any(mask is not None and mask.ndim != one.ndim for mask in masks):
        return None
    if axis % y.ndim >= one.ndim:
        return either(masks)
    whole = [np.ones_like(one, shape=x.shape[:one.ndim]) if mask is None else mask for mask, x in zip(masks, inputs)]
    return np.concatenate(whole, axis=axis % y.ndim)


def turned_round(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """flip: the steps of the mask change places as those of x do"""
    mask = mask_of(inputs[0])
    axes = () if mask is None else [a for a in ops.axes_of(inputs[0], settings.get("axis")) if a < mask.ndim]
    return np.flip(mask, tuple(axes)) if axes else mask


def sliced(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """x[:, 2:] takes the steps of the mask, too; x[:, 0] has no steps left; an index of arrays tells too little."""
    mask, index = mask_of(inputs[0]), settings["index"]
    parts = list(index) if isinstance(index, tuple) else [index]
    if mask is None or not all(isinstance(part, (slice, int, np.integer, type(Ellipsis), type(None))) for part in parts):
        return None
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    at, used = parts.index(Ellipsis), sum(part is not None for part in parts) - 1
    parts[at:at + 1] = [slice(None)] * (inputs[0].ndim - used)
    first = parts[:mask.ndim]
    return mask[tuple(first)] if all(isinstance(part, slice) for part in first) else None


def rows_of_the_left(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """Z = X W: each row of Z is a row of X (a Dense layer by hand); the steps of a right-hand factor are summed over"""
    x, mask = inputs[0], mask_of(inputs[0])
    rows = mask is not None and x.ndim > mask.ndim and x.ndim >= y.ndim
    return mask if rows and mask.shape == y.shape[:mask.ndim] else None


def first_letters(inputs: tuple, settings: dict, y: Tensor) -> Any:
    """einsum "ntd,dk->ntk": the mask of an operand whose first letters are the result's, n and t"""
    masks = [mask_of(x) for x in inputs]
    in_place = [m for m, letters in zip(masks, settings["inputs"])
                if m is not None and letters[:m.ndim] == settings["output"][:m.ndim] and m.shape == y.shape[:m.ndim]]
    return either(in_place)


# -------------------------------------------------------------------------- which axes an operation touches

def reduced(x: Tensor, y: Tensor, axis: Any = None, **_: Any) -> Iterable[int]:
    return ops.axes_of(x, axis)


def new_axes(x: Tensor, y: Tensor, axis: Any = 0) -> Iterable[int]:
    return ops.axes_of(y, axis)


def dropped_axes(x: Tensor, y: Tensor, axis: Any = None) -> Iterable[int]:
    return [a for a in ops.axes_of(x, axis) if x.shape[a] == 1]


def exchanged(x: Tensor, y: Tensor, axis1: int, axis2: int) -> Iterable[int]:
    return ops.axes_of(x, (axis1, axis2))


def moved(x: Tensor, y: Tensor, source: Any, destination: Any) -> Iterable[int]:
    return itertools.chain(ops.axes_of(x, source), ops.axes_of(x, destination))


def reordered(x: Tensor, y: Tensor, axes: Any = None) -> Iterable[int]:
    order = range(x.ndim)[::-1] if axes is None else ops.axes_of(x, axes)
    return [k for k, axis in enumerate(order) if k != axis]


def widened(x: Tensor, y: Tensor, **_: Any) -> Iterable[int]:
    return [k for k, (n, m) in enumerate(zip(x.shape, y.shape)) if n != m]


# -------------------------------------------------------------------------- the table

RULES: dict[str, Rule | None] = {
    **dict.fromkeys(["negative", "positive", "square", "sqrt", "abs", "exp", "log", "log1p", "expm1", "erf", "sin", "cos",
                     "tanh", "sigmoid", "relu", "leaky_relu", "elu", "gelu", "softplus", "softmax", "log_softmax",
                     "cross_entropy_of_logits", "cumsum", "clip", "reshape", "astype"], same_steps),
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "select",
                     "broadcast_to"], together),
    **dict.fromkeys(["sum", "mean", "max", "min", "prod", "var", "std", "logsumexp"], beyond(reduced)),
    "expand_dims": beyond(new_axes), "stack": beyond(new_axes), "squeeze": beyond(dropped_axes),
    "swapaxes": beyond(exchanged), "moveaxis": beyond(moved), "transpose": beyond(reordered), "pad": beyond(widened),
    "concatenate": joined, "flip": turned_round, "getitem": sliced,
    "matmul": rows_of_the_left, "einsum_of_letters": first_letters,
    "scatter": None,                             # puts values at places of its own
}

for _name, _rule in RULES.items():
    if _rule is not None:
        primitives[_name].carries = _rule
