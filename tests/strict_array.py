"""An array that behaves on every machine as a GPU's array does: a stand-in for CuPy's, kept on the host.

It speaks NumPy's two dispatch protocols and nothing else: it refuses to become a host array by itself, to meet a host array
in an operation, and any function, keyword or method that CuPy lacks. What passes here in plain NumPy runs on a GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.cupy_api import FUNCTIONS, UFUNCS

SCALARS = (bool, int, float, complex, np.generic)
ATTRIBUTES = ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides")
VIEWS = ("T", "mT", "real", "imag")
UFUNC_KEYWORDS = {"out", "dtype", "casting", "where"}
SCATTERING = {"add", "subtract", "maximum", "minimum"}  # the ufuncs whose `at` CuPy has for floats
WAYS_IN = {"array", "asarray"}  # the functions that CuPy lets take host arrays
METHODS = {
    "all": "axis out keepdims", "any": "axis out keepdims", "argmax": "axis out dtype keepdims",
    "argmin": "axis out dtype keepdims", "argsort": "axis kind", "astype": "dtype order casting subok copy",
    "clip": "min max out", "conj": "", "copy": "order", "cumprod": "axis dtype out", "cumsum": "axis dtype out",
    "diagonal": "offset axis1 axis2", "dot": "b out", "fill": "value", "flatten": "order", "item": "",
    "max": "axis out keepdims", "mean": "axis dtype out keepdims", "min": "axis out keepdims", "nonzero": "",
    "prod": "axis dtype out keepdims", "ravel": "order", "repeat": "repeats axis", "reshape": "* order copy",
    "round": "decimals out", "searchsorted": "v side sorter", "sort": "axis kind", "squeeze": "axis",
    "std": "axis dtype out ddof keepdims", "sum": "axis dtype out keepdims", "swapaxes": "axis1 axis2",
    "take": "indices axis out", "tobytes": "", "tolist": "", "trace": "offset axis1 axis2 dtype out",
    "transpose": "*", "var": "axis dtype out ddof keepdims", "view": "dtype",
}


class Flags:
    """The layout of an array, read-only as CuPy's: there is no `writeable` to clear."""

    __slots__ = ("c_contiguous", "f_contiguous", "owndata")

    def __init__(self, host: np.ndarray) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, getattr(host.flags, name))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"the flags of a GPU array cannot be set ({name})")


def unwrap(x: Any) -> Any:
    """The host value behind an argument, however nested; a host array among them is an error."""
    if isinstance(x, StrictArray):
        return x._host
    if isinstance(x, np.ndarray):
        raise TypeError(f"Unsupported type {type(x)}: a host array (shape {x.shape}) meets a GPU array")
    if isinstance(x, (list, tuple)):
        return type(x)(unwrap(item) for item in x)
    return x


def wrap(x: Any) -> Any:
    """A result as CuPy gives it: arrays stay on the device, also those with no dimensions."""
    if isinstance(x, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(x))
    if isinstance(x, (list, tuple)):
        return type(x)(wrap(item) for item in x)
    return x


def check_call(name: str, parameters: list[str], args: tuple, kwargs: dict) -> None:
    """Raises what CuPy would raise, when a call has more arguments than its function has parameters."""
    variadic = any(p.startswith("*") and not p.startswith("**") and p != "*" for p in parameters)
    positional = parameters[: parameters.index("*")] if "*" in parameters else parameters
    if not variadic and len(args) > len([p for p in positional if not p.startswith("*")]):
        raise TypeError(f"cupy.{name}() takes at most {len(positional)} positional arguments, got {len(args)}")
    if not any(p.startswith("**") for p in parameters):
        for keyword in kwargs:
            if keyword not in parameters:
                raise TypeError(f"cupy.{name}() got an unexpected keyword argument {keyword!r}")


class StrictArray(np.lib.mixins.NDArrayOperatorsMixin):
    """A host array that pretends to live elsewhere. Made by `to_device`, read by `.get()`, as CuPy's are."""

    __slots__ = ("_host",)
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray) -> None:
        self._host = host

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` explicitly.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc.__name__ not in UFUNCS:
            return NotImplemented
        if method != "__call__" and not (method == "at" and ufunc.__name__ in SCATTERING):
            return NotImplemented
        for x in (*inputs, *kwargs.get("out", ())):
            is_index = method == "at" and x is inputs[1]
            if not (is_index or isinstance(x, (StrictArray, np.ndarray, *SCALARS))):
                return NotImplemented
        for keyword in kwargs:
            if keyword not in UFUNC_KEYWORDS:
                raise TypeError(f"cupy.{ufunc.__name__}() got an unexpected keyword argument {keyword!r}")
        result = getattr(ufunc, method)(*unwrap(inputs), **{k: unwrap(v) for k, v in kwargs.items()})
        return kwargs["out"][0] if kwargs.get("out") else wrap(result)

    def __array_function__(self, function: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        name = ".".join([*function.__module__.split(".")[1:], function.__name__])
        if name not in FUNCTIONS or not all(issubclass(t, (StrictArray, np.ndarray)) for t in types):
            return NotImplemented
        check_call(name, FUNCTIONS[name], args, kwargs)
        if name in WAYS_IN:  # np.asarray(host, like=device)
            return to_device(*args, **kwargs)
        result = function(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()})
        return kwargs["out"] if kwargs.get("out") is not None else wrap(result)

    def __getattr__(self, name: str) -> Any:
        if name in ATTRIBUTES:
            return getattr(self._host, name)
        if name in VIEWS:
            return wrap(getattr(self._host, name))
        if name not in METHODS:
            raise AttributeError(f"a GPU array has no attribute {name!r}")

        def method(*args: Any, **kwargs: Any) -> Any:
            parameters = METHODS[name].replace("*", "*args").split()
            check_call(f"ndarray.{name}", parameters, args, kwargs)
            result = getattr(self._host, name)(*unwrap(args), **{k: unwrap(v) for k, v in kwargs.items()})
            if name in ("item", "tolist", "tobytes"):
                return result
            return kwargs["out"] if kwargs.get("out") is not None else wrap(result)

        return method

    @property
    def flags(self) -> Flags:
        return Flags(self._host)

    def get(self) -> np.ndarray:
        """A copy on the host."""
        return self._host.copy()

    def __getitem__(self, index: Any) -> StrictArray:
        return wrap(self._host[unwrap(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._host[unwrap(index)] = unwrap(value)

    def __iter__(self) -> Any:
        return (wrap(item) for item in self._host)

    def __len__(self) -> int:
        return len(self._host)

    def __bool__(self) -> bool:
        return bool(self._host)

    def __int__(self) -> int:
        return int(self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __copy__(self) -> StrictArray:
        return wrap(self._host.copy())

    def __deepcopy__(self, memo: dict) -> StrictArray:
        return wrap(self._host.copy())

    def __reduce__(self) -> Any:
        return to_device, (self._host.copy(),)

    def __repr__(self) -> str:
        return repr(self._host)

    def __format__(self, specification: str) -> str:
        return format(self._host, specification)


def to_device(x: Any, dtype: Any = None) -> StrictArray:
    """The explicit way in, as `cupy.asarray` is: a copy that keeps the layout of a host array."""
    if isinstance(x, StrictArray):
        return x if dtype is None else x.astype(dtype)
    return StrictArray(np.array(x, dtype=dtype, order="K"))


# What `minigrad.backend` asks of the package cupy is found in this module: `ndarray`, `asarray`, and `add.at`.

ndarray = StrictArray
asarray = to_device


class add:
    """`cupy.add.at(total, index, value)`: total[index] += value, an index that occurs twice counting twice."""

    @staticmethod
    def at(total: StrictArray, index: Any, value: Any) -> None:
        np.add.at(total, index, value)  # type: ignore[call-overload]
