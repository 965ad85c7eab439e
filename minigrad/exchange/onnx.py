"""Models to ONNX: a Sequential or functional model as a file that ONNX Runtime and many others compute.

The model's calls are walked oldest first, as when it runs; each layer and operation writes its ONNX nodes (onnx_layers.py,
onnx_ops.py) and says what its result is called. What comes out is the model in use, not in training: dropout is gone, and
moving statistics are numbers. Needs the package onnx.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import backend
from ..layers import Layer
from ..layers.symbol import Call, Symbol, named
from ..structure import leaves
from .onnx_layers import LAYERS
from .onnx_ops import OPS

OPSET, IR_VERSION = 17, 8                    # of 2022: what runtimes of that year and later read


def to_onnx(model: Any, path: Any = None) -> Any:
    """The model as an onnx.ModelProto, checked; with a path, written there too. The batch axis stays free.

    Inputs and outputs bear the names of the model's Inputs and outputs.
    """
    onnx = package()
    if getattr(model, "outputs", None) is None:
        raise ValueError(f"{model.label} has no graph to export: give its first layer an input_shape, or build it of Inputs; "
                         "a model with a call of its own has none")
    graph = Graph(onnx)
    inputs = graph.inputs(leaves(model.inputs))
    run(graph, model)
    outputs = graph.outputs(leaves(model.outputs), model.output_names or ["output"])
    made = onnx.helper.make_graph(graph.nodes, model.name, inputs, outputs, graph.constants)
    proto = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", OPSET)], producer_name="minigrad",
                                   ir_version=IR_VERSION)
    onnx.checker.check_model(proto, full_check=True)
    if path is not None:
        Path(path).write_bytes(proto.SerializeToString())
    return proto


def package() -> Any:
    """The package onnx, or a sentence that says what is missing."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError("to_onnx writes with the package onnx: pip install onnx") from error
    return onnx


def run(graph: Graph, model: Any) -> None:
    """Every call of a model, oldest first."""
    for call in model.calls:
        export(graph, call)


def export(graph: Graph, call: Call) -> None:
    """One call: its nodes, and the names of what it makes."""
    op = call.op
    if getattr(op, "outputs", None) is not None:                  # a model inside the model
        model: Any = op
        graph.names.update(zip(leaves(model.inputs), [graph.name(one) for one in leaves(call.inputs)]))
        run(graph, model)
        made = [graph.name(one) for one in leaves(model.outputs)]
    elif isinstance(op, Layer):
        refuse_mask(op)
        write = next((LAYERS[kind] for kind in type(op).__mro__ if kind in LAYERS), None)
        if write is None:
            raise NotImplementedError(f"{op.label} has no ONNX form here; there is one for {', '.join(kind.__name__ for kind in LAYERS)}")
        made = write(graph, op, call)
    else:
        if op.__name__ not in OPS:
            raise NotImplementedError(f"the operation {named(op)} has no ONNX form here; there is one for {', '.join(OPS)}")
        made = OPS[op.__name__](graph, call)
    graph.names.update(zip(leaves(call.outputs), made if isinstance(made, list) else [made]))


def refuse_mask(layer: Any) -> None:
    """A mask travels beside the tensors, and ONNX has no such thing."""
    if getattr(layer, "mask_zero", False) or type(layer).__name__ == "Masking":
        raise NotImplementedError(f"{layer.label} makes a mask, which does not travel in ONNX")


class Graph:
    """What is being written: nodes, constants, and how each Symbol is called."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.names: dict[Symbol, str] = {}
        self.used: dict[str, int] = {}

    def new(self, word: str) -> str:
        """A name that nothing has yet."""
        count = self.used.get(word, 0)
        self.used[word] = count + 1
        return f"{word}_{count}" if count else word

    def node(self, kind: str, *inputs: str, outputs: int = 1, **settings: Any) -> Any:
        """Writes a node; returns the name of its output, or a list of names."""
        names = [self.new(kind.lower()) for _ in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), names, **settings))
        return names[0] if outputs == 1 else names

    def constant(self, value: Any, dtype: Any = np.float32, word: str = "constant") -> str:
        """Writes numbers; weights come from wherever they live."""
        array = backend.to_cpu(getattr(value, "array", value))
        name = self.new(word)
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array, dtype).reshape(np.shape(array)), name))
        return name

    def integers(self, *values: int) -> str:
        """A short list of whole numbers: axes, sizes."""
        return self.constant(np.array(values, np.int64), np.int64, "axes")

    def name(self, operand: Any, dtype: Any = np.float32) -> str:
        """A Symbol by its name; a number or array as a constant."""
        return self.names[operand] if isinstance(operand, Symbol) else self.constant(operand, dtype)

    # ---------------------------------------------------------------- the ends

    def inputs(self, symbols: list[Symbol]) -> list[Any]:
        infos = []
        for symbol in symbols:
            self.names[symbol] = self.new(symbol.name or "input")
            infos.append(self.info(self.names[symbol], symbol))
        return infos

    def outputs(self, symbols: list[Symbol], names: list[str]) -> list[Any]:
        infos = []
        for symbol, name in zip(symbols, names, strict=True):
            end = self.new(name)
            self.nodes.append(self.onnx.helper.make_node("Identity", [self.names[symbol]], [end]))
            infos.append(self.info(end, symbol))
        return infos

    def info(self, name: str, symbol: Symbol) -> Any:
        """dtype and shape; an unknown size is called by its axis."""
        shape = [("batch" if axis == 0 else f"{name}_{axis}") if size is None else size for axis, size in enumerate(symbol.shape)]
        return self.onnx.helper.make_tensor_value_info(name, self.onnx.helper.np_dtype_to_tensor_dtype(symbol.dtype), shape)
