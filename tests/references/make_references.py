"""Asks Keras (on PyTorch) for its figures and its signatures, and writes them down beside this file.

    pip install keras torch numpy
    KERAS_BACKEND=torch python -m tests.references.make_references

keras.npz holds weights, outputs and gradients of every case in cases.py, and the versions that made them; test_keras.py compares
minigrad with it on machines that have no Keras. keras_signatures.json holds the arguments of what both have; docs/keras.md is
made of it.
"""
from __future__ import annotations

import inspect
import json
import os
import platform
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np

from tests.references import cases

HERE = Path(__file__).parent
Arrays = dict[str, np.ndarray]


def random_weights(layer: Any, chance: np.random.Generator) -> None:
    """No weight stays at a round number; what is a variance stays above zero."""
    layer.set_weights([np.abs(w) + 0.1 if "variance" in v.path else w for v, w in
                       ((v, chance.normal(0, 0.6, v.shape).astype("float32")) for v in layer.weights)])


def layer_figures(keras: Any, torch: Any) -> Arrays:
    """Weights, outputs, and the gradients of Σ y² in every trained weight."""
    found: Arrays = {}
    for name, (specs, x) in cases.LAYERS.items():
        chance = np.random.default_rng(len(name))
        stack = [cases.build(keras.layers, spec) for spec in specs]
        inputs = type(x)(map(torch.from_numpy, x)) if isinstance(x, (list, tuple)) else torch.from_numpy(x)
        cases.run(stack, inputs)
        for layer in stack:
            random_weights(layer, chance)
        y = cases.run(stack, inputs)
        if any(v.value.requires_grad for layer in stack for v in layer.trainable_variables):
            y.square().sum().backward()
        found[f"layer/{name}/y"] = y.detach().numpy()
        weights = [v for layer in stack for v in layer.weights]
        for k, v in enumerate(weights):
            found[f"layer/{name}/w{k}"] = v.numpy()
            if v.trainable:
                found[f"layer/{name}/g{k}"] = v.value.grad.numpy()
    return found


def loss_figures(keras: Any) -> Arrays:
    """The loss, and the loss with weights on the examples."""
    found = {}
    for name, (kind, arguments, y, p) in cases.LOSSES.items():
        loss = getattr(keras.losses, kind)(**arguments)
        found[f"loss/{name}"] = np.array([float(loss(y, p)), float(loss(y, p, sample_weight=cases.WEIGHTS))])
    return found


def optimizer_figures(keras: Any) -> Arrays:
    """The parameter after every step."""
    found = {}
    for name, (kind, arguments) in cases.OPTIMIZERS.items():
        optimizer, theta = getattr(keras.optimizers, kind)(**arguments), keras.Variable(cases.START)
        path = []
        for g in cases.GRADIENTS:
            optimizer.apply([keras.ops.convert_to_tensor(g)], [theta])
            path.append(theta.numpy().copy())
        found[f"optimizer/{name}"] = np.stack(path)
    return found


def small_figures(keras: Any) -> Arrays:
    """Schedules at their first steps, activations at the same numbers."""
    rates = {f"schedule/{name}": np.array([float(getattr(keras.optimizers.schedules, kind)(**arguments)(t)) for t in range(20)])
             for name, (kind, arguments) in cases.SCHEDULES.items()}
    x = keras.ops.convert_to_tensor(cases.ROWS * 3)
    tanh_form = {"gelu_tanh": lambda x: keras.activations.gelu(x, approximate=True)}
    return rates | {f"activation/{name}": keras.ops.convert_to_numpy((tanh_form.get(name) or keras.activations.get(name))(x))
                    for name in cases.ACTIVATIONS}


def signatures(keras: Any) -> dict[str, dict[str, Any]]:
    """Class (or Model.method) → {argument: its default as text, or null where it has none}."""
    from tests.references.signatures import METHODS, PLACES, module_of, public_classes
    found = {}
    for place in PLACES:
        for name in public_classes(module_of(place)):
            theirs = getattr(getattr(keras, "optimizers" if place == "schedules" else place), name, None)
            theirs = theirs or (getattr(keras.optimizers.schedules, name, None) if place == "schedules" else None)
            if theirs is not None:
                found[f"{place}.{name}"] = arguments_of(theirs.__init__)
    return found | {f"Model.{name}": arguments_of(getattr(keras.Model, name)) for name in METHODS}


def arguments_of(function: Any) -> dict[str, Any]:
    """The named arguments and their defaults."""
    return {p.name: None if p.default is p.empty else repr(p.default) for p in list(inspect.signature(function).parameters.values())[1:]
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def main() -> None:
    import keras
    import torch
    torch.set_num_threads(1)
    versions = {"keras": keras.__version__, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    figures = {**layer_figures(keras, torch), **loss_figures(keras), **optimizer_figures(keras), **small_figures(keras)}
    np.savez_compressed(HERE / "keras.npz", versions=np.array(json.dumps(versions)), **figures)
    text = json.dumps({"versions": versions, **signatures(keras)}, indent=1)
    (HERE / "keras_signatures.json").write_text(text + "\n", encoding="utf-8")
    print(f"{len(figures)} figures from {versions}")


if __name__ == "__main__":
    main()
