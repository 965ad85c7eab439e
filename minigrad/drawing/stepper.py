"""`mg.explore`: a computation as one page that plays it, an operation at a time, forward and then backward.

The recorded graph becomes a script of boxes and moves (script.py), and the page (stepper.html, one file, no network) plays
it; the page computes nothing of its own but sums of what it shows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..files import write_beside
from ..trace import Trace
from . import html, several
from .letters import letter_all
from .reading import read, single_out
from .script import script_of
from .words import words_for

PAGE_WORDS = (
    "language", "play", "pause", "forward", "backward", "predict", "as fits", "all open", "all folded", "own folds", "which open",
    "light or dark", "operation back", "operation on", "operation", "the graph", "computes", "with", "press on", "press on how",
    "begins with", "backward begins", "arriving", "local", "adds to", "first part", "was", "was now", "hidden", "equation", "value", "shape",
    "gradient", "made at", "used", "used times", "from", "not computed", "ledger", "one bar", "so far of", "grad is", "share of",
    "step", "steps more", "key on", "space", "key play", "key predict", "key fold", "key walk", "keys", "link", "nothing yet", "open", "folded", "adds",
    "computed", "gradient went", "now", "still to come",
)  # fmt: skip


class Page:
    """A page that plays a computation: `.html`, `.save("page.html")`; in a notebook it shows itself."""

    def __init__(self, script: dict[str, Any], title: str) -> None:
        self.script, self.title = script, title

    @property
    def html(self) -> str:
        """The whole page, in one file that fetches nothing."""
        return html.filled("stepper.html", self.title, self.script)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page; its directory must exist."""
        return write_beside(path, self.html.encode("utf8", "replace"))

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:760px;border:0" title="{escape(self.title)}"></iframe>'

    def __repr__(self) -> str:
        return f"Page({self.title!r}, {len(self.script['moves'])} moves)"


def explore(what: Any, path: str | os.PathLike[str] | None = None, *, weight: Any = None, title: str | None = None,
            words: Mapping[str, str] | None = None) -> Page:  # fmt: skip
    """The page that plays a Trace, forward and backward, an operation at a time; saved at `path` if one is given.

    Keys: ← → one operation, space plays (in predict mode it reveals), P predicts, 1 … 9 fold a step, D is dark, ↑ ↓ walk through
    the boxes. Steps fold where there is no room for all. `weight` (a tensor or its name) is whose sum is watched first; of a
    list each has its button over the ledger, and others none. `page.html#step=31` opens at a move; `words` says the page in
    another language (drawing/words.py).
    Raises TypeError for something that records nothing, ValueError for an unknown weight.
    """
    if not isinstance(what, Trace):
        raise TypeError(f"explore plays a Trace, got {type(what).__name__}: compute inside `with mg.Trace() as trace:`")
    own = words_for(words)
    first, *others = several.listed(weight)
    graph = read(what, weight=first, fold=False)
    graph.weights = [v for w in [first, *others] if (v := single_out(graph, w)) is not None] if others else []
    letter_all(graph)
    graph.missing = own["not computed"]
    title = title or own["title stepper"].format(name=graph.root.name or own["the result"])
    page = Page(script_of(graph) | {"words": {word: own[word] for word in PAGE_WORDS}}, title)
    graph.forget()
    if path is not None:
        page.save(path)
    return page
