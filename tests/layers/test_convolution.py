"""Convolutions and pooling: by hand, by PyTorch, by differences."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers

rng = np.random.default_rng(0)
sequence = rng.normal(size=(2, 9, 3)).astype(np.float32)
image = rng.normal(size=(2, 7, 8, 3)).astype(np.float32)


def plain_conv1d(x, W, b, stride, dilation):
    out = (x.shape[1] - (len(W) - 1) * dilation - 1) // stride + 1
    return np.stack([sum(x[:, t * stride + k * dilation] @ W[k] for k in range(len(W))) + b for t in range(out)], axis=1)


@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 2), (3, 1)])
def test_conv1d_by_hand(stride, dilation):
    layer = layers.Conv1D(4, 3, strides=stride, dilation_rate=dilation, bias_initializer="random_normal")
    assert np.allclose(layer(sequence).data, plain_conv1d(sequence, layer.W.array, layer.b.array, stride, dilation), atol=1e-5)


def test_causal_convolutions_do_not_look_ahead():
    layer = layers.Conv1D(2, 3, padding="causal", dilation_rate=2)
    changed = sequence.copy()
    changed[:, 5:] += 1.0
    before, after = layer(sequence).data, layer(changed).data
    assert before.shape == (2, 9, 2) and np.array_equal(before[:, :5], after[:, :5]) and not np.allclose(before[:, 5], after[:, 5])


@pytest.mark.torch
@pytest.mark.parametrize("strides, padding, dilation", [(1, "valid", 1), (1, "same", 1), (2, "valid", 1), ((2, 1), "valid", 1), (1, "valid", 2)])
def test_conv2d_is_pytorchs(strides, padding, dilation):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    layer = layers.Conv2D(5, (3, 3), strides=strides, padding=padding, dilation_rate=dilation)
    x = mg.Tensor(image, requires_grad=True)
    y = layer(x)
    (y * y).sum().backward()
    u = torch.tensor(image, requires_grad=True)
    W = torch.tensor(layer.W.numpy().transpose(3, 2, 0, 1).copy(), requires_grad=True)
    z = torch.nn.functional.conv2d(u.permute(0, 3, 1, 2), W, torch.tensor(layer.b.numpy()), strides, padding, dilation).permute(0, 2, 3, 1)
    (z * z).sum().backward()
    assert np.allclose(y.data, z.detach().numpy(), atol=1e-5) and np.allclose(x.grad, u.grad.numpy(), atol=1e-4)
    assert np.allclose(layer.W.grad, W.grad.numpy().transpose(2, 3, 1, 0), atol=1e-3)


@pytest.mark.torch
@pytest.mark.parametrize("pool, strides", [(2, None), (3, 2), ((2, 3), (1, 2))])
def test_pooling_is_pytorchs(pool, strides):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    F = torch.nn.functional
    u = torch.tensor(image).permute(0, 3, 1, 2)
    for ours, theirs in ((layers.MaxPooling2D, F.max_pool2d), (layers.AveragePooling2D, F.avg_pool2d)):
        assert np.allclose(ours(pool, strides)(image).data, theirs(u, pool, strides).permute(0, 2, 3, 1).numpy(), atol=1e-6)


def test_same_padding_has_keras_sizes():
    assert layers.Conv2D(1, 3, strides=2, padding="same")(image).shape == (2, 4, 4, 1)
    assert layers.MaxPooling2D(2, padding="same")(image).shape == (2, 4, 4, 3)
    assert layers.AveragePooling1D(4, padding="same")(sequence).shape == (2, 3, 3)


def test_same_average_pooling_counts_only_what_is_inside():
    assert np.allclose(layers.AveragePooling1D(2, padding="same")(np.ones((1, 3, 1))).data, 1.0)


def test_pooling_sequences():
    assert np.allclose(layers.MaxPooling1D(3)(sequence).data, sequence.reshape(2, 3, 3, 3).max(2))
    assert np.allclose(layers.AveragePooling1D(3)(sequence).data, sequence.reshape(2, 3, 3, 3).mean(2), atol=1e-6)


def test_global_pooling():
    assert np.allclose(layers.GlobalMaxPooling2D()(image).data, image.max((1, 2)))
    assert np.allclose(layers.GlobalAveragePooling2D(keepdims=True)(image).data, image.mean((1, 2), keepdims=True), atol=1e-6)
    assert np.allclose(layers.GlobalMaxPooling1D()(sequence).data, sequence.max(1))
    x = mg.Tensor(sequence)
    x.mask = np.arange(9)[None] < np.array([[4], [9]])
    assert np.allclose(layers.GlobalAveragePooling1D()(x).data, [sequence[0, :4].mean(0), sequence[1].mean(0)], atol=1e-6)


def test_upsampling():
    y = layers.UpSampling2D((2, 3))(image)
    assert np.array_equal(y.data, image.repeat(2, axis=1).repeat(3, axis=2))


@pytest.mark.parametrize("layer, x", [(layers.Conv1D(2, 2, dilation_rate=2, dtype="float64"), sequence), (layers.Conv2D(2, 2, strides=2, dtype="float64"), image),
                                      (layers.MaxPooling2D(2, padding="same", dtype="float64"), image), (layers.UpSampling2D(dtype="float64"), image),
                                      (layers.AveragePooling2D(3, 2, dtype="float64"), image)])
def test_gradients(layer, x):
    mg.check_gradients(layer, x.astype(np.float64))


def test_errors_say_what_was_expected():
    with pytest.raises(ValueError, match=r"Conv1D 'c' expects x of shape \(batch, time, channels\), got \(2, 7, 8, 3\)"):
        layers.Conv1D(1, 1, name="c")(image)
    with pytest.raises(ValueError, match=r"a window of \(10,\), larger than its input of shape \(2, 9, 3\)"):
        layers.Conv1D(1, 10)(sequence)
    with pytest.raises(ValueError, match="padding is one of valid, same, not 'causal'"):
        layers.Conv2D(1, 1, padding="causal")
    with pytest.raises(ValueError, match="kernel_size is a whole number above 0, or 2 of them"):
        layers.Conv2D(1, (1, 2, 3))
    layer = layers.Conv1D(1, 1, name="c")
    layer(sequence)
    with pytest.raises(ValueError, match=r"Conv1D 'c' expects 3 features"):
        layer(np.ones((1, 5, 4)))


def test_symbols_of_unknown_size():
    assert layers.Conv2D(4, 3, strides=2)(layers.Input((None, None, 3))).shape == (None, None, None, 4)
    assert layers.MaxPooling1D(2)(layers.Input((10, 3))).shape == (None, 5, 3)
