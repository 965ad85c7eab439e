"""What a table of times must say about itself: versions, the BLAS kernels that ran, and the threads."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np


def description() -> str:
    """"Python 3.11.7 · numpy 2.3 · OpenBLAS SkylakeX, 1 thread · OPENBLAS_CORETYPE unset\""""
    parts = [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    for package in ("torch", "keras", "jax"):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            pass
    return " · ".join([*parts, *blas(), f"OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'unset')}"])


def blas() -> list[str]:
    """The libraries that multiply matrices in this process, their kernels and threads, as threadpoolctl sees them."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return ["BLAS kernels unknown (pip install threadpoolctl)"]
    return [f"{pool['internal_api']} {pool.get('architecture', '')}, "
            f"{pool['num_threads']} thread{'s' * (pool['num_threads'] != 1)}" for pool in threadpool_info() if pool["user_api"] == "blas"]


def medians(runs: dict[str, Callable[[], object]], repeats: int, warm_up: int = 3) -> dict[str, float]:
    """Seconds of each run, the median over `repeats`; the runs take turns, so that a busy machine slows all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(warm_up + repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if k >= warm_up:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}
