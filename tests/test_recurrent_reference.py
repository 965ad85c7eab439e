"""RNN, LSTM and GRU, kernel and loop, against what Keras answers: stored numbers everywhere, Keras itself where it is installed."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minigrad as mg
from tests.recurrent_reference import CASES, FILE, MASK, NAMES, UNITS, inputs, keras_answers, numbers, shares

STORED = json.loads(FILE.read_text(encoding="utf-8"))


def our_answers(name, unroll):
    kind, options = CASES[name.removesuffix(", masked")]
    layer = getattr(mg.layers, kind)(UNITS, return_sequences=True, return_state=True, dtype="float64", unroll=unroll, **options)
    x = mg.Tensor(inputs(), requires_grad=True)
    layer(x)
    layer.set_weights([numbers(*W.shape, start=10 * k) for k, W in enumerate(layer.get_weights())])
    outputs = layer(x, mask=MASK if "masked" in name else None)
    loss = sum((y * share).sum() for y, share in zip(outputs, shares([y.shape for y in outputs])))
    return [y.data for y in (*outputs, *mg.gradients(loss, [x, *layer.parameters()]))]


def assert_same(found, expected):
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, np.array(theirs), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unroll", [False, True])
def test_the_stored_answers(name, unroll):
    assert_same(our_answers(name, unroll), STORED[name])


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_keras_answers(name, monkeypatch):
    """Marked like the comparisons with PyTorch, as the other library that may be there."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pytest.importorskip("jax", reason="Keras computes in float64 on JAX (pip install jax)")
    pytest.importorskip("keras", reason="asks Keras where it is installed (pip install keras)")
    assert_same(our_answers(name, False), keras_answers(name))
