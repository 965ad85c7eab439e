"""Cells: one step of a recurrent net each, written as its equation.

A cell's `step` takes an input and the states before the step and returns the states after it; the first state is the
output. The loop over time is elsewhere, once for all cells (recurrent.py), and `RNN(cell)` runs any of them.
"""
from __future__ import annotations

from copy import copy
from typing import Any

from .. import constraints, initializers, kernels, ops, regularizers
from ..engine import Tensor, scope
from ..kernels.shared import ACTIVATIONS
from . import activations
from .dense import features_of, positive
from .layer import Layer, Parameter
from .stand_ins import Added, Heard


class Cell(Layer):
    """One step: `step(x, h)` → h', or with `state_count` n, `step(x, *states)` → n new states.

    x is (N, features), every state (N, units). A cell of one's own needs `step` alone: W_xh (features, gates·units),
    W_hh (units, gates·units) and b (gates·units,) are made here.
    """

    gates = 1               # blocks of units columns in the weights
    state_count = 1
    W_xh: Parameter
    W_hh: Parameter
    b: Any

    def __init__(self, units: int, activation: Any = "tanh", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.units, self.use_bias = positive(units, "units", self), use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer, self.recurrent_regularizer, self.bias_regularizer = map(
            regularizers.get, (kernel_regularizer, recurrent_regularizer, bias_regularizer))
        self.kernel_constraint, self.recurrent_constraint, self.bias_constraint = map(
            constraints.get, (kernel_constraint, recurrent_constraint, bias_constraint))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        columns = self.gates * self.units
        self.add_weight("W_xh", (features_of(input_shape, self), columns), self.kernel_initializer,
                        regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.add_weight("W_hh", (self.units, columns), self.recurrent_initializer,
                        regularizer=self.recurrent_regularizer, constraint=self.recurrent_constraint)
        self.add_bias((columns,), self.bias_initializer)

    def _build(self, inputs: tuple[Any, ...]) -> None:
        """A step by hand gives states too; the weights depend on the input alone."""
        super()._build(inputs[:1])

    def rules(self, role: str) -> dict[str, Any]:
        """Initialiser, regulariser and constraint of a "kernel", a "recurrent" or a "bias" weight, as `add_weight` takes them."""
        return {word: getattr(self, f"{role}_{word}") for word in ("initializer", "regularizer", "constraint")}

    def add_bias(self, shape: tuple[int, ...], initializer: Any) -> None:
        """A missing bias is the number 0, so that every equation can name it."""
        self.b = 0.0
        if self.use_bias:
            self.add_weight("b", shape, initializer, regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.units,) * self.state_count

    @property
    def hidden(self) -> tuple[int, ...]:
        """Which of the states go through products, so that recurrent dropout applies to them."""
        return (0,)

    def step(self, x: Any, *states: Any) -> Any:
        """The states after the step, from the input and the states before it."""
        raise NotImplementedError(f"{type(self).__name__} must define step(self, x, h)")

    def output(self, *states: Any) -> Any:
        """What the layer hands on: the first state."""
        return states[0]

    def call(self, x: Tensor, states: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """One step by hand: `y, states = cell(x, states)`."""
        states = self.after(x, states if isinstance(states, (list, tuple)) else (states,))
        return self.output(*states), states

    def after(self, x: Any, states: Any) -> tuple[Any, ...]:
        """The states after the step, as a tuple also where there is one."""
        new = self.step(x, *states)
        new = tuple(new) if isinstance(new, (tuple, list)) else (new,)
        if len(new) != len(states) or any(one is None for one in new):
            raise TypeError(f"{self.label}: step returns a new state for each of its {len(states)}, got {[getattr(s, 'shape', s) for s in new]}")
        return tuple([one.h if isinstance(one, Heard) else one for one in new])

    def cut(self, rows: int = 0) -> Cell:
        """The cell whose `after` runs a whole sequence: itself, or a copy that holds its weights as the sequence needs them.

        `rows`: how many rows of W_xh the sequence's integers pick; 0 where x is anything but one-hot vectors.
        """
        return self


    @property
    def has_kernel(self) -> bool:
        """Whether a whole sequence can be one operation: where an equation has one, for activations whose slope follows from the value."""
        return False

    def kernel(self, x: Tensor, states: Any, mask: Any) -> tuple[Tensor, ...]:
        """The whole sequence x (T, N, features) at once → all outputs (T, N, units), then each last state."""
        raise NotImplementedError(f"{type(self).__name__} has no kernel")

    def bias_or_none(self) -> Any:
        return self.b if self.use_bias else None


def biased_at_once(cell: Cell, rows: int) -> Cell:
    """x W + b = x (W + b) where the numbers of each x sum to one, as a one-hot vector's do: b is added once, not at every step."""
    if not cell.use_bias or rows < len(cell.W_xh):
        return cell
    cell = copy(cell)
    cell.W_xh, cell.b = cell.W_xh + cell.b, Added()  # type: ignore[assignment]
    return cell


def fast(*functions: Any) -> bool:
    """Whether the kernels know all these activations."""
    return all(activations.name_of(function) in ACTIVATIONS for function in functions)


class RNNCell(Cell):
    """h' = tanh(x W_xh + h W_hh + b)   (Elman 1990)

    Any activation takes the place of tanh.
    """

    def step(self, x: Any, h: Any) -> Any:
        """h' = tanh(x W_xh + h W_hh + b)"""
        h = self.activation(x @ self.W_xh + h @ self.W_hh + self.b)
        return h

    def cut(self, rows: int = 0) -> Cell:
        return biased_at_once(self, rows) if type(self) is RNNCell else self

    @property
    def has_kernel(self) -> bool:
        return fast(self.activation)

    def kernel(self, x: Tensor, states: Any, mask: Any) -> tuple[Tensor, ...]:
        return kernels.rnn(x, self.W_xh, self.W_hh, self.bias_or_none(), *states, mask=mask,
                           activation=activations.name_of(self.activation))


class Gated(Cell):
    """What cells with gates have besides: `recurrent_activation`, σ, which opens and closes them."""

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", **options: Any) -> None:
        super().__init__(units, activation, **options)
        self.recurrent_activation = activations.get(recurrent_activation)

    @property
    def has_kernel(self) -> bool:
        return fast(self.activation, self.recurrent_activation)

    def names(self) -> dict[str, Any]:
        """The activations as the kernels know them."""
        return {"activation": activations.name_of(self.activation),
                "recurrent_activation": activations.name_of(self.recurrent_activation)}


class LSTMCell(Gated):
    """i, f, o = σ(·), g = tanh(·);  c' = f⊙c + i⊙g;  h' = o⊙tanh(c')   (Hochreiter & Schmidhuber 1997; f: Gers et al. 2000)

    Weights are stacked i f g o. `unit_forget_bias` starts f's bias at 1. `peephole`: i and f also see P⊙c, and o sees
    P⊙c', with P (3, units) (Gers & Schmidhuber 2000). `coupled`: i = 1 − f, and the weights are stacked f g o (Greff et al. 2017).
    """

    state_count = 2
    P: Parameter

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", *,
                 unit_forget_bias: bool = True, peephole: bool = False, coupled: bool = False, **options: Any) -> None:
        super().__init__(units, activation, recurrent_activation, **options)
        self.unit_forget_bias, self.peephole, self.coupled = unit_forget_bias, peephole, coupled
        self.gates = 3 if coupled else 4

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        if self.use_bias and self.unit_forget_bias:
            b = self.b.numpy().copy()
            b.reshape(self.gates, -1)[-3] += 1.0
            self.b.data = b
        if self.peephole:
            self.add_weight("P", (self.gates - 1, self.units), "zeros")

    def cut(self, rows: int = 0) -> Cell:
        return biased_at_once(self, rows) if type(self) is LSTMCell else self

    def step(self, x: Any, h: Any, c: Any) -> Any:
        """i, f, o = σ(·), g = tanh(·);  c' = f⊙c + i⊙g;  h' = o⊙tanh(c')"""
        if self.peephole or self.coupled:
            return self.variant_step(x, h, c)
        sigmoid, tanh = self.recurrent_activation, self.activation
        i, f, g, o = ops.split(x @ self.W_xh + h @ self.W_hh + self.b, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        return h, c

    def variant_step(self, x: Any, h: Any, c: Any) -> Any:
        """i, f = σ(· + P⊙c) or i = 1 − f;  c' = f⊙c + i⊙g;  o = σ(· + P⊙c');  h' = o⊙tanh(c')"""
        sigmoid, tanh = self.recurrent_activation, self.activation
        *z_i, f, g, o = ops.split(x @ self.W_xh + h @ self.W_hh + self.b, self.gates, axis=-1)
        *P_i, P_f, P_o = self.P if self.peephole else [0.0] * (self.gates - 1)
        f = sigmoid(f + P_f * c)
        i = 1.0 - f if self.coupled else sigmoid(z_i[0] + P_i[0] * c)
        c = f * c + i * tanh(g)
        h = sigmoid(o + P_o * c) * tanh(c)
        return h, c

    def kernel(self, x: Tensor, states: Any, mask: Any) -> tuple[Tensor, ...]:
        P = self.P if self.peephole else None
        hs, h, c, _ = kernels.lstm(x, self.W_xh, self.W_hh, self.bias_or_none(), *states, P,
                                   coupled=self.coupled, mask=mask, **self.names())
        return hs, h, c


class GRUCell(Gated):
    """z, r = σ(·);  h̃ = tanh(x W + (r⊙h) W + b);  h' = z⊙h + (1 − z)⊙h̃   (Cho et al. 2014)

    Weights are stacked z r h̃. `reset_after`: h̃ = tanh(x W + b₀ + r⊙(h W + b₁)), the form of cuDNN, with two biases, so
    that b is (2, 3·units). It computes another function: weights cannot be carried from one form to the other.
    """

    gates = 3

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", *,
                 reset_after: bool = False, **options: Any) -> None:
        super().__init__(units, activation, recurrent_activation, **options)
        self.reset_after = reset_after
        self._pieces: Any = None

    def add_bias(self, shape: tuple[int, ...], initializer: Any) -> None:
        super().add_bias((2, *shape) if self.reset_after else shape, initializer)

    def pieces(self) -> Any:
        """W_hh for z and r, and for h̃;  with `reset_after` b₀ and b₁."""
        if self._pieces is not None:
            return self._pieces
        if self.reset_after:
            return self.b if self.use_bias else (0.0, 0.0)
        return ops.split(self.W_hh, [2 * self.units], axis=-1)

    def cut(self, rows: int = 0) -> Cell:
        """Cut once instead of at every step; a class made from this one may cut otherwise, or remember things in itself."""
        if type(self) is not GRUCell:
            return self
        cell: Any = copy(self)
        first, second = self.pieces()
        if not self.reset_after:
            cell = biased_at_once(cell, rows)
        elif self.use_bias and rows >= len(self.W_xh):
            cell.W_xh, first = self.W_xh + first, Added()
        cell._pieces = first, second
        return cell

    def step(self, x: Any, h: Any) -> Any:
        """z, r = σ(·);  h̃ = tanh(x W + (r⊙h) W + b);  h' = z⊙h + (1 − z)⊙h̃"""
        if self.reset_after:
            return self.step_reset_after(x, h)
        sigmoid, tanh, n = self.recurrent_activation, self.activation, 2 * self.units
        W_zr, W_new = self.pieces()
        x_zr, x_new = ops.split(x @ self.W_xh + self.b, [n], axis=-1)
        z, r = ops.split(sigmoid(x_zr + h @ W_zr), 2, axis=-1)
        h_tilde = tanh(x_new + (r * h) @ W_new)
        h = z * h + (1.0 - z) * h_tilde
        return h

    def step_reset_after(self, x: Any, h: Any) -> Any:
        """h̃ = tanh(x W + b₀ + r⊙(h W + b₁))"""
        sigmoid, tanh, n = self.recurrent_activation, self.activation, 2 * self.units
        b0, b1 = self.pieces()
        x_zr, x_new = ops.split(x @ self.W_xh + b0, [n], axis=-1)
        h_zr, h_new = ops.split(h @ self.W_hh + b1, [n], axis=-1)
        z, r = ops.split(sigmoid(x_zr + h_zr), 2, axis=-1)
        h_tilde = tanh(x_new + r * h_new)
        h = z * h + (1.0 - z) * h_tilde
        return h

    def kernel(self, x: Tensor, states: Any, mask: Any) -> tuple[Tensor, ...]:
        return kernels.gru(x, self.W_xh, self.W_hh, self.bias_or_none(), *states, reset_after=self.reset_after, mask=mask,
                           **self.names())


class StackedCells(Cell):
    """Cells one above the other: each takes the output of the one below; `RNN([cell, cell])` makes it."""

    def __init__(self, cells: list[Cell], **options: Any) -> None:
        Layer.__init__(self, **options)
        self.cells = list(cells)
        self.units = self.cells[-1].units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for cell in self.cells:
            if not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (*input_shape[:-1], cell.units)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return tuple(size for cell in self.cells for size in cell.state_sizes)

    @property
    def hidden(self) -> tuple[int, ...]:
        starts = [sum(len(cell.state_sizes) for cell in self.cells[:k]) for k in range(len(self.cells))]
        return tuple(start + k for start, cell in zip(starts, self.cells) for k in cell.hidden)

    def parts(self, states: Any) -> list[tuple[Cell, tuple[Any, ...]]]:
        """Each cell with its own states."""
        given = iter(states)
        return [(cell, tuple(next(given) for _ in cell.state_sizes)) for cell in self.cells]

    def cut(self, rows: int = 0) -> Cell:
        whole = copy(self)
        whole.cells = [cell.cut(0 if k else rows) for k, cell in enumerate(self.cells)]
        return whole

    def step(self, x: Any, *states: Any) -> tuple[Any, ...]:
        """Each cell's step on the output of the one below."""
        after: list[Any] = []
        for cell, own in self.parts(states):
            with scope(cell.name):
                new = cell.after(x, own)
            x = cell.output(*new)
            after += new
        return tuple(after)

    def output(self, *states: Any) -> Any:
        cell, own = self.parts(states)[-1]
        return cell.output(*own)

    @property
    def has_kernel(self) -> bool:
        return all(cell.has_kernel for cell in self.cells)

    def kernel(self, x: Tensor, states: Any, mask: Any) -> tuple[Tensor, ...]:
        last: list[Any] = []
        for cell, own in self.parts(states):
            with scope(cell.name):
                x, *after = cell.kernel(x, own, mask)
            last += after
        return x, *last
