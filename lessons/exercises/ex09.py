"""Checks of lesson 09: bags and places."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Build. How often each word of the vocabulary (a list) occurs in the sentence: a list of counts. Capitals, commas and full
#    stops do not matter.
def bag(sentence, vocabulary):
    pass


# 2. Predict. Two of these have the same bag of words. Which? (Two letters, such as "ab".)
#    a) on monday it was snowing    b) it was snowing on a monday    c) was it snowing on monday    d) it is snowing on monday
same_bag = None

# 3. Predict. A vocabulary of <V> words, sentences of at most <T> words, one-hot for each place: how many inputs has the net?
inputs = None
'''


def numbers(rng):
    return {"V": int(rng.integers(30, 5000)), "T": int(rng.integers(8, 40))}


def check_bag(answer, n):
    vocabulary = ["bad", "food", "good", "not", "the", "was"]
    for sentence, counts in [("The food was good, not bad.", [1, 1, 1, 1, 1, 1]), ("The food was the food.", [0, 2, 0, 0, 2, 1])]:
        got = answer(sentence, list(vocabulary))
        if got is None:
            raise Wrong("not answered yet")
        if list(got) == [min(1, count) for count in counts] and max(counts) > 1:
            raise Wrong("how often, not whether")
        if sum(got) < sum(counts):
            raise Wrong(f"{sentence!r}: some words were missed; 'The' is 'the', and 'good,' is 'good'")
        if list(got) != counts:
            return False
    return True


def check_same_bag(answer, n):
    letters = set(str(answer).lower())
    if letters & set("bd"):
        raise Wrong("count the words of b and d: one has a word more, the other another verb")
    return letters == set("ac")


def check_inputs(answer, n):
    if answer == n["V"]:
        raise Wrong("that is one place")
    return np.isclose(answer, n["V"] * n["T"])
