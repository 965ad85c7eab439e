"""Memories without gradients: energies fall, patterns rest, echoes fade as their radius says, forecasts hold."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_it_forecasts_a_series_of_several_numbers():
    angle = np.arange(420) * 0.3
    series = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    np.testing.assert_allclose(EchoState(80, inputs=2).fit(series[:400]).forecast(20), series[400:], atol=0.02)


def test_asking_before_fitting_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"call fit\(series\) first"):
        EchoState(10).forecast(3)
    with pytest.raises(RuntimeError, match=r"call fit\(series\) first"):
        EchoState(10).fit(np.arange(5.0), np.arange(5.0), washout=0).forecast(3)
    with pytest.raises(RuntimeError, match=r"call fit\(inputs, targets\) first"):
        EchoState(10).predict(np.arange(3.0))


def narma(T):
    """y_{t+1} = 0.3 y_t + 0.05 y_t Σ_{k<10} y_{t−k} + 1.5 u_{t−9} u_t + 0.1  (Atiya and Parlos 2000): u up to t, and y_{t+1}"""
    u, y = np.random.default_rng(0).uniform(0, 0.5, T), np.zeros(T + 1)
    for t in range(9, T):
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * y[t - 9:t + 1].sum() + 1.5 * u[t - 9] * u[t] + 0.1
    return u, y[1:]


def test_narma_10_is_predicted_better_than_by_any_straight_line_through_its_past():
    """The error on 1,000 steps that had no say, in standard deviations of y; the line sees the last twenty inputs."""
    u, y = narma(3000)
    net = EchoState(200, 0.95, input_scale=0.1).fit(u[:2000], y[:2000])
    past = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(19), u]), 20)
    past = np.concatenate([past, np.ones((3000, 1))], axis=1)
    line = past[2000:] @ np.linalg.lstsq(past[100:2000], y[100:2000])[0]
    of_net, of_line = (np.sqrt(np.mean((found - y[2000:]) ** 2)) / y[2000:].std() for found in (net.predict(u[2000:]), line))
    assert of_net < 0.25 and 0.35 < of_line


def test_several_inputs_are_added_with_several_delays():
    """y = (a_{t−3} + b_{t−1}, a_t − b_{t−2}): one readout of the echoes for each."""
    u = np.random.default_rng(0).uniform(-0.5, 0.5, (1500, 2))
    a, b = u.T
    y = np.stack([np.roll(a, 3) + np.roll(b, 1), a - np.roll(b, 2)], axis=1)
    net = EchoState(100, 0.9, input_scale=0.1, inputs=2).fit(u[:1000], y[:1000])
    found = net.predict(u[1000:])
    assert found.shape == (500, 2) and (np.abs(found - y[1000:]).max(axis=0) < 0.02).all()
    for k in range(2):  # targets (T,) give predictions (T,), the same numbers
        np.testing.assert_allclose(net.fit(u[:1000], y[:1000, k]).predict(u[1000:]), found[:, k], atol=1e-8)


@pytest.mark.parametrize("ridge", [1e-6, 1.0])
def test_the_readout_is_a_ridge_regression(ridge):
    """By hand: h step by step, and least squares of (Φ; √λ I) against (Y; 0), which is ‖ΦW − Y‖² + λ‖W‖² at its smallest."""
    rng = np.random.default_rng(0)
    u, y = rng.uniform(-1, 1, (60, 2)), rng.standard_normal((60, 3))
    net = EchoState(8, ridge=ridge, inputs=2).fit(u, y, washout=10)
    W_in, W, b = net.reservoir.get_weights()
    h, rows = np.zeros(8), []
    for one in u:
        h = np.tanh(one @ W_in + h @ W + b)
        rows.append([1.0, *h, *one])
    features = np.array(rows)[10:]
    W_out = np.linalg.lstsq(np.concatenate([features, np.sqrt(ridge) * np.eye(11)]), np.concatenate([y[10:], np.zeros((11, 3))]))[0]
    np.testing.assert_allclose(net.W_out, W_out, atol=1e-8)
    assert net.error == pytest.approx(np.sqrt(np.mean((features @ W_out - y[10:]) ** 2)))
    h = np.tanh(np.full(2, 0.5) @ W_in + h @ W + b)  # a prediction goes on from there
    np.testing.assert_allclose(net.predict(np.full((1, 2), 0.5)), [np.array([1.0, *h, 0.5, 0.5]) @ W_out], atol=1e-8)


@pytest.mark.parametrize("rule", ["hebb", "pseudo_inverse"])
@given(seed=st.integers(0, 999), units=st.integers(1, 30), count=st.integers(1, 8))
def test_every_answer_is_at_rest_and_no_step_ever_raised_the_energy(rule, seed, units, count):
    """Unit by unit: changing s_i to sign of its drive changes E by −(s_i' − s_i)·drive ≤ 0, as W is symmetric without diagonal."""
    rng = np.random.default_rng(seed)
    net = Hopfield(np.where(rng.random((count, units)) < 0.5, -1, 1), rule)
    np.testing.assert_allclose(net.W, net.W.T, atol=1e-12)
    assert not np.diag(net.W).any()
    s = np.where(rng.random(units) < 0.5, -1.0, 1.0)
    for unit in rng.integers(units, size=40):
        after = s.copy()
        if abs(s @ net.W[:, unit]) > 1e-12:
            after[unit] = np.sign(s @ net.W[:, unit])
        assert net.energy(after) <= net.energy(s) + 1e-12
        s = after
    rest = net.recall(s, sweeps=200)
    assert net.energy(rest) <= net.energy(s) + 1e-12
    assert (rest * (rest @ net.W) >= -1e-12).all()


def test_hebbs_rule_holds_a_tenth_of_its_units_and_not_a_quarter():
    """The capacity is some 0.14 n: bits that stay, for 20 and for 50 patterns of 200 units."""
    stay = {}
    for count in (20, 50):
        X = np.where(np.random.default_rng(count).random((count, 200)) < 0.5, -1.0, 1.0)
        net = Hopfield(X)
        stay[count] = np.mean([(net.recall(x) == x).mean() for x in X])
    assert stay[20] > 0.98 and stay[50] < 0.9


def test_a_state_of_another_size_is_refused():
    net = Hopfield(patterns(2, 16))
    for ask in (net.recall, net.energy):
        with pytest.raises(ValueError, match=r"each of the 16 units, as the patterns had; got shape \(15,\)"):
            ask(np.ones(15))
        with pytest.raises(ValueError, match="with NaN"):
            ask(np.full(16, np.nan))
    with pytest.raises(ValueError, match=r"at least one pattern .* \(0, 4\)"):
        Hopfield(np.zeros((0, 4)))


@given(seed=st.integers(0, 99), units=st.integers(1, 12), connections=st.integers(1, 3))
def test_a_reservoir_has_its_radius_however_few_connections_are_drawn(seed, units, connections):
    """Of few and thinly connected units some draws have no circle, and radius 0."""
    mg.set_random_seed(seed)
    W = EchoState(units, 0.8, connections=connections).reservoir.W_hh.data
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.8, rel=1e-3)


@pytest.mark.parametrize("make, words", [
    (lambda: EchoState(10).fit(np.arange(101.0)), "series of 101 leaves nothing to fit to after a washout of 100"),
    (lambda: EchoState(10).fit(np.arange(50.0), washout=-1), "washout from 0 up"),
    (lambda: EchoState(10).fit(np.zeros((200, 2))), r"a series must be \(T,\) or \(T, 1\): .* got shape \(200, 2\)"),
    (lambda: EchoState(10, inputs=3).fit(np.zeros(300), np.zeros(300)), r"inputs must be \(T, 3\): .* got shape \(300,\)"),
    (lambda: EchoState(10).fit(np.zeros(200), np.zeros((200, 2, 1))), r"targets must be \(T,\) or \(T, n\): .* got shape \(200, 2, 1\)"),
    (lambda: EchoState(10).fit(np.zeros(200), np.zeros(199)), "got 200 inputs and 199 targets"),
    (lambda: EchoState(10).fit(np.zeros(100), np.zeros(100)), "inputs of 100 leaves nothing to fit to after a washout of 100"),
    (lambda: EchoState(10, inputs=0), "inputs=0"),
    (lambda: EchoState(10).fit(np.full(200, np.nan)), "with NaN"),
    (lambda: EchoState(0), "units=0"),
    (lambda: EchoState(5, radius=-1), "radius=-1"),
])
def test_what_makes_no_sense_to_a_reservoir_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_both_are_saved_and_loaded(tmp_path):
    net = Hopfield(patterns(3), "pseudo_inverse")
    net.save(tmp_path / "net.hopfield")
    again = Hopfield.load(tmp_path / "net.hopfield")
    np.testing.assert_array_equal(again.W, net.W)
    assert again.rule == "pseudo_inverse" and again.energy(patterns(1)[0]) == net.energy(patterns(1)[0])
    echo = EchoState(20, 0.7)
    echo.save(tmp_path / "new")
    series = np.sin(np.arange(200) * 0.3)
    np.testing.assert_array_equal(EchoState.load(tmp_path / "new").fit(series).forecast(5), echo.fit(series).forecast(5))
    echo.save(tmp_path / "fitted")
    again = EchoState.load(tmp_path / "fitted")
    np.testing.assert_array_equal(again.forecast(5), echo.forecast(5))
    assert (again.units, again.radius, again.error) == (20, 0.7, echo.error) and again.reservoir.parameters() == []
    echo = EchoState(20, inputs=2).fit(np.stack([series, series**2], axis=1), series)
    echo.save(tmp_path / "two")
    again = EchoState.load(tmp_path / "two")
    np.testing.assert_array_equal(again.predict(np.ones((5, 2))), echo.predict(np.ones((5, 2))))
    assert again.inputs == 2 and again.u is None


def test_another_file_is_refused(tmp_path):
    (tmp_path / "text").write_text("no arrays")
    Hopfield(patterns(2)).save(tmp_path / "hopfield")
    (tmp_path / "half").write_bytes((tmp_path / "hopfield").read_bytes()[:-40])
    for name in ("text", "hopfield", "half"):
        with pytest.raises(ValueError, match="is no file that EchoState.save wrote"):
            EchoState.load(tmp_path / name)
