"""Callbacks: each does what its name says; an interrupted run goes on as if it had never been broken."""
from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import Dense, Dropout
from minigrad.training import callbacks as cb

rng = np.random.default_rng(0)
x = rng.normal(size=(60, 4)).astype(np.float32)
y = (x[:, :1] > 0).astype(np.float32)


def net(optimizer=None, **options):
    model = mg.Sequential([Dense(6, input_dim=4, activation="tanh"), Dropout(0.3, seed=5), Dropout(0.2), Dense(1, activation="sigmoid")])
    model.compile(optimizer or mg.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"], **options)
    return model


class Told(cb.Callback):
    """Puts given values into the logs, before the callback under test reads them."""

    def __init__(self, word, values):
        self.word, self.values = word, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.word] = self.values[epoch]


def run(callback, word="val_loss", values=(), epochs=None, model=None):
    model = model or net()
    history = model.fit(x, y, epochs=epochs or len(values), callbacks=[Told(word, values), callback], verbose=0)
    return model, history


def test_early_stopping():
    stop = cb.EarlyStopping(patience=2)
    _, history = run(stop, values=[3.0, 2.0, 2.5, 2.1, 1.0, 0.5])
    assert len(history.epoch) == 4 and stop.stopped_epoch == 3 and stop.best == 2.0 and stop.best_epoch == 1


def test_early_stopping_restores_the_best_weights():
    stop = cb.EarlyStopping("val_accuracy", patience=1, restore_best_weights=True)
    weights = []
    model = net()
    model.fit(x, y, epochs=4, verbose=0, callbacks=[
        Told("val_accuracy", [0.5, 0.9, 0.8, 0.7]), stop, cb.LambdaCallback(on_epoch_end=lambda e, logs: weights.append(model.get_weights()))])
    assert len(weights) == 3 and all(np.array_equal(*pair) for pair in zip(model.get_weights(), weights[1]))


@pytest.mark.parametrize("options, epochs", [({"min_delta": 0.5, "patience": 1}, 2), ({"start_from_epoch": 3, "patience": 1}, 5),
                                             ({"baseline": 0.1, "patience": 2}, 5), ({"baseline": 2.85, "patience": 2}, 6), ({"mode": "max", "patience": 1}, 2)])
def test_early_stoppings_settings(options, epochs):
    _, history = run(cb.EarlyStopping(**options), values=[3.0, 2.9, 2.8, 2.7, 2.75, 2.8])
    assert len(history.epoch) == epochs


def test_what_is_watched_but_not_measured_is_said_once(capsys):
    net().fit(x, y, epochs=3, callbacks=[cb.EarlyStopping("val_los")], verbose=0)
    assert capsys.readouterr().err.count("EarlyStopping watches 'val_los', which is not there") == 1
    with pytest.raises(ValueError, match="mode is"):
        cb.EarlyStopping(mode="up")


def test_reduce_on_plateau():
    plateau = cb.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.003)
    rates = []
    model = net()
    history = model.fit(x, y, epochs=9, verbose=0, callbacks=[Told("val_loss", [1.0] * 9), plateau, cb.LambdaCallback(
        on_epoch_end=lambda e, logs: rates.append(model.optimizer.learning_rate))])
    assert rates == [0.01, 0.01, 0.005, 0.005, 0.003, 0.003, 0.003, 0.003, 0.003]
    assert history.history["learning_rate"] == [0.01, *rates[:-1]]                # those that the epochs were trained with


def test_learning_rate_scheduler():
    _, history = run(cb.LearningRateScheduler(lambda epoch, rate: rate / 2), values=[0, 0, 0])
    assert history.history["learning_rate"] == [0.005, 0.0025, 0.00125]
    _, history = run(cb.LearningRateScheduler(lambda epoch: 0.1 + epoch), values=[0, 0])
    assert history.history["learning_rate"] == [0.1, 1.1]


def test_terminate_on_nan(capsys):
    model = net(mg.optimizers.SGD(0.1))
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with np.errstate(invalid="ignore"):
        history = model.fit(x, y, epochs=3, batch_size=10, callbacks=[cb.TerminateOnNaN()], verbose=0)
    assert len(history.epoch) == 1 and "Batch 0: the loss is nan" in capsys.readouterr().err


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    for append in (False, True):
        net().fit(x, y, epochs=2, callbacks=[cb.CSVLogger(path, append=append)], verbose=0)
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows[0] == ["epoch", "loss", "accuracy"] and [row[0] for row in rows[1:]] == ["0", "1", "0", "1"]


def test_model_checkpoint(tmp_path):
    run(cb.ModelCheckpoint(tmp_path / "m-{epoch:02d}-{val_loss:.1f}.minigrad"), values=[3.0, 2.0])
    assert sorted(os.listdir(tmp_path)) == ["m-01-3.0.minigrad", "m-02-2.0.minigrad"]
    best = tmp_path / "best.npz"
    check = cb.ModelCheckpoint(best, save_best_only=True, save_weights_only=True)
    model, _ = run(check, values=[3.0, 2.0])
    weights = model.get_weights()
    model.fit(x, y, epochs=1, callbacks=[Told("val_loss", [9.0]), check], verbose=0)
    model.load_weights(best)
    assert all(np.array_equal(*pair) for pair in zip(weights, model.get_weights()))


def test_model_checkpoint_by_batches(tmp_path):
    net().fit(x, y, batch_size=10, callbacks=[cb.ModelCheckpoint(tmp_path / "{batch}.minigrad", save_freq=2)], verbose=0)
    assert sorted(os.listdir(tmp_path)) == ["2.minigrad", "4.minigrad", "6.minigrad"]


def test_lambda_callback_refuses_what_nobody_says():
    with pytest.raises(TypeError, match="hears nothing called 'on_lunch'"):
        cb.LambdaCallback(on_lunch=print)


def test_gradient_monitor():
    monitor = cb.GradientMonitor()
    model = net()
    model.fit(x, y, batch_size=20, epochs=2, callbacks=[monitor], verbose=0)
    assert set(monitor.norms) == set(model.named_weights()) and {len(v) for v in monitor.norms.values()} == {6}
    assert monitor.norms["layers/0/W"][-1] == pytest.approx(float(np.linalg.norm(model.layers[0].W.grad)), rel=1e-6)
    joined = monitor.layers()
    assert joined["layers/0"][0] == pytest.approx(np.hypot(monitor.norms["layers/0/W"][0], monitor.norms["layers/0/b"][0]))


def test_a_frozen_layer_has_no_gradients_to_monitor():
    model, monitor = mg.Sequential([mg.layers.Dense(3, input_dim=x.shape[1]), mg.layers.Dense(1)]), cb.GradientMonitor()
    model.compile("sgd", "mse")
    for frozen in (False, True):
        model.layers[0].trainable = not frozen
        model.fit(x, y, batch_size=len(x), verbose=0, callbacks=[monitor])
    assert {layer: len(norms) for layer, norms in monitor.layers().items()} == {"layers/0": 1, "layers/1": 2}


def test_sampler():
    said = []
    sampler = cb.Sampler(lambda model: "la" * model.count_params(), every=2, show=said.append)
    net().fit(x, y, epochs=4, callbacks=[sampler], verbose=0)
    assert [epoch for epoch, _ in sampler.samples] == [1, 3] and "Epoch 2 writes" in said[0]


def test_plots_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("Agg")
    monitor = cb.GradientMonitor()
    net().fit(x, y, validation_split=0.2, epochs=2, callbacks=[monitor], verbose=0).plot(tmp_path / "h.png")
    monitor.plot(tmp_path / "g.png")
    assert (tmp_path / "h.png").stat().st_size > 1000 and (tmp_path / "g.png").stat().st_size > 1000


# ------------------------------------------------------------------------------- states and backups

def test_backups_by_batches(tmp_path):
    written = []
    backup = cb.BackupAndRestore(tmp_path, save_freq=2)
    backup.save = lambda epoch, step: written.append((epoch, step))
    net().fit(x, y, batch_size=10, epochs=1, callbacks=[backup], verbose=0)
    assert written == [(0, 2), (0, 4), (0, 6), (1, 0)]


def test_states_are_plain_data():
    for callback in (cb.EarlyStopping(), cb.ReduceLROnPlateau(), cb.GradientMonitor(), cb.History(), cb.CSVLogger("f"), cb.ModelCheckpoint("f")):
        state = callback.state()
        callback.set_state(json.loads(json.dumps(state)))
        assert callback.state() == state
