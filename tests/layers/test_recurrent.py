"""Recurrent layers: two paths and one truth, agreement with PyTorch, and what the options mean.

The two paths are the loop over time, whose every operation is a node, and the kernel that does the sequence at once.
"""

from __future__ import annotations

import contextlib
import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import engine, ops
from minigrad.layers.cells import Cell, GRUCell, LSTMCell, RNNCell
from minigrad.layers.recurrent import GRU, LSTM, RNN, SimpleRNN

LAYERS = {
    "RNN": (RNN, {}), "RNN relu": (RNN, {"activation": "relu"}), "RNN sigmoid": (RNN, {"activation": "sigmoid"}),
    "RNN linear": (RNN, {"activation": "linear"}), "RNN hard_sigmoid": (RNN, {"activation": "hard_sigmoid"}),
    "LSTM": (LSTM, {}), "LSTM peephole": (LSTM, {"peephole": True}), "LSTM coupled": (LSTM, {"coupled": True}),
    "LSTM peephole coupled": (LSTM, {"peephole": True, "coupled": True}),
    "LSTM relu": (LSTM, {"activation": "relu", "recurrent_activation": "hard_sigmoid"}),
    "GRU": (GRU, {}), "GRU reset_after": (GRU, {"reset_after": True}),
}
PLAIN = ["RNN", "LSTM", "GRU", "GRU reset_after"]


def make(kind, units=3, **options):
    cls, own = LAYERS[kind]
    return cls(units, **{"dtype": "float64", "bias_initializer": "normal", **own, **options})


def twins(kind, shape, units=3, **options):
    """(the kernel's layer, the loop's layer), with the same random weights."""
    one, other = make(kind, units, **options), make(kind, units, unroll=True, **options)
    trial = np.zeros(shape, "int64" if len(shape) == 2 else "float64")
    one(trial), other(trial)
    rng = np.random.default_rng(3)
    weights = [rng.normal(0.0, 0.6, w.shape) for w in one.get_weights()]
    one.set_weights(weights), other.set_weights(weights)
    return one, other


def results(layer, x, *, mask=None, initial_state=None):
    """The outputs, and the gradients of a fixed random sum of them: with respect to x, the states and every weight."""
    x = mg.Tensor(x, requires_grad=x.dtype.kind == "f")
    states = [mg.Tensor(s, requires_grad=True) for s in initial_state] if initial_state else None
    outputs = layer(x, mask=mask, initial_state=states)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    rng = np.random.default_rng(5)
    loss = sum((y * rng.normal(size=y.shape)).sum() for y in outputs)
    layer.zero_grad()
    loss.backward()
    leaves = [*([x] if x.requires_grad else []), *(states or []), *layer.parameters()]
    return [*[y.data for y in outputs], *[leaf.grad for leaf in leaves]], outputs


def assert_same(found, expected, tolerance=1e-10):
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


sizes = st.integers(1, 4)


@pytest.mark.parametrize("kind", LAYERS)
@given(N=sizes, T=sizes, features=sizes, units=sizes, integers=st.booleans(), masked=st.booleans(), first=st.booleans(),
       use_bias=st.booleans(), go_backwards=st.booleans(), return_sequences=st.booleans(), return_state=st.booleans())
def test_kernel_and_loop_agree(kind, N, T, features, units, integers, masked, first, **options):
    """Values and every gradient, to 1e-10."""
    rng = np.random.default_rng(2)
    x = rng.integers(features, size=(N, T)) if integers else rng.normal(size=(N, T, features))
    if integers:
        options["input_dim"] = features
    fast, slow = twins(kind, x.shape, units, **options)
    mask = rng.random((N, T)) < 0.6 if masked else None
    states = [rng.normal(size=(N, size)) for size in fast.cell.state_sizes] if first else None
    found, _ = results(fast, x, mask=mask, initial_state=states)
    expected, outputs = results(slow, x, mask=mask, initial_state=states)
    assert_same(found, expected)
    names = {y.op.__name__ for y in engine.history(*outputs)}
    assert not names & {"rnn", "lstm", "gru"}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_kernel_and_loop_agree_in_blocks(kind, masked, return_sequences):
    """At a size whose products are cut into columns, also where a gradient comes from the last state alone."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 4, 5))
    fast, slow = twins(kind, x.shape, 32, return_sequences=return_sequences)
    mask = rng.random((3, 4)) < 0.6 if masked else None
    assert_same(results(fast, x, mask=mask)[0], results(slow, x, mask=mask)[0])


@pytest.mark.parametrize("kind", PLAIN)
def test_which_path_is_taken(kind):
    """unroll=True and a Trace show the steps; else the kernel is one node; an activation without a kernel goes step by step."""
    x = np.zeros((2, 4, 3))

    def kernels_in(layer):
        return [y for y in engine.history(layer(x)) if getattr(y.op, "is_kernel", False)]
    layer = make(kind)
    assert len(kernels_in(layer)) == 1
    assert not kernels_in(make(kind, unroll=True))
    assert not kernels_in(make(kind, activation="softplus"))
    with mg.Trace():
        assert not kernels_in(layer)
    with mg.Trace(kernels=True):
        assert kernels_in(layer)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("unroll", [False, True])
def test_float32_stays_float32(kind, unroll):
    layer = make(kind, dtype="float32", unroll=unroll, return_sequences=True, return_state=True)
    found, _ = results(layer, np.ones((2, 3, 4), "float32"))
    assert {array.dtype for array in found} == {np.dtype("float32")}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("unroll", [False, True])
def test_padding_changes_nothing(kind, unroll):
    """A sequence padded at its end, at its start and in the middle has the result and the gradients of the short one."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4))
    layer = make(kind, unroll=unroll, return_state=True)
    expected, _ = results(layer, x)
    for places in ([0, 1, 2], [2, 3, 4], [0, 2, 4]):
        padded, mask = np.full((2, 5, 4), 9.0), np.zeros((2, 5), bool)
        padded[:, places], mask[:, places] = x, True
        found, outputs = results(layer, padded, mask=mask)
        count = len(outputs)
        assert_same(found[:count] + found[count + 1:], expected[:count] + expected[count + 1:])
        dx = found[count]
        np.testing.assert_allclose(dx[:, places], expected[count], atol=1e-12)
        assert not dx[~mask].any()


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("unroll", [False, True])
def test_lengths_in_one_batch_equal_one_by_one(kind, unroll):
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(3, 6, 2)), [6, 2, 4]
    layer = make(kind, unroll=unroll)
    together = layer(x, mask=np.arange(6) < np.array(lengths)[:, None]).data
    for n, length in enumerate(lengths):
        np.testing.assert_allclose(together[n:n + 1], layer(x[n:n + 1, :length]).data, atol=1e-12)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("unroll", [False, True])
def test_one_step_at_a_time_is_the_whole_sequence(kind, unroll):
    """With the state carried: by hand, by the cell, and by a stateful layer in windows."""
    x = np.random.default_rng(0).normal(size=(2, 6, 3))
    layer = make(kind, unroll=unroll, return_sequences=True, return_state=True)
    whole, *states = layer(x)
    after = [mg.Tensor(np.zeros((2, 3))) for _ in states]
    for t in range(6):
        y, *after = layer(x[:, t:t + 1], initial_state=after)
        np.testing.assert_allclose(y.data[:, 0], whole.data[:, t], atol=1e-12)
    by_cell = [mg.Tensor(np.zeros((2, 3))) for _ in states]
    for t in range(6):
        y, by_cell = layer.cell(x[:, t], by_cell)
    for a, b, c in zip(states, after, by_cell):
        np.testing.assert_allclose(a.data, b.data, atol=1e-12)
        np.testing.assert_allclose(a.data, c.data, atol=1e-12)

    stateful = make(kind, unroll=unroll, return_sequences=True, stateful=True)
    stateful(x[:, :1])
    stateful.cell.set_weights(layer.cell.get_weights())
    for _ in range(2):
        stateful.reset_states()
        windows = [stateful(x[:, start:start + 2]).data for start in (0, 2, 4)]
        np.testing.assert_allclose(np.concatenate(windows, axis=1), whole.data, atol=1e-12)


@pytest.mark.parametrize("unroll", [False, True])
def test_no_gradient_goes_back_into_an_earlier_window(unroll):
    layer = make("LSTM", stateful=True, unroll=unroll)
    first = mg.Tensor(np.ones((1, 2, 3)), requires_grad=True)
    layer(first)
    layer(np.ones((1, 2, 3))).sum().backward()
    assert first.grad is None


@pytest.mark.parametrize("kind", PLAIN)
def test_integers_are_rows(kind):
    """The same as one-hot vectors, with the same gradients, and numbers outside the rows are refused."""
    x = np.array([[0, 3, 3, 1], [2, 0, 1, 1]])
    for unroll in (False, True):
        layer = make(kind, input_dim=5, unroll=unroll)
        found, _ = results(layer, x)
        expected, _ = results(layer, np.eye(5)[x])
        assert_same(found, [expected[0], *expected[2:]])
        with pytest.raises(IndexError, match="0 … 4"):
            layer(x + 2)


def test_the_kernel_gathers_one_node_and_one_gather():
    """No one-hot vectors are made: the history of a kernel's output is three nodes."""
    layer = make("LSTM", input_dim=5)
    assert [y.op.__name__ for y in engine.history(layer(np.zeros((2, 3), int)))] == ["part", "lstm"]


@pytest.mark.parametrize("kind", LAYERS)
def test_second_derivatives_through_the_loop(kind):
    """H v by differentiating twice equals a difference of gradients."""
    x = np.random.default_rng(0).normal(size=(2, 3, 2))
    layer = make(kind, unroll=True)
    layer(x)
    W = layer.W_hh
    start = np.random.default_rng(1).normal(0.0, 0.5, W.shape)
    v = np.random.default_rng(2).normal(size=W.shape)

    def gradient(weight, create_graph=False):
        W.data = weight
        return mg.gradients((layer(x) ** 2).sum(), [W], create_graph=create_graph)[0]
    exact = mg.gradients((gradient(start, True) * v).sum(), [W])[0]
    difference = (gradient(start + 1e-6 * v).data - gradient(start - 1e-6 * v).data) / 2e-6
    np.testing.assert_allclose(exact.data, difference, rtol=1e-5, atol=1e-6)


def test_second_derivative_of_a_kernel_names_the_way_out():
    layer = make("GRU")
    x = mg.Tensor(np.ones((1, 2, 2)), requires_grad=True)
    with pytest.raises(Exception, match="unroll=True"):
        mg.gradients(layer(x).sum(), [x], create_graph=True)


def test_second_derivatives_of_a_window_that_was_carried_on():
    """What a stateful layer remembers next does not disturb the graph of the call before."""
    layer = make("RNN", stateful=True, unroll=True)
    layer(np.ones((1, 2, 3)))
    loss = (layer(np.ones((1, 2, 3))) ** 2).sum()
    (slope,) = mg.gradients(loss, [layer.W_hh], create_graph=True)
    assert slope.op is not None


# ------------------------------------------------------------------------------- cells

class Leaky(Cell):
    """h' = ½h + ½tanh(x W + h W + b), as a user would write it"""

    def step(self, x, h):
        return 0.5 * h + 0.5 * ops.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


@pytest.mark.parametrize("integers", [False, True])
def test_a_cell_of_ones_own(integers):
    x = np.array([[1, 0, 2]]) if integers else np.ones((2, 3, 4))
    layer = RNN(Leaky(5), return_sequences=True, **({"input_dim": 3} if integers else {}))
    y = layer(x)
    assert y.shape == (len(x), 3, 5)
    y.sum().backward()
    assert all(w.grad is not None for w in layer.parameters())


def test_stacked_cells_are_layers_in_line():
    """RNN([cell, cell]) by loop and by kernels, and two layers with the same weights."""
    x = np.random.default_rng(0).normal(size=(2, 4, 3))

    def cells():
        return [LSTMCell(3, dtype="float64"), GRUCell(4, dtype="float64"), RNNCell(2, dtype="float64")]
    fast, slow = RNN(cells(), dtype="float64", return_state=True), RNN(cells(), dtype="float64", return_state=True, unroll=True)
    fast(x), slow(x)
    slow.set_weights(fast.get_weights())
    found, outputs = results(fast, x)
    assert len(outputs) == 1 + 4 and outputs[0].shape == (2, 2)
    assert_same(found, results(slow, x)[0])
    line = [make("LSTM", 3, return_sequences=True), make("GRU", 4, return_sequences=True), make("RNN", 2)]
    y = mg.Tensor(x)
    for layer, cell in zip(line, fast.cell.cells):
        layer(y)
        layer.set_weights(cell.get_weights())
        y = layer(y)
    np.testing.assert_allclose(y.data, outputs[0].data, atol=1e-12)


def test_shared_weights_gradient_is_the_sum_over_untied_copies():
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    cell = RNNCell(3, dtype="float64")
    layer = RNN(cell, dtype="float64", unroll=True)
    layer(x).sum().backward()
    copies = [mg.Tensor(cell.W_hh.data, requires_grad=True) for _ in range(4)]
    h = mg.Tensor(np.zeros((2, 3)))
    for t, W in enumerate(copies):
        h = ops.tanh(x[:, t] @ cell.W_xh + h @ W + cell.b)
    h.sum().backward()
    np.testing.assert_allclose(cell.W_hh.grad, sum(W.grad for W in copies), atol=1e-12)


@pytest.mark.parametrize("kind", PLAIN)
def test_contributions_add_up(kind):
    layer = make(kind)
    with mg.Trace() as trace:
        layer(np.random.default_rng(0).normal(size=(2, 4, 3))).sum().backward()
    shares = trace.contributions(layer.W_hh)
    assert {share.t for share in shares} <= {0, 1, 2, 3}
    np.testing.assert_allclose(sum(share.array for share in shares), layer.W_hh.grad, atol=1e-12)


def test_the_position_is_the_step_also_backwards():
    """go_backwards visits the last step first, and each step keeps its own t."""
    layer = make("RNN", go_backwards=True)
    with mg.Trace() as trace:
        layer(np.ones((1, 3, 2))).sum().backward()
    steps = [y.scope.step for y in trace.tensors if y.op.__name__ == "tanh"]
    assert steps == [2, 1, 0]


# ------------------------------------------------------------------------------- Keras' options

def test_shapes_of_what_comes_back():
    x = np.ones((2, 5, 3))
    assert make("LSTM", 4)(x).shape == (2, 4)
    assert make("LSTM", 4, return_sequences=True)(x).shape == (2, 5, 4)
    y, h, c = make("LSTM", 4, return_sequences=True, return_state=True)(x)
    assert (y.shape, h.shape, c.shape) == ((2, 5, 4), (2, 4), (2, 4))
    np.testing.assert_array_equal(y.data[:, -1], h.data)
    assert SimpleRNN is RNN


@pytest.mark.parametrize("kind", PLAIN)
def test_go_backwards_is_the_reversed_input(kind):
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    forwards = make(kind, return_sequences=True)
    backwards = make(kind, return_sequences=True, go_backwards=True)
    forwards(x), backwards(x)
    backwards.set_weights(forwards.get_weights())
    np.testing.assert_allclose(backwards(x).data, forwards(x[:, ::-1].copy()).data, atol=1e-12)


def test_the_mask_travels_only_with_a_sequence():
    x = mg.Tensor(np.ones((1, 3, 2)))
    x.mask = np.array([[True, True, False]])
    assert make("RNN", return_sequences=True)(x).mask is x.mask
    assert make("RNN")(x).mask is None


def test_biases_begin_as_keras_has_them():
    layer = LSTM(2)
    layer(np.ones((1, 1, 1)))
    assert layer.b.numpy().tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    coupled = LSTM(2, coupled=True)
    coupled(np.ones((1, 1, 1)))
    assert coupled.b.numpy().tolist() == [1, 1, 0, 0, 0, 0]
    np.testing.assert_allclose(layer.W_hh.data @ layer.W_hh.data.T, np.eye(2), atol=1e-6)
    assert GRU(2, reset_after=True)(np.ones((1, 1, 1))).shape == (1, 2)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("integers", [False, True])
def test_dropout_is_one_mask_per_sequence(kind, integers):
    x = np.array([[1, 0, 2]] * 3) if integers else np.ones((3, 4, 3))
    options = {"input_dim": 3} if integers else {}
    layer = make(kind, 4, dropout=0.5, recurrent_dropout=0.5, **options)
    quiet = layer(x).data
    np.testing.assert_array_equal(quiet, layer(x, training=False).data)
    mg.set_random_seed(0)
    loud = layer(x, training=True)
    assert not np.allclose(loud.data, quiet)
    loud.sum().backward()
    masks = make("RNN", 3, activation="linear", use_bias=False, dropout=0.5, return_sequences=True,
                 kernel_initializer="identity", recurrent_initializer="zeros")(np.ones((2, 4, 3)), training=True).data
    assert set(np.unique(masks)) <= {0.0, 2.0}
    assert (masks == masks[:, :1]).all()


def test_recurrent_dropout_reaches_every_cell_of_a_stack():
    layer = RNN([LSTMCell(3), GRUCell(2)], recurrent_dropout=0.5)
    assert layer(np.ones((2, 4, 3)), training=True).shape == (2, 2)
    assert layer.cell.hidden == (0, 2)


@pytest.mark.parametrize("kind", PLAIN)
def test_settings_make_the_same_layer_again(kind):
    layer = make(kind, 4, return_sequences=True, dropout=0.25, use_bias=False)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert repr(again) == repr(layer)
    x = np.ones((2, 3, 2))
    layer(x), again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(x).data, again(x).data)


def test_a_given_cell_is_made_again_with_weights_of_its_own():
    layer = RNN([LSTMCell(3), GRUCell(2)])
    again = RNN.from_config(layer.get_config())
    layer(np.ones((1, 2, 2))), again(np.ones((1, 2, 2)))
    assert not set(layer.weights) & set(again.weights)
    assert [w.shape for w in layer.weights] == [w.shape for w in again.weights]


# ------------------------------------------------------------------------------- what may go wrong

@pytest.mark.parametrize("call, words", [
    (lambda layer: layer(np.ones((2, 3))), ["LSTM 'l'", "(2, 3)", "input_dim"]),
    (lambda layer: (layer(np.ones((2, 3, 4))), layer(np.ones((2, 3, 5)))), ["LSTM 'l'", "4 features", "(2, 3, 5)"]),
    (lambda layer: layer(np.ones((2, 0, 4))), ["LSTM 'l'", "(2, 0, 4)", "one step"]),
    (lambda layer: layer(np.ones((2, 3, 4)), mask=np.ones((2, 4), bool)), ["LSTM 'l'", "mask", "(2, 3)", "(2, 4)"]),
    (lambda layer: layer(np.ones((2, 3, 4)), initial_state=np.ones((2, 5))), ["LSTM 'l'", "initial_state", "(2, 5)"]),
    (lambda layer: layer(np.ones((2, 3, 4)), initial_state=[np.ones((2, 5)), np.ones((1, 6))]), ["(1, 6)", "(2, 6)"]),
])
def test_a_wrong_shape_is_named(call, words):
    with pytest.raises(ValueError) as error:
        call(LSTM(6, name="l"))
    for word in words:
        assert word in str(error.value)


def test_a_stateful_layer_asks_for_its_batch():
    layer = LSTM(3, stateful=True, name="l")
    layer(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match="carries 2 sequences"):
        layer(np.ones((5, 3, 4)))


# ------------------------------------------------------------------------------- PyTorch

def torch_twin(torch, kind, layer, features, units):
    """torch.nn's layer with our weights: columns there are rows here, its GRU stacks r z n, and it has two biases."""
    theirs = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU reset_after": torch.nn.GRU}[kind]
    theirs = theirs(features, units, batch_first=True).double()
    order = [1, 0, 2] if "GRU" in kind else range(layer.cell.gates)

    def turned(array):
        blocks = np.split(array, layer.cell.gates, axis=-1)
        return torch.tensor(np.concatenate([blocks[k] for k in order], axis=-1).T.copy())
    b = layer.b.numpy() if layer.b.ndim == 2 else np.stack([layer.b.numpy(), np.zeros(layer.b.shape)])
    for name, value in (("weight_ih_l0", layer.W_xh.numpy()), ("weight_hh_l0", layer.W_hh.numpy()),
                        ("bias_ih_l0", b[0]), ("bias_hh_l0", b[1])):
        getattr(theirs, name).data = turned(value)
    return theirs, turned


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU reset_after"])
@pytest.mark.parametrize("unroll", [False, True])
def test_agrees_with_torch(kind, unroll):
    torch = pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    layer = make(kind, 5, unroll=unroll, return_sequences=True)
    x = mg.Tensor(np.random.default_rng(0).normal(size=(3, 6, 4)), requires_grad=True)
    y = layer(x)
    theirs, turned = torch_twin(torch, kind, layer, 4, 5)
    x_there = torch.tensor(x.numpy().copy(), requires_grad=True)
    y_there, _ = theirs(x_there)
    seed = np.random.default_rng(1).normal(size=y.shape)
    y.backward(seed)
    y_there.backward(torch.tensor(seed))
    np.testing.assert_allclose(y.data, y_there.detach(), atol=1e-10)
    np.testing.assert_allclose(x.grad, x_there.grad, atol=1e-10)
    np.testing.assert_allclose(turned(layer.W_xh.grad), theirs.weight_ih_l0.grad, atol=1e-10)
    np.testing.assert_allclose(turned(layer.W_hh.grad), theirs.weight_hh_l0.grad, atol=1e-10)
    db = layer.b.grad if layer.b.ndim == 2 else np.stack([layer.b.grad] * 2)
    np.testing.assert_allclose(turned(db[0]), theirs.bias_ih_l0.grad, atol=1e-10)
    np.testing.assert_allclose(turned(db[1]), theirs.bias_hh_l0.grad, atol=1e-10)


@pytest.mark.parametrize("kind, weight, uses", [("GRU", "W_hh", 2), ("GRU reset_after", "b", 2)])
def test_gru_cuts_its_weights_once_for_a_sequence_and_at_every_step_of_a_trace(kind, weight, uses):
    """Unwatched, T steps share the two pieces; a trace shows each step's own; both give the same gradients, call after call."""
    layer = make(kind, unroll=True)
    x = np.random.default_rng(0).normal(size=(2, 5, 4))
    layer(x)
    shared = getattr(layer, weight)
    for factor in (1.0, -0.5):
        shared.data = factor * shared.numpy()
        loss = (layer(x) ** 2).sum()
        assert sum(y.inputs[0] is shared for y in engine.history(loss)) == uses
        layer.zero_grad()
        loss.backward()
        plain = [p.grad for p in layer.parameters()]
        layer.zero_grad()
        with mg.Trace() as trace:
            (layer(x) ** 2).sum().backward()
        assert [c.t for c in trace.contributions(shared)] == [t for t in range(5) for _ in range(uses)]
        for p, gradient in zip(layer.parameters(), plain, strict=True):
            np.testing.assert_allclose(p.grad, gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("features, steps, at_once", [(4, 5, True), (40, 5, False)])
def test_a_bias_is_added_once_to_the_rows_that_integers_pick(kind, features, steps, at_once):
    """x W + b = x (W + b) for one-hot x: unwatched, where W has no more rows than are picked; a trace shows b at every step."""
    layer = make(kind, unroll=True, input_dim=features)
    x = np.random.default_rng(0).integers(features, size=(2, steps))
    loss = (layer(x) ** 2).sum()
    used = {y.op.__name__ for y in engine.history(loss) if y.inputs[0] is layer.W_xh}
    assert used == ({"add"} if at_once else {"getitem"})
    layer.zero_grad()
    loss.backward()
    plain = [p.grad for p in layer.parameters()]
    layer.zero_grad()
    with mg.Trace() as trace:
        traced = (layer(x) ** 2).sum()
        traced.backward()
    assert {c.t for c in trace.contributions(layer.b)} == {c.t for c in trace.contributions(layer.W_xh)} == set(range(steps))
    np.testing.assert_allclose(traced.array, loss.array, rtol=1e-13)
    for p, gradient in zip(layer.parameters(), plain, strict=True):
        np.testing.assert_allclose(p.grad, gradient, rtol=1e-12, atol=1e-14)


def test_a_bias_is_not_added_at_once_where_a_one_hot_is_scaled_or_missing():
    """Dropout of inputs scales the ones, so that they do not sum to one; cells above the first see no one-hot vectors."""
    layer = RNN([LSTMCell(3), GRUCell(2)], unroll=True, input_dim=4, dropout=0.5)
    x = np.zeros((2, 9), int)
    for training, adds in ((True, 0), (False, 1)):
        outputs = layer(x, training=training)
        assert sum(y.op.__name__ == "add" and y.inputs[0] is layer.cell.cells[0].W_xh for y in engine.history(outputs)) == adds
        assert not any(y.op.__name__ == "add" and y.inputs[0] is layer.cell.cells[1].W_xh for y in engine.history(outputs))


def test_a_class_made_from_grucell_runs_in_itself():
    class Remembering(GRUCell):
        def step(self, x, h):
            self.last = super().step(x, h)
            return self.last

    cell = Remembering(3)
    y = RNN([cell, GRUCell(2)], unroll=True)(np.ones((2, 4, 3), "float32"))
    assert y.shape == (2, 2)
    assert cell.last.shape == (2, 3)


class Asking(RNNCell):
    """A cell of a user's own that looks at the collector, and may fail."""

    fails = False

    def step(self, x, h):
        self.asked = [*getattr(self, "asked", []), gc.isenabled()]
        if self.fails:
            raise KeyError("of the user")
        return super().step(x, h)


@pytest.mark.parametrize("on", [True, False], ids=["on", "switched off by the user"])
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("traced", [False, True])
def test_the_collector_rests_while_the_steps_are_recorded(traced, fails, on):
    """A graph that grows is not walked through again and again; afterwards the collector is as it was, also after an error."""
    inner, outer = Asking(3), Asking(2)
    layer = RNN([inner, outer], unroll=True)
    x = np.ones((2, 4, 3), "float32")
    layer(x)
    inner.asked, outer.asked, outer.fails = [], [], fails
    (gc.enable if on else gc.disable)()
    try:
        with mg.Trace() if traced else contextlib.nullcontext(), pytest.raises(KeyError) if fails else contextlib.nullcontext():
            layer(x).sum().backward()
        assert gc.isenabled() is on
    finally:
        gc.enable()
    assert inner.asked == outer.asked == [False] * (1 if fails else 4)
