"""Metrics: values, running over batches, names."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import losses, metrics

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3], [0.6, 0.3, 0.1]])
Y = np.array([0, 2, 0, 1])
HOT = np.eye(3)[Y]


@pytest.mark.parametrize("name, y, p, value", [
    ("accuracy", Y, P, 0.5), ("accuracy", HOT, P, 0.5), ("accuracy", np.array([1, 0]), np.array([[0.9], [0.8]]), 0.5),
    ("sparse_categorical_accuracy", Y[:, None], P, 0.5), ("categorical_accuracy", HOT, P, 0.5),
    ("mae", np.zeros((2, 2)), np.array([[1.0, 3.0], [0, 0]]), 1.0), ("mse", np.zeros((2, 2)), np.array([[1.0, 3.0], [0, 0]]), 2.5),
    ("rmse", np.zeros(2), np.array([3.0, 4.0]), np.sqrt(12.5)),
    ("perplexity", Y, P, np.exp(-np.log(P[np.arange(4), Y]).mean())),
    ("bits_per_character", Y, P, -np.log2(P[np.arange(4), Y]).mean()),
    ("precision", np.array([1, 0, 1, 1]), np.array([0.9, 0.8, 0.2, 0.7]), 2 / 3),
    ("recall", np.array([1, 0, 1, 1]), np.array([0.9, 0.8, 0.2, 0.7]), 2 / 3),
    ("f1", np.array([1, 0, 0, 1]), np.array([0.9, 0.8, 0.7, 0.7]), 2 / 3),
])
def test_values_whole_and_in_batches(name, y, p, value):
    metric = metrics.get(name)
    metric.update_state(y, mg.Tensor(p))
    assert metric.result() == pytest.approx(value)
    metric.reset_state()
    for k in range(len(y)):
        metric.update_state(y[k:k + 1], p[k:k + 1])
    assert metric.result() == pytest.approx(value)


def test_top_k():
    assert metrics.SparseTopKCategoricalAccuracy(k=2)(Y, P) == pytest.approx(1.0)
    assert metrics.SparseTopKCategoricalAccuracy(k=1)(Y, P) == metrics.get("accuracy")(Y, P)
    assert metrics.TopKCategoricalAccuracy(k=2)(HOT, P) == pytest.approx(1.0)


def test_weights_and_masks_count():
    metric = metrics.get("accuracy")
    metric.update_state(Y, P, sample_weight=np.array([3.0, 0.0, 1.0, 0.0]))
    assert metric.result() == pytest.approx(0.75)


def test_ignore_class():
    assert metrics.Perplexity(ignore_class=-1)(np.array([0, -1]), P[:2]) == pytest.approx(1 / 0.7)


def test_names_are_those_that_were_asked_for():
    assert [metrics.get(name).name for name in ("acc", "accuracy", "mae", "mean_absolute_error", "mse")] == [
        "acc", "accuracy", "mae", "mean_absolute_error", "mse"]
    assert metrics.get("crossentropy", losses.get("mse")).name == "crossentropy"

    def hits(y, p):
        return np.ones(len(y))
    assert metrics.get(hits).name == "hits" and metrics.get(hits)(Y, P) == 1.0
    with pytest.raises(ValueError, match="no metric called 'accurracy'.*accuracy"):
        metrics.get("accurracy")


def test_states_can_be_kept_and_given_back():
    one, other = metrics.get("precision"), metrics.get("precision")
    one.update_state(np.array([1, 0]), np.array([0.9, 0.9]))
    other.set_state(one.state())
    assert other.result() == one.result() == pytest.approx(0.5)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"targets of shape \(3,\)"):
        metrics.get("rmse").update_state(np.zeros(3), np.zeros(4))


def test_nothing_seen_is_zero_not_an_error():
    assert metrics.get("accuracy").result() == 0.0 and metrics.get("precision").result() == 0.0


@pytest.mark.parametrize(("thresholds", "curve", "figure"), [(200, "ROC", 0.7286031246), (200, "PR", 0.7833573818), (20, "ROC", 0.7305440903)])
def test_auc_is_keras(thresholds, curve, figure):
    """The figures are from Keras 3.15.1."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 50)
    p, w = np.round(rng.random(50) * 0.7 + y * 0.3 * rng.random(50), 3).astype("f4"), rng.random(50)
    metric = mg.metrics.AUC(thresholds, curve)
    for part in (slice(0, 20), slice(20, 50)):
        metric.update_state(y[part], p[part], w[part])
    assert metric.result() == pytest.approx(figure, abs=1e-6)


def test_auc_is_the_chance_of_the_right_order():
    assert mg.metrics.AUC()([0, 0, 1, 1], np.array([0, 0.5, 0.3, 0.9])) == 0.75
    with pytest.raises(ValueError, match="probabilities from 0 to 1, got -1 to 2"):
        mg.metrics.AUC()([0, 1], np.array([-1.0, 2.0]))
    with pytest.raises(ValueError, match="curve 'ROC' or 'PR'"):
        mg.metrics.AUC(curve="roc")


def test_the_older_name_of_cosine_similarity():
    assert mg.losses.get("cosine_proximity")(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]])).item() == pytest.approx(-1.0)


def test_targets_the_wrong_way_round_are_refused():
    for name in ("binary_accuracy", "precision", "rmse", "auc"):
        with pytest.raises(ValueError, match=r"targets of shape \(3, 2\) with predictions of shape \(2, 3\)"):
            metrics.get(name).update_state(np.zeros((3, 2)), np.full((2, 3), 0.5))


def test_one_number_for_a_batch_weighs_as_its_examples_do():
    metric = metrics.get(lambda y, p: mg.mean(p))
    metric.update_state(None, np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    metric.update_state(None, np.array([4.0]), np.array([[1.0, 0.0]]))
    assert metric.result() == pytest.approx((3 * 1.0 + 1 * 4.0) / 4)
    with pytest.raises(ValueError, match=r"weights of shape \(3,\) do not fit"):
        metrics.get("mae").update_state(np.zeros((2, 1)), np.ones((2, 1)), np.ones(3))
