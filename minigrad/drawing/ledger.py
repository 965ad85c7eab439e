"""The tape as a picture: a list whose arcs all point upwards, or, for a net with time, a list under every step.

A row is one operation: when it was recorded, what it computed, when backward visits it and what has arrived by then. In the
list of a whole computation the gradients' ways are arcs; under the steps of a net, the net above shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from . import fonts
from .cards import STYLES
from .graph import Value
from .scene import Box, Edge, Mark, Scene, Text, bent, line, rounded_rectangle
from .tape import Entry, Gap, Tape, more, shortened, visits

ROW, SIZE = 42.0, 20.0  # in the list
LOW, SMALL = 28.0, 18.0  # under the steps
PAD, BETWEEN, LANE = 14.0, 26.0, 16.0
BADGE = 26.0
WIDEST = 330.0  # that a cell of the list may be


class Ledger:
    """The list of a whole computation, with an arc for everything that is sent on."""

    def __init__(self, tape: Tape, words: Mapping[str, str], most: int) -> None:
        self.tape, self.words = tape, words
        self.rows = list(shortened(tape.entries, most))
        self.entries = [row for row in self.rows if isinstance(row, Entry)]
        leaves = tape.leaves(self.entries)
        self.leaves = leaves[:10]
        self.hidden = len(tape.leaves(tape.entries)) - len(self.leaves)
        self.place: dict[Value, Box] = {}
        self.told: dict[Entry | Value, list[str]] = {entry: self.cells(entry) for entry in self.entries}
        self.told |= {x: self.leaf_cells(x) for x in self.leaves}
        self.widths = [self.width(k) for k in range(6)]
        self.w = sum(self.widths) + BETWEEN * 5 + 2 * PAD

    @property
    def height(self) -> float:
        return 34.0 + ROW * (len(self.rows) + len(self.leaves)) + (8.0 if self.leaves else 0.0)

    def cells(self, entry: Entry) -> list[str]:
        """One row's words: recorded, operation, value, visited, arrives, sends on."""
        forms = self.tape.equation(entry)
        short = next((form for form in forms if fonts.measure(form, SIZE, True) <= WIDEST), forms[-1])
        arrives = self.tape.arrives(entry.value)
        arrives = arrives if fonts.measure(arrives, SIZE, True) <= WIDEST else arrives.rpartition(" = ")[2]
        return [str(entry.number), short, self.tape.value(entry), str(entry.visit), arrives, shorter(self.tape.sends(entry))]

    def leaf_cells(self, x: Value) -> list[str]:
        """A leaf is on no tape: its name, and what has come together in .grad at the end."""
        return ["", self.tape.name(x), self.tape.graph_value(x), "", self.tape.arrives(x), x.grad_name]

    @property
    def heads(self) -> list[str]:
        keys = ("recorded", "operation", "value", "visited", "arrives", "sends on")
        return [self.words[key] for key in keys]

    def width(self, k: int) -> float:
        """As wide as the widest of the column, within reason."""
        widest = max((fonts.measure(cells[k], SIZE, True) for cells in self.told.values()), default=0.0)
        head = fonts.measure(self.heads[k], 18)
        return min(WIDEST, max(widest + (BADGE - 8 if k == 3 else 0.0), head))

    def draw(self, scene: Scene, x: float, y: float) -> float:
        """The list with its upper left corner at (x, y); returns where it ends at the right."""
        self.x = x
        for k, head in enumerate(self.heads):
            left, anchor = self.spot(k)
            text, size = fonts.fit([head], self.widths[k] + BETWEEN - 6, (18,))
            scene.add(Text(left, y + 20, text, size, False, "muted", anchor))
        y += 34.0
        for v in self.leaves:
            self.row(scene, y, v, self.told[v], None)
            y += ROW
        y += 8.0 if self.leaves else 0.0
        self.start = y
        for row in self.rows:
            self.gap(scene, y, row) if isinstance(row, Gap) else self.row(scene, y, row.value, self.told[row], row)
            y += ROW
        self.end = y
        right = self.arcs(scene)
        self.ways(scene, right)
        return right + 46.0

    def spot(self, k: int) -> tuple[float, str]:
        """Where a column's words are anchored: numbers at their right end, equations at their left."""
        left = self.x + PAD + sum(self.widths[:k]) + BETWEEN * k
        if k in (1, 5):
            return left, "start"
        return (left + self.widths[k] / 2, "middle") if k == 3 else (left + self.widths[k], "end")

    def row(self, scene: Scene, y: float, v: Value, cells: Sequence[str], entry: Entry | None) -> None:
        """One box with six cells."""
        root = v is self.tape.graph.root
        fill, stroke = STYLES["weight" if entry is None else "loss" if root else "value"]
        name = f"op{entry.number}" if entry else f"leaf{len(self.place) + 1}"
        box = Box(name, self.x, y, self.w, ROW - 4, fill, stroke, 1.6, 7, kind="entry" if entry else "weight")
        box.title = self.tape.equation(entry)[0] if entry else self.tape.name(v)
        base = y + ROW / 2 + 5
        for k, words in enumerate(cells):
            left, anchor = self.spot(k)
            missing = k == 4 and words == self.tape.graph.missing
            bold = k in (1, 3, 4) and not missing or k == 5 and entry is None
            text, size = fonts.fit([words], self.widths[k] + (4 if k != 3 else 0), (SIZE, 19, 18), bold)
            if k == 3 and words:
                box.marks.append(badge(left, y + (ROW - 4) / 2, self.widths[3]))
            colour = "muted" if missing or k == 0 else "gradient" if k in (3, 4) or k == 5 and self.tape.walked else "ink"
            if text:
                on = "gradient fill" if k == 3 else box.fill
                box.texts.append(Text(left, base, text, size, bold, colour, anchor, on))
        self.place[v] = box
        scene.add(box)

    def gap(self, scene: Scene, y: float, gap: Gap) -> None:
        """Dots, and how many entries they stand for."""
        text, size = fonts.fit([f"…  {more(gap, self.words)}"], self.w - 2 * PAD, (SIZE, 19, 18))
        scene.add(Text(self.x + PAD + self.widths[0] + BETWEEN, y + ROW / 2 + 5, text, size, False, "muted"))

    def arcs(self, scene: Scene) -> float:
        """From every row up to the rows that it sends a part to; nearer rows in nearer lanes. Returns the last lane."""
        pairs = [(entry.value, x) for entry in self.entries for x in self.tape.targets(entry) if x in self.place]
        pairs.sort(key=lambda pair: self.place[pair[0]].y - self.place[pair[1]].y)
        lanes: list[list[tuple[float, float]]] = []
        right = self.x + self.w
        for user, x in pairs:
            low, high = self.place[user].centre[1] - 7, self.place[x].centre[1] + 7
            lane = next((k for k, taken in enumerate(lanes) if all(high >= b or low <= a for a, b in taken)), len(lanes))
            lanes += [[]] if lane == len(lanes) else []
            lanes[lane].append((high - 1, low + 1))
            across = right + 26 + LANE * lane
            path = bent([(right, high), (across, high), (across, low), (right, low)], 9)
            stroke, arrow, kind = ("gradient line", "tail", "backward") if self.tape.walked else ("line", "head", "forward")
            scene.add(Edge(self.place[x].id, self.place[user].id, path, stroke, 2.2, arrow, kind=kind))
        return right + 26 + LANE * max(0, len(lanes) - 1)

    def ways(self, scene: Scene, right: float) -> None:
        """Two long arrows: forward writes downwards, backward reads upwards."""
        left, top, bottom = self.x - 24, self.start + 4, self.end - 8
        if bottom - top < 30:
            return
        scene.add(Edge("", "", line((left, top), (left, bottom)), "ink", 3.5, "head", kind="way"))
        colour = "gradient line" if self.tape.walked else "line"
        scene.add(Edge("", "", line((right + 24, bottom), (right + 24, top)), colour, 3.5, "head", kind="way"))


def shorter(words: str) -> str:
    """W_xh 0.20, W_hh 0.04, …: as many of the items as there is room for, whole ones only."""
    items = words.split(", ")
    while len(items) > 1 and fonts.measure(words, SIZE, True) > WIDEST:
        items.pop()
        words = ", ".join(items) + ", …"
    return words


def badge(x: float, y: float, width: float, colour: str = "gradient") -> Mark:
    """The ground of a visiting number."""
    outline = rounded_rectangle(x - width / 2, y - BADGE / 2, width, BADGE, BADGE / 2)
    return Mark(outline, f"{colour} fill", f"{colour} line", 1.6, kind="badge")


# ------------------------------------------------------------------------------------------------ under the steps of a net


class Strip:
    """One step's part of the tape: a list as narrow as the step's column."""

    def __init__(self, tape: Tape, words: Mapping[str, str], entries: Sequence[Entry], x: float, w: float, most: int) -> None:
        self.tape, self.words, self.x, self.w = tape, words, x, w
        self.rows = list(shortened(entries, most))
        last = len(tape.entries)
        self.room = fonts.measure(f"{last:,}", SMALL) + 4
        self.badge = fonts.measure(str(last), SMALL, True) + 14

    def draw(self, scene: Scene, y: float) -> None:
        """Rows one below the other, touching like frames of a film; where numbers jump, a little apart."""
        before: Entry | None = None
        for row in self.rows:
            if isinstance(row, Gap):
                text, size = fonts.fit([more(row, self.words), f"+ {len(row.entries):,}"], self.w - 8, (19, SMALL))
                scene.add(Text(self.x + self.w / 2, y + 20, text, size, False, "muted", "middle"))
                before = None
            else:
                y += 8.0 if before is not None and row.number != before.number + 1 else 0.0
                scene.add(self.row(row, y))
                before = row
            y += LOW

    def height(self) -> float:
        """How high it is, jumps included."""
        jumps = sum(isinstance(a, Entry) and isinstance(b, Entry) and b.number != a.number + 1 for a, b in pairwise(self.rows))
        return LOW * len(self.rows) + 8.0 * jumps

    def row(self, entry: Entry, y: float) -> Box:
        """12  z₂ = v₁₁ + b   0.38 (9): recorded, operation, what arrives, visited."""
        v, root = entry.value, entry.value is self.tape.graph.root
        fill, stroke = STYLES["loss" if root else "value"]
        box = Box(f"op{entry.number}", self.x, y, self.w, LOW, fill, stroke, 1.2, 3, kind="entry", step=None)
        box.title = self.tape.equation(entry)[0]
        base, right = y + LOW / 2 + 6.5, self.x + self.w - 4 - self.badge
        box.texts.append(Text(self.x + self.room + 2, base, f"{entry.number:,}", SMALL, False, "muted", "end", fill))
        box.marks.append(badge(right + self.badge / 2, y + LOW / 2, self.badge))
        box.marks[-1].path = rounded_rectangle(right, y + 3, self.badge, LOW - 6, 11)
        box.texts.append(Text(right + self.badge / 2, base, str(entry.visit), SMALL, True, "gradient", "middle", "gradient fill"))
        taken = self.arriving(box, v, base, right - 6)
        room = right - 12 - taken - (self.x + self.room + 8)
        text, size = fonts.fit(self.tape.equation(entry), room, (19, SMALL))
        box.texts.append(Text(self.x + self.room + 8, base, text, size, False, "ink", "start", fill))
        return box

    def arriving(self, box: Box, v: Value, base: float, right: float) -> float:
        """The gradient's number, Σ before it where it came in parts; a dash where it was not computed. Returns its width."""
        words = self.tape.arrives(v)
        parts = len(self.tape.parts(v))
        if words == self.tape.graph.missing:
            words, colour = "–", "muted"
        else:
            words, colour = words.replace("‖·‖ ", "").rpartition(" = ")[2], "gradient"
            words = f"Σ{words}" if parts > 1 else words
        box.texts.append(Text(right, base, words, SMALL, colour == "gradient", colour, "end", box.fill))
        return fonts.measure(words, SMALL, True)


def number_boxes(scene: Scene, tape: Tape, boxes: Mapping[Value, Box]) -> None:
    """On the upper edge of every box of the net, in which visits backward comes there."""
    for v, box in boxes.items():
        entries = tape.boxed.get(v)
        if not entries or not v.computed:
            continue
        words = visits(entries)
        width = max(BADGE + 4, fonts.measure(words, SMALL, True) + 16)
        if width > box.w - 4:
            words = words.partition(",")[0].partition("–")[0]
            width = fonts.measure(words, SMALL, True) + 12
        x = free_of_arrows(box, width, scene.edges)
        scene.add(badge(x, box.y, width))
        scene.add(Text(x, box.y + 6.5, words, SMALL, True, "gradient", "middle", "gradient fill", kind="visit"))


def free_of_arrows(box: Box, width: float, edges: Sequence[Edge]) -> float:
    """Where along a box's upper edge a badge of that width hides no line's end: as far to the left as can be."""
    ends = [x for edge in edges for x, y in (edge.path.start, edge.path.end) if abs(y - box.y) < 4 and box.x < x < box.right]
    first, last = box.x + 5 + width / 2, box.right - 5 - width / 2
    choices = [first + 4 * k for k in range(int((last - first) // 4) + 1)]
    return next((x for x in choices if all(abs(x - end) > width / 2 + 8 for end in ends)), first)
