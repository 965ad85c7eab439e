"""Keras' lists of weights in minigrad's layers, and the other way: the figures of Keras come out, stored ones and live ones."""
from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.exchange import from_keras, to_keras
from tests.figures import keras_cases as cases

FIGURES = np.load(Path(cases.__file__).with_name("keras.npz"), allow_pickle=False)
WITH_WEIGHTS = [name for name in cases.LAYERS if f"layer/{name}/w0" in FIGURES]


def theirs(name):
    """The list of weights that Keras had."""
    return [FIGURES[f"layer/{name}/w{k}"] for k in range(100) if f"layer/{name}/w{k}" in FIGURES]


@pytest.mark.parametrize("name", [name for name in WITH_WEIGHTS if "in training" not in name and "axis 1" not in name])
def test_their_weights_here_and_back(name):
    kind, arguments, shapes, call = cases.LAYERS[name]
    layer, xs = cases.made(L, kind, arguments), cases.inputs_of(name, shapes)
    call = {word: np.array(value, bool) if "mask" in word and isinstance(value, list) else value for word, value in call.items()}
    cases.called(layer, kind, xs, call)
    from_keras(layer, theirs(name))
    ys = cases.called(layer, kind, xs, call)
    for k, y in enumerate(ys if isinstance(ys, tuple) else [ys]):
        assert np.allclose(y.numpy(), FIGURES[f"layer/{name}/y{k}"], rtol=2e-5, atol=2e-6)
    assert all(np.array_equal(*pair) for pair in zip(to_keras(layer), theirs(name), strict=True))


# ------------------------------------------------------------------------------------------------ whole models, with Keras itself


@pytest.fixture
def keras():
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")


def line(layers, model, inputs):
    """The same text makes it on both sides: everything that has weights."""
    return model([inputs((6,), dtype="int64"), layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
                  layers.GRU(5, reset_after=True, return_sequences=True), layers.GRU(4, reset_after=False, return_sequences=True),
                  layers.SimpleRNN(4, return_sequences=True), layers.LayerNormalization(), layers.Conv1D(3, 2, padding="causal"),
                  layers.BatchNormalization(), layers.Dropout(0.5), layers.Flatten(), layers.Dense(2, activation="softmax")])


def branched(layers, model, inputs):
    x = inputs((4, 6))
    left, right = layers.Dense(6, name="left")(x), layers.Dense(6, name="right")(x)
    heads = layers.MultiHeadAttention(2, 3, name="heads")(left, right)
    joined = layers.Add(name="sum")([heads, layers.AdditiveAttention(name="additive")([right, left])])
    return model(x, layers.Dense(2, name="out")(layers.GlobalAveragePooling1D(name="mean")(joined)))


def randomized(theirs):
    chance = np.random.default_rng(0)
    theirs.set_weights([np.abs(chance.normal(0, 0.5, w.shape)) + 0.1 for w in theirs.get_weights()])
    return theirs


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_a_sequential_model_goes_over_and_back(keras):
    theirs = randomized(line(keras.layers, keras.Sequential, keras.Input))
    ours, x = line(L, mg.Sequential, L.Input), np.random.default_rng(1).integers(1, 9, (5, 6))
    from_keras(ours, theirs.get_weights())
    assert np.allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    theirs.set_weights(to_keras(ours))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_a_model_with_branches_goes_over_by_names(keras):
    theirs = randomized(branched(keras.layers, keras.Model, keras.Input))
    ours, x = branched(L, mg.Model, L.Input), np.random.default_rng(1).normal(size=(5, 4, 6)).astype("float32")
    from_keras(ours, {layer.name: layer.get_weights() for layer in theirs.layers})
    assert np.allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)


def test_branches_are_told_apart_by_name():
    model = branched(L, mg.Model, L.Input)
    lists = {layer.name: [w + 1 for w in layer.get_weights()] for layer in model.layers}
    from_keras(model, dict(reversed(lists.items())))
    assert all(np.array_equal(*pair) for name, arrays in lists.items() for pair in zip(model.get_layer(name).get_weights(), arrays))


@pytest.mark.parametrize("change, words", [
    (lambda lists: lists[:-1], "arrays"), (lambda lists: [*lists[:-1], np.zeros(3)], "shape"), (lambda lists: {"left": lists[:2]}, "left"),
])
def test_what_does_not_fit_changes_nothing(change, words):
    model = branched(L, mg.Model, L.Input)
    before = to_keras(model)
    with pytest.raises(ValueError, match=words):
        from_keras(model, change([w + 1 for w in before]))
    assert all(np.array_equal(*pair) for pair in zip(before, to_keras(model)))


def test_forms_that_keras_has_not_are_refused():
    layer = L.LSTM(2, peephole=True)
    layer(np.ones((1, 3, 2), "float32"))
    with pytest.raises(ValueError, match="peepholes"):
        to_keras(layer)


def test_the_two_resets_of_a_gru_are_not_confused():
    before, after = L.GRU(2), L.GRU(2, reset_after=True)
    for layer in (before, after):
        layer(np.ones((1, 3, 2), "float32"))
    with pytest.raises(ValueError, match="shape"):
        from_keras(before, to_keras(after))
