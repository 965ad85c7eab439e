"""The words beside a waterfall: what the bars mean, as far as there is room to say it; and the printed sum in one line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import fonts
from .captions import wrap
from .notation import fixed, number
from .scene import Mark, Scene, Text, line
from .sums import Sum

if TYPE_CHECKING:
    from .waterfall import Waterfall

Line = tuple[str, bool, str]  # words, bold, colour


def notes(fall: Waterfall, top: float, below: float = 60.0) -> None:
    """What the bars mean, in a few lines beside the net: as many as there is room for, `below` pixels being taken.

    An outline that no note has room to explain is not drawn.
    """
    net, y, bottom = fall.net, top, fall.scene.height - below
    for brief in (False, True):
        shown = [told(paragraph, fall) for paragraph in paragraphs(fall, brief)]
        if y + 27 * sum(map(len, shown)) + 18 * (len(shown) - 1) - 27 <= bottom:
            break
    for lines in shown:
        if y + 27 * (len(lines) - 1) > bottom:
            fall.scene.items = [item for item in fall.scene.items if not fall.elsewhere or item is not fall.ghostly]
            return
        for text, size, bold, colour in lines:
            note = Text(net.right, y, text, size, bold, colour)
            fall.scene.add(note)
            begin_below(fall.scene, note)
            y += 27
        y += 18


def told(paragraph: list[Line], fall: Waterfall) -> list[tuple[str, float, bool, str]]:
    """A paragraph's lines as they fit: with a shorter name of the weight, else broken in two."""
    found = []
    for part, bold, colour in [(part, bold, colour) for words, bold, colour in paragraph for part in words.split("|")]:
        names = [part, part.replace(fall.name, fall.short), part.replace(fall.name, fall.words["the sum"])]
        text, size = fonts.fit(names, fall.net.right_width, (20, 19, 18), bold)
        terms = names[-1].replace(" + ", "|+ ").split("|")
        whole = all(fonts.measure(term, size, bold) <= fall.net.right_width for term in terms)
        lines = [text] if text in names else terms if whole else wrap(names[-1], fall.net.right_width, size, bold)
        found += [(fonts.cut(line, fall.net.right_width, size, bold), size, bold, colour) for line in lines]
    return found


def begin_below(scene: Scene, note: Text) -> None:
    """Dots that would run down through a note to the bar of a result's use begin below it."""
    left, _, right, bottom = note.bounds
    for mark in scene.items:
        if isinstance(mark, Mark) and mark.kind == "dots" and left - 4 < mark.path.end[0] < right + 4:
            (x, start), (_, end) = mark.path.start, mark.path.end
            mark.path = line((x, min(end, max(start, bottom + 8))), (x, end))


def paragraphs(fall: Waterfall, brief: bool = False) -> list[list[Line]]:
    """(words, bold, colour) for each line; in brief, sooner without the rest than without what the dashed outline is."""
    w, s = fall.words, fall.sum
    ghost: list[list[Line]] = [[("|".join(fall.elsewhere), False, "muted")]] if fall.elsewhere else []  # which had no room to say it
    if s.total is None:
        return [[(w["no backward"], False, "muted")]]
    if not math.isfinite(s.total):
        return [[(w["odd sum"], False, "muted")]]
    if s.kind == "share" and s.norms[1] == 0.0:
        return [[(w["grad is zero"].format(weight=fall.name), False, "muted")]]
    if not fall.scaled:
        return [[(w["no bars"], False, "muted")]]
    if s.kind == "share":
        norms = w["norms sum"].format(parts=number(s.norms[0]), total=number(s.norms[1]), weight=fall.name)
        share: list[Line] = [(w["share"], True, "ink"), (w["share formula"], True, "gradient"), (w["below zero"], False, "muted")]
        return [share, *([] if brief and ghost else [[(w["norms"], True, "ink"), (norms, False, "muted")]]), *ghost]
    adds = [(w["each adds"], True, "ink"), (f"{fall.name} += {s.uses[0].title}", True, "gradient")]
    if len(s.uses) > 1 and not brief:
        adds.append((w["then"].format(title=s.uses[1].title), True, "gradient"))
    return [[(w["begins"].format(weight=fall.name), False, "muted")], adds, *ghost]


def check(total: Sum) -> str:
    """0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53: the printed sum in one line."""
    if total.total is None:
        return f"{total.weight.grad_name}: {total.label}"
    terms = [fixed(use.printed, total.decimals) for use in total.uses]
    text = terms[0] + "".join(f" − {t[1:]}" if t.startswith("−") else f" + {t}" for t in terms[1:])
    return f"{text} = {fixed(total.total, total.decimals)}{total.unit}"
