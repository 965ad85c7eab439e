"""Checks of lesson 10: the original's habits."""

import math

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. A text with <letters> different letters, <steps> letters a chunk, the loss summed: the loss of the first chunk,
#    before anything is learned. (A number, or an expression with math.log.)
first_loss = None


# 2. Build. One Adagrad update as in the original: memory += g²; w -= rate · g / √(memory + 1e-8). Return (w, memory), new arrays.
def adagrad(w, g, memory, rate):
    pass


# 3. Break. The original numbers the letters by list(set(text)). Two runs of Python number them differently. What breaks?
#    "a": training learns nothing   "b": a model saved in one run writes nonsense in the next   "c": the loss is computed wrongly
what_breaks = None
'''


def numbers(rng):
    return {"letters": int(rng.integers(30, 90)), "steps": int(rng.integers(10, 60))}


def check_first_loss(answer, n):
    right = n["steps"] * math.log(n["letters"])
    if np.isclose(answer, math.log(n["letters"]), rtol=0.01):
        raise Wrong("that is one letter's; the loss is summed over the chunk")
    if np.isclose(answer, n["steps"] * math.log2(n["letters"]), rtol=0.01):
        raise Wrong("that is in bits; cross-entropy here uses the natural logarithm")
    return np.isclose(answer, right, rtol=0.01)


def check_adagrad(answer, n):
    w, g = np.random.default_rng(0).standard_normal((2, 3, 4))
    memory = np.full((3, 4), 0.5)
    got = answer(w.copy(), g.copy(), memory.copy(), 0.1)
    if got is None:
        raise Wrong("not answered yet")
    after = memory + g * g
    if np.allclose(got[0], w - 0.1 * g / np.sqrt(memory + 1e-8)):
        raise Wrong("the memory first takes in the new gradient, then divides")
    if np.allclose(got[0], w - 0.1 * g / (after + 1e-8)):
        raise Wrong("the root is missing")
    if np.allclose(got[0], w + 0.1 * g / np.sqrt(after + 1e-8)):
        raise Wrong("downhill, not uphill")
    return np.allclose(got[0], w - 0.1 * g / np.sqrt(after + 1e-8)) and np.allclose(got[1], after)


def check_what_breaks(answer, n):
    if str(answer).lower() == "a":
        raise Wrong("within one run the numbers are consistent, whatever they are")
    return str(answer).lower() == "b"
