"""A Scene as DOT, Graphviz' language, with every position pinned: the same picture, for whoever goes on in that world.

The structure is what counts there: one node per box (a shared weight is one node), one edge per line between boxes.
`neato -n2` (in pygraphviz: `prog="nop2"`) draws it without moving anything; points count upwards, 72 to the inch.
"""

from __future__ import annotations

from .scene import Box, Edge, Mark, Path, Scene, Text, with_arrows
from .themes import Theme, colour

SCALE = 0.75  # points in a pixel
DRAWN = ("bar", "total", "ghost")  # marks that are shown as empty boxes


def dot(scene: Scene, theme: Theme) -> str:
    """The whole graph."""
    head = [
        "digraph minigrad {",
        f'  graph [label={quoted(scene.title)}, labelloc=t, fontname="Arial", fontcolor="{theme["ink"]}"];',
        f'  graph [bgcolor="{theme["ground"]}", splines=true, outputorder=edgesfirst, pad=0.2];',
        '  node [fontname="Arial", shape=box, style="rounded,filled", fixedsize=shape, margin=0];',
        '  edge [fontname="Arial", arrowsize=0.7];',
    ]
    marks = [item for item in scene.items if isinstance(item, Mark) and item.kind in DRAWN]
    words = [item for item in scene.items if isinstance(item, Text) and item.kind != "title"]
    grounds = [item for item in scene.items if isinstance(item, Mark) and item.kind == "step"]
    body = [cluster(k, item, scene, theme) for k, item in enumerate(grounds)]
    body += [rectangle(f"mark{k}", item, scene, theme) for k, item in enumerate(marks)]
    body += [node(box, scene, theme) for box in scene.boxes]
    body += [label(f"text{k}", item, scene, theme) for k, item in enumerate(words)]
    ids = {box.id for box in scene.boxes}
    body += [edge(item, scene, theme) for item in scene.edges if item.tail in ids and item.head in ids]
    return "\n".join([*head, *body, "}", ""])


def quoted(words: str) -> str:
    """A string in double quotes; a line break stays one, any other control character becomes a space."""
    words = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(c if c.isprintable() else " " for c in words) + '"'


def hue(theme: Theme, role: str) -> str:
    """The role's colour; nothing to fill with is transparent."""
    return colour(theme, role) if role else "transparent"


def position(x: float, y: float, scene: Scene) -> str:
    """Pixels from the top left as points from the bottom left."""
    return f"{x * SCALE:.1f},{(scene.height - y) * SCALE:.1f}"


def node(box: Box, scene: Scene, theme: Theme) -> str:
    """A box with its lines of text."""
    lines: dict[float, list[Text]] = {}
    for text in box.texts:
        lines.setdefault(round(text.y), []).append(text)
    words = "\n".join(" ".join(t.text.strip() for t in sorted(line, key=lambda t: t.left)) for line in lines.values())
    size = min((t.size for t in box.texts), default=18) * SCALE
    return (
        f"  {box.id} [label={quoted(words)}, pos=\"{position(*box.centre, scene)}!\", width={box.w / 96:.3f}, "
        f'height={box.h / 96:.3f}, fillcolor="{hue(theme, box.fill)}", color="{hue(theme, box.stroke)}", '
        f'fontcolor="{theme["ink"]}", fontsize={size:.1f}, penwidth={box.width * SCALE:.2f}, class="{box.kind}"];'
    )


def cluster(k: int, mark: Mark, scene: Scene, theme: Theme) -> str:
    """A step's ground, with its corners given: it lies under everything and moves nothing."""
    xs, ys = [x for x, _ in mark.path.points], [y for _, y in mark.path.points]
    corners = f"{position(min(xs), max(ys), scene)},{position(max(xs), min(ys), scene)}"
    pin = f'  ground{k} [style=invis, label="", width=0.01, height=0.01, pos="{position(min(xs) + 4, min(ys) + 4, scene)}!"];'
    return (
        f'  subgraph cluster_{k} {{ bb="{corners}"; label=""; style="rounded,filled"; fillcolor="{theme["column"]}"; '
        f'color="{theme["column line"]}";\n  {pin} }}'
    )


def rectangle(name: str, mark: Mark, scene: Scene, theme: Theme) -> str:
    """A bar or a column's ground as an empty box."""
    xs, ys = [x for x, _ in mark.path.points], [y for _, y in mark.path.points]
    centre = position((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, scene)
    fill = f'fillcolor="{hue(theme, mark.fill)}"' if mark.fill else 'style="dashed"'
    line = hue(theme, mark.stroke or mark.fill)
    return (
        f'  {name} [label="", pos="{centre}!", width={(max(xs) - min(xs)) / 96:.3f}, height={(max(ys) - min(ys)) / 96:.3f}, '
        f'{fill}, color="{line}", class="{mark.kind}"];'
    )


def label(name: str, text: Text, scene: Scene, theme: Theme) -> str:
    """A line of text that stands outside of boxes."""
    left, top, right, bottom = text.bounds
    return (
        f'  {name} [shape=plaintext, style="", label={quoted(text.text)}, fontsize={text.size * SCALE:.1f}, '
        f'fontcolor="{hue(theme, text.colour)}", pos="{position((left + right) / 2, (top + bottom) / 2, scene)}!", '
        "fixedsize=false, width=0, height=0];"
    )


def edge(item: Edge, scene: Scene, theme: Theme) -> str:
    """A line; `dir=back` where it points against the way of the values."""
    direction = {"head": "forward", "tail": "back", "both": "both", "": "none"}[item.arrow]
    style = ', style="dashed"' if item.dash else ""
    return (
        f'  {item.tail} -> {item.head} [pos="{spline(item, scene)}", dir={direction}, color="{hue(theme, item.stroke)}", '
        f'penwidth={item.width * SCALE:.2f}, class="{item.kind}"{style}];'
    )


def spline(item: Edge, scene: Scene) -> str:
    """The path as Graphviz has it: start, then triples of Bézier points; arrow tips as `e,` and `s,`."""
    path, _ = with_arrows(item)
    if item.kind == "tap":  # along the rail first, which the drawing has once for all taps
        path = Path((("M", scene.box(item.tail).right, path.start[1]), ("L", *path.start), *path.commands[1:]))
    points = [position(*path.start, scene)]
    for command in path.commands[1:]:
        points += triple(points[-1], command, scene, path)
    ends = f"e,{position(*item.path.end, scene)} " if item.arrow in ("head", "both") else ""
    ends += f"s,{position(*item.path.start, scene)} " if item.arrow in ("tail", "both") else ""
    return ends + " ".join(points)


def triple(start: str, command: tuple, scene: Scene, path: Path) -> list[str]:
    """One command as two control points and an end; a straight line controls itself."""
    if command[0] == "C":
        return [position(command[k], command[k + 1], scene) for k in (1, 3, 5)]
    end = position(command[1], command[2], scene) if len(command) > 1 else position(*path.start, scene)
    return [start, end, end]
