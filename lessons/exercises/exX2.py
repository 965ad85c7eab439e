"""Checks of lesson X2: resting points and echoes."""

import numpy as np

from lessons.grading import Wrong
from minigrad.models import Hopfield

START = '''
# 1. Build. Hebb's weights for patterns X (count, units) of -1 and 1: W = X^T X / units, and no unit joined to itself.
def hebb(X):
    pass


# 2. Predict. One pattern p is stored. Which other state is as good a resting point, with the same energy?
#    One of "zeros", "-p", "a random one", "none".
other_resting_point = None


# 3. Predict. A linear reservoir of spectral radius <radius>: after how many steps has an echo fallen to a hundredth?
steps = None
'''


def numbers(rng):
    return {"radius": float(rng.choice([0.5, 0.7, 0.8, 0.9, 0.95]))}


def check_hebb(answer, n):
    X = np.where(np.random.default_rng(0).random((3, 20)) < 0.5, -1.0, 1.0)
    W = answer(X.copy())
    if W is None:
        raise Wrong("not answered yet")
    if np.shape(W) != (20, 20):
        raise Wrong(f"a weight for each pair of units: shape (20, 20), you returned {np.shape(W)}")
    if np.diag(W).any():
        raise Wrong("the diagonal must be 0: a unit that listens to itself never changes its mind")
    if np.allclose(W, 20 * Hopfield(X).W):
        raise Wrong("divide by the number of units")
    return np.allclose(W, Hopfield(X).W)


def check_other_resting_point(answer, n):
    if answer == "none":
        raise Wrong("what does -s W s^T / 2 say when every s changes its sign?")
    if answer == "zeros":
        raise Wrong("units are -1 or 1")
    return answer == "-p"


def check_steps(answer, n):
    if np.isclose(answer, np.log(0.5) / np.log(n["radius"]), rtol=0.02):
        raise Wrong("that is the half-life")
    if np.isclose(answer, 1 / (1 - n["radius"]), rtol=0.02):
        raise Wrong("after 1/(1 - radius) steps it has fallen to about 1/e")
    return abs(answer - np.log(0.01) / np.log(n["radius"])) <= 1
