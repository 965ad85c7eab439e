"""Layers: what a model is built of. See layer.py for what they have in common."""
from __future__ import annotations

from .attention import AdditiveAttention, Attention, MultiHeadAttention
from .basic import (
    Activation,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    InputLayer,
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
from .convolution import (
    AveragePooling1D,
    AveragePooling2D,
    Conv1D,
    Conv2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
    UpSampling2D,
)
from .dense import Dense, Embedding
from .layer import Layer, Parameter, State, register, registry
from .merge import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from .normalization import BatchNormalization, LayerNormalization
from .recurrent import GRU, LSTM, RNN, SimpleRNN
from .symbol import Input, Symbol
from .variants import IRNNCell, JordanCell, LayerNormGRUCell, LayerNormLSTMCell, LayerNormRNNCell
from .wrappers import Bidirectional, TimeDistributed
from .zoo import MUT1Cell, MUT2Cell, MUT3Cell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "AdditiveAttention",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "Cell",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "IRNNCell",
    "Input",
    "InputLayer",
    "JordanCell",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormGRUCell",
    "LayerNormLSTMCell",
    "LayerNormRNNCell",
    "LayerNormalization",
    "LeakyReLU",
    "MUT1Cell",
    "MUT2Cell",
    "MUT3Cell",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
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
    "TimeDistributed",
    "UpSampling2D",
    "register",
    "register_function",
]

for _name in __all__:
    if isinstance(globals()[_name], type) and issubclass(globals()[_name], Layer) and globals()[_name] is not Layer:
        registry.add(globals()[_name])
