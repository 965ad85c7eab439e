"""Checks of lesson 19: what one direction can know, and two directions and a norm by hand."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. The coin is not fair: it shows 1 with probability <p>. The tag is x[t-2] xor x[t+2]. A net reads from left
#    to right. Which share of the tags can it get right at best?
one_way = None


# 2. Build. a is (N, units). Return g * (a - mean) / sqrt(variance + epsilon) + b, in NumPy,
#    mean and variance taken over the units of each row.
def layer_norm(a, g, b, epsilon):
    pass


# 3. Build. x is (T, features); ahead(x_t, h) and back(x_t, h) return the next state of either net, (units,); both begin
#    with h0. Return (T, 2 * units): at each step t the state of the net that has read x[0] ... x[t], and beside it the
#    state of the net that has read x[T-1] ... x[t].
def two_way(ahead, back, x, h0):
    pass
'''


def numbers(rng):
    return {"p": int(rng.integers(6, 10)) / 10}


def check_one_way(answer, n):
    p = n["p"]
    if np.isclose(answer, 0.5):
        raise Wrong("that holds for a fair coin; this one can be guessed better than that")
    if np.isclose(answer, p * p + (1 - p) ** 2):
        raise Wrong("that is for somebody who does not look at the past flip either; look at it, and guess only the future one")
    return np.isclose(answer, p)


def check_layer_norm(answer, n):
    rng = np.random.default_rng(0)
    a, g, b = 3 * rng.standard_normal((4, 6)) + 2, rng.standard_normal(6), rng.standard_normal(6)
    got = answer(a, g, b, 1e-5)
    if got is None:
        raise Wrong("not answered yet")

    def normed(axis, ddof=0):
        return g * (a - a.mean(axis, keepdims=True)) / np.sqrt(a.var(axis, ddof=ddof, keepdims=True) + 1e-5) + b

    if np.allclose(got, normed(0)):
        raise Wrong("you normalised over the rows, as batch normalisation does; here each row is normalised by itself")
    if np.allclose(got, normed(1, ddof=1)):
        raise Wrong("the variance here divides by the number of units, not by one less")
    if not np.allclose(got, normed(1), rtol=1e-4, atol=1e-4):
        return False
    with np.errstate(all="ignore"):
        constant = answer(np.full((1, 6), 4.0), g, b, 1e-5)
    if not np.allclose(constant, b):
        raise Wrong("a row of equal numbers must come out as b; ε belongs under the root, beside the variance")
    small = 1e-3 * a
    wanted = g * (small - small.mean(1, keepdims=True)) / np.sqrt(small.var(1, keepdims=True) + 1e-5) + b
    if not np.allclose(answer(small, g, b, 1e-5), wanted):
        raise Wrong("ε is added to the variance, under the root, not to the standard deviation")
    return True


def both(ahead, back, x, h0, turn=True):
    rows, state = [], h0
    for x_t in x:
        rows.append(state := ahead(x_t, state))
    others, state = [], h0
    for x_t in x[::-1]:
        others.append(state := back(x_t, state))
    return np.concatenate([rows, others[::-1] if turn else others], axis=1)


def check_two_way(answer, n):
    rng = np.random.default_rng(0)
    x, h0 = rng.standard_normal((5, 2)), rng.standard_normal(3)
    V, U = rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 3, 3))
    ahead, back = (lambda x_t, h, k=k: np.tanh(x_t @ V[k] + h @ U[k]) for k in (0, 1))
    got = answer(ahead, back, x, h0)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) != (5, 6):
        raise Wrong(f"one row per step, both states side by side: (5, 6) here; you returned {np.shape(got)}")
    if np.allclose(got, both(ahead, back, x, h0, turn=False)):
        raise Wrong("the states of the net that reads back come in the order of its reading; turn them round")
    return np.allclose(got, both(ahead, back, x, h0))
