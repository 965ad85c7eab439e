"""The same training step in JAX, Keras, HIPS autograd and DeZero, for those that are installed.

JAX scans over the sequence and compiles the whole step; Keras does likewise on JAX, else runs on PyTorch. autograd and DeZero go cell
by cell, on one-hot vectors, since picking a row costs them a gradient as large as the weight. All start from the given weights.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

Step = Callable[[], float]
Batch = tuple[np.ndarray, np.ndarray]
RATE = 0.1
INSTALL = {"jax": "jax", "keras": "keras jax", "autograd": "autograd", "dezero": "dezero"}


def one_thread() -> None:
    """JAX asks for threads by itself; this must stand in the environment before it is imported."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("KERAS_BACKEND", "jax" if find_spec("jax") else "torch")
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def cell(kind: str, split: Callable, sigmoid: Callable, tanh: Callable) -> Callable:
    """(z = x W_xh + b, h W_hh, b of the state, h, c) → (h', c'), in any library's operations; GRU with the reset after the product"""
    def rnn(z: Any, a: Any, h: Any, c: Any) -> tuple[Any, Any]:
        return tanh(z + a), c

    def gru(z: Any, a: Any, h: Any, c: Any) -> tuple[Any, Any]:
        (x_z, x_r, x_new), (h_z, h_r, h_new) = split(z, 3), split(a, 3)
        z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
        return z * h + (1.0 - z) * tanh(x_new + r * h_new), c

    def lstm(z: Any, a: Any, h: Any, c: Any) -> tuple[Any, Any]:
        i, f, g, o = split(z + a, 4)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c
    return {"rnn": rnn, "gru": gru, "lstm": lstm}[kind]


def biases(b: Any) -> tuple[Any, Any]:
    """What is added to the input's product, and to the state's."""
    return (b[0], b[1]) if b.ndim == 2 else (b, 0.0)


def jax_step(kind: str, start: dict[str, np.ndarray], batch: Batch) -> Step:
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(numbers) for numbers in batch)
    step_of_cell = cell(kind, lambda z, n: jnp.split(z, n, axis=-1), jax.nn.sigmoid, jnp.tanh)

    def loss(w: Any) -> Any:
        b_x, b_h = biases(w["b"])
        zero = jnp.zeros((x.shape[0], w["W_hh"].shape[0]), "float32")

        def along(states: Any, z: Any) -> Any:
            h, c = step_of_cell(z, states[0] @ w["W_hh"] + b_h, *states)
            return (h, c), h
        hs = jax.lax.scan(along, (zero, zero), w["W_xh"][x.T] + b_x)[1]
        log_p = jax.nn.log_softmax(hs @ w["W"] + w["b_y"])
        return -jnp.take_along_axis(log_p, y.T[..., None], axis=-1).mean()

    @jax.jit
    def update(w: Any) -> Any:
        value, dw = jax.value_and_grad(loss)(w)
        return value, {name: w[name] - RATE * dw[name] for name in w}
    weights = [{name: jnp.asarray(value) for name, value in start.items()}]

    def step() -> float:
        value, weights[0] = update(weights[0])
        return float(value)
    return step


def keras_step(kind: str, start: dict[str, np.ndarray], batch: Batch) -> Step:
    import keras

    (x, y), units, letters = batch, start["W_hh"].shape[0], start["W"].shape[1]
    layer = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[kind](units, return_sequences=True)
    dense = keras.layers.Dense(letters)
    model = keras.Sequential([keras.Input((x.shape[1], letters)), layer, dense])
    layer.set_weights([start["W_xh"], start["W_hh"], start["b"]])
    dense.set_weights([start["W"], start["b_y"]])
    model.compile(keras.optimizers.SGD(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    one_hot = np.eye(letters, dtype="float32")[x]
    return lambda: float(model.train_on_batch(one_hot, y))


def autograd_step(kind: str, start: dict[str, np.ndarray], batch: Batch) -> Step:
    import autograd.numpy as anp
    from autograd import value_and_grad

    letters, w = start["W"].shape[1], dict(start)
    one_hot, wanted = np.eye(letters, dtype="float32")[batch[0].T], np.eye(letters, dtype="float32")[batch[1].T.reshape(-1)]
    step_of_cell = cell(kind, lambda z, n: anp.split(z, n, axis=-1), lambda z: 0.5 * anp.tanh(0.5 * z) + 0.5, anp.tanh)

    def loss(w: Any) -> Any:
        (b_x, b_h), h = biases(w["b"]), np.zeros((one_hot.shape[1], len(start["W_hh"])), "float32")
        c, hs = h, []
        for x in one_hot:
            h, c = step_of_cell(anp.dot(x, w["W_xh"]) + b_x, anp.dot(h, w["W_hh"]) + b_h, h, c)
            hs.append(h)
        z = anp.dot(anp.concatenate(hs), w["W"]) + w["b_y"]
        z = z - anp.max(z, axis=-1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=-1)) - anp.sum(z * wanted, axis=-1))
    gradient = value_and_grad(loss)

    def step() -> float:
        loss_now, dw = gradient(w)
        for name, value in w.items():
            w[name] = (value - RATE * dw[name]).astype("float32")
        return float(loss_now)
    return step


def dezero_step(kind: str, start: dict[str, np.ndarray], batch: Batch) -> Step:
    np.int = int  # type: ignore[attr-defined]        # DeZero 0.0.13 still asks for it
    import dezero.functions as F
    from dezero import Parameter, as_variable

    def parts(z: Any, n: int) -> list[Any]:
        size = z.shape[-1] // n
        return [z[:, k * size:(k + 1) * size] for k in range(n)]
    letters, targets = start["W"].shape[1], batch[1].T.reshape(-1)
    one_hot = np.eye(letters, dtype="float32")[batch[0].T]
    w = {name: Parameter(value.copy()) for name, value in start.items() if name != "b"}
    two = start["b"].ndim == 2
    b_x, b_h = start["b"] if two else (start["b"], np.zeros_like(start["b"]))
    w |= {"b_x": Parameter(b_x.copy()), "b_h": Parameter(b_h.copy())}
    step_of_cell = cell(kind, parts, F.sigmoid, F.tanh)

    def step() -> float:
        h = c = as_variable(np.zeros((one_hot.shape[1], len(start["W_hh"])), "float32"))
        hs = []
        for x in one_hot:
            h, c = step_of_cell(F.linear(x, w["W_xh"], w["b_x"]), F.linear(h, w["W_hh"], w["b_h"]), h, c)
            hs.append(F.linear(h, w["W"], w["b_y"]))
        count = one_hot.shape[1]
        loss = sum(F.softmax_cross_entropy(logits, targets[t * count:(t + 1) * count]) for t, logits in enumerate(hs)) / float(len(hs))
        for parameter in w.values():
            parameter.cleargrad()
        loss.backward()
        for name, parameter in w.items():
            if name != "b_h" or two:
                parameter.data = (parameter.data - RATE * parameter.grad.data).astype("float32")
        return float(loss.data)
    return step


PEERS: dict[str, Callable[[str, dict[str, np.ndarray], Batch], Step]] = {
    "jax": jax_step, "keras": keras_step, "autograd": autograd_step, "dezero": dezero_step}


def installed() -> list[str]:
    return [name for name in PEERS if find_spec(name)]


def missing() -> str:
    """How to get the others."""
    return "; ".join(f"pip install {INSTALL[name]}" for name in PEERS if not find_spec(name))
