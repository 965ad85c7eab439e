"""Pictures of the recorded graph: `draw` a trace, a tensor or a model, as SVG, PNG, PDF, DOT, HTML or text;
`explore` plays a trace in a page, `GraphSnapshot` writes one while a model trains."""

from .callbacks import GraphSnapshot
from .figure import Figure
from .picture import draw
from .stepper import Page, explore

__all__ = ["Figure", "GraphSnapshot", "Page", "draw", "explore"]
