"""Relatives of the three cells: Jordan's net, the net that starts as an identity, and cells that normalise their sums.

Each is its equation and no more; `RNN(JordanCell(…))` runs it. The mutants of the great search are in zoo.py.
"""
from __future__ import annotations

from typing import Any, ClassVar

from .. import initializers, ops
from . import activations
from .cells import Cell, GRUCell, LSTMCell, RNNCell
from .dense import features_of, positive
from .layer import Parameter


class IRNNCell(RNNCell):
    """h' = max(x W_xh + h W_hh + b, 0),  with W_hh the identity at first   (Le, Jaitly and Hinton 2015)

    At first it copies its state, so that a gradient reaches back unchanged however long the sequence is.
    """

    def __init__(self, units: int, activation: Any = "relu", recurrent_initializer: Any = "identity", **options: Any) -> None:
        super().__init__(units, activation, recurrent_initializer=recurrent_initializer, **options)


class JordanCell(Cell):
    """h = tanh(x W_xh + y W_yh + b);  y' = g(h W_hy + b_y)   (Jordan 1986)

    What is fed back is the output y (N, units), not the hidden layer h (N, hidden_units); Elman's net is RNNCell.
    """

    W_yh: Parameter
    W_hy: Parameter
    b_y: Any

    def __init__(self, units: int, hidden_units: int, activation: Any = "tanh", output_activation: Any = "sigmoid",
                 **options: Any) -> None:
        super().__init__(units, activation, **options)
        self.hidden_units = positive(hidden_units, "hidden_units", self)
        self.output_activation = activations.get(output_activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.add_weight("W_xh", (features_of(input_shape, self), self.hidden_units), **self.rules("kernel"))
        self.add_weight("W_yh", (self.units, self.hidden_units), **self.rules("recurrent"))
        self.add_weight("W_hy", (self.hidden_units, self.units), **self.rules("kernel"))
        self.add_bias((self.hidden_units,), self.bias_initializer)
        self.b_y = 0.0
        if self.use_bias:
            self.add_weight("b_y", (self.units,), **self.rules("bias"))

    def step(self, x: Any, y: Any) -> Any:
        h = self.activation(x @ self.W_xh + y @ self.W_yh + self.b)
        y = self.output_activation(h @ self.W_hy + self.b_y)
        return y


def normalized(a: Any, gain: Any) -> Any:
    """g⊙(a − μ)/√(σ² + ε): ε = 1e-5 keeps a constant vector, and a single unit, from a division by zero"""
    centred = a - ops.mean(a, axis=-1, keepdims=True)
    return gain * centred / ops.sqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)


class Normalizing:
    """What the normalising cells have besides: a gain for each sum that they normalise. No kernel knows them."""

    gains: ClassVar[dict[str, int]] = {}      # weight → how many units it is long

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)  # type: ignore[misc]
        for name, blocks in self.gains.items():
            self.add_weight(name, (blocks * self.units,), initializers.get("ones"))  # type: ignore[attr-defined]

    @property
    def has_kernel(self) -> bool:
        return False


class LayerNormRNNCell(Normalizing, RNNCell):
    """a = x W_xh + h W_hh;  h' = tanh(g⊙(a − μ)/σ + b),  μ and σ over the units of one example   (Ba, Kiros and Hinton 2016, eq. 4)"""

    gains: ClassVar[dict[str, int]] = {"g": 1}
    g: Parameter

    def step(self, x: Any, h: Any) -> Any:
        a = x @ self.W_xh + h @ self.W_hh
        h = self.activation(normalized(a, self.g) + self.b)
        return h


class LayerNormLSTMCell(Normalizing, LSTMCell):
    """i f g o = N(x W_xh) + N(h W_hh) + b;  c' = σ(f)⊙c + σ(i)⊙tanh(g);  h' = σ(o)⊙tanh(N(c') + b_c)   (Ba et al. 2016, appendix)

    N normalises the four stacked gates together, as the paper has it.
    """

    gains: ClassVar[dict[str, int]] = {"g_x": 4, "g_h": 4, "g_c": 1}
    g_x: Parameter
    g_h: Parameter
    g_c: Parameter
    b_c: Any

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", *,
                 unit_forget_bias: bool = True, **options: Any) -> None:
        super().__init__(units, activation, recurrent_activation, unit_forget_bias=unit_forget_bias, **options)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.b_c = 0.0
        if self.use_bias:
            self.add_weight("b_c", (self.units,), **self.rules("bias"))

    def step(self, x: Any, h: Any, c: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        z = normalized(x @ self.W_xh, self.g_x) + normalized(h @ self.W_hh, self.g_h) + self.b
        i, f, g, o = ops.split(z, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(normalized(c, self.g_c) + self.b_c)
        return h, c


class LayerNormGRUCell(Normalizing, GRUCell):
    """z r = σ(N(x W) + N(h W) + b);  h̃ = tanh(N(x W) + r⊙N(h W) + b);  h' = z⊙h + (1 − z)⊙h̃   (Ba et al. 2016, appendix)

    z and r are normalised together, h̃ by itself; the reset comes after the product, as the paper has it. The paper's z
    takes the new state, ours keeps the old one, as in GRUCell; of its biases the one that r multiplies is left out.
    """

    gains: ClassVar[dict[str, int]] = {"g_x": 3, "g_h": 3}
    g_x: Parameter
    g_h: Parameter

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", **options: Any) -> None:
        super().__init__(units, activation, recurrent_activation, **options)

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh, cut = self.recurrent_activation, self.activation, [2 * self.units]
        (x_zr, x_new), (h_zr, h_new) = ops.split(x @ self.W_xh, cut, axis=-1), ops.split(h @ self.W_hh, cut, axis=-1)
        (gx_zr, gx_new), (gh_zr, gh_new) = ops.split(self.g_x, cut), ops.split(self.g_h, cut)
        b_zr, b_new = ops.split(self.b, cut) if self.use_bias else (0.0, 0.0)
        z, r = ops.split(sigmoid(normalized(x_zr, gx_zr) + normalized(h_zr, gh_zr) + b_zr), 2, axis=-1)
        new = tanh(normalized(x_new, gx_new) + r * normalized(h_new, gh_new) + b_new)
        h = z * h + (1.0 - z) * new
        return h
