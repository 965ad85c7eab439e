"""Shapes that do not fit are refused where the graph is built: by every layer and operation, in the shapes that the user wrote."""
from __future__ import annotations

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers
from minigrad.layers import Input
from tests.layers.test_device import CASES

ANY_SHAPE = {"Embedding", "Activation", "ReLU", "LeakyReLU", "Dropout", "GaussianNoise", "GaussianDropout", "Flatten", "Masking"}


def then(*shapes):
    """The layer is called on Inputs of these shapes, one after another: the last call is the wrong one."""
    def call(layer):
        for shape in shapes:
            layer(Input(shape))
    return call


def of(*shapes):
    """The layer is called on a list of Inputs of these shapes."""
    return lambda layer: layer([Input(shape) for shape in shapes])


# name → how to make it, what is wrong, and what the message must say beside the name: what is expected, and what came
WRONG = {
    "Dense": (lambda: layers.Dense(4), then((3,), (5,)), ["expects 3 features", "(None, 5)"]),
    "RNN": (lambda: layers.RNN(4), then((7, 3), (7, 5)), ["expects 3 features", "(None, 7, 5)"]),
    "SimpleRNN": (lambda: layers.SimpleRNN(4), then((7,)), ["(batch, time, features)", "(None, 7)"]),
    "LSTM": (lambda: layers.LSTM(4), then((7, 3), (7, 5)), ["expects 3 features", "(None, 7, 5)"]),
    "GRU": (lambda: layers.GRU(4), then((7, 3), (None, 5)), ["expects 3 features", "(None, None, 5)"]),
    "Softmax": (lambda: layers.Softmax(axis=3), then((7, 5)), ["axis 3", "(None, 7, 5)"]),
    "SpatialDropout1D": (lambda: layers.SpatialDropout1D(0.5), then((7,)), ["(None, 1, None)", "(None, 7)"]),
    "Reshape": (lambda: layers.Reshape((4, -1)), then((7,)), ["(4, -1)", "(None, 7)"]),
    "Permute": (lambda: layers.Permute((3, 1, 2)), then((7,)), ["3 axes", "(None, 7)"]),
    "RepeatVector": (lambda: layers.RepeatVector(3), then((7, 5)), ["(batch, features)", "(None, 7, 5)"]),
    "Lambda": (lambda: layers.Lambda(lambda x: x @ np.ones((3, 4))), then((7,)), ["3 is different from 7", "(None, 7)"]),
    "Add": (layers.Add, of((3,), (5,)), ["(None, 3) and (None, 5)", "Dense"]),
    "Subtract": (layers.Subtract, of((None, 3), (7, 5)), ["(None, None, 3) and (None, 7, 5)", "Dense"]),
    "Multiply": (layers.Multiply, of((7, 3), (5,)), ["(None, 7, 3) and (None, 5)", "Dense"]),
    "Average": (layers.Average, of((3,), (5,)), ["(None, 3) and (None, 5)", "Dense"]),
    "Maximum": (layers.Maximum, of((3,), (5,)), ["(None, 3) and (None, 5)", "Dense"]),
    "Minimum": (layers.Minimum, of((3,), (5,)), ["(None, 3) and (None, 5)", "Dense"]),
    "Concatenate": (layers.Concatenate, of((7, 4), (5, 4)), ["(None, 7, 4) and (None, 5, 4)", "choose another axis="]),
    "Dot": (lambda: layers.Dot(1), of((3,), (5,)), ["(None, 3)", "(None, 5)", "choose other axes="]),
    "LayerNormalization": (layers.LayerNormalization, then((3,), (5,)), ["expects (3,)", "(None, 5)"]),
    "BatchNormalization": (lambda: layers.BatchNormalization(axis=1), then((3, 4), (5, 4)), ["expects (3,)", "(None, 5, 4)"]),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(4)), then((7, 3), (7, 5)), ["expects 3 features", "(None, 7, 5)"]),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(4)), then((7,)), ["(batch, time, features)", "(None, 7)"]),
    "Conv1D": (lambda: layers.Conv1D(4, 30), then((7, 3)), ["(30,)", "(None, 7, 3)"]),
    "Conv2D": (lambda: layers.Conv2D(4, 3), then((7, 5)), ["(batch, height, width, channels)", "(None, 7, 5)"]),
    "MaxPooling1D": (layers.MaxPooling1D, then((7,)), ["(batch, time, channels)", "(None, 7)"]),
    "MaxPooling2D": (lambda: layers.MaxPooling2D(8), then((7, 5, 3)), ["(8, 8)", "(None, 7, 5, 3)"]),
    "AveragePooling1D": (lambda: layers.AveragePooling1D(8), then((7, 3)), ["(8,)", "(None, 7, 3)"]),
    "AveragePooling2D": (layers.AveragePooling2D, then((7,)), ["(batch, height, width, channels)", "(None, 7)"]),
    "GlobalAveragePooling1D": (layers.GlobalAveragePooling1D, then((7,)), ["(batch, time, channels)", "(None, 7)"]),
    "GlobalAveragePooling2D": (layers.GlobalAveragePooling2D, then((7, 5)), ["(batch, height, width, channels)", "(None, 7, 5)"]),
    "GlobalMaxPooling1D": (layers.GlobalMaxPooling1D, then((7,)), ["(batch, time, channels)", "(None, 7)"]),
    "GlobalMaxPooling2D": (layers.GlobalMaxPooling2D, then((7,)), ["(batch, height, width, channels)", "(None, 7)"]),
    "UpSampling2D": (lambda: layers.UpSampling2D(3), then((7, 5)), ["(batch, height, width, channels)", "(None, 7, 5)"]),
    "Attention": (layers.Attention, of((7, 3), (4, 5)), ["query (None, 7, 3), value (None, 4, 5)", "Dense"]),
    "AdditiveAttention": (layers.AdditiveAttention, of((3,), (3,)), ["(batch, time, features)", "query (None, 3), value (None, 3)"]),
    "MultiHeadAttention": (lambda: layers.MultiHeadAttention(4, 3), lambda layer: layer(Input((7, 3)), Input((4, 5)), key=Input((6, 5))),
                           ["(batch, S, 5)", "(None, 7, 3), (None, 4, 5), (None, 6, 5)"]),
}


def test_every_layer_is_asked():
    assert set(WRONG) | ANY_SHAPE == set(CASES)


@pytest.mark.parametrize("name", WRONG)
def test_layers(name):
    make, call, said = WRONG[name]
    layer = make()
    with pytest.raises(ValueError) as error:
        call(layer)
    message = str(error.value)
    assert layer.label in message and all(part in message for part in said), message
    told = "\n".join([message, *getattr(error.value, "__notes__", [])])
    assert not re.search(r"\b(2|32|600)\b", re.sub(r"Conv2D|Pooling2D|1D|2D", "", told)), f"the size of a trial is shown: {told}"


a, b = np.ones((5,), np.float32), np.ones((5, 7), np.float32)
OPERATIONS = {
    "x + y": (lambda: Input((3,)) + Input((5,)), ["add does not fit (None, 3) and (None, 5)", "equal or 1", "Dense"]),
    "x - array": (lambda: Input((3,)) - a, ["subtract does not fit (None, 3) and (5,)", "equal or 1"]),
    "array * x": (lambda: a * Input((None, 3)), ["multiply does not fit (5,) and (None, None, 3)"]),
    "x > y": (lambda: Input((3,)) > Input((5,)), ["greater does not fit (None, 3) and (None, 5)"]),
    "where": (lambda: mg.where(Input((5,)) > 0, Input((4,)), 0.0), ["where does not fit (None, 5) and (None, 4)", "equal or 1"]),
    "x @ W": (lambda: Input((3,)) @ b, ["matmul does not fit (None, 3) and (5, 7)", "last axis of the first"]),
    "x[:, 7]": (lambda: Input((5,))[:, 7], ["x[:, 7] does not fit (None, 5)", "axis 1 with size 5"]),
    "x[..., 1:4, -6]": (lambda: Input((3, 5))[..., 1:4, -6], ["x[..., 1:4, -6] does not fit (None, 3, 5)", "axis 2 with size 5"]),
    "x[:, ::3, 0, 1]": (lambda: Input((3, 5))[:, ::3, 0, 1], ["x[:, ::3, 0, 1] does not fit (None, 3, 5)", "too many indices"]),
    "concatenate": (lambda: mg.concatenate([Input((7, 4)), Input((5, 4))]), ["concatenate does not fit (None, 7, 4) and (None, 5, 4)"]),
    "stack": (lambda: mg.stack([Input((3,)), Input((5,))]), ["stack does not fit (None, 3) and (None, 5)"]),
    "reshape": (lambda: mg.reshape(Input((5, 3)), (-1, 4)), ["reshape does not fit (None, 5, 3)", "-1 stands for what is left"]),
    "einsum": (lambda: mg.einsum("ni,ni->n", Input((3,)), Input((5,))), ["einsum does not fit (None, 3) and (None, 5)"]),
    "sum": (lambda: Input((5, 3)).sum(axis=4), ["sum does not fit (None, 5, 3)", "axis 4"]),
    "transpose": (lambda: mg.transpose(Input((5,)), (0, 3, 1)), ["transpose does not fit (None, 5)"]),
    "a batch": (lambda: Input((5,)) + np.ones((9, 5)), ["add does not fit (None, 5) and (9, 5)"]),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name):
    make, said = OPERATIONS[name]
    with pytest.raises((ValueError, IndexError)) as error:
        make()
    told = "\n".join([str(error.value), *getattr(error.value, "__notes__", [])])
    assert all(part in told for part in said), told
    assert not re.search(r"(?<!axis )\b(2|32|600)\b(?!-dimensional)", told), f"the size of a trial is shown: {told}"


def test_errors_of_layers_inside_name_both():
    inner = mg.Sequential([layers.Dense(4, input_dim=3, name="narrow")], name="head")
    with pytest.raises(ValueError, match=r"Sequential 'head' .*\(None, 5\).*Dense 'narrow' expects 3 features"):
        inner(Input((5,)))


@pytest.mark.parametrize("make, shape", [
    (lambda: layers.Conv1D(4, 50)(Input((None, 3))), (None, None, 4)), (lambda: Input((None, 3))[:, 40], (None, 3)),
    (lambda: layers.MaxPooling1D(64)(Input((None, 3))), (None, None, 3)), (lambda: Input((None, 3)).reshape(-1, 2), (None, 2)),
    (lambda: layers.Add()([Input((None, 3)), Input((7, 3))]), (None, 7, 3)), (lambda: Input((3,)) + Input((3,), batch_size=9), (9, 3)),
    (lambda: layers.Multiply()([Input((7, 3)), Input((3,))]), (None, 7, 3)), (lambda: Input((None, 1)) * Input((1, 5)), (None, None, 5)),
])
def test_what_could_fit_is_not_refused(make, shape):
    """Wide windows over a length that is not known, and lengths of which only one is known."""
    assert make().shape == shape
