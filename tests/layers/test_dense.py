"""Dense and Embedding."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import Dense, Embedding


def test_dense_is_the_product():
    layer, x = Dense(4, activation="tanh"), np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    y = layer(x)
    assert y.shape == (2, 5, 4) and np.allclose(y.data, np.tanh(x @ layer.W.array + layer.b.array), atol=1e-6)
    assert list(Dense(4, use_bias=False, input_dim=3).named_weights()) == []


def test_without_bias():
    layer = Dense(4, use_bias=False)
    layer(np.ones((1, 3)))
    assert list(layer.named_weights()) == ["W"]


def test_errors_name_the_layer():
    layer = Dense(2, name="out")
    layer(np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"^Dense 'out' expects 3 features \(axis -1\), got x of shape \(2, 5\)"):
        layer(np.ones((2, 5)))
    with pytest.raises(ValueError, match="units must be a whole number above 0, got 2.5"):
        Dense(2.5)


@pytest.mark.parametrize("activation", sorted(mg.layers.activations.activations.entries))
def test_every_activation_by_name(activation):
    x = np.linspace(-3, 3.1, 8).reshape(2, 4)
    layer = Dense(4, activation=activation, dtype="float64")
    layer(x)
    mg.check_gradients(lambda W: layer.activation(mg.Tensor(x) @ W), layer.W.numpy() + 0.05)


def test_embedding_picks_rows_and_adds_gradients():
    layer = Embedding(5, 3)
    y = layer([[1, 4, 1]])
    assert y.shape == (1, 3, 3) and np.array_equal(y.data[0, 0], layer.W.array[1])
    y.sum().backward()
    assert np.array_equal(layer.W.grad[:, 0], [0, 2, 0, 0, 1])


def test_embedding_masks_zero():
    assert np.array_equal(Embedding(5, 3, mask_zero=True)([[1, 0, 2]]).mask, [[True, False, True]])
    assert Embedding(5, 3)([[1, 0, 2]]).mask is None


def test_embedding_says_which_numbers_it_has():
    with pytest.raises(IndexError, match="has rows 0 to 4, got numbers from 0 to 5"):
        Embedding(5, 3)([[0, 5]])


@pytest.mark.torch
def test_pytorch_agrees():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    layer, x = Dense(4, activation="gelu"), np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    t = mg.Tensor(x, requires_grad=True)
    layer(t).sum().backward()
    theirs = torch.nn.Linear(3, 4)
    theirs.weight.data, theirs.bias.data = torch.tensor(layer.W.numpy().T), torch.tensor(layer.b.numpy())
    u = torch.tensor(x, requires_grad=True)
    torch.nn.functional.gelu(theirs(u)).sum().backward()
    assert np.allclose(t.grad, u.grad, atol=1e-6) and np.allclose(layer.W.grad, theirs.weight.grad.T, atol=1e-5)
