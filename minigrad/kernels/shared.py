"""What the kernels of a whole sequence share: activations, the product with the inputs, the product of one step.

Everything is time-first, and the gates stand in front: `(gates, T, N, units)`, so that the block of one gate at one step is
contiguous.  The functions are plain NumPy, which dispatches for CuPy's arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend

Array = Any


# Activations in place, with the slope that follows from the value: y = f(z), dy/dz = f'(y)


def tanh(z: Array) -> None:
    """y = tanh z"""
    np.tanh(z, z)


def tanh_slope(y: Array, out: Array) -> None:
    """1 − y²"""
    np.multiply(y, y, out=out)
    np.subtract(1.0, out, out=out)


def sigmoid(z: Array) -> None:
    """σ(z) = ½ tanh(½ z) + ½, which is half the price of 1 / (1 + e⁻ᶻ) and never overflows"""
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def sigmoid_slope(y: Array, out: Array) -> None:
    """y (1 − y)"""
    np.subtract(1.0, y, out=out)
    out *= y


def relu(z: Array) -> None:
    """y = max(z, 0)"""
    np.maximum(z, 0.0, out=z)


def relu_slope(y: Array, out: Array) -> None:
    """1 where y > 0, else 0 (also at the corner)"""
    out[...] = y > 0.0


def linear(z: Array) -> None:
    """y = z"""


def linear_slope(y: Array, out: Array) -> None:
    """1"""
    out[...] = 1.0


def hard_sigmoid(z: Array) -> None:
    """y = clip(z / 6 + ½, 0, 1)"""
    z *= 1 / 6
    z += 0.5
    np.clip(z, 0.0, 1.0, out=z)


def hard_sigmoid_slope(y: Array, out: Array) -> None:
    """1/6 strictly between 0 and 1, else 0"""
    out[...] = (y > 0.0) & (y < 1.0)
    out *= 1 / 6


Activation = tuple[Callable[[Array], None], Callable[[Array, Array], None]]
ACTIVATIONS: dict[str, Activation] = {
    "tanh": (tanh, tanh_slope),
    "sigmoid": (sigmoid, sigmoid_slope),
    "relu": (relu, relu_slope),
    "linear": (linear, linear_slope),
    "hard_sigmoid": (hard_sigmoid, hard_sigmoid_slope),
}


# The product of one step


def empty(like: Array, shape: tuple[int, ...]) -> Array:
    """Room with the dtype and on the device of `like`, in C order, which a transposed weight would not pass on by itself."""
    return np.empty_like(like, shape=shape, order="C")


def by_gate(W: Array, gates: int) -> Array:
    """(rows, gates·units) → (gates, rows, units), a view"""
    return W.reshape(W.shape[0], gates, -1).swapaxes(0, 1)


def step_product(W: Array, rows: int) -> Callable[..., Array]:
    """h ↦ h W, (rows, H) → (rows, K), into `out` or a block that the next call writes anew;  W (H, K) may be a view

    For gates, W (gates, H, K): h (rows, H) or one for each gate (gates, rows, H) → (gates, rows, K).
    """
    H, K = W.shape[-2:]
    # Few columns at a time, where small matrices are multiplied as they lie, since a large W is packed anew at every step.
    # Several threads that share the packing and the product are faster still, and find no work in small ones.
    widths = (64, 32, 16) if backend.IN_BLOCKS and backend.on_host(W) and rows * H * K > 100**3 else ()
    width = next((w for w in widths if K % w == 0 and rows * H * w <= 100**3), K)
    if W.ndim == 2 and width == K:
        W = W.copy(order="C") if rows > 1 else W  # it must lie as it is read
        return lambda h, out=None: h.dot(W, out)  # the method: a fifth of a microsecond less than np.dot, at every step

    def in_columns(y: Array) -> Array:
        """(…, rows, K) → (…, K / width, rows, width), a view"""
        return y.reshape(*y.shape[:-1], K // width, width).swapaxes(-3, -2)

    blocks, scratch = in_columns(W).copy(order="C"), empty(W, (*W.shape[:-2], rows, K))
    columns_of_scratch = in_columns(scratch)

    def product(h: Array, out: Array = None) -> Array:
        columns = columns_of_scratch if out is None else in_columns(out)
        np.matmul(h if h.ndim == 2 else h[:, None], blocks, out=columns)
        return scratch if out is None else out

    return product


# All steps at once: before the sweep the inputs, after it the weights


def input_product(x: Array, W_xh: Array, b: Array, gates: int) -> Array:
    """x W_xh + b for all steps: (T, N, features) floats or (T, N) integers, which pick rows → (gates, T, N, units)"""
    W, b = by_gate(W_xh, gates), b if b is None else b.reshape(gates, 1, -1)
    if x.dtype.kind in "iu":
        return np.take(W if b is None else W + b, x, axis=1)
    z = np.matmul(x.reshape(-1, x.shape[-1]), W)
    if b is not None:
        z += b
    return z.reshape(gates, *x.shape[:2], -1)


def weight_gradient(x: Array, dz: Array) -> Array:
    """dW = Σₜ xₜᵀ dzₜ, one product for all steps: (T, N, rows), (gates, T, N, units) → (rows, gates·units)"""
    gates, units, x = dz.shape[0], dz.shape[-1], x.reshape(-1, x.shape[-1])
    if gates == 1:
        return x.T.dot(dz.reshape(-1, units))
    dW = empty(dz, (x.shape[-1], gates, units))
    np.matmul(x.T, dz.reshape(gates, -1, units), out=dW.swapaxes(0, 1))
    return dW.reshape(-1, gates * units)


def row_gradient(x: Array, dz: Array, rows: int) -> Array:
    """The same for integers x (T, N): each dz is added to the row that x picked."""
    gates, units = dz.shape[0], dz.shape[-1]
    flat, dz = x.reshape(-1), dz.reshape(gates, -1, units)
    if backend.on_host(dz) and flat.size * rows <= 2**14:
        one_hot = np.zeros_like(dz, shape=(rows, flat.size))
        one_hot[flat, np.arange(flat.size)] = 1.0
        return np.matmul(one_hot, dz).swapaxes(0, 1).reshape(rows, -1)
    dW = np.zeros_like(dz, shape=(rows, gates, units))
    if not backend.on_host(dz):
        backend.add_at(dW, flat, dz.swapaxes(0, 1))
        return dW.reshape(rows, -1)
    # One sum for each row that occurs costs a third of the product with one-hot vectors, a tenth of np.add.at.
    flat = flat.astype(np.intp) % rows  # −1 is the last row
    order, ones = np.argsort(flat, kind="stable"), np.ones_like(dz, shape=flat.size)
    picked, sorted_dz = flat[order], np.take(dz, order, axis=1) if dz.nbytes < 2**22 else None  # while it fits the cache
    ends = np.flatnonzero(np.diff(picked, append=-1)) + 1
    for row, start, end in zip(picked[ends - 1].tolist(), [0, *ends.tolist()], ends.tolist(), strict=False):
        summands = dz[:, order[start:end]] if sorted_dz is None else sorted_dz[:, start:end]
        np.matmul(ones[:end - start], summands, out=dW[row])
    return dW.reshape(rows, -1)


def input_gradients(x: Array, W_xh: Array, dz: Array, needed: list[bool]) -> list[Array]:
    """[dx, dW_xh, db] from the dz of all steps (gates, T, N, units), None where not needed"""
    gates, integers = dz.shape[0], x.dtype.kind in "iu"
    dx: Array = None
    dW: Array = None
    db: Array = None
    if needed[0]:
        dx = sum(np.matmul(dz[k], W.T) for k, W in enumerate(by_gate(W_xh, gates)))
    if needed[1]:
        dW = row_gradient(x, dz, W_xh.shape[0]) if integers else weight_gradient(x, dz)
    if needed[2]:  # each dz of an integer went to one row, so that the rows hold their sum already
        db = dW.sum(0) if needed[1] and integers else dz.sum((1, 2)).reshape(-1)
    return [dx, dW, db]


# Padding


def carried(padded: Array, t: int, before: Array, after: Array) -> Array:
    """Where step t is padding, the gradient of a state passes it unchanged."""
    return after if padded is None else np.where(padded[t], before, after)
