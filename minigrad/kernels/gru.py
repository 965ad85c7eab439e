"""The GRU over a whole sequence, forward and backward through time, in one operation.

The reset gate acts before the product with W_hh, as Cho et al. have it, or after it, as in cuDNN: `reset_after`.
Gates are stacked z r h̃ and lie in one array (3, T, N, units)."""

from typing import Any

import numpy as np

from ..engine import kernel
from .shared import (
    ACTIVATIONS,
    Array,
    by_gate,
    carried,
    empty,
    input_gradients,
    input_product,
    step_product,
    weight_gradient,
)


@kernel
def gru(x: Array, W_xh: Array, W_hh: Array, b: Array, h0: Array, *, reset_after: bool = False, activation: str = "tanh",
        recurrent_activation: str = "sigmoid", mask: Array = None) -> Any:
    """z, r = σ(·);  h̃ = tanh(x W + (r⊙h) W_hh + b);  h' = z⊙h + (1 − z)⊙h̃

    reset_after: h̃ = tanh(x W + b₀ + r⊙(h W_hh + b₁)), with b (2, 3·units).  x (T, N, features), or integers (T, N) that pick
    rows of W_xh; h0 (N, units), None for zeros; mask (T, N), False where a step is padding, so that the state stays.
    Returns all states (T, N, units) and the last one."""
    (T, N), units = x.shape[:2], W_hh.shape[0]
    (act, act_slope), (rec, rec_slope) = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    W, padded = by_gate(W_hh, 3), None if mask is None else ~mask[..., None]
    b_in, b_seen = split_bias(b, units) if reset_after else (b, 0.0)
    gates = input_product(x, W_xh, b_in, 3)  # one product for the inputs of all steps
    hs = empty(W_hh, (T + 1, N, units))
    hs[0] = 0.0 if h0 is None else h0
    seen = np.empty_like(hs[1:])  # what h̃ sees of the state: r⊙h, or h W_hh + b₁ if the reset comes after
    product_zr, product_h = step_product(W[:2], N), step_product(W[2:], N)
    for t in range(T):
        h, new_h, new = hs[t], hs[t + 1], gates[2, t]  # new is h̃
        z, r = zr = np.add(gates[:2, t], product_zr(h), out=gates[:2, t])
        rec(zr)
        if reset_after:
            np.add(product_h(h)[0], b_seen, out=seen[t])
            new += r * seen[t]
        else:
            np.multiply(r, h, out=seen[t])
            new += product_h(seen[t])[0]
        act(new)
        np.subtract(h, new, out=new_h)
        new_h *= z
        new_h += new
        if padded is not None:
            np.copyto(new_h, h, where=padded[t])

    def pull(dys: list[Array], needed: list[bool]) -> list[Array]:
        dhs, dh = dys
        dh = np.zeros_like(hs[0]) if dh is None else dh
        dzs, dseen = np.empty_like(gates), empty(seen, seen.shape if reset_after else (0,))
        product_zr, product_h = step_product(W[:2].swapaxes(1, 2), N), step_product(W[2:].swapaxes(1, 2), N)
        for t in reversed(range(T)):
            dh = dh if dhs is None else dh + dhs[t]
            (z, r, new), (dz, dr, dnew), h = gates[:, t], dzs[:, t], hs[t]
            rec_slope(gates[:2, t], dzs[:2, t])
            act_slope(new, dnew)
            dz *= (h - new) * dh
            dnew *= (1.0 - z) * dh
            if padded is not None:
                np.copyto(dzs[:, t], 0.0, where=padded[t])
            if reset_after:
                dr *= seen[t] * dnew
                np.multiply(r, dnew, out=dseen[t])
                dh_before = dh * z + product_h(dseen[t])[0]
            else:
                drh = product_h(dnew)[0]
                dr *= h * drh
                dh_before = dh * z + r * drh
            dh_before += product_zr(dzs[:2, t]).sum(0)
            dh = carried(padded, t, dh, dh_before)
        dx, dW_xh, db = input_gradients(x, W_xh, dzs, [needed[0], needed[1], needed[3]])
        if reset_after and db is not None:
            db = np.stack([db, np.concatenate([db[:2 * units], dseen.sum((0, 1))])])
        dW_hh = None
        if needed[2]:  # one product for all steps
            last = weight_gradient(hs[:-1], dseen[None]) if reset_after else weight_gradient(seen, dzs[2:])
            dW_hh = np.concatenate([weight_gradient(hs[:-1], dzs[:2]), last], axis=1)
        return [dx, dW_xh, dW_hh, db, dh if needed[4] else None]

    return (hs[1:], hs[-1].copy()), pull


def split_bias(b: Array, units: int) -> tuple[Array, Array]:
    """(2, 3·units) → what is added to the inputs' product (both biases of z and r), and what r multiplies"""
    if b is None:
        return None, 0.0
    b_in = b[0].copy()
    b_in[:2 * units] += b[1, :2 * units]
    return b_in, b[1, 2 * units:]
