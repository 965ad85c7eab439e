"""Agreement with PyTorch beyond one layer: rectified, stacked and bidirectional nets, sequences of several lengths, given first states.

Our mask is there a packed sequence. Values, last states and every gradient, in float64 to 1e-10, by kernel and step by step.
"""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import RNN, Bidirectional, GRUCell, IRNNCell, LSTMCell, RNNCell

pytestmark = pytest.mark.torch
N, T, FEATURES, UNITS, LENGTHS = 4, 6, 3, 5, np.array([6, 3, 1, 4])
KINDS = {
    "RNN": (RNNCell, {}, "RNN", {}), "RNN relu": (RNNCell, {"activation": "relu"}, "RNN", {"nonlinearity": "relu"}),
    "IRNN": (IRNNCell, {}, "RNN", {"nonlinearity": "relu"}), "LSTM": (LSTMCell, {}, "LSTM", {}),
    "GRU reset_after": (GRUCell, {"reset_after": True}, "GRU", {}),
}
GATES = {"RNN": [0], "LSTM": [0, 1, 2, 3], "GRU": [1, 0, 2]}         # ours stands where theirs stands: z r h̃, and r z n there


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


def turned(array, kind):
    """Our weight, or its gradient, as PyTorch lays it out: gates in its order, rows and columns exchanged."""
    blocks = np.split(array, len(GATES[kind]), axis=-1)
    return np.concatenate([blocks[k] for k in GATES[kind]], axis=-1).T


def biases(b):
    """PyTorch has two; where we have one, the second is zero, and both have its gradient."""
    return b if b.ndim == 2 else np.stack([b, np.zeros_like(b)])


def copy_weights(cells, theirs, kind, torch):
    rng = np.random.default_rng(3)
    for suffix, cell in cells.items():
        for weight in (cell.W_xh, cell.W_hh, cell.b):
            weight.data = rng.normal(0.0, 0.5, weight.shape)
        b = biases(cell.b.data)
        for word, value in (("weight_ih", cell.W_xh.data), ("weight_hh", cell.W_hh.data), ("bias_ih", b[0]), ("bias_hh", b[1])):
            getattr(theirs, f"{word}_{suffix}").data = torch.tensor(turned(value, kind).copy())


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("around", ["one", "stacked", "bidirectional"])
@pytest.mark.parametrize("name", KINDS)
def test_lengths_states_and_gradients(name, around, unroll):
    torch = pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    make, options, kind, their_options = KINDS[name]
    rng, depth, both = np.random.default_rng(0), 1 + (around == "stacked"), around == "bidirectional"
    theirs = getattr(torch.nn, kind)(FEATURES, UNITS, num_layers=depth, bidirectional=both, batch_first=True, **their_options).double()
    cells = [make(UNITS, **options) for _ in range(depth)]
    layer = RNN(cells if depth > 1 else cells[0], return_sequences=True, return_state=True, unroll=unroll)
    layer = Bidirectional(layer) if both else layer
    layer.ready(((None, None, FEATURES),))
    inside = [layer.forward_layer.cell, layer.backward_layer.cell] if both else layer.cell.cells if depth > 1 else [layer.cell]
    inside = dict(zip(["l0", "l0_reverse"] if both else ["l0", "l1"], inside))
    copy_weights(inside, theirs, kind, torch)

    x, kinds = rng.normal(size=(N, T, FEATURES)), 2 if kind == "LSTM" else 1
    first = rng.normal(size=(kinds, len(inside), N, UNITS))
    x_there, first_there = torch.tensor(x, requires_grad=True), torch.tensor(first, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x_there, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    y_there, last_there = theirs(packed, tuple(first_there) if kinds == 2 else first_there[0])
    y_there, _ = torch.nn.utils.rnn.pad_packed_sequence(y_there, batch_first=True)
    last_there = torch.stack(last_there) if kinds == 2 else last_there[None]

    x, mask = mg.Tensor(x, requires_grad=True), np.arange(T) < LENGTHS[:, None]
    states = [mg.Tensor(first[k, part], requires_grad=True) for part in range(len(inside)) for k in range(kinds)]
    y, *last = layer(x, mask=mask, initial_state=states)
    same(y.data * mask[..., None], y_there)
    order = [(k, part) for part in range(len(inside)) for k in range(kinds)]
    for state, place in zip(last, order, strict=True):
        same(state.data, last_there[place])

    of_y, of_last = rng.normal(size=y.shape) * mask[..., None], rng.normal(size=first.shape)
    ((y * of_y).sum() + sum((state * of_last[place]).sum() for state, place in zip(last, order))).backward()
    ((y_there * torch.tensor(of_y)).sum() + (last_there * torch.tensor(of_last)).sum()).backward()
    same(x.grad, x_there.grad)
    for state, place in zip(states, order):
        same(state.grad, first_there.grad[place])
    for suffix, cell in inside.items():
        db = cell.b.grad if cell.b.ndim == 2 else np.stack([cell.b.grad] * 2)
        for word, gradient in (("weight_ih", cell.W_xh.grad), ("weight_hh", cell.W_hh.grad), ("bias_ih", db[0]), ("bias_hh", db[1])):
            same(turned(gradient, kind), getattr(theirs, f"{word}_{suffix}").grad)
