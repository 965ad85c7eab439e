"""Checks of lesson 00: counting weights, and a first net."""

import math

import numpy as np

from lessons.grading import Wrong

START = '''
import minigrad as mg

# 1. Predict. How many weights have Dense(<hidden>) on <inputs> inputs and Dense(<classes>) on those <hidden>?
weights = None

# 2. Predict. The loss of a net that thinks all <classes> classes equally probable (natural logarithm).
first_loss = None


# 3. Build. The lesson's digit reader with one more hidden layer: 64 inputs, Dense 64 relu, Dense 32 relu, Dense 10 softmax.
def deeper():
    pass
'''


def numbers(rng):
    return {"hidden": int(rng.integers(10, 80)), "inputs": int(rng.integers(20, 200)), "classes": int(rng.integers(3, 20))}


def check_weights(answer, n):
    if answer == n["inputs"] * n["hidden"] + n["hidden"] * n["classes"]:
        raise Wrong("each unit has a bias as well")
    return answer == (n["inputs"] + 1) * n["hidden"] + (n["hidden"] + 1) * n["classes"]


def check_first_loss(answer, n):
    if np.isclose(answer, 1 / n["classes"], rtol=0.01):
        raise Wrong("that is the probability; the loss is minus its logarithm")
    return np.isclose(answer, math.log(n["classes"]), rtol=0.01)


def check_deeper(answer, n):
    model = answer()
    if model is None:
        raise Wrong("not answered yet")
    y = model.predict(np.zeros((2, 64)))
    if y.shape != (2, 10):
        raise Wrong(f"for two pictures of 64 numbers it returns shape {y.shape}, not (2, 10)")
    if model.count_params() == 64 * 64 + 64 + 640 + 10:
        raise Wrong("that is the lesson's net; the layer between is missing")
    if not np.allclose(y.sum(axis=1), 1, atol=1e-5):
        raise Wrong("the ten outputs are not probabilities: the softmax is missing")
    return model.count_params() == 64 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
