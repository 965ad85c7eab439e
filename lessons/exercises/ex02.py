"""Checks of lesson 02: sums over uses."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. X is (<n>, 3), a bias b of shape (1, 3) is added, the loss is the mean over all <n>·3 entries.
#    What is each entry of ∂loss/∂b? (A number, or an expression such as 2/7.)
mean_bias_gradient = None


# 2. Build. `grad` has the shape that broadcasting made of `shape`. Sum it back to `shape`.
def unbroadcast(grad, shape):
    pass


# 3. Predict. Adam gets gradients that are all ten times too small. By what factor do its steps shrink?
#    (1 means: not at all; 10 means: ten times smaller.)
adam_factor = None
'''


def numbers(rng):
    return {"n": int(rng.integers(10, 60))}


def check_mean_bias_gradient(answer, n):
    if np.isclose(answer, n["n"]):
        raise Wrong("that would be the sum's; the mean divides by the number of all entries")
    if np.isclose(answer, 1 / (3 * n["n"])):
        raise Wrong("that is one row's share; the bias is used by every row")
    return np.isclose(answer, 1 / 3)


def check_unbroadcast(answer, n):
    rng = np.random.default_rng(0)
    cases = [((4, 3), (3,)), ((4, 3), (1, 3)), ((4, 3), (4, 1)), ((4, 3), ()), ((2, 4, 3), (4, 1)), ((2, 3), (2, 3)), ((0, 3), (3,)),
             ((5, 1, 2), (1, 1, 2))]
    for shape, before in cases:
        grad = rng.standard_normal(shape)
        got = answer(grad.copy(), before)
        if got is None:
            raise Wrong("not answered yet")
        # ⟨grad, broadcast(v)⟩ = ⟨unbroadcast(grad), v⟩ for every v: that is what the sum means
        v = rng.standard_normal(before)
        if np.shape(got) != before:
            raise Wrong(f"from {shape} to {before}: you returned shape {np.shape(got)}")
        if not np.isclose((grad * v).sum(), (got * v).sum()):
            raise Wrong(f"from {shape} to {before}: right shape, wrong numbers. Did you sum, not average or pick?")
    return True


def check_adam_factor(answer, n):
    if answer == 10:
        raise Wrong("true for plain gradient descent; Adam divides by the size of the gradients it has seen")
    return answer == 1
