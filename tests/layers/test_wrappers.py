"""TimeDistributed and Bidirectional."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Conv1D,
    Dense,
    Embedding,
    Flatten,
    GRUCell,
    Input,
    LSTMCell,
    Masking,
    TimeDistributed,
)

rng = np.random.default_rng(0)
x = rng.normal(size=(2, 5, 3)).astype(np.float32)


def test_time_distributed_is_the_layer_at_every_step():
    layer = TimeDistributed(Dense(4, activation="tanh"))
    y = layer(x)
    assert y.shape == (2, 5, 4) and np.allclose(y.data[:, 2], layer.layer(x[:, 2]).data, atol=1e-6)
    assert list(layer.named_weights()) == ["layer/W", "layer/b"]


def test_time_distributed_around_what_needs_its_steps_apart():
    frames = rng.normal(size=(2, 3, 8, 2))
    model = mg.Sequential([TimeDistributed(Conv1D(4, 3)), TimeDistributed(Flatten()), LSTM(3)])
    assert model(frames).shape == (2, 3)
    assert TimeDistributed(Dense(2))(Input((None, 7))).shape == (None, None, 2)
    with pytest.raises(ValueError, match=r"expects x of shape \(batch, time"):
        TimeDistributed(Dense(2))(np.ones((2, 3)))
    with pytest.raises(TypeError, match="goes around a layer"):
        TimeDistributed(3)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_is_both_directions_merged(kind, sequences, mode):
    layer = Bidirectional(kind(4, return_sequences=sequences), merge_mode=mode)
    y = layer(x)
    forward = layer.forward_layer(x).data
    backward = layer.backward_layer.from_config({**layer.backward_layer.get_config(), "go_backwards": False})
    backward(x)
    backward.set_weights(layer.backward_layer.get_weights())
    backward = backward(x[:, ::-1].copy()).data
    backward = backward[:, ::-1] if sequences else backward
    expected = {"concat": lambda: np.concatenate([forward, backward], -1), "sum": lambda: forward + backward,
                "mul": lambda: forward * backward, "ave": lambda: (forward + backward) / 2, None: lambda: (forward, backward)}[mode]()
    for ours, wanted in zip(y if mode is None else [y], expected if mode is None else [expected]):
        assert np.allclose(ours.data, wanted, atol=1e-6)
    assert layer.forward_layer.name.startswith("forward_") and len(layer.parameters()) == 6


def test_states_of_both_directions():
    encoder = Bidirectional(LSTM(4, return_state=True))
    y, *states = encoder(x)
    assert y.shape == (2, 8) and [s.shape for s in states] == [(2, 4)] * 4
    decoder = Bidirectional(LSTM(4, return_sequences=True))
    assert not np.allclose(decoder(x).data, decoder(x, initial_state=states).data)
    with pytest.raises(ValueError, match="as many states for each direction"):
        decoder(x, initial_state=states[:3])


def test_masks():
    padded = mg.Tensor(np.concatenate([x, np.zeros((2, 2, 3), np.float32)], axis=1))
    padded.mask = np.arange(7)[None] < np.array([[5], [5]])
    layer = Bidirectional(LSTM(4, return_sequences=True))
    y = layer(padded)
    assert y.mask is padded.mask and np.allclose(y.data[:, :5], layer(x).data, atol=1e-6)


def test_in_a_model_saved_and_loaded(tmp_path):
    model = mg.Sequential([Bidirectional(GRU(4, return_sequences=True), input_shape=(None, 3)), TimeDistributed(Dense(2))])
    model.save(tmp_path / "m")
    assert np.array_equal(mg.load_model(tmp_path / "m").predict(x), model.predict(x))


def test_refusals():
    with pytest.raises(TypeError, match="goes around a recurrent layer"):
        Bidirectional(Dense(2))
    with pytest.raises(ValueError, match="merge_mode is"):
        Bidirectional(LSTM(2), merge_mode="max")
    with pytest.raises(ValueError, match="must run the other way"):
        Bidirectional(LSTM(2), backward_layer=LSTM(2))


@pytest.mark.torch
def test_pytorch_agrees():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.nn.LSTM(3, 4, bidirectional=True, batch_first=True)
    layer = Bidirectional(LSTM(4, return_sequences=True))
    layer(x)
    weights = []
    for end in ("", "_reverse"):
        W_x, W_h, b1, b2 = (getattr(theirs, f"{part}_l0{end}").detach().numpy() for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        weights += [W_x.T, W_h.T, b1 + b2]
    layer.set_weights(weights)
    assert np.allclose(layer(x).data, theirs(torch.tensor(x))[0].detach().numpy(), atol=1e-5)


def test_time_distributed_hands_the_words_of_each_sentence_on():
    words = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    words[0, 1, 2:] = words[1, 2] = 0.0
    layer = TimeDistributed(LSTM(6))
    y = layer(Masking()(words))
    assert np.allclose(y.data[0, 1], layer.layer(words[0, 1, None, :2]).data, atol=1e-6)
    assert y.mask.tolist() == [[True, True, True], [True, True, False]]
    numbers = np.array([[[1, 2, 0], [0, 0, 0]]])
    vectors = TimeDistributed(Embedding(3, 4, mask_zero=True))(numbers)
    assert np.array_equal(vectors.mask, numbers != 0)
    assert TimeDistributed(LSTM(2))(vectors).mask.tolist() == [[True, False]]


@pytest.mark.parametrize("make", [
    lambda: Bidirectional(LSTM(3, return_sequences=True)), lambda: Bidirectional(RNN([GRUCell(3), LSTMCell(2)]), merge_mode="sum"),
    lambda: Bidirectional(GRU(3), backward_layer=LSTM(3, go_backwards=True)), lambda: TimeDistributed(Dense(2)),
    lambda: TimeDistributed(mg.Sequential([Dense(2), Dense(4)])), lambda: TimeDistributed(TimeDistributed(Dense(2))),
])
def test_settings_make_a_layer_with_weights_of_its_own(make):
    """Two layers from one config once trained the same arrays."""
    layer = make()
    numbers = x[:, :, None] if isinstance(layer, TimeDistributed) else x
    layer(numbers)
    again = type(layer).from_config(layer.get_config())
    again(numbers)
    assert not set(layer.weights) & set(again.weights)
    assert [w.shape for w in layer.weights] == [w.shape for w in again.weights]
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(numbers).data, layer(numbers).data)


def test_a_mask_may_be_a_list_and_a_state_may_not_stand_alone():
    layer = Bidirectional(GRU(4, return_sequences=True))
    mask = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)
    np.testing.assert_array_equal(layer(x, mask=mask.tolist()).data, layer(x, mask=mask).data)
    with pytest.raises(ValueError, match="as many states for each direction, those of →h and then those of ←h; got 1"):
        layer(x, initial_state=mg.Tensor(np.zeros((2, 4), np.float32)))


def test_time_distributed_refuses_a_layer_of_several_outputs():
    with pytest.raises(TypeError, match="a layer of one output, and LSTM 'l' returned 3: return_state=True belongs outside"):
        TimeDistributed(LSTM(2, return_state=True, name="l"))(np.ones((2, 3, 4, 5), np.float32))
