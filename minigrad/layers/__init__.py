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
from .dense import Dense, Embedding
from .layer import Layer, Parameter, State
from .merge import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from .symbol import Input, Symbol

__all__ = [
    "Activation", "Add", "Average", "Concatenate", "Dense", "Dot", "Dropout", "Embedding", "Flatten", "GaussianDropout",
    "GaussianNoise", "Input", "Lambda", "Layer", "LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply", "Parameter",
    "Permute", "ReLU", "RepeatVector", "Reshape", "Softmax", "SpatialDropout1D", "State", "Subtract", "Symbol",
    "register_function",
]
