"""The GRU over a whole sequence, forward and backward through time, in one operation.

The reset gate acts before the product with W_hh, as Cho et al. have it, or after it, as in cuDNN: `reset_after`.
Gates are stacked z r h̃ and lie in one array (3, T, N, units); one step is `forward_step`, and `backward_step` back."""

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
    W, padded = by_gate(W_hh, 3), None if mask is None else ~mask[..., None]
    options = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation], reset_after
    b_in, b_seen = split_bias(b, units) if reset_after else (b, None)
    gates = input_product(x, W_xh, b_in, 3)  # one product for the inputs of all steps
    hs = empty(W_hh, (T + 1, N, units))
    hs[0] = 0.0 if h0 is None else h0
    seen = np.empty_like(hs[1:])  # what h̃ sees of the state: r⊙h, or h W_hh + b₁ if the reset comes after
    # h W_hh for all gates at once; if the reset comes before, h̃ waits for r
    products = (step_product(W, N), None) if reset_after else (step_product(W[:2], N), step_product(W[2], N))
    for t in range(T):
        forward_step(gates[:, t], hs[t], hs[t + 1], seen[t], b_seen, products, options)
        if padded is not None:
            np.copyto(hs[t + 1], hs[t], where=padded[t])

    def pull(dys: list[Array], needed: list[bool]) -> list[Array]:
        dhs, dh = dys
        dh = np.zeros_like(hs[0]) if dh is None else dh
        dzs = np.empty_like(gates)  # what reaches h W_hh: r⊙dnew in its last block, if the reset comes after
        dnew = np.empty_like(seen) if reset_after else dzs[2]  # what reaches the inputs of h̃
        W_T = W.copy(order="C").swapaxes(1, 2)  # turned gate by gate: rows of 3·units numbers lie badly for the cache
        products = (step_product(W_T, N), None) if reset_after else (step_product(W_T[:2], N), step_product(W_T[2], N))
        for t in reversed(range(T)):
            dh = dh if dhs is None else dh + dhs[t]
            dh_before = backward_step(gates[:, t], dzs[:, t], dnew[t], dh, hs[t], seen[t], products, options)
            if padded is not None:
                np.copyto(dzs[:, t], 0.0, where=padded[t])
                np.copyto(dnew[t], 0.0, where=padded[t])
            dh = carried(padded, t, dh, dh_before)
        dW_hh = recurrent_gradient(hs[:-1], seen, dzs, reset_after) if needed[2] else None
        db_seen = dzs[2].sum((0, 1)) if reset_after and needed[3] else None
        if reset_after:
            dzs[2] = dnew
        dx, dW_xh, db = input_gradients(x, W_xh, dzs, [needed[0], needed[1], needed[3]])
        if db_seen is not None:
            db = np.stack([db, np.concatenate([db[:2 * units], db_seen])])
        return [dx, dW_xh, dW_hh, db, dh if needed[4] else None]

    return (hs[1:], hs[-1].copy()), pull


def forward_step(gates: Array, h: Array, new_h: Array, seen: Array, b_seen: Array, products: Any, options: Any) -> None:
    """h' = z⊙h + (1 − z)⊙h̃: gates, in which the inputs' part lies, become z r h̃; new_h and seen are filled."""
    (tanh, _), (sigmoid, _), reset_after = options
    product, product_new = products
    (z, r, new), zr = gates, gates[:2]
    from_h = product(h)
    zr += from_h[:2]
    sigmoid(zr)
    if reset_after:
        np.add(from_h[2], b_seen, out=seen)
        new += np.multiply(r, seen, out=new_h)
    else:
        np.multiply(r, h, out=seen)
        new += product_new(seen)
    tanh(new)
    np.subtract(h, new, out=new_h)  # z⊙(h − h̃) + h̃
    new_h *= z
    new_h += new


def backward_step(gates: Array, dgates: Array, dnew: Array, dh: Array, h: Array, seen: Array, products: Any, options: Any
                  ) -> Array:
    """From ∂L/∂h' to the gradients before the activations, written into dgates and dnew, and ∂L/∂h, returned."""
    (_, tanh_slope), (_, sigmoid_slope), reset_after = options
    product, product_new = products
    (z, r, new), (dz, dr, dseen) = gates, dgates
    sigmoid_slope(gates[:2], dgates[:2])
    dz *= np.subtract(h, new, out=dnew)  # into memory that is in the cache already and filled next
    dz *= dh
    dh_before = z * dh
    tanh_slope(new, dnew)
    dnew *= dh - dh_before  # (1 − z)⊙dh
    if reset_after:
        dr *= seen
        dr *= dnew
        np.multiply(r, dnew, out=dseen)
        through_gates = product(dgates)
    else:
        dseen = product_new(dnew)
        dr *= h
        dr *= dseen
        dh_before += np.multiply(r, dseen, out=dseen)
        through_gates = product(dgates[:2])
    for through in through_gates:
        dh_before += through
    return dh_before


def recurrent_gradient(h: Array, seen: Array, dzs: Array, reset_after: bool) -> Array:
    """dW_hh, one product for all steps: h meets every gate, but r⊙h meets h̃ if the reset comes before."""
    if reset_after:
        return weight_gradient(h, dzs)
    return np.concatenate([weight_gradient(h, dzs[:2]), weight_gradient(seen, dzs[2:])], axis=1)


def split_bias(b: Array, units: int) -> tuple[Array, Array]:
    """(2, 3·units) → what is added to the inputs' product (both biases of z and r), and what r multiplies"""
    if b is None:
        return None, 0.0
    b_in = b[0].copy()
    b_in[:2 * units] += b[1, :2 * units]
    return b_in, b[1, 2 * units:]
