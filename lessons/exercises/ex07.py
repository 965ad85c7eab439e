"""Checks of lesson 07: predicting the next letter."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. The best mean loss, in nats, of any table of letter pairs that learns "<word>"
#    (inputs: all letters but the last; targets: all but the first). An expression with math.log is fine.
memoryless_loss = None

# 2. Predict. A net reads a word of <n> letters and predicts the next one at every step but the last letter's.
#    How many shares does the gradient of W_hh consist of, and which step's share is 0 because h_0 = 0? (count, step)
shares_and_zero = None


# 3. Build. The letter (its number) that a uniform random number u in [0, 1) picks from these scores.
def sample(scores, temperature, u):
    pass
'''


def numbers(rng):
    return {"word": ["banana", "hannah", "assess", "mammal"][rng.integers(4)], "n": int(rng.integers(4, 12))}


def bound(word):
    followers = defaultdict(Counter)
    for a, b in pairwise(word):
        followers[a][b] += 1
    return -sum(math.log(followers[a][b] / followers[a].total()) for a, b in pairwise(word)) / (len(word) - 1)


def check_memoryless_loss(answer, n):
    if np.isclose(answer, bound(n["word"]) * (len(n["word"]) - 1)):
        raise Wrong("that is the sum over the steps; the question is the mean")
    if np.isclose(answer, bound(n["word"]) / math.log(2)):
        raise Wrong("that is in bits; the question is in nats")
    return np.isclose(answer, bound(n["word"]), atol=1e-3)


def check_shares_and_zero(answer, n):
    count, step = answer
    if count == n["n"]:
        raise Wrong("the last letter is only a target, never an input")
    return count == n["n"] - 1 and step == 1


def check_sample(answer, n):
    rng = np.random.default_rng(0)
    for temperature in (0.5, 1.0, 2.0):
        scores = rng.standard_normal(5)
        p = np.exp(scores / temperature) / np.exp(scores / temperature).sum()
        plain = np.exp(scores) / np.exp(scores).sum()
        drawn = [answer(scores.copy(), temperature, u) for u in (np.arange(2000) + 0.5) / 2000]
        if drawn[0] is None:
            raise Wrong("not answered yet")
        frequencies = np.bincount(np.array(drawn, dtype=int), minlength=5) / 2000
        if temperature != 1 and np.abs(frequencies - plain).max() < 2e-3:
            raise Wrong("the temperature has no effect")
        flatter = np.exp(scores * temperature) / np.exp(scores * temperature).sum()
        if temperature != 1 and np.abs(frequencies - flatter).max() < 2e-3:
            raise Wrong("the other way round: divide the scores by the temperature")
        if np.abs(frequencies - p).max() > 2e-3:
            raise Wrong(f"at temperature {temperature} the letters come {frequencies}, and should come {p.round(3)}")
    return True
