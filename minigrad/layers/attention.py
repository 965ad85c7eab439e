"""Attention: a weighted mean of values, the weights being how well keys fit a query.

Called as in Keras: `Attention()([query, value])`, `[query, value, key]`, or for MultiHeadAttention
`layer(query, value)`. Queries are (N, T, D), keys and values (N, S, D); weights (N, T, S) sum to 1 over S.
"""
from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from .. import backend, constraints, initializers, ops, regularizers
from ..engine import Tensor
from .basic import Random
from .dense import positive
from .layer import Layer, Parameter

FAR_BELOW = -1e9        # what a forbidden score is lowered by: its softmax is 0 in either precision


def forbidden(scores: Tensor, *conditions: Any) -> Tensor:
    """Scores, lowered where one of the conditions (None: none) is False: so far that they get no weight. All are lowered alike,
    so a query that may look at nothing looks at everything.
    """
    given = [backend.like(allowed, scores.array) for allowed in conditions if allowed is not None]
    if not given:
        return scores
    return scores + np.where(reduce(np.logical_and, given), 0.0, FAR_BELOW).astype(scores.dtype)


def earlier_only(scores: Tensor) -> Any:
    """(1, T, S) booleans: query t may look at keys 0 … t."""
    T, S = scores.shape[-2:]
    return np.tril(np.ones_like(scores.array, shape=(1, T, S), dtype=bool))


class DotAttention(Random):
    """What Attention and AdditiveAttention share; subclasses define `scores(query, key)`."""

    def __init__(self, use_scale: bool, dropout: float = 0.0, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.use_scale, self.dropout, self.seed = use_scale, dropout, seed

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define scores(query, key)")

    def call(self, x: Any, training: bool = False, mask: Any = None, return_attention_scores: bool = False,
             use_causal_mask: bool = False) -> Any:
        query, value, key = three(x, self)
        scores = self.scores(query, key)                                       # (N, T, S)
        asks, seen = mask[:2] if isinstance(mask, (list, tuple)) else (mask, None)
        scores = forbidden(scores, None if seen is None else seen[:, None, :], earlier_only(scores) if use_causal_mask else None)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = dropped(weights, self.dropout, self.draws())
        y = weights @ value
        y = y if asks is None else y * backend.like(asks[..., None], y.array).astype(y.dtype)      # a step of padding asks nothing
        return (y, weights) if return_attention_scores else y

    def compute_mask(self, x: Any, mask: Any) -> Any:
        return mask[0] if isinstance(mask, (list, tuple)) else None


class Attention(DotAttention):
    """y = softmax(q kᵀ) v  (Luong, Pham and Manning 2015); with `use_scale`, q kᵀ times a learned number

    score_mode="concat" gives wᵀ·tanh(scale·(q + k)) instead, with one learned number w.
    """

    scale: Parameter
    concat_score_weight: Parameter

    def __init__(self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: int | None = None,
                 **options: Any) -> None:
        super().__init__(use_scale, dropout, seed, **options)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{self.label}: score_mode is 'dot' or 'concat', not {score_mode!r}")
        self.score_mode = score_mode

    def build(self, input_shape: Any) -> None:
        if self.use_scale:
            self.add_weight("scale", (), "ones")
        if self.score_mode == "concat":
            self.add_weight("concat_score_weight", (), "ones")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.score_mode == "dot":
            product = query @ ops.swapaxes(key, -1, -2)
            return product * self.scale if self.use_scale else product
        pairs = ops.expand_dims(query, 2) + ops.expand_dims(key, 1)           # (N, T, S, D)
        return self.concat_score_weight * ops.sum(ops.tanh(self.scale * pairs if self.use_scale else pairs), axis=-1)


class AdditiveAttention(DotAttention):
    """y = softmax(Σ scale ⊙ tanh(q + k)) v  (Bahdanau, Cho and Bengio 2015)"""

    scale: Parameter

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, seed: int | None = None, **options: Any) -> None:
        super().__init__(use_scale, dropout, seed, **options)

    def build(self, input_shape: Any) -> None:
        if self.use_scale:
            self.add_weight("scale", (input_shape[0][-1],), "glorot_uniform")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        tanh = ops.tanh(ops.expand_dims(query, 2) + ops.expand_dims(key, 1))   # (N, T, S, D)
        return ops.sum(tanh * self.scale if self.use_scale else tanh, axis=-1)


class MultiHeadAttention(Random):
    """y = Σₕ softmax(qₕ kₕᵀ/√d) vₕ O[h] + b,  qₕ = q Q[h] + b, kₕ = k K[h] + b, vₕ = v V[h] + b  (Vaswani et al. 2017)

    `layer(query, value, key=value)`; weights are (features, heads, key_dim), and back (heads, value_dim, features).
    `attention_mask` (N, T, S), (T, S) or (N, heads, T, S) says who may look at whom; masks that travel with the tensors count too.
    """

    supports_masking = True
    O: Parameter
    b_o: Parameter

    def __init__(self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0, use_bias: bool = True,
                 output_shape: int | None = None, kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.num_heads, self.key_dim = positive(num_heads, "num_heads", self), positive(key_dim, "key_dim", self)
        self.value_dim, self.dropout, self.use_bias, self.seed = value_dim, dropout, use_bias, seed
        self.last_size = output_shape
        self.kernel_initializer, self.bias_initializer = map(initializers.get, (kernel_initializer, bias_initializer))
        self.kernel_regularizer, self.bias_regularizer = map(regularizers.get, (kernel_regularizer, bias_regularizer))
        self.kernel_constraint, self.bias_constraint = map(constraints.get, (kernel_constraint, bias_constraint))

    def build(self, input_shape: Any) -> None:
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        query, value, key = shapes[0][-1], shapes[min(1, len(shapes) - 1)][-1], shapes[-1][-1]
        H, d, e = self.num_heads, self.key_dim, self.value_dim or self.key_dim
        out = self.last_size or query
        for name, shape, bias in (("Q", (query, H, d), (H, d)), ("K", (key, H, d), (H, d)), ("V", (value, H, e), (H, e)),
                                  ("O", (H, e, out), (out,))):
            self.add_weight(name, shape, self.kernel_initializer, regularizer=self.kernel_regularizer,
                            constraint=self.kernel_constraint)
            if self.use_bias:
                self.add_weight(f"b_{name.lower()}", bias, self.bias_initializer, regularizer=self.bias_regularizer,
                                constraint=self.bias_constraint)

    def heads(self, x: Tensor, name: str) -> Tensor:
        """(N, T, D) → (N, heads, T, d)"""
        y = ops.einsum("ntd,dhk->nhtk", x, getattr(self, name))
        return y + ops.expand_dims(getattr(self, f"b_{name.lower()}"), 1) if self.use_bias else y

    def check(self, query: Tensor, value: Tensor, key: Tensor) -> None:
        """Three sequences, each of the width that its weights were made for; a value for every key."""
        widths = [getattr(self, name).shape[0] for name in "QVK"]
        given = (query, value, key)
        if any(x.ndim != 3 or x.shape[-1] != width for x, width in zip(given, widths)) or value.shape[1] != key.shape[1]:
            raise ValueError(f"{self.label} expects query (batch, T, {widths[0]}), value (batch, S, {widths[1]}) and key "
                             f"(batch, S, {widths[2]}), got shapes {', '.join(str(x.shape) for x in given)}: sequences of "
                             f"vectors, each with the width at the first call; Reshape or Dense makes them so")

    def call(self, query: Tensor, value: Tensor, key: Tensor | None = None, training: bool = False, mask: Any = None,
             attention_mask: Any = None, return_attention_scores: bool = False, use_causal_mask: bool = False) -> Any:
        key = value if key is None else key
        self.check(query, value, key)
        q, k, v = self.heads(query, "Q"), self.heads(key, "K"), self.heads(value, "V")
        scores = (q @ ops.swapaxes(k, -1, -2)) * (1.0 / math.sqrt(self.key_dim))  # (N, heads, T, S)
        padding = [m[:, None, None, :] for m in (value.mask, key.mask) if m is not None]
        asks = None if query.mask is None else query.mask[:, None, :, None]
        scores = forbidden(scores, *padding, asks, as_heads(attention_mask), earlier_only(scores) if use_causal_mask else None)
        weights = ops.softmax(scores, axis=-1)
        used = dropped(weights, self.dropout, self.draws()) if training and self.dropout > 0 else weights
        y = ops.einsum("nhtk,hko->nto", used @ v, self.O)
        y = y + self.b_o if self.use_bias else y
        return (y, weights) if return_attention_scores else y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_shape": self.last_size}


def as_heads(mask: Any) -> Any:
    """(T, S) or (N, T, S) → (N, 1, T, S) booleans; (N, heads, T, S) says it for every head"""
    if mask is None:
        return None
    mask = mask.array if isinstance(mask, Tensor) else np.asarray(mask)
    return (mask[None, None] if mask.ndim == 2 else mask[:, None] if mask.ndim == 3 else mask).astype(bool)


def dropped(weights: Tensor, rate: float, generator: np.random.Generator) -> Tensor:
    """w · k/(1 − rate), k = 0 with probability rate"""
    kept = (generator.random(weights.shape) >= rate) / (1.0 - rate)
    return weights * np.asarray(kept.astype(weights.dtype), like=weights.array)


def three(x: Any, layer: Layer) -> tuple[Tensor, Tensor, Tensor]:
    """[query, value] or [query, value, key] → all three; the key is the value unless given."""
    if not isinstance(x, (list, tuple)) or len(x) not in (2, 3):
        raise ValueError(f"{layer.label} is called on a list: [query, value] or [query, value, key]")
    query, value, key = x if len(x) == 3 else (*x, x[1])
    if any(one.ndim != 3 for one in (query, value, key)) or query.shape[-1] != key.shape[-1] or value.shape[1] != key.shape[1]:
        raise ValueError(f"{layer.label} expects sequences (batch, time, features): queries and keys of one width, keys and "
                         f"values of one length; got query {query.shape}, value {value.shape}, key {key.shape}: a Dense "
                         f"layer makes widths equal")
    return query, value, key
