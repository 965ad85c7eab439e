"""Checks of lesson 23: linear scores, where ascent ends, and the smallest step across."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. A linear net: S(I) = w·I + b with w = (<w1>, <w2>) and b = <b>. What is its saliency at I = (1, 0)?
#    (A list of two numbers.)
linear_saliency = None


# 2. Predict. The same S, and the ascent on S(I) - <decay> * (I·I). Where does it end? (A list of two numbers.)
summit = None


# 3. Build. The net sees a 7: its score leads that of the 3 by `gap` > 0, and w, of the picture's shape, is the gradient of
#    (score of 3 - score of 7). If that is linear, which change of the picture, with the smallest sum of squares, makes
#    both scores equal? Return the change, of the picture's shape.
def smallest_change(w, gap):
    pass
'''


def numbers(rng):
    w1, w2, b = (int(k) for k in rng.integers(2, 9, 3))
    return {"w1": w1, "w2": -w2, "b": b, "decay": int(rng.integers(1, 5)) / 2}


def check_linear_saliency(answer, n):
    if np.shape(answer) != (2,):
        raise Wrong("a saliency map has the picture's shape: two numbers here")
    if np.allclose(answer, [n["w1"], 0]):
        raise Wrong("that is w · I entry by entry, what each pixel contributes; the derivative asks what a change would do")
    return np.allclose(answer, [n["w1"], n["w2"]])


def check_summit(answer, n):
    w = np.array([n["w1"], n["w2"]])
    if np.shape(answer) != (2,):
        raise Wrong("a picture: two numbers")
    if np.allclose(answer, w / n["decay"]):
        raise Wrong("the derivative of I·I is 2 I")
    if np.allclose(answer, np.clip(w / (2 * n["decay"]), 0, 1)):
        raise Wrong("that is with cutting to [0, 1]; here nobody cuts")
    return np.allclose(answer, w / (2 * n["decay"]))


def check_smallest_change(answer, n):
    w = np.random.default_rng(0).standard_normal((8, 8))
    got = answer(w, 2.5)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) != (8, 8):
        raise Wrong(f"the change has the picture's shape, (8, 8); you returned {np.shape(got)}")
    if not np.isclose((w * got).sum(), 2.5):
        raise Wrong(f"the gap is 2.5, and your change moves the difference of the scores by {(w * got).sum():.3f}")
    if (np.square(got)).sum() > 2.5**2 / (w * w).sum() * 1.0001:
        raise Wrong("it closes the gap, but there is a shorter one: go straight along w")
    return True
