"""What a cell's equation meets in place of an array: one-hot vectors that are never made, states of which products hear a part.

Both are told from an array by a product alone; every other operation takes the array that they stand for.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend, ops
from ..engine import Tensor, primitives, wrap

CARRY = {ops.add, ops.subtract, ops.maximum, ops.minimum, primitives["select"]}        # they see a state as it is
SCALE = {ops.multiply, ops.divide, ops.negative, ops.tanh, ops.sigmoid, ops.relu}      # and a product sees what they make of it


class StandIn(np.lib.mixins.NDArrayOperatorsMixin):
    """Something an operation may meet; it decides what the operation gets."""

    def plain(self) -> Any:
        """The tensor that it stands for."""
        raise NotImplementedError

    def __record__(self, op: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return op(*[one.plain() if isinstance(one, StandIn) else one for one in inputs], **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        return ops.array_ufunc(self, ufunc, method, *inputs, **settings)  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Any:
        return self.plain()[index]


class OneHot(StandIn):
    """Row vectors of zeros with a one at `indices` (or the number `size`), hardly ever made: x @ W picks rows of W."""

    def __init__(self, indices: Any, features: int, dtype: Any, size: Any = None) -> None:
        self.indices, self.features, self.dtype, self.size = indices, features, dtype, size

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.indices.shape, self.features)

    def __matmul__(self, W: Tensor) -> Tensor:
        rows = ops.getitem(W, index=self.indices)
        return rows if self.size is None else rows * self.size

    def plain(self) -> Tensor:
        vectors = wrap(backend.like(np.eye(self.features, dtype=self.dtype), self.indices)[self.indices])
        return vectors if self.size is None else vectors * self.size


class Added(StandIn):
    """A bias that has been added already: z + b is z."""

    def __record__(self, op: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        x, y = inputs
        return y if x is self else x


class Heard(StandIn):
    """h under recurrent dropout: a product hears only the units that were kept, (h⊙k) W, and what is carried on, z⊙h + …, is h itself.

    Dropping units of what is carried on would make the rest grow by 1/(1 − rate) at every step   (Gal and Ghahramani 2016)
    """

    def __init__(self, h: Any, keep: Any) -> None:
        self.h, self.keep = h, keep

    def __record__(self, op: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        whole = [one.h if isinstance(one, Heard) else one for one in inputs]
        if op in CARRY:
            return op(*whole, **settings)
        if op in SCALE:
            return Heard(op(*whole, **settings), self.keep)
        return super().__record__(op, inputs, settings)

    def plain(self) -> Any:
        return self.h * self.keep

    def __getattr__(self, name: str) -> Any:
        return getattr(self.h, name)
