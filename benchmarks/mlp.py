"""What a training step of a small multilayer net costs, beside bare NumPy and PyTorch, and what `fit` adds to it.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m benchmarks.mlp

Batch 128, 784 → 256 (relu) → 10, cross-entropy from logits, SGD, float32; all start from the same weights, and their
losses are compared. Times are the processor's, so run it on one thread. Without PyTorch its row stays empty.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

import minigrad as mg

from .machine import description

N, SIZES, RATE, BATCHES = 128, (784, 256, 10), 0.1, 30

try:
    import torch
except ImportError:
    torch = None                                                  # type: ignore[assignment]

rng = np.random.default_rng(0)
X = rng.normal(size=(N, SIZES[0])).astype(np.float32)
Y = rng.integers(0, SIZES[2], N)


def bare(weights: list[np.ndarray]) -> Callable[[], float]:
    """Forward, backward and update written out, in place where it can be."""
    W1, b1, W2, b2 = (w.copy() for w in weights)

    def step() -> float:
        z = X @ W1 + b1
        h = np.maximum(z, 0)
        o = h @ W2 + b2
        o -= o.max(axis=1, keepdims=True)
        p = np.exp(o)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(N), Y]).mean()
        p[np.arange(N), Y] -= 1
        p /= N
        dh = p @ W2.T
        dh *= z > 0
        for w, dw in ((W2, h.T @ p), (b2, p.sum(axis=0)), (W1, X.T @ dh), (b1, dh.sum(axis=0))):
            dw *= RATE
            w -= dw
        return loss.item()
    return step


def model_of(weights: list[np.ndarray]) -> mg.Sequential:
    model = mg.Sequential([mg.layers.Dense(SIZES[1], input_dim=SIZES[0], activation="relu"), mg.layers.Dense(SIZES[2])])
    model.set_weights(weights)
    model.compile(mg.optimizers.SGD(RATE), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def by_hand(weights: list[np.ndarray]) -> Callable[[], float]:
    """A loop of one's own."""
    model, x = model_of(weights), mg.Tensor(X)
    loss_function, optimizer = mg.losses.SparseCategoricalCrossentropy(from_logits=True), mg.optimizers.SGD(RATE)

    def step() -> float:
        model.zero_grad()
        loss = loss_function(Y, model(x, training=True))
        loss.backward()
        optimizer.step(model.parameters())
        return loss.item()
    return step


def by_pytorch(weights: list[np.ndarray]) -> Callable[[], float]:
    net = torch.nn.Sequential(torch.nn.Linear(*SIZES[:2]), torch.nn.ReLU(), torch.nn.Linear(*SIZES[1:]))
    for p, w in zip(net.parameters(), weights):
        p.data = torch.tensor(w.T if w.ndim == 2 else w)
    optimizer, x, y = torch.optim.SGD(net.parameters(), RATE), torch.tensor(X), torch.tensor(Y)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def one_step(weights: list[np.ndarray]) -> Callable[[], float]:
    """The same by `train_step`, which is what `fit` calls: running means are kept beside."""
    model, x = model_of(weights), mg.Tensor(X)
    return lambda: model.train_step(x, Y)["loss"]


def per_step_of_fit(weights: list[np.ndarray]) -> Callable[[], float]:
    """`fit` on BATCHES batches, shuffled, without a progress bar."""
    model, x, y = model_of(weights), np.tile(X, (BATCHES, 1)), np.tile(Y, BATCHES)
    return lambda: model.fit(x, y, batch_size=N, verbose=0).history["loss"][0]


def medians(runs: dict[str, tuple[Callable[[], float], int]], rounds: int = 9, block: int = 30) -> dict[str, float]:
    """Milliseconds of processor time per step; the runs take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(rounds + 1):
        for name, (run, steps) in runs.items():
            start = time.process_time()
            for _ in range(max(1, block // steps)):
                run()
            if k:                                                 # the first round warms up
                times[name].append((time.process_time() - start) * 1e3 / (max(1, block // steps) * steps))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    start = mg.initializers.GlorotUniform(seed=0)
    weights = [start(SIZES[:2]), np.zeros(SIZES[1], np.float32), start(SIZES[1:]), np.zeros(SIZES[2], np.float32)]
    makers: dict[str, Callable[[list[np.ndarray]], Callable[[], float]]] = {"bare NumPy": bare, "minigrad, a loop of one's own": by_hand, "minigrad, train_step": one_step}
    if torch is not None:
        makers["PyTorch"] = by_pytorch
    losses = {name: make(weights)() for name, make in makers.items()}
    assert np.ptp(list(losses.values())) < 1e-4, losses
    runs = {name: (make(weights), 1) for name, make in makers.items()} | {"minigrad, fit": (per_step_of_fit(weights), BATCHES)}
    times = medians(runs)
    print(description())
    print(f"one step of {' → '.join(map(str, SIZES))}, batch {N}, float32")
    for name, milliseconds in times.items():
        print(f"  {name:<30} {milliseconds:7.3f} ms   {milliseconds / times['bare NumPy']:5.2f} × bare NumPy")
    print(f"  fit adds {100 * (times['minigrad, fit'] / times['minigrad, train_step'] - 1):.1f} % to train_step")


if __name__ == "__main__":
    main()
