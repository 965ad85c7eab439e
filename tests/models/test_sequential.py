"""Sequential: the lectures' five steps, adding and taking off, building late, the summary."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import LSTM, Activation, Dense, Dropout, Embedding, Flatten, Input
from minigrad.losses import SparseCategoricalCrossentropy


def blobs(n=400, classes=10, width=100, seed=0):
    """Generated data that a small net can learn."""
    rng = np.random.default_rng(seed)
    centres, y = rng.normal(size=(classes, width)), rng.integers(0, classes, n)
    return centres[y] + 0.5 * rng.normal(size=(n, width)), np.eye(classes)[y]


def test_the_lectures_five_steps():
    """Word for word but for the import."""
    Sequential = mg.Sequential
    x_train, y_train = blobs()
    x_test, y_test = x_train[:100], y_train[:100]

    model = Sequential()
    model.add(Dense(units=64, input_dim=100))
    model.add(Activation('relu'))
    model.add(Dense(units=10))
    model.add(Activation('softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
    model.fit(x_train, y_train, epochs=5, batch_size=32)
    loss_and_metrics = model.evaluate(x_test, y_test, batch_size=128)
    classes = model.predict(x_test, batch_size=128)

    assert loss_and_metrics[1] > 0.9 and classes.shape == (100, 10) and np.allclose(classes.sum(axis=1), 1, atol=1e-5)


def test_weights_are_made_at_once_where_the_input_is_known():
    for first in ([Dense(3, input_dim=2)], [Dense(3, input_shape=(2,))], [Input((2,)), Dense(3)]):
        model = mg.Sequential([*first, Dense(1)])
        assert model.built and model.count_params() == 13 and model.output.shape == (None, 1)


def test_building_late():
    model = mg.Sequential([Dense(3), Dense(1)])
    assert not model.built and model.count_params() == 0
    assert model(np.ones((5, 2))).shape == (5, 1) and model.built and model.count_params() == 13
    other = mg.Sequential([Dense(3), Dense(1)])
    other.build((None, 2))
    assert other.count_params() == 13


def test_another_batch_size_after_building_late():
    model = mg.Sequential([LSTM(3, return_sequences=True), Dense(1)])
    assert model(np.ones((5, 4, 2))).shape == (5, 4, 1) and model(np.ones((2, 9, 2))).shape == (2, 9, 1)


def test_pop_and_add():
    model = mg.Sequential([Dense(3, input_dim=2), Dense(4, name="head")])
    head = model.pop()
    assert head.name == "head" and model.output.shape == (None, 3)
    model.add(Dense(5))
    assert model(np.ones((1, 2))).shape == (1, 5) and [call.op for call in model.calls] == model.layers
    with pytest.raises(IndexError, match="no layers to take off"):
        mg.Sequential().pop()


def test_shape_errors_come_when_a_layer_is_added():
    model = mg.Sequential([Dense(3, input_dim=2)])
    layer = Dense(1, name="head")
    layer(np.ones((1, 7)))
    with pytest.raises(ValueError, match="Dense 'head' expects 7 features"):
        model.add(layer)


def test_what_is_no_layer_and_names_that_come_twice():
    with pytest.raises(TypeError, match="is made of layers, got 3"):
        mg.Sequential([3])
    with pytest.raises(ValueError, match="two different layers of the model are called 'a'"):
        mg.Sequential([Dense(1, name="a"), Dense(1, name="a")])


@pytest.mark.parametrize("hand", [False, True])
def test_a_character_model_learns_by_fit_and_by_hand(hand):
    mg.set_random_seed(1)
    ids = np.array([0, 1, 2, 2, 3] * 40)
    model = mg.Sequential([LSTM(16, input_dim=4, return_sequences=True), Dense(4)])
    loss, batches = SparseCategoricalCrossentropy(from_logits=True), mg.training.windows(ids, 4, 10)
    optimizer = mg.optimizers.Adam(0.02)
    if hand:
        for _ in range(15):
            for x, y in batches:
                model.zero_grad()
                loss(y, model(x, training=True)).backward()
                mg.clip_by_global_norm(model.parameters(), 5.0)
                optimizer.step(model.parameters())
    else:
        model.compile(optimizer, loss, metrics=["accuracy"])
        model.fit(batches, epochs=15, verbose=0)
    x, y = next(iter(batches))
    assert loss(y, model(x)).item() < 0.5


def test_embedding_first():
    model = mg.Sequential([Embedding(10, 4, input_length=3), Flatten(), Dense(2)])
    assert model.built and model.predict(np.array([[1, 2, 3]])).shape == (1, 2)
    late = mg.Sequential([Embedding(10, 4), Flatten(), Dense(2)])
    assert late.predict(np.array([[1, 2, 3]])).shape == (1, 2)


def test_models_inside_sequential():
    a = Input((4,))
    inner = mg.Model(a, mg.tanh(Dense(3)(a)))
    model = mg.Sequential([inner, mg.Sequential([Dense(2)]), Dropout(0.5)])
    assert model.built and model(np.ones((2, 4))).shape == (2, 2)
    assert list(model.named_weights()) == ["layers/0/layers/0/W", "layers/0/layers/0/b", "layers/1/layers/0/W", "layers/1/layers/0/b"]


def test_summary_fits_eighty_columns(capsys):
    model = mg.Sequential([Dense(64, input_dim=100, name="a_layer_with_a_name_that_is_much_longer_than_anybody_would_like_it"), Dense(10)])
    model.layers[0].trainable = False
    table = model.summary()
    assert capsys.readouterr().out.strip() == table.strip()
    assert max(map(len, table.splitlines())) <= 80
    assert "6,464" in table and "7,114 weights" in table and "650 trained, 6,464 frozen" in table


def test_repr_says_how_large_it_is():
    assert repr(mg.Sequential([Dense(3, input_dim=2)], name="net")) == "Sequential('net', 1 layer, 9 weights)"


def test_the_same_seed_gives_the_same_training():
    x, y = blobs(100)
    losses = []
    for _ in range(2):
        mg.set_random_seed(3)
        model = mg.Sequential([Dense(8, activation="relu"), Dropout(0.3), Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        losses.append(model.fit(x, y, epochs=2, verbose=0).history["loss"])
    assert losses[0] == losses[1]
