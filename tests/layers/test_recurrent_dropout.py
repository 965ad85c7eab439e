"""Recurrent dropout: products hear the units that were kept, and what is carried on is whole."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.layers import (
    GRU,
    LSTM,
    RNN,
    Cell,
    GRUCell,
    JordanCell,
    LayerNormGRUCell,
    LayerNormLSTMCell,
    LayerNormRNNCell,
    LSTMCell,
    MUT1Cell,
    MUT2Cell,
    MUT3Cell,
    RNNCell,
)
from minigrad.layers.cells import StackedCells

N, T, UNITS, RATE = 3, 5, 4, 0.5


class Leaky(Cell):
    """h' = ½h + ½tanh(x W + h W + b), as a user would write it"""

    def step(self, x, h):
        return 0.5 * h + 0.5 * np.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


class Joined(Cell):
    """h' = tanh((x; h) W): x and h as one vector"""

    def build(self, input_shape):
        self.add_weight("W", (input_shape[-1] + self.units, self.units))

    def step(self, x, h):
        return ops.tanh(ops.concatenate([x, h], axis=-1) @ self.W)


class Keeping(Cell):
    """h' = h: what was there stays"""

    def step(self, x, h):
        return h


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def dropped(cell):
    """The layer's outputs in training (N, T, units), its weights by name, x, and h ↦ h⊙k with the k that it drew."""
    layer, x = RNN(cell, recurrent_dropout=RATE, return_sequences=True), np.random.default_rng(0).normal(size=(N, T, UNITS))
    layer(x)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    mg.set_random_seed(5)
    outputs = layer(x, training=True)
    mg.set_random_seed(5)
    keep = (mg.generator().random((N, UNITS)) >= RATE) / (1 - RATE)
    assert 0 < keep.mean() < 2
    return outputs, {name: w.data for name, w in cell.named_weights().items()}, x, lambda h: h * keep


def gru(w, x, h, k):
    z, r = np.split(sigmoid((x @ w["W_xh"] + w["b"])[:, :8] + k(h) @ w["W_hh"][:, :8]), 2, axis=1)
    return z * h + (1 - z) * np.tanh((x @ w["W_xh"] + w["b"])[:, 8:] + k(r * h) @ w["W_hh"][:, 8:])


def gru_after(w, x, h, k):
    a, e = x @ w["W_xh"] + w["b"][0], k(h) @ w["W_hh"] + w["b"][1]
    z, r = np.split(sigmoid(a[:, :8] + e[:, :8]), 2, axis=1)
    return z * h + (1 - z) * np.tanh(a[:, 8:] + r * e[:, 8:])


def mut3(w, x, h, k):
    z = sigmoid(x @ w["W_xz"] + k(np.tanh(h)) @ w["W_hz"] + w["b_z"])
    r = sigmoid(x @ w["W_xr"] + k(h) @ w["W_hr"] + w["b_r"])
    return z * np.tanh(k(r * h) @ w["W_hh"] + x @ w["W_xh"] + w["b_h"]) + (1 - z) * h


EQUATIONS = {
    "RNN": (lambda: RNNCell(UNITS), lambda w, x, h, k: np.tanh(x @ w["W_xh"] + k(h) @ w["W_hh"] + w["b"])),
    "GRU": (lambda: GRUCell(UNITS), gru), "GRU reset_after": (lambda: GRUCell(UNITS, reset_after=True), gru_after),
    "MUT3": (lambda: MUT3Cell(UNITS), mut3),
    "one's own": (lambda: Leaky(UNITS), lambda w, x, h, k: 0.5 * h + 0.5 * np.tanh(x @ w["W_xh"] + k(h) @ w["W_hh"] + w["b"])),
    "one's own, joined": (lambda: Joined(UNITS), lambda w, x, h, k: np.tanh(np.concatenate([x, k(h)], axis=1) @ w["W"])),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_products_hear_what_was_kept_and_the_state_is_carried_whole(name):
    make, equation = EQUATIONS[name]
    outputs, weights, x, k = dropped(make())
    h = np.zeros((N, UNITS))
    for t in range(T):
        h = equation(weights, x[:, t], h, k)
        np.testing.assert_allclose(outputs.data[:, t], h, atol=1e-12)


def test_gradients_under_recurrent_dropout_agree_with_differences():
    layer, x = GRU(3, recurrent_dropout=0.4), np.random.default_rng(0).normal(size=(2, 4, 3))
    layer(x)

    def f(x, W_hh):
        mg.set_random_seed(2)
        layer.cell.W_hh = W_hh
        return layer(x, training=True)
    assert mg.check_gradients(f, x, np.random.default_rng(1).normal(size=(3, 9))) < 1e-6


BOUNDED = [GRUCell, lambda n: GRUCell(n, reset_after=True), LSTMCell, LayerNormGRUCell, LayerNormLSTMCell, LayerNormRNNCell, MUT1Cell,
           MUT2Cell, MUT3Cell, Leaky, lambda n: JordanCell(n, 6), lambda n: StackedCells([GRUCell(n), Leaky(n)])]


@pytest.mark.parametrize("number", range(len(BOUNDED)))
def test_no_state_grows_however_long_the_sequence_is(number):
    """All of these are means of what lies between −1 and 1; dropped as a whole, a carried state doubled at every step."""
    layer = RNN(BOUNDED[number](UNITS), recurrent_dropout=RATE, return_sequences=True)
    h = layer(np.random.default_rng(0).normal(size=(N, 200, UNITS)), training=True)
    assert np.abs(h.data).max() <= 1.0


def test_a_state_that_only_stays_stays():
    layer, h = RNN(Keeping(UNITS), recurrent_dropout=RATE), np.random.default_rng(0).normal(size=(N, UNITS))
    np.testing.assert_array_equal(layer(np.ones((N, T, UNITS)), initial_state=h, training=True).data, h)


@pytest.mark.parametrize("words", [{"dropout": 1.5}, {"recurrent_dropout": -0.1}, {"dropout": np.nan}])
def test_a_rate_is_a_fraction(words):
    (word,) = words
    with pytest.raises(ValueError, match=f"{word} is the fraction dropped, 0 to 1"):
        LSTM(3, **words)


@pytest.mark.parametrize("integers", [False, True])
def test_a_rate_of_one_drops_all(integers):
    """As Dropout(1) does; it was 0 / 0."""
    x = np.array([[1, 0, 2]]) if integers else np.ones((1, 3, 3))
    layer = LSTM(4, dropout=1.0, recurrent_dropout=1.0, unit_forget_bias=False, **({"input_dim": 3} if integers else {}))
    assert not layer(x, training=True).data.any()
