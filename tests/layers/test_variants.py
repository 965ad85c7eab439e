"""Jordan's net, the identity net and the normalising cells: each against its equation in NumPy, and its gradients."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import (
    RNN,
    IRNNCell,
    JordanCell,
    LayerNormGRUCell,
    LayerNormLSTMCell,
    LayerNormRNNCell,
    MUT1Cell,
    MUT2Cell,
    MUT3Cell,
)

CELLS = {
    "IRNN": lambda **o: IRNNCell(4, **o), "Jordan": lambda **o: JordanCell(4, 6, **o),
    "LN RNN": lambda **o: LayerNormRNNCell(4, **o), "LN LSTM": lambda **o: LayerNormLSTMCell(4, **o),
    "LN GRU": lambda **o: LayerNormGRUCell(4, **o),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def norm(a):
    return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5)


def by_hand(name, w, x):
    """The outputs (N, T, 4), from weights by name."""
    h = c = np.zeros((len(x), 4))
    outputs = []
    for t in range(x.shape[1]):
        xt = x[:, t]
        if name == "IRNN":
            h = np.maximum(xt @ w["W_xh"] + h @ w["W_hh"] + w["b"], 0)
        elif name == "Jordan":
            h = sigmoid(np.tanh(xt @ w["W_xh"] + h @ w["W_yh"] + w["b"]) @ w["W_hy"] + w["b_y"])
        elif name == "LN RNN":
            h = np.tanh(w["g"] * norm(xt @ w["W_xh"] + h @ w["W_hh"]) + w["b"])
        elif name == "LN LSTM":
            z = w["g_x"] * norm(xt @ w["W_xh"]) + w["g_h"] * norm(h @ w["W_hh"]) + w["b"]
            i, f, g, o = np.split(z, 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(w["g_c"] * norm(c) + w["b_c"])
        else:
            a, e = xt @ w["W_xh"], h @ w["W_hh"]
            z, r = np.split(sigmoid(w["g_x"][:8] * norm(a[:, :8]) + w["g_h"][:8] * norm(e[:, :8]) + w["b"][:8]), 2, axis=-1)
            new = np.tanh(w["g_x"][8:] * norm(a[:, 8:]) + r * w["g_h"][8:] * norm(e[:, 8:]) + w["b"][8:])
            h = z * h + (1 - z) * new
        outputs.append(h)
    return np.stack(outputs, axis=1)


def randomised(layer, x, seed=0):
    layer(x)
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(0.0, 0.7, w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("name", CELLS)
def test_equation(name):
    x = np.random.default_rng(1).normal(size=(2, 5, 3))
    layer = randomised(RNN(CELLS[name](dtype="float64"), dtype="float64", return_sequences=True, unroll=True), x)
    weights = {path.split("/")[-1]: w.numpy() for path, w in layer.named_weights().items()}
    np.testing.assert_allclose(layer(x).data, by_hand(name, weights, x), atol=1e-12)
    mg.check_gradients(lambda x: layer(x), x)


@pytest.mark.parametrize("name", CELLS)
def test_without_a_bias_and_in_float32(name):
    layer = RNN(CELLS[name](use_bias=False))
    y = layer(np.ones((2, 3, 5), "float32"), mask=np.array([[True, True, False], [True, False, False]]))
    y.sum().backward()
    assert y.dtype == np.float32
    assert not any("b" in path.split("/")[-1] for path in layer.named_weights())
    assert all(w.grad is not None and w.grad.dtype == np.float32 for w in layer.parameters())


def test_the_identity_net_copies_its_state_and_has_a_kernel():
    cell = IRNNCell(3)
    layer = RNN(cell)
    h0 = np.array([[1.0, 2.0, 3.0]], "float32")
    np.testing.assert_array_equal(layer(np.zeros((1, 50, 2), "float32"), initial_state=h0).data, h0)
    assert cell.has_kernel


def test_one_unit_is_normalised_without_a_division_by_zero():
    y = RNN(LayerNormRNNCell(1))(np.ones((1, 2, 1)))
    assert np.isfinite(y.data).all()


@pytest.mark.parametrize("name", CELLS)
def test_a_saved_cell_comes_back(name, tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 3, 3)).astype("float32")
    model = mg.Sequential([RNN(CELLS[name]())])
    before = model.predict(x)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(mg.load_model(tmp_path / "model").predict(x), before)


REGULARIZED = {**CELLS, "MUT1": lambda **o: MUT1Cell(4, **o), "MUT2": lambda **o: MUT2Cell(4, **o), "MUT3": lambda **o: MUT3Cell(4, **o)}


@pytest.mark.parametrize("name", REGULARIZED)
def test_every_weight_is_regularised_and_constrained_as_its_cell_was_told(name):
    """λ Σ|w| of all that enters a product, and of the biases; and after a step none of these is negative."""
    rates = {"kernel": 0.5, "recurrent": 0.25, "bias": 0.125}
    rules = {f"{role}_regularizer": mg.regularizers.L1(rate) for role, rate in rates.items()}
    cell = REGULARIZED[name](dtype="float64", **rules, **{f"{role}_constraint": "non_neg" for role in rates})
    model = mg.Sequential([RNN(cell, dtype="float64")])
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    model(x)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    role = {**dict.fromkeys(("W_xh", "W_xz", "W_xr", "W_hy"), "kernel"), **dict.fromkeys(("W_hh", "W_hz", "W_hr", "W_yh"), "recurrent"),
            **dict.fromkeys(("b", "b_y", "b_c", "b_z", "b_r", "b_h"), "bias")}
    weights = {word: w for word, w in cell.named_weights().items() if word not in ("g", "g_x", "g_h", "g_c")}
    expected = sum(rates[role[word]] * np.abs(w.data).sum() for word, w in weights.items())
    model.compile(mg.optimizers.SGD(1e-9), lambda y, p: (p * 0.0).sum())
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-6)
    model.fit(x, np.zeros((2, 4)), epochs=1, verbose=0)
    assert all((w.numpy() >= 0).all() for w in weights.values())
