"""Programs as people write them for Keras: each learns what it is there to learn, and comes back from its file."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.losses import SparseCategoricalCrossentropy

rng = np.random.default_rng(0)


def learns(model, x, y, epochs, below, tmp_path, **options):
    """Trains, saves, loads, and compares; the last loss must be below a bound."""
    history = model.fit(x, y, epochs=epochs, verbose=0, **options).history
    assert history["loss"][-1] < below, history["loss"]
    model.save(tmp_path / "model")
    twin = mg.load_model(tmp_path / "model")
    ours, theirs = model.predict(x), twin.predict(x)
    for a, b in zip(ours if isinstance(ours, list) else [ours], theirs if isinstance(theirs, list) else [theirs]):
        assert np.array_equal(a, b)
    return history


def test_sentiment_with_padding(tmp_path):
    """Word 1 is good, word 2 is bad, 3 to 9 say nothing, 0 is padding."""
    x = rng.integers(3, 10, (200, 8))
    y = rng.integers(0, 2, 200)
    x[np.arange(200), rng.integers(0, 4, 200)] = 2 - y
    x[np.arange(200)[:, None] % 4 + 4 < np.arange(8)] = 0
    model = mg.Sequential([L.Embedding(10, 8, mask_zero=True), L.Bidirectional(L.GRU(8)), L.Dropout(0.1), L.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.02
    history = learns(model, x, y, 12, 0.3, tmp_path)
    assert history["accuracy"][-1] > 0.9


def test_sequence_to_sequence_reverses(tmp_path):
    source = rng.integers(1, 6, (256, 4))
    target = source[:, ::-1]
    fed = np.concatenate([np.zeros((256, 1), int), target[:, :-1]], axis=1)
    encoder_in, decoder_in = L.Input((None,), dtype="int64"), L.Input((None,), dtype="int64")
    _, h, c = L.LSTM(32, return_state=True)(L.Embedding(6, 12)(encoder_in))
    decoded = L.LSTM(32, return_sequences=True)(L.Embedding(6, 12)(decoder_in), initial_state=[h, c])
    model = mg.Model([encoder_in, decoder_in], L.Dense(6)(decoded))
    model.compile(mg.optimizers.Adam(0.02, global_clipnorm=1.0), SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    learns(model, [source, fed], target, 25, 0.5, tmp_path)


def test_an_autoencoder_and_its_encoder_alone(tmp_path):
    hidden = rng.normal(size=(256, 2))
    x = np.tanh(hidden @ rng.normal(size=(2, 10)))
    a = L.Input((10,))
    code = L.Dense(2, name="code")(L.Dense(8, activation="tanh")(a))
    model = mg.Model(a, L.Dense(10, activation="tanh")(L.Dense(8, activation="tanh")(code)))
    model.compile(mg.optimizers.Adam(0.02), "mse")
    learns(model, x, x, 25, 0.05, tmp_path)
    assert mg.Model(model.input, model.get_layer("code").output).predict(x).shape == (256, 2)


def test_twins_share_their_eyes(tmp_path):
    """Same or different? One net looks at both."""
    kinds, centres = rng.integers(0, 3, (2, 300)), rng.normal(size=(3, 6))
    a, b = (centres[k] + 0.2 * rng.normal(size=(300, 6)) for k in kinds)
    left, right = L.Input((6,)), L.Input((6,))
    eye = mg.Sequential([L.Dense(16, activation="relu"), L.Dense(4)])
    distance = mg.abs(eye(left) - eye(right))
    model = mg.Model([left, right], L.Dense(1, activation="sigmoid")(distance))
    model.compile(mg.optimizers.Adam(0.02), "binary_crossentropy")
    learns(model, [a, b], (kinds[0] == kinds[1]).astype(float), 12, 0.3, tmp_path)


def test_residual_convolutions_with_batch_normalization(tmp_path):
    """Is the bar in the picture upright or lying?"""
    x, y = 0.3 * rng.normal(size=(200, 8, 8, 1)), rng.integers(0, 2, 200)
    for picture, upright, place in zip(x, y, rng.integers(1, 7, 200)):
        picture[(slice(None), place) if upright else (place, slice(None))] += 1.0
    a = L.Input((8, 8, 1))
    h = L.Activation("relu")(L.BatchNormalization(momentum=0.8)(L.Conv2D(8, 3, padding="same")(a)))
    h = L.Add()([h, L.Conv2D(8, 3, padding="same", activation="relu")(h)])
    model = mg.Model(a, L.Dense(2, activation="softmax")(L.GlobalMaxPooling2D()(h)))
    model.compile(mg.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = learns(model, x, y, 8, 0.4, tmp_path, validation_split=0.2)
    assert history["val_accuracy"][-1] > 0.8


def test_a_transformer_block(tmp_path):
    """Which word stands where the first word points?"""
    x = rng.integers(0, 5, (300, 6))
    x[:, 0] = rng.integers(1, 6, 300)
    y = x[np.arange(300), x[:, 0]]
    a = L.Input((6,), dtype="int64")
    h = L.Embedding(6, 16)(a) + L.Embedding(6, 16, name="places")(L.Lambda(where_words_stand)(a))
    h = L.LayerNormalization()(h + L.MultiHeadAttention(2, 8)(h, h))
    h = L.LayerNormalization()(h + L.Dense(16)(L.Dense(32, activation="relu")(h)))
    model = mg.Model(a, L.Dense(6)(L.MultiHeadAttention(2, 8)(h, h)[:, 0]))
    model.compile(mg.optimizers.Adam(0.01), SparseCategoricalCrossentropy(from_logits=True))
    learns(model, x, y, 15, 1.2, tmp_path)


@L.register_function
def where_words_stand(x):
    """0, 1, 2, … for every row."""
    return mg.Tensor(np.broadcast_to(np.arange(x.shape[1]), x.shape))


def test_two_tasks_on_one_trunk(tmp_path):
    x = rng.normal(size=(256, 5))
    a = L.Input((5,))
    trunk = L.Dense(16, activation="tanh", kernel_regularizer="l2")(a)
    model = mg.Model(a, [L.Dense(1, name="size")(trunk), L.Dense(1, activation="sigmoid", name="sign")(trunk)])
    model.compile(mg.optimizers.Adam(0.02), {"size": "mse", "sign": "binary_crossentropy"}, metrics={"sign": "accuracy"},
                  loss_weights={"size": 0.5})
    y = {"size": np.abs(x[:, 0]), "sign": (x[:, 0] > 0).astype(float)}
    history = learns(model, x, y, 20, 1.0, tmp_path)
    assert history["sign_accuracy"][-1] > 0.9 and history["loss"][-1] > 0.5 * history["size_loss"][-1] + history["sign_loss"][-1]


@pytest.mark.parametrize("stateful", [False, True])
def test_a_text_in_windows(stateful):
    ids = np.array(list(b"hello world, ") * 60) % 32
    model = mg.Sequential([L.LSTM(24, input_dim=32, return_sequences=True, stateful=stateful, batch_size=4 if stateful else None), L.Dense(32)])
    model.compile(mg.optimizers.Adam(0.02, clipvalue=1.0), SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy", mg.metrics.BitsPerCharacter(from_logits=True)])
    history = model.fit(mg.training.windows(ids, 4, 20), epochs=12, verbose=0,
                        callbacks=[mg.training.tbptt.ResetStates()] if stateful else None).history
    assert history["bits_per_character"][-1] < 1.0 and history["accuracy"][-1] > 0.8


def test_a_loop_by_hand_with_a_schedule():
    net = mg.Sequential([L.Dense(16, activation="relu", input_dim=3), L.Dense(1)])
    optimizer = mg.optimizers.SGD(mg.schedules.CosineDecay(0.1, 150), momentum=0.9)
    x = rng.normal(size=(128, 3))
    y = np.sin(x.sum(axis=1, keepdims=True))
    for _ in range(150):
        loss = mg.mean((net(x, training=True) - y) ** 2)
        net.zero_grad()
        loss.backward()
        norm = mg.clip_by_global_norm(net.parameters(), 1.0)
        optimizer.step(net.parameters())
    assert loss.item() < 0.05 and norm > 0 and optimizer.rate == 0.0
