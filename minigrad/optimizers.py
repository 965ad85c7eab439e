"""Optimisers: each turns a parameter θ and its gradient g into the next θ.

`optimizer.step(parameters)` clips the gradients if asked, then calls `update` once per parameter: that method is the
paper's rule, written on plain arrays. θ is always rebound and never written into, so older graphs keep what they saw.
Names and defaults are Keras'; where Keras and the paper differ in where ε stands, the docstring says what is done here.
"""
from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import backend, schedules
from .engine import Parameter
from .registry import Registry, described

optimizers = Registry("optimizer")
get = optimizers.get
Slots = dict[str, Any]


# ------------------------------------------------------------------------------- clipping

def global_norm(gradients: Iterable[Any]) -> float:
    """‖g‖ = √ Σ g²  over all of them together"""
    gradients = list(gradients)
    total = sum(float(np.vdot(g, g)) for g in gradients)
    if not math.isfinite(total):                    # float32 squares overflow from 1e19 on
        total = sum(float(np.vdot(g, g)) for g in (g.astype(np.float64) for g in gradients))
    return math.sqrt(total)


def listed(parameters: Any) -> Iterable[Parameter]:
    """One parameter is a list of one (to walk along it would give its rows)."""
    return [parameters] if isinstance(parameters, Parameter) else parameters


def rescaled(gradients: list[Any], norm: float, limit: float) -> list[Any]:
    """ĝ = g · limit/‖g‖  if ‖g‖ > limit, else g  (Pascanu, Mikolov and Bengio 2013)"""
    return [g * (limit / norm) for g in gradients] if norm > limit else gradients


def clip_by_global_norm(parameters: Iterable[Parameter], limit: float) -> float:
    """Shortens all gradients by one factor so that their joint norm is at most `limit`; returns the norm before.

    Directions stay. (Element-wise clipping, clip_by_value, turns them.) Where a gradient is infinite or NaN there is
    nothing to shorten: the norm that is returned says so.
    """
    trained = [p for p in listed(parameters) if p.grad is not None]
    norm = global_norm(p.grad for p in trained)
    for p, g in zip(trained, rescaled([p.grad for p in trained], norm, limit)):
        p.grad = backend.read_only(g)
    return norm


def clip_by_value(parameters: Iterable[Parameter], limit: float) -> None:
    """ĝ = min(max(g, −limit), limit), number by number."""
    for p in listed(parameters):
        if p.grad is not None:
            p.grad = backend.read_only(np.clip(p.grad, -limit, limit))


# ------------------------------------------------------------------------------- what all optimisers share

class Optimizer:
    """Subclasses define `update(theta, g, slots, eta, t)` → the next theta.

    `slots` is a dict that belongs to the parameter (momenta, sums of squares); it is empty at first, and `t` counts
    updates from 1. `learning_rate` is a number or a schedule; a number may be changed at any time.
    """

    def __init__(self, learning_rate: Any = 0.001, *, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, name: str | None = None) -> None:
        if sum(limit is not None for limit in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError("give one of clipnorm (each gradient), global_clipnorm (all together), clipvalue (each number)")
        self.learning_rate = schedules.get(learning_rate) if isinstance(learning_rate, dict) else learning_rate
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.name = name
        self.iterations = 0
        self.slots: dict[Parameter, Slots] = {}

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        """The next theta."""
        raise NotImplementedError(f"{type(self).__name__} must define update(theta, g, slots, eta, t)")

    def step(self, parameters: Iterable[Parameter]) -> None:
        """θ ← update(θ, ∂L/∂θ) for every parameter that has a gradient; gradients stay until zero_grad()."""
        trained = [p for p in listed(parameters) if p.grad is not None and p.requires_grad]
        eta, self.iterations = self.rate, self.iterations + 1
        for p, g in zip(trained, self.clipped([p.grad for p in trained])):
            theta = p.array if self.weight_decay is None else p.array * (1.0 - eta * self.weight_decay)
            new = self.update(theta, g, self.slots.setdefault(p, {}), eta, self.iterations)
            p.rebind(backend.read_only(new))

    def minimize(self, loss: Any, parameters: Iterable[Parameter]) -> None:
        """One update downhill: forget the gradients of the last one, walk back from the loss, step."""
        parameters = list(listed(parameters))
        for p in parameters:
            p.zero_grad()
        loss.backward()
        self.step(parameters)

    @property
    def rate(self) -> float:
        """η for the next update."""
        return float(self.learning_rate(self.iterations) if callable(self.learning_rate) else self.learning_rate)

    def clipped(self, gradients: list[Any]) -> list[Any]:
        """The gradients after clipnorm, global_clipnorm or clipvalue."""
        if self.clipnorm is not None:
            return [rescaled([g], global_norm([g]), self.clipnorm)[0] for g in gradients]
        if self.global_clipnorm is not None:
            return rescaled(gradients, global_norm(gradients), self.global_clipnorm)
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def state(self, parameters: dict[str, Parameter]) -> dict[str, Any]:
        """Everything that the next step depends on, as {path/slot: array}, for parameters named by their paths."""
        slots = {f"{path}/{slot}": value for path, p in parameters.items() for slot, value in self.slots.get(p, {}).items()}
        return {"iterations": np.int64(self.iterations), **slots}

    def set_state(self, parameters: dict[str, Parameter], state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        new: dict[Parameter, Slots] = {}
        for key, value in state.items():
            path, _, slot = key.rpartition("/")
            if path in parameters:
                p = parameters[path]
                new.setdefault(p, {})[slot] = backend.like(np.array(value), p.array) if np.ndim(value) else value
        self.slots, self.iterations = new, int(state["iterations"])

    def __repr__(self) -> str:
        return described(self)


# ------------------------------------------------------------------------------- the rules

@optimizers.register()
class SGD(Optimizer):
    """v ← μ v − η g,  θ ← θ + v;  Nesterov's:  θ ← θ + μ v − η g  (Polyak 1964; Sutskever et al. 2013)"""

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        if self.momentum == 0.0:
            change = eta * g
            return np.subtract(theta, change, out=change) if g.ndim else theta - change    # one new array instead of two
        v = slots["v"] = self.momentum * slots.get("v", 0.0) - eta * g
        return theta + self.momentum * v - eta * g if self.nesterov else theta + v


@optimizers.register()
class Adagrad(Optimizer):
    """G ← G + g²,  θ ← θ − η g / √(G + ε)  (Duchi, Hazan and Singer 2011)

    ε stands inside the root, and G begins at 0.1, as in Keras. The lectures' 112 lines are Adagrad(0.1,
    initial_accumulator_value=0.0, epsilon=1e-8); PyTorch begins at 0 and has ε = 1e-10 outside the root.
    """

    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
                 **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        G = slots["G"] = slots.get("G", self.initial_accumulator_value) + g * g
        return theta - eta * g / np.sqrt(G + self.epsilon)


@optimizers.register()
class Adadelta(Optimizer):
    """G ← ρG + (1−ρ)g²,  δ = g √(D + ε)/√(G + ε),  D ← ρD + (1−ρ)δ²,  θ ← θ − η δ  (Zeiler 2012; the paper's η is 1)"""

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        G = slots["G"] = self.rho * slots.get("G", 0.0) + (1.0 - self.rho) * g * g
        D = slots.get("D", np.zeros_like(g))
        delta = g * np.sqrt(D + self.epsilon) / np.sqrt(G + self.epsilon)
        slots["D"] = self.rho * D + (1.0 - self.rho) * delta * delta
        return theta - eta * delta


@optimizers.register("rmsprop")
class RMSprop(Optimizer):
    """G ← ρG + (1−ρ)g²,  θ ← θ − η g / √(G + ε)  (Tieleman and Hinton 2012)

    `centered` takes the mean gradient's square from G; `momentum` μ: v ← μv + η g/√·, θ ← θ − v. ε stands inside the
    root, as in Keras (PyTorch: outside).
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
                 centered: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        G = slots["G"] = self.rho * slots.get("G", 0.0) + (1.0 - self.rho) * g * g
        if self.centered:
            mean = slots["mean"] = self.rho * slots.get("mean", 0.0) + (1.0 - self.rho) * g
            G = G - mean * mean
        change = eta * g / np.sqrt(G + self.epsilon)
        if self.momentum:
            change = slots["v"] = self.momentum * slots.get("v", 0.0) + change
        return theta - change


@optimizers.register()
class Adam(Optimizer):
    """m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − η √(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)  (Kingma and Ba 2015)

    This is the paper's second, cheaper form (end of its section 2) with Keras' ε = 1e-7; the first form, PyTorch's, has
    1e-8 beside √v̂. `amsgrad` divides by the largest v so far (Reddi et al. 2018).
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 amsgrad: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        m = slots["m"] = self.beta_1 * slots.get("m", 0.0) + (1.0 - self.beta_1) * g
        v = slots["v"] = self.beta_2 * slots.get("v", 0.0) + (1.0 - self.beta_2) * (g * g)
        if self.amsgrad:
            v = slots["v_max"] = np.maximum(slots.get("v_max", v), v)
        alpha = eta * math.sqrt(1.0 - self.beta_2**t) / (1.0 - self.beta_1**t)
        return theta - alpha * m / (np.sqrt(v) + self.epsilon)


@optimizers.register("adamw")
class AdamW(Adam):
    """θ ← (1 − η λ) θ, then Adam's update: weight decay apart from the gradient  (Loshchilov and Hutter 2019)"""

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9,
                 beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


@optimizers.register()
class Nadam(Optimizer):
    """Adam with Nesterov's look ahead: m̂ = μₜ₊₁ m/(1−Πμ·μₜ₊₁) + (1−μₜ) g/(1−Πμ),  μₜ = β₁(1 − ½·0.96ᵗ)  (Dozat 2016)"""

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def mu(self, t: int) -> float:
        """The momentum at update t, which warms up to β₁."""
        return self.beta_1 * (1.0 - 0.5 * 0.96**t)

    def update(self, theta: Any, g: Any, slots: Slots, eta: float, t: int) -> Any:
        product = slots["product"] = slots.get("product", 1.0) * self.mu(t)
        m = slots["m"] = self.beta_1 * slots.get("m", 0.0) + (1.0 - self.beta_1) * g
        v = slots["v"] = self.beta_2 * slots.get("v", 0.0) + (1.0 - self.beta_2) * (g * g)
        m_hat = self.mu(t + 1) / (1.0 - product * self.mu(t + 1)) * m + (1.0 - self.mu(t)) / (1.0 - product) * g
        v_hat = v / (1.0 - self.beta_2**t)
        return theta - eta * m_hat / (np.sqrt(v_hat) + self.epsilon)
