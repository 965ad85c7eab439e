"""What ONNX Runtime computes of an exported model is what the model predicts."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.exchange import to_onnx
from minigrad.structure import leaves
from tests.models.gallery import line, numbers, words

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

S = {"input_shape": (6, 4)}
LAYERS = {
    "dense": lambda: [L.Dense(3, "tanh", input_dim=4)], "dense on sequences": lambda: [L.Dense(3, use_bias=False, **S)],
    "activations": lambda: [L.Activation("relu", **S), L.ReLU(max_value=1.0, negative_slope=0.1), L.LeakyReLU(0.2), L.Softmax(axis=1)],
    "shapes": lambda: [L.Reshape((4, -1), **S), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(3), L.Dropout(0.5), L.GaussianNoise(1.0)],
    "rnn": lambda: [L.RNN(3, return_sequences=True, **S)], "rnn relu": lambda: [L.RNN(3, "relu", use_bias=False, **S)],
    "lstm": lambda: [L.LSTM(3, return_sequences=True, **S)],
    "lstm peepholes": lambda: [L.LSTM(3, peephole=True, go_backwards=True, return_sequences=True, **S)],
    "lstm hard": lambda: [L.LSTM(3, recurrent_activation="hard_sigmoid", activation="softsign", **S)],
    "gru before": lambda: [L.GRU(3, return_sequences=True, **S)], "gru after": lambda: [L.GRU(3, reset_after=True, **S)],
    "stack of cells": lambda: [L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True, **S)],
    "both directions": lambda: [L.Bidirectional(L.LSTM(3, return_sequences=True), **S), L.Bidirectional(L.GRU(2), merge_mode="ave")],
    "every step": lambda: [L.TimeDistributed(L.Dense(2, "sigmoid"), **S)],
    "normalised": lambda: [L.LayerNormalization(**S), L.BatchNormalization(), L.LayerNormalization(scale=False)],
    "conv1d": lambda: [L.Conv1D(3, 2, padding="causal", dilation_rate=2, **S), L.MaxPooling1D(2), L.GlobalAveragePooling1D()],
    "conv1d same": lambda: [L.Conv1D(3, 4, strides=2, padding="same", activation="relu", **S), L.AveragePooling1D(2, strides=1), L.GlobalMaxPooling1D()],
    "conv2d": lambda: [L.Conv2D(3, (3, 2), strides=2, padding="same", input_shape=(9, 8, 2)), L.MaxPooling2D(2, padding="same"), L.Flatten()],
    "conv2d pooled": lambda: [L.Conv2D(3, 2, use_bias=False, input_shape=(9, 8, 2)), L.AveragePooling2D((3, 2), padding="same"), L.GlobalAveragePooling2D()],
}
ACTIVATIONS = ["elu", "exponential", "gelu", "hard_sigmoid", "hard_tanh", "leaky_relu", "linear", "log_softmax", "mish", "relu6", "selu", "sigmoid",
               "silu", "softmax", "softplus", "softsign"]


def check(model, x, tmp_path):
    """The same outputs, for another batch size than any that the model has seen."""
    for k, weight in enumerate(model.weights):
        weight.data = weight.numpy() + 0.2 * np.abs(np.random.default_rng(k).normal(size=weight.shape)).astype(weight.dtype)
    to_onnx(model, tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    wanted = session.get_inputs()
    dtypes = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    results = session.run(None, {one.name: a.astype(dtypes[one.type]) for one, a in zip(wanted, leaves(x), strict=True)})
    for theirs, ours in zip(results, leaves(model.predict(x)), strict=True):
        assert np.allclose(theirs, ours, rtol=1e-5, atol=1e-5)
    return session


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, tmp_path):
    model = line(*LAYERS[name]())
    check(model, numbers(3, *model.inputs.shape[1:]), tmp_path)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, tmp_path):
    check(line(L.Dense(3, name, input_dim=4)), numbers(5, 4) * 3, tmp_path)


def test_a_language_model(tmp_path):
    check(line(L.Embedding(9, 4, input_length=6), L.LSTM(5, return_sequences=True), L.GRU(4), L.Dense(9, "softmax")), words(4, 6), tmp_path)


def test_integers_that_stand_for_one_hot_vectors(tmp_path):
    x = mg.Input((6,), dtype="int64")
    check(mg.Model(x, L.LSTM(5, input_dim=9)(x)), words(4, 6), tmp_path)


def test_any_length_of_sequence(tmp_path):
    model = line(L.Input((None, 2)), L.GRU(3, return_sequences=True), L.Dense(1))
    session = check(model, numbers(2, 5, 2), tmp_path)
    assert session.run(None, {session.get_inputs()[0].name: numbers(1, 9, 2)})[0].shape == (1, 9, 1)


def test_branches_joins_and_shared_layers(tmp_path):
    a, b = mg.Input((4,), name="a"), mg.Input((4,), name="b")
    shared = L.Dense(4, "tanh")
    p, q = shared(a), shared(b)
    joined = L.Concatenate()([L.Add()([p, q, a]), L.Multiply()([p, q]), L.Average()([p, q]), L.Subtract()([p, q]), L.Maximum()([p, q]), L.Minimum()([p, q])])
    model = mg.Model([a, b], {"one": L.Dense(2)(joined), "two": joined})
    session = check(model, [numbers(3, 4), numbers(3, 4) + 1], tmp_path)
    assert [one.name for one in session.get_inputs()] == ["a", "b"] and [one.name for one in session.get_outputs()] == ["one", "two"]


def test_operations_on_symbols(tmp_path):
    x = mg.Input((4, 6))
    y = mg.tanh(x[:, 1:, ::-2]) * 2.0 - 1.0 / (1.0 + mg.exp(-x[:, -1:, :3]))
    y = y + mg.sum(mg.square(x), axis=-1, keepdims=True)[:, :1] @ mg.Tensor(np.ones((1, 3), "float32")).numpy()
    z = mg.concatenate([mg.swapaxes(y, 1, 2), mg.softmax(mg.transpose(y, (0, 2, 1)))], axis=1)
    ends = [mg.mean(z, axis=(1, 2)), mg.max(z, axis=1), mg.stack([z, -z], axis=1), mg.clip(z, -0.5, 0.5)[:, 0], mg.flip(z, axis=1), z.reshape((-1, 18)),
            mg.expand_dims(z, 1), mg.maximum(z, 0.1) ** 2, mg.sqrt(mg.abs(z)), mg.moveaxis(z, 1, 2), mg.squeeze(z[:, :, :1], 2)]
    check(mg.Model(x, ends), numbers(3, 4, 6), tmp_path)


def test_a_model_inside_a_model_and_an_encoder_with_a_decoder(tmp_path):
    x, start = mg.Input((4, 2)), mg.Input((3, 2))
    inner_input = mg.Input((4, 2))
    inner = mg.Model(inner_input, L.Dense(2, "tanh")(inner_input))
    _, h, c = L.LSTM(3, return_state=True)(inner(x))
    y = L.LSTM(3, return_sequences=True)(start, initial_state=[h, c])
    check(mg.Model([x, start], line(L.Dense(2), L.Activation("relu"))(y)), [numbers(2, 4, 2), numbers(2, 3, 2)], tmp_path)


@pytest.mark.parametrize("layers, words", [
    ([L.Masking(input_shape=(3, 2)), L.LSTM(2)], "mask"), ([L.Embedding(5, 2, mask_zero=True, input_length=3), L.LSTM(2)], "mask"),
    ([L.LSTM(2, stateful=True, batch_size=1, input_shape=(3, 2))], "stateful"), ([L.LSTM(2, coupled=True, input_shape=(3, 2))], "no ONNX form"),
    ([L.UpSampling2D(input_shape=(2, 2, 1))], "there is one for"), ([L.Dense(2, lambda x: x * 2, input_dim=2)], "activation"),
])
def test_what_has_no_form_says_so(layers, words):
    with pytest.raises(NotImplementedError, match=words):
        to_onnx(line(*layers))


def test_a_model_without_a_graph_says_what_to_do():
    with pytest.raises(ValueError, match="input_shape"):
        to_onnx(line(L.Dense(2)))


@pytest.mark.parametrize("join", [L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum])
def test_joins_of_unequal_rank(join, tmp_path):
    a, b = L.Input((3, 4), name="a"), L.Input((4,), name="b")
    check(mg.Model([a, b], join()([a, b])), [numbers(3, 3, 4), numbers(3, 4)], tmp_path)
