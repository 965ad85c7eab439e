"""Checks of lesson 14: the LSTM's two roads."""

import numpy as np

import minigrad as mg
from lessons.grading import Wrong

START = '''
# 1. Predict. A forget gate that is held open by its bias <bias> alone: which fraction of a gradient is left
#    after <steps> steps along c? (An expression is fine: `import math` if you need it.)
left_along_c = None


# 2. Build. One step was  c' = f*c + i*g,  h' = o*tanh(c')  with i, f, g, o after their sigmoids and tanh.
#    dh and dc are what arrives at h' and, from the step after, at c'. Return the gradients of
#    o, c', f, i, g and c as a dict: {"o": ..., "c_new": ..., "f": ..., "i": ..., "g": ..., "c": ...}
#    ("c_new" is everything that arrives at c': from the step after, and through h').
def lstm_backward(dh, dc, i, f, g, o, c, c_new):
    pass


# 3. Predict. Besides c, a second road leads from one step to the next. Which of its weights does the gradient
#    meet there? One of "W_xh", "W_hh", "b", "none".
weight_on_the_second_road = None
'''


def numbers(rng):
    return {"bias": int(rng.integers(1, 6)), "steps": int(rng.integers(20, 80))}


def check_left_along_c(answer, n):
    f = 1 / (1 + np.exp(-n["bias"]))
    if np.isclose(answer, f, rtol=1e-3):
        raise Wrong("that is what one step leaves")
    if np.isclose(answer, 0.5 ** n["steps"], rtol=1e-3):
        raise Wrong("that is a bias of 0; the gate is the sigmoid of its bias")
    return np.isclose(answer, f ** n["steps"], rtol=0.02)


def check_lstm_backward(answer, n):
    rng = np.random.default_rng(0)
    i, f, o = (mg.Tensor(rng.uniform(0.1, 0.9, 4), requires_grad=True) for _ in range(3))
    g, c = (mg.Tensor(rng.uniform(-0.9, 0.9, 4), requires_grad=True) for _ in range(2))
    dh, dc = rng.standard_normal(4), rng.standard_normal(4)
    c_new = f * c + i * g
    found = mg.gradients((o * mg.tanh(c_new) * dh).sum() + (c_new * dc).sum(), [o, c_new, f, i, g, c])
    right = {name: dx.data for name, dx in zip(("o", "c_new", "f", "i", "g", "c"), found, strict=True)}
    got = answer(dh, dc, *(x.data for x in (i, f, g, o, c, c_new)))
    if got is None:
        raise Wrong("not answered yet")
    if set(got) != set(right):
        raise Wrong(f"return a dict with the keys {', '.join(right)}")
    hints = {
        "o": "h' = o*tanh(c'), and tanh(c') is not c'",
        "c_new": "two parts arrive at c': dc, and through h' = o*tanh(c') the slope of tanh",
        "f": "f multiplies the old c, and what arrives at c' is all of c_new",
        "i": "i multiplies g",
        "g": "g multiplies i",
        "c": "along c the gradient is multiplied by f and nothing else",
    }
    for name, hint in hints.items():
        if not np.allclose(got[name], right[name]):
            raise Wrong(f"the gradient of {name} is off (those before it are right): {hint}")
    return True


def check_weight_on_the_second_road(answer, n):
    if answer == "none":
        raise Wrong("true of c; but h' goes into the next step's gates as well")
    return answer == "W_hh"
