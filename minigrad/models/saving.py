"""Saving and loading: weights, whole models, and checkpoints to go on from. One safetensors file each; no pickle.

A model file holds the weights under `weights/…`, the optimiser's memory under `optimizer/…`, and the architecture as
JSON in the header's words. Everything in a file is checked before anything in memory is changed.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .. import backend
from ..layers.layer import Parameter, allowance, assign
from .architecture import decoded, encoded, layer_data, layer_from, saveable
from .files import (
    ModelFileError,
    parse_json,
    read_npz,
    read_safetensors,
    refuse_difference,
    write_npz,
    write_safetensors,
)
from .objective import Objective

VERSION = 1


# ------------------------------------------------------------------------------- weights

def host_arrays(model: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Path → NumPy array, for every weight."""
    return {prefix + path: np.asarray(backend.to_cpu(weight.array)) for path, weight in model.named_weights().items()}


def save_weights(model: Any, path: Any) -> None:
    """The weights alone: safetensors, or .npz if the path ends so."""
    arrays = host_arrays(model)
    if Path(path).suffix == ".npz":
        write_npz(path, arrays)
    else:
        write_safetensors(path, arrays, {"format": "minigrad-weights", "version": str(VERSION)})


def load_weights(model: Any, path: Any) -> None:
    """Fills a model of the same architecture; names and shapes must agree, else nothing is changed."""
    weights = model.named_weights()
    if not weights:
        raise ValueError(f"{model.label} has no weights yet: say its input_shape, or call it once, before load_weights")
    if Path(path).suffix == ".npz":
        arrays = read_npz(path, {name: weight.shape for name, weight in weights.items()})
    else:
        arrays, metadata = read_safetensors(path)
        if metadata.get("format") in ("minigrad-model", "minigrad-checkpoint"):
            arrays = section(arrays, "weights/")
    fill(model, arrays, path)


def section(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def fill(model: Any, arrays: dict[str, np.ndarray], path: Any) -> None:
    """Checks every name and shape, then assigns."""
    weights = model.named_weights()
    refuse_difference(list(arrays), list(weights), path)
    for name, weight in weights.items():
        if arrays[name].shape != weight.shape:
            raise ModelFileError(f"{path} does not fit the model: {name} has shape {arrays[name].shape} there, {weight.shape} here")
        if arrays[name].dtype.kind != weight.dtype.kind:
            raise ModelFileError(f"{path} does not fit the model: {name} is {arrays[name].dtype} there, {weight.dtype} here")
    for name, weight in weights.items():
        assign(weight, arrays[name])


# ------------------------------------------------------------------------------- models

def save_model(model: Any, path: Any) -> None:
    """Architecture, weights, optimiser and what was compiled. A loss or metric without a registered name is left out."""
    arrays, words = model_content(model)
    write_safetensors(path, arrays, {"format": "minigrad-model", "version": str(VERSION), **words})


def model_content(model: Any) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the words of a model file."""
    arrays, training = training_content(model)
    words = {"architecture": json.dumps(layer_data(model)), "training": json.dumps(training)}
    return {**host_arrays(model, "weights/"), **arrays}, words


def training_content(model: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The optimiser (its settings as JSON, its slots as arrays) and what `compile` was told."""
    if model.optimizer is None:
        return {}, {}
    state = model.optimizer.state(parameters_by_path(model))
    arrays = {f"optimizer/{key}": np.asarray(backend.to_cpu(value)) for key, value in state.items()}
    compiled = {word: saveable(value) for word, value in model._compiled.items()}
    return arrays, {"optimizer": saveable(model.optimizer), **compiled}


def parameters_by_path(model: Any) -> dict[str, Parameter]:
    return {path: weight for path, weight in model.named_weights().items() if isinstance(weight, Parameter)}


def load_model(path: Any) -> Any:
    """The model that `save` wrote: architecture, weights, optimiser, ready to be trained on. Raises ModelFileError."""
    arrays, words = read_safetensors(path)
    refuse_foreign(words, "minigrad-model", path)
    with documented_errors(path), allowance(sum(array.size for array in arrays.values())):
        model = layer_from(parse_json(words.get("architecture", ""), path))
        fill(model, section(arrays, "weights/"), path)
        restore_training(model, parse_json(words.get("training", ""), path), section(arrays, "optimizer/"))
    return model


def restore_training(model: Any, training: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """What save_model wrote about compile and the optimiser."""
    if training.get("optimizer") is None:
        return
    optimizer = decoded(training["optimizer"])
    compiled = {word: decoded(training.get(word)) for word in ("loss", "metrics", "loss_weights", "weighted_metrics")}
    Objective(**compiled)
    model.compile(optimizer, **compiled)
    set_optimizer_state(model, arrays)


def set_optimizer_state(model: Any, arrays: dict[str, np.ndarray]) -> None:
    """The optimiser's slots, which must have their parameters' shapes (or be single numbers)."""
    parameters = parameters_by_path(model)
    for key, array in arrays.items():
        path = key.rpartition("/")[0]
        if key != "iterations" and (path not in parameters or array.shape not in ((), parameters[path].shape)):
            raise ModelFileError(f"the optimiser remembers {key!r} of shape {array.shape}, which fits no parameter")
    if arrays:
        model.optimizer.set_state(parameters, {"iterations": 0, **arrays})


def refuse_foreign(words: dict[str, str], wanted: str, path: Any) -> None:
    """A file must say that it is what is asked for, and of a version that is understood."""
    found = words.get("format")
    if found != wanted:
        raise ModelFileError(f"{path} holds no {wanted}: " + (f"it is a {found} file" if found else "it says nothing of minigrad")
                             + ("; load_weights reads it" if found == "minigrad-weights" else ""))
    version = words.get("version", "")
    if not version.isascii() or not version.isdigit() or len(version) > 9 or int(version) > VERSION:
        raise ModelFileError(f"{path} is of version {version!r:.20}; this minigrad reads up to {VERSION}")


@contextmanager
def documented_errors(path: Any) -> Iterator[None]:
    """Whatever a damaged description runs into while a model is made of it comes out as ModelFileError."""
    try:
        yield
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(f"{path} describes no model that can be made: {type(error).__name__}: {error}") from error


# ------------------------------------------------------------------------------- checkpoints

def save_checkpoint(model: Any, path: Any, position: dict[str, Any]) -> None:
    """Weights, optimiser, and `position`: any nest of numbers, texts and arrays."""
    optimizer_arrays, _ = training_content(model)
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(encoded(without_arrays(position, arrays)))
    rate = model.optimizer.learning_rate
    words = {"position": text, "learning_rate": json.dumps(None if callable(rate) else float(rate))}
    write_safetensors(path, {**host_arrays(model, "weights/"), **optimizer_arrays, **arrays},
                      {"format": "minigrad-checkpoint", "version": str(VERSION), **words})


def without_arrays(nest: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The nest with its arrays taken out and numbered."""
    if isinstance(nest, dict):
        return {key: without_arrays(part, arrays) for key, part in nest.items()}
    if isinstance(nest, (list, tuple)):
        return [without_arrays(part, arrays) for part in nest]
    if not isinstance(nest, np.ndarray):
        return nest
    arrays[f"position/{len(arrays)}"] = nest
    return {"__array__": len(arrays) - 1}


def with_arrays(nest: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The inverse of without_arrays."""
    if isinstance(nest, dict):
        if list(nest) == ["__array__"]:
            return np.array(arrays[f"position/{nest['__array__']}"])
        return {key: with_arrays(part, arrays) for key, part in nest.items()}
    return [with_arrays(part, arrays) for part in nest] if isinstance(nest, list) else nest


def load_checkpoint(model: Any, path: Any) -> dict[str, Any]:
    """Restores weights and optimiser, and returns the position. A file that does not fit changes nothing."""
    arrays, words = read_safetensors(path)
    refuse_foreign(words, "minigrad-checkpoint", path)
    with documented_errors(path):
        position = with_arrays(decoded(parse_json(words.get("position", ""), path)), arrays)
        rate = json.loads(words.get("learning_rate", "null"))
        slots = section(arrays, "optimizer/")
        if not model.built and not model.named_weights():
            raise ModelFileError(f"{model.label} has no weights yet: say its input_shape, or call it once, before it can go on")
        fill(model, section(arrays, "weights/"), path)
        set_optimizer_state(model, slots)
        if rate is not None:
            model.optimizer.learning_rate = rate
    return position

