"""From a recorded graph to a Scene: which view is made of which pieces, and how they share the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

from . import feeds as feeding
from . import fonts, formulas, several, text
from .cell import scene as cell_scene
from .folding import fold_inner
from .graph import Graph, Value
from .moving import SLIDE, centred, legible, to_slide
from .naming import MARKS
from .notes import check, notes
from .placed import MARGIN
from .rolled import scene as rolled_scene
from .scene import Scene, Text
from .steps import Plan
from .sums import Sum, add_up
from .triangle import Triangle
from .unrolled import Unrolled
from .waterfall import LABELS, LEAST, PILL, Waterfall
from .words import count

LEGEND = 36.0  # for a line under the picture
MOST = 8  # columns, if nobody asks for another number
WIDEST = 2400.0  # a page as wide as this rather than steps drawn as one


def unrolled(
    graph: Graph, words: Mapping[str, str], *, backward: bool, slide: bool, most: int | None, values: str, title: str | None,
    entry: Any = None, labels: Any = None, weights: Sequence[Value] = (), feeds: Mapping[str, str] | None = None,
) -> tuple[Scene, str]:  # fmt: skip
    """The net in columns; backward with pills and the waterfall of one weight's gradient, or of several."""
    fed = feeding.pairs(graph, feeds)
    net, end = fitted(graph, words, backward, slide, most, values, labels, fed, len(weights) or int(backward and graph.weight is not None))
    scene = Scene(net.page, 0)
    net.net(scene, end)
    feeding.draw(net, fed)
    bottom = net.draw_rails(end + 11)
    if backward and len(weights) > 1:
        return of_several(scene, net, weights, words, below_results(net, bottom, weights) + 10, slide, title)
    with_sum = backward and graph.weight is not None
    total = add_up(graph, graph.weight, net.plan.groups, entry, words) if with_sum and graph.weight else None
    if total is not None and total.uses:
        bottom = below_results(net, bottom, [total.weight])
        with_waterfall(scene, net, total, words, bottom + 10, SLIDE[1] - (LEGEND if fed else 0.0) if slide else None)
    else:
        scene.height = bottom + 40
        paint_net(scene, net)
    if fed:
        scene.add(*feeding.legend(net, fed, words, scene.height + (LEGEND - 20 if total else 0.0)))
        scene.height += LEGEND
    lay_grounds(scene, net)
    if slide:
        centred(scene)
    scene.title = title or fed_title(fed, words) or default_title(graph, words, total)
    heading(scene, net, graph, words, scene.title)
    scene.description = "\n".join([described(graph, net.plan, total, words), *feeding.described(fed, words)])
    return scene, text.unrolled(graph, net.plan, total, scene.title)


def lay_grounds(scene: Scene, net: Unrolled) -> None:
    """Under everything: the columns, and the lines down to the pills."""
    scene.items[:0] = [*net.grounds, *(e for e in net.edges if e.kind == "part")]


def below_results(net: Unrolled, bottom: float, weights: Sequence[Value]) -> float:
    """Where pills may begin: under the rails, and under the results where one of the weights is used there."""
    if not any(user.column is None for v in weights for user in v.users):
        return bottom
    return max([bottom, *(box.bottom + 8 for box in net.boxes.values() if box.x >= net.right)])


def of_several(
    scene: Scene, net: Unrolled, weights: Sequence[Value], words: Mapping[str, str], pills: float, slide: bool, title: str | None
) -> tuple[Scene, str]:
    """The net with a sum for every weight."""
    graph = net.graph
    totals = [total for v in weights if (total := add_up(graph, v, net.plan.groups, words=words)).uses]
    several.coloured(net, weights)
    paint_net(scene, net)
    several.waterfalls(scene, net, totals, words, pills, SLIDE[1] if slide else None)
    lay_grounds(scene, net)
    scene.title = title or words["title several"].format(count=count(len(totals), words).capitalize())
    heading(scene, net, graph, words, scene.title)
    scene.description = "\n".join([described(graph, net.plan, None, words), *(summed(total, words) for total in totals)])
    lists = "\n\n".join(text.waterfall(total, graph) for total in totals[1:])
    return scene, f"{text.unrolled(graph, net.plan, totals[0], scene.title)}\n{lists}\n"


def summed(total: Sum, words: Mapping[str, str]) -> str:
    """W_hh.grad, in order of arrival: 0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53."""
    return f"{total.weight.grad_name}, {words['in order']}: {check(total)}."


def with_waterfall(scene: Scene, net: Unrolled, total: Sum, words: Mapping[str, str], pills: float, page: float | None) -> None:
    """The net with the sum under it: pills, bars, and words beside them, in the room that the page has."""
    room = (page or SLIDE[1]) - LABELS - (pills + PILL + 48)
    finite = total.total is None or math.isfinite(total.total)
    known = total.total is not None and finite
    bare = not finite or bool(page) and room < LEAST
    zero = pills + PILL + (0.0 if bare else 48 + (room if page or room > 150 and known else 240.0 if known else 0.0))
    scene.height = zero + (20.0 if bare else LABELS if page or known else 0.0)
    paint_net(scene, net)
    fall = Waterfall(net, total, words)
    fall.draw(scene, pills, zero)
    results = max((b.bottom for b in net.boxes.values() if b.x >= net.right), default=0.0)
    notes(fall, max(pills + (34 if bare else PILL + 46), results + 40), 0.0 if bare else 60.0)


def triangle(graph: Graph, words: Mapping[str, str], title: str | None, truncate: int | None, slide: bool = False) -> Scene:
    """Who taught whom, for the singled-out weight of a net with time steps."""
    if graph.weight is None or not graph.columns:
        raise ValueError("the triangle needs a weight that time steps share: compute inside `with mg.scope(t=t)`, or with a recurrent layer")
    scene = Triangle(graph, graph.weight, words, truncate).scene(title)
    if slide:
        to_slide(scene)
    return scene


def cell(graph: Graph, words: Mapping[str, str], values: str, steps: int | None, title: str | None, slide: bool = False) -> Scene:
    """A few steps, as the textbook's figure."""
    if not graph.columns:
        raise ValueError("a cell has time steps: compute inside `with mg.scope(t=t)`, or with a recurrent layer")
    return cell_scene(graph, words, values, steps, title, slide)


def rolled(graph: Graph, words: Mapping[str, str], backward: bool, values: str, title: str | None, slide: bool = False) -> Scene:
    """One step and a loop."""
    if not graph.columns:
        raise ValueError("only a net with time steps can be rolled up: compute inside `with mg.scope(t=t)`, or with a recurrent layer")
    scene = rolled_scene(graph, words, backward, values, title)
    for most_rails in (9, 3, 1) if slide else ():
        if legible(scene):
            break
        fold_inner(graph)
        scene = rolled_scene(graph, words, backward, values, title, most_rails)
    if slide:
        to_slide(scene)
    return scene


def fitted(
    graph: Graph, words: Mapping[str, str], backward: bool, slide: bool, most: int | None, values: str, labels: Any,
    fed: Sequence[feeding.Pair] = (), sums: int = 1,
) -> tuple[Unrolled, float]:  # fmt: skip
    """The net placed on its page: fewer columns where they would be too narrow; on a slide, folded where it is too high.

    Returns the net and where its columns end. A number of steps asked for widens the page instead.
    """
    for folded in (False, True):
        if folded:
            fold_inner(graph)
        for steps in range(max(3, most or MOST), 2, -1):
            net = Unrolled(Plan(graph, steps, values, most_rails=max(len(graph.weights), 1 if folded else 3 if slide else 9)), words, backward, labels)
            feeding.lanes(net, fed)
            net.page = net.widths(SLIDE[0] if slide else None)
            if net.fits():
                break
            whole = not any(c.gap for c in net.plan.columns)
            if not slide and (most or whole) and ((wide := net.widths(None, net.least_width())) <= WIDEST or most):
                net.page = wide
                break
            net.page = net.widths(SLIDE[0] if slide else None, 0.0 if slide or steps > 3 else net.least_width())
        below = 400 + 120 * sums if sums else (280 if backward else 80) + 39 * len(net.plan.rails)
        end = net.heights(SLIDE[1] - below if slide else None)
        if not slide or end <= SLIDE[1] - below + 30:
            break
    return net, end


def paint_net(scene: Scene, net: Unrolled) -> None:
    """Lines below boxes, boxes below words."""
    scene.add(*net.marks, *(e for e in net.edges if e.kind != "part"), *net.over, *net.boxes.values(), *net.texts)


def fed_title(fed: Sequence[feeding.Pair], words: Mapping[str, str]) -> str:
    """How a net that writes gets its inputs."""
    return words["title sampled" if fed[0][0].computed else "title forced"] if fed else ""


def default_title(graph: Graph, words: Mapping[str, str], total: Sum | None) -> str:
    """What the picture shows, in one line."""
    if total is None or not total.uses:
        return words["title forward"].format(steps=len(graph.columns))
    uses = sum(len(use.arrays) or 1 for use in total.uses)
    if uses == 1:
        return words["title one use"]
    shared = total.kind == "share" and (total.total is None or math.isfinite(total.total))
    return words["title shares" if shared else "title sum"].format(uses=count(uses, words))


def heading(scene: Scene, net: Unrolled, graph: Graph, words: Mapping[str, str], title: str) -> None:
    """The title at the left; at the right what the colours mean."""
    legend = [(words["value"], "ink"), (words["gradient"], "gradient"), *weights_in_legend(graph, words), (words["no gradient"], "muted")]
    if not net.backward:
        legend = [legend[0], legend[2]]
    for name in dict.fromkeys(next(v.name for v in graph.values if v.role == role).rstrip(MARKS) for role in net.memories):
        legend.insert(-1, (words["memory"].format(name=name), "memory line"))
    x = scene.width - MARGIN
    for label, colour in reversed(legend):
        width = fonts.measure(label, 20, True)
        scene.add(Text(x - width, 47, label, 20, True, colour, kind="legend"))
        x -= width + 24
    shown, size = fonts.fit([title], x - MARGIN - 10, (34, 32, 30, 28, 26, 24, 22), True)
    scene.add(Text(MARGIN, 50, shown, size, True, "ink", kind="title"))


def weights_in_legend(graph: Graph, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """One colour for weights; of several that are singled out each name in its own, where there is room."""
    named = [(v.full_name, hue) for v, hue in zip(graph.weights, cycle(several.HUES), strict=False)]
    wide = sum(fonts.measure(name, 20, True) + 24 for name, _ in named)
    return named if named and wide < 420 else [(words["weight"], "weight")]


def described(graph: Graph, plan: Plan, total: Sum | None, words: Mapping[str, str]) -> str:
    """The picture in words: the equations of a step, what is shared, the sum."""
    first = plan.columns[0]
    lines = [words["says steps"].format(count=len(graph.columns))]
    equations = "; ".join(formulas.equation(v, graph) for v in first.slots.values() if v.computed)
    lines.append(words["says step"].format(number=graph.columns[first.last].number, equations=equations))
    if plan.after_slots:
        equations = "; ".join(formulas.equation(v, graph) for v in plan.after_slots.values() if v.computed)
        lines.append(words["says then"].format(equations=equations))
    lines.append(words["says shared"].format(names=", ".join(v.full_name for v in plan.rails)))
    for c in plan.columns:
        if c.gap:
            numbers = [graph.columns[k].number for k in c.columns]
            lines.append(words["elided"].format(first=numbers[0], last=numbers[-1]).capitalize() + ".")
    if total is not None and total.uses:
        lines.append(summed(total, words))
    return "\n".join(lines)
