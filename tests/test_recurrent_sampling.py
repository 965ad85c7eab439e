"""What must hold of every recurrent net that writes symbol by symbol: it sees the logits of the whole sequence, beams and all.

Each property is tried on every cell of recurrent_cells.py, in float64.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import decoding, layers, ops
from tests.recurrent_cells import UNITS, assert_same, drawn, every_cell, make


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


def language_model(kind, letters=7):
    """step(symbols (N,), states) → logits (N, letters), states;  and the whole text (N, T) → logits (N, T, letters) at once"""
    layer = drawn(make(kind, return_sequences=True, return_state=True))
    embedding, dense = layers.Embedding(letters, UNITS), layers.Dense(letters)
    dense(layer(embedding(np.zeros((1, 1), int)))[0])
    drawn(embedding), drawn(dense)

    def step(symbols, states):
        hs, *states = layer(embedding(np.asarray(symbols)[:, None]), initial_state=states)
        return dense(hs)[:, 0], states
    return step, lambda text: dense(layer(embedding(text))[0])


@every_cell
@pytest.mark.parametrize("choose", [decoding.sample, decoding.greedy, lambda logits: decoding.sample(logits, 0.5, top_k=2)],
                         ids=["drawn", "greedy", "of the best two"])
def test_sampling_step_by_step_sees_the_logits_of_the_whole_sequence(kind, choose):
    """A text grown symbol by symbol with the carried state, and then read at once: the same logits at every step."""
    (step, whole), seen = language_model(kind), []

    def remembered(logits):
        seen.append(logits.data)
        return choose(logits)
    first = np.array([1, 4])
    text = decoding.generate(step, first, 8, choose=remembered)
    assert_same([np.stack(seen, axis=1)], [whole(np.stack([first, *text[:-1]], axis=1)).data])


@every_cell
@given(first=st.lists(st.integers(0, 6), min_size=1, max_size=3), length=st.integers(1, 6), end=st.none() | st.integers(0, 6))
def test_a_beam_of_width_one_is_greedy(kind, first, length, end):
    """Several searches at once, each from its own first symbol; what has ended is filled up with the end."""
    step, _ = language_model(kind)
    greedy = np.stack(decoding.generate(step, np.array(first), length, choose=decoding.greedy, end=end), axis=1)
    beam, _ = decoding.beam_search(step, np.array(first), length, width=1, end=end)
    ended_before = length - greedy.shape[1]
    assert beam[:, 0].tolist() == np.pad(greedy, ((0, 0), (0, ended_before)), constant_values=end if ended_before else 0).tolist()


@pytest.mark.parametrize("kind", ["GRU", "LSTM", "LN LSTM"])
def test_a_beams_log_probability_is_that_of_the_whole_sequence(kind):
    """log p of every hypothesis, summed along the way, equals the sum over the text read at once."""
    step, whole = language_model(kind)
    texts, log_p = decoding.beam_search(step, 2, 6, width=3)
    read = np.concatenate([np.full((3, 1), 2), texts[:, :-1]], axis=1)
    each = ops.log_softmax(whole(read)).data
    assert_same([np.take_along_axis(each, texts[..., None], axis=-1)[..., 0].sum(axis=1)], [log_p])
