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

    `inputs` is how many numbers uₜ has; as many outputs are fitted as there are targets. `radius` is W's spectral radius: how
    slowly an echo fades. `connections` is how many of the units each unit hears. With `ridge` λ and Φ = (1, h, u), row by row,
    W_out = (ΦᵀΦ + λI)⁻¹ ΦᵀY   (Lukoševičius 2012).
    """

    def __init__(self, units: int, radius: float = 0.9, input_scale: float = 1.0, connections: int = 10, ridge: float = 1e-8,
                 inputs: int = 1) -> None:
        if units < 1 or inputs < 1 or connections < 1 or radius < 0 or ridge < 0:
            raise ValueError("EchoState has at least one unit that hears at least one, at least one input, a radius and a ridge of at "
                             f"least 0; got units={units}, inputs={inputs}, connections={connections}, radius={radius}, ridge={ridge}")
        self.units, self.inputs, self.radius, self.ridge = units, inputs, radius, ridge
        rng = backend.generator()
        self.build(scaled(rng, units, connections, radius), rng.uniform(-input_scale, input_scale, (inputs, units)),
                   rng.uniform(-0.2, 0.2, units))

    def build(self, W: np.ndarray, W_in: np.ndarray, b: np.ndarray) -> None:
        """The reservoir: a vanilla net whose weights nobody trains."""
        self.reservoir = RNN(self.units, return_sequences=True, trainable=False, dtype="float64", recurrent_initializer=Constant(W),
                             kernel_initializer=Constant(W_in), bias_initializer=Constant(b))
        self.reservoir.ready(((None, None, self.inputs),))

    def fit(self, inputs: Any, targets: Any = None, washout: int = 100) -> EchoState:
        """W_out by ridge regression of the targets (T,) or (T, outputs) on (1, hₜ, uₜ), inputs (T,) or (T, inputs).

        A series alone is fitted to forecast itself: its targets are u_{t+1}. The first `washout` steps are left out, when h
        still knows its start. `error` is the root of the mean squared error on the steps that were fitted.
        """
        u = sequence(inputs, "inputs" if targets is not None else "a series", self.inputs)
        u, y = (u[:-1], u[1:]) if targets is None else (u, sequence(targets, "targets"))
        if len(u) != len(y):
            raise ValueError(f"each step has an input and a target; got {len(u)} inputs and {len(y)} targets")
        if washout < 0 or len(u) <= washout:
            raise ValueError(f"{'a series' if targets is None else 'inputs'} of {len(u) + (targets is None)} leaves nothing to fit to "
                             f"after a washout of {washout} steps: give a longer one or a washout from 0 up")
        features, self.h = self.features(u)
        features, y = features[washout:], y[washout:]
        self.W_out = np.linalg.solve(features.T @ features + self.ridge * np.eye(features.shape[1]), features.T @ y)
        self.error = float(np.sqrt(np.mean((features @ self.W_out - y) ** 2)))
        self.u = y[-1] if targets is None else None
        return self

    @no_grad()
    def features(self, u: np.ndarray, h: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(1, hₜ, uₜ) of every step (T, 1 + units + inputs), from the state h (1, units) or zeros on, and the last state."""
        rows = u.reshape(1, len(u), self.inputs)
        hs = self.reservoir(rows, initial_state=None if h is None else wrap(h)).data[0]
        return np.concatenate([np.ones((len(u), 1)), hs, rows[0]], axis=1), hs[-1:]

    def predict(self, inputs: Any) -> np.ndarray:
        """y for inputs that follow those of `fit`: (T,) or (T, outputs), as the targets were.

        The net goes on from the last state of `fit`, which the last value of a series alone is not in yet. It forgets that state:
        inputs from elsewhere can be predicted, too, but for the first steps.
        """
        if not hasattr(self, "W_out"):
            raise RuntimeError("EchoState predicts what it was fitted to: call fit(inputs, targets) first")
        return self.features(sequence(inputs, "inputs", self.inputs), self.h)[0] @ self.W_out

    def forecast(self, steps: int) -> np.ndarray:
        """The next `steps` values of the series that it was fitted to, each fed back as the next input."""
        if getattr(self, "u", None) is None:
            raise RuntimeError("EchoState forecasts what follows the series it was fitted to: call fit(series) first")
        h, u = self.h, np.asarray(self.u)
        forecast = np.empty((steps, *u.shape))
        for t in range(steps):
            features, h = self.features(u[None], h)
            forecast[t] = u = (features @ self.W_out)[0]
        return forecast

    def save(self, path: Any) -> None:
        """The weights, and what it was fitted to so far, as arrays in a file of NumPy's (.npz), whatever its name."""
        fitted = {name: getattr(self, name) for name in ("W_out", "error", "h", "u") if getattr(self, name, None) is not None}
        W_in, W, b = self.reservoir.get_weights()
        stored(path, W=W, W_in=W_in, b=b, radius=self.radius, ridge=self.ridge, **fitted)

    @classmethod
    def load(cls, path: Any) -> EchoState:
        """The net that `save` stored: it goes on from where that one would."""
        net, found = cls.__new__(cls), read(path, cls)
        net.inputs, net.units = found["W_in"].shape
        net.radius, net.ridge = float(found["radius"]), float(found["ridge"])
        net.build(found["W"], found["W_in"], found["b"])
        if "W_out" in found:
            net.W_out, net.error, net.h, net.u = found["W_out"], float(found["error"]), found["h"], found.get("u")
        return net


def sequence(values: Any, what: str, width: int | None = None) -> np.ndarray:
    """The values as float64, (T,) or (T, n), n being `width` where that is given; or an error."""
    array = np.asarray(values, dtype=np.float64)
    wide = f"(T, {width or 'n'})"
    shapes = f"(T,) or {wide}" if width in (1, None) else wide
    if array.ndim not in (1, 2) or 0 in array.shape[1:] or (width is not None and array.size != len(array) * width):
        raise ValueError(f"{what} must be {shapes}: one row of finite numbers for each step; got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} must be finite, got shape {array.shape} with NaN or ∞")
    return array


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
