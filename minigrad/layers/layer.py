"""Layer: something with weights that turns tensors into tensors.

A layer makes its weights when it first meets an input, casts floating inputs to its dtype, computes inside a scope that
bears its name, and finds its parameters by looking at its own attributes. Given a Symbol instead of a Tensor it returns
a Symbol: that is the whole of the functional API as seen from here.
"""
from __future__ import annotations

import difflib
import inspect
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .. import backend, initializers, ops, regularizers
from ..engine import Parameter, Tensor, no_grad, scope
from ..registry import Registry, arguments, settings, shown, snake_case
from ..structure import leaves, map_leaves
from .symbol import Call, Symbol, zeros_for

_training = False                            # what the enclosing call said
_depth, _passes = 0, 0                       # how many calls enclose this one; how many outermost calls there were
_names: dict[str, int] = {}
MOST_NUMBERS = 1_000_000                     # how large a batch a layer from a file may be tried on
registry = Registry("layer")                 # the classes that a model file may name


def register(kind: Any) -> Any:
    """Makes a layer class of your own known by its name, so that models with it can be saved and loaded; a decorator."""
    return registry.add(kind)


class State(Tensor):
    """What a layer remembers but never differentiates: moving statistics, a carried state. Rebind it with `.data =`."""

    __slots__ = ()


def unique_name(word: str) -> str:
    """dense, dense_1, dense_2, …: each word counted for itself, as in Keras."""
    count = _names.get(word, 0)
    _names[word] = count + 1
    return f"{word}_{count}" if count else word


def reset_names() -> None:
    """Begins again at `dense`."""
    _names.clear()


def in_training() -> bool:
    """Whether the enclosing call said training=True."""
    return _training


ARRAYS = (Tensor, np.ndarray)
FLAT = frozenset({Tensor, Parameter, np.ndarray, bool, int, float, str, type(None)})    # what has nothing inside


class training_mode:
    """Inside, `training` holds for every layer that is not told otherwise; None changes nothing."""

    def __init__(self, training: bool | None) -> None:
        self.training = training

    def __enter__(self) -> None:
        global _training, _depth, _passes
        self.outer = _training
        _training = _training if self.training is None else bool(self.training)
        _passes, _depth = _passes + (_depth == 0), _depth + 1

    def __exit__(self, *_: object) -> None:
        global _training, _depth
        _training, _depth = self.outer, _depth - 1


class Layer:
    """Subclasses define `call(x)`, and `build(input_shape)` where they have weights.

    `call` may also ask for `training` and `mask` by naming them as arguments, and for options of its own. Constructor
    arguments are kept as attributes of the same names: that alone makes a layer printable and saveable.
    Shapes given to `build` contain the batch axis; it is None where the layer was called on a Symbol.
    """

    supports_masking = False                 # whether an input's mask is handed on to the output unchanged
    casts_integers = False                   # whether integer inputs, too, become this layer's floating dtype
    input_dtype: Any = None                  # the dtype of the Input that a model makes for this layer; None is floatx
    input_prefix: tuple[int | None, ...] = ()  # what stands before the features in the shape that input_dim means
    _asks: frozenset[str] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._asks = frozenset(inspect.signature(cls.call).parameters) & {"training", "mask"}

    def __init__(self, *, name: str | None = None, trainable: bool = True, dtype: Any = None,
                 input_shape: tuple[int | None, ...] | None = None, input_dim: int | None = None,
                 batch_size: int | None = None, activity_regularizer: Any = None, **older: Any) -> None:
        if input_dim is not None:
            input_shape = (*self.input_prefix, input_dim)
        input_shape, batch_size, self._given_weights = told_as_before(self, input_shape, batch_size, **older)
        self.name = name if name is not None else unique_name(snake_case(type(self).__name__))
        self.dtype = np.dtype(dtype if dtype is not None else backend.floatx()).name
        self.input_shape = None if input_shape is None else tuple(input_shape)
        self.batch_size = batch_size
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self._trainable = trainable
        self._calls: list[Call] = []

    # ---------------------------------------------------------------- what subclasses define

    def build(self, input_shape: Any) -> None:
        """Makes the weights. Called once, before the first `call`."""

    def call(self, *x: Any, **options: Any) -> Any:
        """Tensors in, Tensors out; a subclass writes `call(self, x)`."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, x)")

    def compute_mask(self, x: Any, mask: Any) -> Any:
        """The mask that travels on with the output."""
        return mask if self.supports_masking and not isinstance(mask, (list, dict)) else None

    # ---------------------------------------------------------------- calling

    def __call__(self, x: Any, *more: Any, training: bool | None = None, mask: Any = None, **options: Any) -> Any:
        if "_calls" not in vars(self):
            raise TypeError(f"{type(self).__name__}.__init__ must call super().__init__() before anything else")
        flat = not more and isinstance(x, ARRAYS) and (not options or all(type(one) in FLAT for one in options.values()))
        if not flat:                                                         # the commonest case is spared the walk through nests
            x = as_one_array(x) if isinstance(x, (list, tuple)) else x
            if any(isinstance(one, Symbol) for one in leaves((x, *more, options))):
                return self._record((x, *more), options, training, mask)
        with scope(self.name), training_mode(training):
            inputs = (self._cast(x),) if flat else map_leaves(self._cast, (x, *more))
            options = options and map_leaves(self._cast_option, options)
            mask = carried_mask(inputs[0]) if mask is None else mask
            if not self.built:
                self._build(inputs)
            if "training" in self._asks:
                options["training"] = _training
            if "mask" in self._asks:
                options["mask"] = mask
            y = self.call(*inputs, **options)
            if self.activity_regularizer is not None:
                for one in leaves(y):                                  # the mean over the examples, however many there are
                    self.add_loss(self.activity_regularizer(one) * (1.0 / max(1, one.shape[0]) if one.ndim else 1.0))
            return self._with_mask(inputs[0], y, self.compute_mask(inputs[0], mask))

    def _cast(self, x: Any) -> Any:
        """Arrays, lists and numbers become Tensors; floating ones get this layer's dtype. None stays None."""
        if x is None:
            return None
        if not isinstance(x, Tensor):
            x = Tensor(np.asarray(x) if isinstance(x, (int, float)) else x)
        if (x.dtype.kind == "f" or self.casts_integers) and x.dtype != self.dtype:
            mask, x = x.mask, x.astype(self.dtype)
            x.mask = mask
        return x

    def _cast_option(self, value: Any) -> Any:
        return self._cast(value) if isinstance(value, (Tensor, np.ndarray)) else value

    def _build(self, inputs: tuple[Any, ...]) -> None:
        """First use: the weights are made for the inputs' shapes, and live where the inputs live."""
        shapes = map_leaves(lambda x: None if x is None else x.shape, inputs)
        self._first_inputs = map_leaves(lambda x: None if x is None else Symbol((None, *x.shape[1:]), x.dtype), inputs)
        self._make(shapes)
        first = next((x for x in leaves(inputs) if x is not None), None)
        if first is not None and not backend.on_host(first.array):
            self.to_gpu()

    def ready(self, shapes: tuple[Any, ...]) -> None:
        """Builds the layer for the shapes of Symbols, if it was not built before."""
        if not self.built and shapes and all(shape is None or is_shapes(shape) for shape in shapes):
            self._make(shapes)

    def _make(self, shapes: tuple[Any, ...]) -> None:
        """The weights, as their initialisers or somebody's `weights=[…]` say."""
        self.build(shapes[0] if len(shapes) == 1 else list(shapes))
        self.built = True
        if self._given_weights is not None:
            self.set_weights(self._given_weights)
            self._given_weights = None
        if not self._trainable:
            self.trainable = False                               # also of the layers inside

    def meet(self, inputs: tuple[Any, ...]) -> None:
        """Makes the weights for inputs that are Symbols, computing nothing, as for a model from a file.

        Only a layer of somebody's own that has layers inside, and meets their sizes in its `call`, is run on zeros.
        """
        self.ready(map_leaves(lambda one: getattr(one, "shape", None), inputs))
        inside = self.layers_inside()
        if all(one.built for one in inside) or all(type(one).__module__.startswith("minigrad.") for one in inside):
            return
        count = sum(math.prod(32 if size is None else size for size in one.shape) for one in leaves(inputs) if isinstance(one, Symbol))
        if count > MOST_NUMBERS:
            raise ValueError(f"{self.label} was first called with {count} numbers, which is too much to try")
        with no_grad():
            self(*map_leaves(lambda one: zeros_for(one, 1, 32) if isinstance(one, Symbol) else one, inputs))

    def remembered(self) -> dict[State, Any]:
        """What this layer's States hold now: a trial on zeros puts it back."""
        return {weight: weight.array for weight in self.weights if isinstance(weight, State)}

    def _with_mask(self, x: Any, y: Any, mask: Any) -> Any:
        """Hangs the mask on the output; a layer that returned its very input gets a new Tensor for it.

        A layer that says nothing of masks leaves them to the operations in its call (masks.py).
        """
        if mask is None and not self.supports_masking and type(self).compute_mask is Layer.compute_mask:
            return y
        if isinstance(y, tuple):
            masks = mask if isinstance(mask, tuple) else (mask,)        # one alone belongs to the first output
            return (*(self._with_mask(x, one, its) for one, its in zip(y, masks)), *y[len(masks):])
        if isinstance(y, Tensor) and y.mask is not mask:
            if any(y is one for one in leaves(x)):
                y = ops.reshape(y, y.shape)
            y.mask = mask
        return y

    def _record(self, inputs: tuple[Any, ...], options: dict[str, Any], training: bool | None, mask: Any) -> Any:
        """The same call, on Symbols: remembered, its shape found by trying it on zeros, nothing kept."""
        if training is not None:
            options = {**options, "training": training}
        if mask is not None:
            options = {**options, "mask": mask}
        call = Call(self, inputs, options)
        self._calls.append(call)
        return call.outputs

    # ---------------------------------------------------------------- weights

    def add_weight(self, name: str | None = None, shape: tuple[int, ...] = (), initializer: Any = "glorot_uniform", *,
                   trainable: bool = True, regularizer: Any = None, constraint: Any = None) -> Any:
        """Makes a Parameter (or, with trainable=False, a State) and sets it as the attribute `name` (weight, weight_1, … without one)."""
        if name is None:
            numbered = (f"weight_{k}" if k else "weight" for k in itertools.count())
            name = next(word for word in numbered if word not in vars(self))
        if any(not isinstance(size, (int, np.integer)) or size < 0 for size in shape):
            raise ValueError(f"{self.label}: the weight {name!r} cannot have shape {tuple(shape)}; "
                             "give the input's last axis a size")
        array = np.zeros(shape, self.dtype) if reserved(shape) else initializers.get(initializer)(tuple(shape), self.dtype)
        weight: Tensor = Parameter(array, name=name) if trainable else State(array, name=name)
        if trainable and not self._trainable:
            weight.requires_grad = False
        if regularizer is not None or constraint is not None:
            self.__dict__.setdefault("_rules", {})[name] = (regularizer, constraint)
        setattr(self, name, weight)
        return weight

    def __setattr__(self, name: str, value: Any) -> None:
        """A new attribute may hold weights: `holders` has to look again."""
        vars(self).pop("_holders", None)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        vars(self).pop("_holders", None)
        object.__delattr__(self, name)

    def holders(self) -> list[tuple[str, Any]]:
        """The attributes that weights may be found in: looked for again only after one was set, since every step asks."""
        attributes = vars(self)
        if "_holders" not in attributes:
            attributes["_holders"] = [(name, part) for name, part in attributes.items()
                                      if name[0] != "_" and isinstance(part, HOLDERS)]
        return attributes["_holders"]

    def layers_inside(self) -> list[Layer]:
        """This layer and every layer that it holds, in order of assignment, each once."""
        return [one for one in gather(self, "", {}) if isinstance(one, Layer)]

    def named_weights(self) -> dict[str, Tensor]:
        """Path → Parameter or State, in order of assignment; what is shared appears once, under its first path."""
        return {path: one for one, path in gather(self, "", {}).items() if not isinstance(one, Layer)}

    @property
    def weights(self) -> list[Tensor]:
        """Parameters and States."""
        return [one for one in gather(self, "", {}) if not isinstance(one, Layer)]

    @property
    def trainable_weights(self) -> list[Parameter]:
        """Keras' name for parameters()."""
        return self.parameters()

    @property
    def non_trainable_weights(self) -> list[Tensor]:
        """Frozen Parameters, and States."""
        return [weight for weight in self.weights if not weight.requires_grad]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def parameters(self) -> list[Parameter]:
        """What an optimiser trains: the Parameters that require gradients (frozen layers' do not)."""
        return [one for one in gather(self, "", {}) if isinstance(one, Parameter) and one.requires_grad]

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for weight in self.weights:
            weight.zero_grad()

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, as NumPy arrays."""
        return [np.array(backend.to_cpu(weight.array)) for weight in self.weights]

    def set_weights(self, arrays: list[Any]) -> None:
        """The inverse of get_weights: shapes are checked before anything is changed."""
        weights = self.named_weights()
        if len(arrays) != len(weights):
            raise ValueError(f"{self.label} has {len(weights)} weights, got {len(arrays)} arrays")
        for (path, weight), array in zip(weights.items(), arrays):
            if np.shape(array) != weight.shape:
                raise ValueError(f"{self.label}: {path} has shape {weight.shape}, got {np.shape(array)}")
        for weight, array in zip(weights.values(), arrays):
            assign(weight, array)

    def count_params(self) -> int:
        """How many numbers the weights hold."""
        return sum(weight.size for weight in self.weights)

    @property
    def trainable(self) -> bool:
        """Setting it to False freezes every parameter inside (no gradients, no updates); True thaws them."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        for one in gather(self, "", {}):
            if isinstance(one, Layer):
                one._trainable = bool(trainable)
            elif isinstance(one, Parameter):
                one.requires_grad = bool(trainable)

    @property
    def losses(self) -> list[Tensor]:
        """What add_loss added in the last pass, and the regularisers' penalties, one for each weight that is being trained."""
        penalties = []
        for layer in self.layers_inside():
            penalties += [loss for number, loss in vars(layer).get("_added", ()) if number == _passes]
            for name, (regularizer, _) in vars(layer).get("_rules", {}).items():
                if regularizer is not None and getattr(layer, name).requires_grad:
                    penalties.append(regularizer(getattr(layer, name)))
        return penalties

    def add_loss(self, loss: Tensor) -> None:
        """Called inside `call`: one more number for the training to make small. It counts for this pass only."""
        self._added = [*((number, old) for number, old in vars(self).get("_added", ()) if number == _passes), (_passes, loss)]

    def constrain(self) -> None:
        """Applies the weights' constraints (max_norm, …); the training loop calls it after each update."""
        for layer in self.layers_inside():
            for name, (_, constraint) in vars(layer).get("_rules", {}).items():
                if constraint is not None:
                    weight = getattr(layer, name)
                    weight.data = constraint(weight.array)

    def to_gpu(self) -> Layer:
        """Moves all weights to the GPU; the layer computes where its weights are."""
        return self._move(backend.to_gpu)

    def to_cpu(self) -> Layer:
        """Moves all weights to the CPU."""
        return self._move(backend.to_cpu)

    def _move(self, move: Any) -> Layer:
        for weight in self.weights:
            weight.data = move(weight.array)
            weight.zero_grad()
        return self

    # ---------------------------------------------------------------- in a graph of Symbols

    @property
    def output(self) -> Any:
        """The Symbol (or nest of Symbols) of this layer's only symbolic call; `Model(base.input, layer.output)` cuts there."""
        return self._only_call().outputs

    @property
    def input(self) -> Any:
        """The Symbol that this layer was called on."""
        inputs = self._only_call().inputs
        return inputs[0] if len(inputs) == 1 else list(inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of `output`, with None for what is not known before a batch comes."""
        return map_leaves(lambda symbol: symbol.shape, self.output)

    def _only_call(self) -> Call:
        if not self._calls:
            raise AttributeError(f"{self.label} has not been called on a Symbol yet, so it has no input or output")
        return self._calls[0]

    # ---------------------------------------------------------------- for people and files

    @property
    def label(self) -> str:
        """`Dense 'out'`: how errors name this layer."""
        return f"{type(self).__name__} {self.name!r}"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, defaults left out."""
        named = any(p.name == "name" for p in arguments(type(self)))          # somebody's own class may not ask for one
        return {**settings(self), **({"name": self.name} if named else {})}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new layer of these settings, with weights of its own."""
        return cls(**config)

    @classmethod
    def _restored(cls, config: dict[str, Any]) -> Layer:
        """The layer of these settings from a file; layers among them are its own and no models for copies."""
        return cls.from_config(config)

    def __repr__(self) -> str:
        shown_settings = {word: value for word, value in settings(self).items()
                          if word not in ("name", "dtype") and getattr(value, "__name__", None) != "linear"}
        return f"{type(self).__name__}({', '.join([repr(self.name), *(f'{k}={shown(v)}' for k, v in shown_settings.items())])})"


# ------------------------------------------------------------------------------- functions that layers share

def gather(thing: Any, path: str, paths: dict[Any, str]) -> dict[Any, str]:
    """Layer, Parameter or State → its first path, for all that attributes, lists and dicts lead to, in order of assignment."""
    if isinstance(thing, (Layer, Parameter, State)):
        if thing in paths:
            return paths
        paths[thing] = path
        parts: Any = thing.holders() if isinstance(thing, Layer) else ()
    else:
        parts = thing.items() if isinstance(thing, dict) else enumerate(thing)
    for key, part in parts:
        if isinstance(part, HOLDERS):
            gather(part, f"{path}/{key}" if path else str(key), paths)
    return paths


HOLDERS = (Layer, Parameter, State, dict, list, tuple)        # what weights are found in


def told_as_before(layer: Any, input_shape: Any, batch_size: int | None, *, batch_input_shape: Any = None, input_length: int | None = None,
                   weights: list[Any] | None = None, **unknown: Any) -> tuple[Any, int | None, Any]:
    """Shape of an example, batch size and first weights, where they were told in the words of Keras 1 and 2."""
    for word in unknown:
        near = difflib.get_close_matches(word, [p.name for p in arguments(type(layer))], n=1)
        raise TypeError(f"{type(layer).__name__} got an unexpected argument {word!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if batch_input_shape is not None:
        batch_size, *input_shape = batch_input_shape
    if input_length is not None:
        input_shape = (input_length, *(input_shape or ())[-1:])
    return input_shape, batch_size, weights


def as_one_array(x: Any) -> Any:
    """A list of (lists of) numbers is one array; a list of tensors stays a list."""
    return np.asarray(x) if x and all(isinstance(one, (int, float)) for one in leaves(x)) else x


def assign(weight: Tensor, array: Any) -> None:
    """Rebinds a weight to a copy of `array`, keeping its dtype and its device."""
    new = np.array(backend.to_cpu(array), dtype=weight.dtype)
    weight.data = backend.like(new, weight.array)


def is_shapes(given: Any) -> bool:
    """Whether this is a shape, or a list of shapes."""
    if isinstance(given, list):
        return bool(given) and all(is_shapes(one) for one in given)
    return isinstance(given, tuple) and all(size is None or isinstance(size, int) for size in given)


def carried_mask(x: Any) -> Any:
    """The mask that came with the input; for several inputs a nest of masks, or None if none has one."""
    if isinstance(x, Tensor):
        return x.mask
    masks = map_leaves(lambda one: getattr(one, "mask", None), x)
    return masks if any(mask is not None for mask in leaves(masks)) else None


_allowance: ContextVar[list[int] | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(numbers: int) -> Iterator[None]:
    """Inside, layers may make weights of that many numbers in all and no more: so a damaged file cannot fill the memory."""
    token = _allowance.set([numbers])
    try:
        yield
    finally:
        _allowance.reset(token)


def reserved(shape: tuple[int, ...]) -> bool:
    """Takes a weight's size out of the allowance. False where there is none: then the weight is to be drawn."""
    left = _allowance.get()
    if left is None:
        return False
    left[0] -= math.prod(int(size) for size in shape)
    if left[0] < 0:
        raise ValueError(f"a weight of shape {tuple(shape)} is more than the file holds")
    return True
