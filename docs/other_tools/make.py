"""The same four small nets, drawn by torchviz, torchview, TorchLens, Keras' plot_model and minigrad, as SVG beside this file.

    python -m venv --system-site-packages /tmp/tools && /tmp/tools/bin/pip install torch==2.13.0 torchviz torchview torchlens keras pydot graphviz
    apt-get install graphviz                                    # `dot`, which all of them but minigrad draw with
    KERAS_BACKEND=torch /tmp/tools/bin/python docs/other_tools/make.py

A tool that is not installed is left out and named. What is printed at the end are the facts that other_tools.md tells in its
tables: versions, and what the SVG files hold, counted.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
NETS = ("expression", "rnn", "lstm", "twins")


# ------------------------------------------------------------------------------------------------ in PyTorch

def torch_nets() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Name → (module, its inputs)."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Expression(nn.Module):
        """e = (a + b)·(b + 1)"""

        def __init__(self) -> None:
            super().__init__()
            self.b = nn.Parameter(torch.tensor(1.0))

        def forward(self, a: Any) -> Any:
            return (a + self.b) * (self.b + 1)

    class RNN(nn.Module):
        """h = tanh(x W_xh + h W_hh + b), three steps by hand."""

        def __init__(self) -> None:
            super().__init__()
            self.W_xh, self.W_hh, self.b = nn.Parameter(torch.randn(2, 3)), nn.Parameter(torch.randn(3, 3)), nn.Parameter(torch.randn(3))

        def forward(self, x: Any) -> Any:
            h = torch.zeros(1, 3)
            for t in range(3):
                h = torch.tanh(x[:, t] @ self.W_xh + h @ self.W_hh + self.b)
            return (h**2).sum()

    class LSTM(nn.Module):
        """PyTorch's own cell, two steps."""

        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.LSTMCell(2, 3)

        def forward(self, x: Any) -> Any:
            h, c = torch.zeros(1, 3), torch.zeros(1, 3)
            for t in range(2):
                h, c = self.cell(x[:, t], (h, c))
            return (h**2).sum()

    class Twins(nn.Module):
        """One layer reads two inputs."""

        def __init__(self) -> None:
            super().__init__()
            self.shared, self.match = nn.Linear(4, 3), nn.Linear(6, 1)

        def forward(self, left: Any, right: Any) -> Any:
            return self.match(torch.cat([torch.tanh(self.shared(left)), torch.tanh(self.shared(right))], dim=1))

    x = torch.randn(1, 3, 2)
    return {"expression": (Expression(), (torch.tensor(2.0, requires_grad=True),)), "rnn": (RNN(), (x,)), "lstm": (LSTM(), (x[:, :2],)),
            "twins": (Twins(), (torch.randn(1, 4), torch.randn(1, 4)))}  # fmt: skip


def torchviz(name: str, target: Path) -> None:
    """The graph of autograd's functions."""
    from torchviz import make_dot

    module, inputs = torch_nets()[name]
    graph = make_dot(module(*inputs), params=dict(module.named_parameters()))
    graph.render(target.with_suffix(""), format="svg", cleanup=True)


def torchview(name: str, target: Path) -> None:
    """Modules and functions, with shapes."""
    from torchview import draw_graph

    module, inputs = torch_nets()[name]
    graph = draw_graph(module, input_data=inputs, expand_nested=True, hide_module_functions=False, device="cpu").visual_graph
    graph.render(target.with_suffix(""), format="svg", cleanup=True)


def torchlens(name: str, target: Path) -> None:
    """Every operation, unrolled."""
    import torchlens as tl

    module, inputs = torch_nets()[name]
    tl.trace(module, inputs).draw(vis_outpath=str(target.with_suffix("")), vis_fileformat="svg", vis_save_only=True)


def torchlens_backward(name: str, target: Path) -> None:
    """Forward and backward beside each other, with gradients saved."""
    import torchlens as tl

    module, inputs = torch_nets()[name]
    trace = tl.trace(module, inputs, capture=tl.options.CaptureOptions(save_grads=True, backward_ready=True))
    trace.log_backward(trace[trace.output_layers[0]].out.sum())
    trace.draw_combined(vis_outpath=str(target.with_suffix("")), vis_fileformat="svg", vis_save_only=True)


# ------------------------------------------------------------------------------------------------ in Keras

def keras(name: str, target: Path) -> None:
    """plot_model, with all that it can show; a model of layers, so that weights and time steps are not part of the picture."""
    import keras as k

    inputs = {"expression": [(), ()], "rnn": [(3, 2)], "lstm": [(2, 2)], "twins": [(4,), (4,)]}[name]
    given = [k.Input(shape, name=n) for shape, n in zip(inputs, ("a", "b") if name == "expression" else ("x", "y"), strict=False)]
    if name == "expression":
        out = (given[0] + given[1]) * (given[1] + 1)
    elif name == "twins":
        shared, match = k.layers.Dense(3, activation="tanh", name="shared"), k.layers.Dense(1, name="match")
        out = match(k.layers.Concatenate()([shared(x) for x in given]))
    else:
        out = (k.layers.SimpleRNN if name == "rnn" else k.layers.LSTM)(3, unroll=True, name=name)(given[0])
    model = k.Model(given, out)
    shown = k.utils.model_to_dot(model, show_shapes=True, show_layer_names=True, show_layer_activations=True, show_trainable=True, dpi=72)
    shown.write(str(target), format="svg")  # what plot_model writes, without its return value for notebooks


# ------------------------------------------------------------------------------------------------ in minigrad

def minigrad(name: str, target: Path) -> None:
    """mg.draw, after backward()."""
    import numpy as np

    import minigrad as mg

    mg.set_random_seed(0)
    random = np.random.default_rng(0)
    if name == "twins":
        left, right = mg.Input((4,), name="left"), mg.Input((4,), name="right")
        shared, match = mg.layers.Dense(3, activation="tanh", name="shared"), mg.layers.Dense(1, name="match")
        mg.draw(mg.Model([left, right], match(mg.layers.Concatenate(name="concat")([shared(left), shared(right)])), name="twins")).save(target)
        return
    with mg.Trace() as trace:
        if name == "expression":
            a, b = mg.Parameter(2.0, name="a"), mg.Parameter(1.0, name="b")
            c, d = a + b, b + 1
            loss = e = c * d  # noqa: F841
        else:
            steps, layer = (3, mg.layers.RNN(3, name="rnn")) if name == "rnn" else (2, mg.layers.LSTM(3, name="lstm"))
            h = layer(mg.Tensor(random.normal(size=(1, steps, 2))))
            loss = mg.sum(h**2)
    loss.backward()
    mg.draw(trace).save(target)


TOOLS: dict[str, tuple[str, Callable[[str, Path], None]]] = {
    "torchviz": ("torchviz", torchviz), "torchview": ("torchview", torchview), "torchlens": ("torchlens", torchlens),
    "torchlens_backward": ("torchlens", torchlens_backward), "keras": ("keras", keras), "minigrad": ("", minigrad),
}  # fmt: skip


def facts(svg: str) -> str:
    """What can be counted in a file: boxes, lines, and how often a weight's name is written."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    words = " ".join(re.sub(r"<[^>]*>", "", t) for t in texts)
    nodes = len(re.findall(r'class="node"', svg)) or len(re.findall(r"<g id=", svg))
    edges = len(re.findall(r'class="edge', svg))
    return f"{nodes} boxes, {edges} lines, W_hh written {words.count('W_hh')} ×, {len(svg) // 1024} KiB"


def installed(package: str) -> str:
    """The version, or nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """All that can be made here."""
    print("dot:", shutil.which("dot") or "not installed")
    for tool, (package, draw) in TOOLS.items():
        if package and not installed(package):
            print(f"{tool}: not installed")
            continue
        print(f"{tool} {installed(package) if package else '(this checkout)'}")
        for name in NETS if tool != "torchlens_backward" else ("rnn",):
            target = HERE / f"{tool}_{name}.svg"
            draw(name, target)
            print(f"  {name}: {facts(target.read_text(encoding='utf-8'))}")


if __name__ == "__main__":
    main()
