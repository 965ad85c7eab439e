"""The gallery: every view is in it, every picture can be read, and the command makes the page."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from docs.gallery import pictures
from minigrad.drawing.picture import CHOICES
from tests.drawing import seen

ROOT = Path(__file__).parents[2]
RECIPES = {recipe.__name__: functools.cache(recipe) for _, recipe in pictures.PICTURES}


@pytest.mark.parametrize("name", RECIPES)
def test_every_picture_can_be_read(name):
    what, options = RECIPES[name]()
    scene = mg.draw(what, **options).scene
    for promise in (seen.on_the_page, seen.texts_in_their_boxes, seen.boxes_apart, seen.texts_apart, seen.contrasts):
        promise(scene)
    seen.readable(scene, 18)
    if name != "encoder_decoder":  # where the decoder's steps are counted anew
        seen.steps_in_order(scene)


def test_every_view_is_there():
    shown = {recipe()[1].get("view", "auto") for recipe in RECIPES.values()}
    assert shown == set(CHOICES["view"])


def test_the_command_makes_the_page_with_the_code_beside_the_pictures(tmp_path):
    command = [sys.executable, "-m", "docs.gallery", str(tmp_path), "--only", "rolled", "model"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    assert "index.html" in done.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "index.html", "model_dark.svg", "model_light.svg", "rolled_dark.svg", "rolled_light.svg"]  # fmt: skip
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'mg.layers.Embedding(1000, 64, name=&quot;embedding&quot;)' in page
    assert not re.search(r'(src|href)="https?:', page)


def test_the_readmes_example_runs(tmp_path):
    pytest.importorskip("PIL")
    readme = (ROOT / "docs" / "gallery" / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert {"one_weight.svg", "one_weight.gif", "slides", "stepper.html"} == {file.name for file in tmp_path.iterdir()}
    assert len(list((tmp_path / "slides").iterdir())) > 5
