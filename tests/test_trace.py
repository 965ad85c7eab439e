"""A Trace tells the truth: what was recorded, what arrived, and parts that add up to the gradient, bit for bit."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import minigrad as mg
from minigrad import engine, ops
from minigrad.engine import Parameter, Tensor, scope


def unrolled(W, xs, h):
    """A vanilla net over a sequence, one scope for each step: the loss sums all states."""
    total = 0.0
    for t, x in enumerate(xs):
        with scope("rnn", t=t):
            h = ops.tanh(x + h @ W)
        total = total + h.sum()
    return total


@pytest.fixture
def rnn():
    rng = np.random.default_rng(0)
    W = Parameter(rng.normal(size=(3, 3)), name="W")
    return W, rng.normal(size=(5, 2, 3)), Tensor(np.zeros((2, 3)))


def test_the_parts_add_up_to_the_gradient_bit_for_bit(rnn):
    W, xs, h = rnn
    with mg.Trace() as trace:
        loss = unrolled(W, xs, h)
        loss.backward()
    arrivals = trace.arrivals(W)
    total = arrivals[0].array
    for part in arrivals[1:]:
        total = total + part.array
    assert len(arrivals) == 5
    assert np.array_equal(total, W.grad)
    assert np.array_equal(trace.gradient(W), W.grad)
    np.testing.assert_allclose(sum(part.array for part in trace.contributions(W)), W.grad, rtol=1e-12)


def test_contributions_are_in_order_of_time_and_arrivals_in_order_of_visit(rnn):
    W, xs, h = rnn
    with mg.Trace() as trace:
        unrolled(W, xs, h).backward()
    assert [part.t for part in trace.contributions(W)] == [0, 1, 2, 3, 4]
    assert [part.t for part in trace.arrivals(W)] == [4, 3, 2, 1, 0]
    for part in trace.contributions(W):
        assert part.scope.path == "rnn" and part.op.__name__ == "matmul" and part.position == 1
        assert part.output.inputs[part.position] is W
        assert part.array.shape == W.shape


def test_each_part_is_the_gradient_of_an_untied_copy(rnn):
    """A shared weight's gradient is the sum over copies that are not shared: each part is one copy's."""
    W, xs, h = rnn
    with mg.Trace() as trace:
        unrolled(W, xs, h).backward()
    copies = [Parameter(W.array) for _ in xs]
    state, total = h, 0.0
    for x, copy in zip(xs, copies, strict=True):
        state = ops.tanh(x + state @ copy)
        total = total + state.sum()
    total.backward()
    for part, copy in zip(trace.contributions(W), copies, strict=True):
        np.testing.assert_allclose(part.array, copy.grad, rtol=1e-12, atol=1e-15)


def test_parts_of_a_sliced_tensor_are_dense():
    x = Parameter(np.arange(6.0).reshape(3, 2), name="x")
    with mg.Trace() as trace:
        loss = (x[0] * 2.0 + x[2] * 3.0).sum() + x[[0, 0]].sum()
        loss.backward()
    parts = [part.array for part in trace.arrivals(x)]
    assert all(part.shape == (3, 2) for part in parts)
    np.testing.assert_array_equal(sum(parts), x.grad)
    np.testing.assert_array_equal(x.grad, [[4.0, 4.0], [0.0, 0.0], [3.0, 3.0]])


def test_interior_gradients_and_none_for_what_was_not_computed(rnn):
    W, xs, h = rnn
    with mg.Trace() as trace:
        y = (h + xs[0]) @ W
        z = y.tanh()
        unused = z * 2.0
        z.sum().backward()
    np.testing.assert_allclose(trace.gradient(y), 1 - np.tanh(y.array) ** 2)
    np.testing.assert_array_equal(trace.gradient(z), np.ones((2, 3)))
    assert trace.gradient(unused) is None
    assert trace.contributions(unused) == []


def test_only_the_last_backward_counts(rnn):
    W, xs, h = rnn
    with mg.Trace() as trace:
        loss = unrolled(W, xs, h)
        loss.backward()
        first = W.grad.copy()
        loss.backward()
    np.testing.assert_array_equal(W.grad, 2 * first)
    np.testing.assert_array_equal(trace.gradient(W), first)
    assert len(trace.arrivals(W)) == 5


def test_backward_may_come_after_the_block(rnn):
    W, xs, h = rnn
    with mg.Trace() as trace:
        loss = unrolled(W, xs, h)
    loss.backward()
    np.testing.assert_array_equal(trace.gradient(W), W.grad)
    assert len(trace.contributions(W)) == 5


def test_tensors_are_in_order_of_creation():
    a, b = Parameter(2.0), Parameter(3.0)
    with mg.Trace() as trace:
        c = a + b
        d = b + 1.0
        e = c * d
        Tensor(1.0) + Tensor(2.0)
    assert trace.tensors == [c, d, e]


def test_names_are_those_of_the_variables_and_a_given_name_wins():
    a, b = Parameter(2.0, name="alpha"), Parameter(3.0)

    def cell(x, y):
        gate = x * y
        gate2 = (gate + 1.0).tanh()
        return gate2

    with mg.Trace() as trace:
        c = a + b
        d = cell(c, b)
        e = c * d
    assert [trace.name(t) for t in (a, b, c, e)] == ["alpha", "b", "c", "e"]
    assert trace.name(d) in ("d", "gate2")
    gate = d.inputs[0].inputs[0]
    assert trace.name(gate) == "gate"
    assert trace.name(d.inputs[0]) is None
    e.name = "error"
    assert trace.name(e) == "error"


def test_where_is_the_users_line():
    a = Parameter(2.0)
    with mg.Trace() as trace:
        c = a.tanh()
    assert trace.where(c).startswith("test_trace.py:")


def test_a_trace_leaves_no_observer_and_no_cycle(rnn):
    W, xs, h = rnn
    gc.collect()
    gc.disable()
    try:
        with mg.Trace() as trace:
            loss = unrolled(W, xs, h)
            loss.backward()
        del trace, loss
        unrolled(W, xs, h).backward()
        assert engine.observers == []
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_error_inside_names_the_line_and_leaves_no_observer(rnn):
    W, xs, _ = rnn
    with pytest.raises(ValueError) as error, mg.Trace():
        Tensor(xs[0]) @ W.T[:2]
    assert any("test_trace.py" in note for note in error.value.__notes__)
    del error
    gc.collect()
    Parameter(1.0).tanh().backward()
    assert engine.observers == []


def test_tracing_says_whether_layers_should_unroll():
    assert not engine.tracing()
    with mg.Trace():
        assert engine.tracing()
        with mg.Trace(kernels=True):
            assert engine.tracing() in (True, False)
    with mg.Trace(kernels=True):
        assert not engine.tracing()
    assert not engine.tracing()


def test_what_is_traced_is_what_is_computed(rnn):
    W, xs, h = rnn
    plain = unrolled(W, xs, h)
    plain.backward()
    expected = W.grad.copy()
    W.zero_grad()
    with mg.Trace():
        traced = unrolled(W, xs, h)
        traced.backward()
    assert traced.item() == plain.item()
    np.testing.assert_allclose(W.grad, expected, rtol=1e-13)        # the same sum, of parts instead of stacked rows


def test_a_second_trace_does_not_disturb_the_first(rnn):
    W, xs, h = rnn
    with mg.Trace() as first:
        loss = unrolled(W, xs, h)
        loss.backward()
    expected = first.gradient(W).copy()
    with mg.Trace() as second:
        unrolled(W, xs[:2], h).backward()
    np.testing.assert_array_equal(first.gradient(W), expected)
    assert len(second.contributions(W)) == 2 and len(first.contributions(W)) == 5
