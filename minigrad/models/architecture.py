"""Models as plain data: what layers a model is made of and how they are connected, in JSON, and back again.

Reading computes nothing: shapes of Symbols are in the file, and weights are made as zeros to be filled. A layer that is
used in several places is described where it comes first and named by a number everywhere else, so that it is one layer
with one weight again; what a layer's class makes by itself is named by the layer and the path to it.
"""
from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..engine import Parameter
from ..layers.layer import Layer, State, gather, registry, reserved
from ..layers.symbol import Call, Symbol, operations
from ..structure import leaves
from .files import ModelFileError
from .values import NotSaveable, decoded, encoded

Data = dict[str, Any]


def described(model: Any) -> tuple[Data, dict[str, np.ndarray]]:
    """The model's description, and the arrays that it speaks of: numbers in a formula that are no weights."""
    writer = Writer(model)
    data = writer.layer_data(model)
    for part in writer.first.values():
        part |= {"number": part.pop("number")} if "number" in part else {}          # last, whenever it was found to be needed
    things = gather(model, "", {})
    data["frozen"] = [path for thing, path in things.items() if frozen(thing)]
    data["names"] = {path: thing.name for thing, path in things.items() if isinstance(thing, Layer) and writer.names_itself(thing)}
    return data, {f"constants/{k}": array for k, array in enumerate(writer.arrays)}


def made(data: Data, arrays: dict[str, np.ndarray]) -> Any:
    """The model that a description and its arrays speak of, with weights of zeros."""
    numbered = [np.array(arrays[f"constants/{k}"]) for k in range(sum(name.startswith("constants/") for name in arrays))]
    for array in numbered:
        array.flags.writeable = False
    model = Reader(numbered).layer_from(data)
    if "frozen" in data:
        freeze(model, data["frozen"])
    for thing, path in gather(model, "", {}).items():
        if path in data.get("names", {}) and isinstance(thing, Layer):
            thing.name = str(data["names"][path])
    return model


def frozen(thing: Any) -> bool:
    """Whether a layer, or a weight that could be trained, is not."""
    return not thing._trainable if isinstance(thing, Layer) else isinstance(thing, Parameter) and not thing.requires_grad


def freeze(model: Any, paths: list[str]) -> None:
    """Freezes what these paths lead to, and nothing else."""
    things, named = gather(model, "", {}), set(paths)
    if not named <= set(things.values()):
        raise ModelFileError("what is said to be frozen is not in the model")
    for thing, path in things.items():
        if isinstance(thing, Layer):
            thing._trainable = path not in named
        elif isinstance(thing, Parameter):
            thing.requires_grad = path not in named


def has_graph(layer: Any) -> bool:
    """Whether this is a Model whose layers are known by its graph, or a Sequential that has not met its input yet."""
    return hasattr(layer, "calls") and (layer.outputs is not None or hasattr(layer, "_append"))


# ------------------------------------------------------------------------------- written

class Writer:
    """What was written so far of one model: which layers and weights are described, and which arrays go beside."""

    def __init__(self, model: Layer) -> None:
        self.first: dict[Any, Data] = {}                   # layer or weight → its description, where it came first
        self.arrays: list[np.ndarray] = []
        self.homes = homes(model)

    def kept(self, array: np.ndarray) -> int:
        """The number under which the file holds an array."""
        self.arrays.append(array)
        return len(self.arrays) - 1

    def named(self, thing: Any) -> Data | None:
        """How something is named that is described elsewhere, or None if it is to be described now."""
        if thing in self.first:
            numbers = sum("number" in data for data in self.first.values())
            return {"shared": self.first[thing].setdefault("number", numbers)}
        if thing not in self.homes:
            return None
        owner, path = self.homes[thing]
        data = self.layer_data(owner)
        if known_inputs(owner) is not None:                        # its insides may be made when it is built
            self.first[owner].setdefault("built_for", self.built_for(owner))
        return {"inside": data, "path": path}

    def names_itself(self, layer: Layer) -> bool:
        """Whether the layer's name is no setting of it, or comes from a class of somebody's own, which would count anew."""
        if layer in self.homes:
            return not type(self.homes[layer][0]).__module__.startswith("minigrad.")
        return layer in self.first and "name" not in self.first[layer]["config"]

    def layer_data(self, layer: Any) -> Data:
        """Class, settings, and for a model its graph; for a layer outside any graph what it was built for."""
        known = self.named(layer)
        if known is not None:
            return known
        name = registry.name_of(type(layer))
        if name is None:
            raise NotSaveable(f"{layer.label} is of your own class; register it (@mg.layers.register) before saving and loading")
        refuse_forgotten(layer)
        data = self.first[layer] = {"class": name}
        data["config"] = {word: encoded(part, self) for word, part in layer.get_config().items()}
        if has_graph(layer) and layer.outputs is not None:
            data["graph"] = self.graph_data(layer)
        elif has_graph(layer):
            data["layers"] = [self.layer_data(one) for one in layer.layers]
        elif layer.built and vars(layer).get("_first_inputs") is not None:
            data["built_for"] = self.built_for(layer)
        return data

    def weight_data(self, weight: Parameter | State) -> Data:
        """A weight that stands beside a Symbol: a layer's, or one that belongs to the model alone."""
        known = self.named(weight)
        if known is not None:
            return known
        self.first[weight] = {"shape": list(weight.shape), "dtype": weight.dtype.name, "name": weight.name}
        return self.first[weight]

    def graph_data(self, model: Any) -> Data:
        """Layers, Symbols and calls by their numbers."""
        symbols: dict[Symbol, int] = {}
        for one in [*leaves(model.inputs), *(out for call in model.calls for out in leaves(call.outputs))]:
            symbols.setdefault(one, len(symbols))
        layers = list(model.layers)
        return {
            "layers": [self.layer_data(layer) for layer in layers],
            "symbols": symbols_data(symbols),
            "calls": [{"layer": layers.index(call.op)} | self.call_data(call, symbols) if isinstance(call.op, Layer) else
                      {"op": op_name(call.op)} | self.call_data(call, symbols) for call in model.calls],
            "inputs": encoded(model.inputs, self, symbols), "outputs": encoded(model.outputs, self, symbols),
        }

    def call_data(self, call: Call, symbols: dict[Symbol, int]) -> Data:
        return {"inputs": encoded(call.inputs, self, symbols), "options": encoded(call.options, self, symbols),
                "outputs": encoded(call.outputs, self, symbols)}

    def built_for(self, layer: Layer) -> Data:
        """What a layer was first called on."""
        inputs = known_inputs(layer)
        symbols = {one: k for k, one in enumerate(one for one in leaves(inputs) if isinstance(one, Symbol))}
        return {"symbols": symbols_data(symbols), "inputs": encoded(inputs, self, symbols)}


def known_inputs(layer: Layer) -> Any:
    """The Symbols that a layer was first called on, or None."""
    return vars(layer).get("_first_inputs") or (layer._calls[0].inputs if layer._calls else None)


def homes(model: Layer) -> dict[Any, tuple[Layer, str]]:
    """Layer or weight → the layer whose class makes it by itself, and the path to it there."""
    found: dict[Any, tuple[Layer, str]] = {}
    for owner in model.layers_inside():
        if owner in found or has_graph(owner):
            continue
        given = gather(list(owner.get_config().values()), "", {})           # layers among the settings are described themselves
        for thing, path in gather(owner, "", {}).items():
            if thing is not owner and thing not in given and reached(owner, path) is thing:
                found.setdefault(thing, (owner, path))
    return found


def refuse_forgotten(layer: Layer) -> None:
    """A constructor's argument that is kept nowhere cannot be given again."""
    constructor = type(layer).__init__
    if constructor.__module__.startswith("minigrad."):
        return
    config = layer.get_config()
    for word, parameter in list(inspect.signature(constructor).parameters.items())[1:]:
        given = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if given and word not in config and not hasattr(layer, word):
            raise NotSaveable(f"{layer.label} does not keep what its constructor was given as {word!r}: set self.{word} = {word} there, "
                              "or say it in get_config")


def symbols_data(symbols: Iterable[Symbol]) -> list[Data]:
    return [{"shape": list(one.shape), "dtype": one.dtype.name, "name": one.name} for one in symbols]


def op_name(op: Any) -> str:
    if op not in operations().values():
        raise NotSaveable(f"the operation {op.__name__} is not one of minigrad's")
    return op.__name__


# ------------------------------------------------------------------------------- read

class Reader:
    """What was read so far of one model: the layers and weights that have a number, and the arrays beside."""

    def __init__(self, arrays: list[np.ndarray]) -> None:
        self.arrays = arrays
        self.numbered: dict[int, Any] = {}

    def found(self, data: Data, kind: Any) -> Any:
        """What a description only names. It must be whole already, so that nothing contains itself."""
        if "shared" in data:
            thing, where = self.numbered.get(data["shared"]), f"number {data['shared']!r:.20}"
        else:
            thing, where = reached(self.layer_from(data["inside"]), data["path"]), f"at {data['path']!r:.80}"
        if not isinstance(thing, kind):
            raise ModelFileError(f"a part is named as the one {where}, and none before it is")
        return thing

    def numbers(self, thing: Any, data: Data) -> Any:
        """Gives a thing its number, if it has one."""
        if "number" in data:
            if type(data["number"]) is not int or data["number"] in self.numbered:
                raise ModelFileError(f"two things are number {data['number']!r:.20}")
            self.numbered[data["number"]] = thing
        return thing

    def layer_from(self, data: Any) -> Any:
        """A layer or model as it was saved, with weights of zeros."""
        if "shared" in data or "inside" in data:
            return self.found(data, Layer)
        kind = registry.find(data["class"])
        layer: Any = kind._restored({word: decoded(part, self) for word, part in data["config"].items()})
        if "graph" in data:
            self.connect(layer, data["graph"])
        elif has_graph(layer) and not layer.layers:         # a class of somebody's own may have made its layers by itself
            for one in data.get("layers", ()):
                layer._append(self.layer_from(one))
        if "built_for" in data:
            layer._first_inputs = decoded(data["built_for"]["inputs"], self, symbols_from(data["built_for"]["symbols"]))
            layer.meet(layer._first_inputs)
        if data.get("trainable") is False:                  # a file of version 1
            layer.trainable = False
        return self.numbers(layer, data)

    def weight_from(self, data: Any) -> Any:
        """A weight that stands beside a Symbol."""
        if "shared" in data or "inside" in data:
            return self.found(data, (Parameter, State))
        shape = tuple(checked_sizes(data["shape"]))
        reserved(shape)  # type: ignore[arg-type]
        return self.numbers(Parameter(np.zeros(shape, data["dtype"]), name=data["name"]), data)

    def connect(self, model: Any, graph: Any) -> None:
        """Symbols, layers and calls put together again; nothing is computed."""
        symbols = symbols_from(graph["symbols"])
        inputs, ends = decoded(graph["inputs"], self, symbols), decoded(graph["outputs"], self, symbols)
        if model.outputs is not None or model.sublayers():       # its class has made it by itself
            model.meet((inputs,))
            return
        layers = [self.layer_from(one) for one in graph["layers"]]
        there = dict.fromkeys(leaves(inputs))
        for one in graph["calls"]:
            there |= dict.fromkeys(leaves(self.call_from(one, layers, symbols, there).outputs))
        if not all(isinstance(one, Symbol) and one in there for one in (*there, *leaves(ends))):
            raise ModelFileError("the graph's inputs and outputs are not Symbols that it makes")
        model._restore(inputs, ends, layers)

    def call_from(self, data: Any, layers: list[Layer], symbols: list[Symbol], there: dict[Any, None]) -> Call:
        """One call, which reads what is there already and makes what is not: so no graph goes in a circle."""
        op = layers[index_in(data["layer"], layers)] if "layer" in data else operations()[data["op"]]
        inputs, options, outputs = (decoded(data[word], self, symbols) for word in ("inputs", "options", "outputs"))
        read = [one for one in leaves([inputs, options]) if isinstance(one, Symbol)]
        if not read or not all(one in there for one in read) or any(one in there for one in leaves(outputs)):
            raise ModelFileError("a call reads what no call before it has made, or makes what is there already")
        if isinstance(op, Layer):
            op.meet(inputs)
        call = Call(op, inputs, options, outputs)
        if isinstance(op, Layer):
            op._calls.append(call)
        return call


def reached(layer: Any, path: str) -> Any:
    """What a path of attributes, places and keys leads to inside a layer, or None."""
    thing = layer
    for word in path.split("/"):
        if isinstance(thing, Layer):
            thing = dict(thing.holders())
        elif isinstance(thing, (list, tuple)):
            thing = {str(k): part for k, part in enumerate(thing)}
        thing = thing.get(word) if isinstance(thing, dict) else None
    return thing


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
