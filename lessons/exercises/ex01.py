"""Checks of lesson 01: products and the chain rule."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. f = (x + y)·x at x = <x>, y = <y>. What is ∂f/∂x?
df_dx = None


# 2. Build. z = x·y received dz = ∂L/∂z. Return what it hands on: (∂L/∂x, ∂L/∂y).
def multiply_backward(x, y, dz):
    pass


# 3. Predict. g = x·x·x, computed as (x·x)·x, at x = <p>. How many hand-overs does x receive?
hand_overs = None
'''


def numbers(rng):
    x, y, p = (int(k) for k in rng.integers(2, 7, 3))
    return {"x": x, "y": y, "p": p}


def check_df_dx(answer, n):
    if answer == n["x"] + n["y"]:
        raise Wrong("that is the road through the second factor only; x is also part of the sum")
    if answer == n["x"]:
        raise Wrong("that is the road through the sum only; x is also the second factor")
    return answer == 2 * n["x"] + n["y"]


def check_multiply_backward(answer, n):
    x, y, dz = np.random.default_rng(0).standard_normal(3)
    got = answer(x, y, dz)
    if got is None:
        raise Wrong("not answered yet")
    if np.allclose(got, (x * dz, y * dz)):
        raise Wrong("the local derivative of x·y with respect to x is y: the other one")
    if np.allclose(got, (y, x)):
        raise Wrong("these are the local derivatives; multiply each by what arrived")
    return np.allclose(got, (y * dz, x * dz))


def check_hand_overs(answer, n):
    if answer == 3 * n["p"] ** 2:
        raise Wrong("that is the sum of what arrives; the question is how often something arrives")
    if answer == 2:
        raise Wrong("x·x uses x twice, and then it is used once more")
    return answer == 3
