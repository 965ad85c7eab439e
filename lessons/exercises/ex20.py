"""Checks of lesson 20: attention by hand, and what the writer is given."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. Three notes get the scores 0, 0 and ln <k>. What share of the look does the third note get?
#    (A number, or an expression such as 2/7.)
third_share = None


# 2. Build. question (d,), notes (letters, d), mask (letters,) of booleans: True where a letter is no padding.
#    Return the context (d,): the notes' mean, weighted by softmax(question · note / √d), padding left out.
#    Use NumPy; scores may be as large as 1000.
def attend(question, notes, mask):
    pass


# 3. Build. targets (N, T) are the characters that the writer must say. Return what it is given in training, (N, T):
#    before each character the right one before it, and at the first step `begin`.
def teacher_forcing(targets, begin):
    pass
'''


def numbers(rng):
    return {"k": int(rng.integers(3, 12))}


def check_third_share(answer, n):
    k = n["k"]
    if np.isclose(answer, k):
        raise Wrong("that is e to its score; shares add to 1, so divide by the sum over all three")
    if np.isclose(answer, np.log(k) / np.log(k)) or np.isclose(answer, 1):
        raise Wrong("softmax leaves something to a score of 0 as well: e⁰ = 1")
    return np.isclose(answer, k / (k + 2))


def look(question, notes, mask, scale=True, shift=True, masked=True):
    scores = notes @ question / (np.sqrt(len(question)) if scale else 1.0)
    scores = np.where(mask, scores, -np.inf) if masked else scores
    with np.errstate(all="ignore"):
        weights = np.exp(scores - (scores.max() if shift else 0.0))
        return weights / weights.sum() @ notes


def check_attend(answer, n):
    rng = np.random.default_rng(0)
    question, notes = rng.standard_normal(5), rng.standard_normal((7, 5))
    mask = np.arange(7) < 4
    got = answer(question, notes, mask)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) != (5,):
        raise Wrong(f"the context is one vector of the notes' size, (5,); you returned shape {np.shape(got)}")
    if np.allclose(got, look(question, notes, mask, masked=False)):
        raise Wrong("padding got a share: give it the score −∞ before the softmax")
    if np.allclose(got, look(question, notes, mask, scale=False)):
        raise Wrong("divide the scores by √d")
    if not np.allclose(got, look(question, notes, mask)):
        return False
    with np.errstate(all="ignore"):
        large = answer(10_000 * question, notes, mask)
    if not np.allclose(large, look(10_000 * question, notes, mask)):
        raise Wrong("with scores near 1000, e to the score overflows: subtract the largest score first")
    return True


def check_teacher_forcing(answer, n):
    targets = np.random.default_rng(0).integers(1, 9, (4, 6))
    got = answer(targets.copy(), 0)
    if got is None:
        raise Wrong("not answered yet")
    if np.array_equal(got, targets):
        raise Wrong("the writer would be given the very character that it has to say")
    if np.shape(got) == (4, 7):
        raise Wrong("one step too many: the last character is said, and nothing is said after it")
    if np.array_equal(got, np.roll(targets, 1, axis=1)):
        raise Wrong("nobody knows the last character at the first step; there `begin` is given")
    return np.array_equal(got, np.concatenate([np.zeros((4, 1), int), targets[:, :-1]], axis=1))
