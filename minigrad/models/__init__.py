"""Models: graphs of layers that can be trained, asked, and saved."""
from __future__ import annotations

from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential"]
