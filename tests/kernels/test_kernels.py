"""The kernels by themselves: gradients against differences, on the stand-in for a GPU, in float32, with every option.

That they compute what the transparent layers compute is tested with those layers (tests/layers/test_recurrent.py).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import backend
from minigrad.kernels import gru, lstm, rnn, shared
from minigrad.kernels.shared import ACTIVATIONS, row_gradient, step_product
from tests.strict_array import StrictArray

VARIANTS = ["rnn", *(f"rnn {name}" for name in ACTIVATIONS if name != "tanh"), "gru", "gru reset_after", "gru hard_sigmoid",
            "lstm", "lstm peephole", "lstm coupled", "lstm peephole coupled", "lstm hard_sigmoid"]


def example(variant, T=4, N=3, features=2, units=5, *, integers=False, masked=False, bias=True, first=True, dtype="float64"):
    """(kernel, inputs, settings) of one variant, seeded."""
    rng = np.random.default_rng(7)
    kind, *options = variant.split()

    def normal(*shape):
        return rng.normal(0.0, 0.7, shape).astype(dtype)
    gates = {"rnn": 1, "gru": 3, "lstm": 3 if "coupled" in options else 4}[kind]
    state = [normal(N, units) if first else None for _ in range(2 if kind == "lstm" else 1)]
    x = rng.integers(features, size=(T, N)) if integers else normal(T, N, features)
    b = normal(*(2,) * ("reset_after" in options), gates * units) if bias else None
    inputs = [x, normal(features, gates * units), normal(units, gates * units), b, *state]
    settings = {"mask": rng.random((T, N)) < 0.6 if masked else None}
    if kind == "lstm":
        inputs.append(normal(gates - 1, units) if "peephole" in options else None)
        settings["coupled"] = "coupled" in options
    if kind == "gru":
        settings["reset_after"] = "reset_after" in options
    if options and options[-1] in ACTIVATIONS:
        settings["activation" if kind == "rnn" else "recurrent_activation"] = options[-1]
    return {"rnn": rnn, "gru": gru, "lstm": lstm}[kind].rule, inputs, settings


def differentiable(array):
    return array is not None and array.dtype.kind == "f"


sizes = st.integers(1, 4)


@pytest.mark.parametrize("variant", VARIANTS)
@given(T=sizes, N=sizes, features=sizes, units=sizes, integers=st.booleans(), masked=st.booleans(), bias=st.booleans(),
       first=st.booleans(), arrived=st.lists(st.booleans(), min_size=4, max_size=4))
def test_gradients_agree_with_differences(variant, T, N, features, units, integers, masked, bias, first, arrived):
    """⟨dy, J v⟩ along a random direction, whichever outputs a gradient arrived at."""
    kernel, inputs, settings = example(variant, T, N, features, units, integers=integers, masked=masked, bias=bias, first=first)
    rng = np.random.default_rng(1)
    outputs, pull = kernel(*inputs, **settings)
    dys = [rng.normal(size=y.shape) if there else None for y, there in zip(outputs, arrived)]
    gradients = pull(dys, [differentiable(a) for a in inputs])
    for k, (array, gradient) in enumerate(zip(inputs, gradients)):
        assert (gradient is not None) == differentiable(array)
        if gradient is None:
            continue
        assert gradient.shape == array.shape
        v = rng.normal(size=array.shape)

        def loss(sign, k=k, array=array, v=v):
            nudged = [array + sign * 1e-6 * v if j == k else a for j, a in enumerate(inputs)]
            return sum((y * dy).sum() for y, dy in zip(kernel(*nudged, **settings)[0], dys) if dy is not None)
        assert (gradient * v).sum() == pytest.approx((loss(1) - loss(-1)) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("units", [5, 32])
def test_the_same_on_another_device(variant, masked, units):
    """Nothing in a kernel but what CuPy's arrays can do; float32 stays float32."""
    kernel, inputs, settings = example(variant, units=units, masked=masked, dtype="float32")
    there = {key: StrictArray(v) if isinstance(v, np.ndarray) else v for key, v in settings.items()}
    here, pull = kernel(*inputs, **settings)
    away, pull_away = kernel(*[a if a is None else StrictArray(a) for a in inputs], **there)
    needed = [differentiable(a) for a in inputs]
    found = [*here, *pull([np.ones_like(y) for y in here], needed)]
    expected = [*away, *pull_away([np.ones_like(y) for y in away], needed)]
    for a, b in zip(found, expected):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype == np.float32
            np.testing.assert_allclose(a, b.get(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_backward_twice_is_the_same(variant):
    """A pullback writes into nothing that it needs again, nor into what it was given."""
    kernel, inputs, settings = example(variant, masked=True)
    copies = [None if a is None else a.copy() for a in inputs]
    outputs, pull = kernel(*inputs, **settings)
    values = [y.copy() for y in outputs]
    dys = [np.ones_like(y) for y in outputs]
    needed = [differentiable(a) for a in inputs]
    for first, second in zip(pull(dys, needed), pull(dys, needed)):
        if first is not None:
            np.testing.assert_array_equal(first, second)
    for before, after in [*zip(copies, inputs), *zip(values, outputs)]:
        np.testing.assert_array_equal(before, after)
    assert all((dy == 1).all() for dy in dys)


@pytest.mark.parametrize("variant", ["rnn", "gru", "gru reset_after", "lstm"])
def test_layout_of_the_inputs_does_not_matter(variant):
    """Time-first views of batch-first arrays, Fortran weights, and steps counted backwards."""
    kernel, inputs, settings = example(variant, N=2, units=16)
    turned = [a if a is None else np.asfortranarray(a[::-1])[::-1] for a in inputs]
    outputs, pull = kernel(*inputs, **settings)
    same, pull_same = kernel(*turned, **settings)
    needed = [True] * len(inputs)
    ones = [np.ones_like(y) for y in outputs]
    for a, b in zip([*outputs, *pull(ones, needed)], [*same, *pull_same(ones, needed)]):
        if a is not None:
            np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("gates, rows, H, K", [(0, 1, 5, 5), (0, 32, 32, 32), (0, 32, 512, 512), (0, 50, 200, 203), (1, 2, 32, 32),
                                               (4, 3, 64, 64), (3, 32, 512, 512), (2, 2, 48, 20), (2, 9, 20, 96)])
@pytest.mark.parametrize("in_blocks", [True, False])
def test_the_product_of_one_step(gates, rows, H, K, in_blocks, monkeypatch):
    """Cut into columns or not, of one matrix or one for each gate, with one h for all or one for each, twice in a row."""
    monkeypatch.setattr(backend, "IN_BLOCKS", in_blocks)
    rng = np.random.default_rng(0)
    W = rng.normal(size=(*[gates] * (gates > 0), K, H)).swapaxes(-1, -2)
    product = step_product(W, rows)
    for h in (rng.normal(size=(rows, H)), rng.normal(size=(gates, rows, H))):
        if h.ndim == 2 or gates > 0:
            expected = h @ W
            np.testing.assert_allclose(product(h), expected, atol=1e-10)
            states = np.zeros((3, *expected.shape))
            product(h, out=states[1])
            np.testing.assert_allclose(states[1], expected, atol=1e-10)
            assert not states[[0, 2]].any()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("N, units", [(1, 1040), (33, 192)])
def test_in_blocks_or_whole(variant, N, units, monkeypatch):
    """How BLAS is asked for the product of a step changes neither values nor gradients, one row or many, padded or not."""
    found = []
    for in_blocks in (True, False):
        monkeypatch.setattr(backend, "IN_BLOCKS", in_blocks)
        kernel, inputs, settings = example(variant, T=2, N=N, units=units, masked=True)
        inputs[2] /= units ** 0.5
        outputs, pull = kernel(*inputs, **settings)
        found.append([*outputs, *pull([np.ones_like(y) for y in outputs], [differentiable(a) for a in inputs])])
    for a, b in zip(*found):
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("settings", [{"OPENBLAS_NUM_THREADS": "2"}, {"OPENBLAS_CORETYPE": "Haswell"},
                                      {"OPENBLAS_NUM_THREADS": "", "OMP_NUM_THREADS": "4"}])
def test_small_products_pay_on_one_thread_with_avx512_alone(settings, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert not backend.multiplies_small_as_they_lie()


def test_a_numpy_that_says_nothing_about_its_blas_gets_whole_products(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(np, "show_config", lambda mode: {})
    assert not backend.multiplies_small_as_they_lie()


@pytest.mark.parametrize("rows, T, N", [(3, 2, 2), (50, 30, 20), (3000, 4, 5)])
def test_rows_that_integers_pick(rows, T, N):
    """Small, frequent and rare: each dz is added to its row."""
    rng = np.random.default_rng(0)
    x, dz = rng.integers(rows, size=(T, N)), rng.normal(size=(2, T, N, 3))
    expected = np.zeros((rows, 2, 3))
    np.add.at(expected, x.ravel(), dz.reshape(2, -1, 3).swapaxes(0, 1))
    np.testing.assert_allclose(row_gradient(x, dz, rows), expected.reshape(rows, 6), atol=1e-12)


@pytest.mark.parametrize("dtype", ["i1", "i8", ">i4"])
@pytest.mark.parametrize("rows", [5, 60])
def test_integers_count_from_the_end_too(rows, dtype):
    """Negative ones pick the last rows, alone and beside positive ones for the same rows: the gradient of one-hot vectors."""
    x = np.random.default_rng(0).integers(-rows, rows, size=(20, 30)).astype(dtype)
    dz = np.random.default_rng(1).normal(size=(2, 20, 30, 4))
    for picks in (x, np.full_like(x, -1)):
        np.testing.assert_allclose(row_gradient(picks, dz, rows), shared.weight_gradient(np.eye(rows)[picks], dz), atol=1e-12)


def test_a_second_derivative_is_refused_with_the_way_out():
    _, inputs, _ = example("rnn")
    x = mg.Tensor(inputs[0], requires_grad=True)
    hs, _ = rnn(x, *inputs[1:])
    with pytest.raises(Exception, match="unroll=True"):
        mg.gradients(hs.sum(), [x], create_graph=True)
