"""What must hold of every recurrent net, whatever its cell: padding, windows, truncation, both directions, sampling, shared weights.

Each property is tried on every cell of the library and on one of a user's own, by its kernel where it has one and step by
step, at shapes that Hypothesis chooses, in float64.
"""

from __future__ import annotations

import gc
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import decoding, layers, ops
from minigrad.engine import history
from minigrad.training import truncated

UNITS = 3  # features too: MUT1 and MUT2 add their input to their state


class Leaky(layers.Cell):
    """h' = ½h + ½tanh(x W + h W + b), as a user would write it"""

    def step(self, x, h):
        return 0.5 * h + 0.5 * ops.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


CELLS = {
    "RNN": lambda: layers.RNNCell(UNITS), "RNN relu": lambda: layers.RNNCell(UNITS, "relu"),
    "RNN softplus": lambda: layers.RNNCell(UNITS, "softplus"), "IRNN": lambda: layers.IRNNCell(UNITS),
    "Jordan": lambda: layers.JordanCell(UNITS, 4),
    "LSTM": lambda: layers.LSTMCell(UNITS), "LSTM peephole": lambda: layers.LSTMCell(UNITS, peephole=True),
    "LSTM coupled": lambda: layers.LSTMCell(UNITS, coupled=True),
    "LSTM peephole coupled": lambda: layers.LSTMCell(UNITS, peephole=True, coupled=True),
    "GRU": lambda: layers.GRUCell(UNITS), "GRU reset_after": lambda: layers.GRUCell(UNITS, reset_after=True),
    "MUT1": lambda: layers.MUT1Cell(UNITS), "MUT2": lambda: layers.MUT2Cell(UNITS), "MUT3": lambda: layers.MUT3Cell(UNITS),
    "LN RNN": lambda: layers.LayerNormRNNCell(UNITS), "LN LSTM": lambda: layers.LayerNormLSTMCell(UNITS),
    "LN GRU": lambda: layers.LayerNormGRUCell(UNITS), "one's own": lambda: Leaky(UNITS),
    "stacked": lambda: layers.StackedCells([layers.GRUCell(UNITS), layers.LSTMCell(UNITS)]),
}
every_cell = pytest.mark.parametrize("kind", CELLS)
both_paths = pytest.mark.parametrize("unroll", [False, True])
sizes = st.integers(1, 4)


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


def make(kind, **options):
    """A layer around this cell, its weights drawn from a fixed seed."""
    layer = layers.RNN(CELLS[kind](), **options)
    layer.ready(((2, None, UNITS),))
    return drawn(layer)


def drawn(layer):
    rng = np.random.default_rng(3)
    for weight in layer.parameters():
        weight.data = rng.normal(0.0, 0.6, weight.shape)
    return layer


def inputs(N, T):
    return np.random.default_rng(1).normal(size=(N, T, UNITS))


def gradients(layer, *outputs):
    """∂/∂ every weight of a fixed random sum of the outputs."""
    rng = np.random.default_rng(5)
    loss = sum((y * rng.normal(size=y.shape)).sum() for y in outputs)
    return [dW.data for dW in mg.gradients(loss, layer.parameters())]


def assert_same(found, expected):
    for a, b in itertools.zip_longest(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


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


# ------------------------------------------------------------------------------- sampling

def language_model(kind, letters=7):
    """step(symbols (N,), states) → logits (N, letters), states;  and the whole text (N, T) → logits (N, T, letters) at once"""
    layer = drawn(make(kind, return_sequences=True, return_state=True))
    embedding, dense = layers.Embedding(letters, UNITS), layers.Dense(letters)
    dense(layer(embedding(np.zeros((1, 1), int)))[0])
    drawn(embedding), drawn(dense)

    def step(symbols, states):
        hs, *states = layer(embedding(np.asarray(symbols)[:, None]), initial_state=states)
        return dense(hs)[:, 0], states
    return step, lambda text: dense(layer(embedding(text))[0])


@every_cell
@pytest.mark.parametrize("choose", [decoding.sample, decoding.greedy, lambda logits: decoding.sample(logits, 0.5, top_k=2)],
                         ids=["drawn", "greedy", "of the best two"])
def test_sampling_step_by_step_sees_the_logits_of_the_whole_sequence(kind, choose):
    """A text grown symbol by symbol with the carried state, and then read at once: the same logits at every step."""
    (step, whole), seen = language_model(kind), []

    def remembered(logits):
        seen.append(logits.data)
        return choose(logits)
    first = np.array([1, 4])
    text = decoding.generate(step, first, 8, choose=remembered)
    assert_same([np.stack(seen, axis=1)], [whole(np.stack([first, *text[:-1]], axis=1)).data])


@every_cell
@given(first=st.lists(st.integers(0, 6), min_size=1, max_size=3), length=st.integers(1, 6), end=st.none() | st.integers(0, 6))
def test_a_beam_of_width_one_is_greedy(kind, first, length, end):
    """Several searches at once, each from its own first symbol; what has ended is filled up with the end."""
    step, _ = language_model(kind)
    greedy = np.stack(decoding.generate(step, np.array(first), length, choose=decoding.greedy, end=end), axis=1)
    beam, _ = decoding.beam_search(step, np.array(first), length, width=1, end=end)
    ended_before = length - greedy.shape[1]
    assert beam[:, 0].tolist() == np.pad(greedy, ((0, 0), (0, ended_before)), constant_values=end if ended_before else 0).tolist()


@pytest.mark.parametrize("kind", ["GRU", "LSTM", "LN LSTM"])
def test_a_beams_log_probability_is_that_of_the_whole_sequence(kind):
    """log p of every hypothesis, summed along the way, equals the sum over the text read at once."""
    step, whole = language_model(kind)
    texts, log_p = decoding.beam_search(step, 2, 6, width=3)
    read = np.concatenate([np.full((3, 1), 2), texts[:, :-1]], axis=1)
    each = ops.log_softmax(whole(read)).data
    assert_same([np.take_along_axis(each, texts[..., None], axis=-1)[..., 0].sum(axis=1)], [log_p])


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
