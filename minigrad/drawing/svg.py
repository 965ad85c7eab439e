"""A Scene as SVG text: shapes with plain attributes, no style sheet, no marker, no script, so that every program shows it.

Each line of text carries its measured length (`textLength`), so that it stays inside its box even where Arial is
missing. `<title>` and `<desc>` say in words what is drawn, ids are prefixed per figure, and equal scenes give equal bytes.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from . import fonts
from .scene import Box, Edge, Item, Mark, Path, Scene, Text, rounded_rectangle, with_arrows
from .themes import Theme, colour

# What XML 1.0 cannot carry, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(scene: Scene, theme: Theme, prefix: str = "m") -> str:
    """The whole document."""
    size = f'width="{n(scene.width)}" height="{n(scene.height)}" viewBox="0 0 {n(scene.width)} {n(scene.height)}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc" font-family={quoteattr(fonts.FAMILY)}>'
    )
    words = [
        f'<title id="{prefix}-title">{clean(scene.title)}</title>',
        f'<desc id="{prefix}-desc">{clean(scene.description)}</desc>',
    ]
    ground = f'<rect width="100%" height="100%" fill="{theme["ground"]}"/>'
    body = [element(item, theme, prefix) for item in scene.items]
    return "\n".join([head, *words, ground, *body, "</svg>", ""])


def element(item: Item, theme: Theme, prefix: str) -> str:
    """One item of the scene."""
    if isinstance(item, Box):
        return box(item, theme, prefix)
    if isinstance(item, Edge):
        return edge(item, theme)
    return mark(item, theme) if isinstance(item, Mark) else text(item, theme)


def box(item: Box, theme: Theme, prefix: str) -> str:
    """A group: the rounded rectangle, the marks inside it, its texts, and a tooltip."""
    attributes = f'id="{prefix}-{item.id}" class="{item.kind}"'
    if item.step is not None:
        attributes += f' data-step="{item.step}"'
    outline = path(rounded_rectangle(item.x, item.y, item.w, item.h, item.radius), theme, item.fill, item.stroke,
                   item.width, item.dash)  # fmt: skip
    inner = [outline, *(mark(m, theme) for m in item.marks), *(text(t, theme) for t in item.texts)]
    return f"<g {attributes}>{tooltip(item.title)}{''.join(inner)}</g>"


def edge(item: Edge, theme: Theme) -> str:
    """A line and its arrowheads."""
    line, heads = with_arrows(item)
    parts = [path(line, theme, "", item.stroke, item.width, item.dash)]
    parts += [path(head, theme, item.stroke, "", 0, "") for head in heads]
    return f'<g class="edge {item.kind}">{tooltip(item.title)}{"".join(parts)}</g>'


def mark(item: Mark, theme: Theme) -> str:
    """A bare path."""
    extra = f' class="{item.kind}"' if item.kind else ""
    extra += f' opacity="{n(item.opacity)}"' if item.opacity != 1 else ""
    return path(item.path, theme, item.fill, item.stroke, item.width, item.dash, extra, tooltip(item.title))


def path(
    p: Path, theme: Theme, fill: str, stroke: str, width: float, dash: str, extra: str = "", inside: str = ""
) -> str:
    """`<path>`; a colour that is no role of the theme stands for itself."""
    data = "".join(command[0] + " ".join(n(x) for x in command[1:]) for command in p.commands)
    attributes = f'd="{data}" fill="{colour(theme, fill) or "none"}"'
    if stroke:
        attributes += f' stroke="{colour(theme, stroke)}" stroke-width="{n(width)}"'
    if dash:
        attributes += f' stroke-dasharray="{dash}"'
    return f"<path {attributes}{extra}>{inside}</path>" if inside else f"<path {attributes}{extra}/>"


def text(item: Text, theme: Theme) -> str:
    """`<text>` with shifted small letters for sub- and superscripts, as long as it was measured."""
    attributes = f'x="{n(item.x)}" y="{n(item.y)}" font-size="{n(item.size)}" fill="{colour(theme, item.colour)}"'
    if item.bold:
        attributes += ' font-weight="bold"'
    if item.anchor != "start":
        attributes += f' text-anchor="{item.anchor}"'
    if item.width:
        attributes += f' textLength="{n(item.width)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text {attributes} xml:space="preserve">{spans(item)}</text>'


def spans(item: Text) -> str:
    """The runs of a line: h, lowered 1, raised T; each shift is undone by the next."""
    parts, now = [], 0.0
    for letters, shift in fonts.runs(item.text):
        level = {-1: 0.2, 0: 0.0, 1: -0.36}[shift] * item.size
        size = f' font-size="{n(item.size * fonts.SMALL)}"' if shift else ""
        move = f' dy="{n(level - now)}"' if level != now else ""
        letters = clean(letters)
        parts.append(f"<tspan{move}{size}>{letters}</tspan>" if size or move else letters)
        now = level
    return "".join(parts)


def tooltip(words: str) -> str:
    """`<title>` inside a shape: what a browser shows under the pointer."""
    return f"<title>{clean(words)}</title>" if words else ""


def clean(words: str) -> str:
    """Text that XML can carry, with every sign escaped that means something to it."""
    return escape(FORBIDDEN.sub("�", words))


def n(x: float) -> str:
    """A coordinate: two decimals at most, no trailing zeros, no −0."""
    rounded = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded
