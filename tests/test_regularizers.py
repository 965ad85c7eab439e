"""Regularisers and constraints: their formulas, and that a model pays and obeys."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import constraints, regularizers

W = np.array([[3.0, -1.0], [4.0, 0.5]])


@pytest.mark.parametrize("what, value", [("l1", 0.085), ("l2", 0.01 * 26.25), (regularizers.L1L2(0.1, 0.2), 0.85 + 5.25),
                                         (regularizers.OrthogonalRegularizer(1.0), abs(12 - 0.5) / (np.sqrt(10) * np.sqrt(16.25)))])
def test_penalties(what, value):
    assert regularizers.get(what)(mg.Tensor(W)).item() == pytest.approx(value)


@pytest.mark.parametrize("what", ["l1", "l2", regularizers.OrthogonalRegularizer()])
def test_penalties_have_gradients(what):
    mg.check_gradients(regularizers.get(what), W)


def test_constraints():
    assert np.allclose(np.linalg.norm(constraints.MaxNorm(2.0)(W), axis=0), [2.0, np.sqrt(1.25)])
    assert np.allclose(np.linalg.norm(constraints.UnitNorm()(W), axis=0), 1.0)
    assert np.allclose(np.linalg.norm(constraints.MinMaxNorm(1.5, 2.0)(W), axis=0), [2.0, 1.5])
    assert constraints.get("non_neg")(W).min() == 0.0


def test_a_model_pays_and_obeys():
    model = mg.Sequential([mg.layers.Dense(2, input_dim=2, use_bias=False, kernel_regularizer="l2", kernel_constraint="unit_norm")])
    model.set_weights([W])
    model.compile("sgd", "mse")
    x = np.zeros((1, 2))
    assert model.test_on_batch(x, x) == pytest.approx(0.2625)
    model.fit(x, x, verbose=0)
    assert np.allclose(np.linalg.norm(model.get_weights()[0], axis=0), 1.0)


def test_activities_have_their_price_in_this_pass_only():
    model = mg.Sequential([mg.layers.Dense(2, input_dim=2, use_bias=False, activity_regularizer=regularizers.L1(0.5)), mg.layers.Dense(1)])
    model.set_weights([np.eye(2), np.ones((2, 1)), np.zeros(1)])
    model.compile("sgd", "mse")
    x = np.array([[1.0, -2.0], [3.0, 1.0]])
    for _ in range(2):
        assert model.test_on_batch(x, x.sum(axis=1)) == pytest.approx(0.5 * 7.0 / 2)         # for one example, whatever the batch
    model(x[:1])
    assert [loss.item() for loss in model.losses] == [1.5]


def test_a_layer_may_add_to_the_loss():
    class Sparse(mg.layers.Layer):
        def call(self, x):
            self.add_loss(x.square().sum())
            self.add_loss(x.abs().sum())
            return x

    model = mg.Sequential([Sparse(), mg.layers.Lambda(lambda x: x * 0.0)])
    model.compile("sgd", "mse")
    assert model.test_on_batch(np.array([[2.0]]), np.array([[0.0]])) == pytest.approx(6.0)
