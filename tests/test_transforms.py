"""grad, jacobian, hessian and hvp against differences, against each other, and nested."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.engine import Tensor, gradients

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3))
V = rng.normal(size=(2, 3))
STEP = 1e-5


def energy(x):
    """One number, with every kind of second derivative."""
    return (ops.tanh(x) * x.exp()).sum() + (x[0] @ x[1]) ** 2 + ops.logsumexp(x)


def field(x):
    return ops.softmax(x @ x.T, axis=-1) * x.sum()


def differences(f, x):
    """∂f(x)/∂x by moving one entry at a time: f(x).shape + x.shape."""
    columns = []
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = STEP
        columns.append((np.asarray(f(x + step)) - np.asarray(f(x - step))) / (2 * STEP))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *x.shape)


def value(f):
    return lambda x: f(Tensor(x)).array


def test_grad_against_differences():
    np.testing.assert_allclose(mg.grad(energy)(X).array, differences(value(energy), X), rtol=1e-6, atol=1e-6)


def test_value_and_grad_and_argnums():
    def f(x, y):
        return (x * x * y).sum()

    value, gx = mg.value_and_grad(f)(X, V)
    np.testing.assert_allclose(value.item(), (X * X * V).sum())
    np.testing.assert_allclose(gx.array, 2 * X * V)
    np.testing.assert_allclose(mg.grad(f, argnums=1)(X, V).array, X * X)
    both = mg.grad(f, argnums=(0, 1))(X, V)
    assert isinstance(both, tuple)
    np.testing.assert_allclose(both[1].array, X * X)


def test_arguments_may_be_tensors_arrays_or_numbers():
    f = mg.grad(lambda x: x * x * x)
    for x in (2.0, np.array(2.0), Tensor(2.0), Tensor(np.array(2.0), requires_grad=True)):
        assert f(x).item() == pytest.approx(12.0)
    x = Tensor(np.array(2.0), requires_grad=True)
    f(x)
    assert x.grad is None


def test_grad_nests():
    def f(x):
        return ops.sin(x) * x

    x = 0.7
    exact = [np.sin(x) + x * np.cos(x), 2 * np.cos(x) - x * np.sin(x), -3 * np.sin(x) - x * np.cos(x)]
    g = f
    for derivative in exact:
        g = mg.grad(g)
        assert g(np.array(x)).item() == pytest.approx(derivative, rel=1e-12)


def test_a_gradient_inside_a_function_that_is_differentiated():
    """d/dx of (x · f′(x)) = f′ + x f″: no mixing of the inner derivative with the outer one."""

    def outer(x):
        return x * mg.grad(lambda z: z**3 * x)(x)

    x = 1.3  # inner: 3z²x at z = x, so 3x³; outer: 3x⁴, whose derivative is 12x³
    assert mg.grad(outer)(np.array(x)).item() == pytest.approx(12 * x**3, rel=1e-12)


def test_jacobian_against_differences():
    J = mg.jacobian(field)(X)
    assert J.shape == (2, 2, 2, 3)
    np.testing.assert_allclose(J.array, differences(value(field), X), rtol=1e-6, atol=1e-6)
    assert mg.jacobian(lambda x: x.sum())(X).shape == (2, 3)
    assert mg.jacobian(lambda x: x[:0])(X).shape == (0, 3, 2, 3)


def test_hessian_against_differences_and_symmetric():
    H = mg.hessian(energy)(X)
    assert H.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(H.array, differences(lambda x: mg.grad(energy)(x).array, X), rtol=1e-6, atol=1e-6)
    flat = H.array.reshape(6, 6)
    np.testing.assert_allclose(flat, flat.T, atol=1e-12)


def test_hvp_is_the_hessian_times_a_vector():
    H = mg.hessian(energy)(X).array.reshape(6, 6)
    np.testing.assert_allclose(mg.hvp(energy, X, V).array.reshape(-1), H @ V.reshape(-1), rtol=1e-10)
    along = (mg.grad(energy)(X + STEP * V).array - mg.grad(energy)(X - STEP * V).array) / (2 * STEP)
    np.testing.assert_allclose(mg.hvp(energy, X, V).array, along, rtol=1e-6, atol=1e-6)


def test_what_does_not_depend_has_zero_derivatives():
    np.testing.assert_array_equal(mg.grad(lambda x: Tensor(np.array(3.0)))(X).array, np.zeros_like(X))
    np.testing.assert_array_equal(mg.hessian(lambda x: x.sum())(X).array, np.zeros((2, 3, 2, 3)))
    np.testing.assert_array_equal(mg.hvp(lambda x: x.sum(), X, V).array, np.zeros_like(X))


def test_errors_name_the_function():
    def several(x):
        return x * 2

    with pytest.raises(ValueError, match="several"):
        mg.grad(several)(X)

    def plain(x):
        return x.data.sum()

    with pytest.raises(TypeError, match="plain"):
        mg.grad(plain)(X)


# ------------------------------------------------------------------------------------------------ through time


def lstm_by_hand(W, xs, units):
    """A transparent LSTM, gates i f g o, over (batch, time, features): the loss of its last state."""
    h = c = Tensor(np.zeros((xs.shape[0], units)))
    for t in range(xs.shape[1]):
        i, f, g, o = ops.split(ops.concatenate([Tensor(xs[:, t]), h], axis=1) @ W, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
    return (h * h).sum()


def check_hvp(loss, parameters):
    """H v of a loss of several tensors against differences of its gradients, along one random direction."""
    directions = [rng.normal(size=p.shape) for p in parameters]
    firsts = gradients(loss(), parameters, create_graph=True)
    product = sum((g * v).sum() for g, v in zip(firsts, directions, strict=True))
    found = gradients(product, parameters)
    values = [p.array for p in parameters]
    moved = []
    for sign in (1, -1):
        for p, value, v in zip(parameters, values, directions, strict=True):
            p.data = value + sign * STEP * v
        moved.append([g.array for g in gradients(loss(), parameters)])
    for p, value in zip(parameters, values, strict=True):
        p.data = value
    for Hv, ahead, behind in zip(found, *moved, strict=True):
        expected = (ahead - behind) / (2 * STEP)
        assert np.abs(Hv.array - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max())
    assert any(np.abs(Hv.array).max() > 1e-3 for Hv in found)


def test_hvp_through_an_lstm_written_out():
    xs = rng.normal(size=(2, 6, 3))
    W = Tensor(0.5 * rng.normal(size=(7, 16)), requires_grad=True)
    check_hvp(lambda: lstm_by_hand(W, xs, 4), [W])


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_hvp_through_an_unrolled_layer(name):
    kind = getattr(mg.layers, name, None)
    if kind is None:
        pytest.skip(f"mg.layers has no {name}")
    mg.set_floatx("float64")
    layer = kind(4, unroll=True)
    xs = Tensor(rng.normal(size=(2, 6, 3)))
    layer(xs)
    parameters = list(layer.parameters())
    check_hvp(lambda: (layer(xs) ** 2).sum(), parameters)
