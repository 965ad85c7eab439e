"""Attention in its four forms."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import AdditiveAttention, Attention, Embedding, Input, MultiHeadAttention

rng = np.random.default_rng(0)
q, v, k = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 5, 6))


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_dot_attention():
    y, weights = Attention(dtype="float64")([q, v, k], return_attention_scores=True)
    assert np.allclose(weights.data, softmax(q @ k.swapaxes(1, 2))) and np.allclose(y.data, softmax(q @ k.swapaxes(1, 2)) @ v)
    assert np.allclose(Attention(dtype="float64")([q, v]).data, softmax(q @ v.swapaxes(1, 2)) @ v)
    scaled = Attention(use_scale=True, dtype="float64")
    scaled([q, v])
    scaled.scale.data = np.array(0.5)
    assert np.allclose(scaled([q, v]).data, softmax(0.5 * q @ v.swapaxes(1, 2)) @ v)


def test_concat_and_additive_attention():
    summed = np.tanh(q[:, :, None] + v[:, None])
    assert np.allclose(Attention(score_mode="concat", dtype="float64")([q, v]).data, softmax(summed.sum(-1)) @ v)
    layer = AdditiveAttention(dtype="float64")
    y = layer([q, v])
    assert np.allclose(y.data, softmax(summed @ layer.scale.data) @ v)


def test_masked_values_get_no_weight():
    value = mg.Tensor(v)
    value.mask = np.arange(5)[None] < np.array([[3], [5]])
    _, weights = Attention()([q, value], return_attention_scores=True)
    assert np.all(weights.data[0, :, 3:] == 0) and np.allclose(weights.data.sum(-1), 1, atol=1e-6)
    query = Embedding(4, 6, mask_zero=True)([[1, 0, 0, 0], [1, 2, 3, 3]])
    assert Attention()([query, value]).mask is query.mask


@pytest.mark.parametrize("layer", [Attention(), MultiHeadAttention(2, 3)])
def test_causal_masks(layer):
    call = (lambda x, **o: layer([x, x], **o)) if isinstance(layer, Attention) else (lambda x, **o: layer(x, x, **o))
    changed = q.copy()
    changed[:, 2:] += 1.0
    before, after = call(q, use_causal_mask=True).data, call(changed, use_causal_mask=True).data
    assert np.allclose(before[:, :2], after[:, :2], atol=1e-6) and not np.allclose(before[:, 2], after[:, 2])


def test_dropout_only_in_training():
    for layer, inputs in ((Attention(dropout=0.5), ([q, v],)), (MultiHeadAttention(2, 3, dropout=0.5), (q, v))):
        assert np.array_equal(layer(*inputs).data, layer(*inputs).data)
        assert not np.array_equal(layer(*inputs, training=True).data, layer(*inputs, training=True).data)


@pytest.mark.torch
def test_multi_head_attention_is_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs = torch.nn.MultiheadAttention(6, 2, batch_first=True)
    layer = MultiHeadAttention(2, 3)
    layer(q, v, k)
    W, b = theirs.in_proj_weight.detach().numpy(), rng.normal(size=18).astype(np.float32)
    theirs.in_proj_bias.data = torch.tensor(b)
    parts = [part for j in range(3) for part in (W[6 * j:6 * j + 6].T.reshape(6, 2, 3), b[6 * j:6 * j + 6].reshape(2, 3))]
    layer.set_weights([*parts, theirs.out_proj.weight.detach().numpy().T.reshape(2, 3, 6), theirs.out_proj.bias.detach().numpy()])
    blocked = rng.random((4, 5)) > 0.7
    blocked[:, 0] = False
    y, weights = layer(q, v, k, attention_mask=~blocked, return_attention_scores=True)
    wanted, shares = theirs(*(torch.tensor(a, dtype=torch.float32) for a in (q, k, v)), attn_mask=torch.tensor(blocked), average_attn_weights=False)
    assert np.allclose(y.data, wanted.detach().numpy(), atol=1e-5) and np.allclose(weights.data, shares.detach().numpy(), atol=1e-5)


def test_multi_head_sizes_and_gradients():
    layer = MultiHeadAttention(2, 3, value_dim=4, output_shape=7, dtype="float64")
    assert layer(q, v).shape == (2, 4, 7)
    assert [w.shape for w in layer.weights] == [(6, 2, 3), (2, 3), (6, 2, 3), (2, 3), (6, 2, 4), (2, 4), (2, 4, 7), (7,)]
    mg.check_gradients(layer, q, v)
    additive = AdditiveAttention(dtype="float64")
    mg.check_gradients(lambda a, b: additive([a, b]), q, v)


def test_in_a_graph_saved_and_loaded(tmp_path):
    a, b = Input((4, 6)), Input((5, 6))
    model = mg.Model([a, b], [MultiHeadAttention(2, 3)(a, b), Attention()([a, b])])
    model.save(tmp_path / "m")
    again = mg.load_model(tmp_path / "m")
    assert all(np.array_equal(*pair) for pair in zip(again.predict([q, v]), model.predict([q, v])))


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="queries and keys of one width"):
        Attention()([q, v[..., :3]])
    with pytest.raises(ValueError, match="called on a list"):
        Attention()(q)


PADDED = np.array([[True, True, False, False], [True, True, True, True]])


def padded(mask=PADDED):
    z = mg.Tensor(q.astype(np.float32))
    z.mask = mask
    return z


@pytest.mark.parametrize("layer", [Attention(), AdditiveAttention()])
def test_steps_of_padding_ask_nothing(layer):
    y = layer([padded(), v])
    assert not y.data[0, 2:].any() and y.data[PADDED].all() and y.mask is PADDED


def test_a_query_that_may_look_at_nothing_looks_at_everything():
    layer = MultiHeadAttention(2, 3)
    _, weights = layer(padded(), padded(), use_causal_mask=True, return_attention_scores=True)
    assert np.allclose(weights.data[0, :, 2:], 0.25, atol=1e-6) and not weights.data[0, :, :2, 2:].any()
    key = padded(np.array([[True, False, True, True]] * 2))
    _, weights = layer(q, v[:, :4], key, return_attention_scores=True)
    assert not weights.data[..., 1].any()


def test_a_mask_for_every_head():
    layer, allowed = MultiHeadAttention(2, 3), rng.random((2, 2, 4, 5)) > 0.3
    allowed[..., 0] = True
    _, weights = layer(q, v, attention_mask=allowed, return_attention_scores=True)
    assert np.array_equal(weights.data > 0, allowed)
