"""PyTorch's weights in minigrad's layers, and the other way: the same outputs and the same gradients, to float32."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.exchange import from_torch, to_torch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn = torch.nn


def sequence(module):
    """A recurrent module of PyTorch as a function of one tensor: all outputs."""
    return lambda x: module(x)[0]


def last(module):
    return lambda x: module(x)[0][:, -1]


def channels_last(module):
    """A module that has its channels first, called on channels last."""
    return lambda x: torch.movedim(module(torch.movedim(x, -1, 1)), 1, -1)


def attended(module):
    return lambda x: module(x, x, x, need_weights=False)[0]


class SelfAttention(mg.Model):
    """One tensor to itself."""

    def __init__(self, **options):
        super().__init__()
        self.inside = L.MultiHeadAttention(2, 3, **options)

    def call(self, x):
        return self.inside(x, x)


PAIRS = {
    "dense": (lambda: L.Dense(3), lambda: nn.Linear(4, 3), None, (6, 4)),
    "dense without bias": (lambda: L.Dense(3, use_bias=False), lambda: nn.Linear(4, 3, bias=False), None, (6, 4)),
    "embedding": (lambda: L.Embedding(9, 4), lambda: nn.Embedding(9, 4), None, "words"),
    "rnn": (lambda: L.RNN(3, return_sequences=True), lambda: nn.RNN(4, 3, batch_first=True), sequence, (2, 5, 4)),
    "rnn with relu": (lambda: L.RNN(3, "relu"), lambda: nn.RNN(4, 3, nonlinearity="relu", batch_first=True), last, (2, 5, 4)),
    "lstm": (lambda: L.LSTM(3, return_sequences=True), lambda: nn.LSTM(4, 3, batch_first=True), sequence, (2, 5, 4)),
    "lstm without bias": (lambda: L.LSTM(3, use_bias=False), lambda: nn.LSTM(4, 3, bias=False, batch_first=True), last, (2, 5, 4)),
    "gru": (lambda: L.GRU(3, reset_after=True, return_sequences=True), lambda: nn.GRU(4, 3, batch_first=True), sequence, (2, 5, 4)),
    "gru without bias": (lambda: L.GRU(3, reset_after=True, use_bias=False), lambda: nn.GRU(4, 3, bias=False, batch_first=True), last, (2, 5, 4)),
    "two layers": (lambda: L.RNN([L.LSTMCell(3), L.LSTMCell(3)], return_sequences=True),
                   lambda: nn.LSTM(4, 3, num_layers=2, batch_first=True), sequence, (2, 5, 4)),
    "both directions": (lambda: L.Bidirectional(L.GRU(3, reset_after=True, return_sequences=True)),
                        lambda: nn.GRU(4, 3, bidirectional=True, batch_first=True), sequence, (2, 5, 4)),
    "two layers, both directions": (
        lambda: mg.Sequential([L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.LSTM(3, return_sequences=True))]),
        lambda: nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True), sequence, (2, 5, 4)),
    "layer normalization": (lambda: L.LayerNormalization(epsilon=1e-5), lambda: nn.LayerNorm(4), None, (6, 4)),
    "batch normalization": (lambda: L.BatchNormalization(epsilon=1e-5, momentum=0.9), lambda: nn.BatchNorm1d(4), None, (6, 4)),
    "conv1d": (lambda: L.Conv1D(3, 2, strides=2), lambda: nn.Conv1d(4, 3, 2, stride=2), channels_last, (2, 8, 4)),
    "conv2d": (lambda: L.Conv2D(3, (2, 3), dilation_rate=2), lambda: nn.Conv2d(4, 3, (2, 3), dilation=2), channels_last, (2, 8, 9, 4)),
    "attention": (SelfAttention, lambda: nn.MultiheadAttention(6, 2, batch_first=True), attended, (2, 5, 6)),
    "attention without bias": (lambda: SelfAttention(use_bias=False), lambda: nn.MultiheadAttention(6, 2, bias=False, batch_first=True),
                               attended, (2, 5, 6)),
    "a model": (lambda: mg.Sequential([L.Embedding(9, 4), L.LSTM(3), L.LayerNormalization(epsilon=1e-5), L.Dense(5, "tanh"), L.Dense(2)]),
                lambda: nn.ModuleList([nn.Embedding(9, 4), nn.LSTM(4, 3, batch_first=True), nn.LayerNorm(3), nn.Linear(3, 5), nn.Linear(5, 2)]),
                lambda m: lambda x: m[4](torch.tanh(m[3](m[2](m[1](m[0](x))[0][:, -1])))), "words"),
}


def pair(name):
    """(the layer, built; the module, with every number of its own; its function; inputs)"""
    make, make_module, function, shape = PAIRS[name]
    torch.manual_seed(3)
    module = make_module()
    for tensor in module.state_dict().values():
        if tensor.dtype.is_floating_point:
            tensor.copy_(torch.rand_like(tensor) + 0.1)
    x = np.random.default_rng(5).integers(0, 9, (2, 5)) if shape == "words" else np.random.default_rng(5).normal(size=shape).astype("float32")
    layer = make()
    layer(x)
    return layer, module.eval(), (function or (lambda m: m))(module), x


def agree(layer, module, function, x):
    """Values, and the gradients of Σ y², in every weight."""
    layer.zero_grad()
    module.zero_grad()
    y, theirs = layer(x), function(torch.from_numpy(x))
    assert np.allclose(y.numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-5)
    mg.sum(mg.square(y)).backward()
    theirs.square().sum().backward()
    ours = total(np.sum(np.square(p.grad, dtype="float64")) for p in layer.parameters() if p.grad is not None)
    assert ours == pytest.approx(squares(module), rel=1e-4)


def total(numbers):
    return float(sum(numbers))


def squares(module):
    """Σ ‖∂L/∂w‖², of two biases that are added only the first."""
    doubled = isinstance(module, (nn.RNN, nn.LSTM))
    names = dict(module.named_parameters())
    kept = [p for name, p in names.items() if p.grad is not None and not (
        "bias_hh" in name and (doubled or name.startswith("1.")))]
    return total(float(p.grad.double().square().sum()) for p in kept)


@pytest.mark.parametrize("name", PAIRS)
def test_their_weights_here(name):
    layer, module, function, x = pair(name)
    from_torch(layer, module.state_dict())
    agree(layer, module, function, x)


@pytest.mark.parametrize("name", PAIRS)
def test_our_weights_there(name):
    layer, module, function, x = pair(name)
    ours = to_torch(layer, names=[""] if isinstance(layer, SelfAttention) else None)
    theirs = module.state_dict()
    assert {tuple(a.shape) for a in ours.values()} == {tuple(a.shape) for a in theirs.values()}
    renamed = dict(zip(theirs, ours.values())) if name in ("a model", "two layers, both directions") else ours
    module.load_state_dict(renamed)
    agree(layer, module, function, x)


@pytest.mark.parametrize("name", PAIRS)
def test_there_and_back_is_exact(name):
    layer, *_ = pair(name)
    before, state = layer.get_weights(), to_torch(layer)
    for weight in layer.weights:
        weight.data = weight.numpy() * 0
    from_torch(layer, state)
    assert all(np.array_equal(*both) for both in zip(before, layer.get_weights()))


def test_a_module_of_ones_own_is_taken_by_name():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.out, self.hidden = nn.Linear(5, 2), nn.Linear(4, 5)

        def forward(self, x):
            return self.out(torch.relu(self.hidden(x)))

    module, x = Net(), np.ones((3, 4), "float32")
    model = mg.Sequential([L.Dense(5, "relu", input_dim=4), L.Dense(2)])
    from_torch(model, module.state_dict(), order=["hidden", "out"])
    assert np.allclose(model.predict(x), module(torch.from_numpy(x)).detach(), atol=1e-6)
    module.load_state_dict(to_torch(model, names=["hidden", "out"]))


@pytest.mark.parametrize("make, module, words", [
    (lambda: L.GRU(3), lambda: nn.GRU(4, 3), "reset"),
    (lambda: L.LSTM(3, peephole=True), lambda: nn.LSTM(4, 3), "peepholes"),
    (lambda: L.RNN(3, "sigmoid"), lambda: nn.RNN(4, 3), "activations"),
    (lambda: L.LSTM(3, use_bias=False), lambda: nn.LSTM(4, 3), "b"),
    (lambda: L.LSTM(3), lambda: nn.LSTM(4, 3, bias=False), "b"),
    (lambda: L.LSTM(3), lambda: nn.LSTM(4, 5), "shape"),
    (lambda: L.LSTM(3), lambda: nn.LSTM(4, 3, num_layers=2), "places"),
    (lambda: L.LSTM(3), lambda: nn.Linear(4, 3), "weight_ih"),
    (lambda: L.RNN(L.MUT2Cell(4)), lambda: nn.RNN(4, 4), "no layer of PyTorch"),
])
def test_what_does_not_fit_is_refused_and_changes_nothing(make, module, words):
    layer = make()
    layer(np.ones((2, 5, 4), "float32"))
    before = layer.get_weights()
    with pytest.raises((ValueError, TypeError), match=words):
        from_torch(layer, module().state_dict())
    assert all(np.array_equal(*both) for both in zip(before, layer.get_weights()))
