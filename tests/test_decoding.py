"""Choosing the next symbol: frequencies, limits, and the loop that feeds choices back."""

import numpy as np
import pytest

from minigrad.decoding import distribution, generate, greedy, sample

LOGITS = np.log([0.5, 0.3, 0.15, 0.05])


def test_temperature_sharpens_and_flattens():
    np.testing.assert_allclose(distribution(LOGITS), [0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(distribution(LOGITS, 0.5), np.array([0.25, 0.09, 0.0225, 0.0025]) / 0.365)
    assert distribution(LOGITS, 0).tolist() == [1, 0, 0, 0]
    assert distribution(LOGITS, 100).max() < 0.26


def test_top_k_keeps_k_and_ties_keep_the_first():
    np.testing.assert_allclose(distribution(LOGITS, top_k=2), [0.625, 0.375, 0, 0])
    assert distribution(np.zeros(5), top_k=2).tolist() == [0.5, 0.5, 0, 0, 0]
    assert distribution(np.zeros(3), 0).tolist() == [1, 0, 0]


def test_sampled_frequencies_pass_a_chi_square_test():
    drawn = sample(np.tile(LOGITS, (20_000, 1)), generator=np.random.default_rng(0))
    expected = 20_000 * distribution(LOGITS)
    chi_square = ((np.bincount(drawn, minlength=4) - expected) ** 2 / expected).sum()
    assert chi_square < 16.3  # 3 degrees of freedom: exceeded once in a thousand seeds


def test_an_impossible_symbol_is_never_drawn():
    logits = np.array([[0.0, 0.0, -np.inf]] * 1000, dtype=np.float32)
    assert set(sample(logits, generator=np.random.default_rng(0)).tolist()) == {0, 1}

    class Highest:
        def random(self, shape):
            return np.full(shape, np.nextafter(1.0, 0.0))

    assert sample(np.log([[0.1] * 3 + [0.7]] * 2), top_k=3, generator=Highest()).tolist() == [3, 3]


def test_greedy_and_the_feeding_loop():
    table = np.roll(np.eye(4), 1, axis=1) * 9  # after k comes k + 1
    steps = generate(lambda symbol, state: (table[symbol], state + 1), first=0, length=6, state=0, choose=greedy)
    assert [int(s) for s in steps] == [1, 2, 3, 0, 1, 2]


def test_senseless_settings_are_refused():
    for settings, message in [({"temperature": -1}, "at least 0"), ({"top_k": 0}, "at least one")]:
        with pytest.raises(ValueError, match=message):
            sample(LOGITS, **settings)
