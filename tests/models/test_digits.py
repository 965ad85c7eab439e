"""Scikit-learn's digits, over the seeds 0 to 4, none left out: the same net by SGD and by Adam, and a convolutional one."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

pytestmark = pytest.mark.slow
TRAIN = 1437


def accuracies(make, optimizer, epochs):
    """The accuracy on the 360 digits held out, for each seed."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    digits = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    x, y = (digits.data / 16).astype(np.float32)[order], digits.target[order]
    found = []
    for seed in range(5):
        mg.set_random_seed(seed)
        model = make()
        shaped = x.reshape(-1, *model.inputs.shape[1:])
        model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(shaped[:TRAIN], y[:TRAIN], epochs=epochs, verbose=0)
        found.append(model.evaluate(shaped[TRAIN:], y[TRAIN:])[1])
    return found


def perceptron():
    return mg.Sequential([Dense(64, input_dim=64, activation="relu"), Dense(10, activation="softmax")])


def convolutional():
    return mg.Sequential([
        Conv2D(32, 3, padding="same", activation="relu", input_shape=(8, 8, 1)), MaxPooling2D(),
        Conv2D(64, 3, padding="same", activation="relu"), MaxPooling2D(), Flatten(), Dropout(0.3), Dense(10, activation="softmax")])


def test_a_perceptron_with_plain_gradient_descent():
    assert min(accuracies(perceptron, lambda: mg.optimizers.SGD(0.1), 30)) >= 0.95


def test_the_same_with_adam():
    assert np.median(accuracies(perceptron, lambda: mg.optimizers.Adam(0.003), 30)) > 0.97


def test_a_small_convolutional_net():
    assert min(accuracies(convolutional, lambda: mg.optimizers.Adam(0.002), 20)) > 0.985
