"""The sum under the net: one pill per use of the weight, and the waterfall in which their numbers arrive.

Backward reaches the last step first, so the bars grow from the right to the left, each standing where the one before it
ended, and end at the weight's gradient. A dashed ghost shows what `=` instead of `+=` would have left there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise

from . import captions, fonts
from .graph import sources
from .notation import odd, running
from .scene import Box, Edge, Mark, Scene, Text, bent, line, polygon, rectangle
from .sums import Sum, Use
from .unrolled import Unrolled
from .words import ordinal

PILL, LABELS = 78.0, 66.0  # a pill's height, and what the words under the bars need
LEAST = 24.0  # the least height of bars that can be read
GAP = 48.0  # between a pill and the highest bar
BAR = 120.0


class Waterfall:
    """Draws a Sum under an Unrolled net."""

    def __init__(self, net: Unrolled, total: Sum, words: Mapping[str, str], number: int = 0, hue: str = "") -> None:
        self.net, self.sum, self.words = net, total, words
        self.number, self.hue = number, hue  # which of several weights, and its colour
        self.pill, self.gap = PILL, GAP
        self.ends: dict[int, float] = {}  # where a pill must end, so that a line can pass it: by the place of its column
        self.columns = net.plan.columns
        names = total.weight.names if total.weight.leaf else [total.weight.grad_name]
        ending = ".grad" if total.weight.leaf else ""
        if total.entry is not None:
            ending += str(list(total.entry) if isinstance(total.entry, tuple) else [total.entry])
        self.name = next((n for n in names if fonts.measure(n + ending, 20, True) <= self.net.left_width), names[-1]) + ending
        self.short = names[-1] + ending
        self.outlined: tuple[float, float, float, float, float] | None = None  # the ghost, and where the bar above it ends
        self.ghostly: Mark | None = None
        self.elsewhere: list[str] = []  # what the ghost would say, if there is no room beside it
        self.computed = total.total is not None and math.isfinite(total.total)
        self.scaled = False  # whether there are bars

    def place(self, use: Use) -> tuple[float, float]:
        """The left edge and the width of a use's pill: its column's, or the results' zone."""
        if use.columns == [None]:
            return self.net.right, self.net.right_width
        column = next(c for c in self.columns if list(c.columns) == use.columns)
        return column.x, column.w

    def middle(self, use: Use) -> float:
        x, w = self.place(use)
        return x + w / 2

    def draw(self, scene: Scene, top: float, bottom: float, ordered: bool = True) -> None:
        """Pills at `top`, the zero line at `bottom`, and under it the order of arrival."""
        self.scene, self.pill_bottom = scene, top + self.pill
        self.pills(top)
        if not self.sum.uses:
            return
        self.zero = self.base = bottom
        if self.computed and bottom - top - self.pill - self.gap < LEAST - 0.5:
            self.head(top, self.sum.label, "gradient")
        elif self.computed:
            self.set_scale(top + self.pill + self.gap)
            self.bars(top + self.pill)
            self.total()
            self.zero_line()
            captions.of_ghost(self)
        else:
            self.unknown(top)
        if ordered and (self.scaled or self.empty(top) and self.sum.total is None):
            self.order()

    # -- pills

    def pills(self, top: float) -> None:
        """One per use: how the code computes the part, and the part."""
        for k, use in enumerate(self.sum.uses):
            x, w = self.place(use)
            w = min(w, self.ends.get(self.index(use), math.inf) - x)
            side = "against" if use.against else "gradient"
            known = use.number is not None
            wrong = known and bool(odd(use.number or 0.0))
            fill = "alarm fill" if wrong else f"{side} fill" if known else "value fill"
            stroke = "alarm" if wrong else self.hue + " line" if self.hue else f"{side} line" if known else "line"
            name = f"pill{self.number}_{k + 1}" if self.number else f"pill{k + 1}"
            box = Box(name, x, top, w, self.pill, fill, stroke, 2.2, self.pill / 2, "" if known else "7 5", "pill")
            titles = [use.title, use.title.replace(" ", ""), *use.shorter(self.words)]
            if len(use.columns) > 1:
                titles = [self.words[key].format(uses=len(use.columns)) for key in ("uses more", "uses shown as one")]
            text, size = fonts.fit(titles, w - 30, (21, 20, 19, 18), True)
            box.texts.append(Text(x + w / 2, top + 0.37 * self.pill, text, size, True, "ink", "middle", fill, "title"))
            sizes = [s for s in (31, 29, 27, 25, 23, 21, 20, 19, 18) if s <= 0.4 * self.pill] if known else (19, 18)
            text, size = fonts.fit([use.label, use.label.replace(" ", "")], w - 24, sizes, known)
            colour = "alarm" if wrong else side if known else "muted"
            box.texts.append(Text(x + w / 2, top + 0.81 * self.pill, text, size, known, colour, "middle", fill, "number"))
            box.title = f"{use.title}: {use.label}"
            self.scene.add(box)
            self.lines_down(box, use, top)

    def lines_down(self, box: Box, use: Use, top: float) -> None:
        """From the boxes that used the weight down to the pill: the way of the part."""
        index = self.index(use)
        for value, column, out, x in self.net.parts:
            if column == index and index in self.ends:
                self.net.edges.append(Edge(self.net.boxes[value].id, box.id, line((x, box.centre[1]), (box.right, box.centre[1])),
                                           "gradient line" if use.number is not None else "line", 2.8, kind="part", on="column"))  # fmt: skip
            elif column == index and (not self.hue or self.sum.weight in sources(value)):
                start = self.net.boxes[value].bottom
                round_ = box.h / 2
                end = top + (round_ - math.sqrt(max(0.0, round_**2 - max(0.0, x - box.right + round_) ** 2)))
                turn = [] if abs(out - x) < 1 else [(out, start + 8), (x, start + 8)]
                stroke = "gradient line" if use.number is not None else "line"
                path = bent([(out, start), *turn, (x, end)], 7)
                self.net.edges.append(Edge(self.net.boxes[value].id, box.id, path, stroke, 2.8, kind="part", on="column"))

    def index(self, use: Use) -> int:
        """The place of a use's column; behind the last for what belongs to no step."""
        if use.columns == [None]:
            return len(self.columns)
        return next(k for k, c in enumerate(self.columns) if list(c.columns) == use.columns)

    # -- bars

    def set_scale(self, top: float) -> None:
        """From numbers to pixels: all running sums and 0 fit between the top and the zero line."""
        numbers = [u.number for u in self.sum.uses if u.number is not None and math.isfinite(u.number)]
        levels = [0.0, *running(numbers)]
        self.low, self.high = min(levels), max(levels)
        bottom_room = self.zero - (24 if self.low < 0 else 0)
        self.scale = (bottom_room - top) / ((self.high - self.low) or 1.0)
        self.base = bottom_room + self.low * self.scale
        self.scaled = True

    def y(self, level: float) -> float:
        return self.base - level * self.scale

    def bars(self, pill_bottom: float) -> None:
        """Each part stands where the sum so far ended."""
        uses = self.sum.uses
        levels, printed = running([u.number or 0.0 for u in uses]), running([u.printed for u in uses])
        for k, use in enumerate(uses):
            before, after = (levels[k - 1] if k else 0.0), levels[k]
            x, width = self.bar_place(use)
            high, low = self.y(max(before, after)), self.y(min(before, after))
            fill = "bar against" if use.against else "bar"
            self.dots(self.middle(use), pill_bottom, high)
            self.scene.add(Mark(rectangle(x, high, width, max(low - high, 2.0)), fill, kind="bar",
                                title=f"{use.title}: {use.label}"))  # fmt: skip
            self.sign(use, x + width / 2, high, low, k + 1 == len(uses))
            if k + 1 < len(uses):
                self.step(use, uses[k + 1], after, printed[k], k == 0)
        self.ghost(uses[-1], levels[-1])

    def bar_place(self, use: Use) -> tuple[float, float]:
        """The left edge and the width of a bar: narrow enough for the sum so far to stand beside it."""
        column = self.place(use)[1]
        beside = self.widest * (1.8 if self.ends else 1.0)
        width = max(24.0, min(BAR, 0.62 * column, column + 24.0 - beside))
        return self.middle(use) - width / 2, width

    @cached_property
    def widest(self) -> float:
        """How wide the sums so far are, in the smallest letters."""
        levels = running([use.printed for use in self.sum.uses])[:-1] if self.computed else []
        return max((fonts.measure(self.sum.plain(level), 18) + 8 for level in levels), default=0.0)

    def dots(self, x: float, start: float, end: float) -> None:
        """From the pill to its bar."""
        if end - start > 6:
            self.scene.add(Mark(line((x, start + 3), (x, end)), "", "line", 2, "2.5 6", kind="dots"))

    def sign(self, use: Use, x: float, high: float, low: float, last: bool) -> None:
        """▲ or ▼, for whoever does not see the hue; where the zero line or the ghost crosses the bar, in the larger part."""
        crossing = [self.base, *([self.y(use.number or 0.0)] if last else [])]
        levels = [high, *sorted(y for y in crossing if high < y < low), low]
        high, low = max(pairwise(levels), key=lambda part: part[1] - part[0])
        size, y = min(11.0, (low - high) / 2 - 2), (low + high) / 2
        if size >= 4:
            tip = size if use.against else -size
            self.scene.add(Mark(polygon((x, y + tip * 0.8), (x - size, y - tip * 0.7), (x + size, y - tip * 0.7)), "on bar",
                                kind="sign", on="bar against" if use.against else "bar"))  # fmt: skip

    def step(self, use: Use, following: Use, level: float, printed: float, first: bool) -> None:
        """The dashes from one bar to the next, with the sum so far."""
        (x0, w0), (x1, w1) = self.bar_place(use), self.bar_place(following)
        left, right = (x1 + w1, x0) if x1 < x0 else (x0 + w0, x1)
        self.scene.add(Mark(line((left, self.y(level)), (right, self.y(level))), "", "ink", 2, "8 5", kind="level"))
        left, right = self.between_lines(left, right)
        words = self.sum.plain(printed)
        if first and fonts.measure(f"{self.words['so far']} {words}", 20) < right - left - 8:
            words = f"{self.words['so far']} {words}"
        plain = [self.sum.plain(printed), self.sum.plain(printed).replace(" ", "")]
        words, size = fonts.fit([words, *plain], right - left - 4, (21, 20, 19, 18))
        y = self.y(level)
        if words not in (*plain, f"{self.words['so far']} {plain[0]}"):
            return  # half a number would be another number
        valley = (use.number or 0.0) < 0 <= (following.number or 0.0)
        clear = [y + 24 if valley else y - 9, y - 9 if valley else y + 24]
        lines = [self.base, *self.crossing]
        text_y = next((t for t in clear if not any(t - 17 < line_y < t + 5 for line_y in lines)), clear[0])
        self.scene.add(Text((left + right) / 2, text_y, words, size, False, "ink", "middle", kind="so far"))

    @property
    def crossing(self) -> list[float]:
        """Where time runs backwards the last part lies at the right: the height of the dashes from it to the total, across all."""
        uses = self.sum.uses
        return [self.y(running([u.number or 0.0 for u in uses])[-1])] if self.middle(uses[-1]) > self.middle(uses[0]) else []

    def between_lines(self, left: float, right: float) -> tuple[float, float]:
        """The widest stretch that no line on its way to a lower pill crosses."""
        stops = [left, *sorted(x for _, k, _, x in self.net.parts if k in self.ends and left < x < right), right]
        return max(pairwise(stops), key=lambda stretch: stretch[1] - stretch[0])

    def ghost(self, last: Use, level: float) -> None:
        """Where `=` would have left the gradient: the last arrival alone, standing on zero."""
        if len(self.sum.uses) < 2:
            return
        x, width = self.bar_place(last)
        number_ = last.number or 0.0
        high, low = self.y(max(0.0, number_)), self.y(min(0.0, number_))
        outline = rectangle(x, high, width, low - high) if low - high > 4 else line((x, high), (x + width, high))
        self.ghostly = Mark(outline, "", "muted", 2.5, "7 5", kind="ghost")
        self.scene.add(self.ghostly)
        self.outlined = (x, high, x + width, low, self.y(min(level, level - number_)))

    # -- the sum

    def total(self) -> None:
        """W.grad as a bar at the left, joined to the last arrival."""
        x = self.net.left + (self.net.left_width - BAR) / 2
        total = running([u.number or 0.0 for u in self.sum.uses])[-1]
        high, low = self.y(max(0.0, total)), self.y(min(0.0, total))
        self.scene.add(Mark(rectangle(x, high, BAR, max(low - high, 3.0)), f"{self.hue} line" if self.hue else "total", kind="total"))
        last_x, _ = self.bar_place(self.sum.uses[-1])
        if last_x > x + BAR:
            self.scene.add(Mark(line((x + BAR, self.y(total)), (last_x, self.y(total))), "", "ink", 2, "8 5", kind="level"))
        self.total_words(x + BAR / 2, high if total >= 0 else self.y(0.0))

    def total_words(self, x: float, y: float) -> None:
        """The weight's name, `.grad`, and the number that all this was for."""
        said = self.words["added to"].format(weight=self.name) if self.sum.added else self.name
        name, size = fonts.fit([said, self.name], self.net.left_width + 20, (24, 22, 20, 19, 18), True)
        self.scene.add(Text(x, y - 62, name, size, True, self.hue or "ink", "middle", kind="total name"))
        text, size = fonts.fit([self.sum.label], self.net.left_width, (38, 34, 30, 26, 22, 20, 18), True)
        self.scene.add(Text(x, y - 20, text, size, True, "gradient", "middle", kind="total number"))

    def unknown(self, top: float) -> None:
        """Before backward(), or after NaN: no bars, and it says so."""
        known = self.sum.total is not None
        self.head(top, self.sum.label if known else self.words["not computed"], "alarm" if known else "muted")
        if self.empty(top) and not known:
            self.slots(top)

    def head(self, top: float, words: str, colour: str) -> None:
        """Beside the pills the weight's name and what its gradient is, where no bar says so."""
        x = self.net.left + self.net.left_width / 2
        name, size = fonts.fit([self.name], self.net.left_width, (24, 22, 20, 19, 18), True)
        self.scene.add(Text(x, top + 32, name, size, True, self.hue or "ink", "middle", kind="total name"))
        text, size = fonts.fit([words], self.net.left_width, (26, 24, 22, 20, 18), True)
        self.scene.add(Text(x, top + 66, text, size, True, colour, "middle", kind="total number"))

    def empty(self, top: float) -> bool:
        """Whether there is room where the bars would be."""
        return self.zero - top - self.pill > 140

    def slots(self, top: float) -> None:
        """Where bars would stand, an empty place for each; whose heights nobody knows yet."""
        high = top + self.pill + self.gap
        for use in self.sum.uses:
            x, width = self.bar_place(use)
            self.dots(self.middle(use), top + self.pill, high)
            outline = rectangle(x, high, width, self.zero - high)
            self.scene.add(Mark(outline, "", "faint", 2, "7 5", kind="slot"))
            self.scene.add(Text(x + width / 2, (high + self.zero) / 2 + 12, "?", 34, True, "muted", "middle"))
        self.zero_line()

    @property
    def end(self) -> float:
        """Where the last pill ends."""
        return max(self.place(use)[0] + self.place(use)[1] for use in self.sum.uses)

    def zero_line(self) -> None:
        """What the first bar stands on."""
        y, end = self.base, self.end
        self.scene.add(Mark(line((self.net.left, y), (end + 12, y)), "", "line", 2, kind="zero"))
        self.scene.add(Text(end + 18, y + 7, "0", 21, False, "ink"))

    def order(self) -> None:
        """Under the bars the order of arrival."""
        uses, end = self.sum.uses, self.end
        baseline = self.zero + 33
        middle = self.net.left + self.net.left_width / 2
        self.scene.add(Text(middle, baseline, self.words["the sum"], 20, True, "ink", "middle"))
        for k, use in enumerate(uses):
            room = self.place(use)[1]
            label = self.words["first"] if k == 0 else self.words["last"] if k == len(uses) - 1 else ordinal(k + 1, self.words)
            text, size = fonts.fit([label, ordinal(k + 1, self.words)], room, (20, 19, 18))
            self.scene.add(Text(self.middle(use), baseline, text, size, False, "muted", "middle"))
        if uses[0].columns != [None] and self.middle(uses[0]) >= self.middle(uses[-1]):
            self.scene.add(Edge("", "", line((end + 116, baseline - 7), (end + 38, baseline - 7)), "ink", 2.5, kind="order"))
            text, size = fonts.fit([self.words["order"]], self.net.right_width - 60, (20, 19, 18))
            self.scene.add(Text(end + 122, baseline, text, size))
