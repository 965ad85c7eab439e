"""Every operation, each value with its derivative beside it.

A rule returns its value, then one pullback per input: given dy = ∂L/∂y it returns ∂L/∂input (`engine.primitive` says
the rest).  The formulas are plain NumPy, so that the same line serves NumPy arrays, CuPy arrays and, for higher
derivatives, Tensors; the names, arguments and meanings are NumPy's.  The end of the file gives Tensor its operators
and methods, and tells NumPy's own functions what to call.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import math
import string
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from . import backend
from .engine import (
    Patch,
    Product,
    Tensor,
    describe,
    elementwise,
    operand,
    primitive,
    primitives,
    private_array,
    sum_to,
    wrap,
)

__all__ = [
    "abs", "add", "broadcast_to", "clip", "concatenate", "cos", "cross_entropy", "cumsum", "divide", "einsum", "elu",
    "embedding", "erf", "exp", "expand_dims", "expm1", "flip", "gelu", "leaky_relu", "log", "log1p", "log_softmax",
    "logsumexp", "matmul", "max", "maximum", "mean", "min", "minimum", "moveaxis", "multiply", "negative", "pad",
    "power", "prod", "relu", "reshape", "scatter", "sigmoid", "sin", "softmax", "softplus", "split", "sqrt", "square",
    "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "tanh", "transpose", "var", "where",
]


def same(dy: Any) -> Any:
    """The pullback of whatever adds its input: the gradient goes through as it is."""
    return dy


def opposite(dy: Any) -> Any:
    """The pullback of whatever subtracts its input."""
    return -dy


# -------------------------------------------------------------------------- arithmetic

@elementwise
def add(x, y):
    """z = x + y"""
    return x + y, same, same


@elementwise
def subtract(x, y):
    """z = x − y"""
    return x - y, same, opposite


@elementwise
def multiply(x, y):
    """z = x · y"""
    return x * y, lambda dz, y=y: dz * y, lambda dz, x=x: dz * x      # by default, not by closure: 80 bytes less


@elementwise
def divide(x, y):
    """z = x / y"""
    z = x / y
    return z, lambda dz, y=y: dz / y, lambda dz, y=y, z=z: -dz * z / y


@elementwise
def power(x, y):
    """z = xʸ;  ∂z/∂x = y xʸ⁻¹ (0 where y = 0);  ∂z/∂y = xʸ ln x (0 where x ≤ 0, as a limit at 0)"""
    z = x ** y
    return z, lambda dz: dz * (y * x ** one_less(y)), lambda dz: dz * (z * log_or_zero(x))


def one_less(y: Any) -> Any:
    """y − 1, and 1 where y = 0, so that y xʸ⁻¹ is 0 there even at x = 0."""
    if isinstance(y, (int, float)):
        return y - 1 if y else 1
    return np.where(y == 0, 1.0, y - 1)


def log_or_zero(x: Any) -> Any:
    """ln x, and 0 where there is none."""
    if isinstance(x, (int, float)):
        return math.log(x) if x > 0 else 0.0
    return np.log(np.where(x > 0, x, 1.0))


@primitive
def negative(x):
    """y = −x"""
    return -x, opposite


@primitive
def positive(x):
    """y = x, as a node of its own"""
    return +x, same


@primitive
def square(x):
    """y = x²"""
    return x * x, lambda dy: 2.0 * dy * x


@primitive
def sqrt(x):
    """y = √x"""
    y = np.sqrt(x)
    return y, lambda dy: 0.5 * dy / y


@primitive
def abs(x):
    """y = |x|;  the slope at 0 is 0"""
    return np.abs(x), lambda dy: dy * np.sign(x)


# -------------------------------------------------------------------------- functions

@primitive
def exp(x):
    """y = eˣ"""
    y = np.exp(x)
    return y, lambda dy: dy * y


@primitive
def log(x):
    """y = ln x"""
    return np.log(x), lambda dy: dy / x


@primitive
def log1p(x):
    """y = ln(1 + x), exact for small x"""
    return np.log1p(x), lambda dy: dy / (1.0 + x)


@primitive
def expm1(x):
    """y = eˣ − 1, exact for small x"""
    y = np.expm1(x)
    return y, lambda dy: dy * (y + 1.0)


@primitive
def sin(x):
    """y = sin x"""
    return np.sin(x), lambda dy: dy * np.cos(x)


@primitive
def cos(x):
    """y = cos x"""
    return np.cos(x), lambda dy: -dy * np.sin(x)


@primitive
def tanh(x):
    """y = tanh x"""
    y = np.tanh(x)
    return y, lambda dy: dy * (1.0 - y * y)


@primitive
def sigmoid(x):
    """y = σ(x) = 1/(1 + e⁻ˣ) = ½ tanh(½x) + ½, which never overflows"""
    y = np.tanh(0.5 * x)
    y *= 0.5
    y += 0.5
    return y, lambda dy: dy * (y * (1.0 - y))


@primitive
def relu(x):
    """y = max(x, 0);  the slope is 1 where y is not 0, and 0 where it is"""
    y = np.maximum(x, 0.0)
    return y, lambda dy: dy * (np.sign(y) if y.size < 1000 else y.astype(bool))      # zeros and ones; each is faster there


@primitive
def leaky_relu(x, *, negative_slope=0.2):
    """y = x where x > 0, else negative_slope·x"""
    slope = np.where(x > 0, 1.0, negative_slope).astype(x.dtype)
    return x * slope, lambda dy: dy * slope


@primitive
def elu(x, *, alpha=1.0):
    """y = x where x > 0, else α(eˣ − 1)   (Clevert et al. 2016)"""
    y = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))
    return y, lambda dy: dy * np.where(x > 0, 1.0, y + alpha)


@primitive
def erf(x):
    """y = 2/√π ∫₀ˣ e^(−t²) dt, the error function;  NumPy has none: Python's is asked number by number, on the CPU"""
    return error_function(x), lambda dy: dy * (2.0 / math.sqrt(math.pi) * np.exp(-x * x))


def error_function(x: Any) -> Any:
    """erf x, for an array; for a Tensor, where a rule is differentiated itself, the operation."""
    if isinstance(x, Tensor):
        return erf(x)
    each = np.frompyfunc(math.erf, 1, 1)(backend.to_cpu(x))
    return backend.like(np.asarray(each, dtype=x.dtype), x)


@primitive
def gelu(x, *, approximate=False):
    """y = x Φ(x),  Φ(x) = ½(1 + erf(x/√2)), the chance that a normal number is below x   (Hendrycks & Gimpel 2016)

    `approximate` has tanh(√(2/π)(x + 0.044715x³)) in the place of erf(x/√2): within 0.001 of it, and much faster here.
    """
    c = math.sqrt(2 / math.pi)
    if approximate:
        t = np.tanh(c * (x + 0.044715 * x * x * x))
        dt = (1.0 - t * t) * c * (1.0 + 3 * 0.044715 * x * x)
    else:
        t = error_function(x * math.sqrt(0.5))
        dt = c * np.exp(-0.5 * x * x)
    return 0.5 * x * (1.0 + t), lambda dy: dy * (0.5 * (1.0 + t) + 0.5 * x * dt)


@primitive
def softplus(x):
    """y = ln(1 + eˣ), without overflow;  its slope is σ(x)"""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))), lambda dy: dy * (0.5 * np.tanh(0.5 * x) + 0.5)


# -------------------------------------------------------------------------- choice

@elementwise
def maximum(x, y):
    """z = max(x, y), element by element;  where they tie, each gets half"""
    z = np.maximum(x, y)
    share = ((x > y) + 0.5 * (x == y)).astype(z.dtype)
    return z, lambda dz: dz * share, lambda dz: dz * (1.0 - share)


@elementwise
def minimum(x, y):
    """z = min(x, y), element by element;  where they tie, each gets half"""
    z = np.minimum(x, y)
    share = ((x < y) + 0.5 * (x == y)).astype(z.dtype)
    return z, lambda dz: dz * share, lambda dz: dz * (1.0 - share)


@elementwise
def select(x, y, *, condition):
    """z = x where the condition holds, else y"""
    return np.where(condition, x, y), lambda dz: np.where(condition, dz, 0.0), lambda dz: np.where(condition, 0.0, dz)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """z = x where the condition holds, else y.  The condition is an array of booleans and has no gradient."""
    if hasattr(condition, "__record__"):
        return condition.__record__(where, (condition, operand(x), operand(y)), {})
    return select(x, y, condition=beside(x if isinstance(x, Tensor) else y, constant(condition)))


@primitive
def clip(x, *, min=None, max=None):
    """y = x, but at least `min` and at most `max`;  the slope is 1 from bound to bound (ends included) and 0 outside"""
    inside = np.ones_like(x, dtype=bool)
    if min is not None:
        inside = inside & (x >= min)
    if max is not None:
        inside = inside & (x <= max)
    return np.clip(x, min, max), lambda dy: sum_to(dy * inside, x.shape)


# -------------------------------------------------------------------------- sums over axes

def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """An axis argument as a tuple of axes, counted from the front; None means all."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(a % x.ndim if -x.ndim <= a < x.ndim else a for a in axes)


def kept(x: Any, axis: Any) -> tuple[int, ...]:
    """The shape that x has after a reduction with keepdims=True."""
    if axis is None:
        return (1,) * x.ndim
    axes = axes_of(x, axis)
    return tuple(1 if a in axes else n for a, n in enumerate(x.shape))


def spread(dy: Any, x: Any) -> Any:
    """dy copied to x's shape: a view, or where x has few numbers an array, which takes NumPy a sixth of the time"""
    if isinstance(dy, Tensor) or x.size > 2**12 or x.ndim == 0:
        return np.broadcast_to(dy, x.shape)
    dx = np.empty_like(x)
    dx[...] = dy
    return dx


@primitive
def sum(x, *, axis=None, keepdims=False):
    """y = Σ x over the axes;  every summand gets the whole gradient: summing forward is copying backward"""
    return x.sum(axis=axis, keepdims=keepdims), lambda dy: spread(dy.reshape(kept(x, axis)), x)


@primitive
def mean(x, *, axis=None, keepdims=False):
    """y = Σ x / n over the axes"""
    y = x.mean(axis=axis, keepdims=keepdims)
    n = count(x, axis)
    return y, lambda dy: spread((dy / n).reshape(kept(x, axis)), x)


def count(x: Any, axis: Any) -> int:
    """How many numbers a reduction over these axes puts together."""
    return x.size if axis is None else math.prod(x.shape[a] for a in axes_of(x, axis))


@primitive
def max(x, *, axis=None, keepdims=False):
    """y = the largest x over the axes;  where several are equal they share the gradient equally"""
    return extreme(np.max, x, axis, keepdims)


@primitive
def min(x, *, axis=None, keepdims=False):
    """y = the smallest x over the axes;  where several are equal they share the gradient equally"""
    return extreme(np.min, x, axis, keepdims)


def extreme(find: Any, x: Any, axis: Any, keepdims: bool) -> tuple:
    y = find(x, axis=axis, keepdims=keepdims)
    shape = kept(x, axis)

    def pullback(dy):
        winners = x == y.reshape(shape)
        return (dy.reshape(shape) / np.sum(winners, axis=axis, keepdims=True).astype(x.dtype)) * winners
    return y, pullback


@primitive
def prod(x, *, axis=None, keepdims=False):
    """y = Π x over the axes;  ∂y/∂xᵢ = the product of the others"""
    y = np.prod(x, axis=axis, keepdims=keepdims)

    def pullback(dy):
        shape = kept(x, axis)
        if (x == 0).any():
            return dy.reshape(shape) * product_of_others(x, axes_of(x, axis))
        return dy.reshape(shape) * y.reshape(shape) / x
    return y, pullback


def product_of_others(x: Any, axes: tuple[int, ...]) -> Any:
    """Πⱼ≠ᵢ xⱼ for every i without a division: n² work, for products that contain a zero."""
    back = np.argsort([a for a in range(x.ndim) if a not in axes] + list(axes))
    lined_up = np.transpose(x, np.argsort(back).tolist())
    n = count(x, axes)
    rows = np.broadcast_to(lined_up.reshape((*lined_up.shape[:x.ndim - len(axes)], 1, n)), (*lined_up.shape[:x.ndim - len(axes)], n, n))
    i = backend.arange_like(n, x.array if isinstance(x, Tensor) else x)
    others = np.prod(np.where(i[:, None] == i, 1.0, rows), axis=-1).astype(x.dtype)
    return np.transpose(others.reshape(lined_up.shape), back.tolist())


@primitive
def var(x, *, axis=None, ddof=0, keepdims=False):
    """y = Σ (x − mean)² / (n − ddof) over the axes"""
    d = x - np.mean(x, axis=axis, keepdims=True)
    n = count(x, axis) - ddof
    return np.sum(d * d, axis=axis, keepdims=keepdims) / n, lambda dy: (dy * (2 / n)).reshape(kept(x, axis)) * d


@primitive
def std(x, *, axis=None, ddof=0, keepdims=False):
    """y = √var;  where the variance is 0 the slope, which does not exist, is taken to be 0"""
    d = x - np.mean(x, axis=axis, keepdims=True)
    n = count(x, axis) - ddof
    y = np.sqrt(np.sum(d * d, axis=axis, keepdims=keepdims) / n)
    return y, lambda dy: (dy / (np.where(y == 0, 1.0, y) * n)).reshape(kept(x, axis)) * d


@primitive
def cumsum(x, *, axis=None):
    """yₖ = x₁ + … + xₖ;  each x gets the gradients of all that come after it"""
    if axis is None:
        return np.cumsum(x), lambda dy: np.flip(np.cumsum(np.flip(dy))).reshape(x.shape)
    return np.cumsum(x, axis=axis), lambda dy: np.flip(np.cumsum(np.flip(dy, axis), axis=axis), axis)


# -------------------------------------------------------------------------- softmax and its kin

@primitive
def softmax(x, *, axis=-1):
    """yᵢ = eˣⁱ / Σⱼ eˣʲ"""
    e = np.exp(x - peak(x, axis))
    y = e / e.sum(axis=axis, keepdims=True)
    return y, lambda dy: y * (dy - (dy * y).sum(axis=axis, keepdims=True))


@primitive
def log_softmax(x, *, axis=-1):
    """yᵢ = xᵢ − ln Σⱼ eˣʲ"""
    y = x - log_of_sum(x, axis)
    return y, lambda dy: dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


@primitive
def logsumexp(x, *, axis=None, keepdims=False):
    """y = ln Σ eˣ over the axes"""
    y = log_of_sum(x, axis)
    shape = kept(x, axis)
    result = y if keepdims else y.reshape(tuple(n for a, n in enumerate(shape) if a not in axes_of(x, axis)))
    return result, lambda dy: dy.reshape(shape) * np.exp(x - y)


def peak(x: Any, axis: Any) -> Any:
    """The largest x, subtracted before exp so that nothing overflows: a constant, since it cancels (0 where infinite)."""
    values = bare(x)
    many = axis == -1 and values.size > 2**12
    top = largest_in_rows(values) if many else values.max(axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, top.dtype.type(0))


def bare(x: Any) -> Any:
    """The array of a Tensor, or the array itself: a rule runs on both."""
    return x.array if isinstance(x, Tensor) else x


def largest_in_rows(x: Any) -> Any:
    """x.max(−1, keepdims=True) by way of argmax, which takes NumPy less than half the time for many rows"""
    rows = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
    return rows[backend.arange_like(len(rows), rows), rows.argmax(-1)].reshape((*x.shape[:-1], 1))


def rows_as_they_lie(x: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Two functions: (…, n) of x's leading axes → its rows (rows, n), in the order in which x lies in memory, and back.

    What a kernel computed time-first, and a layer shows batch-first, needs no copy on its way through them.
    """
    axes, lengths, n = x.ndim - 1, x.shape[:-1], math.prod(x.shape[:-1])
    if bare(x).flags.c_contiguous:
        return lambda a: a.reshape((n, a.shape[-1])), lambda rows: rows.reshape((*lengths, rows.shape[-1]))
    strides = bare(x).strides
    order = (*sorted(range(axes), key=lambda axis: -strides[axis]), axes)
    back, lengths = tuple(sorted(range(axes + 1), key=order.__getitem__)), tuple(lengths[axis] for axis in order[:-1])
    return (lambda a: a.transpose(order).reshape((n, a.shape[-1])),
            lambda rows: rows.reshape((*lengths, rows.shape[-1])).transpose(back))


def log_of_sum(x: Any, axis: Any) -> Any:
    top = peak(x, axis)
    return np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top


@primitive
def cross_entropy_of_logits(logits, *, targets):
    """ℓ = ln Σⱼ e^{zⱼ} − z_target, for every row of logits;  ∂ℓ/∂z = softmax(z) − one-hot(target)"""
    as_rows, as_stack = rows_as_they_lie(logits)
    z, target = as_rows(logits), as_rows(targets[..., None])[:, 0]
    picked, top = (backend.arange_like(len(target), target), target), peak(z, -1)
    e = exp_in_place(z - top)
    total = row_sums(e)
    losses = np.log(total) + top - z[picked][:, None]

    def pullback(dl):
        dl = as_rows(dl[..., None])
        return as_stack(less_at(e * (dl / total), picked, dl))
    return as_stack(losses)[..., 0], pullback


def exp_in_place(z: Any) -> Any:
    """eᶻ, written over z where that is an array of floats, made for this: memory that is in the cache already"""
    return np.exp(z) if isinstance(z, Tensor) or z.dtype.kind != "f" else np.exp(z, out=z)


def row_sums(x: Any) -> Any:
    """x.sum(−1, keepdims=True);  of many rows as a product with ones, which takes NumPy a fifth of the time"""
    if len(x) < 256:
        return x.sum(axis=-1, keepdims=True)
    return x @ np.ones_like(bare(x), shape=(x.shape[-1], 1))


def less_at(dz: Any, picked: tuple[Any, Any], dl: Any) -> Any:
    """dz − dl · one-hot(target);  where dz is an array, made for this, one subtraction in each row instead of them all"""
    if isinstance(dz, Tensor):
        return dz - dl * (backend.arange_like(dz.shape[-1], picked[1]) == picked[1][:, None])
    dz[picked] -= dl[:, 0]
    return dz


def cross_entropy(logits: Any, targets: Any) -> Tensor:
    """ℓ = −ln softmax(logits)[target]: one loss per row; `.mean()` it for a training loss.

    logits (…, classes); targets (…) integers.  Computed from the logits at once, so that a probability that rounds to
    0 does no harm. Raises TypeError for targets that are not integers, ValueError for a wrong shape, IndexError for a
    class that does not exist.
    """
    targets = indices_of(targets, "cross_entropy's targets")
    shape, classes = tuple(logits.shape[:-1]), logits.shape[-1]
    if targets.shape != shape:
        raise ValueError(f"cross_entropy of logits{list(logits.shape)} expects targets of shape {shape}, one class for "
                         f"each row, got {targets.shape}")
    check_range(targets, classes, "cross_entropy", "class")
    return cross_entropy_of_logits(logits, targets=beside(logits, targets))


# -------------------------------------------------------------------------- products

@primitive
def matmul(x, y):
    """Z = X Y;  dX = dZ Yᵀ,  dY = Xᵀ dZ   (any ranks that NumPy's @ takes)

    A Product is Xᵀ dZ not yet multiplied: a weight that T steps share has T of them, and one product makes their sum.
    """
    if x.ndim == 2 and y.ndim == 2:
        return times(x, y), lambda dz: times_transposed(dz, y), lambda dz: Product(x, dz)
    return matmul_of_rows(x, y) if y.ndim == 2 and x.ndim > 2 else matmul_of_any_rank(x, y)


def times(x: Any, y: Any) -> Any:
    """X Y;  of few rows by some columns of a large Y at a time, where small matrices are multiplied as they lie: a large one
    is packed anew at every step of a sequence, which takes a quarter of the time"""
    width = columns_at_a_time(x, y, y.shape[1], (128, 96, 64, 32))
    return by_columns(x, y.reshape(len(y), -1, width).swapaxes(0, 1)) if width else x @ y


def times_transposed(dz: Any, y: Any) -> Any:
    """dZ Yᵀ, likewise;  or of few rows as (Y dZᵀ)ᵀ, for which OpenBLAS takes three quarters of the time"""
    width = columns_at_a_time(dz, y, len(y), (32,))
    if width:
        return by_columns(dz, y.reshape(-1, width, y.shape[1]).swapaxes(1, 2))
    return (y @ dz.T).T if len(dz) <= 64 else dz @ y.T


def columns_at_a_time(x: Any, y: Any, columns: int, widths: tuple[int, ...]) -> int:
    """The first width whose product with x is small; 0 where all columns at once are as good."""
    if not backend.IN_BLOCKS or type(x) is not np.ndarray or not 8 <= len(x) <= 64 or x.size * columns <= 10**6 or x.dtype is not y.dtype:
        return 0
    return next((w for w in widths if columns % w == 0 and x.size * w <= 10**6), 0)


def by_columns(x: Any, blocks: Any) -> Any:
    """X [Y₁ Y₂ …] from blocks (n, depth, width)"""
    z = np.empty((len(x), len(blocks), blocks.shape[2]), x.dtype)
    np.matmul(x, blocks, out=z.swapaxes(0, 1))
    return z.reshape(len(x), -1)


def matmul_of_rows(x: Any, y: Any) -> tuple:
    """The same for a stack X (…, features) and one matrix Y: one product of all the rows."""
    as_rows, as_stack = rows_as_they_lie(x)
    rows = as_rows(x)
    return as_stack(rows @ y), lambda dz: as_stack(times_transposed(as_rows(dz), y)), lambda dz: Product(rows, as_rows(dz))


def matmul_of_any_rank(x: Any, y: Any) -> tuple:
    """The same for vectors (a row on the left, a column on the right) and stacks of matrices (which broadcast)."""
    z = x @ y
    rows = x.reshape((1, *x.shape)) if x.ndim == 1 else x
    columns = y.reshape((*y.shape, 1)) if y.ndim == 1 else y
    full = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2]) + (rows.shape[-2], columns.shape[-1])

    def dx(dz):
        return sum_to(dz.reshape(full) @ np.swapaxes(columns, -1, -2), rows.shape).reshape(x.shape)

    def dy(dz):
        return sum_to(np.swapaxes(rows, -1, -2) @ dz.reshape(full), columns.shape).reshape(y.shape)
    return z, dx, dy


@primitive
def einsum_of_letters(*operands, inputs, output):
    """z[output] = Σ Π operandₖ[inputₖ]: for the gradient of an operand, it and the output change places in the sum"""
    sizes = {letter: n for letters, x in zip(inputs, operands, strict=True)
             for letter, n in zip(letters, x.shape, strict=True) if n != 1}

    def pullback(k):
        def pull(dz):
            others = [x for j, x in enumerate(operands) if j != k]
            terms = [output, *(letters for j, letters in enumerate(inputs) if j != k)]
            present = "".join(letter for letter in inputs[k] if any(letter in term for term in terms))
            dx = np.einsum(f"{','.join(terms)}->{present}", dz, *others)
            left = iter(dx.shape)
            shape = [next(left) if letter in present else 1 for letter in inputs[k]]
            full = [sizes.get(letter, 1) for letter in inputs[k]]
            return sum_to(np.broadcast_to(dx.reshape(tuple(shape)), tuple(full)), operands[k].shape)
        return pull
    return (np.einsum(f"{','.join(inputs)}->{output}", *operands), *(pullback(k) for k in range(len(operands))))


def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Tensor:
    """Einstein's sum, as np.einsum("ij,jk->ik", x, y): letters that the output lacks are summed over.

    Ellipses, implicit outputs and repeated letters (diagonals, traces) mean what they mean in NumPy.  `optimize` is
    taken for NumPy's sake: the order of the sum does not change its value.
    """
    operands = tuple(x if isinstance(x, Tensor) or hasattr(x, "__record__") else wrap(private_array(x)) for x in operands)
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum {subscripts!r} names {len(terms)} operands, got {len(operands)}")
    for term, x in zip(terms, operands, strict=True):
        if "..." not in term and len(term) != x.ndim:
            raise ValueError(f"einsum {subscripts!r}: {term!r} names {len(term)} axes, and {describe(x)} has {x.ndim}")
    if not arrow:
        letters = sorted(set(inputs) - set(",."))
        output = ("..." if "..." in inputs else "") + "".join(c for c in letters if inputs.count(c) == 1)
    terms, output = without_ellipsis(terms, output, [x.ndim for x in operands])
    diagonals = [diagonal(x, term) for x, term in zip(operands, terms, strict=True)]
    return einsum_of_letters(*(x for x, _ in diagonals), inputs=tuple(term for _, term in diagonals), output=output)


def without_ellipsis(terms: list[str], output: str, ranks: list[int]) -> tuple[list[str], str]:
    """"…ij" spelled out with letters of its own, counted from the right, as broadcasting counts."""
    spare = [c for c in string.ascii_letters if c not in "".join(terms) + output]
    hidden = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True) if "..." in term]
    most = spare[:builtins.max(hidden, default=0)]
    spelled = [term.replace("...", "".join(most[len(most) - (rank - len(term.replace("...", ""))):]))
               for term, rank in zip(terms, ranks, strict=True)]
    return spelled, output.replace("...", "".join(most))


def diagonal(x: Tensor, letters: str) -> tuple[Tensor, str]:
    """x["ii…"] reduced to its diagonal x["i…"], for every letter that an operand repeats."""
    for letter in letters:
        while letters.count(letter) > 1:
            first, second = letters.index(letter), letters.rindex(letter)
            x = moveaxis(moveaxis(x, second, 0), first + 1, 1)
            i = np.arange(x.shape[0])
            x = indexed(x, (i, i))
            letters = letter + letters[:first] + letters[first + 1:second] + letters[second + 1:]
    return x, letters


# -------------------------------------------------------------------------- shapes

@primitive
def reshape(x, *, shape):
    """y = the same numbers in another shape"""
    return np.reshape(x, shape), lambda dy: np.reshape(dy, x.shape)


@primitive
def transpose(x, *, axes=None):
    """y = x with its axes in another order (reversed, unless `axes` says which)"""
    if axes is None:
        return np.transpose(x), np.transpose
    return np.transpose(x, axes), lambda dy: np.transpose(dy, np.argsort([a % x.ndim for a in axes]).tolist())


@primitive
def swapaxes(x, *, axis1, axis2):
    """y = x with two axes exchanged"""
    return np.swapaxes(x, axis1, axis2), lambda dy: np.swapaxes(dy, axis1, axis2)


@primitive
def moveaxis(x, *, source, destination):
    """y = x with axes moved to new places, the others in their order"""
    return np.moveaxis(x, source, destination), lambda dy: np.moveaxis(dy, destination, source)


@primitive
def squeeze(x, *, axis=None):
    """y = x without axes of size one"""
    return np.squeeze(x, axis=axis), lambda dy: dy.reshape(x.shape)


@primitive
def expand_dims(x, *, axis):
    """y = x with new axes of size one"""
    return np.expand_dims(x, axis), lambda dy: dy.reshape(x.shape)


@primitive
def broadcast_to(x, *, shape):
    """y = x copied to a larger shape;  copying forward is summing backward"""
    return np.broadcast_to(x, shape), lambda dy: sum_to(dy, x.shape)


@primitive
def flip(x, *, axis=None):
    """y = x with the order of its elements reversed along the axes"""
    return np.flip(x, axis), lambda dy: np.flip(dy, axis)


@primitive
def pad(x, *, pad_width, constant_values=0.0):
    """y = x with a border of constants;  `pad_width` as in np.pad: n, (before, after), or one pair per axis"""
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    inner = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
    return np.pad(x, widths, constant_values=constant_values), lambda dy: dy[inner]


@primitive
def concatenate(*xs, axis=0):
    """y = the xs, one after another along an axis"""
    y = np.concatenate(xs, axis=axis)
    a = axis % y.ndim if axis is not None else 0
    ends = np.cumsum([x.shape[a] if axis is not None else x.size for x in xs]).tolist()
    starts = [0, *ends[:-1]]

    def pullback(k):
        place = (slice(None),) * a + (slice(starts[k], ends[k]),)
        return lambda dy: dy[place].reshape(xs[k].shape)
    return (y, *(pullback(k) for k in range(len(xs))))


@primitive
def stack(*xs, axis=0):
    """y = the xs, side by side along a new axis"""
    y = np.stack(xs, axis=axis)
    before = (slice(None),) * (axis % y.ndim)

    def pullback(k):
        return lambda dy: dy[(*before, k)]
    return (y, *(pullback(k) for k in range(len(xs))))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """x cut along an axis: into n equal parts, or at the given places, as np.split.  Each part is a slice of x."""
    n, cuts = x.shape[axis], indices_or_sections
    if isinstance(cuts, (int, np.integer)):
        if cuts < 1:
            raise ValueError(f"split cuts into at least 1 part, got {cuts}")
        if n % cuts:
            raise ValueError(f"split cannot cut axis {axis} of {describe(x)} into {cuts} equal parts: "
                             f"{n} is not a multiple of {cuts}")
        cuts = range(n // cuts, n, n // cuts) if n else [0] * (int(cuts) - 1)
    bounds = [0, *cuts, n]
    before = (slice(None),) * (axis % x.ndim)
    return [getitem(x, index=(*before, slice(start, stop))) for start, stop in itertools.pairwise(bounds)]


# -------------------------------------------------------------------------- places

@primitive
def getitem(x, *, index):
    """y = x[index];  the gradient is zero except at the index"""
    return x[index], lambda dy: Patch(index, dy)


@primitive
def scatter(*values, indices, shape):
    """y = zeros of `shape`, with valueₖ added at indexₖ: the adjoint of indexing, and the sum of many Patches at once"""
    if any(isinstance(v, Tensor) for v in values):
        y = scatter(*values, indices=indices, shape=shape)
    else:
        y = np.zeros_like(values[0], shape=shape)
        for index, value in zip(indices, values, strict=True):
            backend.add_at(y, index, value)
    return (y, *(lambda dy, index=index: dy[index] for index in indices))


def embedding(W: Any, indices: Any) -> Tensor:
    """Y = W[indices]: row k of W for every k; the same as one-hot rows times W, without the product.

    W (V, D), indices (…) integers → (…, D).  Raises IndexError for an index outside 0 … V−1.
    """
    if hasattr(indices, "__record__"):
        return indices.__record__(embedding, (operand(W), indices), {})
    indices = indices_of(indices, "embedding's indices")
    check_range(indices, W.shape[0], "embedding", "row")
    return getitem(W, index=beside(W, indices))


def index_of(index: Any, x: Any) -> Any:
    """An index as the graph may keep it: Tensors and lists become arrays, arrays are copied (to where x lives)."""
    if isinstance(index, tuple):
        return tuple(index_of(part, x) for part in index)
    if isinstance(index, Tensor):
        return beside(x, index.array)
    if isinstance(index, list):
        return beside(x, np.array(index, dtype=None if index else int))
    return beside(x, index.copy()) if backend.is_array(index) else index


def beside(x: Any, values: Any) -> Any:
    """A constant array, moved to where the tensor x lives."""
    return backend.like(values, x.array) if isinstance(x, Tensor) else values


def indices_of(values: Any, what: str) -> Any:
    """Integers as a private array."""
    values = constant(values)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{what} must be integers, got dtype {values.dtype} (a list becomes integers with np.array([…]), and "
                        f"mg.Tensor([…]) makes floats)")
    return values


def constant(values: Any) -> Any:
    """A private array of whatever it is, without a gradient and with its own dtype."""
    if isinstance(values, Tensor):
        return values.array
    values = values.copy() if backend.is_array(values) else np.array(values)
    if type(values) is np.ndarray:
        values.flags.writeable = False
    return values


def check_range(indices: Any, n: int, operation: str, what: str) -> None:
    """On the host only: asking a GPU would make it wait.  Among unsigned numbers, negative ones are the largest."""
    if backend.on_host(indices) and indices.size and indices.view(indices.dtype.str.replace("i", "u")).max() >= n:
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise IndexError(f"{operation} has no {what} {wrong}: there are {n}{f', 0 … {n - 1}' if n else ''}")


@primitive
def astype(x, *, dtype):
    """y = x in another floating dtype;  its gradient comes back in x's own"""
    return x.astype(dtype), lambda dy: dy.astype(x.dtype)


# -------------------------------------------------------------------------- NumPy's signatures

def as_sequence(function: Any) -> Any:
    """mg.stack([a, b], axis): NumPy hands the tensors over as one sequence, a rule takes them one by one."""
    def called(xs: Any, axis: int | None = 0) -> Tensor:
        return function(*xs, axis=axis)
    called.__name__, called.__doc__ = function.__name__, function.__doc__
    return called


def var_like(function: Any) -> Any:
    def called(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return function(x, axis=axis, ddof=ddof, keepdims=keepdims)
    called.__name__, called.__doc__ = function.__name__, function.__doc__
    return called


def reshaped(x: Any, *shape: Any) -> Tensor:
    """x.reshape(2, 3), x.reshape((2, 3)), x.reshape(-1)"""
    return primitives["reshape"](x, shape=shape[0] if len(shape) == 1 else shape)


def transposed(x: Any, *axes: Any) -> Tensor:
    """x.transpose(), x.transpose(1, 0), x.transpose((1, 0))"""
    axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return primitives["transpose"](x, axes=tuple(axes) if axes else None)


def indexed(x: Any, index: Any) -> Tensor:
    """x[index]: integers, slices, …, None, integer arrays and masks, as in NumPy."""
    return getitem(x, index=index_of(index, x))


def cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype; a floating one keeps the gradient, any other cuts it."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return astype(x, dtype=dtype)
    y = wrap(x.array.astype(dtype))
    y.mask = x.mask
    return y


def clipped(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
    """mg.clip(x, 0, 1), x.clip(min=0), np.clip(x, a_min=0, a_max=1): bounds are numbers or arrays, and have no gradient."""
    bounds = {"min": min if a_min is None else a_min, "max": max if a_max is None else a_max}
    return clip_tensor(x, **{name: b.copy() if backend.is_array(b) and not isinstance(b, Tensor) else b
                             for name, b in bounds.items()})


def reduction(op: Any, names: tuple[str, ...]) -> Any:
    """np.sum(x, 0, None, None, True): a reduction with NumPy's positions, of which dtype=, out= and where= are not recorded."""
    def called(x: Any, *given: Any, **settings: Any) -> Tensor:
        settings = dict(zip(names, given, strict=False), **settings)
        for name in ("dtype", "out", "where", "initial"):
            if settings.pop(name, None) is not None:
                raise TypeError(f"np.{op.__name__}({name}=…) is not recorded by minigrad: leave it out")
        return op(x, **settings)
    return called


def dot(x: Any, y: Any) -> Tensor:
    """np.dot for what it shares with @, and for a number times an array."""
    if np.ndim(constant(x)) > 1 and np.ndim(constant(y)) > 2:
        raise TypeError("np.dot of stacks of matrices is not @: use @, or mg.einsum, and say which axes meet")
    return multiply(x, y) if np.ndim(constant(x)) == 0 or np.ndim(constant(y)) == 0 else matmul(x, y)


def padded(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Tensor:
    """np.pad, of whose modes there is one."""
    if mode != "constant":
        raise TypeError(f"pad knows the mode 'constant' alone, got {mode!r}: for others join pieces with mg.concatenate")
    return pad(x, pad_width=pad_width, constant_values=constant_values)


clip_tensor = clip
concatenate, stack = as_sequence(concatenate), as_sequence(stack)


# -------------------------------------------------------------------------- what Tensor can do

def swapped(op: Any) -> Any:
    return lambda self, other: op(other, self)


def plain(function: Any) -> Any:
    """A function with no useful derivative (comparisons, argmax, sign): Tensors in, plain array out."""
    def called(*args: Any, **kwargs: Any) -> Any:
        bare = {name: a.array if isinstance(a, Tensor) else a for name, a in kwargs.items()}
        return function(*[a.array if isinstance(a, Tensor) else a for a in args], **bare)
    return called


OPERATORS = {
    "__add__": add, "__radd__": swapped(add), "__sub__": subtract, "__rsub__": swapped(subtract),
    "__mul__": multiply, "__rmul__": swapped(multiply), "__truediv__": divide, "__rtruediv__": swapped(divide),
    "__pow__": power, "__rpow__": swapped(power), "__matmul__": matmul, "__rmatmul__": swapped(matmul),
    "__neg__": negative, "__pos__": positive, "__abs__": abs, "__getitem__": indexed,
    "__eq__": plain(np.equal), "__ne__": plain(np.not_equal), "__lt__": plain(np.less), "__le__": plain(np.less_equal),
    "__gt__": plain(np.greater), "__ge__": plain(np.greater_equal),
}

METHODS = {
    "exp": exp, "log": log, "sqrt": sqrt, "abs": abs, "square": square, "sin": sin, "cos": cos, "tanh": tanh,
    "sigmoid": sigmoid, "relu": relu, "leaky_relu": leaky_relu, "elu": elu, "gelu": gelu, "softplus": softplus,
    "softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp, "clip": clipped, "sum": sum, "mean": mean,
    "max": max, "min": min, "prod": prod, "var": var, "std": std, "cumsum": cumsum, "dot": dot, "reshape": reshaped,
    "ravel": lambda x: reshaped(x, -1), "flatten": lambda x: reshaped(x, -1), "transpose": transposed,
    "swapaxes": swapaxes, "squeeze": squeeze, "expand_dims": expand_dims, "astype": cast, "argmax": plain(np.argmax),
    "argmin": plain(np.argmin),
}

UFUNCS = {
    "add": add, "subtract": subtract, "multiply": multiply, "divide": divide, "power": power, "float_power": power,
    "negative": negative, "positive": positive, "square": square, "sqrt": sqrt, "absolute": abs, "fabs": abs,
    "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "sin": sin, "cos": cos, "tanh": tanh, "maximum": maximum,
    "minimum": minimum, "matmul": matmul,
}

PLAIN_UFUNCS = [
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "sign", "floor", "ceil", "rint", "isnan",
    "isinf", "isfinite", "signbit", "logical_and", "logical_or", "logical_not"
]

FUNCTIONS = {
    np.sum: reduction(sum, ("axis", "dtype", "out", "keepdims")), np.mean: reduction(mean, ("axis", "dtype", "out", "keepdims")),
    np.prod: reduction(prod, ("axis", "dtype", "out", "keepdims")), np.max: reduction(max, ("axis", "out", "keepdims")),
    np.min: reduction(min, ("axis", "out", "keepdims")), np.cumsum: reduction(cumsum, ("axis", "dtype", "out")),
    np.var: reduction(var, ("axis", "dtype", "out", "ddof", "keepdims")),
    np.std: reduction(std, ("axis", "dtype", "out", "ddof", "keepdims")),
    np.where: where, np.clip: clipped, np.einsum: einsum, np.reshape: lambda x, shape: reshaped(x, shape),
    np.ravel: lambda x: reshaped(x, -1),
    np.transpose: lambda x, axes=None: transpose(x, axes=None if axes is None else tuple(axes)),
    np.swapaxes: swapaxes, np.moveaxis: moveaxis, np.squeeze: squeeze, np.expand_dims: expand_dims,
    np.broadcast_to: broadcast_to, np.flip: flip, np.pad: padded, np.concatenate: concatenate, np.stack: stack,
    np.split: split, np.dot: dot, np.amax: reduction(max, ("axis", "out", "keepdims")), np.amin: reduction(min, ("axis", "out", "keepdims")),
}

PLAIN_FUNCTIONS = [
    np.argmax, np.argmin, np.argsort, np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.shape, np.ndim,
    np.size, np.array_equal, np.allclose, np.isclose, np.any, np.all, np.count_nonzero, np.nonzero, np.round,
    np.array2string, np.array_repr, np.array_str, np.iscomplexobj, np.searchsorted, np.unique
]


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
    """np.tanh(tensor): NumPy's NEP 13 asks here."""
    if method != "__call__" or any(settings.get(name) is not None for name in ("out", "where")):
        wanted = f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else "".join(f"({k}=…)" for k in settings))
        raise TypeError(f"{wanted} is not recorded by minigrad, and a tensor is never written into; "
                        f"use z = np.{ufunc.__name__}(x, …), or .data for a plain array")
    if ufunc.__name__ in UFUNCS:
        return UFUNCS[ufunc.__name__](*inputs, **settings)
    if ufunc.__name__ in PLAIN_UFUNCS:
        return plain(ufunc)(*inputs, **settings)
    raise TypeError(unsupported(ufunc.__name__))


def array_function(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """np.sum(tensor): NumPy's NEP 18 asks here."""
    if kwargs.get("out") is not None:
        raise TypeError(f"np.{function.__name__}(out=…) is not recorded by minigrad, and a tensor is never written into; "
                        f"use its result")
    if function in FUNCTIONS:
        refuse_unknown(function, FUNCTIONS[function], args, kwargs)
        return FUNCTIONS[function](*args, **kwargs)
    if function in PLAIN_FUNCTIONS:
        return plain(function)(*args, **kwargs)
    raise TypeError(unsupported(f"{function.__module__}.{function.__name__}".removeprefix("numpy.")))


@cache
def parameters_of(function: Any) -> Any:
    return inspect.signature(function).parameters


def refuse_unknown(function: Any, ours: Any, args: tuple, kwargs: dict) -> None:
    """np.reshape(x, shape, order="F"): an argument that NumPy knows and minigrad does not is named."""
    parameters = parameters_of(ours)
    kinds = {p.kind for p in parameters.values()}
    unknown = [] if inspect.Parameter.VAR_KEYWORD in kinds else [name for name in kwargs if name not in parameters]
    if unknown or inspect.Parameter.VAR_POSITIONAL not in kinds and len(args) > len(parameters):
        given = f"({', '.join(f'{name}=…' for name in unknown)})" if unknown else f" with {len(args)} arguments"
        raise TypeError(f"np.{function.__name__}{given} is not recorded by minigrad, which knows {', '.join(parameters)}: leave "
                        f"the rest out, or compute on x.data for a plain array")


def unsupported(name: str) -> str:
    return (f"np.{name} has no minigrad operation behind it, so it would lose the gradient: compose it of the "
            f"operations in minigrad.ops, write a primitive, or take .data for a plain array")


for table in (OPERATORS, METHODS):
    for method_name, method in table.items():
        setattr(Tensor, method_name, method)
Tensor.__array_ufunc__ = array_ufunc            # type: ignore[method-assign]
Tensor.__array_function__ = array_function      # type: ignore[method-assign]
Tensor.T = property(transpose)                  # type: ignore[assignment]
var, std, clip = var_like(var), var_like(std), clipped
