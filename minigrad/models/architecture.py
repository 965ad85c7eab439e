"""Models as plain data: what a layer, a graph, a loss or an initialiser is, in JSON, and back again.

Only classes and functions that are registered can be named in a file, so that reading one runs no code but theirs.
Reading computes nothing either: shapes of Symbols are in the file, and weights are made as zeros to be filled.
"""
from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import constraints, initializers, losses, metrics, optimizers, regularizers, schedules
from ..engine import primitives
from ..layers import activations, basic
from ..layers.layer import Layer, registry
from ..layers.symbol import Call, Symbol
from ..registry import settings
from ..structure import leaves
from .files import ModelFileError

REGISTRIES = {one.kind: one for one in (
    registry, activations.activations, basic.functions, initializers.initializers, regularizers.regularizers,
    constraints.constraints, losses.losses, metrics.metrics, optimizers.optimizers, schedules.schedules)}


class NotSaveable(TypeError):
    """Something that has no name in any registry."""


# ------------------------------------------------------------------------------- values

def encoded(value: Any, symbols: dict[Symbol, int] | None = None) -> Any:
    """Any setting or argument as JSON. Numbers, texts, True, False and None stand for themselves; the rest is tagged."""
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}                               # JSON has no infinity
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Symbol):
        return {"symbol": (symbols or {})[value]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [encoded(part, symbols) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[encoded(key), encoded(part, symbols)] for key, part in value.items()]}
    if isinstance(value, slice):
        return {"slice": [encoded(part) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, np.ndarray):
        return {"array": [value.dtype.str, list(value.shape), base64.b64encode(value.tobytes()).decode()]}
    if isinstance(value, Layer):
        return {"layer": layer_data(value)}
    return encoded_by_name(value)


def encoded_by_name(value: Any) -> Any:
    """A registered function, or an object of a registered class with its settings."""
    for kind, one in REGISTRIES.items():
        name = one.name_of(value)
        if name is not None:
            return {"function": [kind, name]}
        if one.name_of(type(value)) is not None:
            return {"object": [kind, type(value).__name__, {word: encoded(part) for word, part in settings(value).items()}]}
    raise NotSaveable(f"{value!r:.80} has no registered name, so it cannot be written to a file; give it one with "
                      "mg.layers.register (layers), mg.layers.register_function (functions in Lambda) or a registry's add")


def decoded(data: Any, symbols: list[Symbol] | None = None) -> Any:
    """The inverse of encoded."""
    if not isinstance(data, dict):
        if isinstance(data, list):
            raise ModelFileError("a bare list stands where a value should be")
        return data
    tag, content = next(iter(data.items())) if data else ("nothing", None)
    if tag not in DECODERS:
        raise ModelFileError(f"a value is tagged {tag!r:.40}, which means nothing here")
    return DECODERS[tag](content, data, symbols)


def decoded_object(content: Any, data: Any, symbols: Any) -> Any:
    kind, name, config = content
    return find(kind, name)(**{word: decoded(part) for word, part in config.items()})


def decoded_array(dtype: str, shape: list[int], text: str) -> np.ndarray:
    """An array among the settings; as in the rest of the file, numbers and nothing else."""
    if np.dtype(dtype).kind not in "fiub":
        raise ModelFileError(f"an array of dtype {dtype!r:.20} stands among the settings")
    return np.frombuffer(base64.b64decode(text, validate=True), dtype).reshape(shape).copy()


def find(kind: str, name: str) -> Any:
    """A registered class or function."""
    if kind not in REGISTRIES:
        raise ModelFileError(f"there is no kind of thing called {kind!r:.40}")
    return REGISTRIES[kind].find(name)


def plain_list(content: Any, symbols: Any) -> list[Any]:
    return [decoded(part, symbols) for part in content]


DECODERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "symbol": lambda content, data, symbols: symbols[content],
    "float": lambda content, data, symbols: float(content),
    "list": lambda content, data, symbols: plain_list(content, symbols),
    "tuple": lambda content, data, symbols: tuple(plain_list(content, symbols)),
    "dict": lambda content, data, symbols: {decoded(key): decoded(part, symbols) for key, part in content},
    "slice": lambda content, data, symbols: slice(*plain_list(content, symbols)),
    "ellipsis": lambda content, data, symbols: Ellipsis,
    "array": lambda content, data, symbols: decoded_array(*content),
    "layer": lambda content, data, symbols: layer_from(content),
    "function": lambda content, data, symbols: find(*content),
    "object": decoded_object,
}


# ------------------------------------------------------------------------------- layers and graphs

def layer_data(layer: Any) -> dict[str, Any]:
    """Class, settings, and for a model its graph; for a layer outside any graph what it was built for."""
    name = registry.name_of(type(layer))
    if name is None:
        raise NotSaveable(f"{layer.label} is of your own class; register it (@mg.layers.register) before saving and loading")
    data: dict[str, Any] = {"class": name, "trainable": layer.trainable,
                            "config": {word: encoded(part) for word, part in layer.get_config().items()}}
    if hasattr(layer, "calls") and layer.outputs is not None:
        data["graph"] = graph_data(layer)
    elif isinstance(vars(layer).get("layers"), list) and hasattr(layer, "calls"):
        data["layers"] = [layer_data(one) for one in layer.layers]
    elif layer.built and vars(layer).get("_first_inputs") is not None:
        data["built_for"] = first_inputs(layer)
    return data


def graph_data(model: Any) -> dict[str, Any]:
    """Layers, Symbols and calls by their numbers."""
    symbols: dict[Symbol, int] = {}
    for one in [*leaves(model.inputs), *(out for call in model.calls for out in leaves(call.outputs))]:
        symbols.setdefault(one, len(symbols))
    layers = list(model.layers)
    return {
        "layers": [layer_data(layer) for layer in layers],
        "symbols": symbols_data(symbols),
        "calls": [{"layer": layers.index(call.op)} | call_data(call, symbols) if isinstance(call.op, Layer) else
                  {"op": op_name(call.op)} | call_data(call, symbols) for call in model.calls],
        "inputs": encoded(model.inputs, symbols), "outputs": encoded(model.outputs, symbols),
    }


def first_inputs(layer: Layer) -> dict[str, Any]:
    """What a layer outside any graph was first called on."""
    inputs = layer._first_inputs
    symbols = {one: k for k, one in enumerate(one for one in leaves(inputs) if one is not None)}
    return {"symbols": symbols_data(symbols), "inputs": encoded(inputs, symbols)}


def symbols_data(symbols: Iterable[Symbol]) -> list[dict[str, Any]]:
    return [{"shape": list(one.shape), "dtype": one.dtype.name, "name": one.name} for one in symbols]


def call_data(call: Call, symbols: dict[Symbol, int]) -> dict[str, Any]:
    return {"inputs": encoded(call.inputs, symbols), "options": encoded(call.options, symbols),
            "outputs": encoded(call.outputs, symbols)}


def op_name(op: Any) -> str:
    if op not in primitives.values():
        raise NotSaveable(f"the operation {op.__name__} is not one of minigrad's")
    return op.__name__


def layer_from(data: Any) -> Any:
    """A layer or model as it was saved, with weights of zeros."""
    kind = registry.find(data["class"])
    config = {word: decoded(part) for word, part in data["config"].items()}
    if "graph" in data:
        layer = model_from_graph(kind, config, data["graph"])
    else:
        layer = kind.from_config(config)
        for one in data.get("layers", ()):
            layer._append(layer_from(one))
        if "built_for" in data:
            symbols = symbols_from(data["built_for"]["symbols"])
            layer.meet(decoded(data["built_for"]["inputs"], symbols))
    if data["trainable"] is False:
        layer.trainable = False
    return layer


def model_from_graph(kind: Any, config: dict[str, Any], graph: Any) -> Any:
    """Symbols, layers and calls put together again; nothing is computed."""
    symbols = symbols_from(graph["symbols"])
    layers = [layer_from(one) for one in graph["layers"]]
    inputs, ends = decoded(graph["inputs"], symbols), decoded(graph["outputs"], symbols)
    made = dict.fromkeys(leaves(inputs))
    for one in graph["calls"]:
        made |= dict.fromkeys(leaves(call_from(one, layers, symbols, made).outputs))
    if not all(isinstance(one, Symbol) and one in made for one in (*made, *leaves(ends))):
        raise ModelFileError("the graph's inputs and outputs are not Symbols that it makes")
    return kind._restore(config, inputs, ends, layers)


def call_from(data: Any, layers: list[Layer], symbols: list[Symbol], made: dict[Any, None]) -> Call:
    """One call, which reads what is there already and makes what is not: so no graph goes in a circle."""
    op = layers[index_in(data["layer"], layers)] if "layer" in data else primitives[data["op"]]
    inputs, options, outputs = (decoded(data[word], symbols) for word in ("inputs", "options", "outputs"))
    read = [one for one in leaves([inputs, options]) if isinstance(one, Symbol)]
    if not read or not all(one in made for one in read) or any(one in made for one in leaves(outputs)):
        raise ModelFileError("a call reads what no call before it has made, or makes what is there already")
    if isinstance(op, Layer):
        op.meet(inputs)
    call = Call(op, inputs, options, outputs)
    if isinstance(op, Layer):
        op._calls.append(call)
    return call


def symbols_from(data: Any) -> list[Symbol]:
    return [Symbol(tuple(checked_sizes(one["shape"])), one["dtype"], name=one["name"]) for one in data]


def index_in(k: Any, things: list[Any]) -> int:
    if not isinstance(k, int) or not 0 <= k < len(things):
        raise ModelFileError(f"a call names layer number {k!r:.20} of {len(things)}")
    return k


def checked_sizes(shape: Any) -> list[int | None]:
    """A Symbol's shape: sizes and None."""
    if not isinstance(shape, list) or any(size is not None and (not isinstance(size, int) or not 0 <= size < 2**40) for size in shape):
        raise ModelFileError(f"{shape!r:.60} is not a shape")
    return shape


def saveable(value: Any) -> Any:
    """encoded(value), or None where it has no name."""
    try:
        return encoded(value)
    except NotSaveable:
        return None

