"""Expressions: values, gradients, local derivatives on the edges, and sums where something is used twice."""

from __future__ import annotations

from xml.dom import minidom

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.formulas import formula
from minigrad.drawing.reading import read
from tests.drawing.nets import expression, number
from tests.drawing.seen import look_at, words


def test_the_lectures_expression():
    figure = mg.draw(expression())
    look_at(figure)
    written = words(figure.scene)
    for expected in ("e = c · d", "c = a + b", "d = b + 1", "2 + 3 = 5", "∂e/∂c = d = 2", "∂e/∂d = c = 3", "∂c/∂b = 1",
                     "∂d/∂b = 1", "1·2 = 2", "1·3 = 3", "2·1 = 2", "3·1 = 3"):  # fmt: skip
        assert expected in written, expected
    heights = {box.title: box.y for box in figure.scene.boxes}
    assert heights["e = c · d"] < heights["c = a + b"] == heights["d = b + 1"] < heights["a"]


def test_constants_get_no_backward_arrow():
    scene = mg.draw(expression()).scene
    one = next(box for box in scene.boxes if box.texts[0].text == "1" and box.kind == "data")
    assert [edge.kind for edge in scene.edges if edge.tail == one.id] == ["forward"]
    assert sum(edge.kind == "backward" for edge in scene.edges) == 5


def test_nameless_results_are_numbered_in_order():
    x1, x2, w1, w2, b = (number(v, n) for v, n in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2"), (6.88, "b")))
    with mg.Trace() as trace:
        o = mg.tanh(x1 * w1 + x2 * w2 + b)
    o.backward()
    figure = mg.draw(trace)
    look_at(figure)
    assert [box.title.replace("\u2009", " ") for box in figure.scene.boxes if " = " in box.title] == [
        "v₁ = x1 · w1", "v₂ = x2 · w2", "v₃ = v₁ + v₂", "v₄ = v₃ + b", "o = tanh(v₄)"]  # fmt: skip
    assert "∂o/∂v₄ = 1 − o² = 0.50" in words(figure.scene)


def test_a_layer_shared_by_two_branches_adds_what_came_back():
    rng = np.random.default_rng(0)
    W = mg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="W")
    left, right = mg.Tensor(rng.normal(size=(1, 3)), name="left"), mg.Tensor(rng.normal(size=(1, 3)), name="right")
    with mg.Trace() as trace:
        p, q = mg.tanh(left @ W), mg.tanh(right @ W)
        L = mg.sum(p * q)
    L.backward()
    figure = mg.draw(trace)
    look_at(figure)
    box = next(box for box in figure.scene.boxes if box.title == "W")
    assert len([e for e in figure.scene.edges if e.tail == box.id and e.kind == "backward"]) == 2


def test_without_a_trace_a_tensor_shows_how_it_was_computed():
    a = number(2.0, "a")
    look_at(mg.draw((a * a + 1.0) / 3.0))
    with pytest.raises(TypeError, match="nothing to draw"):
        mg.draw(mg.Tensor(1.0))


def test_an_empty_trace_says_what_to_do():
    with mg.Trace() as trace:
        pass
    with pytest.raises(ValueError, match="the trace is empty"):
        mg.draw(trace)


@pytest.mark.parametrize("name", ["<script>", 'a"b\\', "漢字", "x\ny", "\x00\x1b", "\u202e", "W_{xh}", "&amp;", "🙂", "a" * 300])
def test_names_with_any_characters(name):
    a = mg.Tensor(2.0, requires_grad=True, name=name, dtype="float64")
    with mg.Trace() as trace:
        L = a * a
    L.backward()
    figure = mg.draw(trace)
    minidom.parseString(figure.svg.encode())
    assert "<script>" not in figure.svg and "<script>" not in figure.html
    figure.dot, figure.text, figure.describe()


def test_brackets_where_precedence_asks_for_them():
    a, b, c = (number(v, n) for v, n in ((2.0, "a"), (3.0, "b"), (5.0, "c")))
    cases = {
        "(a + b) · c": (a + b) * c, "a − (b + c)": a - (b + c), "a / (b · c)": a / (b * c), "(a + b)²": (a + b) ** 2,
        "−(a + b)": -(a + b), "tanh(a + b)": mg.tanh(a + b), "2\u2009a": 2.0 * a, "a − b + c": a - b + c,
    }  # fmt: skip
    for expected, tensor in cases.items():
        graph = read(None, tensor)
        for v in graph.values:
            v.shown = v.leaf or v is graph.root
        assert formula(graph.root, graph) == expected
