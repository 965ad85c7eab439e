"""Where the next input comes from: what the data say, or what was chosen; through a choice no gradient passes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from docs.gallery.pictures import writer
from minigrad.decoding import greedy
from minigrad.drawing.scene import Mark
from tests.drawing.nets import toy
from tests.drawing.seen import look_at, words


@pytest.mark.parametrize("size", [None, "slide"])
@pytest.mark.parametrize(("forced", "feeds"), [(True, {"target": "x"}), (False, {"y": "x"})])
def test_teacher_forcing_and_sampling(forced, feeds, size):
    trace, read = writer(forced)
    figure = mg.draw(trace, feeds=feeds, labels=read, size=size)
    look_at(figure)
    scene = figure.scene
    edges = [e for e in scene.edges if e.kind in ("chosen", "forced") and e.tail]
    assert [e.kind for e in edges] == ["forced" if forced else "chosen"] * 3
    for e in edges:
        source, target = scene.box(e.tail), scene.box(e.head)
        assert target.step == source.step + 1 and e.arrow == "head" and bool(e.dash) is not forced
        assert target.title == f"x{'₁₂₃₄'[source.step]}" and source.title.startswith("target" if forced else "y")
    assert sum(isinstance(m, Mark) and m.kind == "cut" for m in scene.items) == (0 if forced else 6)
    said = "teacher forcing" if forced else "no gradient passes"
    assert said in " ".join(words(scene)) and said in figure.describe()
    assert not [box for box in scene.boxes if box.kind == "pill"]
    assert "chosen" in figure.dot or forced


def test_with_a_weight_its_sum_stands_under_the_net_too():
    trace, read = writer(False)
    for size in (None, "slide"):
        figure = mg.draw(trace, feeds={"y": "x"}, labels=read, weight="W_hh", size=size)
        look_at(figure)
        assert len([box for box in figure.scene.boxes if box.kind == "pill"]) == 4
        assert "no gradient passes" in " ".join(words(figure.scene))


def test_what_is_said_of_the_data_is_checked():
    trace, _ = writer(False)
    with pytest.raises(ValueError, match="feeds: x₃ is not target₂: their numbers differ"):
        mg.draw(trace, feeds={"target": "x"})
    with pytest.raises(ValueError, match="feeds: no step holds 'q' and the next one 'x'; the steps hold .*x"):
        mg.draw(trace, feeds={"q": "x"})
    with pytest.raises(ValueError, match="feeds"):
        mg.draw(toy()[0], feeds={"y": "x"})


@given(st.integers(2, 12), st.integers(2, 5), st.integers(0, 3), st.booleans())
def test_any_decoder_after_any_encoder(steps, units, seed, embedded):
    random = np.random.default_rng(seed)
    W_xh, W_hh, W_hy = (mg.Tensor(random.normal(size=s), requires_grad=True, name=n)
                        for n, s in (("W_xh", (4, units)), ("W_hh", (units, units)), ("W_hy", (units, 4))))  # fmt: skip
    h, symbol, loss = mg.Tensor(np.zeros((1, units))), np.array([0]), 0.0
    with mg.Trace() as trace:
        for t in range(2):
            with mg.scope("reader", t=t):
                h = mg.tanh(mg.Tensor(random.normal(size=(1, units))) + h @ W_hh)
        for t in range(steps):
            with mg.scope("writer", t=t):
                if embedded:
                    x = mg.embedding(W_xh, symbol)
                    s = mg.tanh(x + h @ W_hh)
                else:
                    x = mg.Tensor(np.eye(4)[symbol])
                    s = mg.tanh(x @ W_xh + h @ W_hh)
                h = s
                y = s @ W_hy
                loss = loss + mg.sum(mg.cross_entropy(y, np.array([t % 4])))
                symbol = greedy(y)
    loss.backward()
    figure = mg.draw(trace, feeds={"y": "x"})
    look_at(figure, numbered_once=False)
    drawn = [e for e in figure.scene.edges if e.kind == "chosen" and e.tail]
    assert drawn and all(figure.scene.box(e.tail).step + 1 == figure.scene.box(e.head).step for e in drawn)
