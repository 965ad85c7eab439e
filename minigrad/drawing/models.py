"""A model as its layers: shapes, numbers of weights, and a shared layer once, its calls told apart by colour.

Data flows from the top down. Drawn are the calls that the model itself runs, so what is drawn is what is computed; the batch
axis is called `batch`, and a size that is known only when data comes is a dot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..layers.symbol import Call, Symbol
from . import fonts, text_views
from .layout import Body
from .moving import legible, to_slide
from .scene import Box, Edge, Mark, Point, Scene, Text, bent, curve, line
from .slots import Link, Slot

MARGIN, TOP, GAP, SPACE = 48.0, 96.0, 70.0, 44.0
HUES = ("input line", "state line", "loss line", "against line", "weight line", "gradient line")


class Block:
    """One box: an input, a layer with all its calls, or a single operation."""

    def __init__(self, key: Any, name: str, kind: str, style: str) -> None:
        self.key, self.name, self.kind, self.style = key, name, kind, style
        self.calls: list[Call] = []
        self.rows: list[tuple[str, str]] = []

    @property
    def heading(self) -> str:
        return self.kind + (f" · shared × {len(self.calls)}" if len(self.calls) > 1 else "")


Joined = tuple[Block, Block, int]  # from, to, which call of a shared layer

def blocks_of(model: Any, words: Mapping[str, str]) -> tuple[list[Block], list[Joined]]:
    """The boxes in order of use, and for every symbol read: (from, to, which call of the shared layer; 0 for none)."""
    found: dict[Any, Block] = {}
    for symbol in flat(model.inputs):
        block = found[symbol] = Block(symbol, symbol.name or words["input"], words["Input"], "input")
        block.rows = [(words["out"], shape_words(symbol.shape, words))]
    for call in model.calls:
        block = found.setdefault(key_of(call), new_block(call, words))
        block.calls.append(call)
    for block in found.values():
        describe_block(block, words)
        block.style = "weight" if len(block.calls) > 1 else block.style
    joined = []
    for call in model.calls:
        block = found[key_of(call)]
        for symbol in call.sources:
            source = found[symbol if symbol.call is None else key_of(symbol.call)]
            joined.append((source, block, which(call, block) or (which(symbol.call, source) if symbol.call else 0)))
    for symbol in flat(model.outputs):
        if symbol.call is not None and len(found[key_of(symbol.call)].calls) == 1:
            found[key_of(symbol.call)].style = "loss"
    return list(found.values()), joined


def key_of(call: Call) -> Any:
    """A layer is one box for all its calls; every other operation has a box for each."""
    return call.op if hasattr(call.op, "count_params") else call


def new_block(call: Call, words: Mapping[str, str]) -> Block:
    """The box of a layer, or of an operation."""
    name = getattr(call.op, "name", None) or call.op.__name__
    layered = key_of(call) is call.op
    return Block(key_of(call), name, settings(call.op) if layered else words["operation"], "state" if layered else "value")


def which(call: Call, block: Block) -> int:
    """1, 2, … for the calls of a shared layer; 0 for a layer that is called once."""
    return block.calls.index(call) + 1 if len(block.calls) > 1 else 0


def describe_block(block: Block, words: Mapping[str, str]) -> None:
    """in, out and the number of weights, for what was called."""
    if block.calls:
        call = block.calls[0]
        ins = [shape_words(symbol.shape, words) for symbol in call.sources]
        outs = [shape_words(symbol.shape, words) for symbol in flat(call.outputs)]
        same = len(ins) > 1 and len(set(ins)) == 1
        block.rows = [(words["in"], f"{len(ins)} × {ins[0]}" if same else ", ".join(ins)), (words["out"], ", ".join(outs))]
        count = block.key.count_params() if hasattr(block.key, "count_params") else 0
        if count:
            block.rows.append((words["params"], f"{count:,}"))


def settings(layer: Any) -> str:
    """LSTM(32), Dense(1, sigmoid): the class and what one would ask first."""
    config = layer.get_config() if hasattr(layer, "get_config") else {}
    said = [str(config[key]) for key in ("units", "filters", "output_dim", "rate") if key in config]
    activation = config.get("activation")
    name = getattr(activation, "__name__", activation)
    if isinstance(name, str) and name not in ("linear", "identity") and (type(layer).__name__ not in ("RNN", "LSTM", "GRU") or name != "tanh"):
        said.append(name)
    return f"{type(layer).__name__}({', '.join(said)})" if said else type(layer).__name__


def shape_words(shape: tuple[int | None, ...], words: Mapping[str, str]) -> str:
    """(None, 20, None) → (batch, 20, ·)"""
    sizes = [words["batch"] if k == 0 and n is None else "·" if n is None else str(n) for k, n in enumerate(shape)]
    return f"({', '.join(sizes)})"


def flat(nest: Any) -> list[Symbol]:
    """The Symbols in a nest of lists, tuples and dicts."""
    if isinstance(nest, Symbol):
        return [nest]
    return [symbol for one in (nest.values() if isinstance(nest, dict) else nest or ()) for symbol in flat(one)]


def scene(model: Any, words: Mapping[str, str], title: str | None, slide: bool = False) -> Scene:
    """The model from top to bottom; on a slide with as much of it as has room in letters that can be read."""
    if not getattr(model, "calls", None):
        raise ValueError(f"{type(model).__name__} {getattr(model, 'name', '')!r} has no graph yet: give it an Input, or draw a trace of one call: "
                         "with mg.Trace() as trace: model(x)")  # fmt: skip
    blocks, joined = blocks_of(model, words)
    heading = title or words["title model"].format(name=model.name, count=f"{model.count_params():,}")
    text = text_views.model(blocks, joined, heading)
    description = "\n".join(f"{b.name}: {b.heading}; " + ", ".join(f"{k} {v}" for k, v in b.rows) + "." for b in blocks)
    page = page_of(blocks, joined, words, heading, GAP)
    for some, lines, gap in slimmer(blocks, joined, words) if slide else ():
        if legible(page):
            break
        page = page_of(some, lines, words, heading, gap)
    page.text, page.description = text, description
    if slide:
        to_slide(page)
    return page


def slimmer(blocks: list[Block], joined: list[Joined], words: Mapping[str, str]) -> Iterator[tuple[list[Block], list[Joined], float]]:
    """The model with less and less said of it: without what comes in, without shapes, without the layers in the middle."""
    for kept, gap in (((words["out"], words["params"]), 44.0), ((words["params"],), 40.0)):
        for block in blocks:
            block.rows = [row for row in block.rows if row[0] in kept]
        yield blocks, joined, gap
    for count in range(len(blocks) - 2, 1, -1):
        yield *elided(blocks, joined, count, words), gap


def elided(blocks: list[Block], joined: list[Joined], count: int, words: Mapping[str, str]) -> tuple[list[Block], list[Joined]]:
    """The first and the last blocks, `count` in all, with one between them that says how many layers and weights it stands for."""
    head = (count + 1) // 2
    middle = blocks[head : len(blocks) - (count - head)]
    rest = Block("…", "…", words["layers more"].format(count=len(middle)), "value")
    weights = sum(block.key.count_params() for block in middle if hasattr(block.key, "count_params"))
    rest.rows = [(words["params"], f"{weights:,}")] if weights else []
    place = {block: rest if block in middle else block for block in blocks}
    lines = dict.fromkeys((place[a], place[b], 0 if rest in (place[a], place[b]) else call) for a, b, call in joined)
    return [*blocks[:head], rest, *blocks[len(blocks) - (count - head) :]], [link for link in lines if link[0] is not link[1]]


def page_of(blocks: list[Block], joined: list[Joined], words: Mapping[str, str], heading: str, gap: float) -> Scene:
    """These blocks on a page as large as they need."""
    slots = {block: Slot(block, need=width_of(block), leaf=False) for block in blocks}
    places = {block: k for k, block in enumerate(blocks)}
    down = [(a, b, call) for a, b, call in joined if places[a] < places[b]]
    links = [Link(slots[a], slots[b], key=call) for a, b, call in down]
    body = Body(list(slots.values()), links, sinking=False)
    body.place_freely(SPACE, 0, lambda slot: height_of(slot.key), gap)
    page = Scene(max(body.width, fonts.measure(heading, 26, True)) + 2 * MARGIN, 0, heading)
    shift, bottom = (page.width - body.width) / 2, max(slot.bottom for slot in body.slots)
    boxes = {block: box_of(block, slot, shift, bottom, f"n{places[block]}") for block, slot in slots.items()}
    for (a, b, call), link in zip(down, links, strict=True):
        draw_link(page, body, link, boxes[a], boxes[b], call, shift, bottom)
    for a, b, call in joined:
        if places[a] >= places[b]:
            draw_back(page, boxes[a], boxes[b], call)
    page.add(*boxes.values(), Text(MARGIN, 54, heading, 26, True, kind="title"))
    number_calls(page, down, boxes, words)
    page.height = max(box.bottom for box in boxes.values()) + MARGIN
    page.width = max([page.width, *(t.bounds[2] + 16 for t in page.texts)])
    return page


def width_of(block: Block) -> float:
    """As wide as its heading or its widest row."""
    heading = fonts.measure(block.name, 22, True) + 14 + fonts.measure(block.heading, 19)
    rows = [88 + fonts.measure(value, 20) for _, value in block.rows]
    return max([heading, *rows, 90.0]) + 30


def height_of(block: Block) -> float:
    """A heading and a line for every row."""
    return 46.0 + 31.0 * len(block.rows)


def box_of(block: Block, slot: Slot, shift: float, bottom: float, id: str) -> Box:
    """The box, with the layout's bottom made its top."""
    h = height_of(block)
    style = {"input": ("input fill", "input line"), "state": ("state fill", "state line"), "loss": ("loss fill", "loss line"),
             "weight": ("weight fill", "weight line"), "value": ("value fill", "value line")}[block.style]  # fmt: skip
    y = TOP + (bottom - slot.bottom) + (slot.h - h) / 2
    box = Box(id, slot.x + shift, y, slot.w, h, *style, 2.2, 16, kind=block.style, title=f"{block.name}: {block.heading}")
    x = box.x + (box.w - fonts.measure(block.name, 22, True) - 14 - fonts.measure(block.heading, 19)) / 2
    box.texts += [Text(x, y + 31, block.name, 22, True, "ink", "start", box.fill),
                  Text(x + fonts.measure(block.name, 22, True) + 14, y + 31, block.heading, 19, False, "muted", "start", box.fill)]  # fmt: skip
    if block.rows:
        box.marks.append(Mark(line((box.x, y + 44), (box.right, y + 44)), "", style[1], 2))
    for k, (word, value) in enumerate(block.rows):
        level = y + 68 + 31 * k
        box.texts += [Text(box.x + 14, level, word, 19, False, "muted", "start", box.fill),
                      Text(box.x + 92, level, value, 20, False, "ink", "start", box.fill)]  # fmt: skip
    return box


def draw_link(page: Scene, body: Body, link: Link, a: Box, b: Box, call: int, shift: float, bottom: float) -> None:
    """An arrow downwards; at a shared layer in the colour of its call."""
    points = [(x + shift, TOP + bottom - y) for piece in body.route(link, 0, 0) for x, y in piece]
    points[0], points[-1] = (points[0][0], a.bottom), (points[-1][0], b.y)
    hue = HUES[(call - 1) % len(HUES)] if call else "line"
    page.add(Edge(a.id, b.id, bent(points, 30) if len(points) > 2 else soft(points), hue, 2.6, kind="forward"))


def number_calls(page: Scene, joined: list[Joined], boxes: Mapping[Block, Box], words: Mapping[str, str]) -> None:
    """Beside the lines between two boxes, which calls they are: call 2, or call 1 … 4."""
    calls: dict[tuple[str, str], list[int]] = {}
    for a, b, call in joined:
        calls.setdefault((boxes[a].id, boxes[b].id), []).append(call)
    for (tail, head), numbers in calls.items():
        edges = [edge for edge in page.edges if (edge.tail, edge.head) == (tail, head)]
        numbers = sorted(number for number in numbers if number)
        if numbers and edges:
            label = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} … {numbers[-1]}"
            (x0, y0), (x1, y1) = edges[-1].path.start, edges[-1].path.end
            page.add(Text(max((x0 + x1) / 2, 0.0) + 12, (y0 + y1) / 2 + 7, words["call"].format(number=label), 19, False, "muted", kind="call"))
    labels_apart(page)


def labels_apart(page: Scene) -> None:
    """The calls' numbers beside their lines, right or left, higher or lower, so that none lies on another or on a box."""
    placed: list[tuple[float, float, float, float]] = [(b.x, b.y, b.right, b.bottom) for b in page.boxes]
    placed += [(x, y, x, y) for edge in page.edges for x, y in edge.path.along(24)]
    for text in [item for item in page.items if isinstance(item, Text) and item.kind == "call"]:
        x, y = text.x, text.y
        beside = [(x + dx, y + dy) for dx in (0.0, 20.0, 50.0) for dy in (0.0, -14.0, 20.0)]
        beside += [(x - dx - text.width, y + dy) for dx in (24.0, 44.0, 74.0) for dy in (0.0, -14.0, 20.0)]
        for text.x, text.y in beside:
            left, top, right, bottom = text.bounds
            if all(right + 4 < a or c < left - 4 or bottom < b or d < top for a, b, c, d in placed):
                break
        placed.append(text.bounds)


def soft(points: list[Point]):  # type: ignore[no-untyped-def]
    """Straight where it is upright, else bent softly."""
    (x0, _), (x1, _) = points[0], points[-1]
    return line(*points) if abs(x0 - x1) < 2 else curve(points[0], points[-1])


def draw_back(page: Scene, a: Box, b: Box, call: int) -> None:
    """What goes back up to a layer that was called before: round the right side."""
    x = max(a.right, b.right) + 26
    y0, y1 = a.bottom - 18, b.y + 18
    hue = HUES[(call - 1) % len(HUES)] if call else "line"
    page.add(Edge(a.id, b.id, bent([(a.right, y0), (x, y0), (x, y1), (b.right, y1)], 14), hue, 2.6, kind="forward"))
    page.width = max(page.width, x + 20)
