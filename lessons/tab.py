"""The first lessons in a browser tab: a page that runs their cells with Python compiled to WebAssembly (Pyodide).

The page is part of the site. It needs a web server, since browsers load no programs from `file://`; and Pyodide, from
its usual place on the net or, with `python -m lessons site --pyodide DIR`, from a copy that goes with the site.
"""

from __future__ import annotations

import html
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LESSONS = ("01", "02", "03", "06", "07")  # they need NumPy and at most Matplotlib, and take seconds
PYODIDE = "https://cdn.jsdelivr.net/pyodide/v314.0.3/full/"


def cells(text: str) -> list[tuple[str, str]]:
    """A lesson in percent format as ("words" | "code", text), in order."""
    found = []
    for part in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        kind, _, body = part.partition("\n")
        if kind.strip() == "[markdown]":
            found.append(("words", re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip()))
        else:
            found.append(("code", body.strip("\n")))
    return found


def section(entry: Any) -> str:
    """One lesson: its words, and its code in fields that can be changed and run."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    as_tex = lambda content, options: rf"\[{content}\]" if options["display_mode"] else rf"\({content}\)"
    renderer = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=as_tex, double_inline=True)
    parts = []
    for kind, text in cells(entry.file.read_text(encoding="utf-8")):
        if kind == "words":
            parts.append(renderer.render(text))
        else:
            code = html.escape(text.replace("Lesson(__file__", f'Lesson("{entry.file.name}"'))
            parts.append(
                f'<div class="cell"><textarea spellcheck="false" rows="{code.count(chr(10)) + 1}">\n{code}</textarea>'
                f'<button class="run">Run</button><div class="out"></div></div>'
            )
    plots = str("plt" in entry.file.read_text(encoding="utf-8")).lower()
    marks = f'id="{entry.number}" data-stem="{entry.file.stem}" data-plots="{plots}"'
    return f"<section {marks}>{''.join(parts)}</section>"


def archive(target: Path) -> None:
    """minigrad, the lessons' kit and its settings in one file for the tab to unpack."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted((ROOT / "minigrad").rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                packed.write(file, file.relative_to(ROOT))
        for name in ("_kit.py", "matplotlibrc"):
            packed.write(HERE / name, name)


def write(
    entries: list, folder: Path, mathjax: str = "../_static/tex-svg.js", pyodide: Path | None = None
) -> list[str]:
    """The page with its worker and its archive in `folder`; the numbers of the lessons that can be run in it."""
    chosen = [entry for entry in entries if entry.number in LESSONS]
    folder.mkdir(parents=True, exist_ok=True)
    if pyodide:
        shutil.copytree(
            pyodide, folder / "pyodide", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.map", "*.d.ts")
        )
    links = " ".join(f'<a href="#{entry.number}">{entry.number} {html.escape(entry.title)}</a>' for entry in chosen)
    page = (HERE / "tab.html").read_text(encoding="utf-8")
    for name, value in (
        ("LINKS", links),
        ("SECTIONS", "\n".join(map(section, chosen))),
        ("MATHJAX", mathjax),
        ("PYODIDE", "pyodide/" if pyodide else PYODIDE),
    ):
        page = page.replace(f"<!--{name}-->", value)
    (folder / "index.html").write_text(page, encoding="utf-8")
    shutil.copyfile(HERE / "tab_worker.mjs", folder / "tab_worker.mjs")
    archive(folder / "minigrad.zip")
    return [entry.number for entry in chosen]
