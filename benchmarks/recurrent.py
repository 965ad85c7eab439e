"""What one training step of a recurrent net costs, beside PyTorch and others, and one iteration of min-char-rnn beside its own loop.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m benchmarks.recurrent [rnn gru lstm] [peers] [floor] [char] [memory] [length]
                                                                            [--quick] [--write]

A step is forward, backward and update: integers of a vocabulary of 96, batch 32, 64 steps, one recurrent layer, Dense,
cross-entropy, SGD, float32; all start from the same weights, and their losses are compared. Set OPENBLAS_CORETYPE=Haswell
for the AVX2 kernels of NumPy's BLAS. On one thread times are the processor's, which a busy machine changes little; on more they
are the clock's, and the machine should be quiet. `--quick` repeats less; `--write` puts the tables and a plot into benchmarks/README.md.
Libraries that are not installed are left out, and the last line says how to install them.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from . import recurrent_peers as peers

peers.one_thread()                                                # before any of them is imported

import minigrad as mg

from . import recurrent_by_hand as by_hand
from . import recurrent_floor as floor
from . import report
from .machine import description

V, N, T = 96, 32, 64
KINDS = {"rnn": mg.layers.RNN, "gru": mg.layers.GRU, "lstm": mg.layers.LSTM}
ORDER = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 1, 2, 3]}     # where PyTorch's gates stand among ours
THREADS = int(os.environ.get("OPENBLAS_NUM_THREADS", "0")) or os.cpu_count() or 1
WORDS = [*KINDS, "peers", "floor", "char", "memory", "length"]
Step = Callable[[], float]
Ratios = dict[str, dict[str, float]]                              # "lstm 128" → library → its time over torch.nn's

try:
    import torch
except ImportError:
    torch = None                                                  # type: ignore[assignment]


def medians(runs: dict[str, Step], rounds: int = 3, block: int = 6, warm_up: int = 2) -> dict[str, float]:
    """Milliseconds of each run, the median over rounds of several steps in a row: as in training, the caches are one's own."""
    clock = time.process_time if THREADS == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            for k in range(warm_up + block):
                start = clock()
                run()
                if k >= warm_up:
                    times[name].append((clock() - start) * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


# ------------------------------------------------------------------------------- one training step

def weights(kind: str, units: int) -> dict[str, np.ndarray]:
    """The same start for all: our layout, GRU with the reset after the product, as PyTorch has it."""
    rng = np.random.default_rng(0)
    columns = len(ORDER[kind]) * units
    shapes = {"W_xh": (V, columns), "W_hh": (units, columns), "b": (2, columns) if kind == "gru" else (columns,),
              "W": (units, V), "b_y": (V,)}
    return {name: rng.uniform(-1, 1, shape).astype("float32") / units ** 0.5 for name, shape in shapes.items()}


def batch(rows: int = N, steps: int = T) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(V, size=(rows, steps)), rng.integers(V, size=(rows, steps))


def minigrad_step(kind: str, units: int, start: dict[str, np.ndarray], numbers: Any = None, **options: Any) -> Step:
    if kind == "gru":
        options["reset_after"] = True
    layer, dense = KINDS[kind](units, return_sequences=True, input_dim=V, **options), mg.layers.Dense(V)
    x, y = numbers or batch()
    dense(layer(x))
    layer.set_weights([start["W_xh"], start["W_hh"], start["b"]])
    dense.set_weights([start["W"], start["b_y"]])
    parameters = [*layer.parameters(), *dense.parameters()]
    optimizer = mg.optimizers.SGD(0.1)

    def step() -> float:
        loss = mg.cross_entropy(dense(layer(x)), y).mean()
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        optimizer.step(parameters)
        return loss.item()
    return step


def torch_weights(kind: str, start: dict[str, np.ndarray]) -> list[Any]:
    """Our weights as PyTorch lays them out: rows for columns, its order of gates, two biases."""
    def turned(array: np.ndarray) -> Any:
        blocks = np.split(array, len(ORDER[kind]), axis=-1)
        return torch.tensor(np.ascontiguousarray(np.concatenate([blocks[k] for k in ORDER[kind]], axis=-1).T))
    b = start["b"] if kind == "gru" else np.stack([start["b"], np.zeros_like(start["b"])])
    return [turned(start["W_xh"]), turned(start["W_hh"]), turned(b[0]), turned(b[1])]


def torch_training(hidden_states: Callable[[], Any], parameters: list[Any], start: dict[str, np.ndarray]) -> Step:
    dense = torch.nn.Linear(start["W"].shape[0], V)
    dense.weight.data, dense.bias.data = torch.tensor(start["W"].T.copy()), torch.tensor(start["b_y"])
    optimizer = torch.optim.SGD([*parameters, *dense.parameters()], lr=0.1)
    y = torch.tensor(batch()[1].T.reshape(-1).copy())

    def step() -> float:
        loss = torch.nn.functional.cross_entropy(dense(hidden_states()).reshape(-1, V), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def torch_step(kind: str, units: int, start: dict[str, np.ndarray]) -> Step:
    """torch.nn's layer, time first, on one-hot vectors: its fastest way."""
    layer = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](V, units)
    for parameter, value in zip(layer.parameters(), torch_weights(kind, start), strict=True):
        parameter.data = value
    x = torch.nn.functional.one_hot(torch.tensor(batch()[0].T.copy()), V).float()
    return torch_training(lambda: layer(x)[0], list(layer.parameters()), start)


def torch_cell_by_cell(kind: str, units: int, start: dict[str, np.ndarray]) -> Step:
    """The equations in PyTorch's operations, one step after another, rows picked by integers as ours."""
    W_xh, W_hh, b, b_h = (torch.nn.Parameter(value.t().contiguous()) for value in torch_weights(kind, start))
    x = torch.tensor(batch()[0].T.copy())

    def rnn(z: Any, h: Any, c: Any) -> tuple[Any, Any]:
        return torch.tanh(z + h @ W_hh + b_h), c

    def gru(z: Any, h: Any, c: Any) -> tuple[Any, Any]:
        (x_r, x_z, x_new), (h_r, h_z, h_new) = z.chunk(3, 1), (h @ W_hh + b_h).chunk(3, 1)
        r, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        return update * h + (1 - update) * torch.tanh(x_new + r * h_new), c

    def lstm(z: Any, h: Any, c: Any) -> tuple[Any, Any]:
        i, f, g, o = (z + h @ W_hh + b_h).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    cell = {"rnn": rnn, "gru": gru, "lstm": lstm}[kind]

    def hidden_states() -> Any:
        h = c = torch.zeros(N, units)
        states = []
        for t in range(T):
            h, c = cell(W_xh[x[t]] + b, h, c)
            states.append(h)
        return torch.stack(states)
    return torch_training(hidden_states, [W_xh, W_hh, b, b_h], start)


def one_row(kind: str, units: int, words: list[str], rounds: int) -> dict[str, float]:
    """Milliseconds of every way to do the same step, after their losses were compared."""
    start = weights(kind, units)
    runs = {"minigrad": minigrad_step(kind, units, start), "minigrad unrolled": minigrad_step(kind, units, start, unroll=True)}
    if torch is not None:
        runs |= {"torch.nn": torch_step(kind, units, start), "PyTorch cell by cell": torch_cell_by_cell(kind, units, start)}
    for name in peers.installed() if "peers" in words else ():
        runs[name] = peers.PEERS[name](kind, start, batch())
    compare_losses(runs)
    return medians(runs, rounds)


def compare_losses(runs: dict[str, Step]) -> None:
    """The second losses, which the first update has a share in: all do the same, or no table is made."""
    for _ in range(2):
        losses = {name: run() for name, run in runs.items()}
        assert max(losses.values()) - min(losses.values()) < 1e-4, losses


def table_of_steps(words: list[str], rounds: int) -> tuple[list[str], Ratios]:
    """As Markdown: milliseconds and ratios; and the ratios to torch.nn for the plot."""
    names = [*(peers.installed() if "peers" in words else ())]
    columns = ["layer", "hidden", "torch.nn", "minigrad", "ratio", "PyTorch cell by cell", "minigrad unrolled", "ratio",
               *(f"{name} (to torch.nn)" for name in names)]
    lines = [f"One training step, V {V}, batch {N}, T {T}, float32: milliseconds (median), threads: {THREADS}", "",
             f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    ratios: Ratios = {}
    for kind in (word for word in words if word in KINDS):
        for units in (128, 256, 512):
            ms = one_row(kind, units, words, rounds)
            fused, cells = ms.get("torch.nn", float("nan")), ms.get("PyTorch cell by cell", float("nan"))
            row = [kind, units, f"{fused:.1f}", f"{ms['minigrad']:.1f}", f"**{ms['minigrad'] / fused:.2f}**", f"{cells:.1f}",
                   f"{ms['minigrad unrolled']:.1f}", f"**{ms['minigrad unrolled'] / cells:.2f}**",
                   *(f"{ms[name]:.1f} ({ms[name] / fused:.2f})" for name in names)]
            lines.append(f"| {' | '.join(map(str, row))} |")
            print(lines[-1], flush=True)
            ratios[f"{kind} {units}"] = {name: value / fused for name, value in ms.items()}
    return lines, ratios


def table_of_floor(words: list[str], rounds: int) -> list[str]:
    """What the step's bare products and activations take, over torch.nn's whole step: below that, no kernel in NumPy gets here;
    and, for the vanilla net, the whole step by hand in bare NumPy: what no framework that makes the same products is below."""
    columns = ["layer", "hidden", "products", "GFLOP/s", "activations", "torch.nn, whole", "floor ratio", "NumPy by hand, whole", "ratio",
               "minigrad, whole", "ratio"]
    title = ("The floor: the same step's matrix products and activations alone, as fast as NumPy does them here, and the vanilla net's "
             "whole step by hand: milliseconds (median)")
    lines = [title, "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for kind in [kind for kind in KINDS if kind in words] or KINDS:
        for units in (128, 256, 512):
            lines.append(f"| {' | '.join(row_of_floor(kind, units, rounds))} |")
            print(lines[-1], flush=True)
    return lines


def row_of_floor(kind: str, units: int, rounds: int) -> list[str]:
    """One row of that table."""
    start = weights(kind, units)
    wholes = {"minigrad": minigrad_step(kind, units, start)}
    if kind == "rnn":
        wholes["by hand"] = by_hand.rnn_step(start, *batch())
    if torch is not None:
        wholes["torch.nn"] = torch_step(kind, units, start)
    compare_losses(wholes)
    ms = medians({**floor.bare(kind, units, V, N, T), **wholes}, rounds)
    fused, products = ms.get("torch.nn", float("nan")), ms["products"]
    speed = floor.operations(kind, units, V, N, T) / products / 1e6
    beside = [f"{ms['by hand']:.1f}", f"**{ms['by hand'] / fused:.2f}**"] if kind == "rnn" else ["", ""]
    return [kind, str(units), f"{products:.1f}", f"{speed:.0f}", f"{ms['activations']:.1f}", f"{fused:.1f}",
            f"**{(products + ms['activations']) / fused:.2f}**", *beside, f"{ms['minigrad']:.1f}", f"**{ms['minigrad'] / fused:.2f}**"]


# ------------------------------------------------------------------------------- min-char-rnn

UNITS, LENGTH, LETTERS = 100, 25, 65


def reference_gradients(inputs: Any, targets: Any, h0: np.ndarray, W_xh: Any, W_hh: Any, W_hy: Any, b_h: Any, b_y: Any) -> Any:
    """Loss and gradients by hand, as the lectures' loop has them: column vectors, one step after another."""
    xs, hs, ps, loss = {}, {-1: h0}, {}, 0.0
    for t in range(len(inputs)):
        xs[t] = np.zeros((LETTERS, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(W_xh, xs[t]) + np.dot(W_hh, hs[t - 1]) + b_h)
        y = np.dot(W_hy, hs[t]) + b_y
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    dW_xh, dW_hh, dW_hy, db_h, db_y = map(np.zeros_like, (W_xh, W_hh, W_hy, b_h, b_y))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dW_hy += np.dot(dy, hs[t].T)
        db_y += dy
        dz = (1 - hs[t] * hs[t]) * (np.dot(W_hy.T, dy) + dh_next)
        db_h += dz
        dW_xh += np.dot(dz, xs[t].T)
        dW_hh += np.dot(dz, hs[t - 1].T)
        dh_next = np.dot(W_hh.T, dz)
    return loss, [dW_xh, dW_hh, db_h, dW_hy, db_y]


def char_weights() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(0.0, 0.1, shape) for shape in ((LETTERS, UNITS), (UNITS, UNITS), (UNITS,), (UNITS, LETTERS), (LETTERS,))]


def char_batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(LETTERS, size=LENGTH), rng.integers(LETTERS, size=LENGTH)


def reference_char() -> Callable[[], list[np.ndarray]]:
    W_xh, W_hh, b_h, W_hy, b_y = char_weights()
    columns = [W_xh.T.copy(), W_hh.T.copy(), W_hy.T.copy(), b_h[:, None], b_y[:, None]]
    (inputs, targets), h0 = char_batch(), np.zeros((UNITS, 1))

    def run() -> list[np.ndarray]:
        return reference_gradients(inputs, targets, h0, *columns)[1]
    return run


def minigrad_char(dtype: str, unroll: bool) -> Callable[[], list[np.ndarray]]:
    layer = mg.layers.RNN(UNITS, return_sequences=True, input_dim=LETTERS, unroll=unroll, dtype=dtype)
    dense = mg.layers.Dense(LETTERS, dtype=dtype)
    inputs, targets = (numbers[None] for numbers in char_batch())
    dense(layer(inputs))
    start = char_weights()
    layer.set_weights(start[:3])
    dense.set_weights(start[3:])
    parameters, h0 = [*layer.parameters(), *dense.parameters()], mg.Tensor(np.zeros((1, UNITS), dtype))

    def run() -> list[np.ndarray]:
        loss = mg.cross_entropy(dense(layer(inputs, initial_state=h0)), targets).sum()
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        return [parameter.grad for parameter in parameters]
    return run


def table_of_char(rounds: int) -> list[str]:
    """One cross-entropy on the stacked states; the gradients are compared before the times are taken."""
    runs: dict[str, Any] = {
        "by hand, float64": reference_char(),
        "minigrad unrolled, float64": minigrad_char("float64", True), "minigrad unrolled, float32": minigrad_char("float32", True),
        "minigrad kernel, float64": minigrad_char("float64", False), "minigrad kernel, float32": minigrad_char("float32", False)}
    expected = [g.T.reshape(np.shape(g)[::-1]).squeeze() for g in runs["by hand, float64"]()]
    lines = [f"min-char-rnn: loss and gradients, hidden {UNITS}, {LENGTH} steps, batch 1: milliseconds (median)", "",
             "| | ms | to the loop by hand | largest difference of a gradient |", "|---|---|---|---|"]
    times = medians(runs, rounds=3 * rounds, block=60, warm_up=5)
    for name, run in runs.items():
        found = [g.T.reshape(np.shape(g)[::-1]).squeeze() for g in run()] if "hand" in name else run()
        worst = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
        if "minigrad" in name:
            assert worst < (1e-10 if "float64" in name else 1e-4), (name, worst)
        lines.append(f"| {name} | {times[name]:.2f} | **{times[name] / times['by hand, float64']:.2f}** | {worst:.0e} |")
    return lines


# ------------------------------------------------------------------------------- memory, and length

def table_of_memory() -> list[str]:
    """Peak of one LSTM step at hidden 256 and 512 steps, as tracemalloc counts NumPy's arrays."""
    lines = [f"Memory of one LSTM step, hidden 256, T 512, batch {N}: MiB at the peak", "", "| | MiB |", "|---|---|"]
    for name, options in (("kernel", {}), ("unrolled", {"unroll": True})):
        step = minigrad_step("lstm", 256, weights("lstm", 256), batch(N, 512), **options)
        tracemalloc.start()
        step()
        lines.append(f"| {name} | {tracemalloc.get_traced_memory()[1] / 2**20:.0f} |")
        tracemalloc.stop()
    return lines


def table_of_length(rounds: int) -> list[str]:
    """Whether twice the sequence costs twice the time: microseconds per step of it."""
    lengths = (250, 500, 1000, 2500, 5000)
    lines = ["One LSTM training step, hidden 64, batch 4: microseconds per step of the sequence", "",
             f"| T | {' | '.join(map(str, lengths))} |", "|---" * (len(lengths) + 1) + "|"]
    for name, options in (("kernel", {}), ("unrolled", {"unroll": True})):
        runs = {steps: minigrad_step("lstm", 64, weights("lstm", 64), batch(4, steps), **options) for steps in lengths}
        row = [f"{medians({name: run}, rounds, block=1, warm_up=1)[name] * 1e3 / steps:.0f}" for steps, run in runs.items()]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return lines


def main(words: list[str]) -> None:
    if {"-h", "--help"} & set(words):
        print(__doc__)
        return
    rounds = 1 if "--quick" in words else 3
    if torch is not None:
        torch.set_num_threads(THREADS)
    wanted = [word for word in words if word not in ("--quick", "--write")] or WORDS
    if unknown := set(wanted) - set(WORDS):
        raise SystemExit(f"{', '.join(sorted(unknown))}? The words are {', '.join(WORDS)}, --quick and --write")
    print(description(), flush=True)
    blocks: list[list[str]] = []
    ratios: Ratios = {}
    if any(word in KINDS for word in wanted):
        lines, ratios = table_of_steps(wanted, rounds)
        blocks.append(lines)
    tables = {"floor": lambda: table_of_floor(wanted, rounds), "char": lambda: table_of_char(rounds), "memory": table_of_memory,
              "length": lambda: table_of_length(rounds)}
    blocks += [table() for word, table in tables.items() if word in wanted]
    text = "\n\n".join("\n".join(lines) for lines in blocks)
    print(f"\n{text}\n")
    if "--write" in words:
        report.write(text, ratios, description(), THREADS)
    if missing := peers.missing():
        print(f"not installed here: {missing}")
    if torch is None:
        print("PyTorch's columns need: pip install torch")


if __name__ == "__main__":
    main(sys.argv[1:])
