"""The generated tasks ask what they say."""

import numpy as np
import pytest

from minigrad import backend
from minigrad.datasets import adding, copying, echo, parity


@pytest.fixture(autouse=True)
def seed():
    backend.set_random_seed(0)


def test_parity_of_the_lectures_examples():
    x, y = parity(50, 10)
    assert x.shape == (50, 10, 1) and x.dtype == backend.floatx()
    assert all(y[n, t] == x[n, : t + 1].sum() % 2 for n in range(50) for t in range(10))


def test_adding_marks_one_number_in_each_half_and_guessing_one_costs_a_sixth():
    x, y = adding(20_000, 30)
    assert (x[:, :15, 1].sum(axis=1) == 1).all() and (x[:, 15:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y[:, 0], (x[..., 0] * x[..., 1]).sum(axis=1), rtol=1e-6)
    assert abs(((y - 1) ** 2).mean() - 1 / 6) < 0.005
    with pytest.raises(ValueError, match="at least 2"):
        adding(1, 1)


def test_copying_repeats_the_items_after_the_signal():
    x, y = copying(10, items=3, symbols=4, blanks=20)
    assert x.shape == y.shape == (10, 27)
    np.testing.assert_array_equal(y[:, -3:], x[:, :3])
    assert (x[:, 23] == 1).all() and (y[:, :-3] == 0).all() and x[:, :3].min() >= 2 and x.max() <= 5


def test_echo_says_what_was():
    x, y = echo(7, 40, lag=5)
    np.testing.assert_array_equal(y[:, 5:], x[:, :-5, 0])


def test_a_seed_gives_the_same_data():
    backend.set_random_seed(3)
    first = [a.copy() for task in (parity(4, 5), adding(4, 6), copying(4), echo(4, 5, 2)) for a in task]
    backend.set_random_seed(3)
    again = [a for task in (parity(4, 5), adding(4, 6), copying(4), echo(4, 5, 2)) for a in task]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
