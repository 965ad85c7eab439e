"""docs/cells.md says what the code says: made again it is the same, it leaves no cell out, and every test that it names exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from docs import cells
from minigrad import layers

ROOT = Path(__file__).parents[1]
NAMED = sorted({test for *_, equality, agreement in cells.ROWS for test in (*equality, *agreement)} | set(cells.EVERY_CELL))


def test_the_table_is_the_codes():
    assert cells.FILE.read_text(encoding="utf-8") == cells.table(), "run `python -m docs.cells`"


def test_no_cell_is_left_out():
    shown = {type(thing) for _, thing, *_ in cells.ROWS}
    every = {kind for name in layers.__all__ if isinstance(kind := getattr(layers, name), type) and issubclass(kind, layers.Cell)}
    assert every <= shown


@pytest.mark.parametrize("test", NAMED)
def test_the_tests_that_it_names_are_there(test):
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_an_equation_without_its_source_is_refused():
    with pytest.raises(ValueError, match="no equation with its source"):
        cells.equation(layers.Cell(2), "h' = x")
