"""Layers that join several tensors."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers

rng = np.random.default_rng(0)
a, b, c = rng.normal(size=(3, 2, 4))


@pytest.mark.parametrize("layer, expected", [
    (layers.Add(), a + b + c), (layers.Multiply(), a * b * c), (layers.Average(), (a + b + c) / 3),
    (layers.Maximum(), np.maximum(np.maximum(a, b), c)), (layers.Minimum(), np.minimum(np.minimum(a, b), c)),
    (layers.Concatenate(), np.concatenate([a, b, c], -1)), (layers.Concatenate(axis=1), np.concatenate([a, b, c], 1)),
])
def test_values(layer, expected):
    assert np.allclose(layer([a, b, c]).data, expected, atol=1e-6)


def test_subtract_and_one_thing_alone():
    assert np.allclose(layers.Subtract()([a, b]).data, a - b, atol=1e-6)
    with pytest.raises(ValueError, match=r"joins a list of tensors: Add\(\)\(\[a, b\]\)"):
        layers.Add()(a)


def test_concatenate_names_the_shapes():
    with pytest.raises(ValueError, match=r"joins along axis -1.*\(2, 4\) and \(3, 4\)"):
        layers.Concatenate()([a, np.ones((3, 4))])


@pytest.mark.parametrize("shapes, axes, formula", [
    (((2, 3, 4), (2, 4, 5)), (2, 1), "nij,njk->nik"), (((2, 3, 4), (2, 5, 4)), -1, "nik,njk->nij"),
    (((2, 3, 4), (2, 3, 5)), 1, "nki,nkj->nij"), (((2, 4), (2, 3, 4)), (1, 2), "nk,njk->nj"),
])
def test_dot(shapes, axes, formula):
    x, y = (rng.normal(size=shape) for shape in shapes)
    assert np.allclose(layers.Dot(axes)([x, y]).data, np.einsum(formula, x, y), atol=1e-5)


def test_dot_of_vectors_and_cosines():
    assert np.allclose(layers.Dot(1)([a, b]).data, (a * b).sum(1, keepdims=True), atol=1e-5)
    cosine = layers.Dot(1, normalize=True)([a, b]).data[:, 0]
    assert np.allclose(cosine, (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1), atol=1e-5)


def test_masks_meet():
    x, y = mg.Tensor(np.ones((1, 3, 2))), mg.Tensor(np.ones((1, 3, 2)))
    x.mask, y.mask = np.array([[True, False, False]]), np.array([[False, False, True]])
    assert np.array_equal(layers.Add()([x, y]).mask, [[True, False, True]])
    assert np.array_equal(layers.Concatenate()([x, y]).mask, [[True, False, True]])
    assert np.array_equal(layers.Concatenate(axis=1)([x, y]).mask, [[True, False, False, False, False, True]])
    y.mask = None
    assert np.array_equal(layers.Concatenate(axis=1)([x, y]).mask, [[True, False, False, True, True, True]])
    assert layers.Multiply()([x, y]).mask is None and layers.Concatenate()([x, y]).mask is None       # as in Keras


def test_missing_axes_come_behind_the_batch_axis():
    """As in Keras: (N, D) beside (N, T, D) is the same vector at every step, also where N and T are equal by chance."""
    x, y = rng.normal(size=(3, 3, 4)), rng.normal(size=(3, 4))
    assert np.allclose(layers.Add()([x, y]).data, x + y[:, None], atol=1e-6)
    assert np.allclose(layers.Multiply()([y, x]).data, x * y[:, None], atol=1e-6)
