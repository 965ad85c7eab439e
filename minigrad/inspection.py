"""Looking inside a recurrent net: how far gradients reach, what the gates do, what a cell stands for.

The first half asks for derivatives: ∂L/∂hₜ along a sequence and ∂h_T/∂hₜ, the product of Jacobians that decides whether a
far past can be learned from. The second half asks for values: how often gates are shut or open, which cell follows which
property of a text; `paint` (painting.py) shows a text with what one cell does while it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import ops
from .backend import to_cpu
from .engine import Scope, Tensor, gradients, primitives, scope
from .painting import Painting, paint
from .trace import Trace

__all__ = ["Cell", "Painting", "best_cell", "correlation", "gates", "gradient_norms", "largest_singular_values",
           "linear_probe", "paint", "saturation", "spectral_radius", "state_jacobians", "unrolled"]  # fmt: skip


# -------------------------------------------------------------------------- how far gradients reach


def unrolled(layer: Any, x: Any, initial_state: Any = None, mask: Any = None) -> list[tuple[Tensor, ...]]:
    """s₀, s₁, …, s_T: the states before the first step and after each step, every one a tensor of one graph.

    `layer` is a recurrent layer or a cell, x is (N, T, features) or integers (N, T). For an LSTM a state is (h, c). The
    first states are zeros unless given, and they require gradients too, so that one can ask how the end depends on them.
    A layer that goes backwards visits the last step first; where `mask` (or x's own) is False, the states stay.
    """
    cell = getattr(layer, "cell", layer)
    if not hasattr(cell, "step"):
        raise TypeError(f"unrolled takes a recurrent layer or a cell, got {layer!r:.60}; of a Bidirectional, one of its two layers")
    mask = getattr(x, "mask", None) if mask is None else np.asarray(mask, dtype=bool)
    x = vectors(layer, cell, x)
    states = [first_states(cell, x, initial_state)]
    for t in reversed(range(x.shape[1])) if getattr(layer, "go_backwards", False) else range(x.shape[1]):
        with scope(layer.name, t=t):
            new = cell(x[:, t], states[-1])[1]
            states.append(new if mask is None else tuple(ops.where(mask[:, t, None], *both) for both in zip(new, states[-1])))
    return states


def vectors(layer: Any, cell: Any, x: Any) -> Tensor:
    """x (N, T, features), in the cell's dtype; integers (N, T) as one-hot vectors. A new layer is built for it."""
    array = x.array if isinstance(x, Tensor) else np.asarray(x)
    if not layer.built:
        layer.ready((array.shape,))
    if array.ndim == 2:
        features = layer.features if hasattr(layer, "features") else cell.W_xh.shape[0]
        return Tensor(np.eye(features, dtype=cell.dtype)[to_cpu(array)])
    return x.astype(cell.dtype) if isinstance(x, Tensor) else Tensor(np.asarray(x, dtype=cell.dtype))


def first_states(cell: Any, x: Tensor, given: Any) -> tuple[Tensor, ...]:
    """Zeros, or the given states (one, or a list of them), as tensors that require gradients."""
    shapes = [(x.shape[0], size) for size in cell.state_sizes]
    given = [np.zeros(shape) for shape in shapes] if given is None else given if isinstance(given, (list, tuple)) else [given]
    found = [np.shape(one) for one in given]
    if found != shapes:
        raise ValueError(f"{cell.label}: initial_state must have the shapes {shapes}, got {found}")
    return tuple(Tensor(np.asarray(one, dtype=cell.dtype), requires_grad=True) for one in given)


def gradient_norms(loss: Tensor, states: Sequence[Tensor]) -> np.ndarray:
    """‖∂L/∂hₜ‖ for every state in the list: (len(states),); the norm is taken over units and examples together."""
    return np.array([float(np.linalg.norm(to_cpu(g.array))) for g in gradients(loss, states)])


def state_jacobians(last: Tensor, states: Sequence[Tensor]) -> np.ndarray:
    """Jₜ[n, i, j] = ∂last[n, i]/∂hₜ[n, j] = Π ∂h_k/∂h_{k−1} over k = t+1 … T: (len(states), N, units of last, units of hₜ).

    One walk back for each unit of `last` (N, units); the examples of a batch do not meet, so they share the walks.
    """
    rows = []
    for unit in range(last.shape[1]):
        seed = np.zeros(last.shape, last.dtype)
        seed[:, unit] = 1
        rows.append([to_cpu(g.array) for g in gradients(last, states, seed=seed)])
    return np.moveaxis(np.array(rows), 0, 2)          # from (unit, state, N, units)


def largest_singular_values(jacobians: Any) -> np.ndarray:
    """σ₁ = max ‖J v‖/‖v‖ of each matrix (…, m, n): the most by which any change of the earlier state can grow: (…,)."""
    return np.linalg.norm(np.asarray(jacobians), ord=2, axis=(-2, -1))


def spectral_radius(W: Any) -> float:
    """ρ = max |λ|: the factor by which Wᵏ grows with k, in the long run."""
    return float(np.abs(np.linalg.eigvals(np.asarray(W))).max())


# -------------------------------------------------------------------------- what gates do


def gates(layer: Any, x: Any) -> dict[str, np.ndarray]:
    """{"i": …, "f": …, "o": …} for an LSTM, {"z": …, "r": …} for a GRU: values along x, each (N, T, units).

    They are read off the recorded graph: whatever comes out of a sigmoid (or hard_sigmoid, or is 1 − such a gate) at every
    step, under the name of the variable that holds it, or of the sum that it was taken of. So it works for cells of your
    own, too. Stacked cells put their names before it: "lstm_cell/f", and "lstm_cell:2/f" for the second of that name.
    What a stateful layer carries stays as it was.
    """
    held = layer.remembered()
    with Trace() as trace:
        layer(x)
    if hasattr(layer, "reset_states"):
        layer.reset_states()                                         # where a new layer begins
    for state, array in held.items():
        state.data = array
    found: dict[tuple[str, str], dict[int, Any]] = {}
    lengths: dict[str, int] = {}
    uses: dict[tuple[str, int], list[Scope]] = {}
    for y in trace.tensors:
        step = y.scope.step
        if step is not None:
            inside = numbered(y.scope.path.removeprefix(layer.name).strip("/"), y.scope, uses)
            lengths[inside] = max(lengths.get(inside, 0), step + 1)
            if (name := gate_name(trace, y)) is not None:
                found.setdefault((inside, name), {})[step] = to_cpu(y.array)
    return {f"{inside}/{name}" if inside else name: np.stack([steps[t] for t in sorted(steps)], axis=1)
            for (inside, name), steps in found.items() if len(steps) == lengths[inside]}


def numbered(path: str, scope: Scope, uses: dict[tuple[str, int], list[Scope]]) -> str:
    """The path, with ":2", ":3", … where it is entered for the second, third … time in one step: cells of one name, or one cell twice."""
    entered = uses.setdefault((path, scope.step or 0), [])
    number = next((k for k, one in enumerate(entered, 1) if one is scope), 0)
    if not number:
        entered.append(scope)
        number = len(entered)
    return path if number == 1 else f"{path}:{number}"


def squashed(y: Any) -> bool:
    """Whether y came out of a sigmoid or a hard_sigmoid."""
    return isinstance(y, Tensor) and (y.op is ops.sigmoid or y.op is primitives["clip"] and y.settings == {"min": 0.0, "max": 1.0})


def gate_name(trace: Trace, y: Tensor) -> str | None:
    """The name of a gate: a named slice of a sigmoid or 1 − sigmoid, or a sigmoid by its own name or its sum's first summand's."""
    if y.op is primitives["getitem"] or y.op is primitives["subtract"]:
        return trace.name(y) if squashed(y.inputs[-1]) else None
    if not squashed(y):
        return None
    if (name := trace.name(y)) is not None:
        return name
    summand: Any = y.inputs[0]
    while trace.name(summand) in (None, "x") and summand.op in (ops.add, ops.multiply) and isinstance(summand.inputs[0], Tensor):
        summand = summand.inputs[0]                                  # x is what hard_sigmoid calls its argument
    name = trace.name(summand)
    return name if name is not None and "_" not in name else None


class Saturation(NamedTuple):
    """The fraction of the time that each unit's gate spends near 0 (`left`) and near 1 (`right`): (units,) each."""

    left: np.ndarray
    right: np.ndarray


def saturation(gate: Any, low: float = 0.1, high: float = 0.9) -> Saturation:
    """left = P(gate < low), right = P(gate > high), for each unit over all examples and steps of (…, units).

    A forget gate at right all the time keeps its cell for ever; at left it makes the cell forget at once (Karpathy,
    Johnson and Fei-Fei 2016 plot one against the other).
    """
    values = np.asarray(gate).reshape(-1, np.shape(gate)[-1])
    return Saturation((values < low).mean(axis=0), (values > high).mean(axis=0))


# -------------------------------------------------------------------------- what a cell stands for


def correlation(activations: Any, feature: Any) -> np.ndarray:
    """r_u = cov(a_u, y)/(σ_u σ_y) of every unit's activation (…, units) with a feature (…): (units,); 0 where one is constant."""
    a = np.asarray(activations, dtype=np.float64)
    a, y = a.reshape(-1, a.shape[-1]), np.asarray(feature, dtype=np.float64).ravel()
    if len(a) != len(y):
        raise ValueError(f"activations of {len(a)} places and a feature of {len(y)} cannot be compared")
    da, dy = a - a.mean(axis=0), y - y.mean()
    spread_a, spread_y = np.linalg.norm(da, axis=0), np.linalg.norm(dy)
    varies = (spread_a > 1e-12 * np.linalg.norm(a, axis=0)) & (spread_y > 1e-12 * np.linalg.norm(y))    # more than rounding
    return np.where(varies, (da / np.where(varies, spread_a, 1.0)).T @ (dy / (spread_y or 1.0)), 0.0)


class Cell(NamedTuple):
    """The unit that follows a feature most closely, its r where it was chosen, and its r on places that had no say."""

    unit: int
    r: float
    held_out: float


def best_cell(activations: Any, feature: Any, chosen_on: float = 0.5) -> Cell:
    """The unit with the largest |r| on the first part of the sequence; the second part says what that is worth.

    The best of many units correlates with anything, by chance alone: only `held_out` is an answer, and only compared
    with the same of an untrained net. activations (T, units), feature (T,).
    """
    cut = int(len(activations) * chosen_on)
    r = correlation(activations[:cut], feature[:cut])
    unit = int(np.abs(r).argmax())
    held_out = correlation(np.asarray(activations)[cut:, unit : unit + 1], feature[cut:])
    return Cell(unit, float(r[unit]), float(held_out[0]))


def linear_probe(activations: Any, feature: Any, fitted_on: float = 0.5, ridge: float = 1e-3) -> float:
    """r between the feature and a · w + w₀ on held-out places, w fitted by least squares on the others: what *all* units know."""
    a, y = np.asarray(activations, dtype=np.float64), np.asarray(feature, dtype=np.float64)
    cut = int(len(a) * fitted_on)
    mean, target = a[:cut].mean(axis=0), y[:cut].mean()
    d = a[:cut] - mean
    w = np.linalg.solve(d.T @ d + ridge * cut * np.eye(a.shape[1]), d.T @ (y[:cut] - target))
    return float(correlation(((a[cut:] - mean) @ w)[:, None], y[cut:])[0])


# -------------------------------------------------------------------------- what is started, and where


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array as if on a GPU: its values are elsewhere; it counts the operations launched on it and the numbers fetched.

    NumPy asks it before it acts (NEP 13 and NEP 18), so code that only uses NumPy's functions and array methods runs on it
    and never sees a value. `launches` and `trips` count for the whole class: set both to 0 before what is to be counted.
    """

    launches = trips = 0
    FREE = ("reshape", "swapaxes", "transpose", "broadcast_to", "empty_like", "__getitem__")  # views and empty arrays

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("the values are elsewhere; float(x) fetches one number")

    def item(self) -> Any:
        """The one number that it holds; whoever asks waits until all that was launched is done."""
        Elsewhere.trips += 1
        return self.values.item()

    def __float__(self) -> float:
        return float(self.item())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if not all(isinstance(x, (Elsewhere, np.ndarray, np.generic, int, float, list, tuple)) for x in inputs):
            return NotImplemented                            # a Tensor, which knows better what to do
        return self.launch(getattr(ufunc, method), inputs, options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return self.launch(function, inputs, options)

    def __getitem__(self, index: Any) -> Any:
        return self.launch(self.values.__getitem__, (index,), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.launch(self.values.__setitem__, (index, value), {})

    def __len__(self) -> int:
        return len(self.values)

    def __getattr__(self, name: str) -> Any:             # the methods and the shape of the array that it stands for
        if name.startswith("__") or name in ("tolist", "tobytes", "data", "flat"):
            raise AttributeError(f"an array elsewhere has no {name}")
        found = getattr(self.values, name)
        return (lambda *inputs, **options: self.launch(found, inputs, options)) if callable(found) else _there(found)

    @staticmethod
    def launch(function: Any, inputs: Any, options: dict[str, Any]) -> Any:
        """Do it where the values are; the result stays there."""
        if function not in (np.array, np.asarray) and any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
            raise TypeError("an array from here meets one from elsewhere")
        Elsewhere.launches += function.__name__ not in Elsewhere.FREE
        result = function(*_here(inputs), **{name: _here(value) for name, value in options.items()})
        return options["out"][0] if isinstance(options.get("out"), tuple) else _there(result)


def _here(x: Any) -> Any:
    return x.values if isinstance(x, Elsewhere) else type(x)(map(_here, x)) if isinstance(x, (list, tuple)) else x


def _there(x: Any) -> Any:
    return Elsewhere(x) if isinstance(x, (np.ndarray, np.generic)) else x
