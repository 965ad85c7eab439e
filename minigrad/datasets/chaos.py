"""The Mackey–Glass equation: a series that never repeats, made by one line of mathematics.

It is the usual test of nets that forecast: its rule is simple and needs a memory of `tau` time units, and two series
that begin almost alike part company, so that nobody can forecast it for ever.
"""

from __future__ import annotations

import numpy as np

from ..backend import generator

STEPS = 10  # of Runge and Kutta in one unit of time


def mackey_glass(length: int, tau: int = 17, warm_up: int = 500) -> np.ndarray:
    """ẋ(t) = 0.2 x(t−τ) / (1 + x(t−τ)¹⁰) − 0.1 x(t), at t = 0, 1, 2, …: (length,), values between about 0.2 and 1.4.

    It begins near 1.2, at random, and the first `warm_up` units are thrown away. With τ = 17 it is mildly chaotic
    (Mackey and Glass 1977; fourth order Runge–Kutta, ten steps a unit).
    """
    if tau < 1:
        raise ValueError(f"the delay tau must be at least 1 unit of time, got {tau}")
    dt, delay = 1.0 / STEPS, tau * STEPS
    x = list(1.2 + 0.1 * generator().uniform(-1, 1, delay + 1))
    for now in range(delay, delay + (length + warm_up) * STEPS):
        then, later = x[now - delay], x[now - delay + 1]
        k1 = slope(x[now], then)
        k2 = slope(x[now] + 0.5 * dt * k1, 0.5 * (then + later))
        k3 = slope(x[now] + 0.5 * dt * k2, 0.5 * (then + later))
        k4 = slope(x[now] + dt * k3, later)
        x.append(x[now] + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6)
    return np.array(x[delay :: STEPS][warm_up : warm_up + length])


def slope(x: float, delayed: float) -> float:
    """ẋ from x now and x a delay ago."""
    return 0.2 * delayed / (1.0 + delayed**10) - 0.1 * x
