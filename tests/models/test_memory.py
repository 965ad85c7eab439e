"""Memories without gradients: energies fall, patterns rest, echoes fade as their radius says, forecasts hold."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.models.memory import EchoState, Hopfield


def patterns(count, units=64):
    return np.where(np.random.default_rng(0).random((count, units)) < 0.5, -1.0, 1.0)


@pytest.mark.parametrize("rule", ["hebb", "pseudo_inverse"])
def test_a_few_patterns_are_recalled_from_noisy_ones(rule):
    X = patterns(4)
    net = Hopfield(X, rule)
    for pattern in X:
        noisy = pattern * np.where(np.random.default_rng(1).permutation(64) < 8, -1, 1)
        np.testing.assert_array_equal(net.recall(noisy), pattern)


def test_the_energy_never_grows_from_sweep_to_sweep():
    net, state = Hopfield(patterns(12)), patterns(13)[-1]
    energies = [net.energy(state)]
    for _ in range(6):
        state = net.recall(state, sweeps=1)
        energies.append(net.energy(state))
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(energies)) and energies[-1] < energies[0]


def test_the_pseudo_inverse_holds_what_hebb_confuses():
    X = patterns(1) * np.where(np.random.default_rng(2).random((6, 64)) < 0.15, -1.0, 1.0)   # patterns that are much alike
    assert all((Hopfield(X, "pseudo_inverse").recall(x) == x).all() for x in X)
    assert not all((Hopfield(X).recall(x) == x).all() for x in X)


def test_wrong_patterns_and_rules_are_named():
    with pytest.raises(ValueError, match="rows of −1 and 1"):
        Hopfield(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="'hebb', 'pseudo_inverse', got 'luck'"):
        Hopfield(patterns(2), "luck")


@pytest.mark.parametrize("radius", [0.5, 0.9])
def test_an_echo_fades_at_the_rate_of_the_radius(radius):
    net = EchoState(60, radius)
    W = net.reservoir.cell
    net.reservoir(np.zeros((1, 1, 1)))
    assert np.abs(np.linalg.eigvals(W.W_hh.data)).max() == pytest.approx(radius)
    u = 0.2 * np.random.default_rng(0).standard_normal((1, 40, 1))
    states = [mg.Tensor(np.full((1, 60), start)) for start in (-0.5, 0.5)]
    a, b = (net.reservoir(u, initial_state=state).data for state in states)
    gap = np.abs(a - b).max(axis=(0, 2))
    assert gap[-1] < gap[0] * radius**30


def test_it_forecasts_a_sine_and_its_weights_stay():
    series = np.sin(np.arange(420) * 0.3)
    net = EchoState(80).fit(series[:400])
    assert net.error < 1e-4
    np.testing.assert_allclose(net.forecast(20), series[400:], atol=0.02)
    assert net.reservoir.parameters() == []


def test_a_forecast_before_fitting_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"call fit\(series\) first"):
        EchoState(10).forecast(3)
