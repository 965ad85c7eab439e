"""Every cell on a second device, as a kernel and step by step: what it computes on the host, in values and all gradients."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine import Tensor
from minigrad.layers import GRU, LSTM, RNN, GRUCell, LSTMCell, MUT1Cell, MUT2Cell, MUT3Cell, RNNCell, StackedCells

rng = np.random.default_rng(0)
STEPS, WORDS = rng.normal(size=(2, 3, 4)), rng.integers(0, 5, size=(2, 3))
PADDING = np.array([[True, True, False], [True, True, True]])

LAYERS = {
    "rnn": lambda **options: RNN(4, **options),
    "rnn, relu": lambda **options: RNN(4, activation="relu", **options),
    "lstm": lambda **options: LSTM(4, **options),
    "gru": lambda **options: GRU(4, **options),
    "gru, reset after": lambda **options: GRU(4, reset_after=True, **options),
    "rnn cell": lambda **options: RNN(RNNCell(4), **options),
    "lstm cell": lambda **options: RNN(LSTMCell(4), **options),
    "gru cell": lambda **options: RNN(GRUCell(4), **options),
    "mut1": lambda **options: RNN(MUT1Cell(4), **options),
    "mut2": lambda **options: RNN(MUT2Cell(4), **options),
    "mut3": lambda **options: RNN(MUT3Cell(4), **options),
    "stacked": lambda **options: RNN(StackedCells([LSTMCell(4), GRUCell(3)]), **options),
}


def results(make, unroll, move, dtype="float64"):
    """All outputs, all states, and the gradients of all weights and of the input, of two layers on one seed."""
    mg.set_random_seed(7)
    mg.set_floatx(dtype)
    x = move(Tensor(STEPS.astype(dtype), requires_grad=True))
    layer = make(return_sequences=True, return_state=True, unroll=unroll)
    outputs = layer(x, mask=PADDING)
    sum((y * y * 0.5 + y).sum() for y in outputs).backward()
    return [*(y.array for y in outputs), *(w.grad for w in layer.parameters()), x.grad]


@pytest.mark.parametrize("unroll", [False, True], ids=["kernel", "unrolled"])
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_the_same_on_both_devices(make, unroll, device):
    expected = results(make, unroll, lambda x: x)
    found = results(make, unroll, mg.to_gpu)
    assert len(found) == len(expected)
    for there, here in zip(found, expected, strict=True):
        assert not backend.on_host(there), "a result came back to the host"
        np.testing.assert_allclose(mg.to_cpu(there), here, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("unroll", [False, True], ids=["kernel", "unrolled"])
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_float32_stays_float32(make, unroll):
    assert {array.dtype for array in results(make, unroll, lambda x: x, "float32")} == {np.dtype("float32")}


@pytest.mark.parametrize("unroll", [False, True], ids=["kernel", "unrolled"])
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_integers_stand_for_one_hot_vectors_there_too(kind, unroll, device):
    gradients = []
    for move in (lambda x: x, mg.to_gpu):
        mg.set_random_seed(7)
        layer = kind(4, input_dim=5, unroll=unroll)
        (layer(move(Tensor(WORDS))) ** 2).sum().backward()
        gradients.append([mg.to_cpu(w.grad) for w in layer.parameters()])
    for here, there in zip(*gradients, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-5)
