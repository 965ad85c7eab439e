"""Keras' weights in minigrad's layers give Keras' outputs and gradients; losses, optimisers, schedules and activations agree too.

Everywhere against the figures that tests/references/make_references.py wrote down; where Keras is installed, against Keras itself.
"""
from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.exchange import from_keras, to_keras
from minigrad.layers import activations
from tests.references import cases

STORED = Path(__file__).parents[1] / "references" / "keras.npz"
HAS_KERAS = importlib.util.find_spec("keras") is not None and importlib.util.find_spec("torch") is not None


@pytest.fixture(scope="module", params=["stored", pytest.param("live", marks=[
    pytest.mark.torch, pytest.mark.skipif(not HAS_KERAS, reason="pip install keras torch")])])
def figures(request):
    """Name → array."""
    if request.param == "stored":
        with np.load(STORED, allow_pickle=False) as archive:
            return dict(archive)
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    import torch

    from tests.references import make_references as make
    return {**make.layer_figures(keras, torch), **make.loss_figures(keras), **make.optimizer_figures(keras), **make.small_figures(keras)}


def close(ours, theirs, tolerance=2e-5, scale=0.0):
    assert ours.shape == theirs.shape
    assert np.allclose(ours, theirs, rtol=tolerance, atol=tolerance * max(1.0, scale, float(np.abs(theirs).max())))


def numbered(figures, name, letter):
    found = {key.rpartition("/")[2]: array for key, array in figures.items() if key.startswith(f"layer/{name}/{letter}")}
    return {key: array for key, array in found.items() if key[1:].isdigit()}


class Line(mg.Model):
    """The layers of a case, one after another."""

    def __init__(self, specs):
        super().__init__()
        self.layers = [cases.build(L, spec) for spec in specs]

    def call(self, *x):
        return cases.run(self.layers, x if len(x) > 1 else x[0])


def test_the_figures_say_who_made_them():
    with np.load(STORED, allow_pickle=False) as archive:
        assert set(json.loads(str(archive["versions"]))) == {"keras", "torch", "numpy", "python"}


@pytest.mark.parametrize("name", cases.LAYERS)
def test_layers(name, figures):
    specs, x = cases.LAYERS[name]
    model = Line(specs)
    inputs = x if isinstance(x, tuple) else (x,)
    model(*inputs)
    weights = list(numbered(figures, name, "w").values())
    from_keras(model, weights)
    assert all(np.array_equal(*pair) for pair in zip(to_keras(model), weights, strict=True))
    y = model(*inputs)
    close(y.numpy(), figures[f"layer/{name}/y"])
    if weights:
        mg.sum(mg.square(y)).backward()
    scale = max((float(np.abs(g).max()) for g in numbered(figures, name, "g").values()), default=0.0)
    for k, weight in enumerate(model.weights):
        if (theirs := figures.get(f"layer/{name}/g{k}")) is not None:
            close(np.zeros(weight.shape) if weight.grad is None else weight.grad, theirs, scale=scale)


@pytest.mark.parametrize("name", cases.LOSSES)
def test_losses(name, figures):
    kind, arguments, y, p = cases.LOSSES[name]
    loss = getattr(mg.losses, kind)(**arguments)
    close(np.array([loss(y, p).item(), loss(y, p, sample_weight=cases.WEIGHTS).item()]), figures[f"loss/{name}"])


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_optimisers_step_by_step(name, figures):
    kind, arguments = cases.OPTIMIZERS[name]
    optimizer, theta = getattr(mg.optimizers, kind)(**arguments), mg.Parameter(cases.START)
    for g, theirs in zip(cases.GRADIENTS, figures[f"optimizer/{name}"]):
        theta.zero_grad()
        mg.sum(theta * g).backward()
        optimizer.step([theta])
        assert theta.dtype == np.float32
        close(theta.numpy(), theirs, 1e-5)               # Keras has 1 − βᵗ in float32


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_schedules(name, figures):
    kind, arguments = cases.SCHEDULES[name]
    close(np.array([getattr(mg.schedules, kind)(**arguments)(t) for t in range(20)]), figures[f"schedule/{name}"], 1e-6)


@pytest.mark.parametrize("name", cases.ACTIVATIONS)
def test_activations(name, figures):
    close(activations.get("gelu" if name == "gelu_tanh" else name)(mg.Tensor(cases.ROWS * 3)).numpy(), figures[f"activation/{name}"])


# ------------------------------------------------------------------------------------------------ whole models


def branched():
    x = mg.Input((4,))
    a, b = L.Dense(3, name="left")(x), L.Dense(3, name="right")(x)
    return mg.Model(x, L.Dense(2, name="out")(L.Add()([a, b])))


def test_branches_are_told_apart_by_name():
    model = branched()
    lists = {"out": [np.ones((3, 2)), np.zeros(2)], "right": [np.full((4, 3), 2.0), np.ones(3)], "add": [], "left": [np.full((4, 3), 3.0), np.zeros(3)]}
    from_keras(model, lists)
    assert model.get_layer("left").W.numpy().max() == 3.0 and model.get_layer("right").b.numpy().min() == 1.0


@pytest.mark.parametrize("change, words", [
    (lambda lists: lists[:-1], "got 5 arrays"), (lambda lists: [*lists[:-1], np.zeros(3)], "shape"),
    (lambda lists: {"left": lists[:2], "right": lists[2:4]}, "left, right"),
])
def test_what_does_not_fit_changes_nothing(change, words):
    model = branched()
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
