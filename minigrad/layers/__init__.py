"""Layers: what a model is built of. See layer.py for what they have in common."""
from __future__ import annotations

from .basic import (
    Activation,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Lambda,
    LeakyReLU,
    Masking,
    Permute,
    ReLU,
    RepeatVector,
    Reshape,
    Softmax,
    SpatialDropout1D,
    register_function,
)
from .cells import Cell, GRUCell, LSTMCell, RNNCell, StackedCells
from .dense import Dense, Embedding
from .layer import Layer, Parameter, State, register, registry
from .merge import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from .normalization import BatchNormalization, LayerNormalization
from .recurrent import GRU, LSTM, RNN, SimpleRNN
from .symbol import Input, Symbol
from .zoo import MUT1Cell, MUT2Cell, MUT3Cell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "Average",
    "BatchNormalization",
    "Cell",
    "Concatenate",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MUT1Cell",
    "MUT2Cell",
    "MUT3Cell",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Parameter",
    "Permute",
    "RNNCell",
    "ReLU",
    "RepeatVector",
    "Reshape",
    "SimpleRNN",
    "Softmax",
    "SpatialDropout1D",
    "StackedCells",
    "State",
    "Subtract",
    "Symbol",
    "register",
    "register_function",
]

for _name in __all__:
    if isinstance(globals()[_name], type) and issubclass(globals()[_name], Layer) and globals()[_name] is not Layer:
        registry.add(globals()[_name])
