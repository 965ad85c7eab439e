"""Two memories that learn without gradients: Hopfield's, whose patterns are its resting points, and the echo state net.

Both are recurrent nets. The first has its weights by a formula and is asked by letting it settle; in the second the
recurrent weights stay as they were drawn, and only a readout is fitted, in one step, by least squares.
"""

from __future__ import annotations

import io
from typing import Any
from zipfile import BadZipFile

import numpy as np

from .. import backend
from ..engine import no_grad, wrap
from ..files import write_beside
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
        if not X.size:
            raise ValueError(f"a memory needs at least one pattern of at least one unit, got an array of shape {X.shape}")
        self.rule = rule
        self.W = X.T @ X / X.shape[1] if rule == "hebb" else np.linalg.pinv(X) @ X
        np.fill_diagonal(self.W, 0.0)

    def checked(self, state: Any) -> np.ndarray:
        """A copy of the state, one number for each unit; 0 is a unit of which nothing is known."""
        s = np.array(state, dtype=np.float64)
        if s.shape != self.W.shape[:1] or not np.isfinite(s).all():
            raise ValueError(f"a state has a number for each of the {len(self.W)} units, as the patterns had; got shape {s.shape}"
                             + (", with NaN or ∞" if s.shape == self.W.shape[:1] else ""))
        return s

    def energy(self, state: Any) -> float:
        """E = −½ s W sᵀ"""
        s = self.checked(state)
        return float(-0.5 * s @ self.W @ s)

    def recall(self, state: Any, sweeps: int = 20) -> np.ndarray:
        """Where a state comes to rest: units are asked one by one, in a new random order each sweep; ties keep their value."""
        s = self.checked(state)
        for _ in range(sweeps):
            before = s.copy()
            for unit in backend.generator().permutation(len(s)):
                drive = s @ self.W[:, unit]
                if abs(drive) > 1e-12:
                    s[unit] = np.sign(drive)
            if (s == before).all():
                break
        return s

    def save(self, path: Any) -> None:
        """The weights and the rule, as arrays in a file of NumPy's (.npz), whatever its name."""
        stored(path, W=self.W, rule=self.rule)

    @classmethod
    def load(cls, path: Any) -> Hopfield:
        """The net that `save` stored."""
        net, found = cls.__new__(cls), read(path, cls)
        net.W, net.rule = found["W"], str(found["rule"])
        return net


class EchoState:
    """hₜ = tanh(uₜ W_in + hₜ₋₁ W + b),  y = (1, h, u) W_out:  W is drawn and left alone, only W_out is fitted (Jaeger 2001)

    `radius` is W's spectral radius: how slowly an echo fades. `connections` is how many of the units each unit hears.
    """

    def __init__(self, units: int, radius: float = 0.9, input_scale: float = 1.0, connections: int = 10, ridge: float = 1e-8) -> None:
        if units < 1 or connections < 1 or radius < 0 or ridge < 0:
            raise ValueError("EchoState has at least one unit that hears at least one, a radius and a ridge of at least 0; got "
                             f"units={units}, connections={connections}, radius={radius}, ridge={ridge}")
        self.units, self.radius, self.ridge = units, radius, ridge
        rng = backend.generator()
        self.build(scaled(rng, units, connections, radius), rng.uniform(-input_scale, input_scale, (1, units)),
                   rng.uniform(-0.2, 0.2, units))

    def build(self, W: np.ndarray, W_in: np.ndarray, b: np.ndarray) -> None:
        """The reservoir: a vanilla net whose weights nobody trains."""
        self.reservoir = RNN(self.units, return_sequences=True, trainable=False, dtype="float64", recurrent_initializer=Constant(W),
                             kernel_initializer=Constant(W_in), bias_initializer=Constant(b))
        self.reservoir.ready(((None, None, 1),))

    @no_grad()
    def fit(self, series: Any, washout: int = 100) -> EchoState:
        """W_out by ridge regression of u_{t+1} on (1, hₜ, uₜ), leaving out the first steps, when h still knows its start."""
        u = np.asarray(series, dtype=np.float64)
        if u.ndim != 1 or not np.isfinite(u).all():
            raise ValueError(f"a series is one finite number for each step, (T,); got shape {u.shape}" + " with NaN or ∞" * (u.ndim == 1))
        if washout < 0 or len(u) < washout + 2:
            raise ValueError(f"a series of {len(u)} leaves nothing to fit to after a washout of {washout} steps: "
                             "give a longer series or a washout from 0 up")
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

    def save(self, path: Any) -> None:
        """The weights, and what it was fitted to so far, as arrays in a file of NumPy's (.npz), whatever its name."""
        fitted = {"W_out": self.W_out, "error": self.error, "h": self.last[0], "u": self.last[1]} if hasattr(self, "last") else {}
        W_in, W, b = self.reservoir.get_weights()
        stored(path, W=W, W_in=W_in, b=b, radius=self.radius, ridge=self.ridge, **fitted)

    @classmethod
    def load(cls, path: Any) -> EchoState:
        """The net that `save` stored: it forecasts on from where that one would."""
        net, found = cls.__new__(cls), read(path, cls)
        net.units, net.radius, net.ridge = len(found["W"]), float(found["radius"]), float(found["ridge"])
        net.build(found["W"], found["W_in"], found["b"])
        if "W_out" in found:
            net.W_out, net.error, net.last = found["W_out"], float(found["error"]), (found["h"], float(found["u"]))
        return net


def scaled(rng: np.random.Generator, units: int, connections: int, radius: float) -> np.ndarray:
    """A random W of which each unit hears some `connections`, with that spectral radius; drawn again where nothing echoes."""
    while True:
        W = rng.uniform(-1, 1, (units, units)) * (rng.random((units, units)) < connections / units)
        drawn = np.abs(np.linalg.eigvals(W)).max()
        if drawn > 1e-3 * np.abs(W).max():                         # a net without a circle has radius 0, but for rounding
            return W * (radius / drawn)


def stored(path: Any, **arrays: Any) -> None:
    file = io.BytesIO()
    np.savez(file, **arrays)
    write_beside(path, file.getvalue())


def read(path: Any, kind: type) -> dict[str, np.ndarray]:
    """The arrays of a file that `save` of this kind wrote; nothing in it is run."""
    needed = {Hopfield: {"W", "rule"}, EchoState: {"W", "W_in", "b", "radius", "ridge"}}[kind]
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                found = dict(arrays)
        except (ValueError, TypeError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path} is no file that {kind.__name__}.save wrote") from error
    if not needed <= set(found):
        raise ValueError(f"{path} is no file that {kind.__name__}.save wrote: it lacks {', '.join(sorted(needed - set(found)))}")
    return found
