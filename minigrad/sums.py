"""Gradients on their way: what pullbacks hand back, and how the parts that meet at one tensor are added.

A tensor that was used n times gets n parts, and its gradient is their sum. Most parts are arrays; a few are cheaper to
add while they are unfinished: T slices of a sequence, T products with a shared weight, T copies of a bias. They wait for
one another, unless somebody watches the parts arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import backend

if TYPE_CHECKING:
    from .engine import Tensor


# -------------------------------------------------------------------------- parts of a gradient

class Patch(NamedTuple):
    """A gradient that is zero except at an index: what slicing hands back, so that T slices of a sequence cost O(T)."""

    index: Any
    value: Any

    @property
    def size(self) -> int:
        return self.value.size


class Product(NamedTuple):
    """The gradient XᵀdZ of Y in Z = XY, not yet multiplied.  A recurrent net's weight has one from every step, and their
    sum Σ XₜᵀdZₜ is one product of all the rows, at half the cost: `Sums` lets them wait for one another."""

    x: Any
    dz: Any

    @property
    def size(self) -> int:
        return self.x.size + self.dz.size

    def out(self) -> Any:
        return self.x.T.dot(self.dz)        # dot: a third of the time of @ for one row


class Copies(NamedTuple):
    """The gradient of b in Z = X + b, where b was copied into every row, not yet summed over the rows.  A net's bias has one
    from every step: they are added as they are (into `dz`, where it is a sum already), and the rows summed once."""

    dz: Any
    is_sum: bool = False

    @property
    def size(self) -> int:
        return self.dz.size

    def out(self) -> Any:
        return self.dz.sum(axis=0)


class Part(NamedTuple):
    """A gradient for one output of a kernel, on its way to the kernel's node."""

    k: int
    value: Any


UNFINISHED = (Product, Copies)


# -------------------------------------------------------------------------- their sums

MOST_WAITING = 2**22                        # numbers, 16 MB of float32: more than that is added before the rest arrives


class Sums(dict):
    """Gradients on their way: tensor → the sum of what has arrived.  Writes only into sums that it made itself, since
    a pullback may hand the same array to two inputs (z = x + y) or hand on an array that a recorded operation still
    needs."""

    owned: set[Tensor]
    waiting: dict[Tensor, dict[Any, list]]  # tensor → how they will be added as one → these pieces

    def __init__(self, seen: bool = False) -> None:
        self.owned, self.waiting, self.numbers, self.seen = set(), {}, 0, seen

    def add(self, x: Tensor, dx: Any) -> None:
        """self[x] += dx"""
        if x not in self and not isinstance(dx, tuple):
            self[x] = dx
        elif isinstance(dx, tuple):
            self.add_piece(x, dx)
        elif x in self.owned:
            self[x] += dx
        else:
            self[x] = self[x] + dx
            self.owned.add(x)

    def add_piece(self, x: Tensor, piece: Any) -> None:
        """A Part takes its place in a kernel's list of outputs; pieces that are cheaper to add as one wait for one another
        until x's gradient is asked for, if nobody wants to see them one by one."""
        if type(piece) is Part:
            self.setdefault(x, [None] * len(x.array))[piece.k] = piece.value
            return
        together = None if self.seen else company(piece)
        if together is None:
            self.add_now(x, piece)
            return
        pieces = self.waiting.setdefault(x, {}).setdefault(together, [])
        if together is Copies and pieces and pieces[0].dz.shape == piece.dz.shape:
            so_far = pieces[0].dz
            pieces[0] = Copies(np.add(so_far, piece.dz, out=so_far if pieces[0].is_sum else None), True)
            return
        pieces.append(piece)
        self.numbers += piece.size
        if self.numbers > MOST_WAITING:
            self.rest()

    def add_now(self, x: Tensor, piece: Any) -> None:
        """A Patch is added where it belongs in an array of x's shape; a Product is multiplied, Copies are summed, and added."""
        if type(piece) is not Patch:
            self.add(x, piece.out())
        elif x in self.owned and x.shape:   # a sum of shape () is NumPy's scalar, which nobody can write into
            backend.add_at(self[x], piece.index, piece.value)
        else:
            patch = backend.zeros_but_at(x.array, piece.index, piece.value)
            self[x] = self[x] + patch if x in self else patch
            self.owned.add(x)

    def add_waiting(self, x: Tensor) -> None:
        """Σ XₜᵀdZₜ = XᵀdZ, where X and dZ have all the rows of the Xₜ and dZₜ; Patches of rows likewise; the slices of a
        split are put side by side; what does not fit together is added piece by piece."""
        for together, pieces in self.waiting.pop(x).items():
            self.numbers -= sum([piece.size for piece in pieces])
            if len(pieces) > 1 and together in (Product, Patch):
                pieces = [together(*map(np.concatenate, zip(*pieces, strict=True)))]
            elif together is slice and backend.side_by_side([piece.index for piece in pieces], x.shape):
                self.add(x, np.concatenate([piece.value for piece in reversed(pieces)], axis=len(pieces[0].index) - 1))
                continue
            for piece in pieces:
                self.add_now(x, piece)

    def rest(self) -> list[Tensor]:
        """The tensors whose gradients are still here, now with all that waited."""
        for x in list(self.waiting):
            self.add_waiting(x)
        return list(self)


def company(piece: Any) -> Any:
    """What it waits with, by name: Product, Copies, Patch (of whole rows), slice (part of a split); None: it does not wait."""
    if type(piece) is not Patch:
        return type(piece)
    if type(piece.index) is tuple:          # slices alone: no new axis, no list of places
        return slice if set(map(type, piece.index)) == {slice} else None
    return Patch if backend.are_rows(piece.index) else None


class TensorSums(dict):
    """The same for gradients that are Tensors: nothing is written; terms are kept, and summed when the sum is asked for."""

    waiting: tuple = ()                     # nothing ever does

    def __init__(self, scatter: Any) -> None:
        self.scatter = scatter              # the operation that puts patches where they belong

    def add(self, x: Tensor, dx: Any) -> None:
        self.setdefault(x, []).append(dx)

    def pop(self, y: Tensor, default: Any = None) -> Any:      # type: ignore[override]
        terms = super().pop(y, [])
        if any(type(term) is Part for term in terms):
            return terms
        patches = [term for term in terms if type(term) is Patch]
        total = None
        if patches:
            total = self.scatter(*[patch.value for patch in patches], indices=[patch.index for patch in patches], shape=y.shape)
        for term in terms:
            if type(term) is not Patch:
                total = term if total is None else total + term
        return total

    def rest(self) -> list[Tensor]:
        return list(self)
