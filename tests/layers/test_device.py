"""Every layer, loss, optimiser and schedule on a second device: the same numbers as on the CPU, and nothing mixed.

Runs on the stand-in array, which refuses what a GPU refuses, and on CuPy where there is a GPU.
"""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers, losses, metrics, optimizers
from minigrad.layers.layer import registry

rng = np.random.default_rng(0)
sequence = rng.normal(size=(2, 5, 4)).astype(np.float32)
vector = rng.normal(size=(3, 4)).astype(np.float32)
image = rng.normal(size=(2, 6, 6, 3)).astype(np.float32)
words = rng.integers(1, 5, (2, 5))

CASES = {
    "Dense": (lambda: layers.Dense(3, activation="gelu", kernel_regularizer="l2", kernel_constraint="max_norm"), vector),
    "Embedding": (lambda: layers.Embedding(5, 3, mask_zero=True), words),
    "RNN": (lambda: layers.RNN(3), sequence), "SimpleRNN": (lambda: layers.SimpleRNN(3, unroll=True), sequence),
    "LSTM": (lambda: layers.LSTM(3, return_sequences=True), sequence), "GRU": (lambda: layers.GRU(3, reset_after=True), sequence),
    "Activation": (lambda: layers.Activation("selu"), vector), "Softmax": (layers.Softmax, vector), "ReLU": (lambda: layers.ReLU(6.0), vector),
    "LeakyReLU": (layers.LeakyReLU, vector), "Dropout": (lambda: layers.Dropout(0.4, seed=1), vector),
    "SpatialDropout1D": (lambda: layers.SpatialDropout1D(0.4, seed=1), sequence), "GaussianNoise": (lambda: layers.GaussianNoise(0.4, seed=1), vector),
    "GaussianDropout": (lambda: layers.GaussianDropout(0.4, seed=1), vector), "Flatten": (layers.Flatten, sequence),
    "Reshape": (lambda: layers.Reshape((2, -1)), sequence), "Permute": (lambda: layers.Permute((2, 1)), sequence),
    "RepeatVector": (lambda: layers.RepeatVector(2), vector), "Masking": (layers.Masking, sequence), "Lambda": (lambda: layers.Lambda(mg.square), vector),
    "Add": (layers.Add, [vector, vector]), "Subtract": (layers.Subtract, [vector, 2 * vector]), "Multiply": (layers.Multiply, [vector, vector]),
    "Average": (layers.Average, [vector, vector]), "Maximum": (layers.Maximum, [vector, -vector]), "Minimum": (layers.Minimum, [vector, -vector]),
    "Concatenate": (layers.Concatenate, [vector, vector]), "Dot": (lambda: layers.Dot(1, normalize=True), [vector, vector + 1]),
    "LayerNormalization": (layers.LayerNormalization, sequence), "BatchNormalization": (layers.BatchNormalization, sequence),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(2)), sequence),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True)), sequence),
    "Conv1D": (lambda: layers.Conv1D(2, 3, padding="causal"), sequence), "Conv2D": (lambda: layers.Conv2D(2, 3, strides=2, padding="same"), image),
    "MaxPooling1D": (layers.MaxPooling1D, sequence), "MaxPooling2D": (lambda: layers.MaxPooling2D(2, 1, "same"), image),
    "AveragePooling1D": (layers.AveragePooling1D, sequence), "AveragePooling2D": (lambda: layers.AveragePooling2D(3, 2, "same"), image),
    "GlobalAveragePooling1D": (layers.GlobalAveragePooling1D, sequence), "GlobalAveragePooling2D": (layers.GlobalAveragePooling2D, image),
    "GlobalMaxPooling1D": (layers.GlobalMaxPooling1D, sequence), "GlobalMaxPooling2D": (layers.GlobalMaxPooling2D, image),
    "UpSampling2D": (layers.UpSampling2D, image), "Attention": (lambda: layers.Attention(use_scale=True), [sequence, sequence]),
    "AdditiveAttention": (layers.AdditiveAttention, [sequence, sequence]),
    "MultiHeadAttention": (lambda: layers.MultiHeadAttention(2, 3), (sequence, sequence)),
}


def test_every_layer_has_a_case():
    """Cells run inside RNN, and have their own tests."""
    built_in = {name for name, kind in registry.entries.items()
                if kind.__module__.startswith("minigrad.layers") and name == kind.__name__ and not issubclass(kind, layers.Cell)}
    assert built_in == set(CASES) - {"SimpleRNN"}


def run(layer, inputs, move):
    """Values and all gradients as NumPy arrays."""
    inputs = [[move(mg.Tensor(a, requires_grad=a.dtype.kind == "f")) for a in one] if isinstance(one, list) else
              move(mg.Tensor(one, requires_grad=one.dtype.kind == "f")) for one in (inputs if isinstance(inputs, tuple) else (inputs,))]
    y = layer(*inputs, training=True)
    kinds = {type(one.array) for one in [y, *layer.weights]}
    total = (y * y).sum()
    for penalty in layer.losses:
        total = total + penalty
    if total.requires_grad:
        total.backward()
    layer.constrain()
    leaves = [a for one in inputs for a in (one if isinstance(one, list) else [one])]
    grads = [mg.to_cpu(a.grad) for a in [*leaves, *layer.weights] if a.grad is not None]
    return mg.to_cpu(y).numpy(), grads, kinds


@pytest.mark.parametrize("name", CASES)
def test_the_same_on_both_devices(device, name):
    make, inputs = CASES[name]
    mg.set_random_seed(3)
    value, grads, _ = run(make(), inputs, lambda t: t)
    mg.set_random_seed(3)
    there, grads_there, kinds = run(make(), inputs, mg.to_gpu)
    assert np.ndarray not in kinds and len(kinds) == 1
    assert np.allclose(value, there, atol=1e-5) and len(grads) == len(grads_there)
    assert all(np.allclose(*pair, atol=1e-4) for pair in zip(grads, grads_there))


def test_masks_and_attention_masks(device):
    x = mg.to_gpu(mg.Tensor(words * np.array([[1, 1, 1, 0, 0]])))
    embedded = layers.Embedding(5, 4, mask_zero=True)(x)
    for layer in (layers.LSTM(3, return_sequences=True), layers.BatchNormalization(), layers.GlobalAveragePooling1D(), layers.Softmax()):
        layer(embedded, training=True)
    layers.Attention()([embedded, embedded], use_causal_mask=True)
    layers.MultiHeadAttention(2, 2)(embedded, embedded, use_causal_mask=True, attention_mask=np.tril(np.ones((5, 5), bool)))
    y = layers.Concatenate(axis=1)([embedded, layers.Dense(4)(embedded)])
    loss = losses.MeanSquaredError()(np.zeros((2, 10, 4), np.float32), y)
    loss.backward()
    assert loss.item() > 0


@pytest.mark.parametrize("name", sorted({loss.__name__ for loss in losses.OF_FUNCTION.values()}))
def test_losses(device, name):
    p = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
    y = np.array([1, 0]) if name.startswith("Sparse") else np.eye(2, dtype=np.float32)[[1, 0]]
    here, there = mg.Tensor(p, requires_grad=True), mg.to_gpu(mg.Tensor(p, requires_grad=True))
    values = []
    for t in (here, there):
        value = getattr(losses, name)()(y, t, sample_weight=np.array([1.0, 2.0]))
        value.backward()
        values.append(value.item())
    assert values[0] == pytest.approx(values[1], rel=1e-5) and np.allclose(here.grad, mg.to_cpu(there.grad), atol=1e-5)


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Nadam"])
def test_optimizers(device, name):
    results = []
    for move in (lambda a: a, mg.to_gpu):
        optimizer, p = optimizers.get(name), mg.Parameter(move(np.ones(3, np.float32)))
        optimizer.global_clipnorm = 1.0
        for _ in range(3):
            p.grad = move(np.array([1.0, -2.0, 3.0], np.float32))
            optimizer.step([p])
        state = optimizer.state({"p": p})
        optimizer.set_state({"p": p}, {key: mg.to_cpu(value) for key, value in state.items()})
        optimizer.step([p])
        results.append(np.asarray(mg.to_cpu(p.array)))
    assert np.allclose(*results, atol=1e-6)


def test_metrics_bring_their_numbers_home(device):
    p = mg.to_gpu(mg.Tensor(np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)))
    for name in ("accuracy", "perplexity", "sparse_top_k_categorical_accuracy"):
        assert metrics.get(name)(np.array([1, 0]), p) > 0


def test_fit_evaluate_and_predict(device):
    model = mg.Sequential([layers.Dense(4, input_dim=4, activation="tanh"), layers.Dropout(0.2), layers.Dense(2, activation="softmax")])
    model.to_gpu()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    y = np.array([0, 1, 0])
    model.fit(vector, y, epochs=2, batch_size=2, verbose=0, class_weight={0: 2.0}, validation_data=(vector, y))
    assert model.predict(vector).shape == (3, 2) and len(model.evaluate(vector, y, sample_weight=np.ones(3))) == 2
    assert isinstance(model.get_weights()[0], np.ndarray) and not isinstance(model.layers[0].W.array, np.ndarray)
