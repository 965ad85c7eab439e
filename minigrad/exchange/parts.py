"""What of a model is exchanged: its layers that hold weights, one after another, each with the place it has in its layer.

A cell counts as such a part, whatever goes around it: LSTM(3) is one, RNN([cell, cell]) two, Bidirectional(LSTM(3)) two.
Weights are handed over all together: where one does not fit, none is changed.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import backend
from ..layers import (
    AdditiveAttention,
    Attention,
    Bidirectional,
    Cell,
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    GRUCell,
    Layer,
    LSTMCell,
    MultiHeadAttention,
    RNNCell,
    StackedCells,
)
from ..layers.layer import assign
from ..layers.normalization import BatchNormalization, LayerNormalization
from ..layers.recurrent import Recurrent

COMMON = (Dense, Embedding, Conv1D, Conv2D, LayerNormalization, BatchNormalization, Attention, AdditiveAttention,
          MultiHeadAttention, RNNCell, LSTMCell, GRUCell)


class Part(NamedTuple):
    """A layer with weights of its own, the name of the outermost layer it belongs to, and its place in a recurrent one."""

    layer: Any
    name: str
    place: str = ""              # "_l0", "_l1", "_l0_reverse" as PyTorch counts; "" where it is no part of a recurrent layer

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Name → NumPy array, in the layer's own order."""
        return {word: np.asarray(backend.to_cpu(weight.array)) for word, weight in self.layer.named_weights().items()}


def parts(layer: Layer) -> list[Part]:
    """The parts of a layer or model, in order; what neither partner knows is refused by name."""
    found: dict[Layer, Part] = {}
    for part in walk(layer, layer.name):
        found.setdefault(part.layer, part)                        # a shared layer counts once
    return list(found.values())


def walk(layer: Layer, name: str, place: str = "") -> Iterator[Part]:
    """Goes into a layer until something is found that can be exchanged."""
    if type(layer) in COMMON:
        yield Part(layer, name, place)
    elif isinstance(layer, Bidirectional):
        yield from walk(layer.forward_layer, name)
        for part in walk(layer.backward_layer, name):
            yield part._replace(place=f"{part.place}_reverse")
    elif isinstance(layer, Recurrent):
        cells = layer.cell.cells if isinstance(layer.cell, StackedCells) else [layer.cell]
        for k, cell in enumerate(cells):
            yield from walk(cell, name, f"_l{k}")
    elif isinstance(layer, Cell) or own_weights(layer):
        raise TypeError(f"{layer.label} has weights, and no layer of PyTorch or Keras that they would fit")
    else:
        for one in inside(layer):
            yield from walk(one, one.name)


def inside(layer: Layer) -> list[Layer]:
    """The layers directly inside a layer."""
    listed = vars(layer).get("layers")
    if isinstance(listed, list):
        return listed
    below = [one for one in layer.layers_inside() if one is not layer]
    deeper = {inner for one in below for inner in one.layers_inside() if inner is not one}
    return [one for one in below if one not in deeper]


def own_weights(layer: Layer) -> bool:
    """Whether a layer holds weights that no layer inside it holds."""
    held = {weight for one in inside(layer) for weight in one.weights}
    return any(weight not in held for weight in layer.weights)


def gates(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The blocks of the last axis in another order: one block for each gate."""
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


def fill(pairs: list[tuple[Part, dict[str, np.ndarray]]]) -> None:
    """Gives every part its new weights, after all of them were found to fit."""
    assignments = []
    for part, arrays in pairs:
        weights = part.layer.named_weights()
        if set(arrays) != set(weights):
            raise ValueError(f"{part.layer.label} in {part.name!r} has {', '.join(weights)}; what came has {', '.join(arrays)}")
        for word, weight in weights.items():
            if arrays[word].shape != weight.shape:
                raise ValueError(f"{part.layer.label} in {part.name!r}: {word} has shape {weight.shape}, what came {arrays[word].shape}")
            assignments.append((weight, arrays[word]))
    for weight, array in assignments:
        assign(weight, array)
