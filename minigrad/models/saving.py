"""Saving and loading: weights, whole models, and training that goes on where it was interrupted. No pickle, no code run.

A model is one safetensors file: the weights under `weights/…`, arrays that stand in its formulas under `constants/…`, the
optimiser's memory under `optimizer/…`, and in the header's words the architecture, what `compile` was told, and, in a checkpoint, the position that training had reached,
all as JSON. Everything in a file is checked before anything in memory is changed.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .. import backend
from ..engine import Tensor
from ..layers.layer import Parameter, allowance, assign
from .architecture import described, made
from .files import (
    ModelFileError,
    documented_errors,
    parse_json,
    read_npz,
    read_safetensors,
    refuse_difference,
    write_npz,
    write_safetensors,
)
from .objective import Objective
from .values import NotSaveable, decoded, encoded, saveable

VERSION = 2                                                       # 1 knew no sharing between models, and no constants
MODEL, WEIGHTS = "minigrad-model", "minigrad-weights"
Arrays = dict[str, np.ndarray]


# ------------------------------------------------------------------------------- weights

def host_arrays(model: Any, prefix: str = "") -> Arrays:
    """Path → NumPy array, for every weight."""
    return {prefix + path: np.asarray(backend.to_cpu(weight.array)) for path, weight in model.named_weights().items()}


def save_weights(model: Any, path: Any) -> None:
    """The weights alone: safetensors, or .npz if the path ends so."""
    if Path(path).suffix == ".npz":
        write_npz(path, host_arrays(model))
    else:
        write_safetensors(path, host_arrays(model), {"format": WEIGHTS, "version": str(VERSION)})


def load_weights(model: Any, path: Any) -> None:
    """Fills a model of the same architecture, from weights or from a model file; what does not fit changes nothing."""
    weights = needed_weights(model, "load_weights")
    if Path(path).suffix == ".npz":
        arrays = read_npz(path, {name: weight.shape for name, weight in weights.items()})
    else:
        arrays, words = read_safetensors(path)
        if words.get("format") == MODEL:
            arrays = section(arrays, "weights/")
        refuse_version(words, path)
    put(fitted(model, arrays, path))


def needed_weights(model: Any, word: str) -> dict[str, Tensor]:
    """The weights to be filled; a model that has not met its input yet has none."""
    weights = model.named_weights()
    if not weights and not model.built:
        raise ValueError(f"{model.label} has no weights yet: say its input_shape, or call it once, before {word}")
    return weights


def section(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def fitted(model: Any, arrays: Arrays, path: Any) -> list[tuple[Tensor, np.ndarray]]:
    """Each weight with the array that belongs to it; names, shapes and kinds must agree."""
    weights = model.named_weights()
    refuse_difference(list(arrays), list(weights), path)
    for name, weight in weights.items():
        there, here = arrays[name], weight
        if there.shape != here.shape or there.dtype.kind != here.dtype.kind:
            raise ModelFileError(f"{path} does not fit the model: {name} is {there.dtype} of shape {there.shape} there, "
                                 f"{here.dtype} of shape {here.shape} here")
    return [(weight, arrays[name]) for name, weight in weights.items()]


def put(pairs: list[tuple[Tensor, np.ndarray]]) -> None:
    """Gives every weight its array."""
    for weight, array in pairs:
        assign(weight, array)


# ------------------------------------------------------------------------------- writing models

def save_model(model: Any, path: Any) -> None:
    """Architecture, weights, optimiser and what was compiled. A loss or metric without a registered name is left out."""
    arrays, words = trained_content(model)
    architecture, constants = described(model)
    write_model(path, {**host_arrays(model, "weights/"), **constants, **arrays}, {"architecture": json.dumps(architecture), **words})


def save_checkpoint(model: Any, path: Any, position: dict[str, Any]) -> None:
    """The same and `position`, a nest of numbers, texts and arrays. The architecture of a class without a name is left out."""
    arrays, words = trained_content(model)
    positions: Arrays = {}
    words["position"] = json.dumps(encoded(without_arrays(position, positions)))
    constants: Arrays = {}
    try:
        architecture, constants = described(model)
        words["architecture"] = json.dumps(architecture)
    except NotSaveable:
        pass                                                      # going on needs the weights alone
    write_model(path, {**host_arrays(model, "weights/"), **constants, **arrays, **positions}, words)


def write_model(path: Any, arrays: Arrays, words: dict[str, str]) -> None:
    write_safetensors(path, arrays, {"format": MODEL, "version": str(VERSION), **words})


def trained_content(model: Any) -> tuple[Arrays, dict[str, str]]:
    """The optimiser (its settings as JSON, its slots as arrays) and what `compile` was told."""
    if model.optimizer is None:
        return {}, {}
    state = model.optimizer.state(parameters_by_path(model))
    arrays = {f"optimizer/{key}": np.asarray(backend.to_cpu(value)) for key, value in state.items()}
    compiled = {word: saveable(value) for word, value in model._compiled.items()}
    return arrays, {"training": json.dumps({"optimizer": saveable(model.optimizer), **compiled})}


def parameters_by_path(model: Any) -> dict[str, Parameter]:
    return {path: weight for path, weight in model.named_weights().items() if isinstance(weight, Parameter)}


def without_arrays(nest: Any, arrays: Arrays) -> Any:
    """The nest with its arrays taken out and numbered."""
    if isinstance(nest, dict):
        return {key: without_arrays(part, arrays) for key, part in nest.items()}
    if isinstance(nest, (list, tuple)):
        return [without_arrays(part, arrays) for part in nest]
    if not isinstance(nest, np.ndarray):
        return nest
    arrays[f"position/{len(arrays)}"] = nest
    return {"__array__": len(arrays) - 1}


def with_arrays(nest: Any, arrays: Arrays) -> Any:
    """The inverse of without_arrays."""
    if isinstance(nest, dict):
        if list(nest) == ["__array__"]:
            return np.array(arrays[f"position/{nest['__array__']}"])
        return {key: with_arrays(part, arrays) for key, part in nest.items()}
    return [with_arrays(part, arrays) for part in nest] if isinstance(nest, list) else nest


# ------------------------------------------------------------------------------- reading models

def load_model(path: Any) -> Any:
    """The model that `save` wrote: architecture, weights, optimiser, ready to be trained on. Raises ModelFileError."""
    arrays, words = read_model(path)
    if "architecture" not in words:
        raise ModelFileError(f"{path} holds weights and no architecture; make the model, then load_weights reads it")
    with documented_errors(path, "describes no model that can be made"), allowance(sum(a.size for a in arrays.values())):
        model = made(parse_json(words["architecture"], path), {k: a for k, a in arrays.items() if k.startswith("constants/")})
        put(fitted(model, section(arrays, "weights/"), path))
        if "training" in words:
            compile_again(model, parse_json(words["training"], path))
            set_slots(model, checked_slots(model, section(arrays, "optimizer/"), path))
    return model


def read_model(path: Any) -> tuple[Arrays, dict[str, str]]:
    """The content of a file that says it is a model, of a version that is understood."""
    arrays, words = read_safetensors(path)
    found = words.get("format")
    if found != MODEL:
        raise ModelFileError(f"{path} is no model file: " + (f"it is of the format {found!r:.40}" if found else
                             "it says nothing of minigrad") + ("; load_weights reads it" if found == WEIGHTS else ""))
    refuse_version(words, path)
    return arrays, words


def refuse_version(words: dict[str, str], path: Any) -> None:
    """Files of minigrad's say their version; what is newer (or says nonsense) is not guessed at."""
    if words.get("format") not in (MODEL, WEIGHTS):
        return
    version = words.get("version", "")
    if version not in map(str, range(1, VERSION + 1)):
        raise ModelFileError(f"{path} is of version {version!r:.20}; this minigrad reads 1 to {VERSION}")


def compile_again(model: Any, training: dict[str, Any]) -> None:
    """What `compile` was told; names in it that mean nothing are found here, not at the first batch."""
    compiled = {word: decoded(training.get(word)) for word in ("loss", "metrics", "loss_weights", "weighted_metrics")}
    Objective(**compiled)
    model.compile(decoded(training.get("optimizer")) or "rmsprop", **compiled)


def checked_slots(model: Any, arrays: Arrays, path: Any) -> dict[str, Any]:
    """The optimiser's memory: arrays of their parameters' shapes, single numbers, and how many updates were made."""
    parameters = parameters_by_path(model)
    for key, array in arrays.items():
        owner = parameters.get(key.rpartition("/")[0])
        if key != "iterations" and (owner is None or array.shape not in ((), owner.shape)):
            raise ModelFileError(f"{path}: the optimiser remembers {key!r:.80} of shape {array.shape}, which fits no parameter")
    count = arrays.get("iterations", np.int64(0))
    if count.shape != () or count.dtype.kind != "i" or count < 0:
        raise ModelFileError(f"{path}: the optimiser's number of updates is {count!r:.80}")
    return {"iterations": int(count), **{key: slot_value(parameters[key.rpartition("/")[0]], array)
                                         for key, array in arrays.items() if key != "iterations"}}


def slot_value(owner: Parameter, array: np.ndarray) -> Any:
    """A Python float that an optimiser keeps was saved as float64, and must come back as one: it changes no dtype."""
    return array.item() if array.shape == () and array.dtype != owner.dtype else array[()]


def set_slots(model: Any, slots: dict[str, Any]) -> None:
    model.optimizer.set_state(parameters_by_path(model), slots)


# ------------------------------------------------------------------------------- going on

def load_checkpoint(model: Any, path: Any, accept: Any = None) -> dict[str, Any]:
    """Restores weights and optimiser, and returns the position. A file that does not fit changes nothing.

    `accept(position)` is called when all else was found to fit and nothing is changed yet; it may refuse by raising.
    """
    arrays, words = read_model(path)
    if "position" not in words:
        raise ModelFileError(f"{path} says nothing of a training position: it is a model and no checkpoint")
    needed_weights(model, "it can go on")
    with documented_errors(path, "holds no training that can go on"):
        position = with_arrays(decoded(parse_json(words["position"], path)), arrays)
        rate = saved_rate(model, parse_json(words.get("training", "{}"), path), path)
        slots = checked_slots(model, section(arrays, "optimizer/"), path)
        pairs = fitted(model, section(arrays, "weights/"), path)
        if accept is not None:
            accept(position)
    put(pairs)
    if model.optimizer is not None:
        set_slots(model, slots)
        model.optimizer.learning_rate = rate
    return position


def saved_rate(model: Any, training: dict[str, Any], path: Any) -> Any:
    """The learning rate as training had left it; a schedule is the model's own. Another optimiser cannot go on."""
    saved, own = decoded(training.get("optimizer")), model.optimizer
    if saved is not None and type(saved) is not type(own):
        raise ModelFileError(f"{path} was trained with {type(saved).__name__}, and cannot go on with {type(own).__name__}")
    if saved is None or callable(own.learning_rate) or callable(saved.learning_rate):
        return getattr(own, "learning_rate", None)
    return float(saved.learning_rate)


__all__ = ["ModelFileError", "NotSaveable", "load_checkpoint", "load_model", "load_weights", "save_checkpoint", "save_model",
           "save_weights"]
