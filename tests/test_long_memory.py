"""What a memory is for: two numbers a hundred steps apart are added by gates and by rectifiers, not by the vanilla net.

Nets that are compared have the same units, learning rate, number of updates, optimiser, clipping, readout and sequences. And
parity, learned on twenty bits, holds on two hundred. A minute of one processor in all, most of it slow; lessons 08 and 15 tell
the story.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import datasets, layers

SOLVED = 0.01  # mean squared error; whoever always answers 1 has the variance of the sum, 1/6
both_seeds = pytest.mark.parametrize("seed", [0, 1])


class Budget(NamedTuple):
    """What a net may spend."""

    units: int
    learning_rate: float
    updates: int


GATES = Budget(32, 1e-2, 1200)
RECTIFIERS = Budget(64, 1e-3, 2000)


def errors(layer, budget, seed, T=100, batch=64):
    """After every 100 updates, until solved, the mean squared error on 1,000 other sequences; and that of always answering 1."""
    readout, optimizer = layers.Dense(1), mg.optimizers.Adam(budget.learning_rate, global_clipnorm=1.0)
    mg.set_random_seed(seed)
    layer.ready(((batch, T, 2),))
    readout.ready(((batch, budget.units),))
    mg.set_random_seed(100 + seed)  # the same sequences for every net, however many numbers its weights have taken
    x_new, y_new = datasets.adding(1000, T)
    guess, parameters, found = float(np.mean((y_new - 1) ** 2)), [*layer.parameters(), *readout.parameters()], []
    for k in range(1, budget.updates + 1):
        x, y = datasets.adding(batch, T)
        for parameter in parameters:
            parameter.zero_grad()
        ((readout(layer(x)) - y) ** 2).mean().backward()
        optimizer.step(parameters)
        if k % 100 == 0:
            found.append(float(np.mean((readout(layer(x_new)).data - y_new) ** 2)))
            if found[-1] < SOLVED:
                break
    return found, guess


def net(kind, budget):
    return {"LSTM": layers.LSTM, "GRU": layers.GRU, "vanilla": layers.RNN,
            "vanilla from the identity": lambda units: layers.RNN(units, recurrent_initializer="identity"),
            "IRNN": lambda units: layers.RNN(layers.IRNNCell(units)),
            "rectifiers, not from the identity": lambda units: layers.RNN(units, "relu")}[kind](budget.units)


@pytest.mark.slow
@both_seeds
@pytest.mark.parametrize("kind, budget", [("LSTM", GATES), ("GRU", GATES), ("IRNN", RECTIFIERS)])
def test_what_is_a_hundred_steps_apart_is_added(kind, budget, seed):
    found, _ = errors(net(kind, budget), budget, seed)
    assert found[-1] < SOLVED


@pytest.mark.slow
@both_seeds
@pytest.mark.parametrize("budget", [GATES, RECTIFIERS], ids=["the gates' budget", "the rectifiers'"])
def test_the_vanilla_net_does_not_within_the_same_budget(budget, seed):
    """At no time is it better by a third than always answering 1. A statement about a budget: some starts begin to move at its end."""
    found, guess = errors(net("vanilla", budget), budget, seed)
    assert len(found) == budget.updates // 100 and min(found) > 0.7 * guess > 10 * SOLVED


@pytest.mark.slow
def test_it_is_the_rectifier_and_not_the_identity_alone():
    """tanh from the identity stays where it began; rectifiers from an orthogonal matrix learn it, too, a little later."""
    found, guess = errors(net("vanilla from the identity", RECTIFIERS), RECTIFIERS, seed=1)
    assert min(found) > 0.7 * guess
    found, _ = errors(net("rectifiers, not from the identity", RECTIFIERS), RECTIFIERS, seed=1)
    assert min(found) < 2 * SOLVED


@both_seeds
def test_already_among_thirty_the_gru_learns_what_the_vanilla_net_does_not(seed):
    """In a second: the same at a third of the length."""
    budget = Budget(32, 1e-2, 400)
    found, guess = errors(net("vanilla", budget), budget, seed, T=30)
    assert min(found) > 0.7 * guess
    found, _ = errors(net("GRU", budget), budget, seed, T=30)
    assert found[-1] < SOLVED


@both_seeds
@pytest.mark.parametrize("kind", [layers.RNN, layers.LSTM])
def test_parity_learned_on_twenty_bits_holds_on_two_hundred(kind, seed):
    """Vanilla net and LSTM alike: the same units, start, optimiser and updates, until the loss is small."""
    mg.set_random_seed(seed)
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
