"""minigrad gives Keras' figures: layers with all their gradients, losses, metrics, optimisers, schedules.

The figures are in keras.npz, made by make_keras_figures.py, so this runs whether Keras is installed or not.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from tests.figures import keras_cases as cases

FIGURES = np.load(Path(__file__).with_name("keras.npz"))


def close(ours, name, rtol=2e-5, atol=2e-6, scale=1.0):
    """Equal but for rounding; `scale` is the size of what was added up on the way."""
    wanted = FIGURES[name]
    assert ours.shape == wanted.shape
    assert np.allclose(ours, wanted, rtol=rtol, atol=atol * max(scale, float(np.abs(wanted).max(initial=0.0)))), name


def test_figures_say_who_made_them():
    assert "keras 3." in str(FIGURES["versions"])


@pytest.mark.parametrize("name", cases.LAYERS)
def test_layers(name):
    kind, arguments, shapes, call = cases.LAYERS[name]
    layer = cases.made(mg.layers, kind, arguments)
    xs = [mg.Tensor(x, requires_grad=x.dtype.kind == "f") for x in cases.inputs_of(name, shapes)]
    call = {word: np.array(value, bool) if "mask" in word and isinstance(value, list) else value for word, value in call.items()}
    cases.called(layer, kind, xs, call)
    layer.set_weights(cases.weights_of(name, [w.shape for w in layer.weights]))
    ys = cases.called(layer, kind, xs, call)
    ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
    total = mg.sum(ys[0] * ys[0])
    for y in ys[1:]:
        total = total + mg.sum(y * y)
    total.backward()
    for k, y in enumerate(ys):
        close(y.numpy(), f"layer/{name}/y{k}")
    for k, x in enumerate(xs if xs[0].requires_grad else []):
        close(x.grad, f"layer/{name}/dx{k}", 1e-4, 1e-5)
    largest = max([1.0, *(float(np.abs(p.grad).max()) for p in layer.parameters())])
    for k, p in enumerate(layer.parameters()):
        close(p.grad, f"layer/{name}/dw{k}", 1e-4, 1e-5, largest)
    for k, w in enumerate(layer.weights):
        close(w.numpy(), f"layer/{name}/w{k}")


@pytest.mark.parametrize("name", cases.LOSSES)
def test_losses(name):
    kind, arguments, targets = cases.LOSSES[name]
    y, p = cases.targets_of(targets)
    loss, t = getattr(mg.losses, kind)(**arguments), mg.Tensor(p, requires_grad=True)
    value = loss(y, t)
    value.backward()
    close(value.numpy(), f"loss/{name}/value")
    close(t.grad, f"loss/{name}/dp", 1e-4, 1e-5)
    if name not in cases.UNWEIGHTED:
        close(loss(y, mg.Tensor(p), sample_weight=cases.SAMPLE_WEIGHT).numpy(), f"loss/{name}/weighted")


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_optimizers(name):
    kind, arguments = cases.OPTIMIZERS[name]
    optimizer, p, path = getattr(mg.optimizers, kind)(**arguments), mg.Parameter(cases.START), []
    for g in cases.GRADIENTS:
        p.grad = g
        optimizer.step([p])
        path.append(p.numpy())
    close(np.stack(path), f"optimizer/{name}/path")


@pytest.mark.parametrize("name", cases.METRICS)
def test_metrics(name):
    kind, arguments, targets = cases.METRICS[name]
    y, p = cases.targets_of(targets)
    metric = getattr(mg.metrics, kind)(**arguments)
    metric.update_state(y[:3], p[:3])
    metric.update_state(y, p, sample_weight=cases.SAMPLE_WEIGHT)
    close(np.array(metric.result()), f"metric/{name}/value")


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_schedules(name):
    kind, arguments = cases.SCHEDULES[name]
    schedule = getattr(mg.schedules, kind)(**arguments)
    close(np.array([schedule(step) for step in cases.STEPS]), f"schedule/{name}/values")


@pytest.mark.parametrize("name", cases.PENALTIES)
def test_regularizers(name):
    kind, arguments = cases.PENALTIES[name]
    close(getattr(mg.regularizers, kind)(**arguments)(mg.Tensor(cases.START)).numpy(), f"penalty/{name}")


@pytest.mark.parametrize("name", cases.CONSTRAINTS)
def test_constraints(name):
    kind, arguments = cases.CONSTRAINTS[name]
    close(getattr(mg.constraints, kind)(**arguments)(cases.START), f"constraint/{name}")
