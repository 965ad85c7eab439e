"""Checks of lesson X3: code for arrays that live anywhere, judged on some that live elsewhere and count trips home."""

import numpy as np

from lessons.grading import Wrong
from minigrad.inspection import Elsewhere

START = """
# 1. Predict. An update over 8 steps started <launches_8> operations, one over 16 steps <launches_16>.
#    How many does an update over <steps> steps start?
launches_at = None


# 2. Build. (x - mean) / sqrt(variance + epsilon) over the last axis. It must run wherever x lives, so use functions of
#    NumPy and methods of x, and never ask for x's values here.
def normalise(x, epsilon=1e-5):
    pass


# 3. Build. `losses` is a list of losses, arrays of no dimension that live elsewhere. Return their mean as a Python
#    float, with one trip home (one float(...) or one .item()), not one for each.
def mean_loss(losses):
    pass
"""


def numbers(rng):
    base, each = int(rng.integers(20, 60)), int(rng.integers(30, 70))
    return {"launches_8": base + 8 * each, "launches_16": base + 16 * each, "steps": int(rng.choice([50, 100, 200]))}


def check_launches_at(answer, n):
    each = (n["launches_16"] - n["launches_8"]) // 8
    if np.isclose(answer, n["launches_8"] / 8 * n["steps"]):
        raise Wrong("not in proportion: some operations are started once for an update, and not once for each step")
    if answer == each * n["steps"]:
        raise Wrong("those are the steps'; some are started once for an update")
    return answer == n["launches_8"] + each * (n["steps"] - 8)


def run_elsewhere(answer, *inputs):
    """What the answer makes of arrays that live elsewhere, and how often it went home."""
    Elsewhere.trips = 0
    try:
        result = answer(*inputs)
    except TypeError as error:
        if "elsewhere" in str(error):
            raise Wrong(
                "that asks for the values to be here: np.asarray, math and new arrays of NumPy's are of this side"
            ) from None
        raise
    if result is None:
        raise Wrong("not answered yet")
    return result, Elsewhere.trips


def check_normalise(answer, n):
    x = np.random.default_rng(0).normal(3, 0.01, (4, 6))  # so small that epsilon matters
    result, trips = run_elsewhere(answer, Elsewhere(x))
    if trips:
        raise Wrong(f"{trips} numbers were fetched on the way; each time the machine waits")
    if not isinstance(result, Elsewhere):
        raise Wrong("the result must live where x lives")
    deviation = x - x.mean(-1, keepdims=True)
    if np.shape(result.values) == x.shape and np.allclose(result.values, (x - x.mean()) / np.sqrt(x.var() + 1e-5)):
        raise Wrong("mean and variance of each row by itself: axis=-1, keepdims=True")
    if np.shape(result.values) == x.shape and np.allclose(
        result.values, deviation / (x.std(-1, keepdims=True) + 1e-5), atol=1e-9
    ):
        raise Wrong("epsilon belongs under the root")
    return result.shape == x.shape and np.allclose(
        result.values, deviation / np.sqrt(x.var(-1, keepdims=True) + 1e-5), atol=1e-9
    )


def check_mean_loss(answer, n):
    values = np.random.default_rng(1).random(7)
    result, trips = run_elsewhere(answer, [Elsewhere(value) for value in values])
    if isinstance(result, Elsewhere):
        raise Wrong("still elsewhere: a Python float was asked for")
    if trips != 1:
        raise Wrong(f"{trips} trips home: add up where the losses live, then fetch one number")
    return bool(np.isclose(result, values.mean()))
