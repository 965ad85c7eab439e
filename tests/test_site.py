"""The page for teachers names what exists and its graders run; every lesson becomes a notebook; the site works from the disk."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from lessons import grading
from lessons.__main__ import lessons
from tests import sabotage

TEACHING = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", TEACHING, re.DOTALL)
SITE = [name for name in ("jupytext", "nbclient", "ipykernel", "sphinx", "myst_nb", "furo") if importlib.util.find_spec(name) is None]
needs_site = pytest.mark.skipif(bool(SITE), reason=f"not installed: {', '.join(SITE)}")
BROWSER = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)


# ------------------------------------------------------------------- the page for teachers

def test_every_command_of_the_teaching_page_exists():
    commands = [shlex.split(c) for c in re.findall(r"`?(python -m [^`\n}]+)", TEACHING) if not c.startswith("python -m pip")]
    assert {c[3] for c in commands if c[2] == "lessons" and len(c) > 3} == {"export", "check", "notebooks", "site", "record"}
    for command in commands:
        if command[2] == "lessons" and len(command) > 3:
            done = subprocess.run([sys.executable, *command[1:4], "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
            assert all(flag in done.stdout for flag in command if flag.startswith("--")), command
        if len(command) > 3 and command[2] == "tests.sabotage":
            assert command[3] == "--table" or (command[3] in sabotage.PLANTS and (ROOT / command[4]).exists())


def test_every_file_and_lesson_of_the_teaching_page_exists():
    for path in re.findall(r"`(tests/[\w/.]+)`", TEACHING) + re.findall(r"\]\((?!http)([\w.]+)\)", TEACHING):
        assert (ROOT / path).exists() or (ROOT / "docs" / path).exists(), path
    numbers = {entry.number for entry in lessons()}
    labs = TEACHING.split("## Four labs")[1].split("## What the lessons")[0]
    taught = [re.findall(r"\b\d\d\b", row.split("|")[2]) for row in labs.splitlines() if row.count("|") == 4][2:]
    assert taught == [["00", "01", "02"], ["06", "07", "10"], ["11", "12", "13", "14"], ["17", "20"]]
    assert {number for lab in taught for number in lab} <= numbers


@pytest.fixture
def answered(tmp_path):
    """A file of answers to lesson 02, of which one is left open."""
    (tmp_path / "answers_02.py").write_text(grading.start("02", "ada@example.org"), encoding="utf-8")
    return tmp_path


def test_the_wrapper_for_gradescope_writes_its_results(answered):
    (answered / "submission").mkdir()
    (answered / "results").mkdir()
    (answered / "answers_02.py").rename(answered / "submission" / "answers_02.py")
    (answered / "submission_metadata.json").write_text('{"users": [{"email": "ada@example.org"}]}', encoding="utf-8")
    (answered / "source").symlink_to(ROOT, target_is_directory=True)
    exec(CODE[0].replace('"/autograder"', repr(str(answered))), {})  # noqa: S102  (the page's own code)
    results = json.loads((answered / "results" / "results.json").read_text(encoding="utf-8"))["tests"]
    assert [row["name"] for row in results] == grading.questions(grading.exercises("02"))
    assert all(row["score"] == 0 and row["max_score"] == 1 and row["output"] for row in results)


def test_the_wrapper_for_nbgrader_ends_with_the_points(answered, monkeypatch):
    monkeypatch.chdir(answered)
    monkeypatch.setenv("MINIGRAD_COURSE", str(ROOT))
    *before, last = ast.parse(CODE[1]).body
    names: dict = {}
    exec(compile(ast.Module(before, []), "nbgrader", "exec"), names)  # noqa: S102  (the page's own code)
    assert eval(compile(ast.Expression(last.value), "nbgrader", "eval"), names) == 0


def test_the_wrapper_for_coderunner_prints_a_fraction(answered, monkeypatch):
    monkeypatch.chdir(answered)
    answer = (answered / "answers_02.py").read_text(encoding="utf-8")
    code = CODE[2].replace('"""{{ STUDENT_ANSWER | e(\'py\') }}"""', repr(answer)).replace("/srv/minigrad", str(ROOT))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})  # noqa: S102  (the page's own code)
    result = json.loads(printed.getvalue())
    assert result["fraction"] == 0 and result["testresults"][0] == ["iscorrect", "Question", "Hint"]


def test_a_wrapper_has_at_most_ten_lines():
    blocks = re.findall(r"```(?:python|yaml)\n(.*?)```", TEACHING, re.DOTALL)
    assert len(blocks) == 4 and all(len(block.splitlines()) <= 11 for block in blocks)


# ------------------------------------------------------------------- notebooks and site

@needs_site
@pytest.mark.parametrize("entry", lessons(), ids=lambda entry: entry.number)
def test_a_lesson_becomes_a_notebook_that_installs_itself(entry):
    from lessons import pages

    first, kit, *rest = pages.notebook(entry.file).cells
    assert "\n" not in first.source and "minigrad-unrolled[lessons]" in first.source
    assert kit.source.startswith("%%writefile _kit.py")
    assert rest[0].cell_type == "markdown" and rest[0].source.startswith("# ")
    code = "\n".join(cell.source for cell in rest if cell.cell_type == "code")
    assert "__file__" not in code and f'"{entry.file.name}"' in code
    assert ("mg.explore(" in code) >= (entry.number in pages.STEPPERS)


@needs_site
def test_an_answer_is_folded_and_a_progress_bar_dropped(tmp_path):
    from nbformat.v4 import new_output

    from lessons import pages

    printed = f"  one\n\n  Predict: 2 < 3?\n  Answer: yes\n\n  kept in {tmp_path}/out\n"
    outputs = pages.tidy([new_output("stream", name="stdout", text=printed),
                          new_output("stream", name="stderr", text="\r 10 %\r 20 %")], tmp_path)
    assert [output.output_type for output in outputs] == ["stream", "display_data"]
    page = outputs[1].data["text/html"]
    assert page.startswith('<details class="predict"><summary>Predict: 2 &lt; 3?</summary>') and "Answer: yes" in page
    assert str(tmp_path) not in page


class Links(HTMLParser):
    """Every href and src of a page, and every id in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.links += [found[key] for key in ("href", "src") if found.get(key)]


def broken(site: Path) -> list[str]:
    """Links of the site that lead nowhere, and whatever a page would fetch from a network."""
    pages = {page.resolve(): Links(page) for page in site.rglob("*.html")}
    wrong = []
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if parts.scheme or link == "#":
                continue
            if not target.exists() or (target in pages and parts.fragment and parts.fragment not in pages[target].ids):
                wrong.append(f"{page.name}: {link}")
    return wrong


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Seite für Ömer") / "site"
    command = [sys.executable, "-m", "lessons", "site", "01", "02", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@needs_site
@pytest.mark.slow
def test_no_link_of_the_site_is_broken_and_its_notebooks_are_executed(site):
    assert broken(site) == []
    book = json.loads((site / "notebooks" / "01_a_calculation_is_a_graph.ipynb").read_text(encoding="utf-8"))
    kinds = {kind for cell in book["cells"] for output in cell.get("outputs", ()) for kind in output.get("data", ())}
    assert "image/svg+xml" in kinds
    matplotlib = json.loads((site / "notebooks" / "02_gradients_add_where_values_fork.ipynb").read_text(encoding="utf-8"))
    assert "image/svg+xml" in json.dumps(matplotlib) or "image/png" in json.dumps(matplotlib)
    assert str(ROOT) not in json.dumps(book)


@needs_site
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("dark", 390)])
def test_the_pages_open_from_the_disk_with_an_empty_console(site, scheme, width):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        for name in ("index", "01_a_calculation_is_a_graph", "teaching"):
            page.goto((site / f"{name}.html").as_uri())
            page.wait_for_timeout(500)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        page.goto((site / "01_a_calculation_is_a_graph.html").as_uri())
        page.wait_for_selector("mjx-container svg")
        assert page.locator("details.predict").count() == 1 and not page.locator("details.predict pre").is_visible()
        assert page.locator(f".picture .{scheme}").first.is_visible()
        assert page.locator(".picture .dark").first.is_visible() == (scheme == "dark")
        page.locator("iframe.stepper").scroll_into_view_if_needed()
        page.frame_locator("iframe.stepper").locator("svg").first.wait_for()
        browser.close()
    assert said == []
