"""Asks Keras every question of keras_cases.py and writes its answers to keras.npz, with the versions that gave them.

    pip install keras torch && KERAS_BACKEND=torch python -m tests.figures.make_keras_figures
"""
from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch

from tests.figures import keras_cases as cases


def numpy(value):
    return keras.ops.convert_to_numpy(value) if not isinstance(value, float) else np.float64(value)


def ask_layer(name):
    """Outputs, the gradients of Σy² for every input, and the weights after the call (moving statistics)."""
    kind, arguments, shapes, call = cases.LAYERS[name]
    layer = cases.made(keras.layers, kind, arguments)
    xs = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in cases.inputs_of(name, shapes)]
    call = {word: torch.tensor(value).bool() if "mask" in word and isinstance(value, list) else value for word, value in call.items()}
    cases.called(layer, kind, xs, call)
    layer.set_weights(cases.weights_of(name, [w.shape for w in layer.weights]))
    ys = cases.called(layer, kind, xs, call)
    ys = list(ys) if isinstance(ys, (list, tuple)) else [ys]
    sum((y * y).sum() for y in ys).backward()
    trained = [w.value.grad for w in layer.trainable_weights]
    return {**{f"y{k}": numpy(y) for k, y in enumerate(ys)}, **{f"dx{k}": x.grad.numpy() for k, x in enumerate(xs) if x.grad is not None},
            **{f"dw{k}": g.numpy() for k, g in enumerate(trained)}, **{f"w{k}": numpy(w) for k, w in enumerate(layer.weights)}}


def ask_loss(name):
    kind, arguments, targets = cases.LOSSES[name]
    y, p = cases.targets_of(targets)
    loss, t = getattr(keras.losses, kind)(**arguments), torch.tensor(p, requires_grad=True)
    value = loss(y, t)
    value.backward()
    weighted = {} if name in cases.UNWEIGHTED else {"weighted": numpy(loss(y, p, sample_weight=cases.SAMPLE_WEIGHT))}
    return {"value": numpy(value), "dp": t.grad.numpy(), **weighted}


def ask_optimizer(name):
    kind, arguments = cases.OPTIMIZERS[name]
    optimizer, v = getattr(keras.optimizers, kind)(**arguments), keras.Variable(cases.START)
    path = []
    for g in cases.GRADIENTS:
        optimizer.apply([torch.tensor(g)], [v])
        path.append(numpy(v).copy())
    return {"path": np.stack(path)}


def ask_metric(name):
    kind, arguments, targets = cases.METRICS[name]
    y, p = cases.targets_of(targets)
    metric = getattr(keras.metrics, kind)(**arguments)
    metric.update_state(y[:3], p[:3])
    metric.update_state(y, p, sample_weight=cases.SAMPLE_WEIGHT)
    return {"value": numpy(metric.result())}


def ask_schedule(name):
    kind, arguments = cases.SCHEDULES[name]
    schedule = getattr(keras.optimizers.schedules, kind)(**arguments)
    return {"values": np.array([float(schedule(step)) for step in cases.STEPS])}


def main():
    answers = {"versions": np.array(f"keras {keras.__version__}, torch {torch.__version__}, numpy {np.__version__}")}
    for section, table, ask in (("layer", cases.LAYERS, ask_layer), ("loss", cases.LOSSES, ask_loss), ("metric", cases.METRICS, ask_metric),
                                ("optimizer", cases.OPTIMIZERS, ask_optimizer), ("schedule", cases.SCHEDULES, ask_schedule)):
        for name in table:
            answers |= {f"{section}/{name}/{key}": value for key, value in ask(name).items()}
    W = cases.START
    for name, (kind, arguments) in cases.PENALTIES.items():
        answers[f"penalty/{name}"] = numpy(getattr(keras.regularizers, kind)(**arguments)(torch.tensor(W)))
    for name, (kind, arguments) in cases.CONSTRAINTS.items():
        answers[f"constraint/{name}"] = numpy(getattr(keras.constraints, kind)(**arguments)(torch.tensor(W)))
    path = Path(__file__).with_name("keras.npz")
    np.savez_compressed(path, **answers)
    print(f"{path.name}: {len(answers)} answers by {answers['versions']}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
