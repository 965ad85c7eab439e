"""Every primitive keeps the promises of `checks.py`, on the cases of its row in `table.py`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import engine
from tests import checks
from tests.table import FUNCTIONS, ROWS

PROMISES = [
    checks.check_value,
    checks.check_first_order,
    checks.check_second_order,
    checks.check_float32,
    checks.check_linearity,
]


def named(row):
    return row.name


def test_one_row_for_each_primitive():
    rows = [row.name for row in ROWS]
    assert sorted(rows) == sorted(set(rows)), "a primitive has two rows"
    primitives = [name for name, op in engine.primitives.items() if not hasattr(op, "is_kernel")]
    assert sorted(rows) == sorted(primitives)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.removeprefix("check_"))
@pytest.mark.parametrize("row", ROWS + FUNCTIONS, ids=named)
@given(data=st.data())
def test_promise(row, promise, data):
    promise(row, data.draw(row.cases))
