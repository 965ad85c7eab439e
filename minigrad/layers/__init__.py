"""Layers: what a model is built of. See layer.py for what they have in common."""
from __future__ import annotations

from .layer import Layer, Parameter, State
from .symbol import Input, Symbol

__all__ = ["Input", "Layer", "Parameter", "State", "Symbol"]
