"""The other views of the same net: rolled up, and the inside of a cell."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.flow import factor, profile
from minigrad.drawing.reading import read
from minigrad.drawing.scene import Mark
from tests.drawing.nets import WIDE, layer, own_cell, spelled, toy
from tests.drawing.seen import look_at, words

NETS = {
    "toy": lambda: toy()[0], "RNN": lambda: layer("RNN")[0], "LSTM": lambda: layer("LSTM", sequences=True)[0],
    "GRU": lambda: layer("GRU", steps=3)[0], "own": lambda: own_cell(5)[0], "spelled": lambda: spelled(12)[0],
    "stacked": lambda: layer("LSTM", stacked=True)[0], "single": lambda: layer("LSTM", steps=1, units=1)[0],
}  # fmt: skip


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("view", ["rolled", "cell"])
def test_every_view_of_every_net_can_be_read(net, view):
    figure = mg.draw(NETS[net](), view)
    look_at(figure)
    assert figure.svg and figure.dot and figure.describe()


def test_rolled_up_the_sum_is_the_same():
    figure = mg.draw(toy()[0], "rolled")
    assert "W_hh.grad:  0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53" in words(figure.scene)
    assert "hₜ = tanh(zₜ)" in words(figure.scene) and "y = h₅\u2009W_hy" in words(figure.scene)
    loops = [e for e in figure.scene.edges if e.kind == "backward" and figure.scene.box(e.tail).title.startswith("hₜ")]
    assert any(figure.scene.box(e.head).title.startswith("zₜ") and len(e.path.points) > 6 for e in loops)


def test_gates_stand_in_the_codes_order_and_are_as_full_as_they_are_open():
    trace, _ = layer("LSTM", steps=3, units=4, batch=1)
    scene = mg.draw(trace, "cell").scene
    gates = sorted((b for b in scene.boxes if b.kind == "gate" and b.step == 1), key=lambda b: b.x)
    assert [box.texts[0].text for box in gates] == ["i: write", "f: keep", "g: new", "o: show"]
    opened = [t for t in trace.tensors if t.op.__name__ == "sigmoid"][:2]  # f, then i
    for box, t in ((gates[1], opened[0]), (gates[0], opened[1])):
        level = next(m for m in box.marks if isinstance(m, Mark) and m.fill == "gate level")
        ys = [y for _, y in level.path.points]
        np.testing.assert_allclose((max(ys) - min(ys)) / 58.0, float(np.mean(t.array)), rtol=1e-5)
        assert box.texts[1].text == f"{100 * float(np.mean(t.array)):.0f} %"


def test_equations_in_numbers_check():
    figure = mg.draw(toy()[0], "cell")
    assert "0.39 = tanh(0.41)" in words(figure.scene) and "−0.20 = tanh(−0.20)" in words(figure.scene)
    lstm = mg.draw(layer("LSTM", steps=2, units=1, batch=1)[0], "cell").scene
    memory = next(b for b in lstm.boxes if b.kind == "memory" and b.step == 2)
    left, right = memory.texts[1].text.replace("−", "-").split(" = ")
    assert abs(float(left) - eval(right.replace("·", "*"))) < 0.02
    assert max(edge.width for edge in lstm.edges) == next(e.width for e in lstm.edges if e.kind == "memory")
    assert "c: the thick line. Between one c and the next there is one factor only, f." in words(lstm)


def test_views_of_what_has_no_time_say_so():
    L = mg.Tensor(1.0, requires_grad=True) * 2.0
    for view, needs in (("rolled", "only a net with time steps"), ("cell", "a cell has time steps")):
        with pytest.raises(ValueError, match=needs):
            mg.draw(L, view)


def test_flow_is_the_norm_of_the_gradient_of_every_input():
    mg.set_random_seed(0)
    rnn = mg.layers.LSTM(5)
    x = mg.Tensor(np.random.default_rng(0).normal(size=(2, 7, 3)), requires_grad=True)
    with mg.Trace() as trace:
        loss = mg.sum(rnn(x) ** 2)
    loss.backward()
    expected = [np.linalg.norm(x.grad[:, t]) for t in range(7)]
    np.testing.assert_allclose(profile(read(trace), "x"), expected, rtol=1e-4)
    plain = mg.Tensor(x.data)  # the same where the input itself wants no gradient
    with mg.Trace() as trace:
        loss = mg.sum(rnn(plain) ** 2)
    loss.backward()
    np.testing.assert_allclose(profile(read(trace), "x"), expected, rtol=1e-4)


def test_flow_panels_can_be_read_and_say_their_three_values():
    traces = {kind: (layer(kind, steps=30)[0], layer(kind, steps=30, units=4)[0]) for kind in ("RNN", "LSTM", "GRU")}
    figure = mg.draw(traces, "flow")
    look_at(figure)
    assert {"before training", "after training", "RNN", "LSTM", "GRU", "t = 30"} <= set(words(figure.scene))
    assert figure.describe().count("last step 1.") == 6
    bars = [m for m in figure.scene.items if isinstance(m, Mark) and m.kind == "flow"]
    assert len(bars) == 6 * 30
    look_at(mg.draw(layer("GRU", steps=4)[0], "flow", of="h"))
    with pytest.raises(ValueError, match="no gradient of 'q' reached a step"):
        mg.draw(traces, "flow", of="q")


@pytest.mark.parametrize(("x", "said"), [(1.0, "1"), (3.4, "× 3.4"), (2.4e-8, "÷ 42,000,000"), (0.5, "÷ 2"), (1e-20, "÷ 10²⁰"), (0.0, "0")])
def test_factors(x, said):
    assert factor(x) == said


@pytest.mark.parametrize("net", ["toy", "LSTM", "GRU", "spelled", "stacked", "both ways, LSTM", "two storeys both ways"])
@pytest.mark.parametrize("view", ["rolled", "triangle", "flow"])
def test_every_view_on_a_slide(net, view):
    figure = mg.draw((NETS.get(net) or WIDE[net])(), view, size="slide")
    assert (figure.scene.width, figure.scene.height) == (1920, 1080)
    look_at(figure, numbered_once=False)


def test_a_slide_of_the_net_alone_is_filled():
    scene = mg.draw(toy()[0], size="slide", direction="forward").scene
    top, bottom = min(box.y for box in scene.boxes), max(box.bottom for box in scene.boxes)
    assert bottom - top > 0.55 * scene.height
    assert max(text.size for box in scene.boxes for text in box.texts) >= 28
