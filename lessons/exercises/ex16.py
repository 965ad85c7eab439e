"""Checks of lesson 16: formulas, counts, conventions."""

import numpy as np

import minigrad as mg
from lessons.grading import Wrong

START = '''
# 1. Build. MUT2's step, for row vectors. `w` is a dict with W_xz, W_xh, W_hz, W_hr, W_hh, b_z, b_r, b_h.
#    z = σ(x W_xz + h W_hz + b_z),  r = σ(x + h W_hr + b_r),
#    h' = tanh((r*h) W_hh + x W_xh + b_h) * z + h * (1 - z)
#    Raise a ValueError if x and h do not have the same size.
def mut2(x, h, w):
    pass


# 2. Predict. How many weights (biases included) has an LSTM with <units> units and <inputs> inputs, and how many a GRU
#    (reset before the matrix, one bias)? A pair: (LSTM, GRU).
weights = None


# 3. Predict. Framework A's GRU: h' = z*h + (1-z)*new. Framework B's: h' = (1-z)*h + z*new. Both reset before the matrix.
#    What makes A's weights work in B? "negate z" (its columns in both matrices and the bias), "swap z and r",
#    "nothing" (it cannot be done), "as they are".
conversion = None
'''


def numbers(rng):
    return {"units": int(rng.integers(5, 60)), "inputs": int(rng.integers(5, 60))}


def check_mut2(answer, n):
    mg.set_floatx("float64")
    rng = np.random.default_rng(0)
    x, h = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    cell = mg.layers.MUT2Cell(4, bias_initializer="normal")
    right = cell(x, mg.Tensor(h))[0].data
    w = {name: weight.numpy() for name, weight in cell.named_weights().items()}
    got = answer(x, h, w)
    if got is None:
        raise Wrong("not answered yet")
    sigma = lambda a: 1 / (1 + np.exp(-a))
    z = sigma(x @ w["W_xz"] + h @ w["W_hz"] + w["b_z"])
    if np.allclose(got, (right - h * (1 - z)) / z * (1 - z) + h * z):
        raise Wrong("your z keeps; in MUT2 it takes the new")
    if not np.allclose(got, right):
        raise Wrong("the values differ from the formula's; is r applied to h before the matrix, and x added in r as it is?")
    small = {name: (W[:1] if name in ("W_xz", "W_xh") else W) for name, W in w.items()}
    try:
        answer(x[:, :1], h, small)
    except ValueError:
        return True
    raise Wrong("an input of size 1 was added to all units in silence (it broadcasts): raise a ValueError")


def check_weights(answer, n):
    H, D = n["units"], n["inputs"]
    one = H * (H + D + 1)
    if tuple(answer) == (4 * (one - H), 3 * (one - H)):
        raise Wrong("the biases are missing")
    return tuple(answer) == (4 * one, 3 * one)


def check_conversion(answer, n):
    if answer == "as they are":
        raise Wrong("shapes fit, and the results differ")
    if answer == "nothing":
        raise Wrong("true of reset before and after; but 1 - σ(a) = σ(-a)")
    return answer == "negate z"
