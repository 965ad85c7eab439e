"""The LSTM over a whole sequence, forward and backward through time, in one operation.

The gates of all steps lie in one array (gates, T, N, units), so that each gate of each step is one contiguous block.
Peepholes and coupled gates are variants of the same two steps, `forward_step` and `backward_step`."""

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
def lstm(x: Array, W_xh: Array, W_hh: Array, b: Array, h0: Array, c0: Array, P: Array = None, *, coupled: bool = False,
         activation: str = "tanh", recurrent_activation: str = "sigmoid", mask: Array = None) -> Any:
    """i, f, o = σ(·), g = tanh(·);  c' = f⊙c + i⊙g;  h' = o⊙tanh(c')

    x (T, N, features), or integers (T, N) that pick rows of W_xh; h0 and c0 (N, units), None for zeros; weights stacked
    i f g o; mask (T, N), False where a step is padding, so that the states stay.  Coupled gates: i = 1 − f, and the weights
    are stacked f g o.  Peepholes P, one row for each of i f o: i and f also see P⊙c, and o sees P⊙c'.
    Returns all h (T, N, units), the last h, the last c, and all c."""
    (T, N), units = x.shape[:2], W_hh.shape[0]
    activations = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    W = by_gate(W_hh, 3 if coupled else 4)
    padded = None if mask is None else ~mask[..., None]
    gates = input_product(x, W_xh, b, len(W))  # one product for the inputs of all steps
    hs, cs = empty(W_hh, (2, T + 1, N, units))
    hs[0], cs[0] = 0.0 if h0 is None else h0, 0.0 if c0 is None else c0
    squashed = np.empty_like(cs[1:])  # tanh(c)
    product = step_product(W, N)
    for t in range(T):
        z = gates[:, t]  # contiguous blocks, in which the gates of this step are made and stay
        z += product(hs[t])
        forward_step(z, cs[t], cs[t + 1], squashed[t], hs[t + 1], P, activations)
        if padded is not None:
            np.copyto(hs[t + 1], hs[t], where=padded[t])
            np.copyto(cs[t + 1], cs[t], where=padded[t])

    def pull(dys: list[Array], needed: list[bool]) -> list[Array]:
        dhs, dh, dc, dcs = dys
        dh, dc = np.zeros_like(hs[0]) if dh is None else dh, np.zeros_like(hs[0]) if dc is None else dc
        dzs, W_T = np.empty_like(gates), W.copy(order="C").swapaxes(1, 2)  # turned gate by gate, which the cache likes better
        product = step_product(W_T, N)
        for t in reversed(range(T)):
            dh, dc = dh if dhs is None else dh + dhs[t], dc if dcs is None else dc + dcs[t]
            dz = dzs[:, t]
            dc_before = backward_step(gates[:, t], dz, dh, dc, cs[t], squashed[t], P, activations)
            if padded is not None:
                np.copyto(dz, 0.0, where=padded[t])
            dh, dc = carried(padded, t, dh, product(dz).sum(0)), carried(padded, t, dc, dc_before)
        dx, dW_xh, db = input_gradients(x, W_xh, dzs, [needed[0], needed[1], needed[3]])
        dW_hh = weight_gradient(hs[:-1], dzs) if needed[2] else None  # one product for all steps
        dP = peephole_gradient(dzs, cs) if P is not None and needed[6] else None
        return [dx, dW_xh, dW_hh, db, dh if needed[4] else None, dc if needed[5] else None, dP]

    return (hs[1:], hs[-1].copy(), cs[-1].copy(), cs[1:]), pull


def forward_step(z: Array, c: Array, new_c: Array, squashed: Array, new_h: Array, P: Array, activations: Any) -> None:
    """c' = f⊙c + i⊙g;  h' = o⊙tanh(c'): z (gates, N, units) becomes the gates, and the last three arrays are filled."""
    (tanh, _), (sigmoid, _) = activations
    i, f, g, o = z if len(z) == 4 else (None, *z)
    if P is not None:
        z[:-2] += P[:-1, None] * c
    sigmoid(z[:-2])
    tanh(g)
    if i is None:  # coupled: f⊙c + (1 − f)⊙g
        np.subtract(c, g, out=new_c)
        new_c *= f
        new_c += g
    else:
        np.multiply(f, c, out=new_c)
        new_c += np.multiply(i, g, out=squashed)
    if P is not None:
        o += P[-1] * new_c
    sigmoid(o)
    squashed[...] = new_c
    tanh(squashed)
    np.multiply(o, squashed, out=new_h)


def backward_step(gates: Array, dz: Array, dh: Array, dc: Array, c: Array, squashed: Array, P: Array, activations: Any) -> Array:
    """From ∂L/∂h' and ∂L/∂c' to ∂L/∂z, written into dz, and ∂L/∂c, returned."""
    (_, tanh_slope), (_, sigmoid_slope) = activations
    (i, f, g, o), (di, df, dg, do) = (gates, dz) if len(dz) == 4 else ((None, *gates), (None, *dz))
    sigmoid_slope(gates[:-2], dz[:-2])
    tanh_slope(g, dg)
    sigmoid_slope(o, do)
    do *= dh
    do *= squashed
    through_h = np.empty_like(dc)
    tanh_slope(squashed, through_h)
    through_h *= o
    through_h *= dh
    dc = np.add(dc, through_h, out=through_h)
    if P is not None:
        dc += P[-1] * do
    if i is None:
        df *= c - g
        dg *= 1.0 - f
    else:
        di *= g
        df *= c
        dg *= i
    np.multiply(dz[:-1], dc, out=dz[:-1])
    dc *= f
    if P is not None:
        dc += (P[:-1, None] * dz[:-2]).sum(0)
    return dc


def peephole_gradient(dzs: Array, cs: Array) -> Array:
    """i and f look at the cell before the step, o at the cell after it."""
    return np.concatenate([(dzs[:-2] * cs[:-1]).sum((1, 2)), (dzs[-1:] * cs[1:]).sum((1, 2))])
