"""A Scene as one HTML page that needs nothing else: the SVG, and under it the same in words.

It scales to the window, prints, and reads well to a screen reader; nothing is fetched from anywhere.
"""

from __future__ import annotations

from .scene import Scene
from .svg import clean
from .themes import Theme

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: {ground}; color: {ink}; font: 18px/1.5 Arial, Helvetica, sans-serif; }}
figure {{ margin: 0 auto; max-width: {width}px; padding: 1rem; }}
svg {{ width: 100%; height: auto; display: block; }}
figcaption {{ white-space: pre-line; padding-top: 1rem; }}
@media print {{ figcaption {{ font-size: 12px; }} }}
</style>
</head>
<body>
<figure>
{svg}
<figcaption>{words}</figcaption>
</figure>
</body>
</html>
"""


def page(scene: Scene, svg: str, theme: Theme) -> str:
    """The whole page."""
    return PAGE.format(
        title=clean(scene.title), ground=theme["ground"], ink=theme["ink"], width=round(scene.width), svg=svg,
        words=clean(scene.description),
    )  # fmt: skip
