"""Witten–Bell counts against a direct reading of the formula."""

import math
from collections import Counter

import numpy as np
import pytest

from minigrad.datasets import NGrams, Vocabulary


def by_hand(training, history, symbol, symbols):
    """The formula in dictionaries, one history at a time, from the longest to 1/V."""
    p = 1 / symbols
    for n in range(len(history) + 1):
        h = history[len(history) - n :]
        followers = Counter(training[k + n] for k in range(len(training) - n) if training[k : k + n] == h)
        if followers:
            p = (followers[symbol] + len(followers) * p) / (followers.total() + len(followers))
    return p


def test_probabilities_are_the_formula_s():
    rng = np.random.default_rng(0)
    training = "".join(rng.choice(list("abcd"), 300, p=[0.5, 0.3, 0.15, 0.05]))
    text = "".join(rng.choice(list("abcde"), 60))
    vocabulary = Vocabulary("abcde")
    model = NGrams(4, 5).fit(vocabulary.encode(training))
    p = model.probabilities(vocabulary.encode(text))
    for n in range(1, 5):
        for k, symbol in enumerate(text):
            history = text[max(0, k - n + 1) : k]
            assert math.isclose(p[n - 1, k], by_hand(training, history, symbol, 5), rel_tol=1e-12), (n, k)


def test_they_sum_to_one_after_any_history():
    training = np.random.default_rng(1).integers(0, 6, 500)
    model = NGrams(5, 7).fit(training)
    for history in ([], [0], [6], [1, 2, 3, 4, 5, 0], list(training[:9])):
        p = model.next_probabilities(np.array(history, dtype=int))
        assert p.shape == (7,) and math.isclose(p.sum(), 1, rel_tol=1e-12) and p.min() > 0


def test_longer_histories_pay_where_the_text_has_a_pattern():
    pattern = Vocabulary("abcab").encode("abcaab" * 200)
    bits = NGrams(4, 3).fit(pattern).bits_per_character(pattern)
    assert bits[0] > 1.4 and bits[3] < 0.1 and list(bits) == sorted(bits, reverse=True)


def test_too_little_text_and_wrong_orders_are_refused():
    with pytest.raises(ValueError, match="no 3-gram"):
        NGrams(3, 2).fit(np.array([0, 1]))
    with pytest.raises(ValueError, match="at least 1"):
        NGrams(0, 2)
