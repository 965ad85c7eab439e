"""What a recurrent layer says to states, cells, masks and inputs that do not fit, and which of them it takes after all."""

from __future__ import annotations

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.layers import GRU, LSTM, RNN, Bidirectional, Cell, Dense, GRUCell

x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


class Two(Cell):
    """A cell of two states, which hands them back as it was told"""

    state_count = 2

    def __init__(self, units, give, **options):
        super().__init__(units, **options)
        self.give = give

    def step(self, x, h, c):
        h = ops.tanh(x @ self.W_xh + h @ self.W_hh)
        return {"list": [h, c], "one": h, "three": (h, c, c), "none": None, "narrow": (h[:, :1], c), "narrow c": (h, c[:, :1]),
                "mean c": (h, c.mean(axis=0))}[self.give]


@pytest.mark.parametrize("T", [1, 4])
@pytest.mark.parametrize("give, words", [("one", r"each of its 2, got \[\(2, 3\)\]"), ("three", "each of its 2, got"),
                                         ("none", r"each of its 2, got \[None\]")])
def test_a_cell_that_returns_too_little_or_too_much_is_told(give, words, T):
    """One step too many states were once handed on without a word, two steps died in the user's own step."""
    with pytest.raises(TypeError, match=words):
        RNN(Two(3, give))(x[:, :T])


@pytest.mark.parametrize("T", [1, 4])
@pytest.mark.parametrize("give, found", [("narrow", "(2, 1), (2, 3)"), ("narrow c", "(2, 3), (2, 1)"), ("mean c", "(2, 3), (3,)")])
@pytest.mark.parametrize("stacked", [False, True])
def test_a_state_of_another_shape_is_refused_also_where_nobody_reads_it(give, found, T, stacked):
    """A state c that no equation reads once went through with any shape, and so did h at the last step."""
    cell = Two(3, give)
    layer = RNN([GRUCell(3), cell] if stacked else cell)
    shapes = "[(2, 3), (2, 3), (2, 3)]" if stacked else "[(2, 3), (2, 3)]"
    with pytest.raises(ValueError, match=re.escape(f"step must return states of the shapes {shapes}, got [{'(2, 3), ' * stacked}{found}]")):
        layer(x[:, :T])


def test_a_cell_may_return_a_list():
    assert [y.shape for y in RNN(Two(3, "list"), return_state=True)(x)] == [(2, 3)] * 3


@pytest.mark.parametrize("cells", [[], [3, 4], [GRUCell(3), "LSTM"]])
def test_a_list_that_is_not_of_cells_is_refused(cells):
    with pytest.raises(TypeError, match=r"runs a cell, or a list of at least one: RNN\(\[LSTMCell\(64\), GRUCell\(64\)\]\)"):
        RNN(cells)


@pytest.mark.parametrize("state, found", [([np.zeros((2, 4)), None], r"\[\(2, 4\), 'NoneType'\]"), ([[0.0, 0.0], [0.0, 0.0]], "float|list"),
                                          (np.zeros((2, 4)), r"got \[\(2, 4\)\]")])
def test_states_that_are_missing_are_named(state, found):
    with pytest.raises(ValueError, match=f"initial_state must have the shapes.*({found})"):
        LSTM(4)(x, initial_state=state)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize("unroll", [False, True])
def test_states_of_whole_numbers_change_no_dtype(kind, unroll):
    """Step by step, an integer state once made float64 of float32."""
    layer = kind(4, unroll=unroll, return_state=True)
    zeros = [np.zeros((2, 4), int)] * (2 if kind is LSTM else 1)
    for y, expected in zip(layer(x, initial_state=zeros), layer(x), strict=True):
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y.data, expected.data)


@pytest.mark.parametrize("make", [lambda: GRU(4, return_sequences=True), lambda: Bidirectional(GRU(4, return_sequences=True))])
def test_a_mask_that_is_a_list_travels_on_as_an_array(make):
    mask = [[True, True, False, False, False], [True] * 5]
    layer, after = make(), LSTM(2)
    y = layer(x, mask=mask)
    np.testing.assert_array_equal(y.mask, mask)
    np.testing.assert_array_equal(after(y).data, after(layer(x, mask=np.array(mask))).data)
    assert Dense(2)(y).mask is y.mask
    assert mg.Sequential([after])(y).shape == (2, 2)
