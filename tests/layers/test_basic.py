"""Layers without weights: shapes, masks, chance, functions."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers

x34 = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("layer, expected", [
    (layers.Flatten(), x34.reshape(2, 12)), (layers.Reshape((4, 3)), x34.reshape(2, 4, 3)), (layers.Reshape((-1, 6)), x34.reshape(2, 2, 6)),
    (layers.Permute((2, 1)), x34.transpose(0, 2, 1)), (layers.Activation("relu"), x34), (layers.Lambda(mg.square), x34**2),
    (layers.ReLU(max_value=5.0), np.minimum(x34, 5)), (layers.LeakyReLU(0.1), x34), (layers.Dropout(0.5), x34),
    (layers.GaussianNoise(0.5), x34), (layers.Softmax(), np.exp(x34 % 4) / np.exp(np.arange(4)).sum()),
])
def test_values(layer, expected):
    assert np.allclose(layer(x34).data, expected, rtol=1e-5)


def test_repeat_vector():
    assert np.array_equal(layers.RepeatVector(3)(np.array([[1.0, 2.0]])).data, [[[1, 2]] * 3])
    with pytest.raises(ValueError, match="expects x of shape"):
        layers.RepeatVector(3)(x34)


def test_reshape_that_does_not_fit():
    with pytest.raises(ValueError, match=r"cannot turn \(3, 4\) \(12 numbers\) into \(5,\)"):
        layers.Reshape((5,))(x34)
    with pytest.raises(ValueError, match="cannot turn"):
        layers.Reshape((5, -1))(x34)


def test_permute_checks_its_axes():
    with pytest.raises(ValueError, match="orders the axes"):
        layers.Permute((1, 3))


def test_dropout_keeps_the_mean_and_is_reproducible():
    layer, x = layers.Dropout(0.25), np.ones((200, 200))
    mg.set_random_seed(1)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)} and y.mean() == pytest.approx(1.0, abs=0.01)
    mg.set_random_seed(1)
    assert np.array_equal(layer(x, training=True).numpy(), y)
    assert not np.array_equal(layer(x, training=True).numpy(), y)


def test_dropout_with_a_seed_of_its_own():
    one, other = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    x = np.ones((4, 4))
    first = one(x, training=True).numpy()
    assert np.array_equal(first, other(x, training=True).numpy()) and not np.array_equal(first, one(x, training=True).numpy())


def test_noise_shape_lets_steps_share_their_fate():
    y = layers.Dropout(0.5, noise_shape=(None, 1, None))(np.ones((5, 6, 7)), training=True).numpy()
    assert np.all(y == y[:, :1]) and 0 < (y == 0).mean() < 1
    y = layers.SpatialDropout1D(0.5)(np.ones((5, 6, 7)), training=True).numpy()
    assert np.all(y == y[:, :1])


def test_dropout_of_nothing_and_of_everything():
    x = np.ones((3, 3))
    assert np.array_equal(layers.Dropout(0.0)(x, training=True).data, x)
    assert np.array_equal(layers.Dropout(1.0)(x, training=True).data, 0 * x)
    with pytest.raises(ValueError, match="rate is the fraction"):
        layers.Dropout(1.5)


def test_noise_has_the_stated_spread():
    y = layers.GaussianNoise(0.3)(np.zeros((200, 200)), training=True).numpy()
    assert y.std() == pytest.approx(0.3, rel=0.02)
    y = layers.GaussianDropout(0.5)(np.ones((200, 200)), training=True).numpy()
    assert y.mean() == pytest.approx(1.0, abs=0.02) and y.std() == pytest.approx(1.0, rel=0.02)


def test_masking():
    x = np.array([[[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]]])
    y = layers.Masking()(x)
    assert np.array_equal(y.mask, [[True, False, True]]) and np.array_equal(y.data, x)


def test_a_mask_reaches_the_recurrent_layer_and_padding_changes_nothing():
    model = mg.Sequential([layers.Embedding(5, 3, mask_zero=True), layers.LSTM(4)])
    assert np.allclose(model.predict(np.array([[1, 2, 0, 0]])), model.predict(np.array([[1, 2]])), atol=1e-7)


def test_softmax_with_a_mask():
    y = layers.Softmax()(np.zeros((1, 4)), mask=np.array([[True, True, False, False]]))
    assert np.allclose(y.data, [[0.5, 0.5, 0, 0]])


def test_lambda_with_arguments():
    assert np.array_equal(layers.Lambda(lambda x, k: x * k, arguments={"k": 3.0})(np.ones((1, 2))).data, [[3, 3]])
    with pytest.raises(ValueError, match="a lambda has no name"):
        layers.register_function(lambda x: x)
