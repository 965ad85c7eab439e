"""Weights to and from Keras' `get_weights()` lists: the same arrays in the same order, so that little is left to do.

Both multiply from the right, stack an LSTM's gates i f g o and a GRU's z r h̃, and have their channels last; a GRU with
reset_after has a bias (2, 3·units) in both, and Bidirectional puts the forward layer first. What is checked here is that
each layer is one that Keras has, in a form that Keras computes.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..layers import LSTMCell
from .parts import Part, fill, parts


def from_keras(model: Any, weights: Sequence[Any] | Mapping[str, Sequence[Any]]) -> None:
    """Fills a model (or layer) from `keras_model.get_weights()`, or from {layer name: layer.get_weights()}.

    Take the second form where the model has branches: layers without a common order are told apart by their names. The
    model must have its weights already; nothing is changed where something does not fit. Keras' GRU has reset_after=True
    unless told otherwise, minigrad's has not; the lists are of different length in shape, and one is not taken for the other.
    """
    found = known_parts(model)
    if isinstance(weights, Mapping):
        weights = in_order(weights, found)
    needed = sum(len(part.weights) for part in found)
    if len(weights) != needed:
        raise ValueError(f"{model.label} has {needed} weights ({', '.join(part.name for part in found)}), got {len(weights)} arrays")
    left = iter(weights)
    fill([(part, {word: np.asarray(next(left)) for word in part.weights}) for part in found])


def to_keras(model: Any) -> list[np.ndarray]:
    """The weights as `keras_model.set_weights` takes them."""
    return [np.array(array) for part in known_parts(model) for array in part.weights.values()]


def known_parts(model: Any) -> list[Part]:
    """The parts, found to be of forms that Keras has."""
    found = parts(model)
    for part in found:
        if isinstance(part.layer, LSTMCell) and (part.layer.peephole or part.layer.coupled):
            raise ValueError(f"{part.layer.label} in {part.name!r} has peepholes or coupled gates, which Keras' LSTM has not")
    return found


def in_order(weights: Mapping[str, Sequence[Any]], found: list[Part]) -> list[Any]:
    """One list out of lists by name, in the order of the parts."""
    names = list(dict.fromkeys(part.name for part in found))
    filled = {name: list(arrays) for name, arrays in weights.items() if len(arrays)}
    if set(filled) != set(names):
        raise ValueError(f"the layers with weights are {', '.join(names)}, the given ones {', '.join(filled)}")
    return [array for name in names for array in filled[name]]
