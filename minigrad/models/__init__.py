"""Models: graphs of layers that can be trained, asked, and saved."""
from __future__ import annotations

from ..layers.layer import registry
from .files import ModelFileError
from .memory import EchoState, Hopfield
from .model import Model
from .saving import load_model
from .sequential import Sequential

registry.add(Model)
registry.add(Sequential)

__all__ = ["EchoState", "Hopfield", "Model", "ModelFileError", "Sequential", "load_model"]
