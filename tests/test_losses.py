"""Losses: values by hand, gradients by differences, PyTorch beside, and the traps of shapes."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import losses

rng = np.random.default_rng(3)
P = rng.uniform(0.05, 0.95, (4, 3))
P /= P.sum(axis=1, keepdims=True)
Y = np.eye(3)[[0, 2, 1, 1]]
R = rng.normal(size=(4, 3))
T = rng.normal(size=(4, 3))

FORMULAS = {
    "mse": (T, R, np.mean((R - T) ** 2)),
    "mae": (T, R, np.mean(abs(R - T))),
    "mean_absolute_percentage_error": (T, R, 100 * np.mean(abs(R - T) / abs(T))),
    "mean_squared_logarithmic_error": (abs(T), abs(R), np.mean((np.log1p(abs(R)) - np.log1p(abs(T))) ** 2)),
    "huber": (T, R, np.mean(np.where(abs(R - T) <= 1, 0.5 * (R - T) ** 2, abs(R - T) - 0.5))),
    "log_cosh": (T, R, np.mean(np.log(np.cosh(R - T)))),
    "poisson": (Y, P, np.mean(P - Y * np.log(P + 1e-7))),
    "cosine_similarity": (T, R, -np.mean((T * R).sum(1) / np.linalg.norm(T, axis=1) / np.linalg.norm(R, axis=1))),
    "categorical_crossentropy": (Y, P, -np.mean((Y * np.log(P)).sum(1))),
    "sparse_categorical_crossentropy": (Y.argmax(1), P, -np.mean((Y * np.log(P)).sum(1))),
    "binary_crossentropy": (Y, P, -np.mean(Y * np.log(P) + (1 - Y) * np.log(1 - P))),
    "kl_divergence": (P[::-1].copy(), P, np.mean((P[::-1] * np.log(P[::-1] / P)).sum(1))),
    "hinge": (2 * Y - 1, R, np.mean(np.maximum(0, 1 - (2 * Y - 1) * R))),
    "squared_hinge": (Y, R, np.mean(np.maximum(0, 1 - (2 * Y - 1) * R) ** 2)),
    "categorical_hinge": (Y, R, np.mean(np.maximum(0, 1 + ((1 - Y) * R).max(1) - (Y * R).sum(1)))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values_are_the_formulas(name):
    y_true, y_pred, value = FORMULAS[name]
    assert losses.get(name)(y_true, mg.Tensor(y_pred)).item() == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("name", FORMULAS)
def test_gradients_are_the_differences(name):
    y_true, y_pred, _ = FORMULAS[name]
    mg.check_gradients(lambda p: losses.get(name)(y_true, p), y_pred)


@pytest.mark.parametrize("name", sorted(losses.losses.entries))
def test_every_name_gives_a_loss(name):
    assert isinstance(losses.get(name), losses.Loss)


@pytest.mark.parametrize("name, settings", [("categorical_crossentropy", {"label_smoothing": 0.1}),
                                            ("binary_crossentropy", {"label_smoothing": 0.1})])
def test_label_smoothing(name, settings):
    function = losses.losses.find(name)
    soft = Y * 0.9 + (0.1 / 3 if name.startswith("cat") else 0.05)
    assert np.allclose(function(Y, mg.Tensor(P), **settings).data, function(soft, mg.Tensor(P)).data)


def test_from_logits_is_the_same_as_softmax_first():
    z = mg.Tensor(R)
    for targets, name in ((Y, "CategoricalCrossentropy"), (Y.argmax(1), "SparseCategoricalCrossentropy")):
        kind = getattr(losses, name)
        p = np.exp(R) / np.exp(R).sum(1, keepdims=True)
        assert kind(from_logits=True)(targets, z).item() == pytest.approx(kind()(targets, mg.Tensor(p)).item())
    assert losses.BinaryCrossentropy(from_logits=True)(Y, z).item() == pytest.approx(
        losses.BinaryCrossentropy()(Y, mg.Tensor(1 / (1 + np.exp(-R)))).item())


@pytest.mark.parametrize("targets, loss", [(np.array([1]), "sparse_categorical_crossentropy"),
                                           (np.array([[0.0, 1.0]]), "categorical_crossentropy")])
def test_a_softmax_that_underflowed_still_has_a_gradient(targets, loss):
    z = mg.Tensor(np.array([[300.0, -300.0]], dtype=np.float32), requires_grad=True)
    value = losses.get(loss)(targets, mg.softmax(z))
    value.backward()
    assert value.item() == pytest.approx(600.0)
    assert np.allclose(z.grad, [[1.0, -1.0]])


def test_a_sigmoid_that_saturated_still_has_a_gradient():
    z = mg.Tensor(np.array([[300.0]], dtype=np.float32), requires_grad=True)
    losses.get("binary_crossentropy")(np.array([[0.0]]), mg.sigmoid(z)).backward()
    assert np.allclose(z.grad, 1.0)


def test_targets_of_one_axis_do_not_spread_over_predictions_of_two():
    y, p = np.arange(4.0), mg.Tensor(np.arange(4.0)[:, None] + 1)
    assert losses.get("mse")(y, p).item() == 1.0
    with pytest.raises(ValueError, match=r"targets of shape \(3,\) with predictions of shape \(4, 1\)"):
        losses.get("mse")(y[:3], p)


def test_one_hot_targets_for_the_sparse_loss_are_answered():
    with pytest.raises(ValueError, match="one-hot targets want categorical_crossentropy"):
        losses.get("sparse_categorical_crossentropy")(Y, mg.Tensor(P))


def test_sample_weights_divide_by_the_number_of_examples():
    value = losses.get("mse")(T, mg.Tensor(R), sample_weight=np.array([2.0, 0.0, 0.0, 1.0]))
    each = ((R - T) ** 2).mean(1)
    assert value.item() == pytest.approx((2 * each[0] + each[3]) / 4)
    with pytest.raises(ValueError, match="sample_weight of shape"):
        losses.get("mse")(T, mg.Tensor(R), sample_weight=np.ones(3))


def test_masked_steps_count_nowhere():
    z = mg.Tensor(rng.normal(size=(2, 3, 5)))
    y = rng.integers(0, 5, (2, 3))
    z.mask = np.array([[True, True, False], [True, False, False]])
    each = losses.sparse_categorical_crossentropy(y, z, from_logits=True).data
    assert losses.SparseCategoricalCrossentropy(from_logits=True)(y, z).item() == pytest.approx(each[z.mask].mean())


def test_ignore_class_is_a_mask_on_targets():
    z, y = mg.Tensor(R), np.array([0, -1, 2, -1])
    each = losses.sparse_categorical_crossentropy(np.array([0, 2]), mg.Tensor(R[[0, 2]]), from_logits=True).data
    assert losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)(y, z).item() == pytest.approx(each.mean())


def test_reductions():
    each = ((R - T) ** 2).mean(1)
    assert losses.MeanSquaredError(reduction="sum")(T, mg.Tensor(R)).item() == pytest.approx(each.sum())
    assert np.allclose(losses.MeanSquaredError(reduction=None)(T, mg.Tensor(R)).data, each)
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="average")


def test_a_function_of_ones_own_is_a_loss():
    assert losses.get(lambda y, p: (p - y).square().sum(axis=-1))(T, mg.Tensor(R)).item() == pytest.approx(((R - T) ** 2).sum(1).mean())


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(ValueError, match="no loss called 'mean_squared_eror'.*mean_squared_error"):
        losses.get("mean_squared_eror")


def test_float32_stays_float32():
    for name, (y_true, y_pred, _) in FORMULAS.items():
        y_true = y_true if y_true.dtype.kind == "i" else y_true.astype(np.float32)
        p = mg.Tensor(y_pred.astype(np.float32), requires_grad=True)
        value = losses.get(name)(y_true, p)
        value.backward()
        assert value.dtype == p.grad.dtype == np.float32, name


@pytest.mark.torch
def test_pytorch_agrees():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    F = torch.nn.functional
    z, y, t, k = torch.tensor(R), torch.tensor(Y), torch.tensor(T), torch.tensor(Y.argmax(1))
    pairs = {
        losses.SparseCategoricalCrossentropy(from_logits=True)(Y.argmax(1), R).item(): F.cross_entropy(z, k),
        losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)(Y, R).item():
            F.cross_entropy(z, y, label_smoothing=0.1),
        losses.BinaryCrossentropy(from_logits=True)(Y, R).item(): F.binary_cross_entropy_with_logits(z, y),
        losses.Huber(delta=0.7)(T, R).item(): F.huber_loss(z, t, delta=0.7),
        losses.MeanAbsoluteError()(T, R).item(): F.l1_loss(z, t),
        losses.KLDivergence()(P[::-1], P).item(): F.kl_div(torch.tensor(P).log(), torch.tensor(P[::-1].copy()), reduction="batchmean"),
        -losses.CosineSimilarity()(T, R).item(): F.cosine_similarity(z, t).mean(),
    }
    for ours, theirs in pairs.items():
        assert ours == pytest.approx(float(theirs), rel=1e-5)


def test_a_mask_counts_for_everything_that_a_step_holds():
    p, y = mg.Tensor(rng.normal(size=(2, 3, 4, 5))), rng.normal(size=(2, 3, 4, 5))
    p.mask = np.array([[True, True, False], [True, False, False]])
    assert losses.MeanSquaredError()(y, p).item() == pytest.approx(np.square(p.data - y)[p.mask].mean())


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "binary_crossentropy", "hinge"])
def test_numbers_that_are_steps_are_masked_one_by_one(name):
    p, y = mg.Tensor(rng.uniform(0.1, 0.9, (2, 3)), requires_grad=True), rng.integers(0, 2, (2, 3))
    p.mask = np.array([[True, True, False], [True, False, False]])
    loss = losses.get(name)
    value = loss(y, p)
    assert value.item() == pytest.approx(loss(y[p.mask][:, None], p.data[p.mask][:, None]).item())
    value.backward()
    assert np.array_equal(p.grad != 0, p.mask)


def test_a_mask_says_nothing_of_classes():
    p = mg.Tensor(np.full((2, 4), 0.25))
    p.mask = np.array([[True, False, False, False]] * 2)
    assert losses.get("categorical_crossentropy")(np.eye(4)[:2], p).item() == pytest.approx(np.log(4))
