"""Every primitive keeps the promises of `checks.py`, on the cases of its row in `table.py`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import engine
from tests import checks
from tests.kernel_rows import KERNELS
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
    rows = [row.name for row in ROWS + KERNELS]
    assert sorted(rows) == sorted(set(rows)), "a primitive has two rows"
    assert sorted(rows) == sorted(engine.primitives), "a primitive has no row, or a row no primitive"


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.removeprefix("check_"))
@pytest.mark.parametrize("row", ROWS + KERNELS + FUNCTIONS, ids=named)
@given(data=st.data())
def test_promise(row, promise, data):
    promise(row, data.draw(row.cases))
