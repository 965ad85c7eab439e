"""Checks of lesson 05: sharing."""

import numpy as np

import minigrad as mg
from lessons.grading import Wrong

START = '''
import minigrad as mg

# 1. Predict. Three pictures of <inputs> pixels, one shared Dense(<units>), and Dense(1) on the three results side by side:
#    how many weights?
weights = None

# 2. Predict. A Dense layer (x @ W + b, no bend) is called on two inputs, and the second is always zero. Which share, in
#    percent, has the second call in ∂L/∂W?
share = None


# 3. Build. Forward: x. Backward: the gradient with its sign turned. (Hint: x.detach() has x's values and no history.)
def reverse_gradient(x):
    pass
'''


def numbers(rng):
    return {"inputs": int(rng.integers(20, 100)), "units": int(rng.integers(8, 64))}


def check_weights(answer, n):
    look, last = (n["inputs"] + 1) * n["units"], 3 * n["units"] + 1
    if answer == 3 * look + last:
        raise Wrong("the layer is shared: its weights count once")
    if answer == look + n["units"] + 1:
        raise Wrong("the last layer sees all three results side by side")
    return answer == look + last


def check_share(answer, n):
    if answer == 50:
        raise Wrong("what a call hands back to W is its input, transposed, times what arrived")
    return answer == 0


def check_reverse_gradient(answer, n):
    x = mg.Tensor(np.array([1.0, -2.0, 3.0]), requires_grad=True)
    y = answer(x)
    if y is None:
        raise Wrong("not answered yet")
    if not np.allclose(y.numpy(), x.numpy()):
        raise Wrong("forward it should change nothing")
    if not y.requires_grad:
        raise Wrong("no gradient gets through; detach one part, not all")
    (y * np.array([1.0, 2.0, 3.0])).sum().backward()
    if np.allclose(x.grad, [1, 2, 3]):
        raise Wrong("the gradient comes through unchanged")
    return np.allclose(x.grad, [-1, -2, -3])
