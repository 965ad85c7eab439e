"""Expressions on a page: a slide is a slide, deep graphs stand in bands, what has no room is one box that says how much it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from tests.drawing.nets import data, expression, number, weight
from tests.drawing.paths import pierced
from tests.drawing.seen import look_at, words


def chain(count: int) -> mg.Trace:
    """tanh(y) + 0.1, again and again."""
    x = number(0.5, "x")
    with mg.Trace() as trace:
        y = x
        for _ in range(count // 2):
            y = mg.tanh(y) + 0.1
    y.backward()
    return trace


def deep(layers: int) -> mg.Trace:
    """Layer upon layer, each with a weight of its own."""
    weights = [weight(f"W{k}", 4, 4, seed=k) for k in range(layers)]
    h = data(2, 4)
    with mg.Trace() as trace:
        for W in weights:
            h = mg.tanh(h @ W)
        loss = mg.mean(h**2)
    loss.backward()
    return trace


def tree(depth: int) -> mg.Trace:
    """Two gates by turns, each with one weight for all its uses: 2^depth leaves."""
    gates = [(weight("W_or", 2, 2), weight("b_or", 2)), (weight("W_and", 2, 2, seed=1), weight("b_and", 2, seed=1))]

    leaves = [mg.Tensor(np.array([0.5, k / 9]), name=f"x{k}") for k in range(2**depth)]

    def grown(left: int) -> mg.Tensor:
        W, b = gates[left % 2]
        return mg.sigmoid(b + grown(left - 1) @ W + grown(left - 1) @ W) if left else leaves.pop()
    with mg.Trace() as trace:
        loss = mg.sum(grown(depth) ** 2)
    loss.backward()
    return trace


def perceptron() -> mg.Trace:
    """Two layers, a loss, and a penalty on the weights: long lines beside the net."""
    W1, W2, b1, b2, x = weight("W1", 3, 8), weight("W2", 8, 2), weight("b1", 8), weight("b2", 2), data(4, 3)
    with mg.Trace() as trace:
        h = mg.relu(x @ W1 + b1)
        y = h @ W2 + b2
        loss = mg.mean(mg.cross_entropy(y, np.array([0, 1, 0, 1])))
        penalty = 0.01 * (mg.sum(W1**2) + mg.sum(W2**2))
        total = loss + penalty
    total.backward()
    return trace


def fan(count: int) -> mg.Trace:
    """Many weights in one sum."""
    weights = [number(k % 7 / 7, f"w{k}") for k in range(count)]
    with mg.Trace() as trace:
        total = 0.0
        for w in weights:
            total = total + mg.tanh(w)
    total.backward()
    return trace


GRAPHS = {
    "expression": expression, "perceptron": perceptron, "30 operations": lambda: chain(30), "90 operations": lambda: chain(90),
    "2,000 operations": lambda: chain(2000), "twelve layers": lambda: deep(12), "a sum of 300": lambda: fan(300),
}  # fmt: skip


LONG = ("90 operations", "twelve layers")


@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in GRAPHS])
def test_every_expression_can_be_read(name, size):
    figure = mg.draw(GRAPHS[name](), size=size)
    look_at(figure, smallest=20)
    assert not pierced(figure.scene)
    if size:
        assert (figure.scene.width, figure.scene.height) == (1920, 1080)
    else:
        assert figure.scene.width <= 3000 and figure.scene.height <= 1600


def test_a_page_grows_before_a_tree_loses_a_use_of_a_weight():
    boxes = mg.draw(tree(4)).scene.boxes
    assert len(boxes) == 16 + 15 + 4 + 1 and not any(box.texts[0].text == "…" for box in boxes)


def test_weights_are_drawn_before_data_is():
    boxes = mg.draw(tree(4), size="slide").scene.boxes
    assert any(box.texts[0].text == "…" for box in boxes)
    assert {box.title for box in boxes if box.kind == "weight"} == {"W_or", "b_or", "W_and", "b_and"}


MOVES = st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from("+*t"))
SIZES = st.sampled_from([None, "slide"])


@settings(max_examples=5)
@given(st.lists(MOVES, min_size=1, max_size=12), SIZES)
def test_any_expression_can_be_read(moves, size):
    figure = mg.draw(woven(moves), size=size)
    look_at(figure, smallest=20)
    assert not pierced(figure.scene)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(MOVES, min_size=12, max_size=34), SIZES)
def test_any_large_expression_can_be_read(moves, size):
    figure = mg.draw(woven(moves), size=size)
    look_at(figure, smallest=20)
    assert not pierced(figure.scene)


def woven(moves: list[tuple[int, int, str]]) -> mg.Trace:
    """Each operation takes any of the values before it."""
    values = [number(0.3, "a"), number(-0.7, "b")]
    with mg.Trace() as trace:
        for j, k, op in moves:
            x, y = values[j % len(values)], values[-1 - k % len(values)]
            values.append(x + y if op == "+" else x * y if op == "*" else mg.tanh(y))
        total = sum(values[2:], values[0] * 0.5)
    total.backward()
    return trace


def test_thirty_operations_stand_in_bands_on_a_slide_and_all_are_there():
    scene = mg.draw(chain(30), size="slide").scene
    assert len(scene.boxes) == 31 and not any(box.texts[0].text == "…" for box in scene.boxes)
    tops = {box.title.partition(" = ")[0]: box for box in scene.boxes}
    assert tops["x"].x < tops["y"].x + 60 < tops["y₅"].x < tops["y₁₀"].x < tops["y₁₅"].x


def test_a_middle_without_room_is_one_box_between_the_first_and_the_last():
    figure = mg.draw(chain(2000), size="slide")
    titles = [box.title for box in figure.scene.boxes]
    assert {"x", "y = tanh(x) + 0.1"} <= set(titles) and any(title.startswith("y₁₀₀₀ = ") for title in titles)
    rest = next(box for box in figure.scene.boxes if box.texts[0].text == "…")
    said = rest.texts[1].text
    shown = sum(" = " in title for title in titles)
    assert said == f"{2000 - 2 * shown:,} operations" and f"{said} in between are drawn as one." in figure.describe()
    reached = {edge.head for edge in figure.scene.edges if edge.tail == rest.id}
    assert len(reached) == 1 and {edge.tail for edge in figure.scene.edges if edge.head == rest.id}


def test_steps_says_how_many_results_are_drawn_and_opens_the_rest():
    few = mg.draw(chain(200), steps=6).scene
    assert sum(" = " in box.title for box in few.boxes) == 6 and any(box.texts[0].text == "…" for box in few.boxes)
    everything = mg.draw(chain(120), steps=120).scene
    assert sum(" = " in box.title for box in everything.boxes) == 60 and not any(box.texts[0].text == "…" for box in everything.boxes)


def test_gradients_of_what_is_drawn_are_those_of_the_whole():
    scene = mg.draw(chain(120), size="slide").scene
    whole = mg.draw(chain(120), steps=120).scene
    assert len(scene.boxes) < len(whole.boxes) == 61
    said = {box.title: [t.text for t in box.texts] for box in whole.boxes}
    same = [box for box in scene.boxes if "tanh(y₅" in box.title]
    assert same and all([t.text for t in box.texts] == said[box.title] for box in same)


def test_inputs_without_room_are_counted():
    figure = mg.draw(fan(300), size="slide")
    drawn = sum(box.kind == "weight" for box in figure.scene.boxes)
    assert drawn >= 6 and f"{300 - drawn} more inputs" in words(figure.scene)
    assert f"{300 - drawn} more inputs are not drawn." in figure.describe()


def test_bands_are_built_up_row_by_row(tmp_path):
    frames = [frame.scene for frame in mg.draw(chain(30), size="slide").built_up()]
    counts = [len(scene.boxes) for scene in frames]
    assert counts == sorted(counts) and counts[-1] == 31
    first, second = ({box.title for box in scene.boxes} for scene in frames[1:3])
    assert "x" in first and first < second and not any("y₁₅" in title for title in second)
