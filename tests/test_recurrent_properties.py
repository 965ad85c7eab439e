"""What must hold of every recurrent net, whatever its cell: padding, windows, truncation, both directions, shared weights.

Each property is tried on every cell of recurrent_cells.py (the library's, and one of a user's own), by its kernel where it has one
and step by step, at shapes that Hypothesis chooses, in float64. What is written symbol by symbol is in test_recurrent_sampling.py.
"""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import layers, ops
from minigrad.engine import history
from minigrad.training import truncated
from tests.recurrent_cells import CELLS, UNITS, assert_same, both_paths, drawn, every_cell, gradients, inputs, make

sizes = st.integers(1, 4)


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


# ------------------------------------------------------------------------------- padding

@every_cell
@both_paths
@given(N=sizes, T=sizes, before=sizes, after=sizes)
def test_padding_at_either_end_changes_nothing(kind, unroll, N, T, before, after):
    """Neither the outputs and states nor any weight's gradient; and no gradient reaches what was padded."""
    layer, x = make(kind, unroll=unroll, return_state=True), inputs(N, T)
    expected = layer(x)
    padded = np.pad(x, ((0, 0), (before, after), (0, 0)), constant_values=9.0)
    mask = np.zeros((N, before + T + after), bool)
    mask[:, before:before + T] = True
    x_there = mg.Tensor(padded, requires_grad=True)
    found = layer(x_there, mask=mask)
    assert_same([y.data for y in found], [y.data for y in expected])
    assert_same(gradients(layer, *found), gradients(layer, *expected))
    (dx,) = mg.gradients(sum(y.sum() for y in found), [x_there])
    assert not dx.data[~mask].any()


@every_cell
@both_paths
@given(lengths=st.lists(sizes, min_size=1, max_size=4))
def test_a_batch_of_lengths_equals_one_by_one(kind, unroll, lengths):
    """Each sequence has the states that it has alone, and the gradients are the sum of theirs."""
    layer, T = make(kind, unroll=unroll, return_state=True), max(lengths)
    x, mask = inputs(len(lengths), T), np.arange(T) < np.array(lengths)[:, None]
    together = layer(x, mask=mask)
    alone = [layer(x[n:n + 1, :length]) for n, length in enumerate(lengths)]
    parts = [ops.concatenate(rows, axis=0) for rows in zip(*alone)]
    assert_same([y.data for y in together], [y.data for y in parts])
    assert_same(gradients(layer, *together), gradients(layer, *parts))


@every_cell
@both_paths
def test_a_permuted_batch_permutes_the_output(kind, unroll):
    layer, x, order = make(kind, unroll=unroll), inputs(4, 3), [2, 0, 3, 1]
    assert_same([layer(x[order]).data], [layer(x).data[order]])


# ------------------------------------------------------------------------------- windows

@every_cell
@both_paths
@given(windows=st.lists(sizes, min_size=1, max_size=4))
def test_stateful_windows_equal_one_long_sequence(kind, unroll, windows):
    layer, whole = make(kind, unroll=unroll, stateful=True, return_sequences=True), make(kind, return_sequences=True)
    x, ends = inputs(2, sum(windows)), np.cumsum(windows)
    for _ in range(2):  # the second time after reset_states
        layer.reset_states()
        found = [layer(x[:, end - length:end]).data for length, end in zip(windows, ends)]
        assert_same([np.concatenate(found, axis=1)], [whole(x).data])


@every_cell
@both_paths
@given(k1=sizes, k2=st.integers(1, 7), windows=sizes)
def test_truncated_gradients_are_those_of_the_cut_graph(kind, unroll, k1, k2, windows):
    """After each k1 steps: the gradients of the whole net from the beginning, cut exactly k2 steps back."""
    layer = make(kind, unroll=unroll, return_sequences=True, return_state=True)
    x = inputs(2, k1 * windows)
    ends = range(k1, k1 * windows + 1, k1)
    for end, y in zip(ends, truncated(layer, x, k1, k2), strict=True):
        cut = max(0, end - k2)
        expected = cut_net(layer, x[:, :end], cut)[:, -k1:]
        assert_same([y.data], [expected.data])
        assert_same(gradients(layer, y), gradients(layer, expected))


def cut_net(layer, x, cut):
    """All outputs, step after step, the history of the first `cut` steps forgotten."""
    states = [mg.Tensor(np.zeros((len(x), size))) for size in layer.cell.state_sizes]
    outputs = []
    for t in range(x.shape[1]):
        y, states = layer.cell(x[:, t], states)
        if t < cut:
            y, states = y.detach(), [state.detach() for state in states]
        outputs.append(y)
    return ops.stack(outputs, axis=1)


@both_paths
def test_truncation_takes_no_more_memory_for_a_longer_text(unroll):
    """Where a hundred windows have passed, as many nodes and bytes are alive as where ten have."""
    layer = make("LSTM", unroll=unroll, return_sequences=True, return_state=True)
    nodes, alive = [], []
    tracemalloc.start()
    for k, y in enumerate(truncated(layer, inputs(8, 1000), 10, 15)):
        y.sum().backward()
        nodes.append(len(history(y)))
        if k in (10, 99):
            gc.collect()  # Python keeps freed tuples at hand; this gives them back
            alive.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(nodes) == 100 and len(set(nodes[2:])) == 1
    assert alive[1] < alive[0] + 50_000  # the history of ninety windows takes at least 1,400,000


def test_truncation_refuses_what_makes_no_sense():
    layer = make("RNN", return_sequences=True, return_state=True)
    with pytest.raises(ValueError, match="at least 1; got 0 and 0"):
        next(truncated(layer, inputs(1, 4), 0))
    with pytest.raises(ValueError, match="4 steps do not fill one window of k1 = 5"):
        next(truncated(layer, inputs(1, 4), 5))


# ------------------------------------------------------------------------------- both directions

@pytest.mark.parametrize("kind", [kind for kind in CELLS if kind not in ("one's own", "stacked")])
@both_paths
@given(N=sizes, T=sizes)
def test_reversed_in_time_a_bidirectional_layer_swaps_its_halves(kind, unroll, N, T):
    """The directions' weights changed over, x read backwards: the same numbers, the halves and the steps changed over."""
    def both(first, second):
        layer = layers.Bidirectional(make(kind, unroll=unroll, return_sequences=True))
        layer(inputs(1, 1))
        layer.forward_layer.set_weights(first)
        layer.backward_layer.set_weights(second)
        return layer
    one = make(kind).get_weights()
    other, x = [-0.5 * W for W in one], inputs(N, T)
    forwards = both(one, other)(x).data
    backwards = both(other, one)(x[:, ::-1].copy()).data[:, ::-1]
    assert_same([backwards[..., :UNITS], backwards[..., UNITS:]], [forwards[..., UNITS:], forwards[..., :UNITS]])


# ------------------------------------------------------------------------------- shared weights

@every_cell
@given(N=sizes, T=sizes)
def test_a_shared_weights_gradient_is_the_sum_over_untied_copies(kind, N, T):
    """T cells with weights of their own, equal in value, one for each step: their gradients add up to those of the one cell."""
    layer, x = make(kind), inputs(N, T)
    copies = []
    states = [mg.Tensor(np.zeros((N, size))) for size in layer.cell.state_sizes]
    for t in range(T):
        cell = CELLS[kind]()
        cell.ready(((N, UNITS),))
        cell.set_weights(layer.cell.get_weights())
        y, states = cell(x[:, t], states)
        copies.append(cell)
    untied = zip(*(gradients_of(y, cell.parameters()) for cell in copies))
    assert_same(gradients_of(layer(x), layer.parameters()), [sum(parts) for parts in untied])


def gradients_of(y, weights):
    return [dW.data for dW in mg.gradients((y * y).sum(), weights)]


# ------------------------------------------------------------------------------- the variants of the LSTM

def test_coupled_gates_are_the_lstm_whose_input_gate_has_the_forget_gates_weights_negated():
    """σ(−a) = 1 − σ(a)"""
    coupled, plain = make("LSTM coupled"), make("LSTM")
    f_g_o = coupled.get_weights()
    plain.set_weights([np.concatenate([-W[..., :UNITS], W], axis=-1) for W in f_g_o])
    assert_same([coupled(inputs(2, 5)).data], [plain(inputs(2, 5)).data])


@both_paths
def test_peepholes_see_the_cell_before_and_after_the_step(unroll):
    """i and f = σ(· + P⊙c), o = σ(· + P⊙c'), in plain NumPy; without holes it is the LSTM."""
    layer, x = make("LSTM peephole", unroll=unroll, return_sequences=True), inputs(2, 4)
    W_xh, W_hh, b, P = layer.get_weights()
    h = c = np.zeros((2, UNITS))
    for t, y in enumerate(np.swapaxes(layer(x).data, 0, 1)):
        i, f, g, o = np.split(x[:, t] @ W_xh + h @ W_hh + b, 4, axis=-1)
        i, f = 1 / (1 + np.exp(-i - P[0] * c)), 1 / (1 + np.exp(-f - P[1] * c))
        c = f * c + i * np.tanh(g)
        h = np.tanh(c) / (1 + np.exp(-o - P[2] * c))
        np.testing.assert_allclose(y, h, atol=1e-12)
    layer.cell.P.data = np.zeros_like(P)
    plain = make("LSTM", return_sequences=True)
    plain.set_weights([W_xh, W_hh, b])
    assert_same([layer(x).data], [plain(x).data])


# ------------------------------------------------------------------------------- any activation

ANY = {"softplus": lambda z: np.log1p(np.exp(z)), "softsign": lambda z: z / (1 + abs(z)), "a user's own": lambda z: 0.5 * np.sin(z) + z}


@pytest.mark.parametrize("name", ANY)
@given(N=sizes, T=sizes)
def test_a_vanilla_net_takes_any_activation(name, N, T):
    """h' = f(x W_xh + h W_hh + b) in plain NumPy; no kernel knows these, and gradients agree with differences all the same."""
    layer, x = layers.RNN(UNITS, ANY[name] if name == "a user's own" else name, return_sequences=True), inputs(N, T)
    layer.ready(((N, T, UNITS),))
    W_xh, W_hh, b = drawn(layer).get_weights()
    h = np.zeros((N, UNITS))
    for t, y in enumerate(np.swapaxes(layer(x).data, 0, 1)):
        h = ANY[name](x[:, t] @ W_xh + h @ W_hh + b)
        np.testing.assert_allclose(y, h, rtol=1e-12)
    assert not layer.cell.has_kernel
    mg.check_gradients(layer, x)


# ------------------------------------------------------------------------------- integers

class Joined(layers.Cell):
    """h' = tanh((x; h) W): x and h as one vector, as the lectures stack them"""

    def build(self, input_shape):
        self.add_weight("W", (input_shape[-1] + self.units, self.units))

    def step(self, x, h):
        return np.tanh(ops.concatenate([x, h], axis=-1) @ self.W) + 0.5 * x


@pytest.mark.parametrize("kind", [*CELLS, "joined"])
@both_paths
@given(N=sizes, T=sizes)
def test_integers_stand_for_one_hot_vectors_in_any_equation(kind, unroll, N, T):
    """Also where the equation does something else with x than multiply it: the same values and gradients."""
    layer = layers.RNN(Joined(UNITS) if kind == "joined" else CELLS[kind](), input_dim=UNITS, unroll=unroll, return_sequences=True)
    ids = np.random.default_rng(2).integers(UNITS, size=(N, T))
    layer.ready(((N, T),))
    drawn(layer)
    found, expected = layer(ids), layer(np.eye(UNITS)[ids])
    assert_same([found.data], [expected.data])
    assert_same(gradients(layer, found), gradients(layer, expected))
