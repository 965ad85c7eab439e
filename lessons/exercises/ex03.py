"""Checks of lesson 03: where a derivative can be trusted."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. In numbers whose spacing at 1 is u = <u>, where is the bottom of the valley, ε = ?
best_eps = None

# 2. Build. Six backward functions, three of them wrong.
#    a) z = x @ W         dx = dz @ W.T            dW = x.T @ dz
#    b) y = sigmoid(z)    dz = dy * y * (1 - z)
#    c) y = tanh(z)       dz = dy * (1 - y * y)
#    d) y = x + b         db = dy.mean(axis=0)     (b is one row)
#    e) y = x / s         ds = -dy * x / s**2      (s has the shape of x)
#    f) y = x.mean()      dx = dy * ones_like(x)
#    Write a function that takes the letter and returns the right dx (or dz, db) for that letter:
def repaired(letter, x, y, dy):
    """x: what went in (z for b and c; the whole x for d and f), y: what came out, dy: what arrived."""
    pass


# and the letters of those that were wrong, such as "acd"
wrong_ones = None

# 3. Predict. relu(0) = 0 and minigrad says relu'(0) = 0. What does (relu(h) - relu(-h)) / 2h say?
nudged_relu_at_0 = None
'''


def numbers(rng):
    return {"u": ["1e-3", "1e-9", "1e-12"][rng.integers(3)]}


def check_best_eps(answer, n):
    u = float(n["u"])
    if abs(np.log10(answer / u)) < 0.5:
        raise Wrong("there the two values differ by rounding alone")
    if abs(np.log10(answer / np.sqrt(u))) < 0.4 and abs(np.log10(answer / np.cbrt(3 * u))) > 0.3:
        raise Wrong("that is the bottom for a one-sided difference; this one has two sides, and its bend costs ε²")
    return abs(np.log10(answer / np.cbrt(3 * u))) < 0.6


def check_repaired(answer, n):
    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((2, 4, 3))
    sigmoid, mean = 1 / (1 + np.exp(-x)), x.mean()
    wanted = {"b": (sigmoid, dy, dy * sigmoid * (1 - sigmoid)), "d": (x + 1, dy, dy.sum(axis=0)),
              "f": (mean, 2.0, np.full(x.shape, 2.0 / x.size))}
    hints = {"b": "the slope of the sigmoid in terms of its value is y(1 − y)", "d": "a row used by every row: add, do not average",
             "f": "each entry moves the mean by one part in size"}
    for letter, (y, arrived, right) in wanted.items():
        got = answer(letter, x, y, arrived)
        if got is None:
            raise Wrong("not answered yet")
        if np.shape(got) != right.shape or not np.allclose(got, right):
            raise Wrong(f"{letter}: {hints[letter]}")
    return True


def check_wrong_ones(answer, n):
    letters = set(str(answer).lower())
    if letters - set("bdf"):
        raise Wrong(f"{', '.join(sorted(letters - set('bdf')))} is right; nudge it and see")
    return letters == set("bdf")


def check_nudged_relu_at_0(answer, n):
    if answer == 0:
        raise Wrong("relu(h) is h, and relu(−h) is 0")
    return answer == 0.5
