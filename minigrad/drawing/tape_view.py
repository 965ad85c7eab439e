"""The tape's two pictures: a computation as a graph beside its list, and an unrolled net above the lists of its steps.

The graph's boxes carry the numbers of the visits; the list says what was recorded when. Both come from one recorded graph, so
names and colours are those of every other picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import fonts, views
from .cards import is_gate
from .expression import Expression
from .folding import fold_inner
from .graph import Graph, Value
from .ledger import Ledger, Strip, number_boxes
from .moving import centred, moved
from .placed import MARGIN
from .scene import Edge, Scene, Text, line
from .tape import MOST, Entry, Tape
from .unrolled import Unrolled

DRAWN = 10  # operations, up to which the graph stands beside the list
WIDE = 6  # columns that leave room for equations
LINE = 27.0


def tape(
    graph: Graph, words: Mapping[str, str], *, slide: bool, most: int | None, values: str, title: str | None, labels: Any
) -> tuple[Scene, str]:
    """The picture, and the same for a terminal."""
    if graph.columns:
        return under_the_steps(graph, words, slide=slide, most=most, values=values, title=title, labels=labels)
    return as_list(graph, words, slide=slide, most=most, values=values, title=title)


def told(scene: Scene, tape: Tape, words: Mapping[str, str], title: str | None) -> str:
    """Gives the scene its title and its description; returns the text for a terminal."""
    scene.title = title or words["title tape"].format(count=f"{len(tape.entries):,}")
    why = words["tape why"].replace("|", " ")
    lines = tape.lines(words)
    scene.description = f"{why}\n{lines}"
    return f"{scene.title}\n\n{why}\n\n{lines}\n"


# ------------------------------------------------------------------------------------------------ without time


def as_list(graph: Graph, words: Mapping[str, str], *, slide: bool, most: int | None, values: str, title: str | None) -> tuple[Scene, str]:
    """The graph at the left, as long as it is small; the list with its arcs at the right."""
    tape = Tape(graph)
    tape.unfold()
    ledger = Ledger(tape, words, most or (18 if slide else MOST))
    scene = Scene(0, 0)
    text = told(scene, tape, words, title)
    top, x = 170.0, MARGIN + 40.0
    if len(tape.entries) <= DRAWN:
        x = beside(scene, graph, tape, words, values, top, ledger)
    high = max((box.bottom for box in scene.boxes), default=0.0) - top
    right = ledger.draw(scene, x, top + max(0.0, (high - ledger.height) / 2))
    scene.width = max(right + MARGIN, 900.0)
    head(scene, words, "tape why")
    scene.height = max([ledger.end, *(box.bottom for box in scene.boxes)]) + 30
    more = [words["leaves more"].format(count=f"{ledger.hidden:,}")] if ledger.hidden else []
    notes(scene, tape, words, scene.height, more)
    if slide:
        centred(scene)
    return scene, text


class Numbered(Expression):
    """The expression's graph as it stands beside a tape: what arrived is added in the order in which it did."""

    words_on_edges = False
    tape: Tape

    def gradient_text(self, v: Value) -> str:
        return self.tape.arrives(v)


def beside(scene: Scene, graph: Graph, tape: Tape, words: Mapping[str, str], values: str, top: float, ledger: Ledger) -> float:
    """The expression's graph with the numbers of the visits; returns where the list may begin."""
    kernels = [v for v in tape.by_value if isinstance(v.tensor.array, tuple)]  # several arrays: drawn as what is taken from them
    for v in kernels:
        v.shown = False
    drawing = Numbered(graph, words, tape.walked, values)
    drawing.tape = tape
    part = drawing.scene("", "")
    for v in kernels:
        v.shown = True
    first = min(box.y for box in part.boxes)
    high = max(box.bottom for box in part.boxes) - first
    dy = top - first + max(0.0, (ledger.height - high) / 2)
    left = min(box.x for box in part.boxes)
    moved(part.items, MARGIN + 10 - left, dy)
    scene.add(*(item for item in part.items if not (isinstance(item, Text) and item.kind == "title")))
    for v in drawing.boxes:
        tape.boxed[v] = [tape.by_value[v]] if v in tape.by_value else []
    number_boxes(scene, tape, drawing.boxes)
    return max(box.right for box in part.boxes) + 110.0


def head(scene: Scene, words: Mapping[str, str], key: str) -> None:
    """The title, and under it why the order is a good one."""
    shown, size = fonts.fit([scene.title], scene.width - 2 * MARGIN, (34, 30, 26, 24, 22), True)
    scene.add(Text(MARGIN, 54, shown, size, True, "ink", kind="title"))
    y = 92.0
    for part in wrapped(words[key], scene.width - 2 * MARGIN):
        scene.add(Text(MARGIN, y, part, 20, False, "muted"))
        y += LINE


def wrapped(words: str, width: float) -> list[str]:
    """The sentence in lines that fit; `|` is where a line would best end."""
    lines: list[str] = []
    for word in words.replace("|", " ").split(" "):
        if lines and fonts.measure(f"{lines[-1]} {word}", 20) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def notes(scene: Scene, tape: Tape, words: Mapping[str, str], y: float, more: Sequence[str] = ()) -> None:
    """What the signs mean, as far as they are used."""
    said = [*more]
    said += [words["tape nameless"]] if any(not entry.value.numbered for entry in tape.entries) else []
    said += [] if tape.walked else [words["tape before"]]
    for sentence in said:
        for part in wrapped(sentence, scene.width - 2 * MARGIN):
            scene.add(Text(MARGIN, y + 12, part, 20, False, "muted"))
            y += LINE
    scene.height = y + (18 if said else 10)


# ------------------------------------------------------------------------------------------------ through time


def under_the_steps(
    graph: Graph, words: Mapping[str, str], *, slide: bool, most: int | None, values: str, title: str | None, labels: Any
) -> tuple[Scene, str]:
    """The unrolled net, every box with the numbers of its visits; under each step what was recorded in it."""
    if sum(is_gate(v) for v in graph.shown if v.column == 0) > 2:  # too narrow for a number on top
        fold_inner(graph)
    graph.weight = None
    tape = Tape(graph)
    most = most or (WIDE if len(graph.columns) <= WIDE else WIDE - 1)
    net, end = views.fitted(graph, words, tape.walked, slide, most, values, labels)
    scene = Scene(net.page, 0)
    net.net(scene, end)
    bottom = net.draw_rails(end + 11)
    boxes = dict(net.boxes)
    tape.unfold()
    text = told(scene, tape, words, title)
    for v in boxes:
        graph.id.setdefault(v, f"n{len(graph.id)}")
    top = max([bottom + 12, *(box.bottom + 20 for box in boxes.values())])
    ways(scene, net, tape, words, top)
    views.paint_net(scene, net)
    number_boxes(scene, tape, boxes)
    lowest = strips(scene, net, tape, words, top + 44, views.SLIDE[1] - top - 44 - 100 if slide else 0.0)
    scene.items[:0] = [*net.grounds, *(e for e in net.edges if e.kind == "part")]
    views.heading(scene, net, graph, words, scene.title)
    y = lowest + 34
    for part in wrapped(words["tape steps"], scene.width - 2 * MARGIN):
        scene.add(Text(MARGIN, y, part, 20, False, "muted"))
        y += LINE
    notes(scene, tape, words, y - 12)
    scene.height = max(scene.height, views.SLIDE[1]) if slide else scene.height
    return scene, text


def ways(scene: Scene, net: Unrolled, tape: Tape, words: Mapping[str, str], y: float) -> None:
    """Between net and lists: forward goes to the right, backward to the left."""
    columns = net.plan.columns
    after = any(entry.segment is None for entry in tape.entries)
    left, right = columns[0].x, net.right + net.right_width if after else columns[-1].x + columns[-1].w
    scene.add(Edge("", "", line((left, y + 8), (right, y + 8)), "ink", 3, "head", kind="way"))
    colour = "gradient line" if tape.walked else "line"
    scene.add(Edge("", "", line((right, y + 24), (left, y + 24)), colour, 3, "head", kind="way"))
    for words_, colour, level in ((words["recorded"], "ink", y + 4), (words["visited"], "gradient", y + 30)):
        text, size = fonts.fit([words_], net.left_width, (19, 18), True)
        scene.add(Text(left - 14, level + 8, text, size, True, colour, "end"))


def strips(scene: Scene, net: Unrolled, tape: Tape, words: Mapping[str, str], top: float, room: float) -> float:
    """The lists; those of steps drawn as one are a number. Returns where the longest ends."""
    held: dict[int | None, list[Entry]] = {}
    for entry in tape.entries:
        held.setdefault(entry.segment, []).append(entry)
    places = [(held.get(-1, []), net.left, net.left_width), (held.get(None, []), net.right, net.right_width)]
    places += [(held.get(c.last, []), c.x, c.w) for c in net.plan.columns if not c.gap]
    most = max(4, int(room // 30)) if room else 44
    drawn = [Strip(tape, words, entries, x, w, most) for entries, x, w in places if entries]
    for strip in drawn:
        strip.draw(scene, top)
    for c in net.plan.columns:
        count = sum(len(held.get(k, [])) for k in c.columns)
        if c.gap and count:
            text, size = fonts.fit([words["operations"].format(count=f"{count:,}"), f"{count:,}"], c.w, (19, 18))
            scene.add(Text(c.x + c.w / 2, top + 20, text, size, False, "muted", "middle"))
    return top + max(strip.height() for strip in drawn)
