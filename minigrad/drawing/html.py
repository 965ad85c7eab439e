"""Pages that need nothing else: a Scene's SVG with the same in words under it, and the templates of the pages that play something.

They scale to the window, print, and read well to a screen reader; nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from .scene import Scene
from .svg import clean
from .themes import DARK, LIGHT, PRINT, Theme

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


def filled(template: str, title: str, script: Mapping[str, Any]) -> str:
    """One of the pages that play something: its title, both palettes, and its script as JSON, in the template of that name."""
    page = files(__package__).joinpath(template).read_text(encoding="utf-8")
    data = json.dumps(script, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    language = script.get("words", {}).get("language", "en")
    fields = {"language": clean(language), "title": clean(title), "palettes": palettes(), "script": data}
    return re.sub("|".join("{{" + field + "}}" for field in fields), lambda found: fields[found[0].strip("{}")], page)


def palettes() -> str:
    """The themes as CSS variables: light, dark where the reader's system or the button asks for it, and black on white on paper."""

    def variables(theme: Theme) -> str:
        return "".join(f"--{name.replace(' ', '-')}:{value};" for name, value in theme.items())

    dark = f"{variables(DARK)}color-scheme:dark"
    return (f":root{{{variables(LIGHT)}color-scheme:light}}@media(prefers-color-scheme:dark){{:root:not([data-theme=light])"
            f"{{{dark}}}}}:root[data-theme=dark]{{{dark}}}@media print{{:root:root:root{{{variables(PRINT)}color-scheme:light}}}}")  # fmt: skip
