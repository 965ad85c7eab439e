"""Several weights at once: a colour and a sum for each, and a line for what they share; no number is ever lost in a crowd."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing.cards import gradient_words
from minigrad.drawing.reading import read
from minigrad.drawing.scene import Mark
from minigrad.drawing.themes import THEMES, contrast
from minigrad.drawing.words import WORDS
from tests.drawing.nets import WIDE, data, layer, number, own_cell, spelled, toy, weight
from tests.drawing.seen import look_at, words

THREE = ["W_hh", "W_xh", "b"]


def pills(scene, k: int) -> list[str]:
    """The numbers of the k-th weight's pills, from left to right."""
    boxes = sorted((box for box in scene.boxes if box.id.startswith(f"pill{k}_")), key=lambda box: box.x)
    return [next(t.text for t in box.texts if t.kind == "number") for box in boxes]


@pytest.mark.parametrize("size", [None, "slide"])
def test_three_weights_of_the_toy_net(size):
    figure = mg.draw(toy()[0], weight=THREE, size=size)
    look_at(figure)
    scene = figure.scene
    assert pills(scene, 1) == ["+0.12", "+0.15", "−0.09", "+0.06", "+0.29"]
    assert len(pills(scene, 2)) == len(pills(scene, 3)) == 5
    assert scene.title == "Three weights, one backward, a sum for each"
    assert [t.text for t in scene.texts if t.kind == "total name"] == ["W_hh.grad", "W_xh.grad", "b.grad"]
    for name in THREE:
        assert f"{name}.grad, in order of arrival: " in figure.describe() and f"{name}.grad" in figure.text
    assert size is None or (scene.width, scene.height) == (1920, 1080)


def test_each_weight_has_one_colour_from_its_rail_to_its_total():
    scene = mg.draw(toy()[0], weight=THREE).scene
    for k, (name, hue) in enumerate(zip(THREE, ("weight", "weight 2", "weight 3"), strict=True), 1):
        rail = next(box for box in scene.boxes if box.kind == "weight" and box.title == name)
        assert rail.stroke == f"{hue} line"
        assert {e.stroke for e in scene.edges if e.kind == "tap" and e.tail == rail.id} == {f"{hue} line"}
        assert {box.stroke for box in scene.boxes if box.id.startswith(f"pill{k}_")} == {f"{hue} line"}
        assert next(t for t in scene.texts if t.text == f"{name}.grad").colour == hue
    assert [m.fill for m in scene.items if isinstance(m, Mark) and m.kind == "total"] == ["weight line", "weight 2 line", "weight 3 line"]
    for theme in THEMES.values():
        for hue in ("weight", "weight 2", "weight 3", "weight 4"):
            assert contrast(theme[hue], theme[f"{hue} fill"]) >= 4.5 and contrast(theme["ink"], theme[f"{hue} fill"]) >= 4.5
            assert contrast(theme[f"{hue} line"], theme["ground"]) >= 3


def test_zones_stand_one_below_the_other_and_every_pill_has_a_line():
    scene = mg.draw(toy()[0], weight=THREE).scene
    zones = [[box for box in scene.boxes if box.id.startswith(f"pill{k}_")] for k in (1, 2, 3)]
    zeros = [m.path.start[1] for m in scene.items if isinstance(m, Mark) and m.kind == "zero"]
    for upper, lower in pairwise(zones):
        assert max(box.bottom for box in upper) < min(box.y for box in lower)
    assert zeros == sorted(zeros) and len(zeros) == 3
    reached = {e.head for e in scene.edges if e.kind == "part"}
    assert reached == {box.id for zone in zones for box in zone}
    for e in scene.edges:  # the line to the lowest pill passes the upper ones at their right
        if e.kind == "part" and e.head.startswith("pill3_"):
            x = e.path.end[0]
            assert all(not box.x < x < box.right for box in [*zones[0], *zones[1]])


def test_weights_of_results_and_what_does_not_exist():
    look_at(mg.draw(toy()[0], weight=["W_hh", "W_hy"]))
    look_at(mg.draw(toy(backward=False)[0], weight=THREE, size="slide"))
    look_at(mg.draw(toy(backward=False)[0], weight=THREE))
    with pytest.raises(ValueError, match="no weight 'W_hx' in this graph"):
        mg.draw(toy()[0], weight=["W_hh", "W_hx"])


@given(st.integers(1, 9), st.integers(0, 3), st.integers(1, 4), st.permutations("UVW"))
def test_any_cell_each_sum_adds_as_printed(steps, seed, units, order):
    trace, _ = own_cell(steps, units, seed)
    figure = mg.draw(trace, weight=order)
    look_at(figure)
    totals = [t.text for t in figure.scene.texts if t.kind == "total number"]
    for k, _ in enumerate(totals, 1):
        shown = [float(text.replace("−", "-").replace("%", "").partition("·")[0]) for text in pills(figure.scene, k)]
        total = float(totals[k - 1].replace("−", "-").replace("%", "").partition("·")[0])
        assert math.isclose(sum(shown), total, abs_tol=1e-9)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_layers_with_long_names(kind):
    trace, below = layer(kind, steps=6, stacked=True)
    look_at(mg.draw(trace, weight=[below.W_hh, below.W_xh, below.b]))


# ------------------------------------------------------------------------------------------------ crowds


@given(st.integers(1, 12), st.lists(st.integers(-7, 6), min_size=4, max_size=4), st.integers(0, 3), st.sampled_from([0, 1, 2]),
       st.sampled_from([None, "slide"]), st.sampled_from(["W_hh", "W_hy", THREE]))  # fmt: skip
def test_no_gradient_is_ever_dropped(steps, scales, seed, after, size, weight):
    trace = crowded(steps, scales, seed, after)
    figure = mg.draw(trace, weight=weight, size=size)
    look_at(figure)
    asked = weight if isinstance(weight, list) else [weight]
    graph = read(trace)
    boxes = {box.id: box for box in figure.scene.boxes}
    for v in graph.shown:
        single = v.kind == "weight" and v.name not in asked  # of the others' the total stands under the net
        if (v.computed or single) and graph.gradient(v) is not None and graph.id[v] in boxes:
            assert gradient_words(v, graph)[-1][0] in [t.text for t in boxes[graph.id[v]].texts], v.name
    for box in figure.scene.boxes:
        if box.kind == "pill":
            label = box.title.rpartition(": ")[2]
            assert next(t.text for t in box.texts if t.kind == "number") in (label, label.replace(" ", ""))
    written = figure.svg
    assert written.count("half a") == 0 and [t for t in words(figure.scene) if t.endswith(".grad")]
    totals = [t.text for t in figure.scene.texts if t.kind == "total number"]
    assert len(totals) == len(asked) and all(any(c.isdigit() for c in t) and "…" not in t for t in totals)


@pytest.mark.parametrize("weight", ["W_hh", THREE])
@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize("scales", [[0, 0, 0, -7], [-1, 0, -1, 6], [0, 0, 0, 0]])
def test_bars_are_narrow_enough_for_the_sums_so_far(weight, size, scales):
    figure = mg.draw(crowded(8, scales, 1, 0), weight=weight, size=size)
    look_at(figure)
    zones = len(weight) if isinstance(weight, list) else 1
    uses = sum(box.kind == "pill" for box in figure.scene.boxes)
    assert len([t for t in figure.scene.texts if t.kind == "so far"]) == uses - zones


def crowded(steps: int, scales: list[int], seed: int, after: int) -> mg.Trace:
    """Numbers of any size, a weight that the results use twice, and one with a long name."""
    random = np.random.default_rng(seed)
    W_xh, W_hh, b, W_hy = (number(float(random.normal() * 10.0**s), n) for s, n in zip(scales, ("W_xh", "W_hh", "b", "W_hy"), strict=True))
    h, wanted = mg.Tensor(0.4, dtype="float64"), mg.Tensor(float(random.normal()), dtype="float64")
    with mg.Trace() as trace:
        for t in range(steps):
            with mg.scope(t=t):
                x = mg.Tensor(float(random.normal()), dtype="float64")
                z = x * W_xh + h * W_hh + b
                h = mg.tanh(z) if after < 2 else z
        y = h * W_hy
        if after:
            y = y * number(float(random.normal() * 10.0 ** scales[0]), "W_out_long_name") * W_hy
        L = 0.5 * (y - wanted) ** 2
    L.backward()
    return trace


# ------------------------------------------------------------------------------------------------ titles, and before backward


@pytest.mark.parametrize(("make", "title"), [
    (lambda h, x, W, b: mg.tanh(x @ b - h @ W), "−h₀ᵀ dz₁"),
    (lambda h, x, W, b: mg.tanh(h @ W - x @ b), "h₀ᵀ dz₁"),
    (lambda h, x, W, b: mg.tanh(x @ b - (h @ W - x)), "−h₀ᵀ dz₁"),
    (lambda h, x, W, b: mg.tanh(x - (x @ b - h @ W)), "h₀ᵀ dz₁"),
    (lambda h, x, W, b: mg.tanh(-(h @ W) + x @ b), "−h₀ᵀ dz₁"),
    (lambda h, x, W, b: mg.tanh(h - W), "−dz₁"),
])  # fmt: skip
def test_a_term_that_is_taken_away_says_so(make, title):
    random = np.random.default_rng(0)
    W, b = (mg.Tensor(random.normal(size=(3, 3)), requires_grad=True, name=n) for n in ("W", "b"))
    h = mg.Tensor(random.normal(size=(3, 3)))
    with mg.Trace() as trace:
        for t in range(3):
            with mg.scope(t=t):
                x = mg.Tensor(random.normal(size=(3, 3)))
                h = make(h, x, W, b)
        L = mg.sum(h)
    L.backward()
    figure = mg.draw(trace, weight=W)
    look_at(figure)
    first = min((box for box in figure.scene.boxes if box.kind == "pill"), key=lambda box: box.x)
    assert first.texts[0].text == title
    graph = read(trace, weight=W)
    z = next(v for v in graph.shown if v.op in ("subtract", "add") and v.column == 0)
    dz, h0 = graph.gradient(z), next(v for v in graph.values if v.initial is not None).array
    expected = (h0.T @ dz if "ᵀ" in title else dz) * (-1 if title.startswith("−") else 1)
    np.testing.assert_allclose(trace.contributions(W)[0].array, expected, rtol=1e-6)


def test_before_backward_a_slide_has_an_empty_place_for_every_bar():
    scene = mg.draw(toy(backward=False)[0], size="slide").scene
    slots = [m for m in scene.items if isinstance(m, Mark) and m.kind == "slot"]
    assert len(slots) == 5 and words(scene).count("?") == 5 and {"1st to arrive", "last", "the sum"} <= set(words(scene))
    lowest = max(y for m in slots for _, y in m.path.points)
    assert scene.height - lowest < 80
    assert mg.draw(toy(backward=False)[0]).scene.height < 760


def test_ordinals_are_the_readers():
    figure = mg.draw(toy()[0], words={"ordinal": "{number}."})
    assert {"2.", "3.", "4."} <= set(words(figure.scene)) and "4th" not in words(figure.scene)


def test_no_english_is_left_where_every_word_is_the_readers():
    own = {key: "".join("ж" if c.isalpha() else c for c in bare(said)) for key, said in WORDS.items()}
    own |= {key: "жж жж жж жж" for key in ("counts",)}
    for what, options in ((toy()[0], {}), (toy(backward=False)[0], {}), (toy()[0], {"weight": THREE}), (toy()[0], {"view": "tape"}),
                          (own_cell(12)[0], {}), (spelled(6)[0], {"view": "triangle"}), (layer("RNN")[0], {"view": "flow"})):  # fmt: skip
        figure = mg.draw(what, words=own, title="ж", **options)
        for said in (" ".join(words(figure.scene)), figure.describe()):
            assert not ENGLISH.search(said), ENGLISH.search(said)


ENGLISH = re.compile(r"\b(the|of|is|are|in|and|step|steps|uses|use|loss|first|then|more|gradient|value|order|shared|arrive|\d+(st|nd|rd|th))\b")


def bare(said: str) -> str:
    """The sentence without its fields: what is left may be written in any letters."""
    return re.sub(r"\{.*?\}", "", said)


@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize("weight", ["W_hh", ["W_hh", "W_xh"], ["W_hh", "W_xh", "b"]])
def test_every_dashed_ghost_is_explained(size, weight):
    scene = mg.draw(toy()[0], weight=weight, size=size).scene
    explained = sum("instead of +=" in text for text in words(scene))
    assert explained == (1 if isinstance(weight, str) else len(weight))


@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize("net", WIDE)
def test_no_ghost_goes_without_its_words(net, size):
    scene = mg.draw(WIDE[net](), size=size).scene
    ghosts = [item for item in scene.items if isinstance(item, Mark) and item.kind == "ghost"]
    assert bool(ghosts) == any("instead" in text for text in words(scene))


def test_no_name_is_cut_for_the_sake_of_a_number():
    scene = mg.draw(looking_back(), weight="W_dec", size="slide").scene
    assert {"context₁", "attention₁", "context₃", "attention₃"} <= set(words(scene))
    look_at(mg.draw(looking_back(), size="slide"), numbered_once=False)


def looking_back() -> mg.Trace:
    """A decoder with attention to all that its encoder said."""
    W, U, C, V = (weight(name, 4, 4, seed=k) for k, name in enumerate(("W_enc", "W_dec", "W_ctx", "W_out")))
    h, said, loss = mg.Tensor(np.zeros((1, 4))), [], 0.0
    with mg.Trace() as trace:
        for t in range(4):
            with mg.scope("encoder", t=t):
                h = mg.tanh(data(1, 4, seed=t) + h @ W)
                said.append(h)
        notes, s = mg.concatenate(said, axis=0), h
        for t in range(3):
            with mg.scope("decoder", t=t):
                attention = mg.softmax(s @ mg.swapaxes(notes, 0, 1))
                context = attention @ notes
                s = mg.tanh(s @ U + context @ C)
                loss = loss + mg.sum((s @ V) ** 2)
    loss.backward()
    return trace
