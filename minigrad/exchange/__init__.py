"""Weights to and from PyTorch and Keras, and whole models to ONNX: each partner a file of its own, imported when asked for.

    from minigrad.exchange import from_torch, to_torch, from_keras, to_keras, to_onnx
"""
from __future__ import annotations

from .keras import from_keras, to_keras
from .onnx import to_onnx
from .torch import from_torch, to_torch

__all__ = ["from_keras", "from_torch", "to_keras", "to_onnx", "to_torch"]
