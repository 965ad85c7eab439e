"""What the engine says when it is asked for what it cannot do: what was given, what it expects, and how to mend it."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg


def leaf(*values):
    return mg.Tensor(np.array(values), requires_grad=True, name="x")


def product(a, b):
    return (a * b).sum()


@pytest.mark.parametrize("ask, kind, said", [
    (lambda x: bool(x), ValueError, r"whether x\[3\] is true .* ask \(x > 0\)\.all\(\)"),
    (lambda x: 1 if x else 0, ValueError, r"not one question but 3"),
    (lambda x: mg.gradients(3.0, [x]), TypeError, "got an output that is 3.0"),
    (lambda x: mg.gradients(x.sum(), [np.ones(3)]), TypeError, r"got an input that is array\(\[1., 1., 1.\]\)"),
    (lambda x: mg.set_floatx("float31"), ValueError, "expects 'float16', 'float32' or 'float64', got 'float31'"),
    (lambda x: mg.set_floatx(np.int32), ValueError, "expects 'float16', 'float32' or 'float64'"),
    (lambda x: mg.Tensor(np.ma.array([1.0, 2.0], mask=[False, True])), TypeError, r"give array\.filled\(value\)"),
    (lambda x: x + np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]), TypeError, "masked array"),
    (lambda x: mg.grad(product, argnums=2)(x, x), ValueError, "argnums=2 .* product was not given: it got 2 by position, counted 0 … 1"),
    (lambda x: mg.value_and_grad(product, argnums=(0, -3))(x, x), ValueError, r"argnums=\(0, -3\)"),
    (lambda x: np.reshape(x, (3, 1), order="F"), TypeError, r"np\.reshape\(order=…\) is not recorded by minigrad, which knows x, shape"),
    (lambda x: np.reshape(x, (3, 1), "F"), TypeError, r"np\.reshape with 3 arguments"),
    (lambda x: np.ravel(x, order="F"), TypeError, r"np\.ravel\(order=…\)"),
    (lambda x: np.stack([x, x], casting="no"), TypeError, r"np\.stack\(casting=…\)"),
    (lambda x: np.einsum("i->", x, dtype="float64"), TypeError, r"np\.einsum\(dtype=…\)"),
])
def test_messages(ask, kind, said):
    with pytest.raises(kind, match=said):
        ask(leaf(1.0, 2.0, 3.0))
    assert mg.floatx() == np.float32


def test_one_number_has_a_truth():
    assert bool(leaf(1.0)) and not leaf(0.0) and bool(mg.Tensor(2.0))


def test_argnums_count_from_the_end_too():
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert np.array_equal(mg.grad(product, argnums=-1)(a, b).data, a)
    assert np.array_equal(mg.grad(product, argnums=np.int64(1))(a, b).data, a)
    first, second = mg.grad(product, argnums=(1, 0))(a, b)
    assert np.array_equal(first.data, a) and np.array_equal(second.data, b)


def test_a_gradient_has_its_tensors_shape():
    x = leaf(1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"the gradient of x\[3\] has its shape, got \(4,\)"):
        x.grad = np.ones(4)
    with pytest.raises(ValueError, match=r"got \(\)"):
        x.grad = 1.0
    x.grad = mg.Tensor([1.0, 1.0, 1.0])
    assert isinstance(x.grad, np.ndarray)
    x.grad = None
    assert x.grad is None


def test_writing_into_data_is_refused_and_changes_nothing():
    x = leaf(1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="read-only"):
        x.data += 1.0
    assert np.array_equal(x.data, [1.0, 2.0, 3.0])
    x.data = x.data + 1.0
    assert np.array_equal(x.data, [2.0, 3.0, 4.0])


@pytest.mark.parametrize("layer", [mg.layers.RNN, mg.layers.LSTM, mg.layers.GRU])
def test_no_gradient_can_be_unlocked(layer):
    """Nor the memory of a kernel that it is a view of."""
    net, x = layer(3), mg.Tensor(np.ones((2, 4, 3), np.float32), requires_grad=True)
    net(x).sum().backward()
    for one in (x, *net.parameters()):
        with pytest.raises(ValueError, match="WRITEABLE"):
            one.grad.flags.writeable = True
        assert one.grad.base is None or not one.grad.base.flags.writeable


def test_who_is_to_blame_for_a_nan():
    with mg.detect_anomaly(), np.errstate(all="ignore"):
        with pytest.raises(FloatingPointError, match=r"^x\[2\] held nan at 1 of 2 places already when it came to multiply\(x\[2\], 2.0\): it was given as"):
            leaf(np.nan, 1.0) * 2.0
        with pytest.raises(FloatingPointError, match=r"^log\(x\[2\]\) gave nan at 1 of 2 places"):
            mg.log(leaf(-1.0, 1.0))
        with mg.no_grad():
            unrecorded = mg.log(leaf(-1.0, 1.0))
        with pytest.raises(FloatingPointError, match=r"^tensor\[2\] held nan .* made by something that is not recorded here"):
            leaf(1.0, 1.0) + unrecorded


def test_a_list_of_tensors_is_an_array_to_numpy():
    """Which cannot be refused, since NumPy asks nobody: Tensor's docstring says so."""
    x = leaf(1.0, 2.0)
    assert not isinstance(np.sum([x, x]), mg.Tensor) and "np.sum([x, w])" in mg.Tensor.__doc__
    assert mg.stack([x, x]).sum().requires_grad
