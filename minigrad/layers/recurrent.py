"""RNN, LSTM and GRU: a cell, run along a sequence.

The loop over time stands here, once for every cell: `unroll=True` takes it, and so does every recurrent layer inside
`with mg.Trace():`, so that each operation of each step is a node of the graph. Otherwise a kernel computes the same
whole sequence as one operation, where the cell has one.
"""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import backend, engine, ops, registry
from ..engine import Tensor, scope, uncollected, wrap
from .cells import Cell, GRUCell, LSTMCell, RNNCell, StackedCells
from .dense import expect_features
from .layer import Layer, State, reserved
from .stand_ins import Heard, OneHot

States = list[Any]


class Recurrent(Layer):
    """What RNN, LSTM and GRU share: everything but the cell.

    x (N, T, features), or integers (N, T) with `input_dim`, which stand for one-hot vectors → the last output (N, units), or
    with `return_sequences` all of them (N, T, units); with `return_state` a tuple, the outputs and then every state.
    `initial_state` (one Tensor or a list) is where it begins, zeros else. Where `mask` (N, T) is False a step is padding:
    it changes neither state nor gradient. `go_backwards` begins at the last step, and the outputs come in that order.
    A `stateful` layer begins where it last ended, until `reset_states()`; no gradient goes back that far.
    """

    input_prefix = (None,)
    cell: Cell
    features: int

    def __init__(self, *, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
                 stateful: bool = False, unroll: bool = False, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 input_dim: int | None = None, **options: Any) -> None:
        super().__init__(input_dim=input_dim, **options)
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.input_dim = stateful, unroll, input_dim
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout
        for word in ("dropout", "recurrent_dropout"):
            if not 0 <= getattr(self, word) <= 1:
                raise ValueError(f"{self.label}: {word} is the fraction dropped, 0 to 1, got {getattr(self, word)}")

    @property
    def units(self) -> int:
        return self.cell.units

    @property
    def W_xh(self) -> Any:
        """The cell's weight for the inputs."""
        return self.cell.W_xh

    @property
    def W_hh(self) -> Any:
        """The cell's weight for the state: the one that every step shares."""
        return self.cell.W_hh

    @property
    def b(self) -> Any:
        """The cell's bias."""
        return self.cell.b

    kernel, recurrent_kernel = W_xh, W_hh                        # Keras' names

    @property
    def bias(self) -> Any:
        """Keras' name for b; None where there is none."""
        return self.cell.bias_or_none()

    def build(self, input_shape: Any) -> None:
        *_, features = input_shape
        if len(input_shape) == 2:
            if self.input_dim is None:
                raise ValueError(f"{self.label} takes (batch, time, features), or integers (batch, time) together with "
                                 f"input_dim=(how many there are); got x of shape {input_shape}")
            features = self.input_dim
        if not self.cell.built:
            self.cell.build((input_shape[0], features))
            self.cell.built = True
        self.features = features
        if self.stateful:
            self.carried = self.make_states(input_shape[0] or self.batch_size)

    def make_states(self, batch: int | None) -> list[State]:
        """Where a stateful layer keeps the states from one call to the next."""
        if batch is None:
            raise ValueError(f"{self.label} is stateful, so it must know how many sequences it carries on: give batch_size=…")
        shapes = [(batch, size) for size in self.cell.state_sizes]
        for shape in shapes:
            reserved(shape)
        return [State(np.zeros(shape, self.dtype), name=f"state_{k}") for k, shape in enumerate(shapes)]

    def reset_states(self) -> None:
        """A stateful layer begins again at zero."""
        for state in getattr(self, "carried", ()):
            state.data = np.zeros_like(state.array)

    # ---------------------------------------------------------------- one call

    def call(self, x: Tensor, mask: Any = None, training: bool = False, initial_state: Any = None) -> Any:
        x, mask = self.checked(x), self.checked_mask(mask, x)
        states = self.first_states(x, initial_state)
        drops = training and (self.recurrent_dropout > 0 or self.dropout > 0)
        if drops and x.ndim == 3 and self.dropout > 0:
            x = x * self.kept(self.dropout, (x.shape[0], 1, self.features), x)        # one mask for the whole sequence
        along = self.step_by_step if self.shows_steps(x, drops) else self.at_once
        outputs, states = along(x, states, mask, training)
        for memory, state in zip(self.carried if self.stateful else (), states):
            memory.rebind(state.array)
        y = outputs if self.return_sequences else self.cell.output(*states)
        return (y, *states) if self.return_state else y

    def shows_steps(self, x: Tensor, drops: bool) -> bool:
        """Whether the loop over time is taken, instead of a kernel."""
        special = drops and (self.recurrent_dropout > 0 or x.ndim == 2)
        return self.unroll or engine.tracing() or special or not self.cell.has_kernel

    @uncollected
    def step_by_step(self, x: Tensor, states: States, mask: Any, training: bool) -> tuple[Any, States]:
        """The loop over time: every operation of every step is recorded."""
        N, T = x.shape[:2]
        states = [wrap(zeros_like(x, (N, size), self.dtype)) if state is None else state
                  for state, size in zip(states, self.cell.state_sizes)]
        inputs = self.inputs(x, training)
        keeps = [self.kept(self.recurrent_dropout if training and k in self.cell.hidden else 0.0, (N, size), x)
                 for k, size in enumerate(self.cell.state_sizes)]
        rows = N * T if x.ndim == 2 and not (training and self.dropout > 0) else 0
        cell = self.cell if engine.tracing() else self.cell.cut(rows)  # a trace shows every use of a weight with its step
        outputs: list[Any] = []
        for t in reversed(range(T)) if self.go_backwards else range(T):
            with scope(t=t):
                seen = [state if keep is None else Heard(state, keep) for state, keep in zip(states, keeps)]
                new = cell.after(inputs(t), seen)
                if not outputs:
                    expect_states(new, N, cell)
                states = list(new) if mask is None else [ops.where(mask[:, t, None], *both) for both in zip(new, states)]
                outputs.append(self.cell.output(*states))
        return ops.stack(outputs, axis=1) if self.return_sequences else None, states

    def at_once(self, x: Tensor, states: States, mask: Any, training: bool) -> tuple[Tensor, States]:
        """The same as one operation, time first inside."""
        if self.go_backwards:
            x, mask = ops.flip(x, axis=1), None if mask is None else np.flip(mask, 1)
        outputs, *states = self.cell.kernel(ops.swapaxes(x, axis1=0, axis2=1), states, None if mask is None else mask.T)
        return ops.swapaxes(outputs, axis1=0, axis2=1), states

    def inputs(self, x: Tensor, training: bool) -> Any:
        """t ↦ the input of step t: a slice of x, or for integers one-hot vectors that only a product can tell from real ones."""
        if x.ndim == 3:
            return lambda t: x[:, t]
        if not (training and self.dropout > 0):
            return lambda t: OneHot(x.array[:, t], self.features, self.dtype)
        keep = self.kept(self.dropout, (x.shape[0], self.features), x).array
        rows = backend.arange_like(x.shape[0], keep)
        return lambda t: OneHot(x.array[:, t], self.features, self.dtype, keep[rows, x.array[:, t], None])

    def kept(self, rate: float, shape: tuple[int, ...], x: Tensor) -> Any:
        """What dropout multiplies with: 0 with probability `rate`, else 1/(1 − rate); None where nothing is dropped."""
        if rate == 0:
            return None
        kept = (backend.generator().random(shape) >= rate) / max(1.0 - rate, 1e-9)      # where all is dropped, 0 and not 0 / 0
        return wrap(backend.like(kept.astype(self.dtype), x.array))

    # ---------------------------------------------------------------- what may go wrong

    def checked(self, x: Tensor) -> Tensor:
        """x, or an error that names this layer, what it expects, and what came."""
        shape, whole = x.array.shape, x.array.dtype.kind in "iu"
        if len(shape) != 3 and not (len(shape) == 2 and whole):
            raise ValueError(f"{self.label} takes (batch, time, features), or integers (batch, time); "
                             f"got x of shape {shape} and dtype {x.dtype}")
        if shape[1] == 0:
            raise ValueError(f"{self.label} needs at least one step (axis 1), got x of shape {shape}")
        if len(shape) == 2:
            ops.check_range(x.array, self.features, self.label, "row of W_xh")
            return x
        expect_features(x, self.features, self)
        return x.astype(self.dtype) if whole else x

    def checked_mask(self, mask: Any, x: Tensor) -> Any:
        """(N, T) booleans where x lives, or None."""
        if mask is None:
            return None
        mask = mask.array if isinstance(mask, Tensor) else mask if backend.is_array(mask) else np.asarray(mask)
        if mask.shape != x.shape[:2]:
            raise ValueError(f"{self.label}: the mask says which steps count, so it must be {x.shape[:2]} like x; "
                             f"got shape {mask.shape}")
        return backend.like(mask.astype(bool), x.array)

    def first_states(self, x: Tensor, initial_state: Any) -> States:
        """The given states, or the carried ones, or None for zeros."""
        N, sizes = x.shape[0], self.cell.state_sizes
        if initial_state is None:
            if not self.stateful:
                return [None] * len(sizes)
            if self.carried[0].shape[0] != N:
                raise ValueError(f"{self.label} is stateful and carries {self.carried[0].shape[0]} sequences on, "
                                 f"got x of shape {x.shape}: give batches of that size, batch_size={self.carried[0].shape[0]}, and "
                                 "leave out what is left over")
            return [state.detach() for state in self.carried]
        given = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        expected = [(N, size) for size in sizes]
        shapes = [getattr(state, "shape", type(state).__name__) for state in given]
        if shapes != expected:
            raise ValueError(f"{self.label}: initial_state must have the shapes {expected}, got {shapes}")
        return [state if state.dtype == self.dtype else state.astype(self.dtype) for state in given]

    def compute_mask(self, x: Any, mask: Any) -> Any:
        return np.asarray(mask) if self.return_sequences and isinstance(mask, list) else mask if self.return_sequences else None

    # ---------------------------------------------------------------- for people and files

    def own_cell(self, kind: type[Cell], *arguments: Any, **options: Any) -> Cell:
        return kind(*arguments, name="cell", dtype=self.dtype, trainable=self._trainable, **options)

    def get_config(self) -> dict[str, Any]:
        cell = {word: value for word, value in registry.settings(self.cell).items() if word not in ("name", "dtype", "trainable")}
        return {**cell, **super().get_config()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{word}={registry.shown(value)}' for word, value in self.get_config().items())})"


def zeros_like(x: Tensor, shape: tuple[int, ...], dtype: Any) -> Any:
    return np.zeros_like(x.array, shape=shape, dtype=dtype)


def expect_states(new: Any, N: int, cell: Cell) -> None:
    """After the first step every state must be as wide as before it: what nobody reads would be wrong without a word."""
    expected, found = [(N, size) for size in cell.state_sizes], [state.shape for state in new]
    if found != expected:
        raise ValueError(f"{cell.label}: step must return states of the shapes {expected}, got {found}")


def divided(options: dict[str, Any], kind: type[Cell]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keyword arguments, divided into those of the cell and those of the layer around it."""
    own = {p.name for p in registry.arguments(kind)} - {p.name for p in inspect.signature(Layer.__init__).parameters.values()}
    return ({word: value for word, value in options.items() if word in own},
            {word: value for word, value in options.items() if word not in own})


class RNN(Recurrent):
    """hₜ = tanh(xₜ W_xh + hₜ₋₁ W_hh + b);  or any cell: RNN(cell), RNN([cell, cell])

    `RNN(64)` is the vanilla net, which Keras calls SimpleRNN; it takes RNNCell's arguments (activation, use_bias,
    kernel_initializer, …) besides the layer's own.
    """

    def __init__(self, units: Any, activation: Any = "tanh", **options: Any) -> None:
        cell_options, layer_options = divided(options, RNNCell)
        super().__init__(**layer_options)
        self._given = units if isinstance(units, (Cell, list, tuple)) else None
        if self._given is None:
            self.cell = self.own_cell(RNNCell, units, activation, **cell_options)
        elif isinstance(units, (list, tuple)) and not (units and all(isinstance(cell, Cell) for cell in units)):
            raise TypeError(f"{self.label} runs a cell, or a list of at least one: RNN([LSTMCell(64), GRUCell(64)]); got {units!r:.60}")
        elif cell_options or activation != "tanh":
            raise ValueError(f"{self.label} runs a given cell: give {', '.join(cell_options) or 'activation'} to the cell")
        else:
            self.cell = units if isinstance(units, Cell) else StackedCells(units, name="cells", dtype=self.dtype)

    def get_config(self) -> dict[str, Any]:
        if self._given is None:
            return super().get_config()
        return {**Layer.get_config(self), "units": self._given}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RNN:
        given = config["units"]
        if isinstance(given, Cell):
            given = type(given).from_config(given.get_config())
        elif isinstance(given, (list, tuple)):
            given = [type(cell).from_config(cell.get_config()) for cell in given]
        return cls(**{**config, "units": given})

    @classmethod
    def _restored(cls, config: dict[str, Any]) -> RNN:
        return cls(**config)


SimpleRNN = RNN


class LSTM(Recurrent):
    """i, f, o = σ(·), g = tanh(·);  cₜ = f⊙cₜ₋₁ + i⊙g;  hₜ = o⊙tanh(cₜ)

    Takes LSTMCell's arguments (unit_forget_bias, peephole, coupled, …) besides the layer's own; its states are h and c.
    """

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", **options: Any) -> None:
        cell_options, layer_options = divided(options, LSTMCell)
        super().__init__(**layer_options)
        self.cell = self.own_cell(LSTMCell, units, activation, recurrent_activation, **cell_options)


class GRU(Recurrent):
    """z, r = σ(·);  h̃ = tanh(x W + (r⊙h) W + b);  hₜ = z⊙hₜ₋₁ + (1 − z)⊙h̃

    Takes GRUCell's arguments (reset_after, …) besides the layer's own.
    """

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", **options: Any) -> None:
        cell_options, layer_options = divided(options, GRUCell)
        super().__init__(**layer_options)
        self.cell = self.own_cell(GRUCell, units, activation, recurrent_activation, **cell_options)
