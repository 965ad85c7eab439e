"""What must hold of every layer: gradients for inputs and weights, twice; a permuted batch permutes the output; a mask and
a batch of one change nothing that they should not; and settings make the same layer again.
"""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers
from tests.layers.test_device import CASES

RANDOM = {"Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout"}
KERNELS = {"RNN", "LSTM", "GRU", "Bidirectional"}               # whole sequences as one operation have first derivatives only
SMOOTH_TWICE = sorted(set(CASES) - KERNELS - RANDOM - {"Embedding", "Masking"})


def doubled(inputs):
    """The inputs of a case in float64, as a flat list, and how to give them to the layer."""
    nest = inputs if isinstance(inputs, tuple) else (inputs,)
    flat = [a.astype(np.float64) if a.dtype.kind == "f" else a for one in nest for a in (one if isinstance(one, list) else [one])]

    def given(tensors):
        rest = iter(tensors)
        return tuple([next(rest) for _ in one] if isinstance(one, list) else next(rest) for one in nest)
    return flat, given


def in_float64(name):
    """The layer of a case, built, in float64; its inputs; and a function of inputs and weights."""
    mg.set_floatx("float64")
    make, inputs = CASES[name]
    layer, (flat, given) = make(), doubled(inputs)
    layer(*given([mg.Tensor(a) for a in flat]))
    owners = [(one, word) for one in layer.layers_inside() for word, w in vars(one).items() if isinstance(w, mg.Parameter)]
    kept = [getattr(*place) for place in owners]

    def function(*tensors):
        for (owner, word), tensor in zip(owners, tensors[len(flat):]):
            setattr(owner, word, tensor)
        try:
            return layer(*given(tensors[:len(flat)]))
        finally:
            for (owner, word), weight in zip(owners, kept):
                setattr(owner, word, weight)
    return layer, flat, given, function, [w.numpy() + 0.01 * np.arange(w.size).reshape(w.shape) / w.size for w in kept]


@pytest.mark.parametrize("name", sorted(set(CASES) - RANDOM))
def test_gradients_for_inputs_and_weights(name):
    _, flat, _, function, weights = in_float64(name)
    mg.check_gradients(function, *flat, *weights, directions=1)


@pytest.mark.parametrize("name", SMOOTH_TWICE)
def test_second_derivatives(name):
    _, flat, _, function, weights = in_float64(name)
    mg.check_gradients(function, *flat, *weights, order=2, directions=1, tolerance=1e-5)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_permuted_batch_permutes_the_output(name):
    layer, flat, given, _, _ = in_float64(name)
    order = np.arange(len(flat[0]))[::-1]
    y = layer(*given([mg.Tensor(a) for a in flat])).numpy()
    assert np.allclose(layer(*given([mg.Tensor(a[order]) for a in flat])).numpy(), y[order], atol=1e-12)


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_example_alone_gives_what_it_gives_in_a_batch(name):
    layer, flat, given, _, _ = in_float64(name)
    y = layer(*given([mg.Tensor(a) for a in flat])).numpy()
    assert np.allclose(layer(*given([mg.Tensor(a[:1]) for a in flat])).numpy(), y[:1], atol=1e-12)


@pytest.mark.parametrize("name", sorted(CASES))
def test_settings_make_the_same_layer_again(name):
    layer, flat, given, _, _ = in_float64(name)
    if name == "Lambda":
        layers.register_function(mg.square)
    twin = type(layer).from_config(layer.get_config())
    twin(*given([mg.Tensor(a) for a in flat]))
    twin.set_weights(layer.get_weights())
    assert twin.name == layer.name and repr(twin) == repr(layer)
    assert np.array_equal(twin(*given([mg.Tensor(a) for a in flat])).numpy(), layer(*given([mg.Tensor(a) for a in flat])).numpy())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_symbol_promises_what_a_tensor_keeps(name):
    layer, flat, given, _, _ = in_float64(name)
    symbols = [layers.Input(a.shape[1:], dtype=a.dtype) for a in flat]
    promised = layer(*given(symbols))
    assert promised.shape == (None, *layer(*given([mg.Tensor(a) for a in flat])).shape[1:])
