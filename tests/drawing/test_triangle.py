"""Who taught whom: rows add to each loss, columns to each use, all of it to the gradient, in numbers and as printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing import taught
from minigrad.drawing.reading import read
from tests.drawing.nets import layer, own_cell, spelled, toy
from tests.drawing.seen import look_at, words


def parts_of(trace, weight):
    graph = read(trace, weight=weight)
    return graph, taught.table(graph, graph.weight)


@pytest.mark.parametrize("make", [lambda: spelled(5), lambda: own_cell(4), toy])
def test_columns_are_the_contributions_and_all_of_it_is_the_gradient(make):
    trace, W = make()
    graph, parts = parts_of(trace, W)
    for column in graph.columns:
        by_loss = [p for row in parts for p in row[column.index]]
        by_use = [c.array for c in trace.contributions(W) if c.t == column.step]
        np.testing.assert_allclose(sum(by_loss), sum(by_use), rtol=1e-5, atol=1e-7)
    everything = [p for row in parts for cell in row for p in cell]
    np.testing.assert_allclose(sum(everything), W.grad, rtol=1e-5, atol=1e-7)


def test_rows_are_each_losss_own_gradient():
    trace, W = spelled(4)
    losses = [y for y in trace.tensors if y.op.__name__ == "sum"]
    _, parts = parts_of(trace, W)
    for k, loss in enumerate(losses):
        np.testing.assert_allclose(sum(p for cell in parts[k] for p in cell), mg.gradients(loss, [W])[0].numpy(), rtol=1e-5, atol=1e-7)


def test_a_loss_teaches_no_later_use_and_a_cut_lets_nothing_through():
    trace, W = spelled(6)
    _, parts = parts_of(trace, W)
    assert all(bool(parts[k][t]) == (t <= k) for k in range(6) for t in range(6))
    trace, W = spelled(6, detach=2)
    _, parts = parts_of(trace, W)
    assert all(bool(parts[k][t]) == (t <= k and k // 2 == t // 2) for k in range(6) for t in range(6))


def test_looking_leaves_the_gradients_as_they_were():
    trace, W = spelled(3)
    before = [c.array.copy() for c in trace.contributions(W)]
    first, second = mg.draw(trace, "triangle").svg, mg.draw(trace, "triangle").svg
    assert first == second
    np.testing.assert_array_equal(before, [c.array for c in trace.contributions(W)])


@pytest.mark.parametrize("steps", [2, 5, 8, 30])
def test_the_printed_numbers_add_along_every_line(steps):
    trace, _ = spelled(steps)
    figure = mg.draw(trace, "triangle")
    look_at(figure)
    cells = {box.id: box for box in figure.scene.boxes}
    shown = {id: int(box.texts[0].text.replace("−", "-")) for id, box in cells.items() if id.startswith("part") and box.texts}
    n = min(steps, 8)
    for k in range(1, n + 1):
        row = sum(v for id, v in shown.items() if id.startswith(f"part{k}_"))
        column = sum(v for id, v in shown.items() if id.endswith(f"_{k}"))
        assert row == int(cells[f"loss{k}"].texts[-1].text.replace("−", "-"))
        assert column == int(cells[f"use{k}"].texts[-1].text.replace("−", "-"))
    assert sum(shown.values()) == 100


@given(st.integers(0, 500), st.integers(1, 9))
def test_controlled_rounding(seed, n):
    cells = np.tril(np.random.default_rng(seed).normal(size=(n, n)))
    if abs(cells.sum()) < 0.1:
        return
    cells *= 100 / cells.sum()
    printed, rows, columns = taught.rounded_table(cells)
    assert np.array_equal(printed, np.round(printed)) and round(printed.sum()) == 100
    np.testing.assert_allclose(printed.sum(1), rows, atol=1e-6)
    np.testing.assert_allclose(printed.sum(0), columns, atol=1e-6)
    assert np.max(np.abs(printed - cells)) < 1 + 1e-6 and np.max(np.abs(rows - cells.sum(1))) < 1 + 1e-6


def test_layers_and_pictures_without_a_triangle():
    look_at(mg.draw(layer("LSTM", steps=6, sequences=True)[0], "triangle"))
    figure = mg.draw(toy(backward=False)[0], "triangle")
    assert "+55" in words(figure.scene)  # what the loss would send: it is asked of the graph, not of .grad
    with pytest.raises(ValueError, match="the triangle needs a weight that time steps share"):
        mg.draw(mg.Tensor(1.0, requires_grad=True) * 2.0, "triangle")
