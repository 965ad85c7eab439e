"""GraphSnapshot: the gradient's picture while a model learns, every few epochs, in one page with a slider over the epochs.

It looks at the model without disturbing it: the same few examples each time, without dropout, and afterwards every gradient and
every remembered state is what it was before. The page is one file, written anew after each look, and fetches nothing.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_beside
from ..trace import Trace
from ..training.callbacks import Callback, Logs
from ..training.loop import placed
from . import flow, html, svg
from .figure import Figure
from .picture import draw
from .reading import read
from .themes import LIGHT
from .words import words_for

VARIABLES = {role: f"var(--{role.replace(' ', '-')})" for role in LIGHT}  # a theme that the page fills in, light or dark
PAGE_WORDS = ("language", "epoch", "before training", "loss curve", "still training", "reach by epoch", "play", "pause", "step")


class GraphSnapshot(Callback):
    """`model.fit(…, callbacks=[GraphSnapshot(every=5, batch=(x[:1], y[:1]))])` writes snapshots.html while it trains.

    `batch` is what the model is looked at with: (x, y), a few examples. One picture comes before the first epoch, one after every
    `every` epochs and one at the end; with more than `most`, every second is dropped and the distance doubles. `draws` are arguments
    of mg.draw: weight="W_hh", view="triangle". The strip under the slider has a column per picture: how far the gradient of
    `of` (an input, or a state: "h") reaches back, beside the loss.
    """

    def __init__(self, path: str | os.PathLike[str] = "snapshots.html", *, every: int = 1, batch: Any, of: str = "x", most: int = 100,
                 words: Mapping[str, str] | None = None, **draws: Any) -> None:  # fmt: skip
        if not isinstance(batch, tuple) or len(batch) != 2:
            raise ValueError("batch is (x, y): the few examples with which the model is looked at, say batch=(x[:1], y[:1])")
        if every < 1 or most < 2:
            raise ValueError(f"every is at least 1 and most at least 2, got every={every} and most={most}")
        self.path, self.batch, self.of, self.most = Path(path), batch, of, most
        self.every, self.draws = every, {"size": "slide", "words": words, **draws}
        self.words = words_for(words)
        self.last: tuple[int, float | None] | None = None
        self.begins()

    # -- what the loop says

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.begins()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.epochs:
            self.take(epoch, None)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.last = (epoch + 1, (logs or {}).get("loss"))
        if (epoch + 1) % self.distance == 0:
            self.take(*self.last)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.live = False
        if self.last and self.epochs and self.epochs[-1]["epoch"] != self.last[0]:
            self.take(*self.last)
        elif self.epochs:
            self.write()

    # -- pictures

    def begins(self) -> None:
        """No pictures yet."""
        self.epochs: list[dict[str, Any]] = []
        self.last = None
        self.live, self.distance = True, self.every

    def take(self, epoch: int, loss: float | None) -> None:
        """One look at the model, and the page with it."""
        if len(self.epochs) >= self.most:
            self.epochs = self.epochs[::2]
            self.distance *= 2
        with undisturbed(self.model):
            trace = self.look()
            self.figure: Figure = draw(trace, **self.draws)
            reach = self.reach(trace)
        self.epochs.append({"epoch": epoch, "loss": number_or_none(loss), "lines": drawn(self.figure), "reach": reach})
        self.write()

    def look(self) -> Trace:
        """Forward and backward on the batch, every step recorded."""
        x, y = self.batch
        with Trace() as trace:
            y_pred = self.model(placed(x, self.model), training=False)
            loss = self.model.compute_loss(y, y_pred)
        loss.backward()
        return trace

    def reach(self, trace: Trace) -> list[float | None]:
        """log₁₀ ‖∂L/∂x_t‖ relative to the last step, for every step; None where nothing arrived."""
        graph = read(trace)
        if not graph.columns:
            return []
        norms = flow.profile(graph, self.of)
        if not np.any(np.isfinite(norms)):
            return []
        with np.errstate(divide="ignore"):
            return [number_or_none(x) for x in np.log10(flow.relative(norms))]

    # -- the page

    @property
    def html(self) -> str:
        """The page with what there is so far."""
        return html.filled("snapshots.html", self.figure.scene.title if self.epochs else "", self.script())

    def script(self) -> dict[str, Any]:
        """Every line of the drawings once, and for each epoch which lines it has: most stay the same."""
        known: dict[str, int] = {}
        epochs = [{**one, "lines": [known.setdefault(line, len(known)) for line in one["lines"]]} for one in self.epochs]
        return {"lines": list(known), "epochs": epochs, "live": self.live, "of": self.of, "words": {w: self.words[w] for w in PAGE_WORDS}}

    def write(self) -> None:
        """Beside its target first, so that a browser never reads half a page."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_beside(self.path, self.html.encode("utf8", "replace"))

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:760px;border:0" title="GraphSnapshot"></iframe>'


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Inside, no weight has a gradient yet; afterwards every gradient and every state (of a stateful layer) is what it was."""
    gradients = [(p, p.grad) for p in model.parameters()]
    states = [(w, w.array) for w in model.weights if not w.requires_grad]
    for p, _ in gradients:
        p.zero_grad()
    try:
        yield
    finally:
        for p, gradient in gradients:
            p.grad = gradient
        for state, array in states:
            state.rebind(array)


def drawn(figure: Figure) -> list[str]:
    """The picture as lines of SVG whose colours are the page's variables."""
    return svg.svg(figure.scene, VARIABLES, "epoch").splitlines()


def number_or_none(x: Any) -> float | None:
    """A number that JSON can hold, to five digits."""
    return None if x is None or not math.isfinite(x) else float(f"{float(x):.5g}")
