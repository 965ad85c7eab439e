"""Checks of lesson 12: products of Jacobians."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. A linear net, h' = h W with W = <gain> · orthogonal. After how many steps back is the gradient halved?
half_life = None

# 2. Predict. Every unit is a sigmoid instead of a tanh. What must the largest singular value of W_hh exceed before
#    gradients can possibly explode? (The slope of tanh is at most 1.)
sigmoid_threshold = None


# 3. Build. The Jacobian of one step h' = tanh(x + h @ W): J[i, j] = ∂h'[j] / ∂h[i].
def jacobian(x, h, W):
    pass
'''


def numbers(rng):
    return {"gain": float(rng.choice([0.8, 0.9, 0.95, 0.99]))}


def check_half_life(answer, n):
    right = np.log(0.5) / np.log(n["gain"])
    if np.isclose(answer, 1 / (1 - n["gain"]), rtol=0.02):
        raise Wrong("after 1/(1 − gain) steps it has fallen to 1/e, not to a half")
    return np.isclose(answer, right, rtol=0.03)


def check_sigmoid_threshold(answer, n):
    if answer == 1:
        raise Wrong("true for tanh, whose slope reaches 1; how steep is a sigmoid at its steepest?")
    if answer == 0.25:
        raise Wrong("that is the slope; the matrix has to make up for it")
    return answer == 4


def check_jacobian(answer, n):
    x, h, W = (np.random.default_rng(k).standard_normal(s) for k, s in enumerate([(3,), (3,), (3, 3)]))
    got = answer(x, h, W)
    if got is None:
        raise Wrong("not answered yet")
    slope = 1 - np.tanh(x + h @ W) ** 2
    if np.allclose(got, (W * slope).T):
        raise Wrong("transposed: row i belongs to the state before, column j to the state after")
    if np.allclose(got, W * slope[:, None]):
        raise Wrong("the slope belongs to the output j, so it multiplies columns")
    if np.allclose(got, W):
        raise Wrong("the slope of tanh is missing")
    return np.allclose(got, W * slope)
