"""What a memory is for: two numbers a hundred steps apart are added by gates and by the identity start, not by the vanilla net.

And parity, learned on twenty bits, holds on two hundred. Under a minute of one processor in all; LESSONS 08 and 15 tell the story.
"""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import datasets, layers

pytestmark = pytest.mark.slow
GUESS = 1 / 6  # the mean squared error of whoever always answers 1


def error_after(layer, learning_rate, updates, solved, T=100, batch=64):
    """The mean squared error on 500 new sequences, at the first of every 100 updates where it is below `solved`, or at the last."""
    readout, optimizer = layers.Dense(1), mg.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    x_new, y_new = datasets.adding(500, T)
    for k in range(1, updates + 1):
        x, y = datasets.adding(batch, T)
        loss = ((readout(layer(x)) - y) ** 2).mean()
        parameters = [*layer.parameters(), *readout.parameters()]
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        optimizer.step(parameters)
        if k % 100 == 0:
            error = float(np.mean((readout(layer(x_new)).data - y_new) ** 2))
            if error < solved:
                break
    return error


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_gates_add_what_is_a_hundred_steps_apart(kind, seed):
    mg.set_random_seed(seed)
    assert error_after(kind(32), 1e-2, updates=900, solved=0.01) < 0.01


@pytest.mark.parametrize("seed", [0, 1])
def test_so_does_a_relu_net_that_starts_as_the_identity(seed):
    mg.set_random_seed(seed)
    assert error_after(layers.RNN(layers.IRNNCell(64)), 1e-3, updates=2000, solved=0.02) < 0.02


@pytest.mark.parametrize("seed", [0, 1])
def test_the_vanilla_net_does_not_in_as_many_updates(seed):
    """Nor does it with ten times smaller steps; it answers 1, or worse."""
    for learning_rate in (1e-2, 1e-3):
        mg.set_random_seed(seed)
        assert error_after(layers.RNN(32), learning_rate, updates=900, solved=0.0) > 0.9 * GUESS


@pytest.mark.parametrize("kind", [layers.RNN, layers.LSTM])
def test_parity_learned_on_twenty_bits_holds_on_two_hundred(kind):
    start = mg.initializers.RandomUniform(-(8**-0.5), 8**-0.5)
    layer = kind(8, return_sequences=True, kernel_initializer=start, recurrent_initializer=start)
    readout, optimizer = layers.Dense(2, kernel_initializer=start), mg.optimizers.Adam(0.02, global_clipnorm=1.0)
    for _ in range(1500):
        x, y = datasets.parity(64, 20)
        loss = mg.cross_entropy(readout(layer(x)), y).mean()
        parameters = [*layer.parameters(), *readout.parameters()]
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        optimizer.step(parameters)
        if loss.item() < 0.002:
            break
    x, y = datasets.parity(64, 200)
    assert (readout(layer(x)).argmax(-1) == y).mean() >= 0.999
