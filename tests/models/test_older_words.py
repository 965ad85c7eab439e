"""The words of Keras 1 and 2, and Keras' other names for what is here: each does what it did there."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L


@pytest.mark.parametrize(("layer", "shape"), [
    (lambda: L.SimpleRNN(32, input_shape=(7, 3)), (None, 7, 3)), (lambda: L.SimpleRNN(32, input_dim=3), (None, None, 3)),
    (lambda: L.LSTM(4, input_dim=3, input_length=7), (None, 7, 3)), (lambda: L.GRU(4, input_length=7, input_dim=3), (None, 7, 3)),
    (lambda: L.LSTM(4, batch_input_shape=(2, 7, 3), stateful=True), (2, 7, 3)), (lambda: L.Embedding(9, 4, input_length=7), (None, 7)),
    (lambda: L.Conv1D(4, 2, input_length=7, input_dim=3), (None, 7, 3)), (lambda: L.Dense(4, batch_input_shape=(None, 3)), (None, 3)),
    (lambda: L.InputLayer(input_shape=(3,)), (None, 3)), (lambda: L.InputLayer(batch_input_shape=(2, 3)), (2, 3)),
])
def test_a_first_layer_says_its_input_in_any_of_the_words(layer, shape):
    model = mg.Sequential([layer(), L.Activation("tanh")])
    assert model.inputs.shape == shape and model.built


def test_the_words_are_kept_in_a_file(tmp_path):
    mg.Sequential([L.LSTM(4, batch_input_shape=(2, 7, 3), stateful=True)]).save(tmp_path / "m")
    assert mg.load_model(tmp_path / "m").inputs.shape == (2, 7, 3)


@pytest.mark.parametrize("deferred", [False, True])
def test_weights_that_a_layer_begins_with(deferred, tmp_path):
    rows = np.arange(20.0).reshape(5, 4)
    model = mg.Sequential([L.Embedding(5, 4, weights=[rows], trainable=False, **({} if deferred else {"input_length": 3}))])
    assert np.array_equal(model.predict(np.array([[1, 0, 4]])), rows[[[1, 0, 4]]]) and model.trainable_weights == []
    model.save(tmp_path / "m")
    twin = mg.load_model(tmp_path / "m")
    assert np.array_equal(twin.layers[0].embeddings.numpy(), rows) and "weights" not in twin.layers[0].get_config()
    with pytest.raises(ValueError, match=r"W has shape \(5, 4\), got \(4, 5\)"):
        L.Embedding(5, 4, weights=[rows.T])(np.array([[1]]))


@pytest.mark.parametrize(("make", "said"), [
    (lambda: L.Dense(3, unis=4), "Dense got an unexpected argument 'unis'; did you mean 'units'"),
    (lambda: L.LSTM(3, return_sequence=True), "LSTM got.*'return_sequences'"), (lambda: L.Flatten(colour=1), "Flatten got an unexpected argument 'colour'$")])
def test_an_argument_that_is_mistyped(make, said):
    with pytest.raises(TypeError, match=said):
        make()


def test_keras_names_for_weights():
    dense, words, lstm, bare = L.Dense(3, input_dim=2), L.Embedding(5, 4), L.LSTM(2), L.GRU(2, use_bias=False)
    mg.Sequential([dense])
    h = words(mg.Input((6,), dtype="int64"))
    lstm(h), bare(h)
    assert dense.kernel is dense.W and dense.bias is dense.b and words.embeddings is words.W
    assert (lstm.kernel, lstm.recurrent_kernel, lstm.bias) == (lstm.W_xh, lstm.W_hh, lstm.b) and bare.bias is None
    assert L.Dense(2, use_bias=False).bias is None


def test_what_is_trained_and_what_is_not():
    model = mg.Sequential([L.Dense(2, input_dim=2), L.BatchNormalization(), L.Dense(1, trainable=False)])
    assert [len(model.trainable_weights), len(model.non_trainable_weights)] == [4, 4]
    assert model.trainable_variables == model.parameters() and model.non_trainable_variables == model.non_trainable_weights


@pytest.mark.parametrize("train", ["fit", "train_on_batch"])
def test_a_model_that_is_frozen_whole_runs_and_learns_nothing(train):
    model = mg.Sequential([L.Dense(1, input_dim=2)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.trainable = False
    before, x, y = model.get_weights(), np.ones((4, 2)), np.zeros((4, 1))
    with pytest.warns(UserWarning, match="nothing to train"):
        loss = model.fit(x, y, verbose=0).history["loss"][0] if train == "fit" else model.train_on_batch(x, y)[0]
    assert loss == pytest.approx(model.evaluate(x, y)[0]) and loss > 0
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights())) and model.optimizer.iterations == 0


def test_every_name_in_the_last_column_of_a_summary_has_its_row():
    a, b = mg.Input((4,)), mg.Input((4,), name="b")
    dense = L.Dense(4, name="add_1")
    h = dense(a) + dense(b)
    model = mg.Model([a, b], L.Dense(2)((mg.tanh(h) * h + np.ones(4))[:, :3] + 1.0))
    lines = [line.split("  ") for line in model.summary(print_fn=None).splitlines()[4:-2]]
    rows = {line[0].split(" ")[0] for line in lines}
    named = {name for line in lines for name in line[-1].strip().split(", ")}
    assert named <= rows | {"input", "b"} and {"add", "tanh", "multiply", "add_1", "add_2", "add_3", "getitem"} <= rows


def test_a_line_needs_no_last_column():
    a = mg.Input((4,))
    assert "Connected to" not in mg.Model(a, L.Dense(2)(L.Dense(3)(a) * 2.0)).summary(print_fn=None)
    assert "Connected to" in mg.Model(a, L.Dense(4)(a) + a).summary(print_fn=None)


def test_validation_after_the_epochs_that_are_listed():
    model = mg.Sequential([L.Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    assert len(model.fit(x, y, epochs=5, validation_data=(x, y), validation_freq=[1, 4, 9], verbose=0).history["val_loss"]) == 2
    assert model.metrics_names == ["loss"]
