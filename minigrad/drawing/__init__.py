"""Pictures of the recorded graph: `draw` a trace, a tensor or a model, as SVG, PNG, PDF, DOT, HTML or text."""

from .picture import draw
from .figure import Figure

__all__ = ["Figure", "draw"]
