"""Several weights at once: one net, one backward, and under it a row of pills and a waterfall for every weight.

Each weight has a colour of its own, from its rail to its total. What all of them have in common is dz: one line comes down from
a box, and every weight that the box uses takes its part from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from . import captions
from .graph import Graph, Value, sources
from .naming import name_the_nameless
from .notes import notes
from .reading import show_sums, single_out
from .scene import Mark, Scene
from .sums import Sum
from .unrolled import Unrolled
from .waterfall import LABELS, LEAST, PILL, Waterfall

HUES = ("weight", "weight 2", "weight 3", "weight 4")
BARS, APART = 150.0, 26.0  # how high the bars of one weight may be; between two weights
LOW, NEAR = 62.0, 24.0  # on a slide: a pill's height, and from it to the highest bar


def listed(weight: Any) -> list[Any]:
    """One weight or several, as a list."""
    return list(weight) if isinstance(weight, (list, tuple)) else [weight]


def pick(graph: Graph, others: Iterable[Any]) -> list[Value]:
    """The weights asked for, the first of them being the graph's own; the sums that each enters get boxes."""
    first = graph.weight
    found = [v for v in [first, *(single_out(graph, weight) for weight in others)] if v is not None]
    for v in found:
        graph.weight = v
        show_sums(graph)
    graph.weight = first
    name_the_nameless(graph)
    graph.weights = list(dict.fromkeys(found))
    return graph.weights


def coloured(net: Unrolled, weights: Sequence[Value]) -> None:
    """The rails of the weights, with their taps, in the weights' own colours."""
    for k, v in enumerate(weights):
        box = net.boxes.get(v)
        if box is None:
            continue
        hue = HUES[k % len(HUES)]
        box.fill, box.stroke = f"{hue} fill", f"{hue} line"
        for text in box.texts:
            text.on = box.fill
        net.edges[:] = [replace(e, stroke=f"{hue} line") if e.kind == "tap" and e.tail == box.id else e for e in net.edges]
        net.marks[:] = [recoloured(m, hue) if on_level(m, box.centre[1]) else m for m in net.marks]


def on_level(mark: Mark, y: float) -> bool:
    """Whether a mark belongs to the rail at that height: its line, or the dot of a tap."""
    ys = [y for _, y in mark.path.points]
    return mark.kind in ("rail", "tap") and abs((min(ys) + max(ys)) / 2 - y) < 1


def recoloured(mark: Mark, hue: str) -> Mark:
    return replace(mark, fill=f"{hue} line" if mark.fill else "", stroke=f"{hue} line" if mark.stroke else "")


def waterfalls(scene: Scene, net: Unrolled, totals: Sequence[Sum], words: Mapping[str, str], top: float, page: float | None) -> None:
    """One zone below the other, in the order asked for; `page` is the height that all must fit into."""
    falls = [Waterfall(net, total, words, k + 1, HUES[k % len(HUES)]) for k, total in enumerate(totals)]
    make_way(falls, net)
    for fall in falls if page else ():
        fall.pill, fall.gap = LOW, NEAR
    heads = sum((falls[0].pill, falls[0].gap)) if falls else 0.0
    room = BARS if page is None else (page - LABELS - top + APART) / len(falls) - heads - APART
    known = all(fall.computed for fall in falls)
    barred = room >= LEAST and (known or bool(page))
    height = (heads + room if barred else falls[0].pill if falls else PILL) + APART
    scene.height = max(page or 0.0, top + height * len(falls) - APART + (LABELS if barred else 30.0))
    for k, fall in enumerate(falls):
        y = top + height * k
        fall.draw(scene, y, y + height - APART, ordered=k == len(falls) - 1)
    for fall in falls:
        captions.in_the_margin(fall)
    if known and not barred:
        notes(falls[0], top + 34, 0.0)


def make_way(falls: Sequence[Waterfall], net: Unrolled) -> None:
    """A pill ends where a line passes it on the way to a lower one; from there a branch comes to it."""
    for value, column, _, x in net.parts:
        using = [fall for fall in falls if fall.sum.weight in sources(value)]
        for fall in using[:-1]:
            fall.ends[column] = x - 22
