"""Checks of lesson 15: budgets, baselines, and a start that keeps."""

import numpy as np

import minigrad as mg
from lessons.grading import Wrong

START = '''
# 1. Predict. The numbers are uniform in [0, <k>) instead of [0, 1). Somebody always answers the mean, <k>.
#    What is the mean squared error?
baseline = None


# 2. Build. The layer of Le, Jaitly and Hinton (2015), as one of minigrad's: `units` rectifiers whose state,
#    left alone, stays as it is.
def irnn(units):
    pass


# 3. Predict. With ten times the updates, the vanilla net begins to learn adding over 100 steps. Which claim stands?
#    "impossible" (a vanilla net cannot add over 100 steps), "budget" (within the same budget GRU and LSTM learn it
#    and this vanilla net does not), "capacity" (it has too few units).
claim = None
'''


def numbers(rng):
    return {"k": int(rng.integers(3, 9))}


def check_baseline(answer, n):
    if np.isclose(answer, 1 / 6, rtol=0.01):
        raise Wrong("that is for [0, 1); how does a variance change when everything is multiplied by k?")
    if np.isclose(answer, n["k"] / 6, rtol=0.01):
        raise Wrong("a variance grows with the square")
    if np.isclose(answer, n["k"] ** 2 / 12, rtol=0.01):
        raise Wrong("that is the variance of one number; the answer is a sum of two")
    return np.isclose(answer, n["k"] ** 2 / 6, rtol=0.01)


def check_irnn(answer, n):
    layer = answer(5)
    if layer is None:
        raise Wrong("not answered yet")
    if not isinstance(layer, mg.layers.RNN):
        raise Wrong("return a recurrent layer: mg.layers.RNN with the right settings")
    start = np.abs(np.random.default_rng(0).standard_normal((1, 5)))
    nothing = np.zeros((1, 1000, 2))
    layer(nothing[:, :1])
    kept = layer(nothing, initial_state=mg.Tensor(start)).data
    if not np.allclose(kept, start, rtol=1e-4):
        raise Wrong("with no input, a positive state must still be there after 1,000 steps: which W_hh, which function, which bias?")
    if np.allclose(layer(np.ones((1, 3, 2)) * [1, -1]).data, layer(-np.ones((1, 3, 2)) * [1, -1]).data):
        raise Wrong("inputs do not matter to your layer; only W_hh begins as the identity")
    if (layer(np.random.default_rng(1).standard_normal((50, 4, 2))).data < 0).any():
        raise Wrong("rectifiers have no negative values")
    return True


def check_claim(answer, n):
    if answer == "impossible":
        raise Wrong("it has begun to learn it")
    if answer == "capacity":
        raise Wrong("the same number of units was enough for the GRU, and nothing in the run varies the number")
    return answer == "budget"
