"""Every view in a terminal: 80 columns, the same numbers as the picture, and no letter that the terminal lacks."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.text import WIDE, cells, folded, plain, table
from tests.drawing.nets import both_ways, expression, layer, spelled, toy
from tests.drawing.test_models import two_branches

PICTURES = {
    "unrolled": lambda: mg.draw(toy()[0]), "long": lambda: mg.draw(layer("LSTM", steps=50)[0], steps=20), "both ways": lambda: mg.draw(both_ways()),
    "rolled": lambda: mg.draw(toy()[0], "rolled"), "rolled LSTM": lambda: mg.draw(layer("LSTM")[0], "rolled"),
    "cell": lambda: mg.draw(layer("LSTM", steps=3)[0], "cell"), "numbers": lambda: mg.draw(layer("GRU", steps=2, units=1, batch=1)[0], "cell"),
    "triangle": lambda: mg.draw(spelled(5)[0], "triangle"), "flow": lambda: mg.draw({"RNN": layer("RNN", steps=30)[0], "GRU": layer("GRU")[0]}, "flow"),
    "expression": lambda: mg.draw(expression()), "model": lambda: mg.draw(two_branches()),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_every_view_fits_a_terminal(name, encoding, monkeypatch):
    figure = PICTURES[name]()
    assert figure.text.startswith(figure.scene.title) and figure.text != figure.describe() + "\n"
    assert max(cells(line) for line in figure.text.splitlines()) <= WIDE
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    print(figure)
    out.flush()
    said = out.buffer.getvalue().decode(encoding)
    assert "?" not in said and len(said.splitlines()) == len(figure.text.splitlines())


def test_rolled_up_the_loop_is_drawn_and_the_sum_is_told():
    text = PICTURES["rolled LSTM"]().text
    lines = text.splitlines()
    assert [line[-3:] for line in lines if line.startswith(("│ hₜ", "│ cₜ"))] == ["├─┐", "├─┤"]
    assert "◂┘ one step later" in text and "W_hh    8 × 32  × 5  grad ‖" in text
    toy_text = PICTURES["rolled"]().text
    assert "W_hh.grad:  0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53" in toy_text and "y = h₅\u2009W_hy" in toy_text


def test_rolled_up_the_words_keep_the_gradients_and_the_sum():
    said = mg.draw(toy()[0], "rolled").describe()
    assert "W_hh is used 5 times; W_hh.grad = 0.53." in said
    assert "In order of arrival, W_hh.grad:  0.29 + 0.06 − 0.09 + 0.15 + 0.12 = 0.53." in said
    before = mg.draw(toy(backward=False)[0], "rolled").describe()
    assert "W_hh is used 5 times." in before and "0.53" not in before


def test_gates_are_bars_in_the_cell():
    figure = PICTURES["numbers"]()
    gates = [line.split() for line in figure.text.splitlines() if line.startswith(("  z: keep", "  r: use"))]
    assert len(gates) == 4
    for words in gates:
        assert abs(len(words[4]) - 0.29 * float(words[2])) <= 1.1


def test_a_model_has_its_branches_at_the_left():
    lines = PICTURES["model"]().text.splitlines()
    ways = {words[-1]: line for line in lines[2:] if (words := line.split("  ")[:1])}
    assert any(line.startswith("●─┘  embedding") for line in lines) and any(line.startswith("├─●  encoder_q") for line in lines)
    assert any(line.startswith("●─┘  concat") for line in lines) and ways
    x = mg.Input((8,), name="x")
    first, second = mg.layers.Dense(4, name="first")(x), mg.layers.Dense(4, name="second")(x)
    third = mg.layers.Dense(4, name="third")(x)
    text = mg.draw(mg.Model(x, mg.layers.Concatenate(name="all")([first, second, third]))).text
    assert [line.partition("  ")[0] for line in text.splitlines() if line[:1] in "●├│" and not line.startswith("│ │   ")]
    line = next(line for line in text.splitlines() if "  all" in line)
    assert line.count("┘") + line.count("┴") == 2 and line.count("●") == 1


def test_who_taught_whom_adds_in_the_terminal_too():
    rows = [line.replace("−", "-").split() for line in PICTURES["triangle"]().text.splitlines() if line.startswith(("loss", "sum"))]
    for row in rows[:-1]:
        assert sum(int(x) for x in row[2:-2] if x != "·") == int(row[-2])
    assert [int(x) for x in rows[-1][1:-1]] [-1] == 100


def test_long_tables_go_on_below_and_long_lines_are_folded():
    rows = [["name", *(f"{k:>6}" for k in range(30))], ["h", *(f"{k / 7:.4f}" for k in range(30))]]
    said = table(rows)
    assert max(map(len, said.splitlines())) <= WIDE and said.count("name") == 4
    numbers = [x for line in said.splitlines() if line.startswith("h") for x in line.split()[1:]]
    np.testing.assert_allclose([float(x) for x in numbers], [k / 7 for k in range(30)], atol=1e-4)
    line = "  " + " + ".join(f"0.{k}" for k in range(60))
    assert " ".join(folded(line).split()) == line.strip() and folded(line).startswith("  0.0")


@pytest.mark.parametrize(("text", "encoding", "said"), [
    ("h₁₂ = tanh(z₁₂)", "ascii", "h_12 = tanh(z_12)"), ("hₜ₋₁ 10⁻⁷", "ascii", "h_t-1 10^-7"), ("x² · ½", "cp1252", "x² · ½"), ("x² · ½", "ascii", "x^2 * 1/2"),
    ("∂L/∂h̃ = −∞", "ascii", "dL/dh~ = -inf"), ("漢 é", "ascii", "? e"), ("h⁽²⁾", "ascii", "h(^2)"),
])  # fmt: skip
def test_letters_that_are_missing_are_spelled(text, encoding, said):
    assert plain(text, encoding) == said
