"""`draw` and the Figure that it returns: one picture, in every file format, and in words.

A Figure holds a Scene and a theme and renders when asked. It shows itself in a notebook, saves itself beside the target
and is renamed only when complete, and needs nothing but NumPy, except that PNG and PDF ask for Matplotlib.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from ..files import write_beside
from . import dot as graphviz
from . import html, svg
from .animation import animated, kind_of
from .frames import scenes
from .scene import Scene
from .text import plain
from .themes import theme as palette

FORMATS = ("svg", "png", "pdf", "dot", "html", "txt")
FRAMES = ("svg", "png", "pdf")


class Figure:
    """A drawn picture: `.svg`, `.dot`, `.save("x.png")`, `.describe()`; in a notebook it shows itself."""

    def __init__(self, scene: Scene, theme: str = "light", text: str = "") -> None:
        palette(theme)
        self.scene, self.theme = scene, theme
        self._text = text

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return svg.svg(self.scene, palette(self.theme), self.prefix)

    @property
    def prefix(self) -> str:
        """What this figure's ids begin with, so that two figures can stand on one page; the same for the same picture."""
        words = f"{self.scene.title}{self.scene.description}{self.theme}{self.scene.width}"
        return "m" + hashlib.sha256(words.encode("utf8", "replace")).hexdigest()[:6]

    @property
    def dot(self) -> str:
        """The picture as Graphviz text with pinned positions (`neato -n2`)."""
        return graphviz.dot(self.scene, palette(self.theme))

    @property
    def html(self) -> str:
        """A page that holds the picture and its description."""
        return html.page(self.scene, self.svg, palette(self.theme))

    def describe(self) -> str:
        """The picture in words."""
        return f"{self.scene.title}\n{self.scene.description}".strip()

    def png(self, scale: float = 1.0) -> bytes:
        """The picture as PNG, `scale` times as large."""
        from .png import paint

        return paint(self.scene, palette(self.theme), "png", scale)

    def pdf(self) -> bytes:
        """The picture as one PDF page."""
        from .png import paint

        return paint(self.scene, palette(self.theme), "pdf")

    def save(self, path: str | os.PathLike[str], scale: float = 1.0) -> Path:
        """Write svg, png, pdf, dot, html or txt, by the file's ending: beside the target first, then renamed."""
        target = Path(path)
        kind = target.suffix.lower().removeprefix(".")
        if kind not in FORMATS:
            raise ValueError(f"a picture is saved as {', '.join('.' + f for f in FORMATS)}; got {target.name!r}")
        return write_beside(target, self.rendered(kind, scale))

    def frames(self, folder: str | os.PathLike[str], kind: str = "svg", scale: float = 1.0) -> list[Path]:
        """The build-up for slides, nothing moving: step_01.svg (or png, pdf), step_02.svg, … in the folder."""
        if kind not in FRAMES:
            raise ValueError(f"frames are saved as {', '.join(map(repr, FRAMES))}; got {kind!r}")
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        return [one.save(target / f"step_{k:02d}.{kind}", scale) for k, one in enumerate(self.built_up(), 1)]

    def animate(self, path: str | os.PathLike[str], seconds: float = 1.0, scale: float = 0.5) -> Path:
        """The build-up as one animation, .gif or .apng, each step for so many seconds; needs Pillow and Matplotlib."""
        target = Path(path)
        kind = kind_of(target)
        return write_beside(target, animated([one.png(scale) for one in self.built_up()], kind, seconds))

    def built_up(self) -> list[Figure]:
        """Every frame of the build-up as a Figure of its own, in the same theme."""
        return [Figure(scene, self.theme) for scene in scenes(self.scene)]

    def rendered(self, kind: str, scale: float) -> bytes:
        """The picture in one format, as bytes."""
        if kind == "png":
            return self.png(scale)
        if kind == "pdf":
            return self.pdf()
        texts = {"svg": lambda: self.svg, "dot": lambda: self.dot, "html": lambda: self.html, "txt": lambda: self.text}
        return texts[kind]().encode("utf8", "replace")

    @property
    def text(self) -> str:
        """The picture for a terminal of 80 columns; `print(figure)` spells it with the letters that the terminal has."""
        return self._text or self.scene.text or self.describe() + "\n"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.describe()}

    def _repr_html_(self) -> str:
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        """What `print(figure)` shows: the picture in the letters that the terminal has."""
        return plain(self.text.rstrip("\n"), getattr(sys.stdout, "encoding", None) or "utf-8")

    def __repr__(self) -> str:
        return f"Figure({self.scene.title!r}, {self.scene.width:.0f} × {self.scene.height:.0f}, theme={self.theme!r})"
