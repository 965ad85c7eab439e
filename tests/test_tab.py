"""The first lessons run in a browser tab, with Python compiled to WebAssembly.

Where a copy of Pyodide is at hand (`MINIGRAD_PYODIDE=DIR`, with the wheels of NumPy and Matplotlib in it), the core is
run in it under Node, and the page in Chromium; without one these two are skipped, and the rest of the page is still tested.
"""

from __future__ import annotations

import ast
import functools
import http.server
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from lessons import tab
from lessons.__main__ import lessons

PYODIDE = os.environ.get("MINIGRAD_PYODIDE", "")
BROWSER = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
needs_pyodide = pytest.mark.skipif(not PYODIDE, reason="MINIGRAD_PYODIDE does not say where Pyodide is")
needs_markdown = pytest.mark.skipif(
    importlib.util.find_spec("mdit_py_plugins") is None, reason="not installed: mdit_py_plugins"
)
CHOSEN = [entry for entry in lessons() if entry.number in tab.LESSONS]
EACH = pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: entry.number)


@EACH
def test_the_cells_of_the_page_are_those_of_the_script(entry):
    text = entry.file.read_text(encoding="utf-8")
    found = tab.cells(text)
    code = "\n".join(body for kind, body in found if kind == "code")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(text))
    assert found[0][0] == "words" and found[0][1].startswith(f"# {entry.number}. ")


@EACH
def test_a_lesson_for_the_tab_needs_numpy_and_matplotlib_alone(entry):
    nodes = [
        node
        for node in ast.walk(ast.parse(entry.file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in nodes
        for alias in node.names
    }
    assert names <= {"_kit", "minigrad"} | (
        sys.stdlib_module_names - {"subprocess", "socket", "threading", "multiprocessing"}
    )


def test_the_archive_has_the_package_and_the_kit(tmp_path):
    tab.archive(tmp_path / "minigrad.zip")
    names = zipfile.ZipFile(tmp_path / "minigrad.zip").namelist()
    assert {"minigrad/__init__.py", "minigrad/engine.py", "_kit.py", "matplotlibrc"} <= set(names)
    assert not [name for name in names if name.endswith(".pyc") or ".." in name]


@needs_markdown
def test_the_page_holds_every_cell_and_asks_for_pyodide_where_it_is(tmp_path):
    assert tab.write(lessons(), tmp_path / "net") == list(tab.LESSONS)
    page = (tmp_path / "net" / "index.html").read_text(encoding="utf-8")
    assert tab.PYODIDE in page and "<!--" not in page
    assert page.count("<textarea") == sum(
        kind == "code" for entry in CHOSEN for kind, _ in tab.cells(entry.file.read_text(encoding="utf-8"))
    )
    assert "__file__" not in page and re.search(r"\\\(.*\\\)", page)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "pyodide.mjs").write_text("export {}", encoding="utf-8")
    tab.write(lessons(), tmp_path / "own", pyodide=tmp_path / "copy")
    assert (tmp_path / "own" / "pyodide" / "pyodide.mjs").exists()
    assert 'new URL("pyodide/", location.href)' in (tmp_path / "own" / "index.html").read_text(encoding="utf-8")


# ------------------------------------------------------------------- with Pyodide

NODE = """
import { loadPyodide } from PLACE + "/pyodide.mjs";
const python = await loadPyodide({ indexURL: PLACE + "/" });
await python.loadPackage(["numpy"], { messageCallback: () => {} });
python.mountNodeFS("/mnt", ROOT);
python.runPython(`
import sys
sys.path[:0] = ["/mnt/lessons", "/mnt"]
sys.argv = ["lesson", "--fast", "--out", "/tmp/out"]
import runpy
runpy.run_path("/mnt/lessons/02_gradients_add_where_values_fork.py", run_name="__main__")
print(sys.platform, sorted(name for name in ("matplotlib", "sklearn", "tqdm") if name in sys.modules))
`);
"""


@needs_pyodide
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
def test_the_core_and_a_lesson_run_in_webassembly_with_numpy_alone(tmp_path):
    script = tmp_path / "run.mjs"
    script.write_text(
        NODE.replace('PLACE + "/pyodide.mjs"', repr(f"{PYODIDE}/pyodide.mjs"))
        .replace("PLACE", repr(PYODIDE))
        .replace("ROOT", repr(str(ROOT))),
        encoding="utf-8",
    )
    done = subprocess.run(
        ["node", str(script)], capture_output=True, text=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 checks held" in done.stdout and "emscripten []" in done.stdout


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The page on a server of its own: its address."""
    folder = tmp_path_factory.mktemp("site")
    tab.write(lessons(), folder, mathjax="data:text/javascript,", pyodide=Path(PYODIDE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


def all_cells(page) -> str:
    """Everything that the chosen lesson printed, once it has come to its end."""
    page.click("#all")
    page.wait_for_function(
        "['done', 'stopped at an error'].includes(document.getElementById('said').textContent)", timeout=120_000
    )
    return page.evaluate(
        "[...document.querySelectorAll('section.chosen .out')].map(out => out.textContent).join('\\n')"
    )


@needs_markdown
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_from_the_disk_the_page_says_what_it_needs(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    tab.write(lessons(), tmp_path, mathjax="data:text/javascript,")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page, said = browser.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        page.goto((tmp_path / "index.html").as_uri() + "#06")
        page.click("#all")
        assert "python -m http.server" in page.inner_text("#said") and page.locator("section.chosen").get_attribute("id") == "06"
        browser.close()
    assert said == []


@needs_pyodide
@needs_markdown
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_every_lesson_of_the_page_holds_in_the_tab(served):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page, said = browser.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for number in tab.LESSONS:
            page.goto(f"{served}#{number}")
            held = re.search(r"(\d+) of (\d+) checks held", printed := all_cells(page))
            assert held and held[1] == held[2] and page.locator("section.chosen .out img").count(), printed
            assert page.evaluate(
                "[...document.querySelectorAll('.chosen .out img')].every(one => one.naturalWidth > 50)"
            )
            assert "Predict" not in printed or page.locator("section.chosen details").count()
        page.goto(f"{served}#01")
        page.locator("section.chosen textarea").nth(1).fill("1 / 0")
        assert "ZeroDivisionError" in all_cells(page)
        browser.close()
    assert said == []
