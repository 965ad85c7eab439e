"""Every primitive keeps the promises of `checks.py`, on the cases of its row in `table.py`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from minigrad import backend, engine, ops
from minigrad.engine import Tensor, gradients
from tests import checks
from tests.kernel_rows import KERNELS
from tests.table import FUNCTIONS, ROWS

PROMISES = [
    checks.check_value,
    checks.check_first_order,
    checks.check_second_order,
    checks.check_float32,
    checks.check_linearity,
]
once = settings(database=None, derandomize=True, deadline=None, phases=[Phase.generate])


def named(row):
    return row.name


def test_one_row_for_each_primitive():
    rows = [row.name for row in ROWS + KERNELS]
    assert sorted(rows) == sorted(set(rows)), "a primitive has two rows"
    assert sorted(rows) == sorted(engine.primitives), "a primitive has no row, or a row no primitive"


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.removeprefix("check_"))
@pytest.mark.parametrize("row", ROWS + KERNELS + FUNCTIONS, ids=named)
@given(data=st.data())
def test_promise(row, promise, data):
    promise(row, data.draw(row.cases))


# ------------------------------------------------------------------------------------------------ corners


def gradient_at(f, *values, dtype="float64"):
    xs = [Tensor(np.array(value, dtype=dtype), requires_grad=True) for value in values]
    found = [g.array for g in gradients(f(*xs).sum(), xs)]
    return found[0] if len(found) == 1 else found


@pytest.mark.parametrize(
    ("name", "f", "at", "slope"),
    [
        ("abs", ops.abs, [0.0, -0.0], [0.0, 0.0]),
        ("relu", ops.relu, [0.0], [0.0]),
        ("clip", lambda x: ops.clip(x, -1.0, 1.0), [-1.0, 1.0, 2.0], [1.0, 1.0, 0.0]),
        ("power 0", lambda x: x**0, [0.0, 2.0], [0.0, 0.0]),
        ("power 1", lambda x: x**1, [0.0, -2.0], [1.0, 1.0]),
        ("power 2", lambda x: x**2, [0.0, -3.0], [0.0, -6.0]),
        ("power 2.0", lambda x: x**2.0, [0.0, -3.0], [0.0, -6.0]),
        ("std", lambda x: ops.std(x), [2.0, 2.0], [0.0, 0.0]),
        ("prod", ops.prod, [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
        ("prod", ops.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ("max", ops.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
        ("min", ops.min, [1.0, 1.0, 1.0, 2.0], [1 / 3, 1 / 3, 1 / 3, 0.0]),
        ("max over axes", lambda x: ops.max(x, axis=(0, 1)), [[2.0, 2.0], [1.0, 2.0]], [[1 / 3, 1 / 3], [0.0, 1 / 3]]),
    ],
)
def test_slopes_at_kinks_and_ties_are_what_the_docstrings_say(name, f, at, slope):
    np.testing.assert_allclose(gradient_at(f, at), slope)


def test_ties_of_two_arrays_share_equally():
    for op in (ops.maximum, ops.minimum):
        x, y = gradient_at(op, [1.0, 2.0], [1.0, 5.0])
        assert x[0] == y[0] == 0.5 and {x[1], y[1]} == {0.0, 1.0}
        assert gradient_at(lambda x, op=op: op(x, x), [1.0, 2.0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "elu", "erf", "gelu", "softmax", "log_softmax", "logsumexp", "relu", "leaky_relu"])
def test_large_numbers_neither_overflow_nor_warn(name, dtype):
    """filterwarnings makes an overflow an error."""
    x = Tensor(np.array([-1e4, -100.0, 0.5, 100.0, 1e4], dtype=dtype), requires_grad=True)
    y = getattr(ops, name)(x)
    first = gradients(y.sum(), [x], create_graph=True)[0]
    assert np.isfinite(y.array).all() and np.isfinite(first.array).all()
    if first.requires_grad:
        assert np.isfinite(gradients(first.sum(), [x])[0].array).all()


def test_a_probability_that_rounds_to_zero_does_no_harm():
    logits = Tensor(np.array([[1000.0, 0.0], [-1000.0, 0.0]]), requires_grad=True)
    loss = ops.cross_entropy(logits, [1, 0])
    np.testing.assert_allclose(loss.array, [1000.0, 1000.0])
    np.testing.assert_allclose(gradients(loss.sum(), [logits])[0].array, [[1.0, -1.0], [-1.0, 1.0]])


def test_logits_may_be_counts():
    np.testing.assert_allclose(ops.cross_entropy(np.array([[1, 2, 3]]), [0]).array, ops.cross_entropy(np.array([[1.0, 2.0, 3.0]]), [0]).array)


def test_minus_infinity_is_a_closed_door_in_a_softmax():
    x = Tensor(np.array([0.0, -np.inf, 0.0]), requires_grad=True)
    y = ops.softmax(x)
    np.testing.assert_allclose(y.array, [0.5, 0.0, 0.5])
    np.testing.assert_allclose(gradients(y[0], [x])[0].array, [0.25, 0.0, -0.25])
    np.testing.assert_allclose(ops.logsumexp(x).array, np.log(2.0))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "matmul", "maximum", "minimum"])
def test_one_tensor_in_both_places_gets_both_gradients(name):
    op, values = getattr(ops, name), np.array([[1.5, 2.0], [0.5, 3.0]])
    twice = gradient_at(lambda x: op(x, x), values)
    first, second = gradient_at(op, values, values)
    np.testing.assert_allclose(twice, first + second)


def test_one_tensor_many_times_in_a_sequence():
    x = [1.0, 2.0]
    assert gradient_at(lambda x: ops.concatenate([x, x, x]), x).tolist() == [3.0, 3.0]
    assert gradient_at(lambda x: ops.stack([x, 2.0 * x, x]), x).tolist() == [4.0, 4.0]
    assert gradient_at(lambda x: ops.einsum("i,i,i->i", x, x, x), x).tolist() == [3.0, 12.0]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("row", ROWS, ids=named)
def test_no_formula_makes_a_dtype_of_its_own(row, dtype):
    """Half precision too: a formula that makes a float64 of its own shows here."""
    case = example_of(row)
    small = case.replaced({k: case.operands[k].astype(dtype) for k in case.variable})
    xs = checks.variables(small)
    y = checks.apply(row, small, xs)
    assert not row.keeps_dtype or y.dtype == dtype
    for dx in gradients(y, list(xs.values()), seed=np.ones(y.shape), create_graph=row.orders > 1):
        assert dx.dtype == dtype


def example_of(row):
    """One case of a row, always the same, with an operand that is not empty."""
    return find(row.cases, lambda case: case.variable and all(case.operands[k].size for k in case.variable), settings=once)


# ------------------------------------------------------------------------------------------------ NumPy's signatures


X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(x, where=X > 1),
        lambda x: np.sum(x, initial=1.0),
        lambda x: np.mean(x, dtype="float32"),
        lambda x: np.max(x, initial=9.0),
        lambda x: np.reshape(x, (3, 2), order="F"),
        lambda x: np.ravel(x, order="F"),
        lambda x: np.pad(x, 1, mode="reflect"),
        lambda x: np.pad(x, 1, "edge"),
        lambda x: np.concatenate([x, x], dtype="float32"),
        lambda x: np.add(x, x, dtype="float32"),
        lambda x: np.where(x),
        lambda x: np.cumsum(x, dtype="float32"),
    ],
)
def test_an_argument_that_minigrad_lacks_is_an_error_never_ignored(call):
    with pytest.raises((TypeError, ValueError)):
        call(Tensor(X, requires_grad=True))


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_kernel_has_no_second_derivative_and_says_what_has(name):
    row = next(row for row in KERNELS if row.name == name)
    case = example_of(row)
    xs = checks.variables(case)
    y = checks.apply(row, case, xs)
    with pytest.raises(RuntimeError, match="unroll=True"):
        gradients(y.sum(), list(xs.values()), create_graph=True)


@pytest.mark.parametrize("in_blocks", [True, False])
@pytest.mark.parametrize("rows", [1, 8, 32, 64, 65])
@pytest.mark.parametrize("shape", [(128, 384), (384, 128), (128, 385), (1030, 64), (96, 1024), (7, 9)])
def test_a_product_of_few_rows_is_the_same_by_columns(shape, rows, in_blocks, monkeypatch):
    """Also where columns are no multiple of a block, and where W is a view of a larger array."""
    monkeypatch.setattr(backend, "IN_BLOCKS", in_blocks)
    rng = np.random.default_rng(0)
    x, W, dz = rng.normal(size=(rows, shape[0])), rng.normal(size=(shape[0], 2 * shape[1]))[:, ::2], rng.normal(size=(rows, shape[1]))
    for y in (W, np.ascontiguousarray(W), np.asfortranarray(W)):
        np.testing.assert_allclose(ops.times(x, y), np.einsum("ij,jk->ik", x, y), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(ops.times_transposed(dz, y), np.einsum("ik,jk->ij", dz, y), rtol=1e-10, atol=1e-10)


def test_products_by_columns_are_taken_where_they_pay_alone(monkeypatch):
    taken, by_columns = [], ops.by_columns
    monkeypatch.setattr(ops, "by_columns", lambda x, blocks: taken.append((x.shape, blocks.shape)) or by_columns(x, blocks))
    monkeypatch.setattr(backend, "IN_BLOCKS", True)
    for rows in (4, 32, 128):
        ops.times(np.ones((rows, 128), "float32"), np.ones((128, 384), "float32"))
        ops.times_transposed(np.ones((rows, 384), "float32"), np.ones((128, 384), "float32"))
    assert taken == [((32, 128), (3, 128, 128)), ((32, 384), (4, 384, 32))]
    monkeypatch.setattr(backend, "IN_BLOCKS", False)
    ops.times(np.ones((32, 128), "float32"), np.ones((128, 384), "float32"))
    assert len(taken) == 2
