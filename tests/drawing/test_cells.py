"""The cell as the textbook's figure: its gates and its equations, on a page of any size and on a slide."""

from __future__ import annotations

import pytest

import minigrad as mg
from minigrad.drawing.naming import spoken
from tests.drawing.nets import both_ways, data, layer, masked, own_cell, toy
from tests.drawing.seen import look_at, words

CELLS = {
    "toy": lambda: toy()[0], "RNN": lambda: layer("RNN")[0], "LSTM": lambda: layer("LSTM")[0], "GRU": lambda: layer("GRU")[0],
    "own cell": lambda: own_cell()[0], "GRU on GRU": lambda: layer("GRU", stacked=True)[0], "one step": lambda: layer("LSTM", steps=1)[0],
    "both ways": lambda: both_ways("LSTM", 3), "masked": masked, "fifty steps": lambda: layer("GRU", steps=50)[0],
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_slide_is_a_slide_and_can_be_read(name):
    figure = mg.draw(CELLS[name](), "cell", size="slide")
    assert (figure.scene.width, figure.scene.height) == (1920, 1080)
    look_at(figure, smallest=20)


@pytest.mark.parametrize("size", [None, "slide"])
def test_a_gru_is_the_textbooks_equations(size):
    figure = mg.draw(layer("GRU", steps=3)[0], "cell", size=size)
    first = {box.title.partition(" = ")[0]: box for box in figure.scene.boxes if box.step == 1}
    assert set(first) == {"x₁", "a₁", "z₁", "r₁", "h̃₁", "h₁"}
    assert first["h₁"].title == "h₁ = z₁ ⊙ h₀ + (1 − z₁) ⊙ h̃₁"
    assert [first[gate].title.replace("\u2009", " ") for gate in ("a₁", "z₁", "r₁", "h̃₁")] == [
        "a₁ = x₁ W_xh[zr] + b[zr] + h₀ W_hh[zr]", "z₁ = σ(a₁[z])", "r₁ = σ(a₁[r])",
        "h̃₁ = tanh(x₁ W_xh[new] + b[new] + (r₁ ⊙ h₀) W_hh[new])"]  # fmt: skip
    written = [text.replace("\u2009", " ") for text in words(figure.scene)]
    assert not any("getitem" in text or "…" in text for text in written)
    assert "h̃₁ = tanh(x₁ W_xh[new]" in written and "+ b[new] + (r₁ ⊙ h₀) W_hh[new])" in written  # broken at a plus sign


def test_a_gru_that_resets_after_the_product():
    mg.set_random_seed(0)
    gru = mg.layers.GRU(4, reset_after=True)
    with mg.Trace() as trace:
        L = mg.mean(gru(data(2, 3, 3)))
    L.backward()
    figure = mg.draw(trace, "cell")
    look_at(figure)
    titles = [box.title.replace("\u2009", " ") for box in figure.scene.boxes if box.step == 1]
    assert "a₁ = h₀ W_hh + b[1]" in titles and "h̃₁ = tanh(x₁ W_xh[new] + b[0][new] + r₁ ⊙ a₁[new])" in titles


def test_no_picture_of_a_gru_says_getitem():
    trace, below = layer("GRU", steps=3, stacked=True)
    for options in ({}, {"view": "rolled"}, {"direction": "forward"}, {"weight": [below.W_xh, below.b]}):
        figure = mg.draw(trace, **options)
        look_at(figure)
        assert "getitem" not in figure.describe() + figure.text + " ".join(words(figure.scene))


def test_two_directions_have_the_name_of_what_holds_both():
    assert mg.draw(both_ways("LSTM", 3), "cell").scene.title == "both: what happens in a step"


def test_layers_are_named_and_never_by_a_path():
    loops = ["net/bidirectional_1", "net/bidirectional_1/forward_reader#2", "net/bidirectional_1/backward_reader", "net/writer·"]
    assert spoken(loops) == "reader + writer"
    assert spoken(["low/forward_rnn", "low/backward_rnn", "high/forward_rnn", "high/backward_rnn"]) == "low + high"
    assert spoken(["lstm"]) == "lstm" and spoken([""]) == ""
