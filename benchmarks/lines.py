"""How much there is to read between `loss.backward()` and the gradients: distinct lines, functions and files that
run.

    python -m benchmarks.lines

For tanh(w·x + b).sum(), counted with sys.settrace in minigrad's own files (NumPy's are NumPy's); with `--show` every
line is printed, in the order in which it first ran.
"""

from __future__ import annotations

import argparse
import linecache
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import minigrad as mg

PACKAGE = str(Path(mg.__file__).parent)


def lines_of(run: Any) -> list[tuple[str, str, int]]:
    """(file, function, line) of every line that runs in `run()`, once each, in order."""
    seen: dict[tuple[str, str, int], None] = {}

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            seen.setdefault((frame.f_code.co_filename, frame.f_code.co_qualname, frame.f_lineno))
        return watch

    sys.settrace(watch)
    try:
        run()
    finally:
        sys.settrace(None)
    return [key for key in seen if key[0].startswith(PACKAGE)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the lines themselves")
    show = parser.parse_args().show
    w, b = mg.Tensor([0.5, -1.0], requires_grad=True, name="w"), mg.Tensor([0.1, 0.2], requires_grad=True, name="b")
    loss = mg.tanh(w * np.array([1.0, 2.0], dtype=np.float32) + b).sum()
    lines = lines_of(loss.backward)
    for file, function, line in lines if show else []:
        print(f"{Path(file).name:>12}:{line:<4} {function:<32} {linecache.getline(file, line).rstrip()}")
    files = dict.fromkeys(file for file, _, _ in lines)
    functions = dict.fromkeys((file, function) for file, function, _ in lines)
    print(f"from loss.backward() to the gradients of tanh(w*x + b).sum(): {len(lines)} lines, "
          f"{len(functions)} functions, {len(files)} files ({', '.join(Path(file).name for file in files)})")


if __name__ == "__main__":
    main()
