"""`mg.check_gradients` accepts what is right and finds what is wrong, by every way in which derivatives go wrong."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import engine, ops
from minigrad.gradcheck import GradientError

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)


@pytest.fixture
def primitive():
    """The decorator, for a primitive that lives as long as the test."""
    known = dict(engine.primitives)
    yield engine.primitive
    engine.primitives.clear()
    engine.primitives.update(known)


def test_it_accepts_right_derivatives_and_returns_the_difference():
    assert mg.check_gradients(lambda x, w, b: ops.tanh(x @ w + b), X, W, B) < 1e-7
    assert mg.check_gradients(lambda x: ops.softmax(x), X, order=2) < 1e-6
    assert mg.check_gradients(lambda x: (x * x * x).sum(), X, order=3) < 1e-6


def test_inputs_that_are_not_floating_are_handed_on():
    def f(x, k):
        assert k.dtype.kind == "i"
        return ops.embedding(x, k)

    assert mg.check_gradients(f, X, np.array([0, 2, 2])) < 1e-7
    with pytest.raises(TypeError, match="floating"):
        mg.check_gradients(lambda k: k, np.array([1, 2]))


def test_float32_is_checked_with_its_own_tolerance():
    assert mg.check_gradients(lambda x: ops.tanh(x), X.astype("float32")) < 1e-2


@pytest.mark.parametrize("factor", [1.001, -1.0, 0.999, 0.0, 2.0])
def test_a_factor_is_found(primitive, factor):
    @primitive
    def wrong_tanh(x):
        y = np.tanh(x)
        return y, lambda dy: factor * (dy * (1 - y * y))

    with pytest.raises(GradientError, match="input 0"):
        mg.check_gradients(wrong_tanh, X)


def test_a_missing_transpose_is_found(primitive):
    square = rng.normal(size=(3, 3))

    @primitive
    def wrong_matmul(x, y):
        return x @ y, lambda dz: dz @ y, lambda dz: x.T @ dz

    with pytest.raises(GradientError, match="input 0"):
        mg.check_gradients(wrong_matmul, X, square)


def test_the_wrong_input_is_the_one_that_is_named(primitive):
    @primitive
    def wrong_product(x, y):
        return x * y, lambda dz: dz * y, lambda dz: dz * y

    with pytest.raises(GradientError, match="input 1"):
        mg.check_gradients(wrong_product, X, X + 1.0)


def test_a_forgotten_sum_over_broadcast_axes_is_found(primitive):
    """A primitive that is not declared elementwise must sum by itself; handing on one row instead is wrong."""

    @primitive
    def wrong_add(x, b):
        return x + b, lambda dz: dz, lambda dz: dz[0]

    with pytest.raises(GradientError, match="input 1"):
        mg.check_gradients(wrong_add, X, rng.normal(size=3))

    @primitive
    def shapeless_add(x, b):
        return x + b, lambda dz: dz, lambda dz: dz

    with pytest.raises(GradientError, match=r"input 1 has shape \(4, 3\)"):
        mg.check_gradients(shapeless_add, X, rng.normal(size=3))


def test_one_wrong_entry_is_found_and_named(primitive):
    @primitive
    def wrong_exp(x):
        y = np.exp(x)
        wrong = np.ones_like(x)
        wrong[2, 1] = 1.01
        return y, lambda dy: dy * y * wrong

    with pytest.raises(GradientError, match=r"entry \[2, 1\]"):
        mg.check_gradients(wrong_exp, X)


def test_a_lost_dependency_is_found():
    with pytest.raises(GradientError):
        mg.check_gradients(lambda x: x * x.detach(), X)


def test_an_order_two_check_finds_what_order_one_does_not(primitive):
    """A pullback that is right but computed beside the graph has no derivative."""

    @primitive
    def severed_square(x):
        plain = x.array if isinstance(x, mg.Tensor) else x
        return x * x, lambda dy: dy * (2.0 * plain)

    assert mg.check_gradients(severed_square, X) < 1e-6
    with pytest.raises(GradientError):
        mg.check_gradients(severed_square, X, order=2)


def test_a_nan_does_not_pass():
    with np.errstate(all="ignore"), pytest.raises(GradientError):
        mg.check_gradients(lambda x: ops.sqrt(x), -np.abs(X))


def test_the_directions_are_seeded():
    assert mg.check_gradients(ops.tanh, X, seed=3) == mg.check_gradients(ops.tanh, X, seed=3)
