"""docs/keras_arguments.md is what docs/make_keras_table.py makes of the code as it is, and notices when the code changes."""
from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import minigrad as mg

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("make_keras_table", DOCS / "make_keras_table.py")
table = importlib.util.module_from_spec(spec)
spec.loader.exec_module(table)


def test_the_page_is_that_of_this_code():
    assert (DOCS / "keras_arguments.md").read_text(encoding="utf-8") == table.page(table.stored()), "run python docs/make_keras_table.py"


def test_an_argument_without_a_reason_is_refused(monkeypatch):
    class Dense(mg.layers.Dense):
        def __init__(self, units, colour="blue", **options):
            super().__init__(units, **options)
    monkeypatch.setattr(mg.layers, "Dense", Dense)
    with pytest.raises(SystemExit, match="Dense: the argument colour is only here"):
        table.row("layers.Dense", table.stored()["signatures"]["layers.Dense"], set())


def test_another_default_is_refused(monkeypatch):
    class Dense(mg.layers.Dense):
        def __init__(self, units, activation="relu", **options):
            super().__init__(units, activation, **options)
    monkeypatch.setattr(mg.layers, "Dense", Dense)
    with pytest.raises(SystemExit, match="activation is of another default"):
        table.row("layers.Dense", table.stored()["signatures"]["layers.Dense"], set())


@pytest.mark.torch
def test_keras_still_says_the_same():
    keras = pytest.importorskip("keras")
    stored = table.stored()
    if keras.__version__ != stored["versions"]["keras"]:
        pytest.skip(f"the signatures are those of Keras {stored['versions']['keras']}")
    assert {name: table.theirs(keras)[name] for name in stored["signatures"]} == stored["signatures"]
