"""Model: layers put together, and what one does with them: compile, fit, evaluate, predict, save.

`Model(inputs, outputs)` is a graph of Symbols: the calls between inputs and outputs, sorted by time, run again on
tensors: the engine's own trick. A subclass with its own `call` is a Model too, and so is Sequential. A Model is a
Layer, so models nest.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, optimizers
from ..engine import Tensor, wrap
from ..layers.layer import Layer, Parameter
from ..layers.symbol import Call, Symbol, named
from ..structure import leaves, map_leaves
from ..training import loop
from ..training.batches import as_batches, is_data, split_off
from ..training.callbacks import CallbackList, History
from ..training.progress import progress_for
from .objective import Objective
from .summary import summary_table


class Model(Layer):
    """`Model(inputs, outputs)`, or a subclass that sets layers as attributes and defines `call(self, x)`."""

    def __init__(self, inputs: Any = None, outputs: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.optimizer: Any = None
        self.stop_training = False
        self.history: History | None = None
        self._objective: Objective | None = None
        self._compiled: dict[str, Any] = {}
        self.inputs: Any = None
        self.outputs: Any = None
        if outputs is not None:
            self._connect(inputs, outputs)

    def _restore(self, inputs: Any, outputs: Any, layers: list[Layer]) -> None:
        """For a model from a file: its graph is given instead of found."""
        self._connect(inputs, outputs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {word: value for word, value in config.items() if word not in ("inputs", "outputs", "layers")}

    # ---------------------------------------------------------------- a graph of Symbols

    def _connect(self, inputs: Any, outputs: Any) -> None:
        """Keeps the calls that lead from the inputs to the outputs, oldest first."""
        for nest, word in ((inputs, "inputs"), (outputs, "outputs")):
            for one in leaves(nest):
                if not isinstance(one, Symbol):
                    raise TypeError(f"a Model's {word} are Symbols (what Input and layers called on it return), got {one!r:.60}")
        self.inputs, self.outputs = inputs, outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
        self._graph = calls_between(leaves(inputs), leaves(outputs))
        self.layers = list(dict.fromkeys(call.op for call in self._graph if isinstance(call.op, Layer)))
        refuse_equal_names(self.layers)
        given = [one for call in self._graph for one in leaves((call.inputs, call.options))]
        refuse_computed(given)
        self.operands = list(dict.fromkeys(one for one in given if isinstance(one, Parameter)))    # as in `symbol * parameter`
        self.built = True
        if not self._trainable:
            self.trainable = False

    def call(self, inputs: Any) -> Any:
        """Runs the graph: every call in order of its time."""
        if self.outputs is None:
            raise NotImplementedError(f"{type(self).__name__} has neither outputs nor a call(self, x) of its own")
        values = dict(zip(leaves(self.inputs), self._arranged(inputs)))
        for call in self._graph:
            values.update(zip(leaves(call.outputs), leaves(call.run(values))))
        return map_leaves(values.__getitem__, self.outputs)

    def _arranged(self, inputs: Any) -> list[Tensor]:
        """The given tensors in the order of the model's inputs, of their dtype, their shapes checked."""
        symbols = leaves(self.inputs)
        if isinstance(inputs, dict):
            keys = list(self.inputs) if isinstance(self.inputs, dict) else [symbol.name for symbol in symbols]
            missing = [str(key) for key in keys if key not in inputs]
            if missing:
                raise ValueError(f"{self.label} misses the input {', '.join(missing)}; got {', '.join(map(str, inputs))}")
            given = [inputs[key] for key in keys]
        else:
            given = leaves(inputs)
        if len(given) != len(symbols):
            raise ValueError(f"{self.label} has {len(symbols)} inputs, got {len(given)}")
        return [fitting(one, symbol, self) for one, symbol in zip(given, symbols)]

    def _with_mask(self, x: Any, y: Any, mask: Any) -> Any:
        return y                                      # the last layers have hung their masks on already

    @property
    def input(self) -> Any:
        """The Symbols that the model begins with."""
        return super().input if self.inputs is None else self.inputs

    @property
    def output(self) -> Any:
        """The Symbols that the model ends with."""
        return super().output if self.outputs is None else self.outputs

    @property
    def calls(self) -> list[Call]:
        """The graph, oldest call first: what is drawn, saved and run."""
        return list(self._graph) if self.outputs is not None else []

    @property
    def output_names(self) -> list[str] | None:
        """For a graph: dict keys, or the names of the layers that made the outputs."""
        if self.outputs is None:
            return None
        if isinstance(self.outputs, dict):
            return list(self.outputs)
        names = [one.name if one.call is None else named_output(one.call) for one in leaves(self.outputs)]
        return [name if names.count(name) == 1 else f"{name}_{k + 1}" for k, name in enumerate(names)]  # type: ignore[misc]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place."""
        layers = self.sublayers()
        if index is not None:
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"{self.label} has no layer {name!r}; it has {', '.join(layer.name for layer in layers)}")

    def sublayers(self) -> list[Layer]:
        """The layers that the model is made of, in order; layers inside those do not count."""
        listed = vars(self).get("layers")
        if listed is not None:
            return list(listed)
        return list(dict.fromkeys(one for value in vars(self).values() for one in leaves(value) if isinstance(one, Layer)))

    def __repr__(self) -> str:
        layers = len(self.sublayers())
        return f"{type(self).__name__}({self.name!r}, {layers} layer{'s' * (layers != 1)}, {self.count_params():,} weights)"

    def summary(self, print_fn: Callable[[str], Any] | None = print, width: int = 80) -> str:
        """Prints (and returns) a table of the layers, their shapes, weights, and what they are connected to."""
        table = summary_table(self, width)
        if print_fn is not None:
            print_fn(table)
        return table

    # ---------------------------------------------------------------- training

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, loss_weights: Any = None,
                weighted_metrics: Any = None) -> None:
        """Says how to train: names or objects, for several outputs as lists or dicts."""
        self.optimizer = optimizers.get(optimizer)
        self._compiled = {"loss": loss, "metrics": metrics, "loss_weights": loss_weights, "weighted_metrics": weighted_metrics}
        self._objective = Objective(**self._compiled)
        self._objective.bind_at_compile(self.output_names)

    def fit(self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: int | str = "auto",
            callbacks: Any = None, validation_split: float = 0.0, validation_data: Any = None, shuffle: bool = True,
            class_weight: dict[int, float] | None = None, sample_weight: Any = None, initial_epoch: int = 0,
            steps_per_epoch: int | None = None, validation_steps: int | None = None,
            validation_batch_size: int | None = None, validation_freq: Any = 1, seed: int | None = None) -> History:
        """Trains for `epochs` passes over the data; see training/loop.py for what that means, line by line."""
        self._need_compile("fit")
        if validation_split and not is_data(x):
            raise ValueError("validation_split cuts arrays; where x is an iterable of batches, give validation_data")
        if validation_split:
            (x, y, sample_weight), validation_data = split_off(validation_split, x, y, sample_weight)
        batches = as_batches(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, seed=seed,
                             steps=steps_per_epoch, class_weight=class_weight)
        pair = isinstance(validation_data, tuple) or isinstance(validation_data, list) and len(validation_data) in (2, 3) and is_data(validation_data)
        validation = None if validation_data is None else as_batches(
            *(validation_data if pair else (validation_data,)),
            batch_size=validation_batch_size or batch_size, steps=validation_steps)
        given = [callbacks] if hasattr(callbacks, "on_epoch_end") else list(callbacks or [])
        self.history = loop.fit(self, batches, epochs, validation=validation, callbacks=[*given, *progress_for(verbose)],
                                initial_epoch=initial_epoch, validation_freq=validation_freq)
        return self.history

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int | str = 0,
                 sample_weight: Any = None, steps: int | None = None, callbacks: Any = None, return_dict: bool = False) -> Any:
        """The loss, followed by the metrics if there are any (a list), or all of them by name."""
        self._need_compile("evaluate")
        batches = as_batches(x, y, sample_weight, batch_size=batch_size, steps=steps)
        logs = loop.evaluate(self, batches, CallbackList(callbacks, self, {}))
        if not logs:
            raise ValueError("there is nothing to evaluate: no batches came")
        values = list(logs.values())
        return logs if return_dict else values[0] if len(values) == 1 else values

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = 0, steps: int | None = None,
                callbacks: Any = None) -> Any:
        """The outputs for all examples as NumPy arrays; layers behave as in use, not as in training."""
        return loop.predict(self, as_batches(x, batch_size=batch_size, steps=steps, targets=False), CallbackList(callbacks, self, {}))

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: dict[int, float] | None = None,
                       return_dict: bool = False) -> Any:
        """One update on one batch; returns the loss (and metrics) of this batch alone."""
        return self._on_batch("train_on_batch", self.train_step, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss (and metrics) of one batch, without an update."""
        return self._on_batch("test_on_batch", self.test_step, x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return loop.predict(self, [(x,)])

    def _on_batch(self, word: str, step: Callable[..., dict[str, float]], x: Any, y: Any, sample_weight: Any,
                  class_weight: Any, return_dict: bool) -> Any:
        self._need_compile(word)
        self.reset_metrics()
        size = max(1, len(next(iter(leaves(x)))))
        batches = as_batches(x, y, sample_weight, batch_size=size, class_weight=class_weight)
        logs = step(*next(iter(batches)))
        values = list(logs.values())
        return logs if return_dict else values[0] if len(values) == 1 else values

    def train_step(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
        """What fit does with one batch; a subclass may do something else."""
        return loop.train_step(self, x, y, sample_weight)

    def test_step(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
        """What evaluate does with one batch."""
        return loop.test_step(self, x, y, sample_weight)

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The compiled losses, plus the regularisers' penalties."""
        assert self._objective is not None
        total = self._objective(y, y_pred, sample_weight)
        for penalty in self.losses:
            total = penalty if total is None else total + penalty
        if total is None or y is not None and not self._objective.has_loss:
            raise ValueError("the model was compiled without a loss: compile(loss=…), or add_loss in a layer and no targets, or a loop of your own")
        return total

    def update_metrics(self, loss: Tensor, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, float]:
        """Takes a batch into the running means and returns them by name."""
        assert self._objective is not None
        return self._objective.update(loss, y, y_pred, sample_weight)

    @property
    def metrics(self) -> list[Any]:
        """The running means: the loss first, then what compile asked for."""
        return self._objective.metrics if self._objective is not None else []

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """All running means begin again."""
        if self._objective is not None:
            self._objective.reset()

    def metrics_state(self) -> dict[str, Any]:
        """What the running means hold now."""
        return {} if self._objective is None else self._objective.state()

    def set_metrics_state(self, state: dict[str, Any]) -> None:
        """The inverse of metrics_state."""
        if self._objective is not None:
            self._objective.set_state(state)

    def reset_states(self) -> None:
        """Stateful recurrent layers begin again with zeros."""
        for layer in self.layers_inside():
            if layer is not self and hasattr(layer, "reset_states") and not isinstance(layer, Model):
                layer.reset_states()

    def generators(self) -> list[np.random.Generator]:
        """Every random generator that training draws from."""
        own = [layer.draws() for layer in self.layers_inside() if getattr(layer, "seed", None) is not None and hasattr(layer, "draws")]
        return [backend.generator(), *own]

    def _need_compile(self, word: str) -> None:
        if self._objective is None:
            raise RuntimeError(f"call compile(optimizer=…, loss=…) on {self.label} before {word}")

    # ---------------------------------------------------------------- files

    def save(self, path: Any) -> None:
        """Architecture, weights and optimiser in one file."""
        from . import saving
        saving.save_model(self, path)

    def save_weights(self, path: Any) -> None:
        """The weights alone, as safetensors or (path ends in .npz) as NumPy's archive."""
        from . import saving
        saving.save_weights(self, path)

    def load_weights(self, path: Any) -> None:
        """The inverse of save_weights; a file that does not fit changes nothing."""
        from . import saving
        saving.load_weights(self, path)

    def save_checkpoint(self, path: Any, position: dict[str, Any]) -> None:
        """Weights, optimiser and whatever else says where training stands."""
        from . import saving
        saving.save_checkpoint(self, path, position)

    def load_checkpoint(self, path: Any, accept: Callable[[dict[str, Any]], Any] | None = None) -> dict[str, Any]:
        """The inverse: restores weights and optimiser, returns the rest. `accept(position)` may refuse by raising."""
        from . import saving
        return saving.load_checkpoint(self, path, accept)


# ------------------------------------------------------------------------------- the graph

def calls_between(inputs: list[Symbol], outputs: list[Symbol]) -> list[Call]:
    """The calls that the outputs need, oldest first. An output is always younger than what it was made of."""
    found: dict[Call, None] = {}
    begin, open_ends = set(inputs), list(outputs)
    while open_ends:
        symbol = open_ends.pop()
        if symbol in begin:
            continue
        if symbol.call is None:
            raise ValueError(f"the outputs depend on {symbol!r}, which is not among the model's inputs. (The layers of a nested model belong to "
                             "its own graph: cut it by itself, Model(inner.input, …), and call the piece.)")
        if symbol.call not in found:
            found[symbol.call] = None
            open_ends.extend(symbol.call.sources)
    return sorted(found, key=lambda call: call.time)


def refuse_computed(given: list[Any]) -> None:
    """A tensor made of weights before the graph would keep the value that it has now, whatever training does to them."""
    for one in given:
        if isinstance(one, Tensor) and one.op is not None:
            raise ValueError(f"a {named(one.op)} of weights, of shape {one.shape}, stands beside a Symbol; training would not move it: "
                             "compute it in a Lambda or a Layer, or take its .detach() for a constant")


def named_output(call: Call) -> str:
    return call.op.name if isinstance(call.op, Layer) else named(call.op)


def refuse_equal_names(layers: list[Layer]) -> None:
    """Names tell layers apart in files and summaries."""
    names = [layer.name for layer in layers]
    for layer in layers:
        if layers.count(layer) > 1:
            raise ValueError(f"{layer.label} stands twice in a line; a layer is shared in a Model(inputs, outputs)")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise ValueError(f"two different layers of the model are called {name!r}; give one of them another name")


def fitting(x: Tensor, symbol: Symbol, model: Layer) -> Tensor:
    """The tensor, of the Input's dtype; a shape that the Input does not allow is refused."""
    if x.ndim != symbol.ndim or any(known not in (None, size) for known, size in zip(symbol.shape[1:], x.shape[1:])):
        raise ValueError(f"{model.label} expects an input{f' {symbol.name!r}' if symbol.name else ''} of shape {symbol.shape}, "
                         f"got {x.shape}")
    if x.dtype.kind != symbol.dtype.kind and not x.requires_grad:
        mask, x = x.mask, wrap(x.array.astype(symbol.dtype))
        x.mask = mask
    return x
