"""The unrolled net: its numbers are the trace's, they add as printed, and everything stands where it should."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing.reading import read
from minigrad.drawing.scene import Mark, Scene
from minigrad.drawing.steps import Plan
from minigrad.drawing.sums import add_up
from tests.drawing.nets import TOY_INPUTS, both_ways, encoder_decoder, layer, masked, own_cell, spelled, toy
from tests.drawing.seen import look_at, words


def pills(scene: Scene) -> list[str]:
    """The pills' numbers from left to right."""
    boxes = sorted((box for box in scene.boxes if box.kind == "pill"), key=lambda box: box.x)
    return [next(t.text for t in box.texts if t.kind == "number") for box in boxes]


def titles(scene: Scene) -> list[str]:
    boxes = sorted((box for box in scene.boxes if box.kind == "pill"), key=lambda box: box.x)
    return [next(t.text for t in box.texts if t.kind == "title") for box in boxes]


def as_number(text: str) -> float:
    return float(text.replace("−", "-").replace(" %", "").replace("%", ""))


def test_the_toy_net_says_what_the_figure_says():
    trace, _ = toy()
    figure = mg.draw(trace, size="slide")
    assert pills(figure.scene) == ["+0.12", "+0.15", "−0.09", "+0.06", "+0.29"]
    assert titles(figure.scene) == ["h₀ · dz₁", "h₁ · dz₂", "h₂ · dz₃", "h₃ · dz₄", "h₄ · dz₅"]
    assert "0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53" in figure.describe()
    written = words(figure.scene)
    for expected in ("W_hh.grad", "+0.53", "so far 0.29", "0.35", "0.26", "0.41", "would leave +0.12", "= instead of +="):
        assert expected in written
    assert (figure.scene.width, figure.scene.height) == (1920, 1080)
    look_at(figure)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("sequences", [False, True])
def test_the_pills_are_the_traces_contributions(kind, sequences):
    trace, rnn = layer(kind, steps=4, sequences=sequences)
    graph = read(trace, weight=rnn.W_hh)
    total = add_up(graph, graph.weight, Plan(graph).groups)
    for use in total.uses:
        parts = [c.array for c in trace.contributions(rnn.W_hh) if c.t == graph.columns[use.columns[0]].step]
        np.testing.assert_allclose(sum(use.arrays), sum(parts), rtol=1e-6, atol=1e-9)
    G = np.asarray(rnn.W_hh.grad, dtype=float)
    expected = [100 * float(np.vdot(sum(use.arrays), G)) / float(np.vdot(G, G)) for use in total.uses]
    np.testing.assert_allclose([use.number for use in total.uses], expected, rtol=1e-4, atol=1e-4)
    assert sum(use.printed for use in total.uses) == 100
    figure = mg.draw(trace, weight=rnn.W_hh)
    assert sum(as_number(text) for text in pills(figure.scene)) == 100
    look_at(figure)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("steps", "sequences", "stacked"), [(1, False, False), (3, True, True), (8, True, False), (30, False, True)])
@pytest.mark.parametrize("size", [None, "slide"])
def test_every_layer_is_drawn_well(kind, steps, sequences, stacked, size):
    trace, _ = layer(kind, steps, sequences=sequences, stacked=stacked)
    look_at(mg.draw(trace, size=size))
    look_at(mg.draw(trace, size=size, direction="forward"))


def test_each_way_of_reading_the_weight():
    trace, W_hh = toy()
    for weight in (W_hh, "W_xh", "b"):
        figure = mg.draw(trace, weight=weight)
        look_at(figure)
    assert titles(mg.draw(trace, weight="b").scene) == ["dz₁", "dz₂", "dz₃", "dz₄", "dz₅"]
    assert titles(mg.draw(trace, weight="W_xh").scene)[0] == "x₁ · dz₁"
    with pytest.raises(ValueError, match="no weight 'W_hx' in this graph; it has W_xh, W_hh, b, W_hy"):
        mg.draw(trace, weight="W_hx")


def test_one_entry_of_a_matrix_is_a_number():
    trace, rnn = layer("RNN", steps=3)
    graph = read(trace, weight=rnn.W_hh)
    total = add_up(graph, graph.weight, Plan(graph).groups, entry=(0, 3))
    assert math.isclose(sum(use.number for use in total.uses) * 10.0 ** exponent(total.unit),
                        float(rnn.W_hh.grad[0, 3]), rel_tol=1e-4)  # fmt: skip
    figure = mg.draw(trace, weight=rnn.W_hh, entry=(0, 3))
    look_at(figure)
    assert "W_hh.grad[0, 3]" in words(figure.scene)


def exponent(unit: str) -> int:
    return int(unit.removeprefix("·10").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) or 0)


def test_a_cell_that_nobody_knows_is_drawn_in_columns_with_its_own_letters():
    trace, U = own_cell()
    figure = mg.draw(trace, weight=U)
    look_at(figure)
    said = figure.describe()
    for equation in ("z₁ = p₀ U + q₀ V", "s₁ = tanh(z₁)", "k₁ = σ(s₁ W)", "p₁ = k₁ ⊙ p₀ + (1 − k₁) ⊙ s₁"):
        assert equation.replace(" U", "\u2009U").replace(" V", "\u2009V").replace("s₁ W", "s₁\u2009W") in said
    assert titles(figure.scene)[1] == "s₂ᵀ da₂ + p₁ᵀ dz₂"
    assert sum(as_number(text) for text in pills(figure.scene)) == 100


def test_a_row_holds_the_same_operation_of_every_step():
    trace, _ = layer("LSTM", steps=4)
    scene = mg.draw(trace).scene
    for stem in ("h", "c", "z", "i", "f", "g", "o", "x"):
        same = [box for box in scene.boxes if re.match(rf"{stem}[₁₂₃₄]( |$)", box.title) and box.kind != "first"]
        assert len(same) == 4 and len({(box.y, box.h) for box in same}) == 1, stem


def test_the_bars_stand_where_the_sum_so_far_ended():
    trace, _ = toy()
    scene = mg.draw(trace).scene
    bars = [m for m in scene.items if isinstance(m, Mark) and m.kind == "bar"]
    heights = [max(y for _, y in m.path.points) - min(y for _, y in m.path.points) for m in bars]
    numbers = [c.array.item() for c in trace.arrivals(read(trace).weight.tensor)]
    scale = heights[0] / abs(numbers[0])
    np.testing.assert_allclose(heights, [abs(x) * scale for x in numbers], rtol=1e-6)
    base = max(y for _, y in bars[0].path.points)
    so_far = 0.0
    for bar, x in zip(bars, numbers, strict=True):
        top, bottom = min(y for _, y in bar.path.points), max(y for _, y in bar.path.points)
        np.testing.assert_allclose([bottom, top], [base - scale * min(so_far, so_far + x), base - scale * max(so_far, so_far + x)])
        so_far += x


def test_many_steps_are_drawn_as_one_and_the_picture_says_so():
    trace, _ = toy(TOY_INPUTS * 10, first=0)
    figure = mg.draw(trace, size="slide")
    look_at(figure)
    written = words(figure.scene)
    assert [w for w in written if w.startswith("t = ")] == ["t = 1", "t = 2", "t = 3", "t = 49", "t = 50"]
    assert "45 steps" in written and "Steps 4 to 48 are drawn as one." in figure.describe()
    assert math.isclose(sum(map(as_number, pills(figure.scene))), as_number(next(
        t.text for t in figure.scene.texts if t.kind == "total number")), abs_tol=1e-9)  # fmt: skip
    wide = mg.draw(trace, steps=12)
    assert len([w for w in words(wide.scene) if w.startswith("t = ")]) == 11 - 6
    assert len([w for w in words(mg.draw(toy(TOY_INPUTS * 2)[0], steps=10).scene) if w.startswith("t = ")]) == 10


def test_before_backward_a_gradient_is_not_computed_and_never_zero():
    trace, _ = toy(backward=False)
    figure = mg.draw(trace)
    look_at(figure)
    assert words(figure.scene).count("not computed") >= 2 * 5 + 5 + 1
    assert not any(re.fullmatch(r"[+−]?0(\.0+)?", w) for w in words(figure.scene))
    assert "W_hh.grad: not computed" in figure.describe() and "not computed" in figure.text
    assert not [e for e in figure.scene.edges if e.kind == "backward"]


def test_nan_and_infinity_are_shown_and_marked():
    trace, _ = toy((0.3, math.nan, 0.2))
    figure = mg.draw(trace)
    look_at(figure)
    assert pills(figure.scene) == ["NaN", "NaN", "NaN"]
    assert sum(box.fill == "alarm fill" for box in figure.scene.boxes) >= 6
    with np.errstate(all="ignore"):
        trace, _ = toy((0.3, math.inf))
    assert "∞" in words(mg.draw(trace).scene)


def test_a_gradient_of_zero_has_no_shares():
    trace, _ = layer("RNN", steps=1)  # the first state is zero, so W_hh gets nothing
    figure = mg.draw(trace)
    look_at(figure)
    assert pills(figure.scene) == ["0"] and "W_hh.grad is zero:" in words(figure.scene)


def test_masks_batches_and_tokens_change_nothing_in_the_structure():
    mg.set_random_seed(0)
    rnn = mg.layers.LSTM(4, input_dim=5, name="reader")
    with mg.Trace() as trace:
        loss = mg.mean(rnn(np.array([[1, 2, 3], [0, 4, 1]])) ** 2)
    loss.backward()
    look_at(mg.draw(trace))


def test_words_may_be_in_another_language():
    trace, _ = toy()
    figure = mg.draw(trace, words={"the sum": "die Summe", "step": "Schritt {number}"}, title="Ein Gewicht")
    assert "die Summe" in words(figure.scene) and "Schritt 3" in words(figure.scene)
    assert figure.scene.title == "Ein Gewicht"
    with pytest.raises(ValueError, match="words has no 'summe'"):
        mg.draw(trace, words={"summe": "Summe"})


def test_labels_stand_beside_the_steps():
    trace, _ = toy()
    assert "t = 2 · e" in words(mg.draw(trace, labels="hello").scene)
    assert "t = 4 · <&>" in words(mg.draw(trace, labels={4: "<&>"}).scene)


@given(st.integers(1, 9), st.integers(0, 3), st.integers(1, 4))
def test_any_length_and_seed_adds_up_and_can_be_read(steps, seed, units):
    trace, U = own_cell(steps, units, seed)
    figure = mg.draw(trace, weight=U)
    look_at(figure)
    shown = [as_number(text) for text in pills(figure.scene)]
    total = as_number(next(t.text for t in figure.scene.texts if t.kind == "total number"))
    assert math.isclose(sum(shown), total, abs_tol=1e-9)


def test_unknown_options_are_named():
    trace, _ = toy()
    with pytest.raises(ValueError, match="direction is one of 'auto', 'forward', 'backward'; got 'up'"):
        mg.draw(trace, direction="up")
    with pytest.raises(TypeError, match="draw takes"):
        mg.draw(3)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("sequences", [False, True])
def test_both_ways_are_storeys_with_opposed_arrows(kind, sequences):
    figure = mg.draw(both_ways(kind, sequences=sequences), steps=4)
    look_at(figure)
    scene = figure.scene
    places = {box.id: box for box in scene.boxes}
    across = [e for e in scene.edges if e.kind == "backward" and e.tail and (a := places[e.tail].step) and (b := places[e.head].step) and a != b]
    right = {places[e.tail].row for e in across if places[e.tail].step < places[e.head].step}
    left = {places[e.tail].row for e in across if places[e.tail].step > places[e.head].step}
    assert right and left and max(left) < min(right)  # what runs backwards stands below
    assert any("h←₅" in t for t in words(scene))  # the backward layer's state before its first step, which is the last


def test_a_masked_step_says_so_and_keeps_its_states():
    for kind in ("RNN", "LSTM", "GRU"):
        figure = mg.draw(masked(kind))
        look_at(figure)
        assert "t = 4 · masked" in words(figure.scene) and "t = 3 · 50 % masked" in words(figure.scene)
        titles = [box.title for box in figure.scene.boxes]
        assert any(t.startswith("h₃ = where(mask, ") for t in titles) and "h₄ = h₃" in titles and "where" not in figure.describe()


def test_a_detached_state_is_drawn_as_a_cut_with_nothing_flowing_beyond_it():
    trace, _ = spelled(6, detach=3)
    figure = mg.draw(trace)
    look_at(figure)
    cuts = [e for e in figure.scene.edges if e.kind == "cut"]
    assert len(cuts) == 1 and cuts[0].arrow == "head"
    h3 = next(box for box in figure.scene.boxes if box.title.startswith("h₃ "))
    assert cuts[0].tail == h3.id
    assert not [e for e in figure.scene.edges if e.tail == h3.id and e.kind == "backward" and figure.scene.box(e.head).step == 4]


def test_a_decoder_stands_to_the_right_of_its_encoder():
    trace, _ = encoder_decoder()
    figure = mg.draw(trace)
    look_at(figure, numbered_once=False)
    assert [w for w in words(figure.scene) if w.startswith("t = ")] == ["t = 1", "t = 2", "t = 3", "t = 1", "t = 2"]
    assert titles(figure.scene)[3] == "h₃ · dz₁"


def test_ten_thousand_operations_are_no_meltdown():
    x = mg.Tensor(1.0, requires_grad=True, name="x")
    with mg.Trace() as trace:
        y = x
        for _ in range(5000):
            y = mg.tanh(y) * 1.01
    y.backward()
    figure = mg.draw(trace)
    look_at(figure)
    assert len(figure.scene.boxes) < 40 and any("operations" in w for w in words(figure.scene))
    trace, _ = layer("LSTM", steps=300)
    assert len(trace.tensors) > 5000 and len(mg.draw(trace).scene.boxes) < 80


def test_a_gradient_that_was_there_before_is_not_claimed():
    W = mg.Tensor(0.5, requires_grad=True, name="W", dtype="float64")
    (W * 3.0).backward()
    with mg.Trace() as trace:
        h = mg.Tensor(1.0, dtype="float64")
        for t in range(2):
            with mg.scope(t=t):
                h = mg.tanh(h * W)
    h.backward()
    figure = mg.draw(trace)
    look_at(figure)
    assert "added to W.grad" in words(figure.scene)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_columns_may_be_asked_for(steps):
    look_at(mg.draw(toy(TOY_INPUTS * 3)[0], steps=steps))
