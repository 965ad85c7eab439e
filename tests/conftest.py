"""What all tests share: one thread, one seed, the default dtype, the profiles of Hypothesis, and the second device.

`device` runs a test on the stand-in array of `strict_array.py` and, where there is a GPU, on CuPy. Without a GPU the CuPy half
is skipped, unless MINIGRAD_REQUIRE_CUPY=1 says that this machine must have one.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest
from hypothesis import HealthCheck, settings

from minigrad import backend, engine
from tests import strict_array

slow_is_fine = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("default", max_examples=15, deadline=None, derandomize=True, suppress_health_check=slow_is_fine)
settings.register_profile("thorough", max_examples=150, deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _fresh_state():
    """Every test starts from float32, seed 0 and nobody who watches, and leaves them so."""
    engine.observers.clear()  # a trace that another test keeps may still be waiting for its backward()
    backend.set_floatx("float32")
    backend.set_random_seed(0)
    yield
    backend.set_floatx("float32")


def required(name: str) -> bool:
    """MINIGRAD_REQUIRE_CUPY=1: a skip on this machine would hide what it is there to test."""
    return os.environ.get(f"MINIGRAD_REQUIRE_{name}", "") not in ("", "0")


def gpu_or_skip() -> None:
    """Goes on where CuPy finds a GPU; otherwise skips, or fails where a GPU is required."""
    try:
        backend.cupy()
    except RuntimeError as reason:
        (pytest.fail if required("CUPY") else pytest.skip)(str(reason))


@pytest.fixture(params=["stand-in", pytest.param("cupy", marks=pytest.mark.gpu)])
def device(request, monkeypatch):
    """A second device: its name, while `to_gpu` and `to_cpu` move arrays there and back."""
    if request.param == "stand-in":
        monkeypatch.setattr(backend, "cupy", lambda: strict_array)
    else:
        gpu_or_skip()
    return request.param
