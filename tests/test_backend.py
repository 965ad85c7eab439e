"""One source for CPU and GPU: every primitive on a second device gives what it gives on the host, and stays there.

The second device is the stand-in of `strict_array.py` on every machine, and CuPy where there is a GPU (see `conftest.py`).
"""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import backend, ops
from minigrad.engine import Tensor, gradients, wrap
from tests import cupy_api
from tests.cases import Case
from tests.checks import apply
from tests.kernel_rows import KERNELS
from tests.strict_array import StrictArray, to_device
from tests.table import FUNCTIONS, ROWS, Row


def moved(x):
    """Every array in an argument, however nested, on the second device."""
    if isinstance(x, np.ndarray):
        return backend.to_gpu(x)
    if isinstance(x, (list, tuple)):
        return type(x)(moved(item) for item in x)
    return x


def on_device(case: Case) -> Case:
    return Case(moved(case.operands), {name: moved(value) for name, value in case.settings.items()})


def derivatives(row: Row, case: Case, positions: list[int], seeds: list) -> list:
    """The value, the gradients by every input, and (where the row has them) the gradients of those gradients."""
    leaves = {k: wrap(case.operands[k]) for k in positions}
    for x in leaves.values():
        x.requires_grad = True
    xs = list(leaves.values())
    y = apply(row, case, leaves)
    dy, *weights = seeds
    results = [y, *gradients(y, xs, seed=dy)]
    if row.orders > 1:
        firsts = gradients(y, xs, seed=dy, create_graph=True)
        total = sum((first * w).sum() for first, w in zip(firsts, weights, strict=True))
        if total.requires_grad:
            results += gradients(total, xs)
    return [t.array for t in results]


@pytest.mark.parametrize("row", ROWS + KERNELS + FUNCTIONS, ids=lambda row: row.name)
@given(data=st.data())
def test_primitive(row, device, data):
    case = data.draw(row.cases)
    rng = np.random.default_rng(5)
    shape = np.shape(row.value(*case.operands, **case.settings))
    seeds = [np.asarray(rng.normal(size=shape)), *(np.asarray(rng.normal(size=case.operands[k].shape)) for k in case.variable)]
    expected = derivatives(row, case, case.variable, seeds)
    found = derivatives(row, on_device(case), case.variable, moved(seeds))
    for there, here in zip(found, expected, strict=True):
        assert not backend.on_host(there), "a result came back to the host"
        assert there.dtype == here.dtype
        np.testing.assert_allclose(backend.to_cpu(there), here, rtol=1e-10, atol=1e-10)


# ------------------------------------------------------------------------------------------------ moving


def test_tensors_move_there_and_back(device):
    x = Tensor(np.arange(3.0), requires_grad=True, name="x")
    there = mg.to_gpu(x)
    assert not backend.on_host(there.array) and (there.name, there.requires_grad) == ("x", True)
    (there * there).sum().backward()
    assert not backend.on_host(there.grad)
    np.testing.assert_array_equal(mg.to_cpu(there.grad), [0.0, 2.0, 4.0])
    back = mg.to_cpu(there)
    assert backend.on_host(back.array) and (back.name, back.requires_grad) == ("x", True)
    np.testing.assert_array_equal(there.numpy(), x.numpy())


def test_a_tensor_on_a_gpu_does_not_become_a_host_array_by_itself(device):
    x = mg.to_gpu(Tensor([1.0, 2.0], name="x"))
    with pytest.raises(TypeError, match="to_cpu"):
        np.asarray(x)
    assert "GPU" in repr(x) and "'x'" in repr(x)
    assert float(x.sum()) == 3.0 and x[0].item() == 1.0


def test_host_and_device_do_not_mix(device):
    there, here = mg.to_gpu(Tensor([1.0, 2.0])), Tensor([1.0, 2.0])
    for call in (lambda: there + here, lambda: here @ there, lambda: ops.concatenate([there, here])):
        with pytest.raises(TypeError):
            call()


def test_numbers_and_numpys_functions_meet_a_device_tensor(device):
    x = mg.to_gpu(Tensor([1.0, 2.0], requires_grad=True))
    y = (2.0 * np.tanh(x) + 1 - x / 3) ** 2
    y.mean().backward()
    assert y.dtype == x.grad.dtype == np.float32
    host = Tensor([1.0, 2.0], requires_grad=True)
    ((2.0 * np.tanh(host) + 1 - host / 3) ** 2).mean().backward()
    np.testing.assert_allclose(mg.to_cpu(x.grad), host.grad, rtol=1e-5)


def test_copies_of_a_device_tensor(device):
    import copy
    import pickle

    x = mg.to_gpu(Tensor([1.0, 2.0], requires_grad=True, name="x"))
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        np.testing.assert_array_equal(mg.to_cpu(other).array, [1.0, 2.0])
        assert (other.name, other.requires_grad) == ("x", True)


def test_without_cupy_or_gpu_to_gpu_says_so():
    try:
        backend.cupy()
    except RuntimeError as reason:
        assert "CuPy" in str(reason) and ("pip install" in str(reason) or "GPU" in str(reason))
        with pytest.raises(RuntimeError, match="CuPy"):
            mg.to_gpu(np.zeros(2))
        with pytest.raises(RuntimeError, match="CuPy"):
            mg.to_gpu(Tensor([1.0]))
    else:
        assert not backend.on_host(mg.to_gpu(np.zeros(2)))


def test_importing_minigrad_does_not_import_cupy():
    code = "import sys, minigrad; assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------------------------------------ dtype and chance


def test_floatx_is_one_setting():
    assert mg.floatx() == np.float32
    mg.set_floatx("float64")
    assert mg.floatx() == np.float64 and Tensor([1.0]).dtype == np.float64
    for wrong in ("int32", "complex64", "longdouble"):
        with pytest.raises(ValueError, match="float"):
            mg.set_floatx(wrong)


def test_one_seed_gives_one_sequence():
    mg.set_random_seed(3)
    first = mg.generator().normal(size=5)
    mg.set_random_seed(3)
    np.testing.assert_array_equal(first, mg.generator().normal(size=5))


def test_add_at_counts_an_index_as_often_as_it_occurs(device):
    for index in (np.array([0, 0, 2]), (np.array([0, 0]), np.array([1, 1])), np.array([True, False, True]), (slice(0, 2), 1), Ellipsis):
        here = np.zeros((3, 2))
        value = np.ones_like(here[index]) if not isinstance(index, np.ndarray) or index.dtype != bool else np.ones((2, 2))
        there = backend.to_gpu(here)
        backend.add_at(there, moved(index), moved(value))
        np.add.at(here, index, value)
        np.testing.assert_array_equal(backend.to_cpu(there), here)


# ------------------------------------------------------------------------------------------------ the stand-in itself


class TestStandIn:
    """It is a test of nothing unless it refuses what a GPU's arrays refuse."""

    a = to_device(np.arange(6.0).reshape(2, 3))

    @pytest.mark.parametrize(
        "call",
        [
            lambda a: np.asarray(a),
            lambda a: np.array([a, a]),
            lambda a: a + np.ones(3),
            lambda a: np.ones(3) + a,
            lambda a: np.where(np.ones(3) > 0, a, a),
            lambda a: np.concatenate([a, np.ones((2, 3))]),
            lambda a: np.multiply(a, a, out=np.zeros((2, 3))),
            lambda a: a[np.array([0])],
            lambda a: a.__setitem__(0, np.ones(3)),
            lambda a: np.insert(a, 0, 1.0),
            lambda a: np.einsum_path("ij->i", a),
            lambda a: np.spacing(a),
            lambda a: np.sum(a, where=a > 1),
            lambda a: np.mean(a, where=True),
            lambda a: np.max(a, initial=0.0),
            lambda a: np.clip(a, min=1, max=2),
            lambda a: np.var(a, correction=1),
            lambda a: np.add.reduce(a),
            lambda a: np.multiply.at(a, 0, 2.0),
            lambda a: a.sum(initial=0.0),
            lambda a: a.sum(0, None, None, False, 1.0),
            lambda a: np.linalg.eigh(a, UPLO="L", wrong=1),
        ],
    )
    def test_refused_calls(self, call):
        with pytest.raises(TypeError):
            call(self.a)

    def test_missing_attributes(self):
        for name in ("setflags", "itemset", "ctypes", "newbyteorder"):
            with pytest.raises(AttributeError):
                getattr(self.a, name)
        with pytest.raises(AttributeError):
            self.a.flags.writeable = False

    def test_results_stay_on_the_device(self):
        for result in (self.a.sum(), self.a[0, 0], self.a.T, np.sum(self.a), self.a > 1, np.argmax(self.a), 2 * self.a, next(iter(self.a))):
            assert isinstance(result, StrictArray)
        assert all(isinstance(part, StrictArray) for part in np.split(self.a, 3, axis=1))

    def test_host_scalars_and_python_numbers_mix(self):
        for result in (self.a + 1, np.float64(2.0) * self.a, np.maximum(self.a, 0.0)):
            assert isinstance(result, StrictArray)

    def test_the_list_of_functions_is_cupys(self):
        cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
        for name in cupy_api.UFUNCS:
            assert hasattr(cupy, name), name
        for name, parameters in cupy_api.FUNCTIONS.items():
            function = cupy
            for part in name.split("."):
                function = getattr(function, part)
            try:
                known = inspect.signature(function).parameters
            except (TypeError, ValueError):
                continue
            if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
                plain = {p for p in parameters if not p.startswith("*")}
                assert plain <= set(known), name
