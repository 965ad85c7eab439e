"""Activations by name: "relu", "tanh", "softmax" and the others that Keras knows.

An activation is a function from a Tensor to a Tensor of the same shape; most are operations of ops.py, the rest are
written here with those operations, so that their derivatives follow by themselves.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..engine import Tensor
from ..registry import Registry

activations = Registry("activation")


@activations.register()
def linear(x: Any) -> Any:
    """y = x"""
    return x


@activations.register()
def softmax(x: Any) -> Any:
    """y = eˣ / Σ eˣ  over the last axis"""
    return ops.softmax(x, axis=-1)


@activations.register()
def log_softmax(x: Any) -> Any:
    """y = x − log Σ eˣ  over the last axis"""
    return ops.log_softmax(x, axis=-1)


@activations.register()
def exponential(x: Any) -> Any:
    """y = eˣ"""
    return ops.exp(x)


@activations.register("swish")
def silu(x: Any) -> Any:
    """y = x σ(x)"""
    return x * ops.sigmoid(x)


@activations.register()
def softsign(x: Any) -> Any:
    """y = x / (1 + |x|)"""
    return x / (1.0 + ops.abs(x))


@activations.register()
def mish(x: Any) -> Any:
    """y = x tanh(log(1 + eˣ))"""
    return x * ops.tanh(ops.softplus(x))


@activations.register()
def relu6(x: Any) -> Any:
    """y = min(max(x, 0), 6)"""
    return ops.clip(x, 0.0, 6.0)


@activations.register()
def hard_sigmoid(x: Any) -> Any:
    """y = min(max(x/6 + 1/2, 0), 1)"""
    return ops.clip(x * (1.0 / 6.0) + 0.5, 0.0, 1.0)


@activations.register()
def hard_tanh(x: Any) -> Any:
    """y = min(max(x, −1), 1)"""
    return ops.clip(x, -1.0, 1.0)


@activations.register()
def selu(x: Any) -> Any:
    """y = λ x for x > 0,  λ α (eˣ − 1) below: means and variances near 0 and 1 stay there  (Klambauer et al. 2017)"""
    return 1.0507009873554805 * ops.elu(x, alpha=1.6732632423543772)


for _op in (ops.relu, ops.tanh, ops.sigmoid, ops.elu, ops.leaky_relu, ops.softplus, ops.gelu):
    activations.add(_op)


def get(what: Any) -> Callable[[Any], Tensor]:
    """A name, a function of one Tensor, a layer, or None (linear) → the function."""
    found = linear if what is None else activations.get(what)
    if not callable(found):
        raise TypeError(f"an activation is a name or a function, got {what!r}")
    return found


def name_of(activation: Any) -> str | None:
    """"tanh" for tanh; None for a function that has no entry here."""
    return activations.name_of(activation)
