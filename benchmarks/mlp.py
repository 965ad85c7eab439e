"""What a training step of a small multilayer net costs, beside bare NumPy and PyTorch, and what `fit` adds to it.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m benchmarks.mlp

Batch 128, 784 → 256 (relu) → 10, cross-entropy from logits, SGD, float32; all start from the same weights, and their
losses are compared. "Bare NumPy" is the same step as a careful person writes it by hand: forward, a loss that cannot
overflow, backward, update, in place wherever that is possible. The first table repeats one batch; the second trains
on BATCHES shuffled batches, which everybody has to cut out of the data. Times are the processor's, so run it on one
thread. Without PyTorch its rows stay empty.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.training.batches import Batches

from .machine import description

N, SIZES, RATE, BATCHES = 128, (784, 256, 10), 0.1, 30

try:
    import torch
except ImportError:
    torch = None                                                  # type: ignore[assignment]

rng = np.random.default_rng(0)
X = rng.normal(size=(N, SIZES[0])).astype(np.float32)
Y = rng.integers(0, SIZES[2], N)


Step = Callable[[Any, Any], float]                                # one update on inputs and classes; returns the loss


def bare(weights: list[np.ndarray]) -> Step:
    """Forward, backward and update written out, in place where it can be."""
    W1, b1, W2, b2 = (w.copy() for w in weights)
    rows = np.arange(N)

    def step(x: np.ndarray, y: np.ndarray) -> float:
        z = x @ W1
        z += b1
        h = np.maximum(z, 0)
        o = h @ W2
        o += b2
        o -= o.max(axis=1, keepdims=True)
        p = np.exp(o)
        total = p.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - o[rows, y]).mean()
        p /= total
        p[rows, y] -= 1
        p /= N
        dh = p @ W2.T
        dh *= z > 0
        for w, dw in ((W2, h.T @ p), (b2, p.sum(axis=0)), (W1, x.T @ dh), (b1, dh.sum(axis=0))):
            dw *= RATE
            w -= dw
        return loss.item()
    return step


def model_of(weights: list[np.ndarray]) -> mg.Sequential:
    model = mg.Sequential([mg.layers.Dense(SIZES[1], input_dim=SIZES[0], activation="relu"), mg.layers.Dense(SIZES[2])])
    model.set_weights(weights)
    model.compile(mg.optimizers.SGD(RATE), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def by_hand(weights: list[np.ndarray]) -> Step:
    """A loop of one's own."""
    model, optimizer = model_of(weights), mg.optimizers.SGD(RATE)
    loss_function = mg.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x: mg.Tensor, y: np.ndarray) -> float:
        model.zero_grad()
        loss = loss_function(y, model(x, training=True))
        loss.backward()
        optimizer.step(model.parameters())
        return loss.item()
    return step


def by_train_step(weights: list[np.ndarray]) -> Step:
    """The same by `train_step`, which is what `fit` calls: penalties are asked for, running means are kept beside."""
    model = model_of(weights)
    return lambda x, y: model.train_step(x, y)["loss"]


def by_pytorch(weights: list[np.ndarray]) -> Step:
    net = torch.nn.Sequential(torch.nn.Linear(*SIZES[:2]), torch.nn.ReLU(), torch.nn.Linear(*SIZES[1:]))
    for p, w in zip(net.parameters(), weights):
        p.data = torch.tensor(w.T if w.ndim == 2 else w)
    optimizer = torch.optim.SGD(net.parameters(), RATE)

    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


MAKERS: dict[str, Callable[[list[np.ndarray]], Step]] = {
    "bare NumPy": bare, "minigrad, a loop of one's own": by_hand, "minigrad, train_step": by_train_step}
KINDS: dict[str, Callable[[np.ndarray], Any]] = {"minigrad, a loop of one's own": mg.Tensor, "minigrad, train_step": mg.Tensor}
if torch is not None:
    MAKERS["PyTorch"], KINDS["PyTorch"] = by_pytorch, torch.tensor


def one_batch(weights: list[np.ndarray]) -> dict[str, Callable[[], float]]:
    """A step on the same batch again and again."""
    runs: dict[str, Callable[[], float]] = {}
    for name, make in MAKERS.items():
        step, x, y = make(weights), KINDS.get(name, np.asarray)(X), torch.tensor(Y) if name == "PyTorch" else Y
        runs[name] = partial(step, x, y)
    return runs


def epochs(weights: list[np.ndarray]) -> dict[str, Callable[[], float]]:
    """A pass over BATCHES batches in a new random order, without a progress bar; all but `fit` write the loop out."""
    x, y = np.tile(X, (BATCHES, 1)), np.tile(Y, BATCHES)
    bare_step, step, model = bare(weights), by_hand(weights), model_of(weights)

    def bare_numpy() -> float:
        order = rng.permutation(len(x))
        chosen = (order[start:start + N] for start in range(0, len(x), N))
        return sum(bare_step(x.take(some, axis=0), y[some]) for some in chosen) / BATCHES

    def own_loop() -> float:
        return sum(step(one.x, one.y) for one in Batches(x, y, batch_size=N, shuffle=True)) / BATCHES

    return {"bare NumPy": bare_numpy, "minigrad, a loop of one's own": own_loop,
            "minigrad, fit": lambda: model.fit(x, y, batch_size=N, verbose=0).history["loss"][0]}


def medians(runs: dict[str, Callable[[], float]], calls: int, steps: int = 1, rounds: int = 15) -> dict[str, float]:
    """Milliseconds of processor time per step, where each call makes `steps`; the runs take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(rounds + 1):
        for name, run in runs.items():
            start = time.process_time()
            for _ in range(calls):
                run()
            if k:                                                 # the first round warms up
                times[name].append((time.process_time() - start) * 1e3 / (calls * steps))
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, times: dict[str, float]) -> None:
    print(title)
    for name, milliseconds in times.items():
        print(f"  {name:<30} {milliseconds:7.3f} ms   {milliseconds / times['bare NumPy']:5.2f} × bare NumPy")


def main() -> None:
    start = mg.initializers.GlorotUniform(seed=0)
    weights = [start(SIZES[:2]), np.zeros(SIZES[1], np.float32), start(SIZES[1:]), np.zeros(SIZES[2], np.float32)]
    losses = {name: run() for name, run in one_batch(weights).items()}
    assert np.ptp(list(losses.values())) < 1e-4, losses
    print(description())
    print(f"{' → '.join(map(str, SIZES))}, batch {N}, float32, processor time per step")
    show("one batch again and again", medians(one_batch(weights), calls=30))
    times = medians(epochs(weights), calls=1, steps=BATCHES)
    show(f"{BATCHES} shuffled batches", times)
    added = times["minigrad, fit"] / times["minigrad, a loop of one's own"] - 1
    print(f"  fit adds {100 * added:.1f} % to a loop of one's own over the same batches")


if __name__ == "__main__":
    main()
