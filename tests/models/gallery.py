"""Models of every kind, each with inputs for it: what is saved and loaded, damaged and exported in the tests beside."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import layers as L

MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {}


def shown(make: Callable[[], tuple[Any, Any]]) -> Callable[[], tuple[Any, Any]]:
    MODELS[make.__name__] = make
    return make


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape).astype("float32")


def words(*shape: int, below: int = 9) -> np.ndarray:
    return np.random.default_rng(7).integers(0, below, shape)


def line(*layers: Any) -> mg.Sequential:
    return mg.Sequential(list(layers))


@L.register_function
def doubled(x: Any, by: float = 2.0) -> Any:
    return by * x


@L.register_function
def shown_in_files(x: Any, by: Any) -> Any:
    return mg.tanh(x * by)


@L.register
class Scale(L.Layer):
    """y = s ⊙ x: a layer of somebody's own."""

    def __init__(self, start: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.add_weight("s", (input_shape[-1],), mg.initializers.Constant(self.start))

    def call(self, x: Any) -> Any:
        return x * self.s


@L.register
class Block(L.Layer):
    """A layer that holds others, and meets their sizes only when it is called."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.parts = {"first": L.Dense(units, "tanh"), "more": [L.Dense(units), Scale(0.5)]}

    def call(self, x: Any) -> Any:
        y = self.parts["first"](x)
        for part in self.parts["more"]:
            y = part(y)
        return x + y


@L.register
class Net(mg.Model):
    """A model with a call of its own."""

    def __init__(self, units: int = 3, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.inside, self.out = L.LSTM(units), L.Dense(1)

    def call(self, x: Any) -> Any:
        return self.out(self.inside(x))


@L.register
class LeakyCell(L.Cell):
    """h' = ½h + ½ tanh(x W_xh + h W_hh + b)"""

    def step(self, x: Any, h: Any) -> Any:
        return 0.5 * h + 0.5 * mg.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


@shown
def perceptron():
    return line(L.Dense(6, "relu", input_dim=4, kernel_regularizer="l2", bias_constraint=mg.constraints.MaxNorm(1.0)),
                L.BatchNormalization(), L.Dropout(0.2, seed=3), L.ReLU(max_value=6.0), L.LeakyReLU(0.1),
                L.Dense(3, use_bias=False, kernel_initializer=mg.initializers.RandomNormal(stddev=0.5)), L.Activation("softmax")), numbers(5, 4)


@shown
def noise_and_shapes():
    return line(L.Reshape((3, 4), input_shape=(12,)), L.Permute((2, 1)), L.GaussianNoise(0.1), L.GaussianDropout(0.1),
                L.SpatialDropout1D(0.1), L.LayerNormalization(), L.Flatten(), L.RepeatVector(2), L.Softmax(), L.Lambda(doubled),
                L.Lambda(doubled, arguments={"by": float("inf")}), L.Lambda("doubled")), numbers(3, 12)


@shown
def language_model():
    return line(L.Embedding(9, 4, mask_zero=True, input_length=6), L.LSTM(5, return_sequences=True, dropout=0.1),
                L.GRU(4, reset_after=True, return_sequences=True), L.RNN(3, "relu"), L.Dense(9, "softmax")), words(4, 6)


@shown
def cells():
    return line(L.RNN([L.LSTMCell(3, peephole=True, coupled=True), L.GRUCell(4)], return_sequences=True, input_shape=(5, 2)),
                L.RNN(LeakyCell(3), return_sequences=True), L.RNN(L.RNNCell(2, "softsign"), go_backwards=True)), numbers(3, 5, 2)


@shown
def mutants():
    return line(L.RNN(L.MUT1Cell(3), return_sequences=True, input_shape=(4, 3)), L.RNN(L.MUT2Cell(3), return_sequences=True),
                L.RNN(L.MUT3Cell(3))), numbers(2, 4, 3)


@shown
def older_and_normalised_cells():
    return line(L.RNN([L.JordanCell(3, 2), L.IRNNCell(3)], return_sequences=True, input_shape=(4, 3)),
                L.RNN([L.LayerNormRNNCell(3), L.LayerNormLSTMCell(2), L.LayerNormGRUCell(4)])), numbers(2, 4, 3)


@shown
def variants():
    return line(L.RNN(L.IRNNCell(3), return_sequences=True, input_shape=(4, 2)), L.RNN(L.JordanCell(3, 4), return_sequences=True),
                L.RNN([L.LayerNormRNNCell(3), L.LayerNormGRUCell(2), L.LayerNormLSTMCell(3)])), numbers(2, 4, 2)


@shown
def stateful():
    return line(L.LSTM(3, stateful=True, return_sequences=True, batch_size=2, input_shape=(4, 2)), L.Dense(1)), numbers(2, 4, 2)


@shown
def masked():
    x = numbers(3, 5, 2)
    x[:, 3:] = 0
    return line(L.Masking(input_shape=(5, 2)), L.GRU(3)), x


@shown
def branches():
    a, b = mg.Input((4,), name="a"), mg.Input((4,), name="b")
    shared = L.Dense(4, "tanh", name="shared")
    p, q = shared(a), shared(b)
    merged = L.Concatenate()([L.Add()([p, q]), L.Multiply()([p, q]), L.Average()([p, q]), L.Subtract()([p, q]),
                              L.Maximum()([p, q]), L.Minimum()([p, q]), L.Dot(1)([p, q])])
    one = L.Dense(2, name="one")(merged)
    two = mg.sigmoid(merged[:, -3:] * 2.0 + 1.0) - mg.sum(p, axis=-1, keepdims=True)
    return mg.Model({"a": a, "b": b}, {"one": one, "two": L.Dense(1, name="two")(two)}), {"a": numbers(3, 4), "b": numbers(3, 4) + 1}


@shown
def nested():
    inner_input = mg.Input((4,))
    inner = mg.Model(inner_input, L.Dense(3, "tanh")(inner_input), name="inner")
    inner.trainable = False
    x, y = mg.Input((4,)), mg.Input((4,))
    h = mg.concatenate([inner(x), inner(y)], axis=-1)
    return mg.Model([x, y], line(L.Dense(2), L.Activation("tanh"))(h)), [numbers(3, 4), numbers(3, 4) * 2]


@shown
def shared_by_models():
    dense, a, b = L.Dense(4, "tanh", name="common"), mg.Input((4,)), mg.Input((4,))
    inner, block = mg.Model(a, dense(a), name="inner"), Block(4)
    scale = mg.Parameter(np.full(4, 0.5, "float32"), name="scale")
    y = dense(inner(b) * scale + np.arange(4, dtype="float32")) * scale
    y = block.parts["first"](block(y)) * line(dense, inner)(b)
    dense.trainable = False
    return mg.Model(b, mg.einsum("nd,dk->nk", y, dense.W)), numbers(3, 4)


@shown
def states_of_an_encoder():
    x, start = mg.Input((4, 2)), mg.Input((3, 2))
    _, h, c = L.LSTM(3, return_state=True)(x)
    y = L.LSTM(3, return_sequences=True)(start, initial_state=[h, c])
    return mg.Model([x, start], L.Dense(2)(y)), [numbers(2, 4, 2), numbers(2, 3, 2)]


@shown
def pictures():
    return line(L.Conv2D(3, 3, activation="relu", padding="same", input_shape=(8, 8, 2)), L.MaxPooling2D(2), L.Conv2D(4, (2, 1), strides=(1, 2)),
                L.AveragePooling2D((1, 2), padding="same"), L.UpSampling2D(2), L.BatchNormalization(), L.Flatten(), L.Dense(2)), numbers(2, 8, 8, 2)


@shown
def convolutions_in_time():
    return line(L.Conv1D(3, 2, padding="causal", dilation_rate=2, input_shape=(12, 2)), L.MaxPooling1D(2), L.Conv1D(4, 2, strides=2),
                L.AveragePooling1D(2, strides=1), L.TimeDistributed(L.Dense(3, "tanh")), L.GlobalAveragePooling1D()), numbers(2, 12, 2)


@shown
def poolings():
    x, t = mg.Input((6, 6, 2)), mg.Input((5, 3))
    return mg.Model([x, t], L.Concatenate()([L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x), L.GlobalMaxPooling1D()(t)])), [
        numbers(2, 6, 6, 2), numbers(2, 5, 3)]


@shown
def both_directions():
    return line(L.Bidirectional(L.LSTM(3, return_sequences=True), input_shape=(5, 2)),
                L.Bidirectional(L.GRU(2, reset_after=True, return_sequences=True), merge_mode="sum"),
                L.Bidirectional(L.RNN(2), merge_mode="ave", backward_layer=L.RNN(2, "relu", go_backwards=True))), numbers(2, 5, 2)


@shown
def attention():
    q, v = mg.Input((4, 6)), mg.Input((5, 6))
    a, b = L.Attention(use_scale=True, score_mode="concat")([q, v]), L.AdditiveAttention()([q, v])
    c = L.MultiHeadAttention(2, 3, value_dim=4, output_shape=6)(q, v, use_causal_mask=True)
    return mg.Model([q, v], L.LayerNormalization(epsilon=1e-5)(a + b + c)), [numbers(2, 4, 6), numbers(2, 5, 6) + 1]


@shown
def of_ones_own():
    return line(Scale(2.0, input_dim=4), Block(4), L.Dense(1)), numbers(3, 4)


@shown
def with_a_call_of_its_own():
    model, x = Net(2), numbers(3, 4, 2)
    model(x)
    return model, x


@shown
def not_built_yet():
    model = line(L.Dense(3, "tanh"), L.Dense(1))
    return model, numbers(2, 4)
