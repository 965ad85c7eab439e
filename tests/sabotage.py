"""Faults planted in the engine and in the kernels, for lessons that must notice them.

    python -m tests.sabotage PLANT lessons/06_unrolling.py --fast
    python -m tests.sabotage --table                                  which lessons must notice which plant

Each plant is a mistake that people make (lessons 02, 03, 11 and 13 are about them), made in the running process alone: the
`engine` plants spoil what runs operation by operation, the `kernel` plants what runs as a whole-sequence kernel.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np

import minigrad as mg
from minigrad import engine, ops, optimizers
from minigrad.kernels import shared


def engine_overwrites() -> None:
    """grad = dx where grad += dx belongs: the last use to arrive is all that is left."""
    class Overwriting(engine.Sums):
        def add(self, x: Any, dx: Any) -> None:
            if type(dx) is not engine.Part:
                self.pop(x, None)
                self.owned.discard(x)
            super().add(x, dx)
    engine.Sums = Overwriting


def engine_averages() -> None:
    """The mean over the uses of a leaf where their sum belongs."""
    class Averaging(engine.Sums):
        def __init__(self, seen: bool) -> None:
            super().__init__(seen)
            self.uses: dict[Any, int] = {}

        def add(self, x: Any, dx: Any) -> None:
            super().add(x, dx)
            self.uses[x] = self.uses.get(x, 0) + 1

        def pop(self, x: Any, *default: Any) -> Any:
            total = super().pop(x, *default)
            return total / self.uses[x] if total is not None and x.op is None else total
    engine.Sums = Averaging


def engine_forgets_transpose() -> None:
    """dX = dZ Y where dX = dZ Yᵀ belongs: it fits, and goes unnoticed, where Y is square."""
    right = ops.matmul.rule

    def matmul(x: Any, y: Any) -> Any:
        z, pull_x, pull_y = right(x, y)
        square = y.ndim == 2 and y.shape[0] == y.shape[1]
        return z, (lambda dz: dz @ y) if square else pull_x, pull_y
    wrong = engine.primitive(matmul)
    ops.matmul = mg.matmul = wrong
    engine.Tensor.__matmul__ = wrong
    engine.Tensor.__rmatmul__ = lambda y, x: wrong(x, y)


def spoil_kernels(name: str, wrong: Callable) -> None:
    for module in (shared, *(sys.modules[f"minigrad.kernels.{kernel}"] for kernel in ("rnn", "lstm", "gru"))):
        setattr(module, name, wrong)


def kernel_overwrites() -> None:
    """One step's part of a weight's gradient where the sum over all steps belongs."""
    right = shared.weight_gradient
    spoil_kernels("weight_gradient", lambda x, dz: right(x[:1], dz[:, :1]))


def kernel_averages() -> None:
    """The mean over the steps where the sum belongs."""
    right = shared.weight_gradient
    spoil_kernels("weight_gradient", lambda x, dz: right(x, dz) / dz.dtype.type(len(x)))


def kernel_forgets_transpose() -> None:
    """dh = dz W_hh where dz W_hhᵀ belongs."""
    right = shared.step_product

    def wrong(W: Any, rows: int) -> Any:
        backward = sys._getframe(1).f_code.co_name == "pull"
        return right(np.ascontiguousarray(W.swapaxes(-1, -2)) if backward else W, rows)
    spoil_kernels("step_product", wrong)


def squares_the_norm() -> None:
    """Σ g² called the norm, as some slides have it: threshold / Σ g² where threshold / √Σ g² belongs."""
    def clip(parameters: Any, limit: float) -> float:
        held = [p for p in parameters if p.grad is not None]
        squared = float(sum((np.asarray(p.grad, dtype=float) ** 2).sum() for p in held))
        if squared > limit:
            for p in held:
                p.grad = p.grad * p.dtype.type(limit / squared)
        return squared
    mg.clip_by_global_norm = optimizers.clip_by_global_norm = clip


def does_not_detach() -> None:
    """h.detach() that hands on the history with the values."""
    engine.Tensor.detach = lambda self: self


PLANTS = {
    "overwrite, engine": engine_overwrites, "overwrite, kernel": kernel_overwrites,
    "average, engine": engine_averages, "average, kernel": kernel_averages,
    "no transpose, engine": engine_forgets_transpose, "no transpose, kernel": kernel_forgets_transpose,
    "squared norm": squares_the_norm, "no detach": does_not_detach,
}  # fmt: skip

# Which lessons must fail on which fault: those that run operation by operation, those that run as a kernel. Two faults are
# on neither path, since both use the same clipping and the same `detach`.
FAULTS = {
    "overwrite": "`grad = dx` where `grad += dx` belongs",
    "average": "the mean over the uses of a weight where their sum belongs",
    "no transpose": "`dz @ W` where `dz @ W.T` belongs",
    "squared norm": "clipping that divides by Σ g²",
    "no detach": "a state that hands on its history",
}
TEETH = {
    "overwrite, engine": "01 02 05 06 07 10 12 14 16 17 X1", "overwrite, kernel": "08 10 16 19 22",
    "average, engine": "01 02 05 06 07 10 12 16 17 X1", "average, kernel": "10 16",
    "no transpose, engine": "03 10 12 16 23", "no transpose, kernel": "08 10 11 16 19",
    "squared norm": "13", "no detach": "11",
}  # fmt: skip


def table() -> str:
    """The table of faults in docs/teaching.md."""
    rows = ["| fault | operation by operation | as a kernel |", "|---|---|---|"]
    for fault, words in FAULTS.items():
        paths = [TEETH.get(f"{fault}, {path}", TEETH.get(fault, "")) for path in ("engine", "kernel")]
        rows.append(f"| {fault}: {words} | {' | '.join(path.replace(' ', ', ') for path in paths)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    if sys.argv[1] == "--table":
        sys.exit(print(table()))
    PLANTS[sys.argv[1]]()
    sys.argv = sys.argv[2:]
    sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
    runpy.run_path(sys.argv[0], run_name="__main__")
