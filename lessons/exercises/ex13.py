"""Checks of lesson 13: clipping."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. The snippet of the slide (squared norm called norm), threshold <threshold>, a gradient of norm <norm>:
#    what norm comes out?
snippet_norm = None

# 2. Predict. The loss was summed over <steps> steps and is now averaged over them. By what must the clipping threshold be
#    multiplied so that the same updates are clipped as before? (Every gradient is divided by <steps>.)
threshold_factor = None


# 3. Build. Scale a list of gradients so that the norm of all of them together is at most `limit`. Return a list.
def clip_norm(gradients, limit):
    pass
'''


def numbers(rng):
    return {"threshold": int(rng.integers(4, 10)), "norm": int(rng.integers(11, 60)), "steps": int(rng.integers(10, 60))}


def check_snippet_norm(answer, n):
    if answer == n["threshold"]:
        raise Wrong("that is what the right rule does; the snippet divides by the squared norm")
    return np.isclose(answer, n["threshold"] / n["norm"], rtol=0.01)


def check_threshold_factor(answer, n):
    if np.isclose(answer, n["steps"]):
        raise Wrong("the gradients got smaller; would a larger threshold still bite?")
    return np.isclose(answer, 1 / n["steps"], rtol=0.01)


def check_clip_norm(answer, n):
    rng = np.random.default_rng(0)
    large = [10 * rng.standard_normal(shape) for shape in ((3, 4), (5,), ())]
    norm = np.sqrt(sum((g**2).sum() for g in large))
    got = answer([g.copy() for g in large], 2.0)
    if got is None:
        raise Wrong("not answered yet")
    if all(np.linalg.norm(g) < 2.0 + 1e-9 for g in got) and np.sqrt(sum(np.sum(g**2) for g in got)) > 2.1:
        raise Wrong("you clipped each gradient by itself, which turns the direction; take the norm of all together")
    if not all(np.allclose(a, b * 2 / norm) for a, b in zip(got, large, strict=True)):
        raise Wrong("every entry is to be multiplied by limit / norm, the norm being the root of the sum of all squares")
    small = [g / 1000 for g in large]
    if not all(np.allclose(a, b) for a, b in zip(answer([g.copy() for g in small], 2.0), small, strict=True)):
        raise Wrong("gradients below the limit stay as they are")
    return True
