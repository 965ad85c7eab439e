"""Layer and batch normalisation."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import BatchNormalization, Dense, LayerNormalization

rng = np.random.default_rng(0)
x = 3 + 2 * rng.normal(size=(16, 5, 4))


def test_layer_normalization():
    y = LayerNormalization(epsilon=1e-12, dtype="float64")(x).data
    assert np.allclose(y.mean(-1), 0) and np.allclose(y.std(-1), 1)
    y = LayerNormalization(axis=(1, 2), epsilon=1e-12, dtype="float64")(x).data
    assert np.allclose(y.mean((1, 2)), 0) and np.allclose(y.std((1, 2)), 1)
    assert np.all(LayerNormalization()(np.ones((1, 3))).data == 0)


def test_batch_normalization_in_training_and_in_use():
    layer = BatchNormalization(momentum=0.9, epsilon=1e-12, dtype="float64")
    y = layer(x, training=True).data
    assert np.allclose(y.mean((0, 1)), 0) and np.allclose(y.std((0, 1)), 1)
    assert np.allclose(layer.moving_mean.data, 0.1 * x.mean((0, 1))) and np.allclose(layer.moving_variance.data, 0.9 + 0.1 * x.var((0, 1)))
    used = layer(x).data
    assert np.allclose(used, (x - layer.moving_mean.data) / np.sqrt(layer.moving_variance.data))
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"] and len(layer.parameters()) == 2


def test_a_frozen_one_uses_what_it_remembers():
    layer = BatchNormalization()
    layer(x, training=True)
    layer.trainable = False
    before = layer.moving_mean.data.copy()
    assert np.array_equal(layer(x, training=True).data, layer(x).data) and np.array_equal(before, layer.moving_mean.data)


def test_masked_steps_do_not_count():
    masked = mg.Tensor(np.where(np.arange(5)[None, :, None] < 3, x, 99.0))
    masked.mask = np.broadcast_to(np.arange(5) < 3, (16, 5))
    one, other = BatchNormalization(), BatchNormalization()
    one(masked, training=True)
    other(x[:, :3], training=True)
    assert np.allclose(one.moving_mean.data, other.moving_mean.data, atol=1e-5)
    assert np.allclose(one.moving_variance.data, other.moving_variance.data, atol=1e-4)


def test_options_and_another_axis():
    layer = BatchNormalization(axis=1, center=False)
    layer(x, training=True)
    assert [w.shape for w in layer.weights] == [(5,), (5,), (5,)]
    with pytest.raises(ValueError, match="normalises axis 3, but its input has 2 axes"):
        BatchNormalization(axis=3)(x[0])
    with pytest.raises(ValueError, match=r"expects \(5,\) along axis 1"):
        layer(x[:, :4])


@pytest.mark.parametrize("layer", [LayerNormalization(dtype="float64"), BatchNormalization(dtype="float64")])
def test_gradients(layer):
    mg.check_gradients(lambda a: layer(a, training=True), x[:3, :2])


@pytest.mark.torch
def test_pytorch_agrees():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    t = torch.tensor(x)
    assert np.allclose(LayerNormalization(dtype="float64")(x).data, torch.nn.functional.layer_norm(t, (4,), eps=1e-3).numpy())
    flat = x.reshape(-1, 4)
    assert np.allclose(BatchNormalization(dtype="float64")(flat, training=True).data,
                       torch.nn.functional.batch_norm(torch.tensor(flat), None, None, training=True, eps=1e-3).numpy())


def test_moving_statistics_are_saved(tmp_path):
    model = mg.Sequential([Dense(3, input_dim=4), BatchNormalization()])
    model.compile("sgd", "mse")
    model.fit(x[:, 0], x[:, 0, :3], verbose=0)
    model.save(tmp_path / "m")
    assert np.array_equal(mg.load_model(tmp_path / "m").predict(x[:, 0]), model.predict(x[:, 0]))
