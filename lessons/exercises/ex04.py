"""Checks of lesson 04: losses and starts."""

import math

import numpy as np

from lessons.grading import Wrong

START = '''
import numpy as np

# 1. Predict. The loss before training, on <classes> classes. (An expression with np.log is fine.)
first_loss = None

# 2. Predict. A signal of variance 1 passes <layers> linear layers of n units whose weights have standard deviation <gain>/√n.
#    What is its variance at the end?
variance = None


# 3. Build. The gradient of the mean cross-entropy with respect to the scores (N, C); classes are N integers.
def cross_entropy_gradient(scores, classes):
    pass
'''


def numbers(rng):
    return {"classes": int(rng.integers(4, 200)), "layers": int(rng.integers(3, 12)), "gain": float(rng.choice([0.5, 0.8, 2.0]))}


def check_first_loss(answer, n):
    return np.isclose(answer, math.log(n["classes"]), rtol=0.01)


def check_variance(answer, n):
    if np.isclose(answer, n["gain"] ** n["layers"], rtol=0.02):
        raise Wrong("that is the standard deviation's factor; the variance's is its square")
    if np.isclose(answer, n["gain"] ** 2, rtol=0.02):
        raise Wrong("that is one layer's; the factors multiply")
    return np.isclose(answer, n["gain"] ** (2 * n["layers"]), rtol=0.02)


def check_cross_entropy_gradient(answer, n):
    rng = np.random.default_rng(0)
    scores, classes = rng.standard_normal((6, 4)), rng.integers(0, 4, 6)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    right = (p - np.eye(4)[classes]) / 6
    got = answer(scores.copy(), classes)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) == right.shape and np.allclose(got, 6 * right):
        raise Wrong("the loss is a mean over the rows: divide by their count")
    if np.shape(got) == right.shape and np.allclose(got, -right):
        raise Wrong("the sign: the right class's score must go up, so its gradient is negative")
    large = answer(scores + 1000, classes)
    if not np.isfinite(large).all():
        raise Wrong("right for small scores; with 1000 added to all it overflows. Subtract each row's maximum first")
    return np.allclose(got, right) and np.allclose(large, right)
