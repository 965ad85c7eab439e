"""Digits, dates, tags and labels of source: they are what they say, whoever asks."""

import datetime
import re

import numpy as np
import pytest

from minigrad import backend
from minigrad.datasets import (
    QUESTIONS,
    answer,
    ask,
    dates,
    digit_pairs,
    number_word,
    side_by_side,
    source_labels,
    split,
    tagging,
    write_date,
)  # fmt: skip
from minigrad.datasets.calendar_dates import FORMATS, ordinal


@pytest.fixture(autouse=True)
def seed():
    backend.set_random_seed(0)


@pytest.fixture
def pictures():
    pytest.importorskip("sklearn")
    from minigrad.datasets import digits

    return digits()


def test_digits_are_scikit_learns(pictures):
    from sklearn.datasets import load_digits

    images, labels = pictures
    expected = load_digits()
    np.testing.assert_allclose(images, expected.images / 16)
    np.testing.assert_array_equal(labels, expected.target)
    assert images.dtype == backend.floatx() and images.min() == 0 and images.max() == 1


def test_a_split_keeps_rows_together_and_loses_none():
    x, y = np.arange(40), np.arange(40) * 2
    (x1, y1), (x2, y2) = split(x, y, test=0.25)
    assert len(x2) == 10 and sorted([*x1, *x2]) == list(range(40))
    assert (y1 == 2 * x1).all() and (y2 == 2 * x2).all()
    with pytest.raises(ValueError, match="equally long"):
        split(x, y[1:])
    with pytest.raises(ValueError, match="between 0 and 1"):
        split(x, test=1.0)


def test_pairs_show_their_digits(pictures):
    images, labels = pictures
    pairs, numbers = digit_pairs(images, labels, 300)
    assert pairs.shape == (300, 2, 8, 8) and side_by_side(pairs).shape == (300, 8, 16)
    np.testing.assert_array_equal(side_by_side(pairs)[:, :, 8:], pairs[:, 1])
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    assert all(known[pairs[n, k].tobytes()] == numbers[n, k] for n in range(300) for k in (0, 1))
    share = (numbers[:, 0] == numbers[:, 1]).mean()
    assert 0.04 < share < 0.18
    _, numbers = digit_pairs(images, labels, 400, equal=0.5)
    assert 0.42 < (numbers[:, 0] == numbers[:, 1]).mean() < 0.58


def test_number_words():
    assert [number_word(n) for n in (0, 7, 10, 19, 20, 42, 99)] == ["zero", "seven", "ten", "nineteen", "twenty", "forty-two", "ninety-nine"]
    assert len({number_word(n) for n in range(100)}) == 100
    with pytest.raises(ValueError, match="0 to 99"):
        number_word(100)


def test_answers_are_true():
    assert [answer(question, 3, 5) for question in QUESTIONS] == ["3", "5", "no", "yes", "no"]
    assert [answer(question, 8, 8) for question in QUESTIONS] == ["8", "8", "yes", "yes", "no"]
    questions, answers = ask(np.array([[3, 5]] * 200))
    assert set(zip(questions, answers, strict=True)) == {(q, answer(q, 3, 5)) for q in QUESTIONS}


def test_dates_in_eight_formats():
    day = datetime.date(1987, 6, 5)
    assert [write_date(day, form) for form in FORMATS] == [
        "5 June 1987", "June 5, 1987", "Jun 5 1987", "5th of June, 1987", "Friday 5 June 1987", "06/05/1987", "5.6.1987",
        "1987, Jun 05",
    ]  # fmt: skip
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]
    )
    texts, answers = dates(2000)
    assert len(set(texts)) == 2000 and all(re.fullmatch(r"\d{4}-\d\d-\d\d", a) for a in answers)
    written = {write_date(datetime.date.fromisoformat(a), form) for a in answers for form in FORMATS}
    assert set(texts) <= written
    with pytest.raises(ValueError, match="different texts"):
        dates(10**7)


def test_tags_need_both_sides():
    x, y = tagging(20, 12)
    bits = x[..., 0].astype(int)
    assert all(y[n, t] == (bits[n, t - 2] if t >= 2 else 0) ^ (bits[n, t + 2] if t < 10 else 0)
               for n in range(20) for t in range(12))


SOURCE = 'def f(a, b=[1, (2)]):\n    """One."""\n    x = "two"  # three\n    return {a: """\n  four"""}\n'


def test_labels_of_source():
    labels = source_labels(SOURCE)
    assert {len(values) for values in labels.values()} == {len(SOURCE)}
    marked = lambda name: "".join(c for c, on in zip(SOURCE, labels[name], strict=True) if on)
    assert marked("docstring") == '"""One.""""""\n  four"""' and marked("string") == '"two"'
    assert marked("comment") == "# three" and marked("keyword") == "defreturn" and marked("name") == "fabxa"
    assert marked("leading space") == " " * 14
    depth = labels["bracket depth"]
    assert [depth[SOURCE.index(c)] for c in "d(a1=2"] == [0, 1, 1, 2, 1, 3] and depth[SOURCE.index(":\n")] == 0
    column = labels["column"]
    assert column[0] == 1 and column[SOURCE.index("\n")] == 0 and column[SOURCE.index('"""')] == 5


def test_labels_of_the_standard_library_end_outside_all_brackets():
    import calendar
    import inspect

    labels = source_labels(inspect.getsource(calendar))
    assert labels["bracket depth"].min() == 0 and labels["bracket depth"][-1] == 0
    assert (labels["docstring"] * labels["comment"]).sum() == 0
