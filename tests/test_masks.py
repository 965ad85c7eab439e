"""What becomes of a mask: in every operation, in functional graphs, in models with a call of their own, without a graph."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import engine, masks, ops
from minigrad.layers import (
    LSTM,
    Add,
    Bidirectional,
    Dense,
    Embedding,
    GlobalAveragePooling1D,
    Input,
    Lambda,
    Masking,
    RepeatVector,
)

rng = np.random.default_rng(0)
MASK = np.array([[True, True, True, False, False], [True, True, False, False, False]])
OTHER = np.array([[False, True, True, True, False], [True, False, False, False, True]])
W = np.ones((4, 7), np.float32)


def sequence(mask=MASK, requires_grad=False):
    """(2, 5, 4), with a mask of its steps"""
    z = mg.Tensor(rng.normal(size=(2, 5, 4)).astype(np.float32) + 3.0, requires_grad=requires_grad)
    z.mask = mask
    return z


def test_every_operation_says_what_becomes_of_a_mask():
    kernels = {name for name, op in engine.primitives.items() if hasattr(op, "is_kernel")}
    assert set(masks.RULES) == set(engine.primitives) - kernels


KEPT = {
    "z + z": lambda z: z + z, "z * 2": lambda z: z * 2, "2 - z": lambda z: 2 - z, "z / row": lambda z: z / np.ones(4, np.float32),
    "-z": lambda z: -z, "tanh": mg.tanh, "np.exp": lambda z: np.exp(z), "z.relu()": lambda z: z.relu(), "softmax": mg.softmax,
    "leaky_relu": mg.leaky_relu, "clip": lambda z: mg.clip(z, 0, 1), "maximum": lambda z: mg.maximum(z, 0.0),
    "where": lambda z: mg.where(z > 3, z, 0.0), "power": lambda z: z**2, "cumsum": lambda z: mg.cumsum(z, axis=1),
    "z @ W": lambda z: z @ W, "z @ w": lambda z: z @ W[:, 0], "einsum": lambda z: mg.einsum("ntd,dk->ntk", z, W),
    "sum of features": lambda z: z.sum(axis=-1), "mean, keepdims": lambda z: mg.mean(z, axis=2, keepdims=True),
    "logsumexp": lambda z: mg.logsumexp(z, axis=-1), "std": lambda z: z.std(axis=-1), "astype": lambda z: z.astype("float64"),
    "integers": lambda z: z.astype("int64"), "detach": lambda z: z.detach(), "features of all steps": lambda z: z[..., :2],
    "one feature": lambda z: z[:, :, 0], "heads": lambda z: z.reshape(2, 5, 2, 2), "expand_dims": lambda z: mg.expand_dims(z, -1),
    "squeeze": lambda z: mg.squeeze(z[..., :1], axis=-1), "flip features": lambda z: mg.flip(z, axis=-1),
    "pad features": lambda z: mg.pad(z, [(0, 0), (0, 0), (1, 1)]), "concatenate": lambda z: mg.concatenate([z, np.ones((2, 5, 1))], axis=-1),
    "stack": lambda z: mg.stack([z, z], axis=-1), "split": lambda z: mg.split(z, 2, axis=-1)[1], "swap": lambda z: mg.swapaxes(z[..., None], 2, 3),
    "abs": abs, "broadcast_to": lambda z: mg.broadcast_to(z, (2, 5, 4)), "transpose": lambda z: mg.transpose(z[..., None], (0, 1, 3, 2)),
    "moveaxis": lambda z: mg.moveaxis(z[..., None], -1, 2), "cross_entropy": lambda z: mg.cross_entropy(z, np.zeros((2, 5), int)),
}

ENDED = {
    "sum over time": lambda z: z.sum(axis=1), "mean of all": mg.mean, "max, keepdims": lambda z: z.max(axis=1, keepdims=True),
    "the last step": lambda z: z[:, -1], "one example": lambda z: z[0], "chosen steps": lambda z: z[:, [0, 2]],
    "a mask as index": lambda z: z[MASK], "flattened": lambda z: z.reshape(2, 20), "ravel": lambda z: z.ravel(),
    "time first": lambda z: mg.swapaxes(z, 0, 1), "transposed": lambda z: z.T, "moved": lambda z: mg.moveaxis(z, 1, 2),
    "a new axis in front": lambda z: z[None], "a new axis before time": lambda z: mg.expand_dims(z, 1), "stacked in front": lambda z: mg.stack([z, z]),
    "padded time": lambda z: mg.pad(z, [(0, 0), (1, 0), (0, 0)]), "summed by einsum": lambda z: mg.einsum("ntd->nd", z),
    "exchanged by einsum": lambda z: mg.einsum("ntd->ndt", z), "on the right of @": lambda z: np.ones((2, 4, 5), np.float32) @ z,
    "spread over more axes": lambda z: mg.broadcast_to(z, (2, 2, 5, 4)), "over all, joined": lambda z: mg.concatenate([z, z], axis=None),
    "summed by a product": lambda z: z[:, :, 0] @ np.ones((5, 5), np.float32), "beside another rank": lambda z: z[:, :, 0] + np.ones((2, 2, 5)),
}

MOVED = {
    "backwards": (lambda z: z[:, ::-1], MASK[:, ::-1]), "a part": (lambda z: z[:, 1:4], MASK[:, 1:4]), "one by two": (lambda z: z[1:, ::2], MASK[1:, ::2]),
    "flip": (lambda z: mg.flip(z, axis=1), MASK[:, ::-1]), "flip all": (lambda z: mg.flip(z), MASK[::-1, ::-1]),
    "joined in time": (lambda z: mg.concatenate([z, z[:, :2]], axis=1), np.concatenate([MASK, MASK[:, :2]], 1)),
    "joined with what has none": (lambda z: mg.concatenate([np.ones((2, 1, 4)), z], axis=1), np.concatenate([np.ones((2, 1), bool), MASK], 1)),
    "more examples": (lambda z: mg.concatenate([z, z], axis=0), np.concatenate([MASK, MASK])),
    "an example for all": (lambda z: z[:1] * np.ones((3, 5, 4)), np.repeat(MASK[:1], 3, 0)),
    "two masks": (lambda z: z * sequence(OTHER), MASK | OTHER), "two masks, joined": (lambda z: mg.concatenate([z, sequence(OTHER)], axis=-1), MASK | OTHER),
}


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", sorted(KEPT))
def test_kept(name, requires_grad):
    assert np.array_equal(KEPT[name](sequence(requires_grad=requires_grad)).mask, MASK)


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", sorted(ENDED))
def test_ended(name, requires_grad):
    assert ENDED[name](sequence(requires_grad=requires_grad)).mask is None


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", sorted(MOVED))
def test_moved(name, requires_grad):
    make, expected = MOVED[name]
    assert np.array_equal(make(sequence(requires_grad=requires_grad)).mask, expected)


def test_a_mask_that_does_not_fit_its_tensor_goes_no_further():
    z = sequence(np.ones((2, 3), bool))
    assert (z + 1.0).mask is None and z[:, 1:].mask is None


# -------------------------------------------------------------------------- in models

def words():
    return np.array([[3, 1, 2, 0, 0], [2, 4, 0, 0, 0]])


BETWEEN = {
    "z + z": lambda z: z + z, "z * 2": lambda z: z * 2, "tanh": mg.tanh, "np.tanh": lambda z: np.tanh(z),
    "by hand": lambda z: mg.relu(z @ W + 0.5), "residual": lambda z: z + Dense(4)(z), "joined": lambda z: mg.concatenate([z, -z], axis=-1),
    "Lambda": lambda z: Lambda(lambda x: x * 2.0)(z),
}


@pytest.mark.parametrize("name", sorted(BETWEEN))
def test_padding_changes_nothing_after_an_operation(name):
    """The same sentence, shorter or padded: what stands between the embedding and the recurrent layer must not lose the mask."""
    i = Input((None,), dtype="int64")
    model = mg.Model(i, LSTM(3)(BETWEEN[name](Embedding(6, 4, mask_zero=True)(i))))
    assert np.allclose(model(words()[:1]).data, model(words()[:1, :3]).data, atol=1e-6)
    assert np.allclose(model.predict(words())[1:], model(words()[1:, :2]).data, atol=1e-6)


def test_a_sequence_read_backwards_begins_with_its_padding():
    i = Input((None,), dtype="int64")
    for turned in (lambda z: z[:, ::-1], lambda z: mg.flip(z, axis=1), Lambda(lambda z: z[:, ::-1])):
        model = mg.Model(i, LSTM(3)(turned(Embedding(6, 4, mask_zero=True)(i))))
        assert np.allclose(model(words()[:1]).data, model(words()[:1, :3]).data, atol=1e-6)


class Net(mg.Model):
    """Operations between layers, written by hand."""

    def __init__(self, **options):
        super().__init__(**options)
        self.embed, self.position, self.read = Embedding(6, 4, mask_zero=True), Embedding(9, 4), LSTM(3)

    def call(self, x):
        z = self.embed(x) + self.position(np.arange(x.shape[1])[None])
        return self.read(mg.tanh(z) * 2.0)


def test_a_model_with_a_call_of_its_own_and_without_a_graph():
    net = Net()
    short = net(words()[:1, :3]).data
    assert np.allclose(net(words()[:1]).data, short, atol=1e-6)
    assert np.allclose(net.predict(words())[:1], short, atol=1e-6)
    with mg.no_grad():
        assert np.allclose(net(words()[:1]).data, short, atol=1e-6)


def test_the_loss_leaves_out_what_an_operation_handed_on():
    i = Input((None,), dtype="int64")
    model = mg.Model(i, Dense(1)(Embedding(6, 4, mask_zero=True)(i)) * 3.0)
    model.compile("sgd", "mse")
    y, other = rng.normal(size=(2, 2, 5, 1))
    other = np.where((words() == 0)[..., None], other, y)
    assert model.evaluate(words(), y) == pytest.approx(model.evaluate(words(), other), rel=1e-6)


def test_what_a_layer_returns_beside_its_sequence_has_no_mask():
    y, h, c = LSTM(3, return_sequences=True, return_state=True)(sequence())
    assert y.mask is MASK and h.mask is None and c.mask is None
    a, b = Bidirectional(LSTM(3, return_sequences=True), merge_mode=None)(sequence())
    assert a.mask is MASK and b.mask is MASK
    assert LSTM(3, return_state=True)(sequence())[0].mask is None


def test_layers_have_the_last_word():
    z = sequence()
    assert mg.layers.Conv1D(4, 2)(z).mask is None and mg.layers.Conv1D(4, 2, padding="causal")(z).mask is MASK
    assert mg.layers.MaxPooling1D()(z).mask is None and GlobalAveragePooling1D()(z).mask is None
    assert RepeatVector(3)(z[:, 0]).mask is None and Add()([z, z + 1.0]).mask is not None
    assert np.array_equal(Masking()(z * 0.0).mask, np.zeros((2, 5), bool))


def test_the_masks_of_gradients_do_no_harm():
    z = sequence(requires_grad=True)
    (g,) = mg.gradients(mg.sum(mg.tanh(z) ** 2), [z], create_graph=True)
    (h,) = mg.gradients(mg.sum(g**2), [z])
    assert h.shape == z.shape and np.isfinite(h.data).all()


def test_a_mask_on_another_device_stays_there(device):
    z = mg.to_gpu(sequence())
    z.mask = mg.to_gpu(MASK)
    assert type((z + z)[:, ::-1].mask) is type(z.array)
    assert np.array_equal(mg.to_cpu(mg.concatenate([z, z], axis=1).mask), np.concatenate([MASK, MASK], 1))


def test_operations_that_know_nothing_of_masks_drop_them():
    known = dict(engine.primitives)
    try:
        @engine.primitive
        def thrice(x):
            """y = 3x"""
            return 3.0 * x, lambda dy: 3.0 * dy
        assert thrice(sequence()).mask is None and ops.negative(sequence()).mask is MASK
    finally:
        engine.primitives.clear()
        engine.primitives.update(known)
