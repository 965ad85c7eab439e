"""Every lesson as an executed notebook, and all of them as a web site that needs no network.

    python -m lessons notebooks [01 07] [--out DIR] [--mode fast|normal|long]
    python -m lessons site      [01 07] [--out DIR] [--mode fast|normal|long] [--pyodide DIR]

The lesson's script stays the only source: its percent cells become a notebook, a kernel runs it, and the site is built from
what came out. What these commands need beyond the lessons: `python -m pip install -e ".[site]"`.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from lessons import tab

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
STEPPERS = {"01": "trace", "06": "unroll(3)", "07": "trace"}  # lessons whose computation can be played: what is played
BESIDE = ("teaching", "record", "keras", "keras_arguments", "cells")  # pages of docs/ and of this folder
INSTALL = ('import importlib.util; importlib.util.find_spec("minigrad") or '
           'get_ipython().run_line_magic("pip", \'install -q "minigrad-unrolled[lessons]"\')')
DARK = '''import _kit
from minigrad.drawing.figure import Figure
_plain = _kit.Lesson.figure
def _both(self, name, figure, **arrays):
    if hasattr(figure, "scene"):
        Figure(figure.scene, "dark").save(self.out / f"{name}.dark.svg")
    _plain(self, name, figure, **arrays)
_kit.Lesson.figure = _both'''

# ------------------------------------------------------------------------- notebooks


def notebook(file: Path, dark: bool = False) -> Any:
    """The lesson as a notebook not yet run: the line that installs, the kit, then the script's own cells."""
    import jupytext
    from nbformat.v4 import new_code_cell, new_markdown_cell

    book = jupytext.read(file)
    hidden = {"tags": ["remove-cell"], "jupyter": {"source_hidden": True}}
    kit = (HERE / "_kit.py").read_text(encoding="utf-8")
    first = [new_code_cell(INSTALL, metadata=hidden), new_code_cell(f"%%writefile _kit.py\n{kit}", metadata=hidden)]
    if dark:
        first.append(new_code_cell(DARK, metadata={"tags": ["remove-cell", "only-for-the-site"]}))
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.replace("Lesson(__file__", f'Lesson("{file.name}"')
    played = STEPPERS.get(file.stem.split("_")[0])
    if played:
        where = next((k for k, cell in enumerate(book.cells) if cell.source.startswith("## Exercises")), len(book.cells) - 1)
        words = "## Step through it\nThe same computation, an operation at a time: → goes on, ← goes back, space plays, P asks you first."
        book.cells[where:where] = [new_markdown_cell(words), new_code_cell(f"mg.explore({played})")]
    book.cells[:0] = first
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
    book.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                     "language_info": {"name": "python"}}
    return book


def execute(book: Any, folder: Path, mode: str) -> None:
    """Run the notebook in a kernel of its own, in `folder`; raises where a cell does."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    for beside in ("matplotlibrc", "source_lstm.npz"):
        shutil.copyfile(HERE / beside, folder / beside)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    settings = {"MINIGRAD_LESSON_MODE": mode, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                "JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore:IProgress not found"}
    settings |= {f"{library}_NUM_THREADS": os.environ.get(f"{library}_NUM_THREADS", "1") for library in ("OPENBLAS", "OMP", "MKL")}
    client = NotebookClient(book, timeout=1200, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    try:
        client.execute(env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        printed = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", ()))
        wrong = [line for line in printed.splitlines() if "✗" in line]
        raise RuntimeError("\n".join(["checks failed", *wrong]) if wrong else str(error)) from None
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = tidy(cell.outputs, folder)
            cell.metadata.pop("execution", None)  # when each cell ran: another number in every build
    book.cells[0].outputs, book.cells[1].outputs = [], []


def tidy(outputs: list, folder: Path) -> list:
    """What a reader wants of a cell's outputs: no progress bars, no paths of this machine, answers folded away."""
    kept: list[Any] = []
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        else:
            text = re.sub(r"\r[^\r\n]*\n?|\x1b\[\w+", "", output.text.replace("\r\n", "\n"))
            kept.extend(folded(text.replace(f"{folder}{os.sep}", "").replace(str(folder), "."), output.name))
    return kept


def folded(text: str, name: str) -> list:
    """Printed text cut at its questions: the answer, and what is printed after it, opens at a click."""
    from nbformat.v4 import new_output

    before, *questions = re.split(r"^ *Predict: ", text, flags=re.MULTILINE)
    made = [new_output("stream", name=name, text=before)] if before.strip() else []
    for question in questions:
        asked, _, answer = (part.strip("\n") for part in question.partition("\n"))
        page = f'<details class="predict"><summary>Predict: {html.escape(asked)}</summary><pre>{html.escape(answer)}</pre></details>'
        made.append(new_output("display_data", data={"text/html": page, "text/plain": f"Predict: {asked}\n{answer}"}))
    return made


def ran(entry: Any, work: Path, mode: str, dark: bool = False) -> tuple[Any, dict[str, Any]] | None:
    """The executed notebook and the record that the run kept of itself; None, and a line that says why, if it did not hold."""
    work.mkdir()
    book = notebook(entry.file, dark)
    try:
        execute(book, work, mode)
        record = json.loads((work / "out" / entry.file.stem / "record.json").read_text(encoding="utf-8"))
    except (RuntimeError, FileNotFoundError) as problem:
        print(f"  {entry.number}  LEFT OUT: {problem}", flush=True)
        return None
    print(f"  {entry.number}  {len(record['checks'])} checks held, {record['seconds']:.1f} s", flush=True)
    return book, record


def notebooks(entries: list, out: Path, mode: str) -> int:
    """NN_slug.ipynb of each lesson in `out`, executed, with everything a cell shows; how many there are."""
    import nbformat

    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for entry in entries:
        with tempfile.TemporaryDirectory() as temporary:
            held = ran(entry, Path(temporary).resolve() / entry.file.stem, mode)
        if held:
            nbformat.write(held[0], out / f"{entry.file.stem}.ipynb")
            written += 1
    print(f"\n{written} notebooks in {out}")
    return written


# ------------------------------------------------------------------------- the site

CONF = '''project = "minigrad"
html_title = "minigrad: the lessons"
author = "the minigrad authors"
project_copyright = author
extensions = ["myst_nb"]
exclude_patterns = ["extra"]
html_theme = "furo"
html_static_path = ["static"]
html_extra_path = ["extra"]
html_css_files = ["lessons.css"]
html_show_sourcelink = html_copy_source = False
html_show_sphinx = False
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "misc.highlighting_failure"]
'''
CSS = '''.content { width: 54em; }
.content { max-width: 100%; box-sizing: border-box; }
.picture { margin: 1em 0; overflow-x: auto; }
.picture img { display: block; max-width: 100%; height: auto; border-radius: 6px; }
.picture img[src$=".png"] { background: white; }
body:not([data-theme="dark"]) .picture .dark { display: none; }
body[data-theme="dark"] .picture .light:not(:only-child) { display: none; }
@media (prefers-color-scheme: dark) {
  body[data-theme="auto"] .picture .light:not(:only-child) { display: none; }
  body[data-theme="auto"] .picture .dark { display: block; }
}
@media (max-width: 46em) { .picture img { max-width: none; width: max(100%, 34em); } }
details.predict { margin: .6em 0; padding: .4em .8em; border-left: 3px solid var(--color-brand-primary);
  background: var(--color-background-secondary); }
details.predict summary { cursor: pointer; }
details.predict pre { margin: .5em 0 0; overflow-x: auto; white-space: pre-wrap; }
iframe.stepper { width: 100%; height: 720px; border: 1px solid var(--color-background-border); border-radius: 6px; }
mjx-container { overflow-x: auto; overflow-y: hidden; max-width: 100%; }
mjx-container[display="true"] { padding: .3em 0; }
table { display: block; overflow-x: auto; }
'''


def for_page(book: Any, entry: Any, record: dict, folder: Path, extra: Path) -> None:
    """Put the pictures and the stepper beside the page, in place of what a notebook holds inside itself."""
    from nbformat.v4 import new_markdown_cell

    pictures = extra / "pictures" / entry.number
    pictures.mkdir(parents=True)
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            name = output.get("metadata", {}).get("picture")
            if name:
                words = output.data.get("text/plain", name)
                output.data = {"text/html": picture(name, words, folder / "out" / entry.file.stem, pictures)}
            elif 'srcdoc="' in output.get("data", {}).get("text/html", ""):
                output.data = {"text/html": stepper(entry, output.data["text/html"], extra)}
    foot = (f"---\nThe numbers on this page come from a {record['mode']} run with seed {record['seed']} in Python "
            f"{sys.version.split()[0]}: {len(record['checks'])} checks, all held, {record['seconds']:.1f} s. Run it yourself: "
            f'<a href="scripts/{entry.file.name}">{entry.file.name}</a>, or as a '
            f'<a href="notebooks/{entry.file.stem}.ipynb" download>notebook</a>.')
    if entry.number in tab.LESSONS:
        foot += f' Or change it and run it <a href="tab/index.html#{entry.number}">in a tab of your browser</a>.'
    book.cells.append(new_markdown_cell(foot))


def picture(name: str, words: str, drawn: Path, pictures: Path) -> str:
    """The files of one picture, copied, and the HTML that shows the one for the reader's theme."""
    shown = []
    for suffix, theme in ((".svg", "light"), (".dark.svg", "dark"), (".png", "light")):
        file = drawn / f"{name}{suffix}"
        if file.exists():
            shutil.copyfile(file, pictures / file.name)
            alt = name.replace("_", " ") if suffix == ".png" else html.escape(words, quote=True).replace("\n", " ")
            shown.append(f'<img class="{theme}" src="pictures/{pictures.name}/{file.name}" alt="{alt}">')
    return f'<div class="picture">{"".join(shown)}</div>'


def stepper(entry: Any, frame: str, extra: Path) -> str:
    """The stepper as a page of its own, and the frame that plays it inside the lesson."""
    page = html.unescape(re.search(r'srcdoc="(.*?)"', frame, re.DOTALL)[1])
    target = extra / "steppers" / f"{entry.number}.html"
    target.parent.mkdir(exist_ok=True)
    target.write_text(page, encoding="utf-8")
    link = f"steppers/{entry.number}.html"
    return (f'<iframe class="stepper" src="{link}" title="{html.escape(entry.title)}, step by step" loading="lazy"></iframe>'
            f'<p><a href="{link}">The stepper on a page of its own</a></p>')


def index(entries: list) -> str:
    """The first page: every lesson with what it needs, and the sidebar's two lists."""
    rows = "\n".join(f"| {e.number} | [{e.title}]({e.file.stem}.ipynb) | {e.needs.replace('You need ', '')} |" for e in entries)
    steppers = ", ".join(f'<a href="steppers/{e.number}.html">lesson {e.number}</a>' for e in entries if e.number in STEPPERS)
    played = f"\nPlay a computation, an operation at a time: {steppers}.\n" if steppers else ""
    here = ", ".join(f'<a href="tab/index.html#{e.number}">{e.number}</a>' for e in entries if e.number in tab.LESSONS)
    played += f"\nChange and run lessons in a tab of your browser, with nothing installed: {here}.\n" if here else ""
    sidebar = ""
    for caption, pages in (("Lessons", [e.file.stem for e in entries]), ("Beside the lessons", BESIDE)):
        sidebar += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
    return (f"# minigrad: the lessons\n\nAutograd from scratch. Every lesson is one script with one idea; it prints what it "
            f"finds, draws it, and checks itself. Answer where it says *Predict*, then open the answer.\n{played}\n"
            f"| | lesson | needs |\n|---|---|---|\n{rows}\n\nFor teachers: [graders, labs, and what else to use](teaching.md).\n"
            f"{sidebar}")


def site(entries: list, out: Path, mode: str, pyodide: Path | None = None) -> int:
    """Run the lessons, then build the pages from what came out: `out`/index.html opens from the disk."""
    import nbformat

    with tempfile.TemporaryDirectory() as temporary:
        source, extra = Path(temporary) / "source", Path(temporary) / "source" / "extra"
        for folder in (source / "static", extra / "notebooks", extra / "scripts"):
            folder.mkdir(parents=True)
        shown = []
        for entry in entries:
            work = Path(temporary).resolve() / entry.file.stem
            held = ran(entry, work, mode, dark=True)
            if held:
                book, record = held
                book.cells = [cell for cell in book.cells if "only-for-the-site" not in cell.metadata.get("tags", ())]
                nbformat.write(book, extra / "notebooks" / f"{entry.file.stem}.ipynb")
                shutil.copyfile(entry.file, extra / "scripts" / entry.file.name)
                for_page(book, entry, record, work, extra)
                nbformat.write(book, source / f"{entry.file.stem}.ipynb")
                shown.append(entry)
        tab.write(shown, extra / "tab", pyodide=pyodide)
        build(shown, source, out)
    print(f"\nthe site: {out / 'index.html'}")
    return len(shown)


def build(entries: list, source: Path, out: Path) -> None:
    """Write what stands around the lessons, and let Sphinx make the pages; any warning is an error."""
    for name in BESIDE:
        file = next(file for file in (ROOT / "docs" / f"{name}.md", HERE / f"{name}.md") if file.exists())
        words = file.read_text(encoding="utf-8")
        (source / f"{name}.md").write_text(words.replace("../lessons/", ""), encoding="utf-8")
    shutil.copyfile(HERE / "expected.json", source / "expected.json")
    (source / "index.md").write_text(index(entries), encoding="utf-8")
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    (source / "static" / "lessons.css").write_text(CSS, encoding="utf-8")
    mathjax = Path(str(resources.files("sphinx-mathjax-offline"))) / "static" / "mathjax" / "tex-svg.js"
    shutil.copyfile(mathjax, source / "static" / mathjax.name)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(source), str(out)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("the pages were not built cleanly: see the warnings above")


def main(command: str, arguments: list[str], entries: list) -> None:
    """python -m lessons notebooks|site [NN …] [--out DIR] [--mode fast|normal|long]"""
    parser = argparse.ArgumentParser(prog=f"python -m lessons {command}")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="only these lessons")
    parser.add_argument("--out", type=Path, default=HERE / "out" / command, metavar="DIR")
    parser.add_argument("--mode", choices=("fast", "normal", "long"), default="fast", help="how long the lessons run")
    if command == "site":
        parser.add_argument("--pyodide", type=Path, metavar="DIR", help="Python for the browser, to go with the site")
    asked = parser.parse_args(arguments)
    unknown = set(asked.numbers) - {entry.number for entry in entries}
    if unknown:
        sys.exit(f"no lesson {', '.join(sorted(unknown))}")
    chosen = [entry for entry in entries if not asked.numbers or entry.number in asked.numbers]
    try:
        out = Path(os.path.abspath(asked.out))
        made = site(chosen, out, asked.mode, asked.pyodide) if command == "site" else notebooks(chosen, out, asked.mode)
    except ModuleNotFoundError as missing:
        sys.exit(f'{command} needs {missing.name}: python -m pip install -e ".[site]"')
    sys.exit(0 if made == len(chosen) else 1)
