"""Training that was interrupted and goes on has the losses of training that was not: bit for bit, wherever it was cut."""
from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import LSTM, BatchNormalization, Dense, Dropout
from minigrad.training.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ReduceLROnPlateau,
)

BATCHES, EPOCHS = 4, 3
x = np.random.default_rng(1).normal(size=(30, 5, 3)).astype(np.float32)
y = x.sum((1, 2)) > 0


class Interruption(Exception):
    """What stands for a power cut: nothing is told to anybody."""


class Losses(Callback):
    """The figures of every batch and of every epoch."""

    def __init__(self):
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append((logs["loss"], logs["accuracy"]))

    def on_epoch_end(self, epoch, logs=None):
        self.values.append(tuple(logs.values()))


class Cut(Callback):
    """Raises an Interruption, or presses Ctrl-C, after so many batches: last of all, when what is to be saved has been saved."""

    runs_last = True

    def __init__(self, after, gently):
        self.left, self.gently = after, gently

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0 and self.gently:
            signal.raise_signal(signal.SIGINT)
        elif self.left == 0:
            raise Interruption


def model_of(optimizer, seed):
    """A net with everything that has a state: moving statistics, generators of its own, dropout along a sequence."""
    mg.set_random_seed(seed)
    model = mg.Sequential([LSTM(4, dropout=0.2, input_shape=(5, 3)), BatchNormalization(), Dropout(0.3), Dense(6, "tanh"),
                           Dropout(0.2, seed=seed), Dense(1, "sigmoid")])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def run(model, callbacks, **options):
    model.fit(x, y, batch_size=8, epochs=EPOCHS, validation_data=(x[:6], y[:6]), callbacks=callbacks, verbose=0, **options)


def companions():
    return [ReduceLROnPlateau("loss", patience=1, min_delta=10.0, factor=0.5), EarlyStopping("loss", patience=9)]


def unbroken(optimizer, **options):
    losses, model = Losses(), model_of(optimizer, 0)
    run(model, [*companions(), losses], **options)
    return losses.values, model.get_weights()


def broken(optimizer, cut, folder, gently=False, save_freq=1, **options):
    """Trains until the cut, and goes on with a model and callbacks that were made anew with another seed."""
    first, second = Losses(), Losses()
    try:
        run(model_of(optimizer, 0), [BackupAndRestore(folder, save_freq), *companions(), first, Cut(cut, gently)], **options)
    except Interruption:
        pass
    model = model_of(optimizer, 7)
    run(model, [BackupAndRestore(folder, save_freq), *companions(), second], **options)
    return first.values, second.values, model.get_weights()


def assert_continued(whole, parts):
    (values, weights), (first, second, last) = whole, parts
    assert second == values[len(values) - len(second):]
    assert first == values[:len(first)]
    assert len(first) + len(second) >= len(values)
    assert all(np.array_equal(*pair) for pair in zip(weights, last))


@pytest.fixture(scope="module")
def whole():
    return unbroken("adam")


@pytest.mark.parametrize("cut", range(1, BATCHES * EPOCHS))
def test_wherever_training_is_cut(cut, whole, tmp_path):
    assert_continued(whole, broken("adam", cut, tmp_path))


@pytest.mark.parametrize("cut", [1, 4, 6, 8, 11])
def test_wherever_somebody_presses_ctrl_c(cut, whole, tmp_path):
    assert_continued(whole, broken("adam", cut, tmp_path, gently=True))


@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("cut", [5, 8, 11])
def test_from_the_last_time_that_something_was_saved(cut, save_freq, whole, tmp_path):
    assert_continued(whole, broken("adam", cut, tmp_path, save_freq=save_freq))


OPTIMIZERS = {
    "sgd": lambda: mg.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "adagrad": mg.optimizers.Adagrad,
    "adadelta": mg.optimizers.Adadelta, "rmsprop": lambda: mg.optimizers.RMSprop(centered=True, momentum=0.5),
    "adamw": mg.optimizers.AdamW, "nadam": mg.optimizers.Nadam, "amsgrad": lambda: mg.optimizers.Adam(amsgrad=True),
    "clipped": lambda: mg.optimizers.Adam(0.01, global_clipnorm=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_with_every_optimiser(name, tmp_path):
    assert_continued(unbroken(OPTIMIZERS[name]()), broken(OPTIMIZERS[name](), 6, tmp_path))


def test_with_a_schedule(tmp_path):
    def scheduled():
        return mg.optimizers.SGD(mg.schedules.ExponentialDecay(0.5, 2, 0.7))
    losses, model = Losses(), model_of(scheduled(), 0)
    run(model, [losses])
    first, second = Losses(), Losses()
    with pytest.raises(Interruption):
        run(model_of(scheduled(), 0), [BackupAndRestore(tmp_path, 1), first, Cut(6, False)])
    again = model_of(scheduled(), 3)
    run(again, [BackupAndRestore(tmp_path, 1), second])
    assert_continued((losses.values, model.get_weights()), (first.values, second.values, again.get_weights()))


def test_with_an_order_of_its_own_seed(tmp_path):
    assert_continued(unbroken("adam", seed=5), broken("adam", 7, tmp_path, seed=5))


def test_a_rate_that_is_halved_every_epoch_is_halved_once(tmp_path):
    def rates(cut=None):
        model, seen = model_of(mg.optimizers.SGD(1.0), 0), []
        halve = LearningRateScheduler(lambda epoch, rate: rate / 2)
        watch = mg.training.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(model.optimizer.rate))
        try:
            run(model, [BackupAndRestore(tmp_path, 1), halve, watch, *([Cut(cut, False)] if cut else [])])
        except Interruption:
            pass
        return seen
    assert rates(cut=6) + rates() == rates() == [0.5] * 4 + [0.25] * 4 + [0.125] * 4


def test_early_stopping_counts_on(tmp_path):
    def stopped_after(cut):
        model, stop = model_of(mg.optimizers.SGD(0.0), 0), EarlyStopping("val_loss", patience=2, min_delta=9.0)
        try:
            model.fit(x, y, batch_size=8, epochs=9, validation_data=(x, y), verbose=0,
                      callbacks=[BackupAndRestore(tmp_path, 1), stop, *([Cut(cut, False)] if cut else [])])
        except Interruption:
            return None
        return stop.stopped_epoch
    assert stopped_after(9) is None
    assert stopped_after(None) == 2


def test_the_history_and_the_log_are_whole(tmp_path):
    log = tmp_path / "log.csv"
    with pytest.raises(Interruption):
        run(model_of("adam", 0), [BackupAndRestore(tmp_path, 1), CSVLogger(log, append=True), Cut(6, False)])
    model = model_of("adam", 1)
    run(model, [BackupAndRestore(tmp_path, 1), CSVLogger(log, append=True)])
    assert model.history.epoch == [0, 1, 2] and all(len(values) == 3 for values in model.history.history.values())
    assert len(log.read_text().splitlines()) == 1 + EPOCHS


def test_a_run_that_came_to_its_end_leaves_no_checkpoint(tmp_path):
    run(model_of("adam", 0), [BackupAndRestore(tmp_path, 1)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [
    lambda model: model.compile("sgd", "binary_crossentropy", metrics=["accuracy"]),
    lambda model: model.compile("adam", "binary_crossentropy"),
    lambda model: model.add(Dense(1)),
], ids=["another optimiser", "other metrics", "another layer"])
def test_what_does_not_fit_is_refused_and_changes_nothing(change, tmp_path):
    with pytest.raises(Interruption):
        run(model_of("adam", 0), [BackupAndRestore(tmp_path, 1), Cut(6, False)])
    model = model_of("adam", 1)
    change(model)
    before, stop, random = model.get_weights(), EarlyStopping("loss"), mg.backend.generator().bit_generator.state
    stop.wait = 3
    with pytest.raises(mg.ModelFileError):
        run(model, [BackupAndRestore(tmp_path), stop])
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights()))
    assert mg.backend.generator().bit_generator.state == random and model.optimizer.iterations == 0


@pytest.mark.slow
def test_a_process_that_was_killed(tmp_path):
    script = textwrap.dedent("""
        import os, signal, sys
        import tests.models.test_resume as here
        folder, cut = sys.argv[1], int(sys.argv[2])
        class Kill(here.Callback):
            runs_last, count = True, 0
            def on_train_batch_end(self, batch, logs=None):
                self.count += 1
                if self.count == cut:
                    os.kill(os.getpid(), signal.SIGKILL)
        losses = here.Losses()
        here.run(here.model_of("adam", cut), [*([here.BackupAndRestore(folder, 1)] if folder != "none" else []), losses, Kill()])
        print(*[value.hex() for pair in losses.values for value in pair])
    """)

    def process(folder, cut):
        done = subprocess.run([sys.executable, "-c", script, str(folder), str(cut)], check=False, capture_output=True, text=True)
        return done.returncode, done.stdout.split()

    code, _ = process(tmp_path, 6)
    assert code == -9
    code, rest = process(tmp_path, 100)
    assert code == 0
    mg.set_random_seed(0)
    losses = Losses()
    run(model_of("adam", 6), [losses])
    whole = [value.hex() for pair in losses.values for value in pair]
    assert rest == whole[len(whole) - len(rest):] and 0 < len(rest) < len(whole)
