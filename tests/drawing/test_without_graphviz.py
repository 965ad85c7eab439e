"""Without Graphviz (no `dot` on the PATH, no pygraphviz, no graphviz) every picture is still drawn and saved.

Each test runs in a process of its own, whose PATH is an empty folder and which can import none of these packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BARE = """
import shutil, sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
assert shutil.which("dot") is None and shutil.which("neato") is None
"""
DRAW = """
import numpy as np
import minigrad as mg
from tests.drawing.nets import expression, layer, spelled, toy
pictures = {
    "toy": mg.draw(toy()[0], size="slide"), "expression": mg.draw(expression(), theme="dark"), "lstm": mg.draw(layer("LSTM", steps=3)[0]),
    "rolled": mg.draw(toy()[0], "rolled"), "cell": mg.draw(layer("LSTM", steps=3)[0], "cell"), "triangle": mg.draw(spelled(4)[0], "triangle"),
    "flow": mg.draw({"RNN": layer("RNN", steps=9)[0]}, "flow"),
    "model": mg.draw(mg.Sequential([mg.Input((None, 3)), mg.layers.GRU(4), mg.layers.Dense(2)])),
}
"""


def run(code: str, missing: tuple[str, ...], folder: Path) -> str:
    """What a bare process prints; its error, if it fails."""
    empty = folder / "empty"
    empty.mkdir()
    env = {"PATH": str(empty), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": str(folder), "HOME": str(folder),
           "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}  # fmt: skip
    env |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    program = BARE.format(missing=set(missing)) + code
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False, capture_output=True, text=True, encoding="utf-8",
                          env=env, cwd=folder, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


GRAPHVIZ = ("pygraphviz", "graphviz", "pydot", "pydotplus")


def test_every_view_as_svg_html_dot_and_text(tmp_path):
    """Without Matplotlib and Pillow, too: NumPy is all that is needed."""
    code = DRAW + """
for name, figure in pictures.items():
    for kind in ("svg", "html", "dot", "txt"):
        figure.save(f"{sys.argv[1]}/{name}.{kind}")
    assert figure._repr_mimebundle_()["image/svg+xml"].startswith("<svg"), name
mg.explore(toy()[0], f"{sys.argv[1]}/page.html")
print(len(pictures["toy"].frames(sys.argv[1] + "/slides")))
print(pictures["toy"].text)
"""
    printed = run(code, (*GRAPHVIZ, "matplotlib", "PIL"), tmp_path)
    assert printed.startswith("14\n") and "0.29  █" in printed and "W_hh.grad, in order of arrival" in printed
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.dot"))) == 8
    assert all(len(file.read_bytes()) > 40 for file in tmp_path.glob("*.*"))
    assert len(list((tmp_path / "slides").glob("step_*.svg"))) == 14


def test_png_and_pdf_are_painted_without_graphviz(tmp_path):
    pytest.importorskip("matplotlib")
    code = DRAW + """
for name, figure in pictures.items():
    assert figure.png(0.3).startswith(b"\\x89PNG"), name
assert pictures["toy"].pdf().startswith(b"%PDF")
"""
    run(code, GRAPHVIZ, tmp_path)


def test_what_is_missed_is_said_with_the_line_that_installs_it(tmp_path):
    code = """
import minigrad as mg
from tests.drawing.nets import expression
figure = mg.draw(expression())
for ending in ("png", "pdf"):
    try:
        figure.save("a." + ending)
    except ImportError as error:
        print(error)
try:
    figure.animate("a.gif")
except ImportError as error:
    print(error)
"""
    printed = run(code, (*GRAPHVIZ, "matplotlib", "PIL"), tmp_path).splitlines()
    assert "PNG needs Matplotlib: pip install matplotlib" in printed[0] and "PDF needs Matplotlib" in printed[1]
    assert "pip install pillow" in printed[2] and len(printed) == 3
    assert not [file for file in tmp_path.iterdir() if file.suffix in (".png", ".pdf", ".gif", ".part")]
