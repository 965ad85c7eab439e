"""Checks of lesson 06: unrolling."""

import numpy as np

from lessons.grading import Wrong

START = '''
import numpy as np

# 1. Predict. A vanilla net reads <features> numbers per step into <units> units (W_xh, W_hh, b). How many weights has it
#    if the sequence has <T> steps?
weights = None

# 2. Predict. Which of these need a first state that the data do not give? Any of the letters, such as "ab".
#    a) many to one   b) many to many   c) one to many, where the picture becomes the first state   d) encoder, then decoder
first_state = None


# 3. Build. A Jordan net: h_t = tanh(x_t W_xh + y_{t-1} W_yh + b), y_t = h_t W_hy, y_0 = 0. x is (T, features).
#    Return all outputs, (T, outputs).
def jordan(x, W_xh, W_yh, b, W_hy):
    pass
'''


def numbers(rng):
    return {"features": int(rng.integers(2, 20)), "units": int(rng.integers(5, 60)), "T": int(rng.integers(10, 500))}


def check_weights(answer, n):
    right = n["features"] * n["units"] + n["units"] ** 2 + n["units"]
    if answer == right * n["T"]:
        raise Wrong("all steps share the same weights")
    if answer == right - n["units"]:
        raise Wrong("the bias is missing")
    return answer == right


def check_first_state(answer, n):
    letters = set(str(answer).lower())
    if "c" in letters:
        raise Wrong("c: there the picture is the first state")
    return letters == set("abd")


def check_jordan(answer, n):
    rng = np.random.default_rng(0)
    x, W_xh, W_yh, b, W_hy = (rng.standard_normal(shape) for shape in ((5, 3), (3, 4), (2, 4), (4,), (4, 2)))
    y, ys = np.zeros(2), []
    for row in x:
        y = np.tanh(row @ W_xh + y @ W_yh + b) @ W_hy
        ys.append(y)
    got = answer(x, W_xh, W_yh, b, W_hy)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) != (5, 2):
        raise Wrong(f"one output of 2 numbers for each of 5 steps is shape (5, 2), yours is {np.shape(got)}")
    if np.allclose(got, np.tanh(x @ W_xh + b) @ W_hy):
        raise Wrong("nothing is fed back")
    return np.allclose(got, ys)
