"""Checks of lesson 17: bits."""

import math

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. Bits per character of a uniform guess among <V> characters. (An expression with math.log2 is fine.)
uniform_bits = None

# 2. Predict. Why does a 7-gram do worse than a 5-gram on this text?
#    "a": it is too simple   "b": most of its contexts were never seen in training   "c": it has no backpropagation
why_seven_is_worse = None


# 3. Build. Bits per character, from a list of the probabilities that a model gave to the characters that came.
def bits_per_character(probabilities):
    pass
'''


def numbers(rng):
    return {"V": int(rng.integers(40, 120))}


def check_uniform_bits(answer, n):
    if np.isclose(answer, math.log(n["V"]), rtol=0.01):
        raise Wrong("that is in nats; bits use the logarithm to base 2")
    return np.isclose(answer, math.log2(n["V"]), rtol=0.01)


def check_why_seven_is_worse(answer, n):
    if str(answer).lower() == "a":
        raise Wrong("it can express everything that a 5-gram can")
    return str(answer).lower() == "b"


def check_bits_per_character(answer, n):
    p = np.random.default_rng(0).uniform(0.05, 1, 100)
    got = answer(list(p))
    if got is None:
        raise Wrong("not answered yet")
    if np.isclose(got, -np.log2(p.mean())):
        raise Wrong("the mean of the logarithms, not the logarithm of the mean")
    if np.isclose(got, -np.log(p).mean()):
        raise Wrong("that is in nats")
    if np.isclose(got, np.log2(p).mean()):
        raise Wrong("a price is positive: the sign is missing")
    return np.isclose(got, -np.log2(p).mean())
