"""Reviews: the same words, another verdict."""

import numpy as np
import pytest

from minigrad.datasets import reviews, word_numbers
from minigrad.datasets.reviews import BAD, GOOD, LONGEST, WORDS


def words(row):
    return [WORDS[k] for k in row if k]


def test_numbers_and_words_are_the_same_sentence():
    assert words(word_numbers("The food was good, not bad at all.")) == ["the", "food", "was", "good", "not", "bad", "at", "all"]
    with pytest.raises(ValueError, match="'delicious'"):
        word_numbers("the food was delicious")
    with pytest.raises(ValueError, match="at most 9"):
        word_numbers("the " * 10)


def test_both_verdicts_and_all_words_come_and_the_verdict_is_the_sentence_s():
    x, y = reviews(2000)
    assert x.shape == (2000, LONGEST) and 0.45 < y.mean() < 0.55
    assert {w for row in x for w in words(row)} == set(WORDS[1:])
    for row, verdict in zip(x, y, strict=True):
        sentence = words(row)
        judged = [k for k, word in enumerate(sentence) if word in GOOD + BAD]
        last = judged[-1]
        praise = sentence[last] in GOOD
        if sentence[last - 1] == "not":
            praise = not praise
        assert praise == bool(verdict), " ".join(sentence)


def test_no_word_gives_the_verdict_away():
    x, y = reviews(4000)
    for k in range(1, len(WORDS)):
        has = (x == k).any(axis=1)
        assert abs(y[has].mean() - 0.5) < 0.12, WORDS[k]
    assert len(np.unique(x, axis=0)) > 500
