"""Graphs as somebody who knows Keras writes them: each computes, trains, is saved and read again, whatever stands between its layers."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import layers as L
from minigrad.layers import Dense, Input

rng = np.random.default_rng(0)
N = 6


@L.register_function
def twice_and_square(x):
    return 2.0 * x * x


def vector(width=5, **options):
    return Input((width,), **options)


def words(**options):
    return Input((None,), dtype="int64", **options)


def residual():
    a = vector()
    h = Dense(5, activation="relu")(a)
    for _ in range(2):
        h = h + Dense(5)(mg.relu(L.LayerNormalization()(h)))
    return a, h


def squeeze_and_excite():
    a = Input((6, 6, 4))
    h = L.Conv2D(4, 3, padding="same")(a)
    s = Dense(4, activation="sigmoid")(Dense(2, activation="relu")(L.GlobalAveragePooling2D()(h)))
    return a, L.Flatten()(h * L.Reshape((1, 1, 4))(s))


def excite_by_multiply():
    a = Input((6, 6, 4))
    return a, L.Flatten()(L.Multiply()([a, Dense(4, activation="sigmoid")(L.GlobalAveragePooling2D()(a))]))


def attention_decoder():
    source, target = words(name="source"), words(name="target")
    states = L.LSTM(4, return_sequences=True, return_state=True)(L.Embedding(9, 4, mask_zero=True)(source))
    decoded = L.LSTM(4, return_sequences=True)(L.Embedding(9, 4, mask_zero=True)(target), initial_state=list(states[1:]))
    context = L.Attention()([decoded, states[0]])
    return [source, target], Dense(9, activation="softmax")(L.Concatenate()([decoded, context]))


def heads_over_dict():
    query, value = Input((3, 4), name="query"), Input((5, 4), name="value")
    y = L.MultiHeadAttention(2, 3)(query, value) + query
    return {"query": query, "value": value}, L.LayerNormalization()(y)


def mean_of_what_counts():
    i = words()
    counts = (i != 0).astype("float32")
    z = L.Embedding(9, 4)(i) * mg.expand_dims(counts, -1)
    return i, mg.sum(z, axis=1) / mg.maximum(mg.sum(counts, axis=1, keepdims=True), 1.0)


def clipped_by_comparison():
    a = vector()
    return a, mg.where(a > 0, a, 0.1 * a) + mg.where((a > -1) & (a < 1), a * a, 1.0)


def not_chained():
    a = vector()
    return a, mg.where(~((a <= -0.5) | (a >= 0.5)), Dense(5)(a), 0.0)


def equal_words():
    i, j = words(name="i"), words(name="j")
    return [i, j], L.Embedding(9, 4)(i) * (i == j).astype("float32")[..., None]


def numpy_of_symbols():
    a = vector()
    h = np.tanh(a) + np.exp(-np.square(a)) + np.maximum(a, 0.0) + np.where(np.greater(a, 0.0), a, 0.0)
    return a, np.concatenate([h, np.sum(h, axis=-1, keepdims=True)], axis=1) + np.logical_not(np.isnan(a)).astype("float32")[:, :1]


def scalars_on_the_left():
    a = vector()
    return a, 2 * a + 1 - (3 - a) / 2 + 1 / (1 + a * a) + 2 ** a + (0.5 + a**2) ** 0.5 + (-a) - abs(a)


def broadcasting():
    a, b = vector(1, name="a"), vector(5, name="b")
    return [a, b], a * b + (a - b) / 2


def outer_product():
    a = vector()
    return a, mg.reshape(mg.expand_dims(a, 2) * mg.expand_dims(a, 1), (-1, 25))


def constant_weight():
    a = vector()
    return a, a @ np.arange(15.0, dtype=np.float32).reshape(5, 3) / 15.0


def a_weight_of_ones_own():
    a = vector()
    return a, a @ mg.Parameter(np.ones((5, 2), np.float32)) + mg.Parameter(np.zeros(2, np.float32))


def einsum_of_two():
    a, b = Input((4, 5), name="a"), Input((6, 5), name="b")
    return [a, b], mg.einsum("ntd,nsd->nts", a, b)


def slices():
    a = Input((8, 5))
    return a, a[:, ::2, ...] + a[:, 1::2] - a[..., ::-1][:, -4:] * a[:, :4, None, 0]


def pieces():
    a = Input((6,))
    left, middle, right = mg.split(a, 3, axis=-1)
    return a, mg.stack([left, mg.tanh(middle), right * left], axis=1)


def gates_by_hand():
    a, h = vector(4, name="x"), vector(3, name="h")
    z, r, n = mg.split(Dense(9)(mg.concatenate([a, h], axis=-1)), 3, axis=-1)
    z = mg.sigmoid(z)
    return [a, h], z * h + (1 - z) * mg.tanh(n * mg.sigmoid(r))


def reductions():
    a = Input((4, 5))
    return a, mg.concatenate([a.sum(axis=(1, 2))[:, None], a.max(axis=1), a.mean(axis=-1), a.std(axis=1)], axis=-1)


def of_everything():
    a = vector()
    return a, a - mg.mean(a, axis=None)


def reshaped():
    a = Input((4, 6))
    return a, a.reshape(-1, 2, 12).transpose(0, 2, 1).swapaxes(1, 2).reshape((-1, 24))


def picked_places():
    a = Input((8, 5))
    return a, a[:, [0, 3, 7]][:, :, np.array([True, False, True, True, False])]


def the_best_class_as_a_feature():
    a = vector()
    p = mg.softmax(Dense(3)(a))
    return a, mg.concatenate([p, p.argmax(axis=-1)[:, None].astype("float32")], axis=-1)


def a_named_function():
    a = vector()
    return a, L.Lambda(twice_and_square)(a) + L.Activation("swish")(a)


def shared_tower():
    a, b = vector(name="a"), vector(name="b")
    tower = mg.Sequential([Dense(4, activation="tanh", input_dim=5), Dense(3)])
    return [a, b], mg.sqrt(mg.sum(mg.square(tower(a) - tower(b)), axis=1, keepdims=True) + 1e-6)


def dictionaries():
    parts = {"left": vector(), "right": vector(3)}
    joined = L.Concatenate()([parts["left"], parts["right"]])
    return parts, {"sum": Dense(2)(joined), "product": Dense(5)(parts["left"]) * parts["left"]}


def dropout_and_noise():
    a = vector()
    return a, L.GaussianNoise(0.1)(L.Dropout(0.5)(a * 2.0)) + L.BatchNormalization()(a)


def a_mask_of_lengths():
    a, lengths = Input((7, 4), name="a"), Input((), dtype="int64", name="lengths")
    counts = mg.expand_dims(lengths, 1) > np.arange(7)
    return [a, lengths], L.LSTM(3)(mg.where(counts[..., None], a, 0.0))


def padded_and_flipped():
    a = Input((4, 3))
    return a, mg.pad(a, [(0, 0), (1, 1), (0, 0)]) + mg.flip(mg.pad(a, [(0, 0), (2, 0), (0, 0)]), axis=1)


def rounded():
    a = vector()
    return a, a + (np.round(a) - a).astype("float32") * 0.0 + np.sign(a) * np.floor(abs(a))


def log_of_a_sum():
    a = Input((4, 5))
    return a, mg.logsumexp(a, axis=1) - mg.log_softmax(a)[:, 0] + mg.cumsum(a, axis=1)[:, -1]


def rows_of_a_table():
    i = Input((4,), dtype="int64")
    return i, mg.embedding(mg.Parameter(np.ones((9, 3), np.float32)), i).sum(axis=1)


def places_that_a_symbol_says():
    a = Input((7, 5))
    return a, a[:, a[0, 0].argmax(axis=0)] + a.dot(np.ones(5, np.float32))[:, :1]


GRAPHS = [rows_of_a_table, places_that_a_symbol_says, residual, squeeze_and_excite, excite_by_multiply, attention_decoder, heads_over_dict, mean_of_what_counts, clipped_by_comparison,
          not_chained, equal_words, numpy_of_symbols, scalars_on_the_left, broadcasting, outer_product, constant_weight, a_weight_of_ones_own,
          einsum_of_two, slices, pieces, gates_by_hand, reductions, of_everything, reshaped, picked_places, the_best_class_as_a_feature,
          a_named_function, shared_tower, dictionaries, dropout_and_noise, a_mask_of_lengths, padded_and_flipped, rounded, log_of_a_sum]


def data_for(inputs, n=N):
    """Random arrays for a model's inputs, in the same nest."""
    def one(symbol):
        shape = (n, *(7 if size is None else size for size in symbol.shape[1:]))
        return rng.integers(0, 7, shape) if symbol.dtype.kind == "i" else rng.normal(size=shape).astype(np.float32)
    if isinstance(inputs, dict):
        return {key: one(symbol) for key, symbol in inputs.items()}
    return [one(symbol) for symbol in inputs] if isinstance(inputs, list) else one(inputs)


def same(one, other):
    pairs = zip(one.values(), other.values()) if isinstance(one, dict) else [(one, other)]
    return all(np.allclose(a, b, atol=1e-5) for a, b in pairs)


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)
def test_a_graph(graph, tmp_path):
    inputs, outputs = graph()
    model = mg.Model(inputs, outputs)
    x = data_for(inputs)
    y = model.predict(x)
    promised = outputs if isinstance(outputs, dict) else {"y": outputs}
    for key, symbol in promised.items():
        got = y[key] if isinstance(outputs, dict) else y
        assert len(symbol.shape) == got.ndim and all(n in (None, m) for n, m in zip(symbol.shape, got.shape)) and np.isfinite(got).all()
    assert model.summary(print_fn=None) and same(model.predict(data := x), y) and data is x
    model.save(tmp_path / "graph.minigrad")
    assert same(mg.load_model(tmp_path / "graph.minigrad").predict(x), y)
    if model.parameters():
        model.compile("sgd", "mse")
        targets = {key: np.zeros_like(one) for key, one in y.items()} if isinstance(y, dict) else np.zeros_like(y)
        assert np.isfinite(model.fit(x, targets, epochs=2, verbose=0).history["loss"]).all()


def test_comparisons_mean_what_they_mean_for_arrays():
    a, b = vector(name="a"), vector(name="b")
    x, y = rng.integers(-2, 3, (2, 4, 5)).astype(np.float32)
    for symbolic, plain in [(a == b, x == y), (a != b, x != y), (a < b, x < y), (a <= 0, x <= 0), (0 < a, 0 < x), (a >= b, x >= y),
                            ((a > 0) & (b > 0), (x > 0) & (y > 0)), ((a > 0) | (b > 0), (x > 0) | (y > 0)), ((a > 0) ^ (b > 0), (x > 0) ^ (y > 0)),
                            (~(a > 0), ~(x > 0)), (np.ones((5,), bool) & (b > 0) & ((a > b) | (a <= b)), y > 0), (np.logical_or(a > 0, b > 0), (x > 0) | (y > 0)),
                            (np.isfinite(a) & np.isfinite(b), np.isfinite(x)), (np.any(a > b, axis=1), (x > y).any(1)), (np.all(a > b, axis=-1), (x > y).all(1)),
                            (a.argmax(axis=1) + 0 * b[:, 0].astype("int64"), x.argmax(1)), (np.argmin(a * b, axis=1), (x * y).argmin(1)),
                            (np.zeros_like(a) + np.ones_like(b), np.ones((4, 5)))]:
        value = mg.Model([a, b], symbolic + 0 * b.sum(axis=symbolic.ndim - 1 if symbolic.ndim > 1 else -1, keepdims=symbolic.ndim > 1)
                         if symbolic.dtype.kind != "b" else mg.where(symbolic, 1.0, 0.0 * a.sum() * b.sum()))([x, y])
        assert np.array_equal(value.data, plain.astype(np.float32))


def test_no_gradient_goes_through_a_comparison():
    a = vector()
    model = mg.Model(a, mg.where(a > 0, a * a, a))
    x = mg.Tensor([[1.0, -2.0, 3.0, -4.0, 5.0]], requires_grad=True)
    model(x).sum().backward()
    assert np.array_equal(x.grad, [[2.0, 1.0, 6.0, 1.0, 10.0]])


def test_symbols_are_found_by_their_identity():
    a, b = vector(), vector()
    table = {a: 1, b: 2}
    assert table[a] == 1 and table[b] == 2 and len({a, b, a}) == 2 and [a, b].index(a) == 0
    assert isinstance(a == b, L.Symbol) and (a == b).dtype == bool


@pytest.mark.parametrize("write, said", [
    (lambda a: 0 < a < 1, r"write mg.where\(condition, a, b\) for a choice, \(0 < x\) & \(x < 3\) for 0 < x < 3"),
    (lambda a: max(a, 0), "mg.where"), (lambda a: float(a), "has no value yet, so it is no number"), (lambda a: np.asarray(a), "it is no array"),
    (lambda a: range(a), "is no number"), (lambda a: len(a), "no length that is known yet"), (lambda a: a.__setitem__(0, 1.0), "never written into"),
    (lambda a: np.fft.fft(a), "fft has no minigrad operation"), (lambda a: np.linalg.norm(a), "no minigrad operation"),
    (lambda a: np.unique(a), "needs values"), (lambda a: np.add.reduce(a), "not recorded"), (lambda a: a and 1, "nothing can be decided"),
    (lambda a: a[a > 0], "how many places .* chooses is not known"), (lambda a: mg.Tensor([1.0])[a], "has no value yet"),
    (lambda a: mg.cross_entropy(np.ones((2, 3)), a.astype("int64")), "has no value yet"),
    (lambda a: [one for one in a], "cannot be iterated over; use mg.split"), (lambda a: mg.Tensor(a), "has no value yet"),
])
def test_what_needs_a_value_says_so(write, said):
    with pytest.raises(TypeError, match=said):
        write(vector())


@given(st.data())
def test_a_shared_layers_gradient_is_the_sum_over_untied_copies_whatever_stands_between(data):
    """Random graphs with operators, comparisons, slices and masks between three layers, against a copy of the layer at every use."""
    mg.set_floatx("float64")
    mg.set_random_seed(data.draw(st.integers(0, 99)))
    between = [lambda x, y: x + y, lambda x, y: 2.0 * x - y / 3.0, lambda x, y: mg.where(x > y, x, y), lambda x, y: x[:, ::-1] * mg.tanh(y),
               lambda x, y: x @ np.eye(3)[::-1] + abs(y), lambda x, y: mg.concatenate([x, y], axis=-1)[..., ::2], lambda x, y: x * (y != 0).astype("float64"),
               lambda x, y: mg.einsum("ntd,nsd->nts", x, y) @ y / 9.0]
    plan = data.draw(st.lists(st.tuples(*[st.integers(0, k) for k in (2, 5, 5, len(between) - 1)]), min_size=1, max_size=6))
    kinds = [lambda: Dense(3, activation="tanh"), lambda: L.GRU(3, return_sequences=True), lambda: L.LayerNormalization()]
    tied, copies = [make() for make in kinds], [[], [], []]

    def graph(layer_for):
        nodes = [L.Masking()(Input((4, 3)))]
        for which, left, right, how in plan:
            nodes.append(layer_for(which)(between[how](nodes[left % len(nodes)], nodes[right % len(nodes)])) + nodes[-1])
        return mg.Model(nodes[0].call.sources[0], nodes[-1].sum(axis=(1, 2)))

    def copy(which):
        copies[which].append(kinds[which]())
        return copies[which][-1]

    one, other = graph(lambda which: tied[which]), graph(copy)
    for layer, twins in zip(tied, copies):
        for twin in twins:
            twin.set_weights(layer.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 4, 3)) * np.array([[1, 1, 1, 0], [1, 1, 0, 0]])[..., None]
    for model in (one, other):
        model(x).sum().backward()
    for layer, twins in zip(tied, copies):
        for name, weight in layer.named_weights().items():
            if twins:
                assert np.allclose(weight.grad, sum(twin.named_weights()[name].grad for twin in twins), atol=1e-9)
