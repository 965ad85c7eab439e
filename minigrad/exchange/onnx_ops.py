"""ONNX for operations on Symbols, and for activations by name. Each entry writes nodes and returns the name of the result."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..layers import activations
from ..layers.symbol import Call, Symbol

Write = Callable[[Any, Call], Any]


# ------------------------------------------------------------------------------- activations

def product(graph: Any, *names: str) -> str:
    """The product of several."""
    result = names[0]
    for name in names[1:]:
        result = graph.node("Mul", result, name)
    return result


def gelu(graph: Any, x: str, approximate: bool = False) -> str:
    """½x(1 + erf(x/√2)), or ½x(1 + tanh(√(2/π)(x + 0.044715x³)))"""
    if approximate:
        cube = product(graph, x, x, x, graph.constant(0.044715))
        t = graph.node("Tanh", product(graph, graph.node("Add", x, cube), graph.constant(math.sqrt(2 / math.pi))))
    else:
        t = graph.node("Erf", product(graph, x, graph.constant(math.sqrt(0.5))))
    return product(graph, x, graph.node("Add", t, graph.constant(1.0)), graph.constant(0.5))


def clip(graph: Any, x: str, low: float | None, high: float | None) -> str:
    """min(max(x, low), high)"""
    return graph.node("Clip", x, *("" if bound is None else graph.constant(np.float32(bound)) for bound in (low, high)))


ACTIVATIONS: dict[str, Callable[[Any, str], str]] = {
    "linear": lambda graph, x: x,
    "relu": lambda graph, x: graph.node("Relu", x),
    "tanh": lambda graph, x: graph.node("Tanh", x),
    "sigmoid": lambda graph, x: graph.node("Sigmoid", x),
    "softmax": lambda graph, x: graph.node("Softmax", x, axis=-1),
    "log_softmax": lambda graph, x: graph.node("LogSoftmax", x, axis=-1),
    "softplus": lambda graph, x: graph.node("Softplus", x),
    "softsign": lambda graph, x: graph.node("Softsign", x),
    "elu": lambda graph, x: graph.node("Elu", x, alpha=1.0),
    "selu": lambda graph, x: graph.node("Selu", x),
    "leaky_relu": lambda graph, x: graph.node("LeakyRelu", x, alpha=0.2),
    "exponential": lambda graph, x: graph.node("Exp", x),
    "silu": lambda graph, x: graph.node("Mul", x, graph.node("Sigmoid", x)),
    "mish": lambda graph, x: graph.node("Mul", x, graph.node("Tanh", graph.node("Softplus", x))),
    "hard_sigmoid": lambda graph, x: graph.node("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "hard_tanh": lambda graph, x: clip(graph, x, -1.0, 1.0),
    "relu6": lambda graph, x: clip(graph, x, 0.0, 6.0),
    "gelu": gelu,
}


def activated(graph: Any, x: str, activation: Any, owner: Any) -> str:
    """The nodes of an activation that has a name."""
    name = activations.name_of(activation)
    if name not in ACTIVATIONS:
        raise NotImplementedError(f"{owner.label}: the activation {name or activation!r} has no ONNX form here")
    return ACTIVATIONS[name](graph, x)


# ------------------------------------------------------------------------------- operations

def plain(kind: str) -> Write:
    """An operation that ONNX has under another name: its operands in order."""
    def write(graph: Any, call: Call) -> str:
        dtype = next(one.dtype for one in call.inputs if isinstance(one, Symbol))
        return graph.node(kind, *(graph.name(one, dtype) for one in call.inputs))
    return write


def from_activation(name: str) -> Write:
    return lambda graph, call: ACTIVATIONS[name](graph, graph.name(call.inputs[0]))


def axes_of(call: Call, axis: Any) -> list[int]:
    """The axes of a reduction, all if None."""
    rank = call.inputs[0].ndim
    return list(range(rank)) if axis is None else [a % rank for a in (axis if isinstance(axis, (tuple, list)) else [axis])]


def reduction(kind: str) -> Write:
    def write(graph: Any, call: Call) -> str:
        axes, keep = axes_of(call, call.options.get("axis")), int(bool(call.options.get("keepdims", False)))
        x = graph.name(call.inputs[0])
        if kind == "ReduceSum":                                   # the only one whose axes are an input in opset 17
            return graph.node(kind, x, graph.integers(*axes), keepdims=keep)
        return graph.node(kind, x, axes=axes, keepdims=keep)
    return write


def along_axis(kind: str) -> Write:
    return lambda graph, call: graph.node(kind, graph.name(call.inputs[0]), axis=call.options.get("axis", -1))


def joined(graph: Any, call: Call) -> str:
    return graph.node("Concat", *(graph.name(one) for one in call.inputs), axis=call.options.get("axis", 0))


def stacked(graph: Any, call: Call) -> str:
    axis = call.options.get("axis", 0)
    return graph.node("Concat", *(graph.node("Unsqueeze", graph.name(one), graph.integers(axis)) for one in call.inputs), axis=axis)


def transposed(graph: Any, call: Call) -> str:
    """transpose, swapaxes, moveaxis: where each axis goes, NumPy itself says, of an array whose sizes tell its axes apart."""
    rank, settings = call.inputs[0].ndim, call.options
    axes = np.zeros(tuple(range(1, rank + 1)))
    if call.op.__name__ == "swapaxes":
        axes = np.swapaxes(axes, settings["axis1"], settings["axis2"])
    elif call.op.__name__ == "moveaxis":
        axes = np.moveaxis(axes, settings["source"], settings["destination"])
    else:
        axes = np.transpose(axes, settings.get("axes"))
    return graph.node("Transpose", graph.name(call.inputs[0]), perm=[size - 1 for size in axes.shape])


def reshaped(graph: Any, call: Call) -> str:
    shape = call.options["shape"]
    return graph.node("Reshape", graph.name(call.inputs[0]), graph.integers(*(shape if isinstance(shape, (tuple, list)) else (shape,))))


def expanded(graph: Any, call: Call) -> str:
    axis = call.options["axis"]
    return graph.node("Unsqueeze", graph.name(call.inputs[0]), graph.integers(*(axis if isinstance(axis, (tuple, list)) else (axis,))))


def squeezed(graph: Any, call: Call) -> str:
    axis = call.options.get("axis")
    if axis is None:
        raise NotImplementedError("squeeze without an axis has no ONNX form, since the batch may be of size 1: say the axis")
    return graph.node("Squeeze", graph.name(call.inputs[0]), graph.integers(*(axis if isinstance(axis, (tuple, list)) else (axis,))))


def indexed(graph: Any, call: Call) -> str:
    """Slices and whole numbers, an axis after another."""
    index = call.options["index"]
    index = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(part, (int, slice)) or part is Ellipsis for part in index):
        raise NotImplementedError(f"an index of slices and whole numbers has an ONNX form here, got {index!r:.80}")
    if Ellipsis in index:
        at = index.index(Ellipsis)
        index = (*index[:at], *[slice(None)] * (call.inputs[0].ndim - len(index) + 1), *index[at + 1:])
    x, gone = graph.name(call.inputs[0]), 0
    for axis, part in enumerate(index):
        if isinstance(part, int):
            x = graph.node("Gather", x, graph.constant(np.int64(part), np.int64), axis=axis - gone)
            gone += 1
        elif part != slice(None):
            x = sliced(graph, x, axis - gone, part)
    return x


def sliced(graph: Any, x: str, axis: int, part: slice) -> str:
    """x[…, start:stop:step, …]"""
    step, far = part.step or 1, 2**62
    start = (0 if step > 0 else far) if part.start is None else part.start
    stop = (far if step > 0 else -far) if part.stop is None else part.stop
    return graph.node("Slice", x, *(graph.integers(n) for n in (start, stop, axis, step)))


def clipped(graph: Any, call: Call) -> str:
    return clip(graph, graph.name(call.inputs[0]), call.options.get("min"), call.options.get("max"))


def flipped(graph: Any, call: Call) -> str:
    x = graph.name(call.inputs[0])
    for axis in axes_of(call, call.options.get("axis")):
        x = sliced(graph, x, axis, slice(None, None, -1))
    return x


OPS: dict[str, Write] = {
    "add": plain("Add"), "subtract": plain("Sub"), "multiply": plain("Mul"), "divide": plain("Div"), "power": plain("Pow"),
    "matmul": plain("MatMul"), "maximum": plain("Max"), "minimum": plain("Min"), "negative": plain("Neg"), "exp": plain("Exp"),
    "log": plain("Log"), "sqrt": plain("Sqrt"), "abs": plain("Abs"), "sin": plain("Sin"), "cos": plain("Cos"), "positive": plain("Identity"),
    "square": lambda graph, call: product(graph, *[graph.name(call.inputs[0])] * 2),
    **{name: from_activation(name) for name in ("tanh", "sigmoid", "relu", "softplus")},
    "gelu": lambda graph, call: gelu(graph, graph.name(call.inputs[0]), call.options.get("approximate", False)), "erf": plain("Erf"),
    "elu": lambda graph, call: graph.node("Elu", graph.name(call.inputs[0]), alpha=call.options.get("alpha", 1.0)),
    "leaky_relu": lambda graph, call: graph.node("LeakyRelu", graph.name(call.inputs[0]), alpha=call.options.get("negative_slope", 0.2)),
    "softmax": along_axis("Softmax"), "log_softmax": along_axis("LogSoftmax"), "clip": clipped,
    "sum": reduction("ReduceSum"), "mean": reduction("ReduceMean"), "max": reduction("ReduceMax"), "min": reduction("ReduceMin"),
    "prod": reduction("ReduceProd"), "concatenate": joined, "stack": stacked, "reshape": reshaped, "expand_dims": expanded,
    "squeeze": squeezed, "transpose": transposed, "swapaxes": transposed, "moveaxis": transposed, "flip": flipped, "getitem": indexed,
}
