"""The cells that tests/test_recurrent_*.py try every property on, layers around them, and how two of them are compared."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers, ops

UNITS = 3  # features too: MUT1 and MUT2 add their input to their state


class Leaky(layers.Cell):
    """h' = ½h + ½tanh(x W + h W + b), as a user would write it"""

    def step(self, x, h):
        return 0.5 * h + 0.5 * ops.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


CELLS = {
    "RNN": lambda: layers.RNNCell(UNITS), "RNN relu": lambda: layers.RNNCell(UNITS, "relu"),
    "RNN softplus": lambda: layers.RNNCell(UNITS, "softplus"), "IRNN": lambda: layers.IRNNCell(UNITS),
    "Jordan": lambda: layers.JordanCell(UNITS, 4),
    "LSTM": lambda: layers.LSTMCell(UNITS), "LSTM peephole": lambda: layers.LSTMCell(UNITS, peephole=True),
    "LSTM coupled": lambda: layers.LSTMCell(UNITS, coupled=True),
    "LSTM peephole coupled": lambda: layers.LSTMCell(UNITS, peephole=True, coupled=True),
    "GRU": lambda: layers.GRUCell(UNITS), "GRU reset_after": lambda: layers.GRUCell(UNITS, reset_after=True),
    "MUT1": lambda: layers.MUT1Cell(UNITS), "MUT2": lambda: layers.MUT2Cell(UNITS), "MUT3": lambda: layers.MUT3Cell(UNITS),
    "LN RNN": lambda: layers.LayerNormRNNCell(UNITS), "LN LSTM": lambda: layers.LayerNormLSTMCell(UNITS),
    "LN GRU": lambda: layers.LayerNormGRUCell(UNITS), "one's own": lambda: Leaky(UNITS),
    "stacked": lambda: layers.StackedCells([layers.GRUCell(UNITS), layers.LSTMCell(UNITS)]),
}
every_cell = pytest.mark.parametrize("kind", CELLS)
both_paths = pytest.mark.parametrize("unroll", [False, True])


def make(kind, **options):
    """A layer around this cell, its weights drawn from a fixed seed."""
    layer = layers.RNN(CELLS[kind](), **options)
    layer.ready(((2, None, UNITS),))
    return drawn(layer)


def drawn(layer):
    rng = np.random.default_rng(3)
    for weight in layer.parameters():
        weight.data = rng.normal(0.0, 0.6, weight.shape)
    return layer


def inputs(N, T):
    return np.random.default_rng(1).normal(size=(N, T, UNITS))


def gradients(layer, *outputs):
    """∂/∂ every weight of a fixed random sum of the outputs."""
    rng = np.random.default_rng(5)
    loss = sum((y * rng.normal(size=y.shape)).sum() for y in outputs)
    return [dW.data for dW in mg.gradients(loss, layer.parameters())]


def assert_same(found, expected):
    for a, b in itertools.zip_longest(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
