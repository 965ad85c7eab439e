"""Model(inputs, outputs), subclasses, nesting, sharing, several outputs, transfer."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.layers import LSTM, Add, Concatenate, Dense, Dropout, Input

rng = np.random.default_rng(0)


def two_in_two_out():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = Dense(3, name="shared")
    joined = Concatenate()([shared(a), shared(b)])
    return mg.Model([a, b], [Dense(2, name="left")(joined), Dense(1, name="right")(joined)])


def test_a_graph_computes_what_its_layers_compute():
    a = Input((4,))
    first, second = Dense(4, activation="tanh"), Dense(2)
    model = mg.Model(a, second(first(a) + a)[:, :1] * 2.0)
    x = mg.Tensor(rng.normal(size=(5, 4)).astype(np.float32))
    assert np.allclose(model(x).data, ((second(first(x) + x))[:, :1] * 2.0).data)
    assert model.layers == [first, second] and model.count_params() == 30


def test_a_shared_layer_has_one_weight_and_one_count():
    model = two_in_two_out()
    assert [layer.name for layer in model.layers].count("shared") == 1 and model.count_params() == 15 + 14 + 7
    assert "shared (Dense)" in (table := model.summary(print_fn=None)) and "a, b" in table


@pytest.mark.parametrize("form", ["list", "tuple", "dict", "dict by place"])
def test_inputs_in_every_form(form):
    model = two_in_two_out()
    a, b = rng.normal(size=(2, 6, 4))
    given_inputs = {"list": [a, b], "tuple": (a, b), "dict": {"b": b, "a": a}, "dict by place": {"a": a, "b": b}}[form]
    left, right = model(given_inputs)
    assert left.shape == (6, 2) and right.shape == (6, 1)
    assert np.allclose(left.data, model([a, b])[0].data)


def test_outputs_as_a_dict():
    a = Input((3,))
    model = mg.Model(a, {"y": Dense(1)(a), "z": Dense(2)(a)})
    model.compile("sgd", {"y": "mse", "z": "mae"}, metrics={"z": ["mae"]}, loss_weights={"z": 0.5})
    x = rng.normal(size=(8, 3))
    logs = model.evaluate(x, {"z": np.zeros((8, 2)), "y": np.ones((8, 1))}, return_dict=True)
    assert set(logs) == {"loss", "y_loss", "z_loss", "z_mae"}
    assert logs["loss"] == pytest.approx(logs["y_loss"] + 0.5 * logs["z_loss"]) and logs["z_mae"] == pytest.approx(logs["z_loss"])
    assert {key: part.shape for key, part in model.predict(x).items()} == {"y": (8, 1), "z": (8, 2)}


def test_several_outputs_with_losses_weights_and_metrics():
    model = two_in_two_out()
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], metrics=[["accuracy"], ["mae"]], loss_weights=[1.0, 0.1])
    a, b = rng.normal(size=(2, 32, 4))
    history = model.fit([a, b], [rng.integers(0, 2, 32), a[:, 0]], epochs=2, verbose=0, validation_split=0.25).history
    assert set(history) >= {"loss", "left_loss", "right_loss", "left_accuracy", "right_mae", "val_loss", "val_left_accuracy"}
    assert history["loss"][0] == pytest.approx(history["left_loss"][0] + 0.1 * history["right_loss"][0], rel=1e-5)
    model.compile("adam", {"left": "sparse_categorical_crossentropy"})
    logs = model.evaluate([a, b], {"left": np.zeros(32, int)}, return_dict=True)
    assert set(logs) == {"loss", "left_loss"}


def test_what_compile_cannot_place_is_told():
    model = two_in_two_out()
    with pytest.raises(ValueError, match="name middle; the outputs are left, right"):
        model.compile("adam", {"middle": "mse"})
    with pytest.raises(ValueError, match="there are 2 outputs"):
        model.compile("adam", ["mse"])
    with pytest.raises(ValueError, match="no loss called"):
        model.compile("adam", "mean_sqared_error")
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="give targets as a list or dict"):
        model.fit([np.ones((2, 4))] * 2, np.ones((2, 1)), verbose=0)


def test_training_needs_compile():
    with pytest.raises(RuntimeError, match="call compile"):
        two_in_two_out().fit(np.ones((1, 4)), np.ones((1, 1)))


def test_wrong_inputs_are_named():
    model = two_in_two_out()
    with pytest.raises(ValueError, match=r"expects an input 'a' of shape \(None, 4\), got \(2, 3\)"):
        model([np.ones((2, 3)), np.ones((2, 4))])
    with pytest.raises(ValueError, match="has 2 inputs, got 1"):
        model(np.ones((2, 4)))
    with pytest.raises(ValueError, match="misses the input b"):
        model({"a": np.ones((2, 4))})


def test_outputs_that_depend_on_something_else():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    with pytest.raises(ValueError, match="depend on Symbol.*'b'.*not among the model's inputs"):
        mg.Model(a, Add()([a, b]))
    with pytest.raises(TypeError, match="outputs are Symbols"):
        mg.Model(a, 3)


def test_models_are_layers():
    a = Input((4,))
    inner = mg.Model(a, Dense(3)(a), name="inner")
    b = Input((4,))
    outer = mg.Model(b, Dense(1)(inner(b) + inner(mg.tanh(b))))
    x = rng.normal(size=(2, 4)).astype(np.float32)
    assert outer(x).shape == (2, 1) and outer.count_params() == 15 + 4
    assert np.allclose(outer(x).data, outer.layers[1](inner(x) + inner(np.tanh(x))).data, atol=1e-6)


def test_training_reaches_layers_through_nested_models():
    a = Input((50,))
    inner = mg.Model(a, Dropout(0.5)(a))
    outer = mg.Sequential([inner])
    x = np.ones((2, 50))
    assert np.array_equal(outer(x).data, x) and not np.array_equal(outer(x, training=True).data, x)


def test_states_from_an_encoder_begin_a_decoder():
    source, target = Input((None, 3)), Input((None, 2))
    _, h, c = LSTM(4, return_state=True)(source)
    decoded = LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    model = mg.Model([source, target], Dense(2)(decoded))
    assert model([rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 7, 2))]).shape == (2, 7, 2)
    model.compile("adam", "mse")
    assert np.isfinite(model.train_on_batch([rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 7, 2))], np.zeros((2, 7, 2))))
    assert all(p.grad is not None for p in model.parameters())


def test_transfer_freeze_cut_and_put_on_a_new_head():
    base = mg.Sequential([Dense(8, input_dim=4, activation="tanh", name="features"), Dense(3, name="old_head")])
    base.compile("sgd", "mse")
    x = rng.normal(size=(16, 4))
    base.fit(x, x[:, :3], verbose=0)
    features = base.get_layer("features")
    features.trainable = False
    model = mg.Model(base.input, Dense(2, name="new_head")(features.output))
    before = features.get_weights()
    model.compile("adam", "mse")
    model.fit(x, x[:, :2], epochs=2, verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(before, features.get_weights()))
    assert len(model.parameters()) == 2 and "40 frozen" in model.summary(print_fn=None)
    with pytest.raises(ValueError, match="has no layer 'neck'; it has features, old_head"):
        base.get_layer("neck")


class Residual(mg.Model):
    """A model with a call of its own."""

    def __init__(self, width=4, **options):
        super().__init__(**options)
        self.width = width
        self.first, self.second = Dense(width, activation="relu"), Dense(width)
        self.drop = Dropout(0.5)

    def call(self, x, training=False):
        return x + self.second(self.drop(self.first(x)))


def test_a_subclass_with_its_own_call():
    model = Residual()
    model.compile("adam", "mse", metrics=["mae"])
    x = rng.normal(size=(64, 4))
    history = model.fit(x, 2 * x, epochs=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and len(model.parameters()) == 4
    assert [layer.name for layer in model.sublayers()] == [model.first.name, model.second.name, model.drop.name]
    assert "weights" in model.summary(print_fn=None)
    a = Input((4,))
    assert mg.Model(a, model(a))(x).shape == (64, 4)


def test_a_subclass_may_train_in_its_own_way():
    class Own(mg.Sequential):
        def train_step(self, x, y, sample_weight=None):
            logs = super().train_step(x, y, sample_weight)
            return {**logs, "batch": float(len(y))}

    model = Own([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    assert model.fit(np.ones((4, 2)), np.ones(4), batch_size=2, verbose=0).history["batch"] == [2.0]


@given(st.data())
def test_a_shared_layers_gradient_is_the_sum_over_untied_copies(data):
    """Random graphs of three layers, any of them used several times, against the same graph with a copy at every use."""
    mg.set_floatx("float64")
    mg.set_random_seed(data.draw(st.integers(0, 99)))
    plan = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
    tied = [Dense(3, activation="tanh", name=f"d{k}") for k in range(3)]
    copies: dict[int, list] = {0: [], 1: [], 2: []}

    def graph(layer_for):
        nodes = [Input((3,))]
        for which, left, right in plan:
            nodes.append(layer_for(which)(nodes[left % len(nodes)] * nodes[right % len(nodes)]) + nodes[-1])
        return mg.Model(nodes[0], nodes[-1].sum(axis=1))

    def copy(which):
        copies[which].append(Dense(3, activation="tanh"))
        return copies[which][-1]

    one, other = graph(lambda which: tied[which]), graph(copy)
    for k, layer in enumerate(tied):
        for twin in copies[k]:
            twin.set_weights(layer.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 3))
    for model in (one, other):
        model(x).sum().backward()
    for k, layer in enumerate(tied):
        if copies[k]:
            assert np.allclose(layer.W.grad, sum(twin.W.grad for twin in copies[k]), atol=1e-12)
            assert np.allclose(layer.b.grad, sum(twin.b.grad for twin in copies[k]), atol=1e-12)


def test_moving_a_model(device):
    model = two_in_two_out()
    a, b = rng.normal(size=(2, 6, 4)).astype(np.float32)
    before = model.predict([a, b])
    model.to_gpu()
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(before, model.predict([a, b])))
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], metrics=[["accuracy"], []])
    model.fit([a, b], [np.zeros(6, int), np.zeros(6)], verbose=0)
    assert not isinstance(model.parameters()[0].array, np.ndarray)


def test_parameters_among_the_operands_are_trained_too():
    a, scale = Input((3,)), mg.Parameter(np.ones(3, np.float32))
    model = mg.Model(a, Dense(1)(a * scale))
    assert list(model.named_weights()) == ["layers/0/W", "layers/0/b", "operands/0"]
    model.compile(mg.optimizers.SGD(0.1), "mse")
    x = rng.normal(size=(8, 3))
    model.fit(x, x[:, :1], verbose=0)
    assert not np.array_equal(scale.numpy(), np.ones(3))


def test_functions_on_symbols():
    a = Input((6, 4))
    W = np.ones((4, 3), np.float32)
    makers = [
        lambda: mg.split(a, 2, axis=-1)[1], lambda: mg.einsum("ntd,dk->ntk", a, W), lambda: mg.where(np.arange(4) > 1, a, -a),
        lambda: abs(a), lambda: np.ones((5, 6), np.float32) @ a, lambda: mg.logsumexp(a, axis=-1), lambda: mg.flip(a, axis=1),
        lambda: mg.pad(a, [(0, 0), (1, 1), (0, 0)]), lambda: a.std(axis=1), lambda: mg.maximum(a, 0.5), lambda: a[:, [0, 2]],
        lambda: mg.stack([a[:, k] * float(k) for k in range(6)], axis=1), lambda: mg.expand_dims(a, 1),
    ]
    x = rng.normal(size=(2, 6, 4)).astype(np.float32)
    for make in makers:
        symbol = make()
        value = mg.Model(a, symbol)(x)
        assert symbol.shape == (None, *value.shape[1:])
