"""What is compared with Keras: layers, losses, optimisers, schedules and activations by the names that both sides share.

Nothing here imports either side: make_references.py builds the cases with Keras and writes down what comes out,
test_keras.py builds the same cases with minigrad.
"""
from __future__ import annotations

from typing import Any

import numpy as np

# ------------------------------------------------------------------------------------------------ inputs


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def words(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 7, shape)


ROWS, SEQUENCE, IMAGES, LINE, WORDS = normal(5, 4), normal(3, 6, 4), normal(2, 8, 7, 3), normal(2, 11, 3), words(3, 6)
HALVES = [normal(3, 4), normal(3, 4) * 2 - 1, normal(3, 4) + 1]
QUERY, VALUE, KEY = normal(2, 4, 6), normal(2, 5, 6), normal(2, 5, 6) * 2

# ------------------------------------------------------------------------------------------------ layers

Layers = list[tuple[str, dict[str, Any]]]
ALL = {"return_sequences": True}

LAYERS: dict[str, tuple[Layers, Any]] = {      # name → (the layers, one after another; their input: an array, or a list)
    "dense": ([("Dense", {"units": 3, "activation": "tanh"})], ROWS),
    "dense_on_sequences": ([("Dense", {"units": 3, "use_bias": False})], SEQUENCE),
    "embedding": ([("Embedding", {"input_dim": 7, "output_dim": 4})], WORDS),
    "simple_rnn": ([("SimpleRNN", {"units": 3, **ALL})], SEQUENCE),
    "simple_rnn_relu_backwards": ([("SimpleRNN", {"units": 3, "activation": "relu", "go_backwards": True, **ALL})], SEQUENCE),
    "lstm": ([("LSTM", {"units": 3, **ALL})], SEQUENCE),
    "lstm_last": ([("LSTM", {"units": 3, "use_bias": False, "recurrent_activation": "hard_sigmoid"})], SEQUENCE),
    "gru_before": ([("GRU", {"units": 3, "reset_after": False, **ALL})], SEQUENCE),
    "gru_after": ([("GRU", {"units": 3, "reset_after": True, **ALL})], SEQUENCE),
    "gru_after_without_bias": ([("GRU", {"units": 3, "reset_after": True, "use_bias": False, "go_backwards": True})], SEQUENCE),
    "masked_lstm": ([("Embedding", {"input_dim": 7, "output_dim": 4, "mask_zero": True}), ("LSTM", {"units": 3, **ALL})], WORDS),
    "masked_gru": ([("Embedding", {"input_dim": 7, "output_dim": 4, "mask_zero": True}), ("GRU", {"units": 3, "reset_after": True})], WORDS),
    "stacked": ([("LSTM", {"units": 3, **ALL}), ("GRU", {"units": 2, "reset_after": False, **ALL}), ("SimpleRNN", {"units": 2})], SEQUENCE),
    "layer_normalization": ([("LayerNormalization", {})], SEQUENCE),
    "batch_normalization": ([("BatchNormalization", {})], ROWS),
    "conv1d": ([("Conv1D", {"filters": 3, "kernel_size": 4, "strides": 3, "padding": "same"})], LINE),
    "conv1d_causal": ([("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "dilation_rate": 2})], LINE),
    "conv2d": ([("Conv2D", {"filters": 4, "kernel_size": (3, 2), "activation": "relu"})], IMAGES),
    "conv2d_same_strided": ([("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"})], IMAGES),
    "max_pooling": ([("MaxPooling2D", {"pool_size": 2, "padding": "same"}), ("GlobalMaxPooling2D", {})], IMAGES),
    "average_pooling": ([("AveragePooling2D", {"pool_size": (3, 2), "strides": 2})], IMAGES),
    "pooling_in_time": ([("MaxPooling1D", {"pool_size": 2}), ("AveragePooling1D", {"pool_size": 2, "strides": 1}),
                         ("GlobalAveragePooling1D", {})], LINE),
    "global_average": ([("GlobalAveragePooling2D", {})], IMAGES),
    "upsampling": ([("UpSampling2D", {"size": (2, 3)})], IMAGES),
    "time_distributed": ([("TimeDistributed", {"layer": ("Dense", {"units": 2})})], SEQUENCE),
    "bidirectional": ([("Bidirectional", {"layer": ("LSTM", {"units": 3, **ALL})})], SEQUENCE),
    "bidirectional_sum": ([("Bidirectional", {"layer": ("GRU", {"units": 3, "reset_after": True}), "merge_mode": "sum"})], SEQUENCE),
    "bidirectional_masked": ([("Embedding", {"input_dim": 7, "output_dim": 4, "mask_zero": True}),
                              ("Bidirectional", {"layer": ("SimpleRNN", {"units": 3, **ALL}), "merge_mode": "mul"})], WORDS),
    "shapes": ([("Reshape", {"target_shape": (4, 6)}), ("Permute", {"dims": (2, 1)}), ("Flatten", {}), ("RepeatVector", {"n": 2})], SEQUENCE),
    "relu": ([("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}), ("LeakyReLU", {"negative_slope": 0.3})], ROWS),
    "softmax": ([("Softmax", {"axis": 1})], SEQUENCE),
    **{name.lower(): ([(name, {})], HALVES[:2] if name == "Subtract" else HALVES)
       for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")},
    "dot": ([("Dot", {"axes": 1, "normalize": True})], HALVES[:2]),
    "dot_of_sequences": ([("Dot", {"axes": (2, 2)})], [QUERY, VALUE]),
    "attention": ([("Attention", {"use_scale": True})], [QUERY, VALUE, KEY]),
    "attention_concat": ([("Attention", {"score_mode": "concat"})], [QUERY, VALUE]),
    "additive_attention": ([("AdditiveAttention", {})], [QUERY, VALUE]),
    "multi_head_attention": ([("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 4})], (QUERY, VALUE, KEY)),
}


def build(layers: Any, spec: tuple[str, dict[str, Any]]) -> Any:
    """A layer of either side from its name and arguments; an argument that is such a pair becomes a layer."""
    name, arguments = spec
    made = {word: build(layers, value) if isinstance(value, tuple) and isinstance(value[0], str) else value for word, value in arguments.items()}
    return getattr(layers, name)(**made)


def run(stack: list[Any], x: Any) -> Any:
    """The layers one after another; a tuple is several arguments, a list one."""
    y = stack[0](*x) if isinstance(x, tuple) else stack[0](x)
    for layer in stack[1:]:
        y = layer(y)
    return y


# ------------------------------------------------------------------------------------------------ activations

ACTIVATIONS = ["elu", "exponential", "gelu_tanh", "hard_sigmoid", "hard_tanh", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6", "selu",
               "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh"]

# ------------------------------------------------------------------------------------------------ losses

P = np.abs(normal(4, 3)) + 0.1
P /= P.sum(axis=1, keepdims=True)
ONE_HOT, CLASSES, REAL, Z = np.eye(3, dtype="float32")[[0, 2, 1, 2]], np.array([0, 2, 1, 2]), normal(4, 3), normal(4, 3) * 3 + 0.5
BITS = (normal(3, 4).T[:, :3] > 0).astype("float32")
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0], "float32")

LOSSES: dict[str, tuple[str, dict[str, Any], Any, Any]] = {     # name → (class, arguments, y_true, y_pred)
    "mse": ("MeanSquaredError", {}, REAL, Z), "mae": ("MeanAbsoluteError", {}, REAL, Z),
    "mape": ("MeanAbsolutePercentageError", {}, REAL, Z), "msle": ("MeanSquaredLogarithmicError", {}, np.abs(REAL), np.abs(Z)),
    "huber": ("Huber", {"delta": 0.7}, REAL, Z), "log_cosh": ("LogCosh", {}, REAL, Z), "poisson": ("Poisson", {}, np.abs(REAL), np.abs(Z)),
    "cosine": ("CosineSimilarity", {}, REAL, Z), "kl": ("KLDivergence", {}, P[::-1], P),
    "categorical": ("CategoricalCrossentropy", {}, ONE_HOT, P),
    "categorical_logits": ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, Z),
    "sparse": ("SparseCategoricalCrossentropy", {}, CLASSES, P),
    "sparse_logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, Z),
    "binary": ("BinaryCrossentropy", {}, BITS, P), "binary_logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, BITS, Z),
    "hinge": ("Hinge", {}, BITS, Z), "squared_hinge": ("SquaredHinge", {}, 2 * BITS - 1, Z), "categorical_hinge": ("CategoricalHinge", {}, ONE_HOT, Z),
}

# ------------------------------------------------------------------------------------------------ optimisers and schedules

STEPS = 12
START = normal(3, 2)
GRADIENTS = [normal(3, 2) * (0.5 + 0.1 * k) + 0.05 * k * np.sin(np.arange(6, dtype="float32").reshape(3, 2) + k).astype("float32") for k in range(STEPS)]

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}), "momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}), "weight_decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.02}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}), "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "rmsprop": ("RMSprop", {}), "rmsprop_centered": ("RMSprop", {"centered": True, "momentum": 0.5, "learning_rate": 0.01}),
    "adam": ("Adam", {}), "amsgrad": ("Adam", {"amsgrad": True, "learning_rate": 0.1}), "adamw": ("AdamW", {"learning_rate": 0.05}),
    "nadam": ("Nadam", {"learning_rate": 0.02}), "clipnorm": ("Adam", {"clipnorm": 0.5, "learning_rate": 0.1}),
    "global_clipnorm": ("SGD", {"global_clipnorm": 0.5}), "clipvalue": ("SGD", {"clipvalue": 0.3}),
}

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.7}),
    "staircase": ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.7, "staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [3, 9], "values": [1.0, 0.5, 0.1]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 7, "power": 2.0, "cycle": True}),
    "inverse": ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 3, "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 9, "alpha": 0.1, "warmup_target": 0.4, "warmup_steps": 4}),
    "restarts": ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 5, "m_mul": 0.8, "alpha": 0.05}),
}
