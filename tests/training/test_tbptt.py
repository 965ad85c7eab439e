"""Windows of a long text: each continues the one before it; a carried state makes truncation invisible to the values."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import LSTM, Dense
from minigrad.training.tbptt import ResetStates, detached, truncated, windows


def test_windows_follow_one_another():
    ids = np.arange(21)
    batches = list(windows(ids, 2, 5))
    assert len(batches) == len(windows(ids, 2, 5)) == 2
    (x0, y0), (x1, y1) = batches
    assert x0.data.tolist() == [[0, 1, 2, 3, 4], [10, 11, 12, 13, 14]] and y0.tolist() == (x0.data + 1).tolist()
    assert x1.data[:, 0].tolist() == y0[:, -1].tolist() and y1.max() == 20


def test_refusals():
    with pytest.raises(ValueError, match="do not fill"):
        windows(np.arange(10), 2, 5)
    with pytest.raises(ValueError, match="sequence of integers"):
        windows(np.ones(10), 2, 5)
    with pytest.raises(ValueError, match="at least 1"):
        windows(np.arange(10), 0, 5)


def test_carrying_the_state_gives_the_values_of_one_long_sequence():
    layer, ids = LSTM(4, input_dim=6, return_sequences=True, return_state=True), np.random.default_rng(0).integers(0, 6, 41)
    whole = layer(ids[None, :40])[0]
    states, parts = None, []
    for x, _ in windows(ids, 1, 10):
        y, *states = layer(x, initial_state=states)
        states = detached(states)
        parts.append(y.numpy())
    assert np.allclose(np.concatenate(parts, axis=1), whole.data, atol=1e-6)
    assert states[0].op is None


def test_a_stateful_layer_in_fit():
    ids = np.array([0, 1, 2, 3] * 25)
    model = mg.Sequential([LSTM(8, input_dim=4, return_sequences=True, stateful=True, batch_size=4), Dense(4)])
    model.compile(mg.optimizers.Adam(0.05), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(windows(ids, 4, 6), epochs=6, callbacks=[ResetStates()], verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert np.abs(model.layers[0].carried[0].numpy()).max() > 0
    model.reset_states()
    assert not np.any(model.layers[0].carried[0].numpy())


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_state": True}])
def test_truncation_needs_all_outputs_and_the_states(options):
    """One tensor was once taken apart along its batch, and a last output along its units, without a word."""
    with pytest.raises(ValueError, match="return_sequences=True and return_state=True"):
        next(truncated(LSTM(4, **options), np.ones((4, 8, 4), "float32"), 4))


def test_the_given_states_get_gradients_from_every_window_that_reaches_them():
    layer = LSTM(3, return_sequences=True, return_state=True)
    x = np.random.default_rng(0).normal(size=(2, 12, 3)).astype("float32")
    given = [mg.Tensor(np.full((2, 3), 0.5, "float32"), requires_grad=True) for _ in range(2)]
    whole, *_ = layer(x, initial_state=given)
    for k, y in enumerate(truncated(layer, x, 3, 8, given)):
        found = mg.gradients((y ** 2).sum(), given)
        if 3 * (k + 1) <= 8:
            for a, b in zip(found, mg.gradients((whole[:, 3 * k:3 * k + 3] ** 2).sum(), given), strict=True):
                np.testing.assert_allclose(a.data, b.data, atol=1e-6)
        else:
            assert not any(dh.data.any() for dh in found)
    assert k == 3


def test_lists_are_sequences_too_and_one_number_is_none():
    layer = LSTM(3, input_dim=4, return_sequences=True, return_state=True)
    assert [y.shape for y in truncated(layer, [[0, 1, 2, 3]], 2)] == [(1, 2, 3)] * 2
    with pytest.raises(ValueError, match=r"x is \(N, T, …\), got \(3,\)"):
        next(truncated(layer, np.arange(3), 2))
