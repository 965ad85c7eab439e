"""The vanilla recurrent net over a whole sequence, forward and backward through time, in one operation.

Two products with W_hh remain inside the loop over time, one forward and one backward.  All that does not depend on
the step before stands outside it."""

from typing import Any

import numpy as np

from ..engine import kernel
from .shared import ACTIVATIONS, Array, empty, input_gradients, input_product, step_product, weight_gradient


@kernel
def rnn(x: Array, W_xh: Array, W_hh: Array, b: Array, h0: Array, *, activation: str = "tanh", mask: Array = None) -> Any:
    """hₜ = f(xₜ W_xh + hₜ₋₁ W_hh + b)

    x (T, N, features), or integers (T, N) that pick rows of W_xh; h0 (N, units), None for zeros; mask (T, N), False where
    a step is padding, so that the state stays.  Returns all states (T, N, units) and the last one."""
    f, slope = ACTIVATIONS[activation]
    (T, N), units = x.shape[:2], W_hh.shape[0]
    padded = None if mask is None else ~mask[..., None]
    hs = empty(W_hh, (T + 1, N, units))
    hs[0] = 0.0 if h0 is None else h0
    zs = input_product(x, W_xh, b, gates=1)[0]  # one product for the inputs of all steps
    product, add = step_product(W_hh, N), np.add
    for t, (z, h, new_h) in enumerate(zip(zs, hs, hs[1:], strict=False)):
        product(h, new_h)  # straight to where the new state will lie
        add(new_h, z, new_h)
        f(new_h)
        if padded is not None:
            np.copyto(new_h, h, where=padded[t])

    def pull(dys: list[Array], needed: list[bool]) -> list[Array]:
        dhs, dh = dys
        dh = np.zeros_like(hs[0]) if dh is None else dh.copy()
        dzs = np.empty_like(hs[1:])
        slope(hs[1:], dzs)  # the slopes of all steps; the sweep multiplies them by dh
        if padded is not None:
            np.copyto(dzs, 0.0, where=padded)
        product, add, multiply = step_product(W_hh.T, N), np.add, np.multiply
        for t in reversed(range(T)):
            dz = dzs[t]
            if dhs is not None:
                add(dh, dhs[t], dh)
            multiply(dz, dh, dz)
            if padded is None:
                product(dz, dh)  # straight to where the next turn reads it
            else:
                np.copyto(dh, product(dz), where=~padded[t])
        dW_hh = weight_gradient(hs[:-1], dzs[None]) if needed[2] else None  # one product for all steps
        dx, dW_xh, db = input_gradients(x, W_xh, dzs[None], [needed[0], needed[1], needed[3]])
        return [dx, dW_xh, dW_hh, db, dh if needed[4] else None]

    return (hs[1:], hs[-1].copy()), pull
