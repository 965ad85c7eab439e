"""Checks of lesson 21: a tree, a score that is fair to long answers, and one step of beam search."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. Two steps, two symbols. At first: a with probability <p>, b with the rest. After a, both are equally probable.
#    After b comes b with probability 0.9. Which sequence is the most probable, and how probable is it?
#    Answer with its probability (an expression will do).
most_probable = None


# 2. Build. Answers of different lengths compete by log p / length ** power. Return that score.
def normalised(log_p, length, power):
    pass


# 3. Build. One step of beam search. beams is a list of (symbols, log_p), symbols being a tuple; next_log_p(symbols) gives
#    the list of log p of each next symbol. Return the `width` best continuations in the same form, best first.
def widen(beams, next_log_p, width):
    pass
'''


def numbers(rng):
    return {"p": int(rng.integers(51, 62)) / 100}


def check_most_probable(answer, n):
    if np.isclose(answer, n["p"] / 2):
        raise Wrong("that is what greedy finds: the best first symbol, then the best second. Look at all four sequences")
    if np.isclose(answer, 0.9):
        raise Wrong("0.9 holds after b; multiply by the probability of b itself")
    return np.isclose(answer, max(n["p"] / 2, (1 - n["p"]) * 0.9))


def check_normalised(answer, n):
    got = answer(-6.0, 4, 0.75)
    if got is None:
        raise Wrong("not answered yet")
    if np.isclose(got, -6.0 * 4**0.75):
        raise Wrong("that makes long answers even less welcome; divide")
    if np.isclose(got, -6.0 / 4) or np.isclose(got, -6.0 / (4 * 0.75)):
        raise Wrong("the length is raised to the power before it divides")
    return np.isclose(got, -6.0 / 4**0.75) and np.isclose(answer(-6.0, 4, 0.0), -6.0)


def model(symbols):
    return np.log(np.random.default_rng(len(symbols) * 100 + sum(symbols)).dirichlet(np.ones(4)))


def check_widen(answer, n):
    beams = [((0,), -0.5), ((3,), -0.9), ((1,), -2.5)]
    got = answer(list(beams), model, 3)
    if got is None:
        raise Wrong("not answered yet")
    every = [((*text, s), log_p + one) for text, log_p in beams for s, one in enumerate(model(text))]
    wanted = sorted(every, key=lambda beam: -beam[1])[:3]
    texts = [tuple(text) for text, _ in got]
    greedy = [max(((*text, s), log_p + one) for s, one in enumerate(model(text))) for text, log_p in beams]
    if len(got) != 3:
        raise Wrong(f"keep `width` continuations, 3 here; you returned {len(got)}")
    if {text[:-1] for text in texts} == {(0,), (3,), (1,)} and texts != [text for text, _ in wanted] and greedy:
        raise Wrong("the continuations of all beams compete with each other: one beginning may have several, another none")
    if sorted(texts) == sorted(text for text, _ in wanted) and texts != [text for text, _ in wanted]:
        raise Wrong("the right ones, but the best must come first")
    if not np.allclose([log_p for _, log_p in got], [log_p for _, log_p in wanted]):
        raise Wrong("add log p of the new symbol to log p of what was there: products of probabilities are sums of logarithms")
    return texts == [text for text, _ in wanted]
