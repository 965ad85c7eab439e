"""Two memories that learn without gradients: Hopfield's, whose patterns are its resting points, and the echo state net.

Both are recurrent nets. The first has its weights by a formula and is asked by letting it settle; in the second the
recurrent weights stay as they were drawn, and only a readout is fitted, in one step, by least squares.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend
from ..engine import no_grad, wrap
from ..initializers import Constant
from ..layers.recurrent import RNN

RULES = ("hebb", "pseudo_inverse")


class Hopfield:
    """E(s) = −½ s W sᵀ,  s_i ← sign(Σ_j s_j w_ji), one unit after the other: E never grows, so s comes to rest (Hopfield 1982)

    Patterns are rows of −1 and 1. "hebb": W = XᵀX/n, which holds some 0.14 n patterns if they are unlike each other;
    "pseudo_inverse": W = X⁺X, which makes every pattern a resting point (Personnaz et al. 1985). W's diagonal is 0.
    """

    def __init__(self, patterns: Any, rule: str = "hebb") -> None:
        X = np.asarray(patterns, dtype=np.float64)
        if X.ndim != 2 or not np.isin(X, (-1.0, 1.0)).all():
            raise ValueError(f"patterns are rows of −1 and 1, got an array of shape {X.shape}")
        if rule not in RULES:
            raise ValueError(f"rule is one of {', '.join(map(repr, RULES))}, got {rule!r}")
        self.rule = rule
        self.W = X.T @ X / X.shape[1] if rule == "hebb" else np.linalg.pinv(X) @ X
        np.fill_diagonal(self.W, 0.0)

    def energy(self, state: Any) -> float:
        """E = −½ s W sᵀ"""
        s = np.asarray(state, dtype=np.float64)
        return float(-0.5 * s @ self.W @ s)

    def recall(self, state: Any, sweeps: int = 20) -> np.ndarray:
        """Where a state comes to rest: units are asked one by one, in a new random order each sweep; ties keep their value."""
        s = np.array(state, dtype=np.float64)
        for _ in range(sweeps):
            before = s.copy()
            for unit in backend.generator().permutation(len(s)):
                drive = s @ self.W[:, unit]
                if abs(drive) > 1e-12:
                    s[unit] = np.sign(drive)
            if (s == before).all():
                break
        return s


class EchoState:
    """hₜ = tanh(uₜ W_in + hₜ₋₁ W + b),  y = (1, h, u) W_out:  W is drawn and left alone, only W_out is fitted (Jaeger 2001)

    `radius` is W's spectral radius: how slowly an echo fades. `connections` is how many of the units each unit hears.
    """

    def __init__(self, units: int, radius: float = 0.9, input_scale: float = 1.0, connections: int = 10, ridge: float = 1e-8) -> None:
        self.units, self.radius, self.ridge = units, radius, ridge
        rng = backend.generator()
        W = rng.uniform(-1, 1, (units, units)) * (rng.random((units, units)) < connections / units)
        W *= radius / np.abs(np.linalg.eigvals(W)).max()
        self.reservoir = RNN(units, return_sequences=True, trainable=False, dtype="float64", recurrent_initializer=Constant(W),
                             kernel_initializer=Constant(rng.uniform(-input_scale, input_scale, (1, units))),
                             bias_initializer=Constant(rng.uniform(-0.2, 0.2, units)))  # fmt: skip

    @no_grad()
    def fit(self, series: Any, washout: int = 100) -> EchoState:
        """W_out by ridge regression of u_{t+1} on (1, hₜ, uₜ), leaving out the first steps, when h still knows its start."""
        u = np.asarray(series, dtype=np.float64)
        h = self.reservoir(u[None, :-1, None]).data[0]
        features = self.features(h, u[:-1])[washout:]
        squares = features.T @ features + self.ridge * np.eye(features.shape[1])
        self.W_out = np.linalg.solve(squares, features.T @ u[1:][washout:])
        self.error = float(np.sqrt(np.mean((features @ self.W_out - u[1:][washout:]) ** 2)))
        self.last = h[-1:], u[-1]
        return self

    def features(self, h: np.ndarray, u: np.ndarray) -> np.ndarray:
        return np.concatenate([np.ones((len(h), 1)), h, u[:, None]], axis=1)

    @no_grad()
    def forecast(self, steps: int) -> np.ndarray:
        """The next `steps` values of the series that it was fitted to, each fed back as the next input."""
        if not hasattr(self, "last"):
            raise RuntimeError("EchoState forecasts what follows the series it was fitted to: call fit(series) first")
        h, u = self.last
        forecast = []
        for _ in range(steps):
            h, _ = self.reservoir.cell(np.array([[u]]), wrap(h))
            h = h.data
            u = float((self.features(h, np.array([u])) @ self.W_out)[0])
            forecast.append(u)
        return np.array(forecast)
