"""Pictures of the recorded graph: `draw` a trace, a tensor or a model, as SVG, PNG, PDF, DOT, HTML or text;
`explore` plays a trace in a page."""

from .figure import Figure
from .picture import draw
from .stepper import Page, explore

__all__ = ["Figure", "Page", "draw", "explore"]
