"""Beam search: greedy at width 1, exhaustive when wide enough, and never reading another search's state."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.decoding import beam_search, generate, greedy

V, LENGTH, END = 3, 4, 2


def table_model(seed):
    """log p(symbol | the symbols before): a table whose row is found from a state that counts the history."""
    table = np.random.default_rng(seed).standard_normal((V, 40, V))

    def step(symbols, state):
        state = (state * V + symbols + 1) % 40
        return table[symbols, state], state

    return step


def all_continuations(step, state, end=None):
    """Every text of LENGTH symbols with its log p, by going through all of them; after `end` only `end`, for nothing."""
    found = {}
    for text in itertools.product(range(V), repeat=LENGTH):
        symbol, s, log_p, done = np.array([0]), state, 0.0, False
        for x in text:
            logits, s = step(symbol, s)
            if not done:
                log_p += logits[0, x] - np.log(np.exp(logits[0]).sum())
            elif x != end:
                log_p = -np.inf
            done, symbol = done or x == end, np.array([x])
        found[text] = log_p
    return found


@pytest.mark.parametrize("seed", range(5))
def test_width_one_is_greedy(seed):
    step = table_model(seed)
    symbols, log_p = beam_search(step, 0, LENGTH, np.zeros(1, int), width=1)
    expected = generate(step, np.zeros(1, int), LENGTH, np.zeros(1, int), greedy)
    assert symbols[0].tolist() == [int(x[0]) for x in expected] and log_p.shape == (1,)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("end", [None, END])
@pytest.mark.parametrize("power", [0.0, 0.75])
def test_wide_enough_is_exhaustive(seed, end, power):
    if end is None and power:
        power = 1.0  # all texts are equally long, so the order stays
    step = table_model(seed)
    every = all_continuations(step, np.zeros(1, int), end)
    length = {text: text.index(end) + 1 if end in text else LENGTH for text in every}
    ranked = sorted((t for t in every if np.isfinite(every[t])), key=lambda t: -every[t] / length[t] ** power)
    symbols, log_p = beam_search(step, 0, LENGTH, np.zeros(1, int), V**LENGTH, end, power)
    possible = np.isfinite(log_p)
    assert [tuple(row) for row in symbols[possible]] == ranked
    np.testing.assert_allclose(log_p[possible], [every[t] for t in ranked], atol=1e-12)


def test_wider_finds_what_greedy_misses():
    p = {(): [0.6, 0.4], (0,): [0.5, 0.5], (1,): [0.1, 0.9]}

    def step(symbols, state):
        rows = [p[tuple(h)] for h in state]
        return np.log(rows), state

    def remembering(symbols, state):
        state = np.column_stack([state, symbols]) if state.shape[1] or symbols[0] >= 0 else state
        return step(symbols, state)

    start = np.zeros((1, 0), int)
    assert beam_search(remembering, -1, 2, start, width=1)[0].tolist() == [[0, 0]]
    symbols, log_p = beam_search(remembering, -1, 2, start, width=2)
    assert symbols[0].tolist() == [1, 1]
    np.testing.assert_allclose(np.exp(log_p[0]), 0.36)


def test_many_searches_at_once_are_the_searches_one_by_one():
    mg.set_random_seed(0)
    lstm, readout = mg.layers.LSTM(5, input_dim=V, return_state=True), mg.layers.Dense(V)

    def step(symbols, state):
        h, *state = lstm(symbols[:, None], initial_state=state)
        return readout(h) * 3.0, state

    states = [mg.Tensor(mg.generator().standard_normal((6, 5))) for _ in range(2)]
    first = np.array([0, 1, 2, 0, 1, 2])
    with mg.no_grad():
        together = beam_search(step, first, 5, states, width=3, end=END, length_power=0.75)
        for n in range(6):
            alone = beam_search(step, int(first[n]), 5, [s[n : n + 1] for s in states], width=3, end=END, length_power=0.75)
            np.testing.assert_array_equal(together[0][n], alone[0])
            np.testing.assert_allclose(together[1][n], alone[1], atol=1e-5)


def test_length_power_favours_longer_answers():
    def step(symbols, state):
        return np.log(np.where(state[:, None] < 2, [[0.55, 0.05, 0.40]], [[0.01, 0.01, 0.98]])), state + 1

    short, _ = beam_search(step, 1, 3, np.zeros(1), width=9, end=END)
    long, _ = beam_search(step, 1, 3, np.zeros(1), width=9, end=END, length_power=1.0)
    assert short[0].tolist() == [END, END, END] and long[0].tolist() == [0, 0, END]


def test_senseless_settings_are_refused():
    for width, length in [(0, 3), (2, 0)]:
        with pytest.raises(ValueError, match="at least one"):
            beam_search(table_model(0), 0, length, np.zeros(1, int), width=width)


def test_a_beam_says_what_its_step_must_return():
    def logits(symbols, V=V):
        return np.zeros((len(symbols), V))
    with pytest.raises(ValueError, match=r"one row for each of its 1 hypotheses, got one of shape \(\)"):
        beam_search(lambda symbols, count: (logits(symbols), count + 1), 0, 3, 0)
    with pytest.raises(ValueError, match=r"its 2 hypotheses, got one of shape \(5, 2\)"):
        beam_search(lambda symbols, _: (logits(symbols), np.zeros((1 if len(symbols) == 1 else 5, 2))), 0, 3, width=2)
    with pytest.raises(ValueError, match=r"as many rows as it was given, 1; got shape \(3, 3\)"):
        beam_search(lambda symbols, state: (np.zeros((3, V)), state), 0, 3)
    with pytest.raises(ValueError, match="end is one of the 3 symbols, 0 … 2, got 7"):
        beam_search(lambda symbols, state: (logits(symbols), state), 0, 3, end=7)
    with pytest.raises(ValueError, match="were the weights finite"):
        beam_search(lambda symbols, state: (logits(symbols) * np.nan, state), 0, 3)
