"""Schedules: the learning rate as a function of how many updates were made.

A schedule is called with the number of updates made so far (0 at the first) and returns a Python float. Give one to an
optimiser as its learning_rate. Names and meanings are Keras'; Warmup puts a rising start before any other.
"""
from __future__ import annotations

import math
from typing import Any

from .registry import Registry, described

schedules = Registry("schedule")
get = schedules.get


class LearningRateSchedule:
    """Subclasses define __call__(step) → η."""

    def __call__(self, step: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step)")

    def __repr__(self) -> str:
        return described(self)


@schedules.register()
class ExponentialDecay(LearningRateSchedule):
    """η = η₀ · rate^(t / decay_steps);  with `staircase`, the exponent is rounded down"""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False) -> None:
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def __call__(self, step: int) -> float:
        periods = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(periods) if self.staircase else periods)


@schedules.register("step_decay")
class PiecewiseConstantDecay(LearningRateSchedule):
    """η = values[k] for t in (boundaries[k−1], boundaries[k]]: steps, the last value for ever"""

    def __init__(self, boundaries: list[int], values: list[float]) -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(f"{len(boundaries)} boundaries separate {len(boundaries) + 1} values, got {len(values)}")
        self.boundaries, self.values = list(boundaries), list(values)

    def __call__(self, step: int) -> float:
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


@schedules.register()
class PolynomialDecay(LearningRateSchedule):
    """η = (η₀ − η₁)(1 − t/decay_steps)^power + η₁;  with `cycle`, decay_steps is stretched instead of stopping there"""

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001,
                 power: float = 1.0, cycle: bool = False) -> None:
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle = end_learning_rate, power, cycle

    def __call__(self, step: int) -> float:
        length = self.decay_steps * max(1, math.ceil(step / self.decay_steps)) if self.cycle else self.decay_steps
        left = 1.0 - min(step, length) / length
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


@schedules.register()
class InverseTimeDecay(LearningRateSchedule):
    """η = η₀ / (1 + rate · t / decay_steps)"""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False) -> None:
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def __call__(self, step: int) -> float:
        periods = step / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * (math.floor(periods) if self.staircase else periods))


@schedules.register()
class CosineDecay(LearningRateSchedule):
    """η = η₀ ((1 − α) ½(1 + cos πt/T) + α)  (Loshchilov and Hutter 2016)

    With `warmup_target` it first rises in a line from η₀ to the target in `warmup_steps`, then falls from the target.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0,
                 warmup_target: float | None = None, warmup_steps: int = 0) -> None:
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return start + (self.warmup_target - start) * step / self.warmup_steps
            start, step = self.warmup_target, step - self.warmup_steps
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return start * ((1.0 - self.alpha) * cosine + self.alpha)


@schedules.register()
class CosineDecayRestarts(LearningRateSchedule):
    """A cosine that begins again: periods grow by t_mul, peaks shrink by m_mul  (Loshchilov and Hutter 2016)"""

    def __init__(self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0,
                 alpha: float = 0.0) -> None:
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha = t_mul, m_mul, alpha
        if not (first_decay_steps > 0 and t_mul >= 1.0):
            raise ValueError(f"periods begin above 0 steps and do not shrink: first_decay_steps={first_decay_steps}, t_mul={t_mul}")

    def __call__(self, step: int) -> float:
        length, peak, at = float(self.first_decay_steps), 1.0, float(step)
        while at >= length:
            at, length, peak = at - length, length * self.t_mul, peak * self.m_mul
        cosine = 0.5 * peak * (1.0 + math.cos(math.pi * at / length))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


@schedules.register()
class Warmup(LearningRateSchedule):
    """η = target(t) · min(1, (t + 1) / warmup_steps): a straight rise, then `target`, a number or another schedule"""

    def __init__(self, target: Any, warmup_steps: int) -> None:
        self.target, self.warmup_steps = get(target) if isinstance(target, dict) else target, warmup_steps

    def __call__(self, step: int) -> float:
        rate = self.target(step) if callable(self.target) else self.target
        return float(rate) * min(1.0, (step + 1) / self.warmup_steps)
