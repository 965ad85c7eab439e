"""The pictures measured by a browser: with whichever font it finds, every text lies inside its box."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

import minigrad as mg
from tests.drawing.nets import expression, layer, own_cell, toy

MEASURE = """<script>
const out = [];
for (const group of document.querySelectorAll('g[id]')) {
  const box = group.querySelector(':scope > path').getBBox();
  for (const text of group.querySelectorAll(':scope > text')) {
    const b = text.getBBox();
    const inside = b.x >= box.x - 2 && b.x + b.width <= box.x + box.width + 2;
    if (!inside) out.push([text.textContent, b.x - box.x, b.x + b.width - box.x - box.width]);
  }
}
document.body.innerHTML = '<pre id="result">' + JSON.stringify({outside: out, boxes: document.querySelectorAll('g[id]').length}) + '</pre>';
</script>"""


@pytest.mark.browser
@pytest.mark.parametrize("family", ["Arial", pytest.param("DejaVu Sans", marks=pytest.mark.slow), pytest.param("monospace", marks=pytest.mark.slow)])
def test_no_text_leaves_its_box_in_chromium(tmp_path, family):
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    figures = [mg.draw(trace) for trace in (toy()[0], layer("LSTM", stacked=True)[0], own_cell()[0], expression())]
    page = tmp_path / "page.html"
    pictures = "".join(figure.svg.replace('font-family="Arial', f'font-family="{family}, Arial') for figure in figures)
    page.write_text(f"<!DOCTYPE html><meta charset='utf-8'><body>{pictures}{MEASURE}</body>", encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    dom = subprocess.run([chromium, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout
    result = json.loads(dom.partition('<pre id="result">')[2].partition("</pre>")[0])
    assert not result["outside"]
