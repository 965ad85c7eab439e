"""The mutants: their equations once more in NumPy, their gradients against differences, and the shape that two of them insist on."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import MUT1Cell, MUT2Cell, MUT3Cell

CELLS = [MUT1Cell, MUT2Cell, MUT3Cell]


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


def sigma(x):
    return 1 / (1 + np.exp(-x))


def by_hand(cell, x, h):
    """The lecture's equations."""
    w = {name: weight.data for name, weight in cell.named_weights().items()}
    if type(cell) is MUT1Cell:
        z, r, add = sigma(x @ w["W_xz"] + w["b_z"]), sigma(x @ w["W_xr"] + h @ w["W_hr"] + w["b_r"]), np.tanh(x)
    elif type(cell) is MUT2Cell:
        z, r, add = sigma(x @ w["W_xz"] + h @ w["W_hz"] + w["b_z"]), sigma(x + h @ w["W_hr"] + w["b_r"]), x @ w["W_xh"]
    else:
        z = sigma(x @ w["W_xz"] + np.tanh(h) @ w["W_hz"] + w["b_z"])
        r, add = sigma(x @ w["W_xr"] + h @ w["W_hr"] + w["b_r"]), x @ w["W_xh"]
    return np.tanh((r * h) @ w["W_hh"] + add + w["b_h"]) * z + h * (1 - z)


@pytest.mark.parametrize("kind", CELLS)
def test_a_step_is_the_equation(kind):
    cell, rng = kind(4, bias_initializer="normal"), np.random.default_rng(0)
    x, h = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    y, (state,) = cell(x, mg.Tensor(h))
    np.testing.assert_allclose(y.data, by_hand(cell, x, h), atol=1e-12)
    assert y is state


@pytest.mark.parametrize("kind", CELLS)
def test_gradients_along_a_sequence_agree_with_differences(kind):
    layer, x = mg.layers.RNN(kind(3)), np.random.default_rng(0).standard_normal((2, 4, 3))
    layer(x)
    weights, names = layer.get_weights(), list(layer.cell.named_weights())

    def f(x, *values):
        for name, value in zip(names, values):
            setattr(layer.cell, name, value)
        return layer(x)

    assert mg.check_gradients(f, x, *weights) < 1e-6


@pytest.mark.parametrize("kind", [MUT1Cell, MUT2Cell])
def test_an_input_of_another_size_is_refused_where_it_would_be_added(kind):
    with pytest.raises(ValueError, match=r"must have 5 features, got 1: put a Dense\(5\) before it"):
        mg.layers.RNN(kind(5))(np.zeros((1, 2, 1)))


@pytest.mark.parametrize("kind", CELLS)
def test_a_model_with_a_mutant_is_saved_and_loaded(kind, tmp_path):
    model = mg.Sequential([mg.layers.RNN(kind(3), input_shape=(None, 3)), mg.layers.Dense(1)])
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    model.save(tmp_path / "model.minigrad")
    np.testing.assert_array_equal(mg.load_model(tmp_path / "model.minigrad")(x).data, model(x).data)


def test_the_mutants_are_smaller_than_a_gru():
    counts = {}
    for cell in [*(kind(8) for kind in CELLS), mg.layers.GRUCell(8)]:
        cell(np.zeros((1, 8)), mg.Tensor(np.zeros((1, 8))))
        counts[type(cell).__name__] = cell.count_params()
    assert counts == {"MUT1Cell": 280, "MUT2Cell": 344, "MUT3Cell": 408, "GRUCell": 408}
