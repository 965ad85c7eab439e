"""ONNX for layers: each entry writes the nodes of one layer and returns the names of its results.

ONNX has its own order of gates (LSTM i o f g, GRU z r h̃), wants sequences time-first and pictures channels-first, and stacks
both biases of a recurrent layer in one vector; all of that is turned round here.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend
from ..layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Add,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GRUCell,
    LayerNormalization,
    LeakyReLU,
    LSTMCell,
    Maximum,
    MaxPooling1D,
    MaxPooling2D,
    Minimum,
    Multiply,
    Permute,
    ReLU,
    RepeatVector,
    Reshape,
    RNNCell,
    Softmax,
    StackedCells,
    Subtract,
    TimeDistributed,
    activations,
)
from ..layers.symbol import Call
from ..structure import leaves
from .onnx_ops import activated, sliced
from .parts import gates

Write = Callable[[Any, Any, Call], Any]


def first(graph: Any, call: Call) -> str:
    """The name of a layer's (first) input."""
    return graph.name(leaves(call.inputs)[0])


def weight(layer: Any, word: str) -> np.ndarray:
    return np.asarray(backend.to_cpu(getattr(layer, word).array))


# ------------------------------------------------------------------------------- products and lookups

def dense(graph: Any, layer: Any, call: Call) -> str:
    return affine(graph, layer, first(graph, call))


def affine(graph: Any, layer: Any, x: str) -> str:
    """activation(x W + b)"""
    y = graph.node("MatMul", x, graph.constant(layer.W, word=f"{layer.name}/W"))
    y = graph.node("Add", y, graph.constant(layer.b, word=f"{layer.name}/b")) if layer.use_bias else y
    return activated(graph, y, layer.activation, layer)


def embedding(graph: Any, layer: Any, call: Call) -> str:
    rows = graph.node("Cast", first(graph, call), to=graph.onnx.TensorProto.INT64)
    return graph.node("Gather", graph.constant(layer.W, word=f"{layer.name}/W"), rows, axis=0)


# ------------------------------------------------------------------------------- recurrent layers

NAMES = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "softsign": "Softsign", "softplus": "Softplus", "hard_sigmoid": "HardSigmoid",
         "elu": "Elu", "linear": "Affine"}
ALPHA = {"HardSigmoid": 1 / 6, "Elu": 1.0, "Affine": 1.0}
BETA = {"HardSigmoid": 0.5, "Affine": 0.0}


def recurrent(graph: Any, layer: Any, call: Call) -> list[str]:
    """RNN, LSTM, GRU: all outputs or the last one, then the states if they are asked for."""
    given = call.options.get("initial_state")
    states = [graph.name(one) for one in leaves(given)] if given is not None else None
    return along(graph, layer, sequence(graph, layer, call), states)


def sequence(graph: Any, layer: Any, call: Call) -> str:
    """The input, (N, T, features); integers become the one-hot vectors that they stand for."""
    symbol = leaves(call.inputs)[0]
    x = graph.name(symbol)
    if symbol.ndim == 3:
        return x
    return graph.node("OneHot", x, graph.constant(np.int64(layer.features), np.int64), graph.constant(np.array([0, 1])), axis=-1)


def along(graph: Any, layer: Any, x: str, states: list[str] | None) -> list[str]:
    """A layer's cells, one above the other, each a node of ONNX; x (N, T, features)."""
    if layer.stateful:
        raise NotImplementedError(f"{layer.label} is stateful; ONNX keeps nothing between calls: give initial_state, take return_state")
    if layer.go_backwards:
        x = sliced(graph, x, 1, slice(None, None, -1))
    x = graph.node("Transpose", x, perm=[1, 0, 2])
    cells = layer.cell.cells if isinstance(layer.cell, StackedCells) else [layer.cell]
    last: list[str] = []
    for cell in cells:
        own = None if states is None else [states.pop(0) for _ in cell.state_sizes]
        x, *after = cell_node(graph, cell, x, own)
        last += after
    h = last[-len(cells[-1].state_sizes)]
    return [graph.node("Transpose", x, perm=[1, 0, 2]) if layer.return_sequences else h, *(last if layer.return_state else [])]


def cell_node(graph: Any, cell: Any, x: str, states: list[str] | None) -> list[str]:
    """All outputs (T, N, units), then the last states (N, units)."""
    kind, order, settings = form(cell)
    W, R = (graph.constant(gates(weight(cell, word), order).T[None], word=f"{cell.name}/{word}") for word in ("W_xh", "W_hh"))
    given = ["" if states is None else graph.node("Unsqueeze", state, graph.integers(0)) for state in (states or [""] * len(cell.state_sizes))]
    peepholes = [graph.constant(weight(cell, "P")[[0, 2, 1]].reshape(1, -1))] if getattr(cell, "peephole", False) else []
    inputs = [x, W, R, graph.constant(both_biases(cell, order), word=f"{cell.name}/b"), "", *given, *peepholes]
    outputs = graph.node(kind, *inputs, outputs=1 + len(cell.state_sizes), hidden_size=cell.units, **settings)
    return [graph.node("Squeeze", outputs[0], graph.integers(1)), *(graph.node("Squeeze", y, graph.integers(0)) for y in outputs[1:])]


def form(cell: Any) -> tuple[str, tuple[int, ...], dict[str, Any]]:
    """ONNX's name for a cell, where its gates stand among ours, and the node's attributes."""
    if type(cell) is RNNCell:
        return "RNN", (0,), functions(cell, [cell.activation])
    if type(cell) is LSTMCell and not cell.coupled:
        return "LSTM", (0, 3, 1, 2), functions(cell, [cell.recurrent_activation, cell.activation, cell.activation])
    if type(cell) is GRUCell:
        return "GRU", (0, 1, 2), functions(cell, [cell.recurrent_activation, cell.activation]) | {"linear_before_reset": int(cell.reset_after)}
    raise NotImplementedError(f"{cell.label} has no ONNX form: there is one for RNNCell, LSTMCell (not coupled) and GRUCell")


def functions(cell: Any, used: list[Any]) -> dict[str, Any]:
    """The activations as ONNX writes them."""
    names = [NAMES.get(activations.name_of(one) or "") for one in used]
    if None in names:
        raise NotImplementedError(f"{cell.label}: in a recurrent layer ONNX knows the activations {', '.join(NAMES)}")
    found: dict[str, Any] = {"activations": names}
    if any(name in ALPHA for name in names):
        found |= {"activation_alpha": [ALPHA[n] for n in names if n in ALPHA], "activation_beta": [BETA[n] for n in names if n in BETA]}
    return found


def both_biases(cell: Any, order: tuple[int, ...]) -> np.ndarray:
    """(1, 2·gates·units): the bias beside x W, then the one beside h W."""
    columns = len(order) * cell.units
    b = weight(cell, "b") if cell.use_bias else np.zeros(columns)
    pair = b if b.ndim == 2 else np.stack([b, np.zeros_like(b)])
    return gates(pair, order).reshape(1, -1)


def bidirectional(graph: Any, layer: Any, call: Call) -> list[str]:
    given = call.options.get("initial_state")
    states = [graph.name(one) for one in leaves(given)] if given is not None else None
    half = len(states) // 2 if states else 0
    x = sequence(graph, layer.forward_layer, call)
    a, *states_a = along(graph, layer.forward_layer, x, states and states[:half])
    b, *states_b = along(graph, layer.backward_layer, x, states and states[half:])
    if layer.return_sequences:
        b = sliced(graph, b, 1, slice(None, None, -1))
    merges: dict[Any, Callable[[], list[str]]] = {
        "concat": lambda: [graph.node("Concat", a, b, axis=-1)], "sum": lambda: [graph.node("Add", a, b)], "mul": lambda: [graph.node("Mul", a, b)],
        "ave": lambda: [graph.node("Mean", a, b)], None: lambda: [a, b]}
    return [*merges[layer.merge_mode](), *states_a, *states_b]


def time_distributed(graph: Any, layer: Any, call: Call) -> str:
    """The last axis is Dense's own; any activation goes number by number."""
    if type(layer.layer) is Dense:
        return affine(graph, layer.layer, first(graph, call))
    if type(layer.layer) is Activation:
        return activated(graph, first(graph, call), layer.layer.activation, layer.layer)
    raise NotImplementedError(f"{layer.label} has an ONNX form around Dense and Activation only, not {layer.layer.label}")


# ------------------------------------------------------------------------------- pictures and signals

def channels_first(graph: Any, x: str, rank: int) -> str:
    return graph.node("Transpose", x, perm=[0, rank + 1, *range(1, rank + 1)])


def channels_last(graph: Any, x: str, rank: int) -> str:
    return graph.node("Transpose", x, perm=[0, *range(2, rank + 2), 1])


def padding(layer: Any, spans: tuple[int, ...]) -> dict[str, Any]:
    """ONNX's words for it."""
    if layer.padding == "causal":
        return {"pads": [spans[0] - 1, 0]}
    return {"auto_pad": "SAME_UPPER" if layer.padding == "same" else "VALID"}


def convolution(graph: Any, layer: Any, call: Call) -> str:
    W = graph.constant(np.moveaxis(weight(layer, "W"), (-1, -2), (0, 1)), word=f"{layer.name}/W")
    b = [graph.constant(layer.b, word=f"{layer.name}/b")] if layer.use_bias else []
    spans = tuple((k - 1) * d + 1 for k, d in zip(layer.kernel_size, layer.dilation_rate))
    y = graph.node("Conv", channels_first(graph, first(graph, call), layer.rank), W, *b, kernel_shape=list(layer.kernel_size),
                   strides=list(layer.strides), dilations=list(layer.dilation_rate), **padding(layer, spans))
    return activated(graph, channels_last(graph, y, layer.rank), layer.activation, layer)


def pooling(kind: str) -> Write:
    def write(graph: Any, layer: Any, call: Call) -> str:
        y = graph.node(kind, channels_first(graph, first(graph, call), layer.rank), kernel_shape=list(layer.pool_size),
                       strides=list(layer.strides), **padding(layer, layer.pool_size))
        return channels_last(graph, y, layer.rank)
    return write


def global_pooling(kind: str) -> Write:
    return lambda graph, layer, call: graph.node(kind, first(graph, call), axes=list(range(1, layer.rank + 1)), keepdims=int(layer.keepdims))


# ------------------------------------------------------------------------------- normalisation

def normalization(graph: Any, layer: Any, call: Call) -> str:
    """γ (x − μ)/√(σ² + ε) + β with the moving statistics, as one product and one sum."""
    if layer.axis not in (-1, leaves(call.inputs)[0].ndim - 1):
        raise NotImplementedError(f"{layer.label} has an ONNX form along the last axis only")
    scale = (weight(layer, "gamma") if layer.scale else 1.0) / np.sqrt(weight(layer, "moving_variance") + layer.epsilon)
    shift = (weight(layer, "beta") if layer.center else 0.0) - scale * weight(layer, "moving_mean")
    return graph.node("Add", graph.node("Mul", first(graph, call), graph.constant(scale)), graph.constant(shift))


def layer_normalization(graph: Any, layer: Any, call: Call) -> str:
    if layer.axis not in (-1, leaves(call.inputs)[0].ndim - 1):
        raise NotImplementedError(f"{layer.label} has an ONNX form along the last axis only")
    gamma = weight(layer, "gamma") if layer.scale else np.ones(layer.features)
    beta = weight(layer, "beta") if layer.center else np.zeros(layer.features)
    return graph.node("LayerNormalization", first(graph, call), graph.constant(gamma), graph.constant(beta), axis=-1, epsilon=layer.epsilon)


# ------------------------------------------------------------------------------- shapes, joins, and what does nothing in use

def flatten(graph: Any, layer: Any, call: Call) -> str:
    return graph.node("Flatten", first(graph, call), axis=1)


def reshape(graph: Any, layer: Any, call: Call) -> str:
    sizes = layer.target_shape
    if -1 in sizes:
        known = math.prod(size for size in sizes if size != -1)
        have = math.prod(size for size in leaves(call.inputs)[0].shape[1:] if size is not None)
        sizes = tuple(have // max(1, known) if size == -1 else size for size in sizes)
    return graph.node("Reshape", first(graph, call), graph.integers(-1, *sizes))


def permute(graph: Any, layer: Any, call: Call) -> str:
    return graph.node("Transpose", first(graph, call), perm=[0, *layer.dims])


def repeat(graph: Any, layer: Any, call: Call) -> str:
    return graph.node("Tile", graph.node("Unsqueeze", first(graph, call), graph.integers(1)), graph.integers(1, layer.n, 1))


def alike(graph: Any, call: Call) -> list[str]:
    """The names of the inputs, all of one rank: axes that one lacks come behind its batch axis, as in the layers."""
    symbols = leaves(call.inputs)
    rank = max(one.ndim for one in symbols)
    return [graph.name(one) if one.ndim == rank else
            graph.node("Unsqueeze", graph.name(one), graph.integers(*range(1, 1 + rank - one.ndim))) for one in symbols]


def join(kind: str) -> Write:
    return lambda graph, layer, call: graph.node(kind, *alike(graph, call))


def fold(kind: str) -> Write:
    """A node of two inputs, again and again."""
    def write(graph: Any, layer: Any, call: Call) -> str:
        result, *rest = alike(graph, call)
        for one in rest:
            result = graph.node(kind, result, one)
        return result
    return write


def concatenate(graph: Any, layer: Any, call: Call) -> str:
    return graph.node("Concat", *(graph.name(one) for one in leaves(call.inputs)), axis=layer.axis)


def activation(graph: Any, layer: Any, call: Call) -> str:
    return activated(graph, first(graph, call), layer.activation, layer)


def relu(graph: Any, layer: Any, call: Call) -> str:
    """max(x, 0), with a slope below and a ceiling; a threshold other than 0 has no node."""
    if layer.threshold:
        raise NotImplementedError(f"{layer.label}: a threshold has no ONNX form here")
    y = graph.node("LeakyRelu", first(graph, call), alpha=float(layer.negative_slope)) if layer.negative_slope else graph.node("Relu", first(graph, call))
    return y if layer.max_value is None else graph.node("Min", y, graph.constant(layer.max_value))


def nothing(graph: Any, layer: Any, call: Call) -> str:
    return first(graph, call)


LAYERS: dict[type, Write] = {
    Dense: dense, Embedding: embedding, Activation: activation, ReLU: relu, Flatten: flatten, Reshape: reshape, Permute: permute, RepeatVector: repeat,
    LeakyReLU: lambda graph, layer, call: graph.node("LeakyRelu", first(graph, call), alpha=float(layer.negative_slope)),
    Softmax: lambda graph, layer, call: graph.node("Softmax", first(graph, call), axis=layer.axis),
    RNN: recurrent, LSTM: recurrent, GRU: recurrent, Bidirectional: bidirectional, TimeDistributed: time_distributed,
    Conv1D: convolution, Conv2D: convolution, MaxPooling1D: pooling("MaxPool"), MaxPooling2D: pooling("MaxPool"),
    AveragePooling1D: pooling("AveragePool"), AveragePooling2D: pooling("AveragePool"),
    GlobalAveragePooling1D: global_pooling("ReduceMean"), GlobalAveragePooling2D: global_pooling("ReduceMean"),
    GlobalMaxPooling1D: global_pooling("ReduceMax"), GlobalMaxPooling2D: global_pooling("ReduceMax"),
    BatchNormalization: normalization, LayerNormalization: layer_normalization,
    Add: join("Sum"), Average: join("Mean"), Maximum: join("Max"), Minimum: join("Min"), Multiply: fold("Mul"), Subtract: fold("Sub"),
    Concatenate: concatenate, Dropout: nothing, GaussianNoise: nothing, GaussianDropout: nothing,
}
