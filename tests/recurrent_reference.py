"""What Keras answers: outputs, states and gradients of its recurrent layers, on numbers that anybody can make again.

`python -m tests.recurrent_reference` asks Keras (pip install keras jax) and stores the answers in
recurrent_reference.json. test_recurrent_reference.py holds minigrad to the stored answers everywhere, and to Keras itself where it is.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")
N, T, FEATURES, UNITS = 2, 4, 3, 2
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "RNN": ("SimpleRNN", {}),
    "RNN relu": ("SimpleRNN", {"activation": "relu"}),
    "RNN softplus": ("SimpleRNN", {"activation": "softplus"}),
    "RNN without bias": ("SimpleRNN", {"use_bias": False}),
    "RNN backwards": ("SimpleRNN", {"go_backwards": True}),
    "LSTM": ("LSTM", {}),
    "LSTM hard_sigmoid": ("LSTM", {"recurrent_activation": "hard_sigmoid"}),
    "LSTM backwards": ("LSTM", {"go_backwards": True}),
    "GRU": ("GRU", {"reset_after": False}),
    "GRU reset_after": ("GRU", {"reset_after": True}),
    "GRU reset_after without bias": ("GRU", {"reset_after": True, "use_bias": False}),
}
MASK = np.array([[False, True, True, False], [True, False, True, True]])       # padding at either end and in the middle
NAMES = [f"{name}{masked}" for name in CASES for masked in ("", ", masked")]


def numbers(*shape: int, start: int = 0) -> np.ndarray:
    """0.8·sin(1.7·k), k = start, start + 1, …: neither regular nor random"""
    return 0.8 * np.sin(1.7 * (start + np.arange(np.prod(shape)))).reshape(shape)


def inputs() -> np.ndarray:
    return numbers(N, T, FEATURES, start=100)


def shares(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """What each output counts in the loss, a weighted sum."""
    return [numbers(*shape, start=1000 * (k + 1)) for k, shape in enumerate(shapes)]


def keras_answers(name: str) -> list[list]:
    """The outputs (all, then the last states), then the gradients of x and of each weight, as nested lists."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    kind, options = CASES[name.removesuffix(", masked")]
    options = {"activation": jax.numpy.tanh, **options}          # Keras' own tanh makes float32 of float64
    layer = getattr(keras.layers, kind)(UNITS, return_sequences=True, return_state=True, dtype="float64", **options)
    layer.build((N, T, FEATURES))
    weights = [numbers(*W.shape, start=10 * k) for k, W in enumerate(layer.get_weights())]
    fixed = [variable.value for variable in layer.non_trainable_variables]
    mask = MASK if "masked" in name else None

    def loss(x, weights):
        outputs, _ = layer.stateless_call(weights, fixed, x, mask=mask)
        return sum((y * share).sum() for y, share in zip(outputs, shares([y.shape for y in outputs]))), outputs
    (dx, gradients), outputs = jax.grad(loss, argnums=(0, 1), has_aux=True)(inputs(), weights)
    return [np.asarray(array).tolist() for array in (*outputs, dx, *gradients)]


if __name__ == "__main__":
    answers = {name: keras_answers(name) for name in NAMES}
    FILE.write_text(json.dumps(answers, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n", encoding="utf-8")
    print(f"{len(answers)} cases in {FILE.name}")
