"""Values as plain data: the settings of layers, losses, optimisers and calls in JSON, and back again.

Numbers, texts, True, False and None stand for themselves; everything else is a table of one tag and its content. Only
classes and functions that are registered can be named, so that reading a file runs no code but theirs.
"""
from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import backend, constraints, initializers, losses, metrics, optimizers, regularizers, schedules
from ..engine import Parameter, Tensor, wrap
from ..layers import activations, basic
from ..layers.layer import Layer, State, registry
from ..layers.symbol import Symbol
from ..registry import settings
from .files import ModelFileError

if TYPE_CHECKING:
    from .architecture import Reader, Writer

REGISTRIES = {one.kind: one for one in (
    registry, activations.activations, basic.functions, initializers.initializers, regularizers.regularizers,
    constraints.constraints, losses.losses, metrics.metrics, optimizers.optimizers, schedules.schedules)}


class NotSaveable(TypeError):
    """Something that a file cannot hold: it has no name in any registry, or cannot be made again."""


# ------------------------------------------------------------------------------- written

def encoded(value: Any, writer: Writer | None = None, symbols: dict[Symbol, int] | None = None) -> Any:
    """Any setting or argument as JSON. Layers, weights and large arrays need the writer of the model that they belong to."""
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item() if writer is None else {"scalar": [value.dtype.name, encoded(value.item())]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}                               # JSON has no infinity
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Symbol):
        return {"symbol": (symbols or {})[value]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [encoded(part, writer, symbols) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[encoded(key), encoded(part, writer, symbols)] for key, part in value.items()]}
    if isinstance(value, slice):
        return {"slice": [encoded(part) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if writer is not None and isinstance(value, (Layer, Tensor)) or isinstance(value, np.ndarray):
        return encoded_thing(value, writer)
    return encoded_by_name(value, writer)


def encoded_thing(value: Any, writer: Writer | None) -> Any:
    """A layer, a weight, or an array, which becomes one of the file's own."""
    if isinstance(value, Layer):
        return {"layer": writer.layer_data(value)}  # type: ignore[union-attr]
    if isinstance(value, (Parameter, State)):
        return {"weight": writer.weight_data(value)}  # type: ignore[union-attr]
    if isinstance(value, Tensor):
        return {"tensor": writer.kept(np.asarray(backend.to_cpu(value.array)))}  # type: ignore[union-attr]
    if writer is not None:
        return {"constant": writer.kept(value)}
    return {"array": [value.dtype.str, list(value.shape), base64.b64encode(value.tobytes()).decode()]}


def encoded_by_name(value: Any, writer: Writer | None) -> Any:
    """A registered function, or an object of a registered class with its settings."""
    for kind, one in REGISTRIES.items():
        name = one.name_of(value)
        if name is not None:
            return {"function": [kind, name]}
        if one.name_of(type(value)) is not None:
            return {"object": [kind, type(value).__name__, {word: encoded(part, writer) for word, part in settings(value).items()}]}
    raise NotSaveable(f"{value!r:.80} has no registered name, so it cannot be written to a file; give it one with "
                      "mg.layers.register (layers), mg.layers.register_function (functions in Lambda) or a registry's add")


def saveable(value: Any) -> Any:
    """encoded(value), or None where it has no name."""
    try:
        return encoded(value)
    except NotSaveable:
        return None


# ------------------------------------------------------------------------------- read

def decoded(data: Any, reader: Reader | None = None, symbols: list[Symbol] | None = None) -> Any:
    """The inverse of encoded."""
    if not isinstance(data, dict):
        if isinstance(data, list):
            raise ModelFileError("a bare list stands where a value should be")
        return data
    tag, content = next(iter(data.items())) if data else ("nothing", None)
    if tag not in DECODERS:
        raise ModelFileError(f"a value is tagged {tag!r:.40}, which means nothing here")
    return DECODERS[tag](content, reader, symbols)


def decoded_object(content: Any, reader: Any, symbols: Any) -> Any:
    kind, name, config = content
    return find(kind, name)(**{word: decoded(part, reader) for word, part in config.items()})


def decoded_array(dtype: str, shape: list[int], text: str) -> np.ndarray:
    """An array among the settings; as in the rest of the file, numbers and nothing else."""
    return np.frombuffer(base64.b64decode(text, validate=True), of_numbers(dtype)).reshape(shape).copy()


def decoded_scalar(content: Any, reader: Any, symbols: Any) -> Any:
    name, number = content
    return of_numbers(name).type(decoded(number))


def of_numbers(name: str) -> np.dtype:
    """A dtype that holds numbers or booleans."""
    dtype = np.dtype(name)
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        raise ModelFileError(f"numbers of dtype {name!r:.20} stand among the settings")
    return dtype


def find(kind: str, name: str) -> Any:
    """A registered class or function."""
    if kind not in REGISTRIES:
        raise ModelFileError(f"there is no kind of thing called {kind!r:.40}")
    return REGISTRIES[kind].find(name)


def plain_list(content: Any, reader: Any, symbols: Any) -> list[Any]:
    return [decoded(part, reader, symbols) for part in content]


DECODERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "symbol": lambda content, reader, symbols: symbols[content],
    "float": lambda content, reader, symbols: float(content),
    "scalar": decoded_scalar,
    "list": plain_list,
    "tuple": lambda content, reader, symbols: tuple(plain_list(content, reader, symbols)),
    "dict": lambda content, reader, symbols: {decoded(key): decoded(part, reader, symbols) for key, part in content},
    "slice": lambda content, reader, symbols: slice(*plain_list(content, reader, symbols)),
    "ellipsis": lambda content, reader, symbols: Ellipsis,
    "array": lambda content, reader, symbols: decoded_array(*content),
    "constant": lambda content, reader, symbols: reader.arrays[content],
    "tensor": lambda content, reader, symbols: wrap(reader.arrays[content]),
    "weight": lambda content, reader, symbols: reader.weight_from(content),
    "layer": lambda content, reader, symbols: reader.layer_from(content),
    "function": lambda content, reader, symbols: find(*content),
    "object": decoded_object,
}
