"""Schedules: their values at the places that matter."""
from __future__ import annotations

import math

import pytest

from minigrad import schedules


@pytest.mark.parametrize("schedule, values", [
    (schedules.ExponentialDecay(1.0, 10, 0.5), {0: 1.0, 10: 0.5, 5: math.sqrt(0.5)}),
    (schedules.ExponentialDecay(1.0, 10, 0.5, staircase=True), {9: 1.0, 10: 0.5, 25: 0.25}),
    (schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]), {0: 1.0, 10: 1.0, 11: 0.5, 20: 0.5, 21: 0.1}),
    (schedules.PolynomialDecay(1.0, 10, 0.0), {0: 1.0, 5: 0.5, 10: 0.0, 99: 0.0}),
    (schedules.PolynomialDecay(1.0, 10, 0.0, cycle=True), {0: 1.0, 15: 0.25, 20: 0.0}),
    (schedules.InverseTimeDecay(1.0, 10, 1.0), {0: 1.0, 10: 0.5, 30: 0.25}),
    (schedules.CosineDecay(1.0, 10, alpha=0.1), {0: 1.0, 5: 0.55, 10: 0.1, 50: 0.1}),
    (schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), {0: 0.0, 2: 0.5, 4: 1.0, 9: 0.5, 14: 0.0}),
    (schedules.CosineDecayRestarts(1.0, 10, m_mul=0.5), {0: 1.0, 5: 0.5, 10: 0.5, 20: 0.25, 30: 0.25}),
    (schedules.Warmup(1.0, 4), {0: 0.25, 3: 1.0, 100: 1.0}),
    (schedules.Warmup(schedules.PolynomialDecay(1.0, 10, 0.0), 2), {0: 0.5, 1: 0.9, 10: 0.0}),
])
def test_values(schedule, values):
    for step, value in values.items():
        assert schedule(step) == pytest.approx(value)


def test_pieces_must_fit():
    with pytest.raises(ValueError, match="2 boundaries separate 3 values"):
        schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.1])


def test_periods_that_shrink_to_nothing_are_refused():
    for given in ({"first_decay_steps": 10, "t_mul": 0.5}, {"first_decay_steps": 0}):
        with pytest.raises(ValueError, match="do not shrink"):
            schedules.CosineDecayRestarts(0.1, **given)
