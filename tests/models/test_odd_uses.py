"""Uses that are legitimate and rare: each one did something else, or failed without a word that helps, before it stood here."""
from __future__ import annotations

import csv
import signal

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.training.callbacks import Callback, CSVLogger, LambdaCallback, ModelCheckpoint

rng = np.random.default_rng(0)
x, y = rng.normal(size=(24, 4)), rng.normal(size=(24, 1))


def line(loss="mse"):
    model = mg.Sequential([L.Dense(1, input_dim=4)])
    model.compile("sgd", loss)
    return model


class Table:
    """What can become an array and is none."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def __len__(self):
        return len(self.values)


@pytest.mark.parametrize("form", [lambda a: Table(a), lambda a: a.tolist(), lambda a: [list(row) for row in a]])
def test_tables_and_lists_are_data(form):
    model = line()
    assert model.evaluate(form(x), form(y), batch_size=5) == pytest.approx(model.evaluate(x, y, batch_size=5))
    assert np.array_equal(model.predict(form(x)), model.predict(x))


def test_single_numbers_in_a_list_are_one_array():
    model = line()
    for numbers in (list(y[:, 0]), [mg.Tensor(number) for number in y[:, 0]], y[:, 0].tolist()):
        assert model.evaluate(x, numbers) == pytest.approx(model.evaluate(x, y))


def test_several_inputs_as_a_tuple():
    a, b = mg.Input((4,)), mg.Input((4,))
    model = mg.Model([a, b], L.Dense(1)(a * b))
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit((x, x), y, verbose=0).history["loss"][0]) and model.predict((x, x)).shape == (24, 1)


def test_validation_data_as_a_list():
    for given in ([x, y], [x, y, np.ones(24)], (x, y), [(x, y)]):
        model = line()
        assert model.fit(x, y, validation_data=given, verbose=0).history["val_loss"] == [pytest.approx(model.evaluate(x, y))]


@pytest.mark.parametrize("given", [[1, 2, 3], "balanced"])
def test_class_weight_is_a_table(given):
    with pytest.raises(TypeError, match="class by class"):
        line().fit(x, y, class_weight=given, verbose=0)


def test_class_weight_is_for_one_target():
    a = mg.Input((4,))
    model = mg.Model(a, [L.Dense(1)(a), L.Dense(1)(a)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="sample_weight, one for each"):
        model.fit(x, [y, y], class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize(("use", "said"), [
    (lambda model: model.fit(x[:0], y[:0], verbose=0), "there are no examples"), (lambda model: model.predict(x[:0]), "there are no examples"),
    (lambda model: model.predict(x[0]), r"got \(4,\); one example alone is a batch of one, x\[None\]"),
    (lambda model: model.fit(x, verbose=0), "compares the outputs with targets, and there are none: give y"),
    (lambda model: model.save("no/such/folder/file"), "there is no folder no/such/folder to write file into"),
])
def test_what_is_missing_is_said(use, said):
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        use(line())


def test_a_layer_that_stands_twice_in_a_line():
    layer = L.Dense(4, input_dim=4)
    with pytest.raises(ValueError, match="stands twice in a line; a layer is shared in a Model"):
        mg.Sequential([layer, layer])


def test_pop_of_a_layer_that_is_used_elsewhere_too(tmp_path):
    model = mg.Sequential([L.Dense(3, input_dim=4), L.Dense(2)])
    model.layers[1](mg.Input((3,)))
    model.pop()
    model.add(L.Dense(1))
    assert model.outputs.shape == (None, 1) and [call.op for call in model.calls] == model.layers
    model.save(tmp_path / "m")
    assert np.array_equal(mg.load_model(tmp_path / "m").predict(x), model.predict(x))


def test_every_callback_is_given_logs():
    told = []
    words = [word for word in vars(Callback) if word.startswith("on_") and ("train" in word or "test" in word or "epoch" in word) and "batch" not in word]
    functions = {word: (lambda epoch, logs, word=word: told.append(word)) if "epoch" in word else (lambda logs, word=word: told.append(word)) for word in words}
    batches = {f"on_{when}_batch_{end}": lambda batch, logs: told.append("batch") for when in ("train", "test") for end in ("begin", "end")}
    line().fit(x, y, validation_data=(x, y), verbose=0, callbacks=[LambdaCallback(**functions, **batches)])
    assert set(told) == {*words, "batch"}


def test_the_older_names_of_callbacks():
    class Older(Callback):
        def __init__(self):
            self.told = []

        def on_batch_begin(self, batch, logs=None):
            self.told.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            self.told.append(("end", batch))
    older = Older()
    line().fit(x, y, batch_size=12, verbose=0, callbacks=older)
    assert older.told == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]


def test_folders_for_what_is_written_are_made(tmp_path):
    line().fit(x, y, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "new" / "a" / "m-{epoch}.mg"), CSVLogger(tmp_path / "new" / "b" / "log.csv")])
    assert (tmp_path / "new/a/m-1.mg").exists() and (tmp_path / "new/b/log.csv").exists()


def test_a_log_of_what_is_measured_now_and_then(tmp_path):
    line().fit(x, y, epochs=4, validation_data=(x, y), validation_freq=2, verbose=0, callbacks=[CSVLogger(tmp_path / "log.csv")])
    with open(tmp_path / "log.csv", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["epoch", "loss", "val_loss"] and [row[2] == "NA" for row in rows] == [True, False, True, False]


def test_names_in_capitals():
    assert type(mg.optimizers.get("ADAM")) is mg.optimizers.Adam and type(mg.losses.get("Huber")) is mg.losses.Huber


class Penalty(L.Layer):
    def call(self, z):
        self.add_loss((z * z).mean())
        return z


def test_training_on_added_losses_alone():
    model = mg.Sequential([L.Dense(2, input_dim=4), Penalty()])
    model.compile(mg.optimizers.SGD(0.1))
    history = model.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[2] < history[0]
    with pytest.raises(ValueError, match="without a loss"):
        model.fit(x, y, verbose=0)


@L.register
class OfLayers(mg.Model):
    """A call of its own, over a list that is called layers."""

    def __init__(self, units=3, **options):
        super().__init__(**options)
        self.units, self.layers = units, [L.Dense(units, "tanh"), L.Dense(1)]

    def call(self, z):
        for layer in self.layers:
            z = layer(z)
        return z


@L.register
class Line(mg.Sequential):
    """A Sequential that makes its own layers."""

    def __init__(self, units=3, **options):
        super().__init__([L.Dense(units), L.Dense(1)], **options)
        self.units = units


@L.register
class BuiltLine(mg.Sequential):
    """The same, with its weights."""

    def __init__(self, units=3, **options):
        super().__init__(**options)
        self.units = units
        self.add(L.Dense(units, input_dim=4))
        self.add(L.Dense(1))


@L.register
class Graph(mg.Model):
    """A graph that its class makes, with a part of it as an attribute."""

    def __init__(self, units=3, **options):
        a, encoder = mg.Input((4,)), L.Dense(units, name="encoder")
        super().__init__(a, L.Dense(1)(encoder(a)), **options)
        self.units, self.encoder = units, encoder


@pytest.mark.parametrize("kind", [OfLayers, Line, BuiltLine, Graph])
def test_a_class_that_makes_its_own_layers_is_saved(kind, tmp_path):
    model = kind(4)
    model.compile("adam", "mse")
    model.save(tmp_path / "before")
    assert type(mg.load_model(tmp_path / "before")) is kind
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m")
    twin = mg.load_model(tmp_path / "m")
    assert np.array_equal(twin.predict(x), model.predict(x)) and twin.count_params() == model.count_params()
    twin.save(tmp_path / "again")
    assert np.array_equal(mg.load_model(tmp_path / "again").predict(x), model.predict(x))


def test_going_on_with_a_model_that_was_made_anew(tmp_path):
    """As in a notebook, where the cell that makes the model is run a second time: its layers have other names then."""
    def made():
        a = mg.Input((4,))
        model = mg.Model(a, L.Dense(1)(L.Dropout(0.2)(L.Dense(4)(a))))
        model.compile("adam", "mse")
        return model

    def run(model, *callbacks):
        mg.set_random_seed(0)
        return model.fit(x, y, batch_size=8, epochs=3, verbose=0, callbacks=[mg.training.callbacks.BackupAndRestore(tmp_path), *callbacks])

    def press(batch, logs):
        if len(pressed) == 4:
            signal.raise_signal(signal.SIGINT)
        pressed.append(batch)
    pressed: list[int] = []
    mg.set_random_seed(1)
    first, twin = made(), made()
    twin.set_weights(first.get_weights())
    whole = run(first).history["loss"]
    assert len(run(twin, LambdaCallback(on_train_batch_end=press)).epoch) == 1
    assert run(made()).history["loss"] == whole


@pytest.mark.parametrize("watch", [mg.training.callbacks.LearningRateScheduler(lambda epoch: 0.1),
                                   mg.training.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=9.0)])
def test_a_schedule_is_not_overwritten(watch):
    model = line()
    model.compile(mg.optimizers.SGD(mg.schedules.ExponentialDecay(0.1, 2, 0.5)), "mse")
    with pytest.raises(TypeError, match="follows ExponentialDecay"):
        model.fit(x, y, epochs=3, callbacks=[watch], verbose=0)


def test_batches_as_lists():
    """As PyTorch's DataLoader gives them."""
    pairs = [(x[:12], y[:12]), (x[12:], y[12:])]
    one, other = line(), line()
    other.set_weights(one.get_weights())
    histories = [model.fit(batches, verbose=0).history for model, batches in ((one, pairs), (other, map(list, pairs)))]
    assert histories[0] == histories[1]


class Numbered:
    """As Keras' Sequence: batches by their number, no iterator, no IndexError."""

    ends = 0

    def __len__(self):
        return 3

    def __getitem__(self, k):
        return x[8 * k:8 * k + 8], y[8 * k:8 * k + 8]

    def on_epoch_end(self):
        self.ends += 1


def test_batches_that_are_asked_for_by_number():
    one, other, source = line(), line(), Numbered()
    other.set_weights(one.get_weights())
    assert one.fit(source, epochs=2, verbose=0).history == other.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    assert source.ends == 2 and one.history.epoch == [0, 1]


def test_weights_of_a_last_axis_of_one_beside_a_mask():
    model = mg.Sequential([L.Embedding(9, 4, mask_zero=True, input_length=5), L.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    words, classes, weights = rng.integers(0, 9, (6, 5)), rng.integers(0, 3, (6, 5)), rng.random((6, 5))
    assert model.evaluate(words, classes, sample_weight=weights[..., None]) == model.evaluate(words, classes, sample_weight=weights)


@pytest.mark.parametrize("make", [
    lambda: mg.Sequential([L.TimeDistributed(L.Dense(3), trainable=False, input_shape=(5, 2))]), lambda: mg.Sequential([L.Dense(2, input_dim=3)], trainable=False),
    lambda: mg.Sequential([L.Bidirectional(L.LSTM(2), trainable=False, input_shape=(5, 2))]), lambda: mg.Model(a := mg.Input((3,)), L.Dense(2)(a), trainable=False),
    lambda: mg.Sequential([L.RNN(L.LSTMCell(2), trainable=False, input_shape=(5, 2))]),
])
def test_trainable_false_reaches_what_is_inside(make):
    assert make().parameters() == [] != make().weights


def test_one_output_in_a_list_is_one_output():
    a = mg.Input((4,))
    model = mg.Model([a], [L.Dense(1)(a)])
    assert model.predict(x).shape == (24, 1) and mg.Sequential([model, L.Dense(2)]).predict(x).shape == (24, 2)


@pytest.mark.parametrize(("use", "said"), [
    (lambda model: model.fit(((x, y) for _ in range(2)), validation_split=0.5, verbose=0), "validation_split cuts arrays"),
    (lambda model: model.predict([x, x]), "is a line and has one input, got 2"),
    (lambda model: mg.Sequential([L.Dense(1)]).predict([x, x]), "is a line and has one input, got 2"),
    (lambda model: mg.Model(mg.Sequential([model]).input, model.layers[0].output), "cut it by itself"),
])
def test_what_cannot_be_is_explained(use, said):
    with pytest.raises(ValueError, match=said):
        use(line())


@L.register
class Plain(L.Layer):
    """As people write them who know that nobody else will: no name, no options."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
        self.shift = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, z):
        return z @ self.kernel + self.shift


@L.register
class PlainNet(mg.Model):
    """The same as a model."""

    def __init__(self, units):
        super().__init__()
        self.units, self.inner = units, Plain(units)

    def call(self, z):
        return self.inner(z)


@pytest.mark.parametrize("make", [lambda: mg.Sequential([Plain(3), L.Dense(1)]), lambda: PlainNet(1)])
def test_classes_whose_constructor_asks_for_no_name_are_saved(make, tmp_path):
    model = make()
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m")
    twin = mg.load_model(tmp_path / "m")
    assert np.array_equal(twin.predict(x), model.predict(x)) and list(twin.named_weights()) == list(model.named_weights())
    assert [one.name for one in twin.layers_inside()] == [one.name for one in model.layers_inside()]


@L.register
class Forgetful(mg.Model):
    """A class that keeps nothing of what it was given."""

    def __init__(self, units, depth=2):
        super().__init__()
        self.parts = [L.Dense(units) for _ in range(depth)]

    def call(self, z):
        for part in self.parts:
            z = part(z)
        return z


def test_a_class_that_keeps_nothing_is_told_before_its_file_is_written(tmp_path):
    model = Forgetful(3)
    model.predict(x)
    with pytest.raises(TypeError, match="does not keep what its constructor was given as 'units': set self.units = units there"):
        model.save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(("content", "said"), [(b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5 file"), (b"PK\x03\x04" + b"\0" * 99, "zip archive")])
def test_files_of_others_are_called_by_their_names(content, said, tmp_path):
    (tmp_path / "theirs").write_bytes(content)
    for read in (mg.load_model, line().load_weights):
        with pytest.raises(mg.ModelFileError, match=said):
            read(tmp_path / "theirs")


def test_predictions_of_one_number_a_step_leave_padding_out():
    words, targets = np.array([[1, 2, 0, 0], [2, 1, 1, 0]]), rng.normal(size=(2, 4))
    flat = mg.Sequential([L.Embedding(3, 2, mask_zero=True), L.Dense(1), L.Reshape((4,))])
    flat.compile("sgd", "mse", metrics=["mae", "mse"])
    loss, mae, mse = flat.evaluate(words, targets)
    error = (flat.predict(words) - targets)[words != 0]
    assert (loss, mae, mse) == pytest.approx((np.square(error).mean(), np.abs(error).mean(), np.square(error).mean()), rel=1e-5)


def test_steps_that_became_features_are_no_steps():
    words = np.array([[1, 2, 0, 0], [2, 1, 1, 0]])
    model = mg.Sequential([L.Embedding(3, 2, mask_zero=True), L.Dense(1), L.Flatten(), L.Dense(4, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["mae"])
    assert model(words).mask is None and len(model.evaluate(words, np.eye(4)[:2])) == 3


def test_metrics_of_a_whole_batch_and_weights_of_every_number():
    words, targets = np.array([[1, 2, 0, 0], [2, 1, 1, 0]]), rng.normal(size=(2, 4, 1))
    model = mg.Sequential([L.Embedding(3, 2, mask_zero=True), L.Dense(1)])
    model.compile("sgd", "mse", metrics=[lambda t, p: mg.mean(p)], weighted_metrics=["mae"])
    assert np.isfinite(model.evaluate(words, targets, sample_weight=np.ones((2, 4, 1)))).all()


def test_nothing_to_evaluate_is_said():
    model = line()
    with pytest.raises(ValueError, match="nothing to evaluate"):
        model.evaluate(iter([]))
    with pytest.warns(UserWarning, match="nothing to validate with: a generator is used up"):
        history = model.fit(x, y, epochs=2, verbose=0, validation_data=((x, y) for _ in range(1))).history
    assert len(history["loss"]) == 2 and len(history["val_loss"]) == 1
