"""A Scene as PNG or PDF, painted by Matplotlib, the one optional package that drawing may use.

Matplotlib comes as a wheel for every platform and brings its own font, so a bare machine without any font can paint.
Letters are painted as outlines and squeezed to the width that the box was made for, whichever font was found.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from . import fonts
from .scene import Box, Edge, Item, Mark, Path, Scene, Text, rounded_rectangle, with_arrows
from .themes import Theme, colour

FAMILIES = (
    "Arial", "Liberation Sans", "Helvetica", "Arimo", "Arial Unicode MS", "Noto Sans CJK SC", "Microsoft YaHei",
    "PingFang SC", "Noto Sans", "DejaVu Sans",
)  # fmt: skip
INSTALL = "saving as {kind} needs Matplotlib: pip install matplotlib   (SVG, HTML, DOT and text need nothing)"


def paint(scene: Scene, theme: Theme, kind: str, scale: float = 1.0) -> bytes:
    """The picture's bytes; `kind` is "png" or "pdf", and `scale` = 2 doubles the pixels of a PNG."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(INSTALL.format(kind=kind.upper())) from None
    page = Figure(figsize=(scene.width / 96, scene.height / 96), dpi=96 * scale, facecolor=theme["ground"])
    FigureCanvasAgg(page)
    axes = page.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    for order, item in enumerate(scene.items):
        add(axes, item, theme, 96 / 72, order)
    out = io.BytesIO()
    metadata = {"Title": scene.title} | ({"CreationDate": None} if kind == "pdf" else {"Software": "minigrad"})
    page.savefig(out, format=kind, facecolor=theme["ground"], metadata=metadata)
    return out.getvalue()


def add(axes: Any, item: Item, theme: Theme, pixel: float, order: int) -> None:
    """Paint one item; `pixel` is how many points of a line's width a pixel is not (96 / 72)."""
    if isinstance(item, Box):
        shape = rounded_rectangle(item.x, item.y, item.w, item.h, item.radius)
        patch(axes, shape, theme, item.fill, item.stroke, item.width / pixel, item.dash, order)
        inside: list[Item] = [*item.marks, *item.texts]
        for inner in inside:
            add(axes, inner, theme, pixel, order)
    elif isinstance(item, Edge):
        line, heads = with_arrows(item)
        patch(axes, line, theme, "", item.stroke, item.width / pixel, item.dash, order)
        for head in heads:
            patch(axes, head, theme, item.stroke, "", 0, "", order)
    elif isinstance(item, Mark):
        patch(axes, item.path, theme, item.fill, item.stroke, item.width / pixel, item.dash, order, item.opacity)
    else:
        letters(axes, item, theme, order)


def patch(
    axes: Any, p: Path, theme: Theme, fill: str, stroke: str, width: float, dash: str, order: int, alpha: float = 1.0
) -> None:
    """One path, filled and stroked with the colours that the theme gives their roles."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    codes = {"M": [Outline.MOVETO], "L": [Outline.LINETO], "C": [Outline.CURVE4] * 3, "Z": [Outline.CLOSEPOLY]}
    points, kinds = [], []
    for command in p.commands:
        xy = command[1:] or (0.0, 0.0)
        points += [(xy[k], xy[k + 1]) for k in range(0, len(xy), 2)]
        kinds += codes[command[0]]
    pattern: Any = "solid"
    if dash:  # Matplotlib counts dashes in line widths
        pattern = (0, tuple(float(d) * 0.75 / max(width, 0.1) for d in dash.split()))
    axes.add_artist(PathPatch(
        Outline(points, kinds), facecolor=colour(theme, fill) or "none", linestyle=pattern, zorder=order, alpha=alpha,
        edgecolor=colour(theme, stroke) or "none", linewidth=width if stroke else 0, capstyle="butt",
    ))  # fmt: skip


def letters(axes: Any, item: Text, theme: Theme, order: int) -> None:
    """A line of text as filled outlines, each run squeezed to its measured width."""
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    x = item.left
    for part, shift in fonts.runs(item.text):
        size = item.size * (fonts.SMALL if shift else 1.0)
        y = item.y + {-1: 0.2, 0: 0.0, 1: -0.36}[shift] * item.size
        outline, natural = outlined(part, item.bold)
        width = fonts.measure(part, size, item.bold)
        squeeze = width / natural if natural else 1.0
        place = Affine2D().scale(squeeze, -size).translate(x, y)
        if len(outline.vertices):
            hue = colour(theme, item.colour)
            axes.add_artist(PathPatch(place.transform_path(outline), facecolor=hue, linewidth=0, zorder=order))
        x += width


@lru_cache(maxsize=2048)
def outlined(part: str, bold: bool) -> tuple[Any, float]:
    """The outline of some letters at size 1, each from the first font that has it, and how wide they are."""
    from matplotlib import ft2font
    from matplotlib.path import Path as Outline

    unhinted = ft2font.LoadFlags.NO_HINTING if hasattr(ft2font, "LoadFlags") else 2
    pieces, x = [], 0.0
    for c in part:
        c, font = glyph(c, bold)
        font.set_size(100, 72)
        step = font.load_char(ord(c), flags=unhinted).linearHoriAdvance / 65536 / 100
        vertices, codes = font.get_path()
        if len(vertices):
            pieces.append(Outline(vertices / 100 + (x, 0.0), codes))
        x += step
    return Outline.make_compound_path(*pieces), x


@lru_cache(maxsize=2)
def available(bold: bool) -> list[Any]:
    """The opened fonts of FAMILIES that this machine has; Matplotlib's own, the last, is always there."""
    from matplotlib import font_manager, ft2font

    found = []
    for family in FAMILIES:
        properties = font_manager.FontProperties(family=family, weight="bold" if bold else "normal")
        try:
            found.append(ft2font.FT2Font(font_manager.findfont(properties, fallback_to_default=False)))
        except ValueError:
            continue
    return found


def glyph(c: str, bold: bool) -> tuple[str, Any]:
    """The letter and the first font that has it; □ for a letter that no font here has."""
    fonts_here = available(bold)
    found = next((font for font in fonts_here if font.get_char_index(ord(c))), None)
    return (c, found) if found else ("□", fonts_here[-1])
