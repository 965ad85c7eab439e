"""Symbols: shapes found by trying, operators and functions written down, errors where the graph is built."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import LSTM, Dense, Dropout, Flatten, Input, Lambda, Reshape


@pytest.mark.parametrize("make, shape", [
    (lambda a: a + 1.0, (None, 6, 4)), (lambda a: 2.0 * a - a / 3.0, (None, 6, 4)), (lambda a: -a**2, (None, 6, 4)),
    (lambda a: a[:, -1], (None, 4)), (lambda a: a[..., 1:3], (None, 6, 2)), (mg.tanh, (None, 6, 4)),
    (lambda a: a.sum(axis=1), (None, 4)), (lambda a: mg.mean(a, axis=-1, keepdims=True), (None, 6, 1)),
    (lambda a: a @ np.ones((4, 7), np.float32), (None, 6, 7)), (lambda a: mg.concatenate([a, a], axis=1), (None, 12, 4)),
    (lambda a: mg.swapaxes(a, 1, 2), (None, 4, 6)), (lambda a: mg.reshape(a, (-1, 24)), (None, 24)),
    (lambda a: mg.stack([a, a]), (2, None, 6, 4)), (lambda a: a.relu().exp(), (None, 6, 4)), (lambda a: 1.0 / a.exp(), (None, 6, 4)),
    (lambda a: Flatten()(a), (None, 24)), (lambda a: LSTM(3)(a), (None, 3)), (lambda a: Reshape((3, -1))(a), (None, 3, 8)),
    (lambda a: Lambda(lambda x: x * 2)(a), (None, 6, 4)),
])
def test_shapes(make, shape):
    symbol = make(Input((6, 4)))
    assert symbol.shape == shape and symbol.dtype == np.float32


def test_unknown_lengths_stay_unknown():
    a = Input((None, 4))
    assert Dense(3)(a).shape == (None, None, 3) and LSTM(5, return_sequences=True)(a).shape == (None, None, 5)
    assert a.sum(axis=1).shape == (None, 4) and a[:, 2:].shape == (None, None, 4)


def test_several_results():
    y, h, c = LSTM(5, return_state=True)(Input((7, 4)))
    assert (y.shape, h.shape, c.shape) == ((None, 5),) * 3
    decoded = LSTM(5)(Input((3, 4)), initial_state=[h, c])
    assert decoded.shape == (None, 5)


def test_a_shape_that_does_not_fit_is_refused_at_construction():
    layer = Dense(2, name="out")
    layer(Input((3,)))
    with pytest.raises(ValueError, match=r"Dense 'out' expects 3 features \(axis -1\), got x of shape \(None, 5\)"):
        layer(Input((5,)))


def test_weights_need_a_known_last_axis():
    with pytest.raises(ValueError, match="needs to know the size of its input's last axis"):
        Dense(2)(Input((None,)))


def test_trying_leaves_no_trace():
    dropout = Dropout(0.5, seed=1)
    before = mg.generator().bit_generator.state
    with mg.Trace() as trace:
        dropout(Input((4,)))
    assert mg.generator().bit_generator.state == before and list(trace.tensors) == []


def test_symbols_refuse_to_be_values():
    a = Input((3,))
    with pytest.raises(TypeError, match="has no value yet"):
        bool(a)
    with pytest.raises(TypeError, match="cannot be iterated"):
        list(a)
    assert repr(Input((3,), name="x")) == "Symbol(shape=(None, 3), dtype=float32, name='x')"


def test_input_checks_its_shape():
    with pytest.raises(ValueError, match="needs shape"):
        Input()
    with pytest.raises(ValueError, match="sizes and None"):
        Input((3.5,))
    assert Input(batch_shape=(2, 3)).shape == (2, 3) and Input((3,), batch_size=4, dtype="int64").dtype == np.int64


def test_layers_know_their_input_and_output():
    a, layer = Input((3,)), Dense(2)
    with pytest.raises(AttributeError, match="has not been called on a Symbol"):
        _ = layer.output
    y = layer(a)
    assert layer.input is a and layer.output is y and layer.output_shape == (None, 2)
