"""What minigrad and Keras are both asked: layers, losses, metrics, optimisers, schedules, regularisers, constraints.

Names and arguments are the same in both, so a case is a name, arguments and shapes. make_keras_figures.py asks Keras and
writes keras.npz; test_keras_figures.py asks minigrad and compares, whether Keras is installed or not.
"""
from __future__ import annotations

from typing import Any

import numpy as np

SEQUENCE, VECTOR, IMAGE = (2, 5, 4), (3, 4), (2, 6, 7, 3)
ACTIVATIONS = ["elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid",
               "silu", "softmax", "softplus", "softsign", "tanh", "hard_tanh"]

# name: (class, arguments, shapes of the inputs, arguments of the call)
LAYERS: dict[str, tuple[str, dict[str, Any], list[tuple[int, ...]], dict[str, Any]]] = {
    **{f"activation {name}": ("Activation", {"activation": name}, [VECTOR], {}) for name in ACTIVATIONS},
    "dense": ("Dense", {"units": 3, "activation": "tanh"}, [SEQUENCE], {}),
    "dense without bias": ("Dense", {"units": 3, "use_bias": False}, [VECTOR], {}),
    "softmax along an axis": ("Softmax", {"axis": 1}, [SEQUENCE], {}),
    "relu with a ceiling": ("ReLU", {"max_value": 0.8, "negative_slope": 0.1, "threshold": 0.2}, [VECTOR], {}),
    "leaky relu": ("LeakyReLU", {}, [VECTOR], {}),
    "flatten": ("Flatten", {}, [SEQUENCE], {}), "reshape": ("Reshape", {"target_shape": [2, -1]}, [SEQUENCE], {}),
    "permute": ("Permute", {"dims": [2, 1]}, [SEQUENCE], {}), "repeat vector": ("RepeatVector", {"n": 3}, [VECTOR], {}),
    "add": ("Add", {}, [VECTOR, VECTOR, VECTOR], {}), "subtract": ("Subtract", {}, [VECTOR, VECTOR], {}),
    "multiply": ("Multiply", {}, [VECTOR, VECTOR], {}), "average": ("Average", {}, [VECTOR, VECTOR], {}),
    "maximum": ("Maximum", {}, [VECTOR, VECTOR], {}), "minimum": ("Minimum", {}, [VECTOR, VECTOR], {}),
    "concatenate": ("Concatenate", {"axis": 1}, [SEQUENCE, SEQUENCE], {}),
    "dot": ("Dot", {"axes": [2, 2]}, [SEQUENCE, SEQUENCE], {}), "cosines": ("Dot", {"axes": 1, "normalize": True}, [VECTOR, VECTOR], {}),
    "dot of matrices": ("Dot", {"axes": [2, 1]}, [(2, 3, 4), (2, 4, 5)], {}),
    "layer normalization": ("LayerNormalization", {}, [SEQUENCE], {}),
    "layer normalization of two axes": ("LayerNormalization", {"axis": [1, 2], "center": False}, [SEQUENCE], {}),
    "batch normalization": ("BatchNormalization", {}, [SEQUENCE], {}),
    "batch normalization in training": ("BatchNormalization", {"momentum": 0.7}, [SEQUENCE], {"training": True}),
    "batch normalization of axis 1": ("BatchNormalization", {"axis": 1, "scale": False}, [SEQUENCE], {"training": True}),
    "rnn": ("SimpleRNN", {"units": 3}, [SEQUENCE], {}),
    "rnn sequences backwards": ("SimpleRNN", {"units": 3, "return_sequences": True, "go_backwards": True, "activation": "relu"}, [SEQUENCE], {}),
    "lstm": ("LSTM", {"units": 3}, [SEQUENCE], {}), "lstm sequences": ("LSTM", {"units": 3, "return_sequences": True}, [SEQUENCE], {}),
    "lstm states": ("LSTM", {"units": 3, "return_state": True, "return_sequences": True}, [SEQUENCE], {}),
    "lstm masked": ("LSTM", {"units": 3, "return_sequences": False}, [SEQUENCE], {"mask": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]}),
    "lstm other activations": ("LSTM", {"units": 3, "activation": "softsign", "recurrent_activation": "hard_sigmoid", "use_bias": False}, [SEQUENCE], {}),
    "gru": ("GRU", {"units": 3, "reset_after": False, "return_sequences": True}, [SEQUENCE], {}),
    "gru reset after": ("GRU", {"units": 3, "reset_after": True, "return_sequences": True}, [SEQUENCE], {}),
    "gru masked": ("GRU", {"units": 3, "reset_after": True}, [SEQUENCE], {"mask": [[1, 1, 0, 1, 0], [1, 1, 1, 1, 1]]}),
    "conv1d": ("Conv1D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, [(2, 9, 3)], {}),
    "conv1d same": ("Conv1D", {"filters": 2, "kernel_size": 4, "strides": 2, "padding": "same"}, [(2, 9, 3)], {}),
    "conv1d causal": ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "causal", "activation": "relu"}, [(2, 9, 3)], {}),
    "conv2d": ("Conv2D", {"filters": 2, "kernel_size": [3, 2]}, [IMAGE], {}),
    "conv2d same strided": ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": [2, 2], "padding": "same"}, [IMAGE], {}),
    "max pooling 1d": ("MaxPooling1D", {}, [SEQUENCE], {}), "max pooling 2d": ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE], {}),
    "average pooling 1d": ("AveragePooling1D", {"pool_size": 3, "strides": 1}, [SEQUENCE], {}),
    "average pooling 2d": ("AveragePooling2D", {"pool_size": 2}, [IMAGE], {}),
    "average pooling same": ("AveragePooling1D", {"pool_size": 2, "padding": "same"}, [SEQUENCE], {}),
    "global average 1d": ("GlobalAveragePooling1D", {}, [SEQUENCE], {}), "global average 2d": ("GlobalAveragePooling2D", {"keepdims": True}, [IMAGE], {}),
    "global average masked": ("GlobalAveragePooling1D", {}, [SEQUENCE], {"mask": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]}),
    "global max 1d": ("GlobalMaxPooling1D", {}, [SEQUENCE], {}), "global max 2d": ("GlobalMaxPooling2D", {}, [IMAGE], {}),
    "up sampling": ("UpSampling2D", {"size": [2, 3]}, [IMAGE], {}),
    "attention": ("Attention", {"use_scale": True}, [SEQUENCE, SEQUENCE], {}), "attention with keys": ("Attention", {}, [SEQUENCE, SEQUENCE, SEQUENCE], {}),
    "attention concat": ("Attention", {"score_mode": "concat", "use_scale": True}, [SEQUENCE, (2, 3, 4)], {}),
    "attention causal": ("Attention", {}, [SEQUENCE, SEQUENCE], {"use_causal_mask": True}),
    "embedding": ("Embedding", {"input_dim": 7, "output_dim": 3}, [(2, 5)], {}),
    "time distributed": ("TimeDistributed", {"layer": ("Dense", {"units": 2, "activation": "relu"})}, [SEQUENCE], {}),
    "time distributed convolution": ("TimeDistributed", {"layer": ("Conv1D", {"filters": 2, "kernel_size": 2})}, [(2, 3, 5, 2)], {}),
    **{f"bidirectional {mode}": ("Bidirectional", {"layer": ("LSTM", {"units": 3, "return_sequences": mode != "sum"}), "merge_mode": mode}, [SEQUENCE], {})
       for mode in ("concat", "sum", "mul", "ave")},
    "bidirectional masked": ("Bidirectional", {"layer": ("GRU", {"units": 3, "reset_after": True, "return_sequences": True})}, [SEQUENCE],
                             {"mask": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]}),
    "heads": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, [SEQUENCE, (2, 3, 4)], {}),
    "heads of other sizes": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 6, "use_bias": False},
                             [SEQUENCE, (2, 3, 7), (2, 3, 6)], {"use_causal_mask": True}),
    "heads with a mask": ("MultiHeadAttention", {"num_heads": 1, "key_dim": 2}, [(2, 2, 4), (2, 3, 4)], {"attention_mask": [[[1, 0, 1], [1, 1, 0]]] * 2}),
    "additive attention": ("AdditiveAttention", {}, [SEQUENCE, (2, 3, 4)], {}),
}

LOSSES: dict[str, tuple[str, dict[str, Any], str]] = {           # name: (class, arguments, kind of targets)
    **{name: (name, {}, "numbers") for name in ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "LogCosh",
                                                "CosineSimilarity")},
    "MeanSquaredLogarithmicError": ("MeanSquaredLogarithmicError", {}, "probabilities"),
    "Huber narrow": ("Huber", {"delta": 0.3}, "numbers"), "Poisson": ("Poisson", {}, "probabilities"),
    "CosineSimilarity over axis 0": ("CosineSimilarity", {"axis": 0}, "numbers"),
    **{name: (name, {}, "classes") for name in ("Hinge", "SquaredHinge", "CategoricalHinge", "BinaryCrossentropy", "CategoricalCrossentropy")},
    "KLDivergence": ("KLDivergence", {}, "probabilities"),
    "smoothed": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "classes"),
    "categorical logits": ("CategoricalCrossentropy", {"from_logits": True}, "class logits"),
    "binary smoothed logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "class logits"),
    "sparse": ("SparseCategoricalCrossentropy", {}, "indices"), "sparse logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, "index logits"),
    "ignoring": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "indices"), "summed": ("MeanSquaredError", {"reduction": "sum"}, "numbers"),
}

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in ("SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Nadam")},
    "momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}), "nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "rmsprop centered": ("RMSprop", {"learning_rate": 0.1, "momentum": 0.5, "centered": True}), "amsgrad": ("Adam", {"amsgrad": True, "beta_2": 0.5}),
    "sgd decayed": ("SGD", {"weight_decay": 0.1}), "clipnorm": ("SGD", {"clipnorm": 0.5}), "global clipnorm": ("SGD", {"global_clipnorm": 0.5}),
    "clipvalue": ("SGD", {"clipvalue": 0.3}), "large steps": ("Adam", {"learning_rate": 0.5, "epsilon": 0.1}),
}

METRICS: dict[str, tuple[str, dict[str, Any], str]] = {
    "MeanSquaredError": ("MeanSquaredError", {}, "numbers"), "MeanAbsoluteError": ("MeanAbsoluteError", {}, "numbers"),
    "RootMeanSquaredError": ("RootMeanSquaredError", {}, "numbers"), "CategoricalAccuracy": ("CategoricalAccuracy", {}, "classes"),
    "SparseCategoricalAccuracy": ("SparseCategoricalAccuracy", {}, "indices"), "BinaryAccuracy": ("BinaryAccuracy", {"threshold": 0.3}, "classes"),
    "TopKCategoricalAccuracy": ("TopKCategoricalAccuracy", {"k": 2}, "classes"), "Precision": ("Precision", {"thresholds": 0.3}, "classes"),
    "SparseTopKCategoricalAccuracy": ("SparseTopKCategoricalAccuracy", {"k": 2}, "indices"), "Recall": ("Recall", {"thresholds": 0.3}, "classes"),
}

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    "exponential staircase": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [5, 10], "values": [0.3, 0.2, 0.1]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "power": 2.0}),
    "polynomial cycle": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "cycle": True}),
    "inverse time": ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 15, "alpha": 0.1}),
    "cosine warm-up": ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.1, "warmup_steps": 5}),
    "restarts": ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "m_mul": 0.5}),
}

PENALTIES: dict[str, tuple[str, dict[str, Any]]] = {
    "L1": ("L1", {}), "L2": ("L2", {}), "L1L2": ("L1L2", {"l1": 0.1, "l2": 0.2}), "rows": ("OrthogonalRegularizer", {"factor": 0.3}),
    "columns": ("OrthogonalRegularizer", {"mode": "columns"}),
}
CONSTRAINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "MaxNorm": ("MaxNorm", {"max_value": 0.7}), "MinMaxNorm": ("MinMaxNorm", {"min_value": 0.4, "max_value": 0.9, "rate": 0.8}),
    "UnitNorm": ("UnitNorm", {"axis": 1}), "NonNeg": ("NonNeg", {}),
}
STEPS = range(20)


def tuples(arguments: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples, as both libraries like shapes."""
    return {word: tuple(value) if isinstance(value, list) and word not in ("boundaries", "values", "axis") else value for word, value in arguments.items()}


def made(library: Any, kind: str, arguments: dict[str, Any]) -> Any:
    """The layer, with the layer inside it if it is a wrapper."""
    inner = {word: made(library, *value) for word, value in arguments.items() if word == "layer"}
    return getattr(library, kind)(**tuples({**arguments, **inner}))


def called(layer: Any, kind: str, xs: list[Any], call: dict[str, Any]) -> Any:
    """One input, a list of inputs, or for heads one after another."""
    return layer(*xs, **call) if len(xs) == 1 or kind == "MultiHeadAttention" else layer(xs, **call)


def inputs_of(name: str, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """The inputs of a layer's case; no two numbers alike, so that maxima have no ties."""
    rng = np.random.default_rng(sum(map(ord, name)))
    if name == "embedding":
        return [rng.integers(0, 7, shape) for shape in shapes]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def weights_of(name: str, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Weights for a layer; from the third on above 0.2, so that they can be variances."""
    rng = np.random.default_rng(1 + sum(map(ord, name)))
    drawn = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    return [W if k < 2 else 0.2 + np.abs(W) for k, W in enumerate(drawn)]


def targets_of(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(y_true, y_pred) of the kind that a loss compares."""
    rng = np.random.default_rng(5)
    numbers, logits = rng.normal(size=(2, 4, 3)).astype(np.float32)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    indices = np.array([0, 2, 1, 1])
    one_hot = np.eye(3, dtype=np.float32)[indices]
    return {"numbers": (numbers, logits), "classes": (one_hot, p), "class logits": (one_hot, logits), "indices": (indices, p),
            "index logits": (indices, logits), "probabilities": (p[::-1].copy(), p)}[kind]


UNWEIGHTED = {"CosineSimilarity over axis 0"}                    # one value per column: weights of examples do not fit
SAMPLE_WEIGHT = np.array([1.0, 0.5, 2.0, 0.0], np.float32)
START = np.random.default_rng(2).normal(size=(3, 2)).astype(np.float32)
GRADIENTS = np.random.default_rng(3).normal(size=(6, 3, 2)).astype(np.float32)
