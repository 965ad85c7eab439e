"""Checks of lesson 11: what crosses a boundary, forward and backward."""

import numpy as np

import minigrad as mg
from lessons.grading import Wrong
from minigrad.engine import history

START = '''
# 1. Predict. The target is the flip <lag> steps ago; chunks of <chunk>, the state is reset at every boundary.
#    What is the best accuracy that any net could reach?
best_accuracy = None


# 2. Build. `rnn` is a recurrent layer that returns (states at all steps, last state) and takes initial_state=...
#    Run it over x (batch, time, features), `chunk` steps at a time: carry the state, cut the gradient.
#    Return a list: what the layer returned first, for every chunk.
def in_chunks(rnn, x, chunk):
    pass


# 3. Break. Somebody deletes `detach`. Chunks of <c> steps: how many steps does the gradient of the loss of
#    chunk number <k> (the first is number 1) walk back through?
steps_walked = None
'''


def numbers(rng):
    lag = int(rng.integers(3, 9))
    return {"lag": lag, "chunk": lag * int(rng.integers(3, 6)), "c": int(rng.integers(4, 12)), "k": int(rng.integers(3, 9))}


def check_best_accuracy(answer, n):
    if np.isclose(answer, 1 - n["lag"] / n["chunk"]):
        raise Wrong("the flips that were never seen can be guessed, and half of the guesses are right")
    if answer in (0.5, 1):
        raise Wrong("some targets of a chunk ask for flips inside it, others for flips before it: count both")
    return np.isclose(answer, 1 - 0.5 * n["lag"] / n["chunk"], atol=0.002)


def check_in_chunks(answer, n):
    rnn = mg.layers.RNN(4, return_sequences=True, return_state=True, unroll=True)
    x = np.random.default_rng(0).standard_normal((2, 12, 3))
    whole, _ = rnn(x)
    got = answer(rnn, x, 3)
    if got is None:
        raise Wrong("not answered yet")
    if len(got) != 4 or any(part.shape != (2, 3, 4) for part in got):
        raise Wrong("12 steps in chunks of 3 make a list of 4 tensors of shape (2, 3, 4)")
    joined = np.concatenate([part.data for part in got], axis=1)
    if not np.allclose(joined[:, 3:], whole.data[:, 3:], atol=1e-5):
        raise Wrong("the values differ from those of one long run: is the state carried from chunk to chunk?")
    if sum(y.op is mg.tanh for y in history(got[-1])) > 3:
        raise Wrong("a walk back from the last chunk visits older chunks; detach() returns a new tensor, calling it alone does nothing")
    return True


def check_steps_walked(answer, n):
    if answer == n["c"]:
        raise Wrong("that is what detach was for; without it the state still remembers how it was made")
    if answer == n["c"] * (n["k"] - 1):
        raise Wrong("count the chunk itself, too")
    return answer == n["c"] * n["k"]
