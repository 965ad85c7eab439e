"""Callbacks that look into a model while it learns: how large its gradients are, what it would write."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import backend
from .callback import Callback, Logs, matplotlib_pyplot


class GradientMonitor(Callback):
    """‖∂L/∂θ‖ of every parameter after every step: `.norms["lstm/W_hh"]` is a list; `.layers()` joins them by layer."""

    def __init__(self, every: int = 1) -> None:
        self.every, self.steps = every, 0
        self.norms: dict[str, list[float]] = {}

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.steps += 1
        if self.steps % self.every == 0:
            for path, weight in self.model.named_weights().items():
                if weight.requires_grad and weight.grad is not None:         # a frozen one keeps its last gradient
                    self.norms.setdefault(path, []).append(float(np.linalg.norm(backend.to_cpu(weight.grad))))

    def layers(self) -> dict[str, list[float]]:
        """The same, one curve per layer: √ Σ of its parameters' squares."""
        squares: dict[str, Any] = {}
        for path, norms in self.norms.items():
            layer = path.rpartition("/")[0]
            squares[layer] = squares.get(layer, 0.0) + np.square(norms)
        return {layer: np.sqrt(total).tolist() for layer, total in squares.items()}

    def plot(self, path: str | None = None) -> Any:
        """One curve per layer, logarithmic; needs matplotlib. With a path, saved there."""
        plt = matplotlib_pyplot("GradientMonitor.plot()")
        figure, panel = plt.subplots(figsize=(6, 3.5))
        for layer, norms in self.layers().items():
            panel.semilogy(norms, label=layer or "model")
        panel.set(xlabel="step", ylabel="norm of the gradient")
        panel.legend()
        figure.tight_layout()
        if path is not None:
            figure.savefig(path)
        return figure

    def state(self) -> dict[str, Any]:
        return {"norms": self.norms, "steps": self.steps}

    def set_state(self, state: dict[str, Any]) -> None:
        self.norms, self.steps = state["norms"], state["steps"]


class Sampler(Callback):
    """Prints what `write(model)` returns (a sampled text) every n epochs, and keeps it in `.samples`."""

    def __init__(self, write: Callable[[Any], str], every: int = 1, show: Callable[[str], Any] | None = print) -> None:
        self.write, self.every, self.show = write, every, show
        self.samples: list[list[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if (epoch + 1) % self.every == 0:
            text = self.write(self.model)
            self.samples.append([epoch, text])
            if self.show is not None:
                self.show(f"\nEpoch {epoch + 1} writes:\n{text}")

    def state(self) -> dict[str, Any]:
        return {"samples": self.samples}

    def set_state(self, state: dict[str, Any]) -> None:
        self.samples = state["samples"]
