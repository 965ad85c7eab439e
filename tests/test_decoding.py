"""Choosing the next symbol: frequencies, limits, and the loop that feeds choices back."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.decoding import beam_search, distribution, generate, greedy, sample
from minigrad.engine import history

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


@pytest.mark.parametrize("row", [[np.nan, 1.0, 2.0], [0.0, np.inf, 0.0], [-np.inf] * 3])
def test_nothing_is_chosen_where_nothing_can_be_chosen(row):
    """NaN once came out as symbol 0: a text went on as if the net had not blown up."""
    for choose in (sample, greedy, lambda z: sample(z, 0.5, top_k=2)):
        with pytest.raises(ValueError, match="were the weights finite"):
            choose(np.array([[0.0, 1.0, 2.0], row]))


@pytest.mark.parametrize("settings, message", [({"temperature": np.nan}, "at least 0"), ({"top_k": 2.5}, "a whole number")])
def test_settings_that_are_no_numbers_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        sample(LOGITS, **settings)
    with pytest.raises(ValueError, match=r"one number for each symbol on their last axis, got shape \(2, 0\)"):
        sample(np.zeros((2, 0)))


def test_a_row_that_has_ended_stays_ended_and_all_rows_end_the_text():
    """Row 0 counts 0 1 2 3, row 1 begins at 2; 3 is the end."""
    table = np.roll(np.eye(4), 1, axis=1) * 9

    def step(symbols, count):
        return table[symbols], count + 1
    steps = generate(step, np.array([0, 2]), 10, 0, greedy, end=3)
    assert np.stack(steps, axis=1).tolist() == [[1, 2, 3], [3, 3, 3]]
    assert [int(s) for s in generate(step, 1, 10, 0, greedy, end=3)] == [2, 3]
    assert len(generate(step, np.array([0, 2]), 10, 0, greedy, end=None)) == 10


@pytest.mark.parametrize("search", ["generate", "beam"])
def test_a_long_text_keeps_no_history(search):
    """Each step's state is a tensor without a past, so memory does not grow with the text."""
    lstm, readout = mg.layers.LSTM(4, input_dim=5, return_state=True), mg.layers.Dense(5)
    lengths = []

    def step(symbols, state):
        h, *state = lstm(np.asarray(symbols)[:, None], initial_state=state)
        lengths.append(sum(len(history(part)) for part in state))
        return readout(h), state
    if search == "generate":
        generate(step, np.array([1]), 6)
    else:
        beam_search(step, 1, 6, width=2)
    assert lengths == [0] * 6


def test_a_stateful_model_needs_no_state_and_writes_what_it_would_read():
    model = mg.Sequential([mg.layers.GRU(6, input_dim=4, stateful=True, batch_size=2, return_sequences=True),
                           mg.layers.LSTM(5, stateful=True, return_sequences=True), mg.layers.Dense(4)])
    seen = []

    def step(symbols, state):
        seen.append(model(np.asarray(symbols)[:, None]).data[:, 0])
        return seen[-1], state
    first = np.array([0, 3])
    text = generate(step, first, 7)
    model.reset_states()
    np.testing.assert_allclose(np.stack(seen, axis=1), model(np.stack([first, *text[:-1]], axis=1)).data, atol=1e-6)
