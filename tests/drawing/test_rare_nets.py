"""Nets at the edge of what a teacher draws: backwards through time, steps that differ, storeys that fill a slide, gates by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.scene import Edge, Text
from tests.drawing.nets import data, expression, layer, toy
from tests.drawing.seen import look_at, words


def weight(shape: tuple[int, ...], name: str, scale: float = 0.6) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(sum(map(ord, name))).normal(size=shape) * scale, requires_grad=True, name=name)


def right_to_left(steps: int = 4) -> mg.Trace:
    W_xh, W_hh, h = weight((2, 3), "W_xh"), weight((3, 3), "W_hh"), mg.Tensor(np.zeros((1, 3)))
    with mg.Trace() as trace:
        for t in reversed(range(steps)):
            with mg.scope(t=t):
                x = mg.Tensor(np.full((1, 2), t - 1.0))
                h = mg.tanh(x @ W_xh + h @ W_hh)
        loss = mg.sum(h**2)
    loss.backward()
    return trace


def by_turns() -> mg.Trace:
    W, U, h = weight((3, 3), "W"), weight((3, 3), "U"), mg.Tensor(np.ones((1, 3)))
    with mg.Trace() as trace:
        for t in range(6):
            with mg.scope(t=t):
                x = mg.Tensor(np.full((1, 3), t / 6))
                h = mg.relu(x + h @ U) if t % 2 else mg.tanh(x @ W + h)
        loss = mg.sum(h**2)
    loss.backward()
    return trace


def lstm_by_hand(steps: int = 4) -> mg.Trace:
    """The textbook's: a matrix of its own for every gate."""
    W, U = ({gate: weight(shape, f"{letter}_{gate}") for gate in "fiog"} for letter, shape in (("W", (2, 3)), ("U", (3, 3))))
    h, c = mg.Tensor(np.zeros((1, 3))), mg.Tensor(np.zeros((1, 3)))
    with mg.Trace() as trace:
        for t in range(steps):
            with mg.scope(t=t):
                x = mg.Tensor(np.full((1, 2), t - 1.5))
                f, i, o = (mg.sigmoid(x @ W[k] + h @ U[k]) for k in "fio")
                g = mg.tanh(x @ W["g"] + h @ U["g"])
                c = f * c + i * g
                h = o * mg.tanh(c)
        loss = mg.sum(h**2)
    loss.backward()
    return trace


def storeys() -> mg.Trace:
    mg.set_random_seed(0)
    lower = mg.layers.Bidirectional(mg.layers.LSTM(3, return_sequences=True), name="lower")
    upper = mg.layers.Bidirectional(mg.layers.LSTM(3), name="upper")
    with mg.Trace() as trace:
        loss = mg.mean(upper(lower(mg.Tensor(np.random.default_rng(0).normal(size=(2, 4, 3))))) ** 2)
    loss.backward()
    return trace


def edges(figure: mg.drawing.Figure, kind: str = "backward") -> list[Edge]:
    return [e for e in figure.scene.edges if e.kind == kind]


def test_rolled_up_a_net_that_runs_backwards_is_told_with_the_step_after():
    figure = mg.draw(right_to_left(), "rolled")
    look_at(figure)
    scene = figure.scene
    z, h, loss = (next(box for box in scene.boxes if box.title.startswith(start)) for start in ("zₜ", "hₜ", "loss"))
    assert z.title.replace("\u2009", " ") == "zₜ = xₜ W_xh + hₜ₊₁ W_hh"
    assert "h₅" not in z.title and any((e.tail, e.head) == (h.id, loss.id) for e in scene.edges)
    assert "one step earlier" in words(scene) and "one step later" not in words(scene)


def test_both_ways_rolled_up_each_way_has_its_own_neighbour():
    mg.set_random_seed(0)
    both = mg.layers.Bidirectional(mg.layers.RNN(3))
    with mg.Trace() as trace:
        loss = mg.mean(both(mg.Tensor(np.ones((2, 3, 3)))) ** 2)
    loss.backward()
    said = " ".join(box.title for box in mg.draw(trace, "rolled").scene.boxes)
    assert "h→ₜ₋₁" in said and "h←ₜ₊₁" in said


def test_into_steps_drawn_as_one_arrows_point_the_way_of_the_gradient():
    scene = mg.draw(right_to_left(9), size="slide", steps=3).scene
    first, last = (next(box for box in scene.boxes if box.title.startswith(f"{name} =")) for name in ("z₁", "h₉"))
    dashed = [e for e in scene.edges if e.kind == "backward" and e.dash]
    into_gap = next(e for e in dashed if e.head == first.id)
    out_of_gap = next(e for e in dashed if e.tail == last.id)
    assert into_gap.arrow == "" and max(x for x, _ in into_gap.path.points) > first.right
    assert out_of_gap.arrow == "tail" and min(x for x, _ in out_of_gap.path.points) < last.x


def test_steps_that_differ_are_not_counted_as_one():
    figure = mg.draw(by_turns(), "rolled")
    look_at(figure)
    assert any("2, 4, 6  ·  × 3  ·  3 steps differ" in text for text in words(figure.scene))
    assert "one step later" in words(figure.scene)


@pytest.mark.parametrize("view", ["cell", "auto"])
def test_gates_by_hand_stand_side_by_side(view):
    figure = mg.draw(lstm_by_hand(), view, size="slide")
    look_at(figure)
    gates = [box for box in figure.scene.boxes if box.step == 1 and box.title[:2] in ("f₁", "i₁", "g₁", "o₁")]
    assert len(gates) == 4 and len({box.y for box in gates}) == 1 and len({box.kind for box in gates}) == 1
    assert view == "cell" or any(text.startswith("and ") and "W_f" in text for text in words(figure.scene))


def test_a_slide_that_is_full_has_pills_without_bars_and_says_so():
    for figure in (mg.draw(storeys(), size="slide"), mg.draw(lstm_by_hand(), size="slide", weight=["U_f", "U_i", "U_o", "U_g"])):
        look_at(figure)
        scene = figure.scene
        pills = [box for box in scene.boxes if box.kind == "pill"]
        assert (scene.width, scene.height) == (1920, 1080) and pills
        assert not [item for item in scene.items if getattr(item, "kind", "") in ("bar", "ghost", "zero")]
        assert "For bars there is no room" in words(scene) and "100 %" in words(scene)


def test_one_legend_entry_for_all_c_paths_and_a_name_for_each_weight():
    legend = [t.text for t in mg.draw(storeys(), size="slide").scene.texts if t.kind == "legend"]
    assert legend.count("c path") == 1 and len(legend) == 5
    scene = mg.draw(toy()[0], weight=["W_hh", "W_xh"]).scene
    assert {(t.text, t.colour) for t in scene.texts if t.kind == "legend"} >= {("W_hh", "weight"), ("W_xh", "weight 2")}


def test_the_weights_asked_for_keep_their_rails():
    scene = mg.draw(lstm_by_hand(), size="slide", weight=["W_f", "W_i", "W_o"]).scene
    assert {"W_f", "W_i", "W_o"} <= {box.title for box in scene.boxes if box.kind == "weight"}


def test_a_weight_is_found_by_the_name_that_the_picture_prints():
    trace, _ = layer("LSTM", steps=3)
    assert "lstm.b" in words(mg.draw(trace).scene)
    assert mg.draw(trace, weight="lstm.b").scene.title.startswith("One weight matrix")
    with pytest.raises(ValueError, match=r"lstm\.b.*dense\.b"):
        mg.draw(trace, weight="nobody")


def test_shares_that_are_no_numbers_have_no_unit_and_no_bars():
    W, h = weight((3, 3), "W"), mg.Tensor(np.ones((1, 3)))
    with np.errstate(all="ignore"), mg.Trace() as trace:
        for t in range(3):
            with mg.scope(t=t):
                h = mg.log(h @ W - 9.0)
        loss = mg.sum(h)
        loss.backward()
    for size in (None, "slide"):
        scene = mg.draw(trace, size=size).scene
        said = " ".join(words(scene))
        assert "NaN" in said and "NaN %" not in said and "100 %" not in said and "?" not in said


def test_data_without_time_is_no_target_unless_something_is_compared_with_it():
    W, U, h = weight((3, 3), "W"), weight((3, 3), "U"), mg.Tensor(np.ones((1, 3)))
    with mg.Trace() as trace:
        for t in range(3):
            h = mg.tanh(mg.Tensor(np.full((1, 3), float(t))) @ W + h @ U)
        loss = mg.sum(h**2)
    loss.backward()
    said = " ".join(words(mg.draw(trace).scene))
    assert "target" not in said and "x₂" in said and "x₃" in said


def test_no_line_of_an_expression_leaves_the_page():
    a, b, c = (mg.Tensor(value, requires_grad=True, name=name, dtype="float64") for value, name in ((2.0, "a"), (-1.0, "b"), (0.5, "c")))
    with mg.Trace() as trace:
        d = a * b + c
        e = mg.tanh(d) * a
        f = mg.exp(e / 3) + b * b
        g = mg.log(f) * c - a / b
        k = g * g + d * e - f
        m = mg.sigmoid(k) * (g + 1)
        loss: Any = (m * m - a * c + b * e - 1) ** 2 + 0.1 * (a * a + b * b + c * c)
    loss.backward()
    scene = mg.draw(trace).scene
    xs = [x for e in scene.edges for x, _ in e.path.points]
    assert len(scene.edges) > 30 and min(xs) >= 8 and max(xs) <= scene.width - 8


def test_every_step_of_the_toy_net_is_written_in_numbers():
    sums = [t for t in words(mg.draw(toy()[0], "cell").scene) if " = " in t and "·0.50" in t]
    assert sums == ["0.41 = 0.30·0.50 + 0.40·0.90 − 0.10", "−0.20 = (−0.90)·0.50 + 0.39·0.90 − 0.10", "−0.16 = (−0.90)·0.50 + 0.43·0.90 − 0.10"]
    assert "+ (−" not in " ".join(words(mg.draw(expression()).scene))


@pytest.mark.parametrize("steps", [3, 4, 5])
def test_backwards_through_time_the_way_to_the_total_strikes_no_sum_through(steps):
    scene = mg.draw(right_to_left(steps), size="slide").scene
    said = [t.bounds for t in scene.texts if t.kind == "so far"]
    levels = [item.path.points for item in scene.items if getattr(item, "kind", "") == "level"]
    assert said and len(levels) == steps
    for left, top, right, bottom in said:
        for (x0, y), (x1, _) in levels:
            assert not (top + 3 < y < bottom - 5 and min(x0, x1) < right and left < max(x0, x1))


@pytest.mark.parametrize("size", [None, "slide"])
def test_results_beside_each_other_keep_their_names_and_no_dots_run_through_words(size):
    W, V, h = weight((4, 4), "W"), weight((4, 1), "V"), data(2, 4)
    with mg.Trace() as trace:
        for t in range(4):
            with mg.scope(t=t):
                h = mg.tanh(data(2, 4, seed=t) + h @ W)
        y = h @ V
        data_loss, weight_decay, activity = mg.mean((y - 1.0) ** 2), 0.01 * mg.sum(W**2) + 0.01 * mg.sum(V**2), 0.001 * mg.sum(h**2)
        loss = data_loss + weight_decay + activity
    loss.backward()
    figure = mg.draw(trace, size=size)
    look_at(figure)
    assert {"data_loss", "weight_decay", "activity", "y"} <= set(words(figure.scene))
    notes = [item for item in figure.scene.items if isinstance(item, Text) and not item.kind]
    for mark in figure.scene.items:
        if getattr(mark, "kind", "") == "dots":
            (x, top), (_, bottom) = mark.path.start, mark.path.end
            assert not any(left < x < right and top < low and high < bottom for left, high, right, low in (note.bounds for note in notes))
