"""Every layer on a second device computes what it computes on the host, forward and backward, and stays there.

The table names a way to make each layer of `mg.layers` and its inputs; a layer without a row fails the test that counts them.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend, layers
from minigrad.engine import Tensor
from minigrad.structure import leaves

rng = np.random.default_rng(0)
FLAT, STEPS, WHOLE = rng.normal(size=(4, 6)), rng.normal(size=(2, 3, 6)), rng.integers(0, 5, size=(2, 3))
MASKED = np.where(np.arange(3)[:, None] < 2, STEPS, 0.0)


@dataclass
class Example:
    """A layer, how it is made, and what it is called with."""

    make: Any
    inputs: tuple = (FLAT,)
    options: dict = field(default_factory=dict)


def known(name: str) -> Any:
    """The class, when it is made: a row may stand here before its layer does."""
    return getattr(layers, name)


def both(name: str, *arguments: Any, **options: Any) -> list[Example]:
    """A recurrent layer as a kernel and step by step."""
    return [
        Example(lambda unroll=unroll: known(name)(*arguments, unroll=unroll, **options), (STEPS,)) for unroll in (False, True)
    ]


PAIR = ([FLAT, FLAT[::-1].copy()],)
EXAMPLES: dict[str, list[Example]] = {
    "Activation": [Example(lambda a=a: known("Activation")(a)) for a in ("tanh", "relu", "sigmoid", "softmax", "gelu", "elu")],
    "Softmax": [Example(lambda: known("Softmax")())],
    "ReLU": [Example(lambda: known("ReLU")(max_value=1.0, negative_slope=0.1, threshold=0.2)), Example(lambda: known("ReLU")())],
    "LeakyReLU": [Example(lambda: known("LeakyReLU")())],
    "Dropout": [Example(lambda: known("Dropout")(0.5), options={"training": True})],
    "SpatialDropout1D": [Example(lambda: known("SpatialDropout1D")(0.5), (STEPS,), {"training": True})],
    "GaussianNoise": [Example(lambda: known("GaussianNoise")(0.5), options={"training": True})],
    "GaussianDropout": [Example(lambda: known("GaussianDropout")(0.5), options={"training": True})],
    "Flatten": [Example(lambda: known("Flatten")(), (STEPS,))],
    "Reshape": [Example(lambda: known("Reshape")((2, 3))), Example(lambda: known("Reshape")((-1, 2)))],
    "Permute": [Example(lambda: known("Permute")((2, 1)), (STEPS,))],
    "RepeatVector": [Example(lambda: known("RepeatVector")(3))],
    "Masking": [Example(lambda: known("Masking")(), (MASKED,))],
    "Lambda": [Example(lambda: known("Lambda")(lambda x: mg.tanh(x) * 2.0))],
    "Dense": [Example(lambda: known("Dense")(3, activation="tanh")), Example(lambda: known("Dense")(3, use_bias=False), (STEPS,))],
    "Embedding": [Example(lambda: known("Embedding")(5, 3), (WHOLE,)), Example(lambda: known("Embedding")(5, 3, mask_zero=True), (WHOLE,))],
    "Add": [Example(lambda: known("Add")(), PAIR)],
    "Subtract": [Example(lambda: known("Subtract")(), PAIR)],
    "Multiply": [Example(lambda: known("Multiply")(), PAIR)],
    "Average": [Example(lambda: known("Average")(), PAIR)],
    "Maximum": [Example(lambda: known("Maximum")(), PAIR)],
    "Minimum": [Example(lambda: known("Minimum")(), PAIR)],
    "Concatenate": [Example(lambda: known("Concatenate")(), PAIR)],
    "Dot": [Example(lambda: known("Dot")(axes=1), PAIR)],
    "RNN": [*both("RNN", 4), *both("RNN", 4, return_sequences=True, go_backwards=True)],
    "SimpleRNN": both("SimpleRNN", 4, activation="relu"),
    "LSTM": [*both("LSTM", 4, return_sequences=True), *both("LSTM", 4, return_state=True)],
    "GRU": [*both("GRU", 4, return_sequences=True), *both("GRU", 4, reset_after=True)],
    "RNNCell": [Example(lambda: known("RNN")(known("RNNCell")(4)), (STEPS,))],
    "LSTMCell": [Example(lambda: known("RNN")(known("LSTMCell")(4)), (STEPS,))],
    "GRUCell": [Example(lambda: known("RNN")(known("GRUCell")(4)), (STEPS,))],
    "StackedCells": [Example(lambda: known("RNN")([known("LSTMCell")(4), known("GRUCell")(3)]), (STEPS,))],
    "LayerNormalization": [Example(lambda: known("LayerNormalization")())],
    "BatchNormalization": [Example(lambda t=t: known("BatchNormalization")(), options={"training": t}) for t in (True, False)],
    "TimeDistributed": [Example(lambda: known("TimeDistributed")(known("Dense")(3)), (STEPS,))],
    "Bidirectional": [Example(lambda: known("Bidirectional")(known("LSTM")(3, return_sequences=True)), (STEPS,))],
}
ABSTRACT = {"Layer", "Cell", "Random", "Recurrent"}  # nothing to call
ROWS = [
    pytest.param(example, id=f"{name}-{k}")
    for name, examples in EXAMPLES.items()
    for k, example in enumerate(examples)
    if hasattr(layers, name)
]


def test_every_layer_has_an_example():
    public = {
        name for name, thing in vars(layers).items() if inspect.isclass(thing) and issubclass(thing, layers.Layer) and name[0] != "_"
    }
    assert public - ABSTRACT <= set(EXAMPLES), "a layer has no example"


def run(example: Example, move: Any) -> list:
    """The outputs, and the gradients of all weights and floating inputs, for one seed."""
    mg.set_random_seed(7)
    mg.set_floatx("float64")
    layer = example.make()
    wanted = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in leaves(example.inputs)]
    moved = [move(x) for x in wanted]
    arguments = [moved] if isinstance(example.inputs[0], list) else moved
    outputs = [y for y in leaves(layer(*arguments, **example.options)) if isinstance(y, Tensor)]
    total = sum((y * y * 0.5 + y).sum() for y in outputs)
    if total.requires_grad:
        total.backward()
    gradients = [t.grad for t in [*moved, *layer.parameters()] if t.requires_grad]
    return [*(y.array for y in outputs), *(w.array for w in layer.weights), *gradients]


@pytest.mark.parametrize("example", ROWS)
def test_layer(example, device):
    expected = run(example, lambda x: x)
    found = run(example, mg.to_gpu)
    assert len(found) == len(expected)
    for there, here in zip(found, expected, strict=True):
        assert (there is None) == (here is None)
        if here is not None:
            assert not backend.on_host(there), "a result came back to the host"
            np.testing.assert_allclose(mg.to_cpu(there), here, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("example", ROWS)
def test_layer_in_float32_stays_float32(example):
    mg.set_floatx("float32")
    layer = example.make()
    inputs = [Tensor(x, requires_grad=True) if x.dtype.kind == "f" else Tensor(x) for x in leaves(example.inputs)]
    arguments = [inputs] if isinstance(example.inputs[0], list) else inputs
    outputs = [y for y in leaves(layer(*arguments, **example.options)) if isinstance(y, Tensor)]
    sum(y.sum() for y in outputs).backward() if any(y.requires_grad for y in outputs) else None
    assert {y.dtype for y in outputs} == {np.dtype("float32")}
    assert {w.dtype for w in layer.weights} | {w.grad.dtype for w in layer.parameters()} <= {np.dtype("float32")}
    assert {x.grad.dtype for x in inputs if x.grad is not None} <= {np.dtype("float64")}


def test_a_model_moves_trains_and_comes_back(device):
    mg.set_random_seed(1)
    model = layers.Dense(3)
    x = mg.to_gpu(Tensor(FLAT))
    assert mg.to_gpu(model) is model
    optimizer = mg.optimizers.Adam(learning_rate=0.1)
    losses = []
    for _ in range(5):
        model.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        mg.clip_by_global_norm(model.parameters(), 1.0)
        optimizer.step(model.parameters())
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(not backend.on_host(p.array) for p in model.parameters())
    assert mg.to_cpu(model) is model and all(backend.on_host(p.array) for p in model.parameters())
    assert all(isinstance(w, np.ndarray) for w in model.get_weights())
