"""The engine's promises: the graph and its death, what may be written where, the walk, and what errors say."""

from __future__ import annotations

import contextlib
import copy
import gc
import pickle
import re
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad import engine, ops, sums
from minigrad.engine import Parameter, Tensor, gradients, history, no_grad, scope, wrap


def leaf(values, name=None, dtype="float64"):
    return Tensor(np.array(values, dtype=dtype), requires_grad=True, name=name)


@pytest.fixture
def no_collector():
    """The cyclic garbage collector is off, and has nothing to find at the end."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def tensors_alive():
    return sum(issubclass(type(x), Tensor) for x in gc.get_objects())


# ------------------------------------------------------------------------------------------------ the tensor


class TestTensor:
    def test_numbers_and_lists_take_the_default_dtype_and_arrays_keep_theirs(self):
        assert Tensor(1.5).dtype == Tensor([1, 2]).dtype == Tensor([[1.0]]).dtype == np.float32
        mg.set_floatx("float64")
        assert Tensor(1.5).dtype == Tensor([1, 2]).dtype == np.float64
        for dtype in ("float16", "float32", "float64", "int8", "int64", "bool"):
            assert Tensor(np.zeros(2, dtype)).dtype == dtype
        assert Tensor([1, 2], dtype="int32").dtype == np.int32

    def test_asarray_is_a_read_only_view(self):
        x = leaf([1.0, 2.0])
        view = np.asarray(x)
        assert np.shares_memory(view, x.array) and not view.flags.writeable
        assert np.asarray(x, dtype="float32").dtype == np.float32
        assert np.array(x).flags.writeable and not np.shares_memory(np.array(x), x.array)

    def test_data_is_a_read_only_view(self):
        x = leaf([1.0, 2.0])
        with pytest.raises(ValueError, match="read-only"):
            x.data[0] = 5.0
        with pytest.raises(ValueError, match="read-only"):
            (x * 2).data[0] = 5.0
        with pytest.raises(ValueError):
            x.data.flags.writeable = True

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
    def test_copies_keep_value_name_and_requires_grad_and_drop_the_graph(self, again):
        x = leaf([1.0, 2.0], name="x")
        y = x * 2
        y.name = "y"
        for t in (x, y, Tensor([1, 2], dtype="int64")):
            other = again(t)
            assert other.op is None and other.grad is None
            assert (other.name, other.requires_grad, other.dtype) == (t.name, t.requires_grad, t.dtype)
            np.testing.assert_array_equal(other.array, t.array)
            assert not np.shares_memory(other.array, t.array)
        parameter = again(Parameter([1.0], name="W"))
        assert type(parameter) is Parameter and parameter.requires_grad and parameter.name == "W"

    def test_repr_shows_values_shape_dtype_name_and_how_it_was_made(self):
        x = leaf([1.0, 2.0], name="x")
        assert all(part in repr(x) for part in ("1.", "2.", "(2,)", "float64", "'x'", "requires_grad"))
        assert "made by tanh" in repr(x.tanh())
        assert repr(Tensor(1.0)) and repr(Tensor(np.zeros((0, 3))))

    def test_what_python_asks_of_an_array(self):
        x = Tensor([[1.0, 2.0], [3.0, 4.0]])
        assert len(x) == 2 and [row.shape for row in x] == [(2,), (2,)]
        assert float(x[0, 1]) == 2.0 and int(x[1, 0]) == 3 and x[1, 1].item() == 4.0 and bool(x[0, 0])
        assert x.T.shape == (2, 2) and x.size == 4 and x.ndim == 2
        assert hash(x) == hash(x) and x in {x}
        with pytest.raises(TypeError):
            len(Tensor(1.0))
        with pytest.raises(ValueError):
            x.item()

    def test_comparisons_are_elementwise_and_plain(self):
        x = leaf([1.0, 2.0, 3.0])
        for result, expected in [(x > 2, [0, 0, 1]), (x == 2.0, [0, 1, 0]), (2.0 <= x, [0, 1, 1]), (x != 2.0, [1, 0, 1])]:
            assert isinstance(result, np.ndarray) and result.dtype == bool
            np.testing.assert_array_equal(result, np.array(expected, bool))
        assert isinstance(np.argmax(x), np.integer) and x.argmax() == 2

    def test_integers_never_get_gradients(self):
        with pytest.raises(TypeError, match="float"):
            Tensor(np.array([1, 2]), requires_grad=True)
        x, k = leaf([1.0, 2.0]), Tensor(np.array([3, 4]))
        y = (x * k).sum()
        y.backward()
        assert k.grad is None and not k.requires_grad
        np.testing.assert_array_equal(x.grad, [3.0, 4.0])
        assert not (k + k).requires_grad and (k + k).dtype.kind == "i"
        assert not x.astype("int64").requires_grad
        assert x.astype("int64").op is None

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
    def test_python_numbers_never_change_a_dtype(self, dtype):
        x = leaf([1.0, 2.0], dtype=dtype)
        chain = 1 + 2.0 * (x - 3) / 4.0 + x**2 + 2.0**x - (-x) + 1 / x + np.float64(2.0).item() * x
        out = (ops.maximum(chain, 0.0) + ops.where(x > 1, x, 0.0) + x.clip(0.0, 5)).mean()
        assert chain.dtype == out.dtype == dtype
        out.backward()
        assert x.grad.dtype == dtype

    def test_mixing_is_as_numpy_promotes_and_each_gradient_keeps_its_own_dtype(self):
        x, y = leaf([1.0, 2.0], dtype="float32"), leaf([3.0, 4.0], dtype="float64")
        z = x * y + x @ y
        assert z.dtype == np.float64
        z.sum().backward()
        assert x.grad.dtype == np.float32 and y.grad.dtype == np.float64
        for g, t in zip(gradients((x * y).sum(), [x, y], create_graph=True), (x, y), strict=True):
            assert g.dtype == t.dtype


# ------------------------------------------------------------------------------------------------ one operation, three spellings


SHARED = ["exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sum", "mean", "max", "min", "prod", "var", "std", "cumsum"]


@pytest.mark.parametrize("name", SHARED)
def test_a_method_a_function_of_minigrad_and_a_function_of_numpy_are_the_same(name):
    x = leaf([[0.5, 1.0], [1.5, 2.0]])
    results = [getattr(mg, name)(x), getattr(np, name)(x), getattr(x, name)()]
    assert len({y.op for y in results}) == 1
    for y in results:
        np.testing.assert_array_equal(y.array, results[0].array)
        np.testing.assert_array_equal(y.array, getattr(np, name)(x.array))


def test_settings_may_be_given_by_position_as_in_numpy():
    x = leaf(np.arange(6.0).reshape(2, 3))
    for y in (np.sum(x, 0), mg.sum(x, 0), x.sum(0), x.sum(axis=0), np.sum(x, axis=0)):
        np.testing.assert_array_equal(y.array, x.array.sum(0))
    for y in (np.mean(x, 1, keepdims=True), mg.mean(x, 1, True), x.mean(1, True)):
        np.testing.assert_array_equal(y.array, x.array.mean(1, keepdims=True))
    for y in (np.clip(x, 1, 3), mg.clip(x, 1, 3), x.clip(1, 3)):
        np.testing.assert_array_equal(y.array, x.array.clip(1, 3))
    for y in (np.transpose(x, (1, 0)), x.transpose(1, 0), x.transpose((1, 0)), x.T, np.swapaxes(x, 0, 1), x.swapaxes(0, 1)):
        np.testing.assert_array_equal(y.array, x.array.T)
    for y in (np.reshape(x, (3, 2)), x.reshape(3, 2), x.reshape((3, 2)), x.reshape(-1, 2), mg.reshape(x, (3, 2))):
        np.testing.assert_array_equal(y.array, x.array.reshape(3, 2))
    for y in (np.concatenate([x, x], 1), mg.concatenate([x, x], axis=1), np.concatenate((x, x), axis=1)):
        np.testing.assert_array_equal(y.array, np.concatenate([x.array, x.array], 1))
    for y in (np.dot(x, x.T), x.dot(x.T)):
        np.testing.assert_array_equal(y.array, x.array @ x.array.T)
    for y in (np.dot(x, 3.0), x.dot(3.0), np.dot(np.float64(3.0), x)):
        np.testing.assert_array_equal(y.array, 3.0 * x.array)
    np.testing.assert_allclose(x.var(0, ddof=1).array, x.array.var(0, ddof=1))
    np.testing.assert_allclose(np.var(x, 0, ddof=1).array, x.array.var(0, ddof=1))
    np.testing.assert_array_equal(np.stack([x, x], 1).array, np.stack([x.array, x.array], 1))
    np.testing.assert_array_equal(np.einsum("ij,ij->i", x, x).array, np.einsum("ij,ij->i", x.array, x.array))


def test_an_array_on_the_left_does_not_take_the_call_away():
    x, a = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    for y in (a + x, a * x, a - x, a / x, a @ x, np.float64(2.0) * x, np.maximum(a, x)):
        assert isinstance(y, Tensor) and y.requires_grad


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("arctan", lambda x: np.arctan(x)),
        ("median", lambda x: np.median(x)),
        ("kron", lambda x: np.kron(x, x)),
        ("linalg", lambda x: np.linalg.svd(x[None])),
    ],
)
def test_an_unsupported_function_of_numpy_says_so_by_name(name, call):
    with pytest.raises(TypeError, match="svd" if name == "linalg" else name):
        call(leaf([1.0, 2.0]))


def test_ufunc_methods_and_out_and_where_raise_by_name():
    x = leaf([1.0, 2.0])
    for name, call in [
        ("out", lambda: np.add(x, x, out=np.zeros(2))),
        ("out", lambda: np.add(np.ones(2), np.ones(2), out=x)),
        ("where", lambda: np.add(x, x, where=np.array([True, False]))),
        ("reduce", lambda: np.add.reduce(x)),
        ("outer", lambda: np.multiply.outer(x, x)),
        ("at", lambda: np.add.at(x, [0], 1.0)),
        ("out", lambda: np.sum(x, out=np.zeros(()))),
    ]:
        with pytest.raises(TypeError, match=name):
            call()
    with pytest.raises(TypeError, match="where|rebind"):
        x[0] = 1.0


# ------------------------------------------------------------------------------------------------ writing where the graph remembers


def squares(x):
    """A loss whose gradient 2x needs the values of x."""
    return (x * x).sum()


class TestWriting:
    """Whoever writes into an array that the graph needs gets an error or the right gradient; never a wrong one."""

    def test_through_data(self):
        x = leaf([1.0, 2.0])
        loss = squares(x)
        with pytest.raises(ValueError, match="read-only"):
            x.data[:] = 9.0
        with pytest.raises(ValueError, match="read-only"):
            np.add(x.data, 1.0, out=x.data)
        loss.backward()
        np.testing.assert_array_equal(x.grad, [2.0, 4.0])

    def test_through_an_older_view(self):
        x = leaf([[1.0, 2.0]])
        views = [x.data, x.data[0], x.data.reshape(-1), np.asarray(x), x.numpy()]
        loss = squares(x)
        for view in views:
            with pytest.raises(ValueError, match="read-only"):
                view[...] = 9.0
        loss.backward()
        np.testing.assert_array_equal(x.grad, [[2.0, 4.0]])

    def test_through_the_users_own_array(self):
        mine = np.array([1.0, 2.0])
        x = Tensor(mine, requires_grad=True)
        loss = squares(x)
        mine[:] = 9.0
        loss.backward()
        np.testing.assert_array_equal(x.grad, [2.0, 4.0])

    def test_through_a_raw_array_operand(self):
        mine = np.array([1.0, 2.0])
        x = leaf([3.0, 4.0])
        losses = [(x * mine).sum(), (mine * x).sum(), x @ mine, np.multiply(x, mine).sum()]
        mine[:] = 9.0
        for loss in losses:
            x.zero_grad()
            loss.backward()
            np.testing.assert_array_equal(x.grad, [1.0, 2.0])

    def test_through_a_condition_an_index_or_targets(self):
        x = leaf([[1.0, 2.0], [3.0, 4.0]])
        condition, index, targets = np.array([True, False]), np.array([0, 1]), np.array([0, 1])
        rows, mask = [0, 0], np.array([True, False])
        losses = [ops.where(condition, x, 0.0).sum(), x[index].sum(), ops.embedding(x, index).sum(), x[mask].sum(), x[rows].sum()]
        losses += [ops.cross_entropy(x, targets).sum(), x[index, index].sum()]
        before = [gradients(loss, [x])[0].array.copy() for loss in losses]
        condition[:], index[:], targets[:], rows[:], mask[:] = False, 0, 0, [1, 1], True
        for loss, expected in zip(losses, before, strict=True):
            np.testing.assert_array_equal(gradients(loss, [x])[0].array, expected)
            np.testing.assert_array_equal(gradients(loss, [x], create_graph=True)[0].array, expected)

    def test_through_a_seed(self):
        x, seed = leaf([1.0, 2.0]), np.array([1.0, 1.0])
        y = x + x
        g = gradients(y, [x], seed=seed)[0]
        seed[:] = 9.0
        np.testing.assert_array_equal(g.array, [2.0, 2.0])
        seed[:] = 1.0
        (x + 0.0).backward(seed=seed)
        seed[:] = 9.0
        np.testing.assert_array_equal(x.grad, [1.0, 1.0])

    def test_through_a_result(self):
        x = leaf([1.0, 2.0])
        y = x.exp()
        with pytest.raises(ValueError, match="read-only"):
            y.data[:] = 0.0
        y.sum().backward()
        np.testing.assert_array_equal(x.grad, np.exp([1.0, 2.0]))

    def test_between_two_backward_calls(self):
        x = leaf([1.0, 2.0])
        loss = squares(x)
        loss.backward()
        x.data = np.array([5.0, 6.0])
        loss.backward()
        np.testing.assert_array_equal(x.grad, [4.0, 8.0])
        np.testing.assert_array_equal(x.array, [5.0, 6.0])

    def test_between_the_first_and_the_second_order(self):
        x = leaf([1.0, 2.0])
        loss = (x * x * x).sum()
        first = gradients(loss, [x], create_graph=True)[0]
        x.data = np.array([5.0, 6.0])
        try:
            second = gradients(first.sum(), [x])[0]
        except RuntimeError as error:
            assert "new data" in str(error)
        else:
            np.testing.assert_array_equal(second.array, [6.0, 12.0])
        with pytest.raises(RuntimeError, match="new data"):
            gradients(loss, [x], create_graph=True)

    def test_rebinding_copies_and_keeps_shape_and_dtype(self):
        x, mine = leaf([1.0, 2.0]), np.array([5.0, 6.0], dtype="float32")
        x.data = mine
        mine[:] = 0.0
        np.testing.assert_array_equal(x.array, [5.0, 6.0])
        assert x.dtype == np.float64
        with pytest.raises(ValueError, match=r"shape"):
            x.data = np.zeros(3)
        with pytest.raises(ValueError, match="read-only"):
            x.data += 1.0

    def test_augmented_assignment_makes_new_tensors(self):
        x = leaf([1.0, 2.0])
        before = x
        loss = squares(x)
        x += 1.0
        assert x is not before and x.op is not None
        loss.backward()
        np.testing.assert_array_equal(before.grad, [2.0, 4.0])

    def test_a_gradient_cannot_be_written_and_is_not_shared(self):
        x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
        (x + y).sum().backward()
        with pytest.raises(ValueError, match="read-only"):
            x.grad[0] = 7.0
        x.grad = 0.5 * x.grad
        np.testing.assert_array_equal(y.grad, [1.0, 1.0])
        (x + y).sum().backward()
        np.testing.assert_array_equal(x.grad, [1.5, 1.5])
        np.testing.assert_array_equal(y.grad, [2.0, 2.0])

    def test_accumulation_writes_into_nobodys_array(self):
        """z = x + y hands one array to two inputs; what is then added to x's share must not reach y's."""
        for z_is_oldest in (True, False):
            x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
            if z_is_oldest:
                loss = (x + y + x * 10.0 + x[0] * 100.0 + x * 3.0).sum()
            else:
                more = x * 10.0 + x[0] * 100.0 + x * 3.0
                loss = (more + (x + y)).sum()
            loss.backward()
            np.testing.assert_array_equal(x.grad, [1 + 10 + 200 + 3, 1 + 10 + 3])
            np.testing.assert_array_equal(y.grad, [1.0, 1.0])
        seed = np.ones(2)
        both = gradients(x + x[::-1] + y, [x, y], seed=seed)
        np.testing.assert_array_equal(seed, [1.0, 1.0])
        np.testing.assert_array_equal(both[1].array, [1.0, 1.0])


# ------------------------------------------------------------------------------------------------ the graph's life


class TestLife:
    def test_the_graph_dies_with_the_loss(self, no_collector):
        x = leaf(np.ones((2, 3)))
        before = tensors_alive()
        loss = (ops.softmax(x @ x.T) * x.sum() + x[0, 1] + ops.concatenate([x, x]).mean()).sum()
        assert tensors_alive() > before
        loss.backward()
        del loss
        assert tensors_alive() == before
        assert gc.collect() == 0

    def test_the_graph_dies_after_higher_derivatives_too(self, no_collector):
        x = leaf([1.0, 2.0])
        before = tensors_alive()
        loss = (x.tanh() * x.exp() + x[0] ** 3).sum()
        g = gradients(loss, [x], create_graph=True)[0]
        h = gradients((g * g).sum(), [x], create_graph=True)[0]
        third = gradients(h.sum(), [x])[0]
        assert np.isfinite(third.array).all()
        del loss, g, h, third
        assert tensors_alive() == before
        assert gc.collect() == 0

    @pytest.mark.parametrize("step", [lambda x: x + 1.0, lambda x: x.tanh(), lambda x: x * x[0]], ids=["add", "tanh", "patch"])
    def test_a_failed_backward_leaves_nothing(self, no_collector, step):
        x = leaf([1.0, 2.0])
        before = tensors_alive()
        with pytest.raises(ValueError):
            step(x).backward()
        assert tensors_alive() == before

    def test_a_chain_of_100_000_operations(self, no_collector):
        x = leaf([1.0])
        y = x
        for _ in range(100_000):
            y = y + 1.0
        y.sum().backward()
        np.testing.assert_array_equal(x.grad, [1.0])
        assert len(history(y)) == 100_000
        del y
        assert gc.collect() == 0

    @pytest.mark.parametrize(("limit", "step"), [(600, lambda y: y + 1.0), (750, lambda y: y.tanh())], ids=["add", "tanh"])
    def test_the_memory_of_a_node(self, limit, step):
        y = leaf(1.0)
        tracemalloc.start()
        for _ in range(2_000):
            y = step(y)
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert used / 2_000 < limit

    @pytest.mark.parametrize("on", [True, False], ids=["on", "switched off by the user"])
    @pytest.mark.parametrize("fails", [False, True])
    def test_the_collector_rests_and_is_then_as_it_was(self, on, fails):
        @engine.uncollected
        def inner():
            assert not gc.isenabled()
            if fails:
                raise KeyError("of the user")

        @engine.uncollected
        def outer():
            try:
                inner()
            finally:
                assert not gc.isenabled()       # who ends inside another wakes nobody
        (gc.enable if on else gc.disable)()
        try:
            with pytest.raises(KeyError) if fails else contextlib.nullcontext():
                outer()
            assert gc.isenabled() is on
        finally:
            gc.enable()

    def test_the_collector_stays_on_though_another_thread_ends_meanwhile(self, monkeypatch):
        """It was off when this one asked, and the thread that had switched it off switches it on before this one runs."""
        is_on = gc.isenabled
        monkeypatch.setattr(gc, "isenabled", lambda: False)
        engine.uncollected(lambda: None)()
        was_on = is_on()
        gc.enable()
        assert was_on

    def test_the_collector_rests_while_a_walk_goes_back(self):
        asked = []

        def rule(x):
            return 2.0 * x, lambda dy: asked.append(gc.isenabled()) or 2.0 * dy
        rule.__name__ = "asks_the_collector"
        try:
            engine.primitive(rule)(leaf(1.0)).backward()
        finally:
            del engine.primitives["asks_the_collector"]
        assert asked == [False] and gc.isenabled()

    def test_wide_graphs(self):
        x = leaf(np.arange(3.0))
        total = ops.stack([x * float(k) for k in range(500)]).sum()
        total.backward()
        np.testing.assert_array_equal(x.grad, np.full(3, sum(range(500))))


# ------------------------------------------------------------------------------------------------ the walk


class TestBackward:
    def test_twice_adds_twice(self):
        x = leaf([1.0, 2.0])
        loss = squares(x)
        loss.backward()
        loss.backward()
        np.testing.assert_array_equal(x.grad, [4.0, 8.0])
        x.zero_grad()
        assert x.grad is None

    def test_a_tensor_that_is_used_twice_gets_both_gradients(self):
        a, b = leaf(2.0), leaf(1.0)
        e = (a + b) * (b + 1.0)
        e.backward()
        assert (e.item(), a.grad, b.grad) == (6.0, 2.0, 5.0)
        x = leaf(3.0)
        (x * x).backward()
        assert x.grad == 6.0

    def test_a_non_scalar_says_what_to_do(self):
        y = leaf([1.0, 2.0], name="x") * 2
        with pytest.raises(ValueError, match="sum|seed"):
            y.backward()
        y.backward(seed=np.array([1.0, 10.0]))
        x = y.inputs[0]
        np.testing.assert_array_equal(x.grad, [2.0, 20.0])
        with pytest.raises(ValueError, match="shape"):
            y.backward(seed=np.ones(3))

    def test_a_leaf_is_its_own_derivative(self):
        x = leaf(3.0)
        x.backward()
        assert x.grad == 1.0
        assert gradients(x, [x])[0].item() == 1.0

    def test_without_gradients_says_why(self):
        with pytest.raises(RuntimeError, match="requires_grad"):
            (Tensor(1.0) * 2).backward()
        with pytest.raises(RuntimeError, match="no_grad"):
            with no_grad():
                y = leaf(1.0) * 2
            y.backward()
        with pytest.raises(RuntimeError, match="detach"):
            (leaf(1.0).detach() * 2).backward()

    def test_until_stops_at_a_tensor(self):
        x = leaf([1.0, 2.0])
        h = x * 3.0
        loss = (h * h).sum()
        loss.backward(until=[h])
        np.testing.assert_array_equal(h.grad, [6.0, 12.0])
        assert x.grad is None
        loss.backward()
        np.testing.assert_array_equal(x.grad, [18.0, 36.0])

    def test_until_goes_on_where_other_paths_lead(self):
        x = leaf(2.0)
        h = x * 3.0
        loss = h * x
        loss.backward(until=[h])
        assert (h.grad, x.grad) == (2.0, 6.0)

    def test_only_leaves_keep_gradients(self):
        x = leaf(2.0)
        y = x * 3.0
        (y * y).backward()
        assert y.grad is None and x.grad == 36.0

    def test_what_needs_no_gradient_gets_none(self):
        x, c = leaf(2.0), Tensor(3.0)
        (x * c).backward()
        assert c.grad is None
        assert (x * c).pullbacks[1] is None

    def test_a_gradient_has_the_shape_and_dtype_of_its_tensor(self):
        for dtype in ("float16", "float32", "float64"):
            for shape, other in (((), (2, 3)), ((1,), (2, 3)), ((3, 1), (2, 3, 2)), ((0, 2), (1, 2)), ((1, 2), (0, 2))):
                x = leaf(np.ones(shape), dtype=dtype)
                (x * np.ones(other, dtype=dtype)).sum().backward()
                assert x.grad.shape == shape and x.grad.dtype == dtype

    def test_a_formula_in_double_precision_gives_a_single_gradient_to_a_single_tensor(self):
        known = dict(engine.primitives)

        @engine.primitive
        def doubled(x):
            two = np.full(x.shape, 2.0)
            return x * two, lambda dy: dy * two

        engine.primitives.clear()
        engine.primitives.update(known)
        x = leaf([1.0, 2.0], dtype="float32")
        doubled(x).sum().backward()
        assert x.grad.dtype == np.float32
        assert gradients(doubled(x).sum(), [x], create_graph=True)[0].dtype == np.float32

    def test_gradients_of_what_it_does_not_depend_on_are_zeros(self):
        x, other = leaf([1.0, 2.0]), leaf(np.ones((2, 2)), dtype="float32")
        g = gradients(squares(x), [x, other])
        np.testing.assert_array_equal(g[1].array, np.zeros((2, 2)))
        assert g[1].dtype == np.float32
        with pytest.raises(TypeError, match="requires_grad|require a gradient"):
            gradients(squares(x), [Tensor([1.0])])

    def test_gradients_of_interior_tensors_and_repeated_inputs(self):
        x = leaf([1.0, 2.0])
        h = x * 3.0
        loss = squares(h)
        at_h, at_x, again = gradients(loss, [h, x, x])
        np.testing.assert_array_equal(at_h.array, 2 * h.array)
        np.testing.assert_array_equal(at_x.array, 6 * h.array)
        np.testing.assert_array_equal(again.array, at_x.array)
        assert x.grad is None and h.grad is None
        np.testing.assert_array_equal(gradients(h, [h], seed=np.array([1.0, 2.0]))[0].array, [1.0, 2.0])

    def test_history_is_newest_first(self):
        x = leaf(1.0)
        a = x * 2.0
        b = a + x
        c = b.tanh()
        assert history(c) == [c, b, a]
        assert history(c, a) == [c, b, a]
        assert history(x) == []

    def test_higher_derivatives_of_a_polynomial(self):
        x = leaf(2.0)
        y = x**5
        values = []
        for _ in range(6):
            y = gradients(y, [x], create_graph=True)[0]
            values.append(y.item())
        np.testing.assert_allclose(values, [80.0, 160.0, 240.0, 240.0, 120.0, 0.0], rtol=1e-12)

    def test_a_patch_meets_a_dense_gradient_in_every_order(self):
        values = np.arange(1.0, 5.0)
        for order in (lambda x: x[1] * 2 + (x * x).sum(), lambda x: (x * x).sum() + x[1] * 2, lambda x: x[1] * x[1] + x[[1, 1]].sum()):
            x = leaf(values)
            order(x).backward()
            with_graph = gradients(order(x), [x], create_graph=True)[0]
            np.testing.assert_array_equal(x.grad, with_graph.array)
        assert x.grad[1] == 2 * 2 + 2

    def test_slices_of_a_long_sequence_cost_no_square(self, monkeypatch):
        """2,000 slices of 2,000 steps: one gradient array, not 2,000."""
        made, zeros = [], np.zeros
        x = leaf(np.ones((2_000, 8)), dtype="float32")
        total = ops.stack([x[t] * float(t) for t in range(2_000)]).sum()
        monkeypatch.setattr(np, "zeros", lambda shape, *more: made.append(1) or zeros(shape, *more))
        total.backward()
        assert len(made) == 1
        np.testing.assert_array_equal(x.grad[:, 0], np.arange(2_000, dtype="float32"))

    def test_any_index_meets_a_sum_that_was_made_before_it(self):
        """True copies instead of viewing, None adds an axis: a gradient added to what they return must not be lost."""
        for shape, index in (((3, 2), True), ((3, 2), None), ((3, 2), ...), ((3, 2), (True, 0)), ((), None), ((), ...), ((), True)):
            x = leaf(np.ones(shape))
            for uses in (1, 2, 3):
                older, newer = [x[index].sum() for _ in range(2)], [(x * 2.0).sum() for _ in range(uses)]
                found = sum(older) + sum(newer)
                x.zero_grad()
                found.backward()
                expected = 2.0 * uses + 2 * np.isin(np.arange(x.size).reshape(shape), np.arange(x.size).reshape(shape)[index])
                np.testing.assert_array_equal(x.grad, expected, f"x[{index}] of shape {shape} and {uses} products")

    def test_rows_listed_in_unlike_integers(self):
        W = leaf(np.ones((4, 2)))
        (W[np.array([0, -1])] + W[np.array([1, 0], "uint64")] + W[np.array([2, 0], "uint8")]).sum().backward()
        np.testing.assert_array_equal(W.grad[:, 0], [3, 1, 1, 1])

    def test_pieces_wait_no_longer_than_their_memory_allows(self, monkeypatch):
        """64 products with 1 MB each of dZ: no more than MOST_WAITING numbers are alive at once, and twice that while joined."""
        monkeypatch.setattr(sums, "MOST_WAITING", 2**20)
        W, x = leaf(np.ones((2, 512)), dtype="float32"), mg.Tensor(np.ones((512, 2), "float32"))
        total = mg.stack([((x @ W) * 2.0).sum() for _ in range(64)]).sum()
        tracemalloc.start()
        total.backward()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * 3 * 2**20
        np.testing.assert_array_equal(W.grad, 2 * 64 * 512)

    def test_waiting_products_count_their_rows_too(self, monkeypatch):
        """The same wide x in 32 products, 1 MB each: joined, their rows would take 32 MB though every dZ is small."""
        monkeypatch.setattr(sums, "MOST_WAITING", 2**19)
        W, x = leaf(np.ones((2**14, 2)), dtype="float32"), mg.Tensor(np.ones((16, 2**14), "float32"))
        total = mg.stack([(x @ W).sum() for _ in range(32)]).sum()
        tracemalloc.start()
        total.backward()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * 2**20
        np.testing.assert_array_equal(W.grad, 32 * 16)

    def test_copies_of_unlike_lengths_wait_no_longer_than_their_memory_allows(self, monkeypatch):
        monkeypatch.setattr(sums, "MOST_WAITING", 2**18)
        b, rows = leaf(np.ones(512), dtype="float32"), [mg.Tensor(np.ones((512 + t, 512), "float32")) for t in range(32)]
        total = mg.stack([((x + b) * 2.0).sum() for x in rows]).sum()
        tracemalloc.start()
        total.backward()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * 4 * 2**18
        np.testing.assert_array_equal(b.grad, 2 * sum(len(x.array) for x in rows))

    @pytest.mark.parametrize("most", [0, 1, 40, 2**22])
    @pytest.mark.parametrize("uses", [1, 2, 65])
    def test_products_and_rows_of_a_weight_are_added_together(self, uses, most, monkeypatch):
        """The gradient of W in Σ xₜW and Σ W[kₜ], whose parts wait for one another, is the sum of the parts."""
        monkeypatch.setattr(sums, "MOST_WAITING", most)
        rng = np.random.default_rng(0)
        W = leaf(rng.normal(size=(5, 4)))
        xs, places = [rng.normal(size=(1 + t % 3, 5)) for t in range(uses)], [rng.integers(5, size=t % 4) for t in range(uses)]
        seeds = [rng.normal(size=(len(x), 4)) for x in xs]
        total = (W * W).sum()
        for x, k, seed in zip(xs, places, seeds, strict=True):
            total = total + ((mg.Tensor(x) @ W) * seed).sum() + (2.0 * W[k]).sum()
        total.backward()
        counts = np.bincount(np.concatenate(places).astype(int), minlength=5)
        expected = 2 * W.array + sum(x.T @ seed for x, seed in zip(xs, seeds, strict=True)) + 2.0 * counts[:, None]
        np.testing.assert_allclose(W.grad, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(gradients(total, [W], create_graph=True)[0].array, expected, rtol=1e-10, atol=1e-12)

    def test_all_rows_are_one_product(self, monkeypatch):
        made, out = [], engine.Product.out
        W = leaf(np.ones((3, 2)))
        total = sum((mg.Tensor(np.ones((4, 3))) @ W).sum() for _ in range(10))
        monkeypatch.setattr(engine.Product, "out", lambda piece: made.append(len(piece.dz)) or out(piece))
        total.backward()
        assert made == [40]

    def test_pieces_wait_at_what_was_computed_until_the_walk_is_there(self, monkeypatch):
        """V = W·3 is no leaf: its gradient is complete when the walk reaches it, and its products are one, too."""
        made, out = [], engine.Product.out
        monkeypatch.setattr(engine.Product, "out", lambda piece: made.append(len(piece.dz)) or out(piece))
        W, x = leaf(np.ones((2, 3))), mg.Tensor(np.arange(4.0).reshape(2, 2))
        V = W * 3.0
        ((x @ V).sum() + (x @ V).sum() + V[np.array([0, 0])].sum()).backward()
        np.testing.assert_array_equal(W.grad, np.array([[2.0 * 2 + 2], [4.0 * 2]]) * 3.0 * np.ones(3))
        assert made == [4]

    @pytest.mark.parametrize("most", [0, 2**22])
    @pytest.mark.parametrize("computed", [False, True])
    def test_a_bias_shared_by_rows_of_several_numbers(self, computed, most, monkeypatch):
        """Copies of b are added before they are summed; no array of the graph is written into."""
        monkeypatch.setattr(sums, "MOST_WAITING", most)
        rng = np.random.default_rng(0)
        b = leaf(rng.normal(size=3))
        bias = b * 2.0 if computed else b
        xs = [leaf(rng.normal(size=(n, 3))) for n in (2, 2, 4, 2, 1)]
        ys = [x + bias for x in xs]
        total = sum((y * y).sum() for y in ys) + (ys[0] + bias).sum() + bias.sum()
        total.backward()
        expected = 2.0 * sum(y.array.sum(axis=0) for y in ys) + 2.0 + 2.0 + 1.0
        np.testing.assert_allclose(b.grad, expected * (2.0 if computed else 1.0), rtol=1e-12)
        np.testing.assert_allclose(gradients(total, [b], create_graph=True)[0].array, b.grad, rtol=1e-12)
        for k, (x, y) in enumerate(zip(xs, ys, strict=True)):
            np.testing.assert_allclose(x.grad, 2.0 * y.array + (1.0 if k == 0 else 0.0), rtol=1e-12)

    @pytest.mark.parametrize("most", [0, 7, 2**22])
    @pytest.mark.parametrize("cuts", [[(0, 2), (2, 5)], [(2, 5), (0, 2)], [(0, 2), (3, 5)], [(0, 3), (2, 5)], [(0, 5)], [(0, 2)], [(1, 3), (3, 5)],
                                      [(0, 2), (2, 5), (0, 5)], [(0, 2), (2, 5), (0, 2), (2, 5)]])
    @pytest.mark.parametrize("dense", ["none", "before", "after"])
    def test_parts_side_by_side(self, dense, cuts, most, monkeypatch):
        """Whether parts fill an array, leave gaps, overlap or come in another order: their gradients are added where they belong."""
        monkeypatch.setattr(sums, "MOST_WAITING", most)
        rng = np.random.default_rng(0)
        x = leaf(rng.normal(size=(3, 5)))
        y = x * 1.0
        total, expected = mg.Tensor(0.0), np.zeros((3, 5))
        for k, (start, stop) in enumerate([("all",) * 2] * (dense == "before") + cuts + [("all",) * 2] * (dense == "after")):
            part, where = (y, np.s_[:]) if start == "all" else (y[:, start:stop], np.s_[:, start:stop])
            seed = rng.normal(size=part.shape)
            total = total + (part * seed).sum()
            expected[where] += seed
        total.backward()
        np.testing.assert_allclose(x.grad, expected, rtol=1e-12, atol=1e-12)
        first = x.grad.copy()
        total.backward()
        np.testing.assert_allclose(x.grad, 2 * first, rtol=1e-12)

    @pytest.mark.parametrize(("shape", "index"), [
        ((4,), np.s_[None, :]), ((4,), np.s_[None, 0:4]), *[((3, 4), index) for index in (
            np.s_[:, None, :], np.s_[..., None, 0:4], np.s_[:, :, None], np.s_[[0, 0], 0:4], np.s_[np.array([2, 0]), 2:4],
            np.s_[np.array([True, False, True]), 0:4], np.s_[1, 0:4], np.s_[::2, 0:4], np.s_[:, 0:4:2], np.s_[:, -9:4], np.s_[:, 4:4],
        )]], ids=str)
    def test_a_slice_after_anything_else_is_no_part_of_a_split(self, shape, index):
        """New axes, places and masks before a slice, and slices with other bounds or steps, each used twice."""
        x = leaf(np.arange(float(np.prod(shape))).reshape(shape))
        (x[index] + 3.0 * x[index]).sum().backward()
        expected = np.zeros(x.shape)
        np.add.at(expected, index, 4.0)
        np.testing.assert_array_equal(x.grad, expected)

    def test_cuts_that_go_back_repeat_columns(self):
        """As np.split has it: [3, 2] cuts 0:3, nothing, and 2:4."""
        x = leaf(np.ones((2, 4)))
        mg.stack([part.sum() * weight for part, weight in zip(mg.split(x, [3, 2], axis=1), (1.0, 2.0, 3.0), strict=True)]).sum().backward()
        np.testing.assert_array_equal(x.grad, [[1.0, 1.0, 1.0 + 3.0, 3.0]] * 2)

    def test_a_split_is_put_together_without_zeros(self, monkeypatch):
        made, zeros = [], np.zeros
        y = leaf(np.ones((2, 6))) * 1.0
        a, b, c = ops.split(y, 3, axis=-1)
        loss = (a * b * c).sum()
        monkeypatch.setattr(np, "zeros", lambda *given, **more: made.append(1) or zeros(*given, **more))
        loss.backward()
        assert made == []



class TestRecording:
    def test_no_grad_is_a_context_and_a_decorator(self):
        x = leaf(1.0)
        with no_grad():
            assert (x * 2).op is None and not (x * 2).requires_grad
            with no_grad():
                pass
            assert not (x * 2).requires_grad
        assert (x * 2).requires_grad

        @no_grad()
        def double(t):
            """twice"""
            return t * 2

        assert not double(x).requires_grad and double.__doc__ == "twice"
        with pytest.raises(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert (x * 2).requires_grad

    def test_detach_cuts(self):
        x = leaf(2.0)
        y = x * 3.0
        (y.detach() * x).backward()
        assert x.grad == 6.0

    def test_scopes_nest_and_leave(self):
        x = leaf(1.0)
        with scope("encoder"), scope("cell", t=3):
            y = x * 2
            with scope("gate"):
                z = x * 2
        assert (y.scope.path, y.scope.step) == ("encoder/cell", 3)
        assert (z.scope.path, z.scope.step) == ("encoder/cell/gate", 3)
        assert engine.current_scope().path == ""
        with pytest.raises(KeyError), scope("lost"):
            raise KeyError
        assert engine.current_scope().path == ""

    def test_observers_hear_everything_in_order(self):
        heard = []

        class Listener(engine.Observer):
            def recorded(self, y):
                heard.append(("recorded", y.op.__name__))

            def arrived(self, y, dy):
                heard.append(("arrived", y.name, float(dy)))

            def contributed(self, y, k, x, dx):
                heard.append(("contributed", k, x.name, float(dx)))

        a, b = leaf(2.0, "a"), leaf(5.0, "b")
        listener = Listener()
        engine.observers.append(listener)
        try:
            c = a * b
            c.name = "c"
            (c + a).backward()
        finally:
            engine.observers.remove(listener)
        (a * b).backward()
        assert heard[:2] == [("recorded", "multiply"), ("recorded", "add")]
        assert ("contributed", 0, "c", 1.0) in heard and ("contributed", 1, "a", 1.0) in heard
        assert heard.index(("arrived", "c", 1.0)) < heard.index(("contributed", 0, "a", 5.0))
        assert ("arrived", "a", 6.0) in heard[-2:] and ("arrived", "b", 2.0) in heard[-2:]

    def test_wrap_shares_and_tensor_copies(self):
        a = np.zeros(2)
        assert wrap(a).array is a and not np.shares_memory(Tensor(a).array, a)


# ------------------------------------------------------------------------------------------------ what errors say


class TestErrors:
    def notes(self, error):
        return str(error.value) + "\n" + "\n".join(getattr(error.value, "__notes__", []))

    def test_a_wrong_shape_names_the_operation_and_its_operands(self):
        x, W = leaf(np.ones((2, 5)), "x"), leaf(np.ones((3, 4)), "W")
        for operation, call in [("matmul", lambda: x @ W), ("add", lambda: x + W), ("einsum", lambda: ops.einsum("ij,jk->ik", x, W))]:
            with pytest.raises(ValueError) as error:
                call()
            text = self.notes(error)
            assert operation in text and "x[2, 5]" in text and "W[3, 4]" in text
        with pytest.raises(ValueError) as error, scope("decoder"), scope("lstm", t=7):
            x @ W
        assert "decoder/lstm" in self.notes(error) and "7" in self.notes(error)

    def test_a_shape_that_does_not_fit_is_told_what_would(self):
        x = leaf(np.ones((2, 5)), "x")
        for call, mend in [(lambda: x @ np.ones((3, 4)), "as many columns in x"), (lambda: x @ 2.0, "a number multiplies by *"),
                           (lambda: x + np.ones(4), "compared from the right")]:
            with pytest.raises((ValueError, AttributeError)) as error:
                call()
            assert mend in self.notes(error)

    def test_a_tensor_without_a_name_is_named_by_its_shape(self):
        with pytest.raises(ValueError) as error:
            leaf(np.ones((2, 5))) @ leaf(np.ones((3, 4)))
        assert "[2, 5]" in self.notes(error) and "[3, 4]" in self.notes(error)

    @pytest.mark.parametrize(
        ("operation", "call"),
        [
            ("reshape", lambda x: x.reshape(7)),
            ("concatenate", lambda x: ops.concatenate([x, x[0]])),
            ("stack", lambda x: ops.stack([x, x[0]])),
            ("sum", lambda x: x.sum(5)),
            ("getitem", lambda x: x[9]),
            ("transpose", lambda x: x.transpose(0, 2)),
            ("squeeze", lambda x: x.squeeze(0)),
        ],
    )
    def test_every_operation_names_itself(self, operation, call):
        with pytest.raises((ValueError, IndexError)) as error:
            call(leaf(np.ones((2, 3)), "x"))
        assert re.search(rf"{operation}\b.*x\[2, 3\]", self.notes(error))

    def test_targets_and_indices_are_checked(self):
        x = leaf(np.zeros((2, 3)))
        with pytest.raises(IndexError, match="3"):
            ops.cross_entropy(x, [0, 3])
        with pytest.raises(TypeError, match="integers"):
            ops.cross_entropy(x, [0.0, 1.0])
        with pytest.raises(ValueError, match="shape"):
            ops.cross_entropy(x, [[0, 1]])
        with pytest.raises(IndexError):
            ops.embedding(x, [2])
        with pytest.raises(IndexError):
            ops.embedding(x, [-1])
        with pytest.raises(TypeError, match="integers"):
            ops.embedding(x, [0.5])

    @pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", ">u4", ">i8", "u8"])
    def test_integers_of_any_kind_and_byte_order_are_places(self, dtype):
        x, targets = leaf(np.arange(12.0).reshape(3, 4)), np.array([0, 3, 2], dtype)
        assert ops.cross_entropy(x, targets).shape == (3,)
        np.testing.assert_array_equal(ops.embedding(mg.transpose(x), targets).data, x.array.T[[0, 3, 2]])
        with pytest.raises(IndexError, match="no class 3: there are 3"):
            ops.cross_entropy(x[:, :3], targets)
        if dtype[-2] == "i":
            with pytest.raises(IndexError, match="no class -1"):
                ops.cross_entropy(x, -(targets > 0).astype(dtype))

    def test_what_is_no_number_is_refused(self):
        for data in ("text", ["a", "b"], np.array([1j]), np.array(["x"]), None, {}):
            with pytest.raises(TypeError):
                Tensor(data)


# ------------------------------------------------------------------------------------------------ anomaly mode


class TestAnomaly:
    def test_forward_names_operation_layer_step_and_line(self):
        x = leaf([1.0, 0.0], "x")
        quiet, cell = np.errstate(all="ignore"), scope("cell", t=4)
        with quiet, mg.detect_anomaly(), scope("rnn"), cell, pytest.raises(FloatingPointError) as error:
            ops.log(x)
        text = str(error.value)
        assert all(part in text for part in ("log", "x[2]", "rnn/cell", "step 4", "test_engine.py"))

    def test_backward_names_operation_layer_and_step(self):
        x = leaf([1.0, 0.0], "x")
        with np.errstate(all="ignore"), mg.detect_anomaly():
            with scope("rnn", t=2):
                y = ops.sqrt(x)
            with pytest.raises(FloatingPointError) as error:
                y.sum().backward()
        text = str(error.value)
        assert all(part in text for part in ("backward", "sqrt", "rnn", "step 2"))

    def test_it_is_silent_where_all_is_finite_and_off_afterwards(self):
        x = leaf([1.0, 2.0])
        with mg.detect_anomaly():
            squares(x).backward()
            gradients((x**3).sum(), [x], create_graph=True)
        with np.errstate(all="ignore"):
            assert np.isinf(ops.log(leaf([0.0])).array).all()
        assert engine.observers == []

    def test_the_first_one_is_named_not_its_consequences(self):
        x = leaf([0.0], "x")
        with np.errstate(all="ignore"), mg.detect_anomaly(), pytest.raises(FloatingPointError, match="divide"):
            y = 1.0 / x
            (y * 2.0).tanh()


# ------------------------------------------------------------------------------------------------ typed stubs


def test_the_stubs_of_tensor_are_what_ops_attaches():
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(engine))
    tensor = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    block = next(node for node in tensor.body if isinstance(node, ast.If))
    declared = {node.name for node in block.body if isinstance(node, ast.FunctionDef)}
    declared |= {node.target.id for node in block.body if isinstance(node, ast.AnnAssign)}
    attached = {*ops.OPERATORS, *ops.METHODS, "T", "__array_ufunc__", "__array_function__"}
    assert declared == attached


def test_integers_made_to_want_a_gradient_are_refused():
    x = mg.Tensor(np.arange(3))
    x.requires_grad = True
    with pytest.raises(TypeError, match="integers have no gradients"):
        (x * 1.5).sum().backward()


def test_an_unsupported_function_of_a_submodule_says_its_whole_name():
    with pytest.raises(TypeError, match=r"np\.linalg\.inv has no minigrad operation"):
        np.linalg.inv(mg.Tensor(np.eye(2)))


class TestFoundByReview:
    """Ways to a wrong answer that a reader found, and that now end well."""

    @pytest.mark.parametrize("reach", [
        lambda y: y.data.base, lambda y: np.asarray(y).base, lambda y: y.numpy().base, lambda y: y.data,
    ], ids=["data.base", "asarray.base", "numpy().base", "unlocked view"])
    def test_values_of_a_computed_tensor_cannot_be_reached(self, reach):
        x = leaf([1.0, 2.0])
        y = mg.exp(x)
        array = reach(y)
        if array is not None:
            with pytest.raises(ValueError, match="WRITEABLE|read-only"):
                array.flags.writeable = True if array.base is not None else array.flags.writeable
                array[...] = 0.0
        y.sum().backward()
        assert np.allclose(x.grad, np.exp([1.0, 2.0]))

    def test_a_view_of_memory_that_others_write_is_handed_out_as_a_copy(self):
        h = mg.layers.RNN(3, return_sequences=True)(np.ones((2, 4, 3), "float32"))
        assert not h.data.flags.writeable
        with pytest.raises(ValueError):
            h.data.flags.writeable = True

    def test_a_trace_entered_again_begins_anew(self):
        w, trace = leaf(2.0), mg.Trace()
        for _ in range(3):
            with trace:
                loss = w * w
            w.zero_grad()
            loss.backward()
        assert np.isclose(sum(part.array for part in trace.contributions(w)), w.grad)

    def test_until_takes_one_tensor(self):
        x = leaf([1.0, 2.0, 3.0])
        h = x * 2.0
        (h * h).sum().backward(until=h)
        assert x.grad is None
        assert np.allclose(h.grad, 2 * h.data)

    def test_one_parameter_is_a_list_of_one(self):
        w = mg.Parameter([1.0])
        w.sum().backward()
        assert mg.clip_by_global_norm(w, 0.5) == 1.0
        mg.optimizers.SGD(0.1).step(w)
        assert np.allclose(w.data, 0.95)

    def test_bounds_that_broadcast_and_bounds_that_change(self):
        x, low = leaf([1.0, 2.0, 3.0]), np.zeros((2, 3))
        y = mg.clip(x, low, None)
        low[:] = 100.0
        y.sum().backward()
        assert np.allclose(x.grad, [2.0, 2.0, 2.0])

    @pytest.mark.parametrize("call", [
        lambda x: mg.leaky_relu(x, x), lambda x: mg.clip(x, x, None), lambda x: mg.pad(x, 1, constant_values=x),
    ])
    def test_a_tensor_is_no_setting(self, call):
        with pytest.raises(TypeError, match="is a setting"):
            call(leaf([1.0]))

    def test_a_seed_that_is_a_tensor_is_checked_too(self):
        x = leaf([1.0, 2.0, 3.0])
        with pytest.raises(ValueError, match="seed"):
            mg.gradients(x * x, [x], seed=mg.Tensor(np.ones((2, 3))), create_graph=True)

    def test_a_rule_owes_a_pullback_for_each_input(self):
        def lazy(x, y, *, k=1):
            return x * y, lambda dz: dz * y
        op = engine.primitive(lazy)
        engine.primitives.pop("lazy")
        with pytest.raises(TypeError, match="2 inputs and returned 1 pullbacks"):
            op(leaf(1.0), leaf(2.0))

    def test_contexts_nest_in_themselves(self):
        pause, where = mg.no_grad(), mg.scope("a", t=1)
        with pause, pause, where, where:
            pass
        y = leaf(1.0) * 2.0
        assert y.requires_grad
        assert y.scope.path == ""

    def test_operations_on_bare_numbers_follow_floatx(self):
        assert mg.tanh(0.5).dtype == mg.add(1, 2).dtype == mg.maximum(0, 1).dtype == np.float32

    def test_numpys_positions(self):
        x = mg.Tensor(np.arange(6.0).reshape(2, 3))
        assert np.sum(x, 0, None, None, True).shape == (1, 3)
        assert np.max(x, 0, None, True).shape == (1, 3)
        assert np.allclose(np.var(x, 1, None, None, 1).data, np.var(x.data, 1, None, None, 1))
        with pytest.raises(TypeError, match="axis, keepdims, got 4"):
            mg.sum(x, 0, False, 7, 8)

    def test_an_infinite_sum_of_finite_parts_is_an_anomaly(self):
        x = mg.Tensor(np.array([1e-30], np.float32), requires_grad=True)
        with mg.detect_anomaly(), np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="sum of finite parts"):
            (x * 3e38 + x * 2e38).sum().backward()

    def test_named_arguments_reach_plain_functions(self):
        x = mg.Tensor([1.0, 2.0])
        assert np.allclose(a=x, b=x)
        assert np.argmax(a=x) == 1

    def test_dot_of_stacks_is_refused(self):
        with pytest.raises(TypeError, match="axes meet"):
            np.dot(leaf(np.ones((2, 3, 4))), np.ones((2, 4, 5)))


@pytest.mark.parametrize("shape", [(3, 4), (40, 50)], ids=["few", "many"])
def test_relus_slope_is_right_at_every_size(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    assert mg.check_gradients(lambda a: mg.relu(a) * a, x, order=2) < 1e-6


def test_a_setting_that_changes_afterwards_changes_no_gradient():
    x, width = leaf([1.0, 2.0, 3.0]), np.array([[1, 2]])
    y = (mg.pad(x, width) * np.arange(6.0)).sum()
    width[:] = [[2, 1]]
    assert np.allclose(gradients(y, [x], create_graph=True)[0].data, [1.0, 2.0, 3.0])
