"""Where arrays live, and of what dtype they are born.

Formulas all over minigrad are written in plain `np.`, which dispatches to CuPy by itself when it is handed a CuPy
array (NumPy's NEP 13 and NEP 18); only what cannot be dispatched stands here: moving arrays between host and GPU,
creating them, the default dtype, and the one random generator.  CuPy is imported when somebody first asks for a GPU,
never before.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

__all__ = ["floatx", "generator", "set_floatx", "set_random_seed", "to_cpu", "to_gpu"]

_floatx: np.dtype = np.dtype("float32")
_generator: np.random.Generator = np.random.default_rng()


# -------------------------------------------------------------------------- dtype and chance

def floatx() -> np.dtype:
    """The dtype of what is born without one (Python numbers, lists, weights): float32, unless `set_floatx` was called."""
    return _floatx


def set_floatx(dtype: Any) -> None:
    """Choose the default dtype: "float16", "float32" (training) or "float64" (gradient checks)."""
    global _floatx
    names = ("float16", "float32", "float64")
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in names:
        raise ValueError(f"set_floatx expects 'float16', 'float32' or 'float64', got {dtype!r}")
    _floatx = np.dtype(name)


def set_random_seed(seed: int) -> None:
    """Start the one random generator anew: a seed gives the same weights, masks and shuffles on every device."""
    global _generator
    _generator = np.random.default_rng(seed)


def generator() -> np.random.Generator:
    """The one random generator.  It draws on the CPU, and what it draws is then moved: a seed means the same on a GPU."""
    return _generator


# -------------------------------------------------------------------------- devices

def cupy() -> Any:
    """The package cupy, or a sentence that says what is missing."""
    try:
        import cupy as package
    except ImportError:
        raise RuntimeError("to_gpu needs CuPy, which is not installed: pip install cupy-cuda12x (or cupy-cuda13x, as "
                           "`nvidia-smi` tells); everything else in minigrad works without it") from None
    try:
        count = package.cuda.runtime.getDeviceCount()
    except RuntimeError as error:           # CuPy's own errors are RuntimeErrors
        raise RuntimeError(f"to_gpu found CuPy {package.__version__} but no usable GPU: {error}") from None
    if count == 0:
        raise RuntimeError(f"to_gpu found CuPy {package.__version__} but no GPU on this machine")
    return package


def on_host(array: Any) -> bool:
    """Is this NumPy's (an array or one of its scalars), and not another library's array?"""
    return isinstance(array, (np.ndarray, np.generic))


def is_array(x: Any) -> bool:
    """Anything that speaks NumPy's protocols as an array of its own: NumPy's, CuPy's."""
    if on_host(x):
        return True
    return all(hasattr(x, name) for name in ("__array_function__", "dtype", "shape")) and not hasattr(x, "__record__")


def array_to_cpu(array: Any) -> Any:
    """The same values as a NumPy array; a NumPy array comes back as it is."""
    return array if on_host(array) else array.get()


def _move(x: Any, method: str, move_array: Any) -> Any:
    if hasattr(x, method):                                  # Tensors, layers, models: each knows how to move itself
        return getattr(x, method)()
    return move_array(x)


def to_gpu(x: Any) -> Any:
    """x on the GPU: an array, a Tensor (a new one, a leaf), or a layer or model (its weights move, and it is
    returned).

    Raises RuntimeError with one sentence where there is no CuPy or no GPU.
    """
    return _move(x, "to_gpu", lambda array: cupy().asarray(array))


def to_cpu(x: Any) -> Any:
    """x on the CPU: an array becomes NumPy's, a Tensor a new leaf, a layer or model moves its weights (and is returned)."""
    return _move(x, "to_cpu", lambda array: array_to_cpu(array) if is_array(array) else np.asarray(array))


def array_module(array: Any) -> Any:
    """The library an array belongs to: numpy, or the module that its type says it is from (cupy)."""
    return np if on_host(array) else sys.modules[type(array).__module__]


# -------------------------------------------------------------------------- creation and the one scattered write

def like(array: Any, reference: Any) -> Any:
    """A NumPy array, moved to where `reference` lives."""
    if on_host(reference) or not on_host(array):
        return array
    return np.asarray(array, like=reference)


def arange_like(n: int, reference: Any) -> Any:
    """0, 1, …, n−1 on the device of `reference`."""
    return like(np.arange(n), reference)


def read_only(array: Any) -> Any:
    """A view of the array that cannot be written through (NumPy's; CuPy has no such lock: its array comes back as it is)."""
    if not on_host(array):
        return array
    array = np.asarray(array)
    owner = array if array.base is None else array.base
    if array.base is not None and (not isinstance(owner, np.ndarray) or owner.flags.writeable):
        array = array.copy()                # a view of memory that somebody may still write into: not a way to reach it
    return locked(array)


def locked(array: Any) -> Any:
    """A read-only view; the array itself and the memory that it is a view of are locked, so that no view can be unlocked."""
    if not on_host(array):
        return array
    array = np.asarray(array) if isinstance(array, np.generic) else array
    array.flags.writeable = False
    if isinstance(array.base, np.ndarray):
        array.base.flags.writeable = False
    return array.view()


def add_at(total: Any, index: Any, value: Any) -> None:
    """total[index] += value, where an index that occurs twice counts twice."""
    if names_places_once(index):
        place = total[index]            # no need for the slower, scattered sum
        if place.ndim:
            place += value              # a view: total[index] += value would write the result a second time
        else:
            total[index] += value
    elif on_host(total) and on_host(index) and index.dtype.kind in "iu" and value.size >= 64 * index.size > 0:
        add_rows(total, index.reshape(-1), value.reshape(-1, *total.shape[1:]))     # a tenth of np.add.at
    else:
        array_module(total).add.at(total, index, value)


def add_rows(total: Any, places: np.ndarray, rows: Any) -> None:
    """total[place] += row, for long rows: one by one, or where there are many for each place their sum at once."""
    if places.size < 8 * len(total):
        for place, row in zip(places.tolist(), rows, strict=True):
            so_far = total[place]
            so_far += row
        return
    order = np.argsort(places, kind="stable")
    present, starts = np.unique(places[order], return_index=True)
    ones, flat = np.ones(len(rows), rows.dtype), rows.reshape(len(rows), -1)
    for place, group in zip(present.tolist(), np.split(order, starts[1:]), strict=True):
        total[place] += (ones[:len(group)] @ flat[group]).reshape(total.shape[1:])     # a product sums faster than .sum(axis=0)


def zeros_but_at(like: Any, index: Any, value: Any) -> Any:
    """An array like `like`, zero except for the value at the index."""
    total = np.zeros(like.shape, like.dtype) if on_host(like) else np.zeros_like(like)      # the first takes a third of the time
    if names_places_once(index):
        total[index] = value
    else:
        add_at(total, index, value)
    return total


def names_places_once(index: Any) -> bool:
    """Whether an index consists of slices and integers alone: no place can occur twice, and total[index] is a view."""
    for part in index if isinstance(index, tuple) else (index,):
        if type(part) not in SIMPLE and not isinstance(part, np.integer):
            return False
    return True


SIMPLE = (slice, int, type(None), type(Ellipsis))


def are_rows(index: Any) -> bool:
    """Whether an index is a list of rows: one axis of signed integers, so that two such lists can be joined."""
    return not isinstance(index, (tuple, slice, int)) and is_array(index) and index.ndim == 1 and index.dtype.kind == "i"


def side_by_side(indices: list[tuple], shape: tuple[int, ...]) -> bool:
    """Whether slices such as [:, 4:6], [:, 0:4] are an array of this shape, cut along one axis: the last part first, and
    nothing left out."""
    axis = len(indices[0]) - 1
    end = shape[axis]
    for *before, part in indices:
        start = part.start or 0
        if part.stop != end or not 0 <= start <= end or part.step is not None or before != [slice(None)] * axis:
            return False
        end = start
    return end == 0


# -------------------------------------------------------------------------- what this NumPy does fast

def multiplies_small_as_they_lie() -> bool:
    """Whether NumPy's BLAS packs no small matrix before it multiplies: OpenBLAS does not with AVX-512, on the calling thread."""
    built = np.show_config(mode="dicts")  # leaves out what is empty
    blas, found = built.get("Build Dependencies", {}).get("blas", {}), built.get("SIMD Extensions", {}).get("found", ())
    threads = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    return (str(threads) == "1" and "openblas" in blas.get("name", "") and ("X86_V4" in found or "AVX512_SKX" in found)
            and os.environ.get("OPENBLAS_CORETYPE", "SkylakeX") in ("SkylakeX", "Cooperlake", "SapphireRapids"))


IN_BLOCKS = multiplies_small_as_they_lie()


# -------------------------------------------------------------------------- memory

def keep_freed_memory() -> None:
    """Arrays of up to 32 MB take the place of arrays that were freed before, instead of fresh pages from the system.

    Every training step frees what the next one needs again.  glibc's malloc hands large blocks back to the system at
    once, and each page of their successors must be fetched anew: a third of the time of a small net's step.  It keeps
    blocks as large as the largest that it has seen freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD), so it is shown
    one, which nobody writes into and which therefore costs nothing.  Other allocators take no notice.
    """
    np.empty(2**25 - 2**13, np.uint8)


keep_freed_memory()
