"""Checks of lesson 22: blind guessing, the added term, and what it costs."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. A share <e> of the pairs shows the same digit twice; apart from that all pairs are equally probable. The
#    five questions of the lesson are equally probable. Somebody hears the question and sees nothing, but knows all
#    this. How often is he right at best? (To three decimals; an expression will do.)
blind = None


# 2. Build. x (letters,), v (image,), W_xh (letters, units), W_ih (image, units). Return a row and a matrix whose product
#    row @ matrix is x @ W_xh + v @ W_ih: what a net computes that is given x and v side by side.
def as_one_product(x, v, W_xh, W_ih):
    pass


# 3. Predict. v has <image> entries, the net <units> units. How many weights does looking at every step cost beyond those
#    of looking once, at the start?
more_weights = None
'''


def numbers(rng):
    return {"e": int(rng.integers(2, 5)) / 10, "image": int(rng.integers(5, 9)) * 10, "units": int(rng.integers(3, 7)) * 8}


def parts(e):
    """The best guess for each question: a digit, a digit, "no" (most pairs differ), "yes" or "no", "no"."""
    even = e + (1 - e) * 4 / 9  # of 90 unequal pairs, 40 have an even sum
    return 0.1, 0.1, max(e, 1 - e), max(even, 1 - even), 1 - (1 - e) / 2


def check_blind(answer, n):
    e = n["e"]
    left, right, equal, even, larger = parts(e)
    if np.isclose(answer, (left + right + equal + even + 0.5) / 5, atol=5e-4):
        raise Wrong("'is the left digit larger': where both are equal the answer is no, so no is the better guess")
    if np.isclose(answer, (left + right + equal + 0.5 + larger) / 5, atol=5e-4):
        raise Wrong("'is their sum even': twice the same digit always has an even sum")
    return np.isclose(answer, sum(parts(e)) / 5, atol=1e-3)


def check_as_one_product(answer, n):
    rng = np.random.default_rng(0)
    x, v, W_xh, W_ih = rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    got = answer(x, v, W_xh, W_ih)
    if got is None:
        raise Wrong("not answered yet")
    row, matrix = (np.asarray(part) for part in got)
    if row.shape != (6,) or matrix.shape != (6, 4):
        raise Wrong(f"(x; v) is a row of 6 here and the matrix (6, 4); you returned {row.shape} and {matrix.shape}")
    if np.allclose(row @ matrix, x @ W_ih + v @ W_xh):
        raise Wrong("the blocks are in another order than the row: the letters met the image's weights")
    return np.allclose(row @ matrix, x @ W_xh + v @ W_ih)


def check_more_weights(answer, n):
    if answer == n["image"] * n["units"]:
        raise Wrong("that is W_ih, which the net that looks once has as well; steps share their weights")
    return answer == 0
