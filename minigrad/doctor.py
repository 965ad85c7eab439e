"""What this installation has and lacks: one line each, and for what is missing the one line that mends it.

Everything but NumPy is optional; nothing here changes anything.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

DISTRIBUTION = "minigrad-unrolled"
PYTHON = f'"{sys.executable}"' if " " in sys.executable else sys.executable
PIP = f"{PYTHON} -m pip install"  # this very Python: `pip` alone may belong to another one


def version() -> str:
    """The version and where the package lies, which tells a clone from an installed copy."""
    return f"minigrad {_installed(DISTRIBUTION) or '(not installed, run from its folder)'} at {Path(__file__).parent}"


def report() -> Iterator[tuple[bool, str, str, str]]:
    """(is it there, what, what was found, the line that mends it), from the necessary to the curious."""
    yield sys.version_info >= (3, 11), "Python", f"{platform.python_version()} on {platform.platform()}", "install Python 3.11 or newer"
    yield True, "minigrad", version(), ""
    yield np.lib.NumpyVersion(np.__version__) >= "2.0.0", "NumPy", f"{np.__version__}, {_blas()}", f'{PIP} "numpy>=2"'
    yield _draws()
    yield _optional("sklearn", "scikit-learn", "the lessons' handwritten digits")
    yield _optional("tqdm", "tqdm", "progress bars")
    yield _gpu()


def main() -> int:
    """Print the report; status 1 only if something necessary is missing."""
    missing = 0
    for k, (there, what, found, mend) in enumerate(report()):
        print(f"{'✓' if there else '✗' if k < 3 else '–'} {what:<14}{found}")
        if not there:
            print(f"    to mend: {mend}")
            missing += k < 3
    return 1 if missing else 0


def _installed(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError):  # OSError: a shared library that it needs is missing
        return None


def _blas() -> str:
    """Which library multiplies the matrices, and on how many threads where that can be asked."""
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    name = f"BLAS {blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    threads = _module("threadpoolctl")
    pools = [pool for pool in threads.threadpool_info() if pool["user_api"] == "blas"] if threads else []
    return f"{name}, {pools[0]['num_threads']} threads" if pools else name


def _optional(module: str, distribution: str, purpose: str) -> tuple[bool, str, str, str]:
    there = _module(module) is not None
    return there, distribution, f"{_installed(distribution)}" if there else f"not installed: {purpose}", f"{PIP} {distribution}"


def _draws() -> tuple[bool, str, str, str]:
    """SVG, HTML and DOT need nothing; Matplotlib paints PNG and PDF, and the lessons' curves."""
    if _module("matplotlib") is None:
        return False, "pictures", "SVG, HTML and DOT; for PNG, PDF and curves Matplotlib is missing", f"{PIP} matplotlib"
    return True, "pictures", f"SVG, HTML, DOT, and PNG and PDF by Matplotlib {_installed('matplotlib')}", ""


def _gpu() -> tuple[bool, str, str, str]:
    """A GPU is used through CuPy; both must be there."""
    driver = shutil.which("nvidia-smi")
    cupy = _module("cupy")
    if cupy is None:
        mend = f"{PIP} cupy-cuda12x (or cupy-cuda13x, as nvidia-smi tells)" if driver else "needs an NVIDIA GPU and its driver"
        return False, "GPU", "CuPy is not installed" if driver else "no NVIDIA driver found; everything runs on the CPU", mend
    try:
        properties = cupy.cuda.runtime.getDeviceProperties(0)
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return False, "GPU", f"CuPy {cupy.__version__}, but {error}", "see that nvidia-smi works, then reinstall CuPy for its CUDA"
    return True, "GPU", f"{properties['name'].decode()}, CuPy {cupy.__version__}", ""
