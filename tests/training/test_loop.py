"""fit, evaluate, predict: every form of data and every argument, callbacks told in order, interruption."""
from __future__ import annotations

import gc
import os
import signal
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import BatchNormalization, Dense, Dropout
from minigrad.training.callbacks import Callback, History, LambdaCallback

x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)


def line(optimizer="sgd", **options):
    mg.set_random_seed(0)
    model = mg.Sequential([Dense(1, input_dim=3)])
    model.compile(optimizer, "mse", **options)
    return model


def test_fit_is_gradient_descent_by_hand():
    model, twin = line(), line()
    model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
    for _ in range(2):
        for k in range(0, 40, 10):
            twin.zero_grad()
            ((twin(x[k:k + 10]) - y[k:k + 10]) ** 2).mean().backward()
            for p in twin.parameters():
                p.data = p.data - 0.01 * p.grad
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(model.get_weights(), twin.get_weights()))


def test_the_logged_loss_is_the_mean_over_examples():
    model = line(mg.optimizers.SGD(0.0))
    history = model.fit(x, y, batch_size=16, verbose=0).history
    assert history["loss"][0] == pytest.approx(float(np.mean((model.predict(x) - y) ** 2)), rel=1e-5)


@pytest.mark.parametrize("form", ["arrays", "lists", "tensors", "list of batches", "generator", "dataset"])
def test_every_form_of_data(form):
    pairs = [(x[k:k + 8], y[k:k + 8]) for k in range(0, 40, 8)]
    data = {"arrays": (x, y), "lists": (x.tolist(), y.tolist()), "tensors": (mg.Tensor(x), mg.Tensor(y)),
            "list of batches": (pairs,), "generator": (pair for pair in pairs), "dataset": (mg.training.Batches(x, y, batch_size=8),)}[form]
    arguments = (data,) if form == "generator" else data
    history = line().fit(*arguments, batch_size=8 if len(arguments) == 2 else None, shuffle=False, verbose=0).history
    assert history["loss"] == pytest.approx(line().fit(x, y, batch_size=8, shuffle=False, verbose=0).history["loss"], rel=1e-5)


def test_an_endless_generator_with_steps_per_epoch():
    def endless():
        while True:
            yield x[:8], y[:8]

    assert len(line().fit(endless(), steps_per_epoch=3, epochs=2, verbose=0).epoch) == 2


def test_a_generator_that_is_used_up_is_told():
    with pytest.warns(UserWarning, match="no batches came in epoch 2.*training ends here"):
        assert line().fit(((x, y) for _ in range(2)), epochs=3, verbose=0).epoch == [0]
    with pytest.raises(ValueError, match="no batches came in epoch 1"):
        line().fit(iter(()), verbose=0)


def test_validation_data_split_and_frequency():
    model = line()
    history = model.fit(x, y, epochs=4, validation_split=0.25, validation_freq=2, verbose=0).history
    assert len(history["val_loss"]) == 2 and len(history["loss"]) == 4
    history = model.fit(x[:30], y[:30], epochs=1, validation_data=(x[30:], y[30:]), verbose=0).history
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(x[30:], y[30:]))
    with pytest.raises(ValueError, match="validation_split"):
        model.fit(x, y, validation_split=1.5, verbose=0)


def test_evaluate_returns_what_keras_returns():
    assert isinstance(line().evaluate(x, y), float)
    assert len(line(metrics=["mae"]).evaluate(x, y)) == 2
    assert set(line(metrics=["mae"]).evaluate(x, y, return_dict=True)) == {"loss", "mae"}


def test_weights_of_classes_and_examples():
    labels = (y[:, 0] > 0).astype(int)

    def loss(**weights):
        mg.set_random_seed(0)
        model = mg.Sequential([Dense(2, input_dim=3, activation="softmax")])
        model.compile(mg.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
        return model.fit(x, labels, verbose=0, **weights).history["loss"][0]

    assert loss(class_weight={0: 2.0, 1: 2.0}) == pytest.approx(2 * loss(), rel=1e-5)
    assert loss(class_weight={1: 0.0}) == pytest.approx(loss(sample_weight=1.0 - labels), rel=1e-5)


def test_weighted_metrics():
    model = line(metrics=["mae"], weighted_metrics=["mse"])
    logs = model.evaluate(x, y, sample_weight=np.eye(40)[3], return_dict=True)
    error = model.predict(x) - y
    assert logs["mse"] == pytest.approx(float(error[3, 0] ** 2), rel=1e-5)
    assert logs["mae"] == pytest.approx(float(np.abs(error).mean()), rel=1e-5)


def test_shuffling_has_a_seed():
    orders = []

    class Order(mg.Sequential):
        def train_step(self, x, y, sample_weight=None):
            orders.append(np.asarray(y)[:, 0].tolist())
            return super().train_step(x, y, sample_weight)

    for seed in (1, 1, 2):
        model = Order([Dense(1, input_dim=3)])
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=40, seed=seed, verbose=0)
    assert orders[0] == orders[1] != orders[2] and sorted(orders[0]) == sorted(orders[2])


def test_initial_epoch():
    assert line().fit(x, y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]


def test_on_one_batch():
    model = line(metrics=["mae"])
    assert model.train_on_batch(x, y, return_dict=True)["loss"] > model.test_on_batch(x, y)[0]
    assert np.array_equal(model.predict_on_batch(x), model.predict(x))


def test_predict_does_not_record_and_joins_batches():
    model = line()
    with mg.Trace() as trace:
        assert model.predict(x, batch_size=7).shape == (40, 1)
    assert list(trace.tensors) == []


def test_dropout_and_moving_statistics_behave_in_training_and_in_use():
    model = mg.Sequential([Dense(4, input_dim=3), BatchNormalization(), Dropout(0.5), Dense(1)])
    model.compile("sgd", "mse")
    before = model.layers[1].moving_mean.numpy().copy()
    model.evaluate(x, y)
    assert np.array_equal(before, model.layers[1].moving_mean.numpy())
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before, model.layers[1].moving_mean.numpy())
    assert np.array_equal(model.predict(x), model.predict(x))


def test_callbacks_hear_everything_in_order():
    heard = []

    class Ear(Callback):
        def __getattribute__(self, word):
            if word.startswith("on_"):
                return lambda *what: heard.append(word)
            return super().__getattribute__(word)

    line().fit(x, y, batch_size=20, validation_data=(x, y), callbacks=[Ear()], verbose=0)
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    test = ["on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_batch_begin", "on_test_batch_end", "on_test_end"]
    assert heard == ["on_train_begin", "on_epoch_begin", *batch, *batch, *test, "on_epoch_end", "on_train_end"]


def test_history_is_returned_and_kept():
    model = line()
    history = model.fit(x, y, verbose=0)
    assert isinstance(history, History) and model.history is history and repr(history).startswith("History(1 epochs: loss")


def interrupt_after(batches):
    seen = []

    def end(batch, logs):
        seen.append(batch)
        if len(seen) == batches:
            os.kill(os.getpid(), signal.SIGINT)
    return LambdaCallback(on_train_batch_end=end), seen


def test_ctrl_c_finishes_the_batch_and_returns_the_history():
    stop, seen = interrupt_after(3)
    told = []

    class Told(Callback):
        def on_interrupt(self, epoch, batch):
            told.append((epoch, batch))

        def on_train_end(self, logs=None):
            told.append("end")

    before = signal.getsignal(signal.SIGINT)
    history = line().fit(x, y, batch_size=20, epochs=10, callbacks=[stop, Told()], verbose=0)
    assert len(seen) <= 4 and history.epoch == [0] and told[-1] == "end" and told[0][0] == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once():
    def twice(batch, logs):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        line().fit(x, y, callbacks=[LambdaCallback(on_train_batch_end=twice)], verbose=0)


def test_training_in_a_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(line().fit(x, y, verbose=0)))
    thread.start()
    thread.join()
    assert len(results) == 1


def test_lines_in_a_file(capsys):
    line(metrics=["mae"]).fit(x, y, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].startswith("Epoch 2/2") and "mae" in lines[1]
    line().fit(x, y, verbose=0)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="verbose is"):
        line().fit(x, y, verbose=7)


def test_a_bar_in_a_terminal(capsys, monkeypatch):
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    line().fit(x, y, epochs=2, batch_size=10)
    out = capsys.readouterr().out
    assert "Epoch 1/2: 100%" in out and "4/4" in out and "loss" in out


def test_the_loop_can_be_called_by_itself():
    model = line()
    history = mg.training.fit(model, mg.training.Batches(x, y), epochs=2)
    assert len(history.history["loss"]) == 2
    pairs = [(x[:20], y[:20]), (x[20:], y[20:])]
    assert len(mg.training.fit(model, pairs, epochs=2, validation=pairs).history["val_loss"]) == 2
    assert mg.training.predict(model, pairs).shape == (40, 1) and mg.training.evaluate(model, pairs)["loss"] > 0


def test_nothing_of_a_batchs_graph_is_left_after_training():
    model = line(metrics=["mae"])
    gc.collect()
    before = mg.engine.tick()                       # other tests may keep graphs of their own
    gc.disable()
    try:
        model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
        model.evaluate(x, y)
        left = [one for one in gc.get_objects() if isinstance(one, mg.Tensor) and one.op is not None and one.time > before]
    finally:
        gc.enable()
    assert left == []


@pytest.mark.parametrize("on", [True, False], ids=["on", "switched off by the user"])
def test_the_collector_rests_until_a_batchs_graph_is_gone(on):
    asked = []
    model = line(metrics=[lambda y, y_pred: asked.append(gc.isenabled()) or mg.mean(y_pred)])
    (gc.enable if on else gc.disable)()
    try:
        model.fit(x, y, batch_size=20, verbose=0)
        assert gc.isenabled() is on
    finally:
        gc.enable()
    assert asked == [False, False]
