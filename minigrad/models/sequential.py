"""Sequential: a model whose graph is a line, each layer fed by the one before it."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..engine import Tensor
from ..layers.layer import Layer
from ..layers.symbol import Input, Symbol
from ..structure import leaves
from .model import Model, refuse_equal_names


class Sequential(Model):
    """Sequential([Dense(64, input_dim=100), Activation("relu"), Dense(10)]), or layer by layer with `add`.

    Where the first layer says its input (input_shape, input_dim, or an Input before it), weights are made at once;
    otherwise when the first batch comes.
    """

    def __init__(self, layers: Iterable[Any] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.layers: list[Layer] = []
        for layer in layers or ():
            self.add(layer)
        if not self._trainable:
            self.trainable = False

    def _restore(self, inputs: Any, outputs: Any, layers: list[Layer]) -> None:
        self.layers, self.inputs, self.outputs, self.built = layers, inputs, outputs, True

    def add(self, layer: Any) -> None:
        """Puts a layer at the end."""
        if isinstance(layer, Symbol):
            if self.layers or self.inputs is not None:
                raise ValueError(f"{self.label}: an Input stands at the beginning")
            self.inputs = self.outputs = layer
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"{self.label} is made of layers, got {layer!r:.60}")
        refuse_equal_names([*self.layers, layer])
        if not self.layers and self.inputs is None:
            self.inputs = self.outputs = declared_input(layer)
        if self.outputs is not None:
            self.outputs = layer(self.outputs)
        self.layers.append(layer)
        self.built = self.outputs is not None

    def _append(self, layer: Layer) -> None:
        """Puts a layer at the end without trying it: what a file says is not computed with."""
        refuse_equal_names([*self.layers, layer])
        self.layers.append(layer)

    def pop(self) -> Layer:
        """Takes the last layer off and returns it."""
        if not self.layers:
            raise IndexError(f"{self.label} has no layers to take off")
        layer = self.layers.pop()
        if self.outputs is not None:
            self.outputs = self.outputs.call.inputs[0]
        return layer

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape (batch axis first; None for unknown)."""
        self._begin(Input(batch_shape=tuple(input_shape), dtype=self.layers[0].input_dtype if self.layers else None))

    def _build(self, inputs: tuple[Any, ...]) -> None:
        x = self._one(inputs)
        batch = x.shape[0] if any(getattr(layer, "stateful", False) for layer in self.layers) else None
        self._begin(Input(batch_shape=(batch, *x.shape[1:]), dtype=x.dtype))

    def _one(self, inputs: Any) -> Any:
        """The only input."""
        given = leaves(inputs)
        if len(given) != 1:
            raise ValueError(f"{self.label} is a line and has one input, got {len(given)}")
        return given[0]

    def _begin(self, symbol: Symbol) -> None:
        self.inputs = self.outputs = symbol
        for layer in self.layers:
            self.outputs = layer(self.outputs)
        self.built = True

    def call(self, x: Any) -> Any:
        """Each layer in turn."""
        x = self._one(x)
        if isinstance(x, Tensor) and isinstance(self.inputs, Symbol) and x.ndim < self.inputs.ndim and x.dtype.kind == self.inputs.dtype.kind:
            raise ValueError(f"{self.label} expects x of shape {self.inputs.shape}, got {x.shape}; one example alone is a batch of one, x[None]")
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def calls(self) -> list[Any]:
        """The layers' calls on Symbols, first to last; empty before the input is known."""
        found, symbol = [], self.outputs
        while isinstance(symbol, Symbol) and symbol is not self.inputs and symbol.call is not None:
            found.append(symbol.call)
            symbol = symbol.call.inputs[0]
        return found[::-1]

    @property
    def output_names(self) -> list[str] | None:
        return None


def declared_input(layer: Layer) -> Symbol | None:
    """The Input that a first layer asks for, or None if it does not say."""
    inside = getattr(layer, "inputs", None)
    if isinstance(inside, Symbol):
        return Input(batch_shape=inside.shape, dtype=inside.dtype)
    if layer.input_shape is None:
        return None
    return Input(layer.input_shape, layer.batch_size, layer.input_dtype)
