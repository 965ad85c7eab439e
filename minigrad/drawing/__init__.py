"""Pictures of the recorded graph: `draw` a trace, a tensor or a model, as SVG, PNG, PDF, DOT, HTML or text."""

from .figure import Figure
from .picture import draw

__all__ = ["Figure", "draw"]
