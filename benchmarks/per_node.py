"""What one operation costs, forward and backward, in time and in memory.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.per_node

x ← relu(x·a + b), a hundred times (300 operations), at shapes () and (4,), float32 and float64, beside bare NumPy
and, where it is installed, PyTorch's eager mode; then chains of 100,000 operations, with their bytes as tracemalloc
counts them.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg

from .machine import description, medians

ROUNDS = 100
CHAIN = 100_000


def minigrad_chain(shape: tuple, dtype: str) -> Callable[[], None]:
    ones = np.ones(shape, dtype)
    a, b, x0 = mg.Tensor(ones, requires_grad=True), mg.Tensor(ones, requires_grad=True), mg.Tensor(ones)

    def run() -> None:
        x = x0
        for _ in range(ROUNDS):
            x = mg.relu(x * a + b)
        x.sum().backward()
    return run


def torch_chain(shape: tuple, dtype: str) -> Callable[[], None] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    kind = getattr(torch, dtype)
    a, b = torch.ones(shape, dtype=kind, requires_grad=True), torch.ones(shape, dtype=kind, requires_grad=True)
    x0 = torch.ones(shape, dtype=kind)

    def run() -> None:
        x = x0
        for _ in range(ROUNDS):
            x = torch.relu(x * a + b)
        x.sum().backward()
    return run


def numpy_chain(shape: tuple, dtype: str) -> Callable[[], None]:
    """The same numbers by hand: forward, then the three products and two sums of the backward."""
    a = b = np.ones(shape, dtype)

    def run() -> None:
        x, kept = a, []
        for _ in range(ROUNDS):
            y = np.maximum(x * a + b, 0.0)
            kept.append((x, y))
            x = y
        dx, da, db = np.ones(shape, dtype), 0.0, 0.0
        for x, y in reversed(kept):
            dz = dx * np.sign(y)
            db, da, dx = db + dz, da + dz * x, dz * a
    return run


def table_of_chains() -> None:
    print(f"\nrelu(x*a + b), {3 * ROUNDS} nodes, forward + backward, microseconds a node (median)")
    print(f"{'shape':>8} {'dtype':>8} {'numpy':>8} {'minigrad':>9} {'torch':>8} {'minigrad/torch':>15}")
    for shape in ((), (4,)):
        for dtype in ("float32", "float64"):
            makers = {"numpy": numpy_chain, "minigrad": minigrad_chain, "torch": torch_chain}
            runs = {name: make(shape, dtype) for name, make in makers.items()}
            seconds = medians({name: run for name, run in runs.items() if run}, repeats=200)
            cells = [f"{seconds[name] / (3 * ROUNDS) * 1e6:8.2f}" if name in seconds else "       -" for name in runs]
            ratio = f"{seconds['minigrad'] / seconds['torch']:15.2f}" if "torch" in seconds else "(not installed)"
            print(f"{shape!s:>8} {dtype:>8} {cells[0]} {cells[1]:>9} {cells[2]} {ratio:>15}")


def long_chain(step: Callable[[Any], Any]) -> tuple[float, float, float, int]:
    """(bytes, µs forward, µs backward) a node of a long chain, and what the garbage collector finds when it is dropped."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    y = grow(step)
    bytes_each = (tracemalloc.get_traced_memory()[0] - before) / CHAIN
    tracemalloc.stop()
    del y
    start = time.perf_counter()
    y = grow(step)
    middle = time.perf_counter()
    y.backward()
    end = time.perf_counter()
    gc.collect()
    gc.disable()
    del y
    left = gc.collect()
    gc.enable()
    return bytes_each, (middle - start) / CHAIN * 1e6, (end - middle) / CHAIN * 1e6, left


def grow(step: Callable[[Any], Any]) -> Any:
    y = step(mg.Tensor(1.0, requires_grad=True))
    for _ in range(CHAIN - 1):
        y = step(y)
    return y


def table_of_long_chains() -> None:
    w = mg.Tensor(1.0, requires_grad=True)
    chains = {"x + 1": lambda x: x + 1.0, "x + w": lambda x: x + w, "x - w": lambda x: x - w, "x * w": lambda x: x * w,
              "x / w": lambda x: x / w, "tanh(x)": mg.tanh, "sigmoid(x)": mg.sigmoid, "relu(x)": mg.relu}
    print(f"\na chain of {CHAIN:,} operations on one float32 number")
    print(f"{'':>11} {'bytes/node':>11} {'forward us':>11} {'backward us':>12} {'left for the collector':>23}")
    for name, step in chains.items():
        size, forward, backward, left = long_chain(step)
        print(f"{name:>11} {size:>11.0f} {forward:>11.2f} {backward:>12.2f} {left:>23}")


if __name__ == "__main__":
    table_of_long_chains()                  # before PyTorch comes: the collector walks through its objects, too
    table_of_chains()
    print(f"\n{description()}")
