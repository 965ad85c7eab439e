"""Numbers as they are printed, and the widths of what is printed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.drawing import fonts, notation
from minigrad.drawing.layout import Body
from minigrad.drawing.slots import Link, Slot
from minigrad.drawing.themes import THEMES, contrast, mix


@pytest.mark.parametrize(("x", "expected"), [
    (0.4099, "0.41"), (-0.065, "−0.065"), (2.29, "2.29"), (-1.0, "−1"), (0.0, "0"), (12.34, "12.3"), (1234.5, "1234"),
    (1.7e-7, "1.7·10⁻⁷"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"), (3e9, "3.0·10⁹"), (0.00123, "0.0012"),
])  # fmt: skip
def test_two_significant_digits_and_a_true_minus(x, expected):
    assert notation.number(x) == expected


@pytest.mark.parametrize(("x", "expected"), [(0.4, "0.4"), (np.float32(-0.9), "−0.9"), (12, "12"), (1 / 3, "0.33"), (-1.0, "−1")])
def test_given_numbers_are_shown_as_typed(x, expected):
    assert notation.given(x) == expected


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12), st.integers(0, 4))
def test_rounded_numbers_add_to_the_rounded_sum(values, decimals):
    printed = notation.rounded_to_sum(values, decimals)
    unit = 10.0**-decimals
    assert math.isclose(math.fsum(printed), round(math.fsum(values), decimals), abs_tol=0.51 * unit)
    assert round(math.fsum(printed) / unit) == round(math.fsum(values) / unit)
    assert all(abs(a - b) <= unit * 1.001 for a, b in zip(values, printed, strict=True))


@given(st.integers(1, 8), st.integers(0, 50))
def test_shares_sum_to_one(parts, seed):
    arrays = np.random.default_rng(seed).normal(size=(parts, 3, 4))
    assert math.isclose(sum(notation.shares(list(arrays), arrays.sum(0))), 1.0, rel_tol=1e-9)
    assert all(math.isnan(s) for s in notation.shares(list(arrays), np.zeros((3, 4))))


def test_subscripts_are_small_and_lowered():
    assert fonts.runs("h₁₂ᵀ dz") == (("h", 0), ("12", -1), ("T", 1), (" dz", 0))
    assert fonts.measure("h₁", 20) < fonts.measure("h1", 20)


def test_widths_are_arials():
    assert fonts.measure("AV", 1000) == pytest.approx(1334, abs=1)
    assert fonts.measure("Hello", 100, bold=True) == pytest.approx(244.5, abs=0.3)
    assert fonts.measure("é", 10) == fonts.measure("e", 10) and fonts.measure("漢", 10) == 10


@given(st.text(max_size=30), st.floats(20, 200))
def test_what_is_cut_fits(text, width):
    assert fonts.measure(fonts.cut(text, width, 20), 20) <= width


def test_contrast_is_wcags():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert mix("#000000", "#FFFFFF", 0.5) == "#808080"
    assert len({tuple(theme) for theme in THEMES.values()}) == 1


@given(st.integers(0, 200), st.integers(2, 14))
def test_boxes_of_any_graph_keep_apart(seed, count):
    rng = np.random.default_rng(seed)
    slots = [Slot(k, need=float(rng.integers(40, 120)), leaf=bool(k < 2)) for k in range(count)]
    links = [Link(slots[a], slots[b]) for b in range(2, count) for a in {int(rng.integers(0, b)), int(rng.integers(0, b))}]
    body = Body(slots, links, sinking=False)
    body.place_freely(20, 0, lambda slot: 40, 60)
    for row in body.rows:
        for a, b in itertools.pairwise(row):
            assert a.right + 20 <= b.x + 1e-6
    assert all(link.lower.y > link.upper.bottom for link in links)
