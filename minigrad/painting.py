"""A text, painted: every character on a background that says how large a number is there, in HTML and in a terminal.

The number is what one unit of a net does while it reads that character, as a rule (inspection.py finds the unit).
"""

from __future__ import annotations

import html
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

BLUE, RED = (0, 114, 178), (213, 94, 0)  # for positive and negative; told apart by the colour-blind too
TERMINAL = {1: (195, 117, 39), -1: (230, 215, 208)}  # three shades each, of a terminal's 256 colours
MARKS = {1: " +#", -1: " -="}


class Painting:
    """A text whose every character has a background: blue for positive values, red for negative, stronger for larger.

    It shows itself in a notebook; `.html` is the same as a string, `.terminal` is for a terminal with colours, `.plain` (and
    `print`) for one without, `.save("page.html")` writes a page. Control characters are shown as their signs: ␛, ␍.
    """

    def __init__(self, text: str, values: np.ndarray, title: str) -> None:
        self.text, self.values, self.title = "".join(map(visible, text)), values, title

    def __str__(self) -> str:
        return self.plain

    @property
    def html(self) -> str:
        spans = "".join(
            f'<span style="background:rgba({r},{g},{b},{abs(v):.2f})" title="{v:+.2f}">{html.escape(character)}</span>'
            for character, v in zip(self.text, self.values)
            for r, g, b in (BLUE if v > 0 else RED,)
        )
        return f'<figure><figcaption>{html.escape(self.title)}</figcaption><pre style="line-height:1.5">{spans}</pre></figure>'

    def _repr_html_(self) -> str:
        return self.html

    @property
    def terminal(self) -> str:
        parts = []
        for character, v in zip(self.text, self.values):
            shade = int(min(abs(v), 0.999) * 4) - 1
            colour = TERMINAL[1 if v > 0 else -1][shade] if shade >= 0 and character != "\n" else None
            parts.append(character if colour is None else f"\x1b[30;48;5;{colour}m{character}\x1b[0m")
        return "".join(parts)

    @property
    def plain(self) -> str:
        """Under every line another one: + and # where the cell is positive, - and = where it is negative."""
        lines, at = [], 0
        for line in self.text.split("\n"):
            values = self.values[at : at + len(line)]
            marks = [MARKS[1 if v > 0 else -1][int(min(abs(v), 0.999) * 3)] for v in values]
            lines += [line, "".join(map(as_wide, marks, line)).rstrip()]
            at += len(line) + 1
        return "\n".join(lines)

    def save(self, path: str | Path) -> None:
        """A page of its own, light or dark as the reader's system is."""
        style = "body{font:16px sans-serif;margin:2em;background:Canvas;color:CanvasText}:root{color-scheme:light dark}"
        page = f'<!doctype html><meta charset="utf-8"><title>{html.escape(self.title)}</title><style>{style}</style>{self.html}'
        Path(path).write_text(page, encoding="utf-8")


def visible(character: str) -> str:
    """A control character as the sign that Unicode has for it: an escape in a text must not steer the terminal."""
    if character in "\n\t" or unicodedata.category(character) != "Cc":
        return character
    return chr(0x2400 + ord(character)) if character < " " else "␡" if character == "\x7f" else "␦"


def as_wide(mark: str, character: str) -> str:
    """The mark, as many columns wide as the character above it."""
    if character == "\t":
        return "\t"
    return "" if unicodedata.combining(character) else mark * 2 if unicodedata.east_asian_width(character) in "WF" else mark


def paint(text: str, values: Any, title: str = "") -> Painting:
    """The text with values[k] behind its k-th character; they are divided by the largest |value|, if that is above 1."""
    values = np.asarray(values, dtype=np.float64).ravel()
    if len(values) != len(text):
        raise ValueError(f"a text of {len(text)} characters needs as many values, got {len(values)}")
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"{values[at]} is no strength of colour: value {at}, of {text[at]!r}")
    return Painting(text, values / max(1.0, float(np.abs(values).max(initial=0.0))), title)
