"""The tape: recorded 1 … n, visited n … 1, and whatever arrives at a line has arrived before its visit."""

from __future__ import annotations

import re
from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing.frames import scenes
from minigrad.drawing.reading import read
from minigrad.drawing.tape import Entry, Gap, Tape, shortened, visits
from minigrad.engine import Observer, history, observers
from tests.drawing.nets import both_ways, encoder_decoder, expression, layer, masked, number, own_cell, spelled, toy
from tests.drawing.seen import look_at, words


def entries_of(figure) -> dict[int, list[str]]:
    """The words of every row, by the number of its recording."""
    return {int(box.id[2:]): [t.text for t in box.texts] for box in figure.scene.boxes if box.kind == "entry"}


def test_the_lectures_expression():
    figure = mg.draw(expression(), view="tape")
    look_at(figure)
    assert entries_of(figure) == {
        1: ["1", "c = a + b", "3", "3", "2", "a 2, b 2"],
        2: ["2", "d = b + 1", "2", "2", "3", "b 3"],
        3: ["3", "e = c · d", "6", "1", "1", "c 2, d 3"],
    }
    leaf = next(box for box in figure.scene.boxes if box.id == "leaf2")
    assert [t.text for t in leaf.texts] == ["b", "1", "3 + 2 = 5", "b.grad"]  # in the order in which the parts arrive


def test_the_visits_are_those_of_backward():
    class Heard(Observer):
        def __init__(self):
            self.order = []

        def arrived(self, y, dy):
            self.order += [y] if y.op is not None else []

    trace, _ = own_cell()
    heard = Heard()
    observers.append(heard)
    try:
        trace.output.backward()
    finally:
        observers.remove(heard)
    tape = Tape(read(trace))
    assert [e.value.tensor for e in sorted(tape.entries, key=lambda e: e.visit)] == heard.order
    assert [e.number for e in tape.entries] == list(range(1, len(heard.order) + 1))


NETS = {
    "toy": lambda: toy()[0], "RNN": lambda: layer("RNN")[0], "LSTM": lambda: layer("LSTM", sequences=True)[0],
    "GRU": lambda: layer("GRU", steps=3)[0], "own": lambda: own_cell(5)[0], "spelled": lambda: spelled(12)[0],
    "stacked": lambda: layer("RNN", stacked=True)[0], "both ways": both_ways, "masked": masked, "cut": lambda: spelled(6, detach=3)[0],
}  # fmt: skip


@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize("net", NETS)
def test_any_net_can_be_read(net, size):
    figure = mg.draw(NETS[net](), view="tape", size=size)
    look_at(figure)
    assert figure.svg and figure.dot and "recorded" in figure.text and minidom.parseString(figure.svg.encode())


def test_a_decoder_after_its_encoder():
    figure = mg.draw(encoder_decoder()[0], view="tape")
    look_at(figure, numbered_once=False)
    assert set(entries_of(figure)) == set(range(1, len(encoder_decoder()[0].tensors) + 1))


@given(st.integers(1, 7), st.integers(0, 3), st.integers(1, 3))
def test_every_part_arrives_before_the_visit(steps, seed, units):
    trace, _ = own_cell(steps, units, seed)
    graph = read(trace)
    tape = Tape(graph)
    n = len(history(trace.output))
    assert [(e.number, e.visit) for e in tape.entries] == [(k, n + 1 - k) for k in range(1, n + 1)]
    tape.unfold()
    forks = 0
    for entry in tape.entries:
        senders = tape.senders(entry.value)
        assert all(visit < entry.visit for visit in senders)
        forks += len(senders) > 1
        parts = [c.array for c in trace.arrivals(entry.value.tensor)]
        if parts:
            np.testing.assert_allclose(sum(parts), trace.gradient(entry.value.tensor), rtol=1e-6, atol=1e-12)
    assert forks
    figure = mg.draw(trace, view="tape")
    look_at(figure)
    written = entries_of(figure)
    for k, texts in written.items():
        assert texts[0] == f"{k:,}" and str(n + 1 - k) in texts


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from("+*t")), min_size=1, max_size=34))
def test_arcs_point_to_older_rows_only(program):
    a = number(0.5, "a")
    with mg.Trace() as trace:
        made = [a]
        for i, j, sign in program:
            x, y = made[i % len(made)], made[j % len(made)]
            made.append(x + y if sign == "+" else x * y if sign == "*" else mg.tanh(x))
        L = made[-1] * 1.0
    L.backward()
    figure = mg.draw(trace, view="tape")
    look_at(figure)
    scene = figure.scene
    arcs = [e for e in scene.edges if e.kind == "backward" and e.head.startswith("op")]
    assert arcs and all(e.arrow == "tail" and scene.box(e.tail).y < scene.box(e.head).y for e in arcs)
    rows = {box.id: box for box in scene.boxes if box.kind in ("entry", "weight") and box.id[:2] in ("op", "le")}
    across = [max(x for x, _ in e.path.points) for e in arcs]
    assert all(x > max(box.right for box in rows.values()) for x in across), "an arc through the list"


def test_boxes_of_the_net_carry_the_numbers_of_their_visits():
    figure = mg.draw(toy()[0], view="tape")
    badges = [t.text for t in figure.scene.texts if t.kind == "visit"]
    assert {"5", "6–9", "10", "25", "26–29", "1–3", "4"} <= set(badges)
    h5 = next(box for box in figure.scene.boxes if box.title.startswith("h₅ = ") and box.id.startswith("n"))
    badge = next(t for t in figure.scene.texts if t.kind == "visit" and t.text == "5")
    assert h5.x < badge.x < h5.right and abs(badge.y - 6.5 - h5.y) < 1


def test_where_steps_are_drawn_as_one_the_numbers_go_on():
    trace, _ = toy([0.3, -0.9] * 25)
    figure = mg.draw(trace, view="tape")
    look_at(figure)
    n = len(history(trace.output))
    assert {1, 2, n - 1, n} <= set(entries_of(figure)) and len(entries_of(figure)) < 40
    assert "230 operations" in words(figure.scene)


def test_before_backward_the_order_is_known_and_no_gradient():
    for make in (lambda: toy(backward=False)[0], before):
        figure = mg.draw(make(), view="tape")
        look_at(figure)
        written = words(figure.scene)
        assert any("not computed" in w for w in written) and "not computed" in figure.text
        assert not any(t.colour == "gradient" and re.search(r"\d\.\d", t.text) for t in figure.scene.texts)
        assert not [e for e in figure.scene.edges if e.kind == "backward"]
        assert [t.text for t in figure.scene.texts if t.on == "gradient fill"]


def before() -> mg.Trace:
    a = number(2.0, "a")
    with mg.Trace() as trace:
        L = a * a + 1.0
    assert L.item() == 5.0
    return trace


def test_a_tensor_without_a_trace_and_a_kernel():
    a = number(2.0, "a")
    look_at(mg.draw((a * a + 1.0) / 3.0, view="tape"))
    rnn = mg.layers.LSTM(4)
    with mg.Trace(kernels=True) as trace:
        L = mg.mean(rnn(mg.Tensor(np.ones((2, 5, 3)))) ** 2)
    L.backward()
    figure = mg.draw(trace, view="tape")
    look_at(figure)
    assert any("lstm(" in w for w in words(figure.scene))


def test_ten_thousand_operations_are_folded_and_it_says_so():
    x = number(0.5, "x")
    with mg.Trace() as trace:
        y = x
        for _ in range(5000):
            y = mg.tanh(y) + 0.1
    y.backward()
    figure = mg.draw(trace, view="tape")
    look_at(figure)
    assert any(re.search(r"9,9\d\d operations more \(12 to 9,9\d\d\)", w) for w in words(figure.scene))
    assert len(figure.scene.boxes) < 30 and len(figure.text.splitlines()) < 40


def test_shortened_and_visits():
    entries = [Entry(None, k, 11 - k) for k in range(1, 11)]  # type: ignore[arg-type]
    short = list(shortened(entries, 5))
    assert [e.number for e in short if isinstance(e, Entry)] == [1, 2, 9, 10]
    assert [len(e.entries) for e in short if isinstance(e, Gap)] == [6]
    assert visits(entries[:1]) == "10" and visits(entries[::-1][:4]) == "1–4" and visits([entries[9], entries[2]]) == "1, …"


def test_words_are_the_readers():
    own = {"recorded": "notiert", "visited": "besucht", "title tape": "Das Band: {count}"}
    figure = mg.draw(expression(), view="tape", words=own)
    assert {"notiert", "besucht"} <= set(words(figure.scene)) and figure.scene.title == "Das Band: 3"


@pytest.mark.parametrize("make", [expression, lambda: toy()[0], lambda: layer("LSTM", steps=9)[0]])
def test_slides_build_it_up_as_it_is_recorded_and_read(make):
    figure = mg.draw(make(), view="tape")
    seen: list[dict[int, list[str]]] = []
    for scene in scenes(figure.scene):
        rows = {int(box.id[2:]): [t.text for t in box.texts if t.colour == "gradient"] for box in scene.boxes if box.kind == "entry"}
        seen.append(rows)
    counts = [len(rows) for rows in seen]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    first_told = {k: next(f for f, rows in enumerate(seen) if rows.get(k)) for k in seen[-1]}
    order = [first_told[k] for k in sorted(first_told, reverse=True)]
    assert order == sorted(order) and order[0] < order[-1]  # the last line's gradient first
