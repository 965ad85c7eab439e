"""What a Figure is saved as: every format is whole, the same twice, and needs no Graphviz program."""

from __future__ import annotations

import builtins
import gc
import re
from xml.dom import minidom

import numpy as np
import pytest

import minigrad as mg
from tests.drawing.nets import expression, layer, toy


@pytest.fixture(scope="module")
def figure():
    return mg.draw(toy()[0])


def test_svg_is_xml_with_title_description_and_prefixed_ids(figure):
    document = minidom.parseString(figure.svg.encode()).documentElement
    assert document.getElementsByTagName("title")[0].firstChild.data == "One weight, five uses, one gradient: the sum"
    assert "0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53" in document.getElementsByTagName("desc")[0].firstChild.data
    ids = re.findall(r' id="([^"]+)"', figure.svg)
    assert len(ids) == len(set(ids)) and all(i.startswith(f"{figure.prefix}-") for i in ids)
    assert figure.prefix != mg.draw(expression()).prefix


def test_the_same_computation_gives_the_same_bytes(figure):
    again = mg.draw(toy()[0])
    assert again.svg == figure.svg and again.dot == figure.dot and again.html == figure.html and again.text == figure.text
    assert again.png() == figure.png()


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "dot", "html", "txt"])
def test_saving(figure, kind, tmp_path):
    target = tmp_path / f"picture.{kind}"
    assert figure.save(target) == target and target.stat().st_size > 500
    assert [file.name for file in tmp_path.iterdir()] == [target.name]
    begins = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph", "html": b"<!DOCTYPE", "txt": b"One"}
    assert target.read_bytes().startswith(begins[kind])


def test_an_unknown_ending_is_refused(figure, tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, \.dot, \.html, \.txt; got 'a.jpeg'"):
        figure.save(tmp_path / "a.jpeg")


def test_without_matplotlib_only_png_and_pdf_are_missed(figure, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith(("matplotlib", "pygraphviz", "graphviz")):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for kind in ("svg", "dot", "html", "txt"):
        figure.save(tmp_path / f"a.{kind}")
    with pytest.raises(ImportError, match="pip install matplotlib"):
        figure.save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_a_notebook_shows_it(figure):
    bundle = figure._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg") and figure._repr_html_().startswith("<svg")
    assert bundle["text/plain"] == figure.describe()


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_themes(theme):
    from minigrad.drawing.themes import THEMES

    svg = mg.draw(toy()[0], theme=theme).svg
    used = set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', svg))
    assert used <= set(THEMES[theme].values())
    with pytest.raises(ValueError, match="theme is one of 'light', 'dark', 'print'"):
        mg.draw(toy()[0], theme="sepia")


def test_dot_has_the_weight_once_and_an_edge_for_every_use(figure):
    nodes = re.findall(r'^  (n\d+) \[label="W_hh', figure.dot, re.MULTILINE)
    assert len(nodes) == 1
    assert len(re.findall(rf'^  {nodes[0]} -> .*class="tap"', figure.dot, re.MULTILINE)) == 5
    assert len(re.findall(r'^  n\d+ -> pill\d .*class="part"', figure.dot, re.MULTILINE)) == 5
    assert figure.dot.count("dir=back") == 5 + 4 + 3  # h → z, z → h, and y, W_hy, L


def test_graphviz_reads_it_without_a_word(tmp_path, capfd):
    pygraphviz = pytest.importorskip("pygraphviz")
    for picture in (mg.draw(toy()[0]), mg.draw(expression()), mg.draw(layer("LSTM", stacked=True)[0])):
        graph = pygraphviz.AGraph(string=picture.dot)
        graph.draw(str(tmp_path / "a.svg"), prog="nop2")
        assert (tmp_path / "a.svg").stat().st_size > 2000
    complaints = [line for line in capfd.readouterr().err.splitlines() if "Fontconfig" not in line]
    assert not complaints


def test_the_text_for_a_terminal(figure):
    assert "t = 5  h₄ · dz₅  +0.29  0.29  █" in figure.text
    assert all(len(line) < 100 for line in figure.text.splitlines())


def test_a_picture_leaves_nothing_of_the_graph_for_the_collector():
    def draw_everything():
        layer = mg.layers.LSTM(3)
        with mg.Trace() as trace:
            loss = layer(np.ones((1, 4, 2), "float32")).sum()
        loss.backward()
        mg.draw(trace)
        mg.draw(trace, "rolled")
        mg.explore(trace)

    draw_everything()
    gc.collect()
    before = mg.engine.tick()  # other tests may keep graphs of their own
    gc.disable()
    try:
        draw_everything()
        left = [one for one in gc.get_objects() if isinstance(one, mg.Tensor) and one.op is not None and one.time > before]
    finally:
        gc.enable()
    assert left == []
