"""Initialisers: variances, orthogonality, seeds, names."""
from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import initializers

SHAPE = (300, 200)


@pytest.mark.parametrize("name, variance", [
    ("glorot_uniform", 2 / 500), ("glorot_normal", 2 / 500), ("he_uniform", 2 / 300), ("he_normal", 2 / 300),
    ("lecun_uniform", 1 / 300), ("lecun_normal", 1 / 300), ("random_normal", 0.05**2), ("random_uniform", 0.1**2 / 12),
    ("zeros", 0), ("ones", 0),
])
def test_variances(name, variance):
    W = initializers.get(name)(SHAPE)
    assert W.dtype == np.float32 and W.var() == pytest.approx(variance, rel=0.03)
    assert abs(W.mean() - (name == "ones")) < 4 * math.sqrt(variance / W.size) + 1e-9


def test_uniform_bounds_and_truncation():
    assert np.abs(initializers.GlorotUniform()(SHAPE)).max() <= math.sqrt(6 / 500)
    assert np.abs(initializers.TruncatedNormal(stddev=1.0)(SHAPE)).max() <= 2


def test_a_convolution_counts_its_window():
    assert initializers.fans((3, 3, 8, 16)) == (72, 144)
    assert initializers.fans((7,)) == (7, 7) and initializers.fans(()) == (1, 1)


@pytest.mark.parametrize("shape", [(5, 5), (6, 3), (3, 6), (2, 3, 4)])
def test_orthogonal(shape):
    Q = initializers.Orthogonal(gain=2.0)(shape, "float64").reshape(-1, shape[-1])
    gram = Q.T @ Q if Q.shape[0] >= Q.shape[1] else Q @ Q.T
    assert np.allclose(gram, 4 * np.eye(len(gram)))


def test_orthogonal_is_not_biased_towards_the_identity():
    """Without the signs of R's diagonal, QR would favour one sign."""
    corners = [initializers.Orthogonal(seed=k)((2, 2))[0, 0] for k in range(200)]
    assert 60 < np.sum(np.array(corners) > 0) < 140


def test_seeds():
    mg.set_random_seed(5)
    first = initializers.GlorotUniform()((2, 2))
    second = initializers.GlorotUniform()((2, 2))
    mg.set_random_seed(5)
    assert np.array_equal(initializers.GlorotUniform()((2, 2)), first) and not np.array_equal(first, second)
    own = initializers.GlorotUniform(seed=3)
    assert np.array_equal(own((2, 2)), own((2, 2)))


def test_the_same_numbers_in_both_dtypes():
    assert np.array_equal(initializers.HeNormal(seed=1)((3, 3), "float64").astype(np.float32), initializers.HeNormal(seed=1)((3, 3)))


def test_identity_constant_and_refusals():
    assert np.array_equal(initializers.Identity(0.5)((2, 3)), 0.5 * np.eye(2, 3))
    assert np.array_equal(initializers.Constant([1, 2])((2, 2)), [[1, 2], [1, 2]])
    for name in ("identity", "orthogonal"):
        with pytest.raises(ValueError, match="matrices"):
            initializers.get(name)((3,))
    with pytest.raises(ValueError, match="fan_in"):
        initializers.VarianceScaling(mode="fan")


def test_repr_shows_the_settings():
    assert repr(initializers.RandomNormal(stddev=0.1)) == "RandomNormal(stddev=0.1)"
