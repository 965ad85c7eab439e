"""Pictures one after another in one file: a GIF, or an animated PNG in all its colours.

Pillow does the writing; it comes as a wheel for every platform, and is asked for only here.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

KINDS = {".gif": "GIF", ".png": "PNG", ".apng": "PNG"}
INSTALL = "an animation needs Pillow: pip install pillow   (frames as SVG need nothing)"


def kind_of(path: Path) -> str:
    """GIF or PNG, by the file's ending; ValueError for another one, ImportError where nothing can write it."""
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"an animation is saved as .gif, .apng or .png; got {path.name!r}")
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise ImportError(INSTALL) from None
    return KINDS[path.suffix.lower()]


def animated(pictures: list[bytes], kind: str, seconds: float) -> bytes:
    """The PNGs as one moving picture that begins again; the last one stays three times as long as the others."""
    from PIL import Image

    opened: list[Any] = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    if kind == "GIF":
        palette = opened[-1].quantize(256, dither=Image.Dither.NONE)
        opened = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in opened]
    stay = [round(1000 * seconds)] * (len(opened) - 1) + [round(3000 * seconds)]
    data = io.BytesIO()
    opened[0].save(data, kind, save_all=True, append_images=opened[1:], duration=stay, loop=0)
    return data.getvalue()
