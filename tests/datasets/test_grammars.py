"""Reber's grammar, Boolean trees and the Mackey–Glass series: each against another way of saying what it is."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import datasets

PLAIN = r"B(?:TS*X(?:XT*V(?:PXT*V)*(?:PS|V)|S)|PT*V(?:PXT*V)*(?:PS|V))E"                       # the same machine as an expression


@pytest.mark.parametrize(("kind", "expression"), [
    ("plain", PLAIN), ("embedded", f"B(?:T{PLAIN}T|P{PLAIN}P)E"), ("chained", f"B(?:T(?:{PLAIN}){{3}}T|P(?:{PLAIN}){{3}}P)E"),
])  # fmt: skip
def test_reber_strings_follow_the_grammar(kind, expression):
    strings = datasets.reber_strings(200, kind, links=3)
    assert all(re.fullmatch(expression, string) for string in strings)
    assert len(set(strings)) > 40


def test_what_comes_is_allowed_and_only_one_side_closes_the_frame():
    data = datasets.reber(50, "embedded")
    rows, places = np.nonzero(data.mask)
    assert data.allowed[rows, places, data.y[rows, places]].all()
    assert set(data.allowed.sum(axis=-1)[data.mask]) <= {1, 2} and not data.allowed[~data.mask].any()
    last = data.mask.sum(axis=1) - 1
    assert (data.y[np.arange(50), last - 1] == data.x[:, 1]).all() and (data.y[np.arange(50), last] == 1).all()
    assert len(set(data.x[:, 1])) == 2


def test_an_unknown_kind_of_reber_is_named():
    with pytest.raises(ValueError, match="'plain', 'embedded' or 'chained', got 'knotted'"):
        datasets.reber(1, "knotted")


def test_expressions_mean_what_python_says():
    for expression in datasets.boolean_expressions(200, 5):
        text = str(expression).replace("xor", "!=").replace("not", "1 -").replace("and", "*")
        text = re.sub(r"\bor\b", "|", text)
        text = re.sub(r"1 - (\d|\()", r"1-\1", text)
        assert expression.truth == bool(brute_force(expression)), text


def brute_force(expression):
    parts = [brute_force(part) for part in expression.parts]
    return {"0": lambda: 0, "1": lambda: 1, "not": lambda a: 1 - a, "and": lambda a, b: a * b, "or": lambda a, b: a + b - a * b,
            "xor": lambda a, b: (a + b) % 2}[expression.symbol](*parts)


def test_expressions_have_the_asked_depth_and_both_truths_alike():
    assert all(datasets.boolean_expression(depth).depth == depth for depth in range(8))
    some = datasets.boolean_expressions(100, 3)
    assert sum(expression.truth for expression in some) == 50 and max(expression.depth for expression in some) == 3
    example = datasets.Expression("and", (datasets.Expression("1"), datasets.Expression("not", (datasets.Expression("0"),))))
    assert (str(example), example.size, example.depth, example.truth) == ("(1 and not 0)", 4, 2, True)


def test_mackey_glass_obeys_its_equation_and_never_repeats():
    x = datasets.mackey_glass(600)
    assert 0.2 < x.min() < 0.6 and 1.1 < x.max() < 1.5
    slope = (x[19:] - x[17:-2]) / 2                                             # at t, to second order in one unit of time
    expected = 0.2 * x[1:-18] / (1 + x[1:-18] ** 10) - 0.1 * x[18:-1]
    assert np.abs(slope - expected).max() < 0.02
    distance = np.abs(np.lib.stride_tricks.sliding_window_view(x, 100)[:, None] - 0)[:, 0]
    gaps = [np.abs(distance[0] - distance[k]).max() for k in range(20, 500)]
    assert min(gaps) > 1e-3


def test_the_seed_repeats_the_series_and_a_delay_is_checked():
    mg.set_random_seed(5)
    first = datasets.mackey_glass(50)
    mg.set_random_seed(5)
    np.testing.assert_array_equal(first, datasets.mackey_glass(50))
    with pytest.raises(ValueError, match="at least 1 unit"):
        datasets.mackey_glass(10, tau=0)
