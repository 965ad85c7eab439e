"""Layers around a layer: the same at every step, or once in each direction."""
from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from .. import ops
from ..engine import Tensor
from .layer import Layer
from .recurrent import Recurrent


class TimeDistributed(Layer):
    """yₜ = layer(xₜ) for every step:  x (N, T, …) → y (N, T, …), the same weights everywhere

    Steps become part of the batch axis, so it costs one call whatever T is. A mask (N, T, S), of the words in every sentence,
    is the layer's own; behind it a sentence counts that has a word which counts.
    """

    supports_masking = True

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(layer, Layer):
            raise TypeError(f"{self.label} goes around a layer, got {layer!r:.60}")
        self.layer = layer
        if self.input_shape is None and layer.input_shape is not None:
            self.input_shape = (None, *layer.input_shape)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) < 3:
            raise ValueError(f"{self.label} expects x of shape (batch, time, …), got {input_shape}")
        self.layer.ready(((None, *input_shape[2:]),))

    def call(self, x: Tensor, mask: Any = None) -> Tensor:
        N, T = x.shape[:2]
        inner = None if mask is None or mask.ndim < 3 else mask.reshape(N * T, *mask.shape[2:])
        y = self.layer(ops.reshape(x, (N * T, *x.shape[2:])), mask=inner)
        if not isinstance(y, Tensor):
            raise TypeError(f"{self.label} goes around a layer of one output, and {self.layer.label} returned {len(y)}: "
                            "return_state=True belongs outside")
        if y.mask is None:
            return ops.reshape(y, (N, T, *y.shape[1:]))
        y, inner = ops.reshape(y, (N, T, *y.shape[1:])), y.mask
        y.mask = inner.reshape(N, T, *inner.shape[1:])
        return y

    def compute_mask(self, x: Any, mask: Any) -> Any:
        return None if mask is None else mask.reshape(*mask.shape[:2], -1).any(axis=-1)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TimeDistributed:
        return cls(**{**config, "layer": of_its_own(config["layer"])})

    @classmethod
    def _restored(cls, config: dict[str, Any]) -> TimeDistributed:
        return cls(**config)

    def _with_mask(self, x: Any, y: Any, mask: Any) -> Any:
        return y if y.mask is not None else super()._with_mask(x, y, mask)       # the layer inside has hung its own on


MERGES = {
    "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: 0.5 * (a + b),
    None: lambda a, b: (a, b),
}


class Bidirectional(Layer):
    """y = merge(→h, ←h): the layer run forward, and another of its kind run backward  (Schuster and Paliwal 1997)

    With return_sequences, ←h is turned round, so that both belong to the same step, and masked steps give zeros (as in Keras,
    where a recurrent layer by itself repeats its state there). `merge_mode` is "concat", "sum",
    "mul", "ave" or None (both, as a tuple). With return_state the states follow: those of →h, then those of ←h.
    """

    supports_masking = True
    input_prefix = (None,)

    def __init__(self, layer: Recurrent, merge_mode: str | None = "concat", backward_layer: Recurrent | None = None,
                 **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(layer, Recurrent) or backward_layer is not None and not isinstance(backward_layer, Recurrent):
            raise TypeError(f"{self.label} goes around a recurrent layer, got {layer!r:.60}")
        if merge_mode not in MERGES:
            raise ValueError(f"{self.label}: merge_mode is 'concat', 'sum', 'mul', 'ave' or None, not {merge_mode!r}")
        if backward_layer is not None and backward_layer.go_backwards == layer.go_backwards:
            raise ValueError(f"{self.label}: backward_layer must run the other way (go_backwards)")
        self.merge_mode = merge_mode
        self.forward_layer = layer if backward_layer is not None else twin(layer, "forward", layer.go_backwards)
        self.backward_layer = backward_layer or twin(layer, "backward", not layer.go_backwards)
        if self.input_shape is None:
            self.input_shape = layer.input_shape
        self.batch_size = self.batch_size or layer.batch_size
        self.return_sequences, self.return_state, self.stateful = layer.return_sequences, layer.return_state, layer.stateful

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            layer.ready((input_shape,))

    def call(self, x: Tensor, mask: Any = None, initial_state: Any = None) -> Any:
        mask = self.forward_layer.checked_mask(mask, x)
        halves = (None, None) if initial_state is None else halved(initial_state, self)
        one = self.forward_layer(x, mask=mask, initial_state=halves[0])
        other = self.backward_layer(x, mask=mask, initial_state=halves[1])
        (a, *states_a), (b, *states_b) = (one, other) if self.return_state else ((one,), (other,))
        if self.return_sequences:
            a, b = where_it_counts(a, mask), where_it_counts(ops.flip(b, axis=1), mask)
        merged = MERGES[self.merge_mode](a, b)
        outputs = merged if isinstance(merged, tuple) else (merged,)
        return (*outputs, *states_a, *states_b) if self.return_state or len(outputs) > 1 else merged

    def compute_mask(self, x: Any, mask: Any) -> Any:
        if not self.return_sequences:
            return None
        mask = np.asarray(mask) if isinstance(mask, list) else mask
        return (mask, mask) if self.merge_mode is None else mask

    def reset_states(self) -> None:
        """Both directions begin again at zero."""
        for layer in (self.forward_layer, self.backward_layer):
            layer.reset_states()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": self.forward_layer, "backward_layer": self.backward_layer}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Bidirectional:
        both = {word: of_its_own(config[word]) for word in ("layer", "backward_layer") if config.get(word) is not None}
        return cls(**{**config, **both})

    @classmethod
    def _restored(cls, config: dict[str, Any]) -> Bidirectional:
        return cls(**config)


def of_its_own(layer: Any) -> Any:
    """A layer of the same settings that shares no weight with it; a model, whose settings are its layers, is copied whole."""
    return deepcopy(layer) if hasattr(layer, "compile") else type(layer).from_config(layer.get_config())


def where_it_counts(h: Tensor, mask: Any) -> Tensor:
    """h ⊙ mask: a step of padding has no output"""
    return h if mask is None else h * np.expand_dims(mask, 2).astype(h.dtype)


def twin(layer: Recurrent, word: str, go_backwards: bool) -> Any:
    """A new layer of the same settings, with weights of its own."""
    return type(layer).from_config({**layer.get_config(), "name": f"{word}_{layer.name}", "go_backwards": go_backwards})


def halved(states: Any, layer: Layer) -> tuple[Any, Any]:
    """The first half of the states for →h, the second for ←h."""
    states = list(states) if isinstance(states, (list, tuple)) else [states]
    if len(states) % 2:
        raise ValueError(f"{layer.label}: initial_state holds as many states for each direction, those of →h and then those of ←h; "
                         f"got {len(states)}")
    return states[: len(states) // 2], states[len(states) // 2:]
