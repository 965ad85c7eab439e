"""Makes the gallery: `python -m docs.gallery` writes every view, light and dark, and an index.html, into docs/gallery/out.

`python -m docs.gallery FOLDER` writes elsewhere, and with `--png` each picture also as PNG. Everything comes from pictures.py and
takes about a minute; nothing is fetched.
"""

from __future__ import annotations

import argparse
import html
import inspect
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg

from . import pictures

HERE = Path(__file__).parent
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>minigrad: the pictures</title>
<style>
:root {{ --ground: #fff; --ink: #1f2328; --muted: #57606a; --line: #cdd4dc; color-scheme: light; }}
:root.dark {{ --ground: #0d1117; --ink: #f0f3f6; --muted: #aeb6c0; --line: #30363d; color-scheme: dark; }}
body {{ margin: 0 auto; max-width: 1500px; padding: 1rem 1.5rem 4rem; background: var(--ground); color: var(--ink); font: 18px/1.5 Arial, Helvetica, sans-serif; }}
figure {{ margin: 0 0 4rem; }}
img {{ max-width: 100%; max-height: 92vh; display: block; border: 1px solid var(--line); }}
:root.dark .light, :root:not(.dark) .dark {{ display: none; }}
h2 {{ margin: 0 0 .3rem; }} h2 a {{ color: inherit; text-decoration: none; }}
p {{ margin: .2rem 0 .8rem; color: var(--muted); }} a {{ color: inherit; }}
pre {{ overflow-x: auto; font-size: 15px; }}
nav {{ columns: 3 300px; margin: 1rem 0 3rem; }} nav a {{ display: block; }}
button {{ position: fixed; top: 12px; right: 12px; font: inherit; padding: 6px 12px; }}
</style>
</head>
<body>
<button id="dark" aria-label="light or dark">◐</button>
<h1>The pictures</h1>
<p>Every view that minigrad draws, from the lines under it. D: light or dark.</p>
<nav>
{contents}
</nav>
{figures}
<script>
const root = document.documentElement, turn = () => root.classList.toggle("dark");
if (matchMedia("(prefers-color-scheme: dark)").matches) turn();
document.getElementById("dark").addEventListener("click", turn);
addEventListener("keydown", event => {{ if (event.key.toLowerCase() === "d" && !event.ctrlKey && !event.metaKey) turn(); }});
</script>
</body>
</html>
"""
FIGURE = """<figure id="{name}">
<h2><a href="#{name}">{title}</a></h2>
<p>{seen}</p>
{shown}
<figcaption><details><summary>the code</summary><pre>{code}</pre></details></figcaption>
</figure>"""
SHOWN = '<img class="light" src="{name}_light.svg" alt="{alt}" loading="lazy">\n<img class="dark" src="{name}_dark.svg" alt="{alt}" loading="lazy">'


def drawn(folder: Path, png: bool = False, only: tuple[str, ...] = ()) -> list[str]:
    """Every recipe's picture, light and dark; returns what the index shows of them."""
    entries = []
    for title, recipe in pictures.PICTURES:
        name, began = recipe.__name__, time.perf_counter()
        if only and name not in only:
            continue
        what, options = recipe()
        for theme in ("light", "dark"):
            figure = mg.draw(what, theme=theme, **options)
            figure.save(folder / f"{name}_{theme}.svg")
            if png:
                figure.save(folder / f"{name}_{theme}.png")
        shown = SHOWN.format(name=name, alt=html.escape(figure.describe(), quote=True))
        entries.append(entry(name, title, recipe, shown))
        print(f"{name}: {time.perf_counter() - began:.1f} s", flush=True)
    return entries


def entry(name: str, title: str, recipe: Any, shown: str) -> str:
    """A picture with its title, what one sees, and the code."""
    source = textwrap.dedent(inspect.getsource(recipe))
    source = source[source.index("def ") :]
    return FIGURE.format(name=name, title=html.escape(title), seen=html.escape(inspect.getdoc(recipe) or ""), shown=shown, code=html.escape(source))


# ------------------------------------------------------------------------------------------------ what moves

def stepper(folder: Path) -> None:
    """mg.explore plays a computation forward and backward, an operation at a time: keys, a slider, and a mode in which one predicts."""
    mg.explore(pictures.toy(), folder / "stepper.html")


def snapshots(folder: Path) -> None:
    """GraphSnapshot keeps the gradient's picture by epoch while a model learns to remember the first of eight numbers."""
    mg.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(256, 8, 2)).astype("float32")
    y = (x[:, 0, 0] > 0).astype("int32")
    model = mg.Sequential([mg.Input((8, 2)), mg.layers.LSTM(8), mg.layers.Dense(2)])
    model.compile(mg.optimizers.Adam(0.02), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=20, verbose=0, callbacks=[mg.GraphSnapshot(folder / "snapshots.html", every=2, batch=(x[:2], y[:2]))])


def slides(folder: Path) -> None:
    """figure.frames writes one file per step of the build-up, and nothing moves between them; figure.animate makes a GIF of them."""
    for theme in ("light", "dark"):
        figure = mg.draw(pictures.toy(), size="slide", theme=theme)
        figure.frames(folder / f"slides_{theme}")
        try:
            figure.animate(folder / f"slides_{theme}.gif")
        except ImportError as missing:
            print(missing)


def terminal(folder: Path) -> None:
    """Where nothing can be shown but text, print(figure.text)."""
    mg.draw(pictures.toy()).save(folder / "terminal.txt")


MOVING = [
    ("The stepper", stepper, '<p><a href="stepper.html">open the page</a></p>'),
    ("While it trains", snapshots, '<p><a href="snapshots.html">open the page</a></p>'),
    ("Slides that build up", slides, '<img class="light" src="slides_light.gif" alt="The build-up."><img class="dark" src="slides_dark.gif" alt="The build-up.">'),
    ("In a terminal", terminal, '<p><a href="terminal.txt">terminal.txt</a></p>'),
]  # fmt: skip


def make(folder: Path, png: bool = False, only: tuple[str, ...] = ()) -> None:
    """The whole gallery; or, for whoever works at some of the pictures, only those."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = drawn(folder, png, only)
    for title, maker, shown in MOVING if not only else ():
        maker(folder)
        entries.append(entry(maker.__name__, title, maker, shown))
    titles = [(recipe.__name__, title) for title, recipe in pictures.PICTURES] + [(maker.__name__, title) for title, maker, _ in MOVING]
    contents = "\n".join(f'<a href="#{name}">{html.escape(title)}</a>' for name, title in titles)
    (folder / "index.html").write_text(PAGE.format(contents=contents, figures="\n".join(entries)), encoding="utf-8")
    print(folder / "index.html")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m docs.gallery", description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, default=HERE / "out")
    asked.add_argument("--png", action="store_true", help="also as PNG (needs Matplotlib)")
    asked.add_argument("--only", nargs="*", default=(), metavar="NAME", help="only these pictures")
    options = asked.parse_args()
    make(options.folder, options.png, tuple(options.only))
