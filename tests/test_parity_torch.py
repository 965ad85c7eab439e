"""Every row that PyTorch has too agrees with it, in value and in every gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.engine import gradients
from tests.checks import apply, random_like, variables
from tests.table import ROWS

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


def as_torch(x, requires_grad=False):
    if isinstance(x, np.ndarray):
        return torch.tensor(x.copy(order="C"), requires_grad=requires_grad)
    return x


@pytest.mark.parametrize("row", [row for row in ROWS if row.torch], ids=lambda row: row.name)
@given(data=st.data())
def test_value_and_gradients(row, data):
    case = data.draw(row.cases)
    xs = variables(case)
    y = apply(row, case, xs)
    theirs = [as_torch(x, k in case.variable) for k, x in enumerate(case.operands)]
    expected = row.torch(*theirs, **{name: as_torch(value) for name, value in case.settings.items()})
    assert y.shape == tuple(expected.shape)
    np.testing.assert_allclose(y.array, expected.detach().numpy(), rtol=1e-9, atol=1e-10)
    dy = random_like(np.random.default_rng(6), y)
    leaves = [theirs[k] for k in xs]
    grads = torch.autograd.grad(expected, leaves, torch.tensor(dy), allow_unused=True)
    for (k, x), dx, there in zip(xs.items(), gradients(y, list(xs.values()), seed=dy), grads, strict=True):
        there = np.zeros(x.shape) if there is None else there.numpy()
        np.testing.assert_allclose(dx.array, there, rtol=1e-9, atol=1e-10, err_msg=f"input {k}")


def test_most_rows_are_compared():
    assert sum(row.torch is not None for row in ROWS) >= 45
