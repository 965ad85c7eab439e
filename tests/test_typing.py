"""What users write with minigrad passes mypy, and what mypy says of it is what it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="mypy is not installed")

USERS_CODE = '''
import numpy as np

import minigrad as mg


def attention(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
    scores = (x @ y.T / 2.0).softmax(axis=-1)
    return scores @ y + 1 - 2 * x**2 + (-x).abs()


def statistics(x: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor, float]:
    mean = x.mean(0, keepdims=True)
    return mean, x.sum(0), ((x - mean) ** 2).mean().item()


def shapes(x: mg.Tensor) -> mg.Tensor:
    return x.reshape(-1, 2).transpose(1, 0).T[0, :1].squeeze()


def functions(x: mg.Tensor) -> mg.Tensor:
    return mg.tanh(x) + mg.maximum(x, 0.0) + mg.concatenate([x, x])[: len(x)] + mg.where(x > 0, x, 0.0)


x = mg.Tensor(np.ones((4, 4)), requires_grad=True, name="x")
loss = (attention(x, x) + x + x).sum()
loss.backward()
loss.backward(until=[x])
shape: tuple[int, ...] = x.shape
first: mg.Tensor = x[0]
gradient = mg.grad(lambda t: (t * t).sum())(x)
with mg.no_grad(), mg.scope("outside", t=3):
    values: np.ndarray = x.numpy()
for row in x:
    print(float(row.sum()), row.dtype, len(row))
mg.check_gradients(mg.tanh, np.ones(3))
revealed = x + x
reveal_type(revealed)
reveal_type(x.sum(0))
'''

WRONG_CODE = '''
import minigrad as mg

x = mg.Tensor([1.0])
x.no_such_method()
y: str = x + x
mg.Tensor([1.0], requires_gradient=True)
'''


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says of both files, by the name of the file."""
    folder = tmp_path_factory.mktemp("typed")
    files = {"right.py": USERS_CODE, "wrong.py": WRONG_CODE}
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    options = ["--no-error-summary", "--follow-imports=silent", "--cache-dir", str(folder / "cache")]
    command = [sys.executable, "-m", "mypy", *options, *(str(folder / name) for name in files)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return {name: [line for line in lines if name in line] for name in files}


def test_users_code_passes(said):
    assert [line for line in said["right.py"] if "error" in line] == []
    assert sum("minigrad.engine.Tensor" in line for line in said["right.py"]) == 2


def test_users_mistakes_are_found(said):
    errors = "\n".join(line for line in said["wrong.py"] if "error" in line)
    assert "no_such_method" in errors and "requires_gradient" in errors and "str" in errors
