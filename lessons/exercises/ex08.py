"""Checks of lesson 08: states that count."""

import numpy as np

from lessons.grading import Wrong

START = '''
import numpy as np


# 1. Build. Without a net: after each bit, whether the number of ones so far is odd (1) or even (0). A list, as long as bits.
def running_parity(bits):
    pass


# 2. Predict. A net without a loop has ten inputs and is right on all 1,024 rows of ten bits. What does it say of eleven bits?
#    "a": the right answer   "b": a guess   "c": nothing, it has no eleventh input
eleven = None

# 3. Predict. "The number of ones, modulo <m>": how many states must a net tell apart?
states = None
'''


def numbers(rng):
    return {"m": int(rng.integers(3, 12))}


def check_running_parity(answer, n):
    bits = np.random.default_rng(0).integers(0, 2, 200).tolist()
    got = answer(list(bits))
    if got is None:
        raise Wrong("not answered yet")
    if np.ndim(got) == 0 or len(got) != 200:
        raise Wrong("one answer after each bit")
    right = (np.cumsum(bits) % 2).tolist()
    if [int(g) for g in got] == [1 - r for r in right]:
        raise Wrong("the other way round: 1 means odd")
    return [int(g) for g in got] == right


def check_eleven(answer, n):
    if str(answer).lower() in "ab":
        raise Wrong("count its inputs")
    return str(answer).lower() == "c"


def check_states(answer, n):
    if answer == 2:
        raise Wrong("two states tell even from odd")
    return answer == n["m"]
