"""How a weight begins: each initialiser draws an array of a given shape.

Names, defaults and meanings are Keras': "glorot_uniform", GlorotUniform() and GlorotUniform(seed=1) are all understood.
Everything is drawn on the CPU from the one seeded generator (backend.generator()) in float64 and then cast, so that a
seed gives the same weights on every device.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import backend
from .registry import Registry, described

initializers = Registry("initializer")
get = initializers.get


class Initializer:
    """Called with a shape, gives an array. With `seed`, the same array at every call; without, the next random one."""

    seed: int | None = None

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        generator = backend.generator() if self.seed is None else np.random.default_rng(self.seed)
        return np.asarray(self.draw(tuple(shape), generator), dtype=dtype or backend.floatx())

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> Any:
        """The numbers, in float64."""
        raise NotImplementedError(f"{type(self).__name__} must define draw(shape, generator)")

    def __repr__(self) -> str:
        return described(self)


@initializers.register()
class Zeros(Initializer):
    """W = 0"""

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return np.zeros(shape)


@initializers.register()
class Ones(Initializer):
    """W = 1"""

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return np.ones(shape)


@initializers.register()
class Constant(Initializer):
    """W = value (a number, or an array of the weight's shape)"""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.value, dtype=np.float64), shape).copy()


@initializers.register("eye")
class Identity(Initializer):
    """W = gain · I  (Le, Jaitly and Hinton 2015 begin an RNN of rectifiers so); for matrices only"""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity starts matrices, not a weight of shape {shape}")
        return self.gain * np.eye(*shape)


@initializers.register("uniform")
class RandomUniform(Initializer):
    """W ~ U(minval, maxval)"""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return generator.uniform(self.minval, self.maxval, shape)


@initializers.register("normal")
class RandomNormal(Initializer):
    """W ~ N(mean, stddev²)"""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return generator.normal(self.mean, self.stddev, shape)


@initializers.register()
class TruncatedNormal(Initializer):
    """W ~ N(mean, stddev²), drawn again where it fell more than two standard deviations away"""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return self.mean + self.stddev * truncated_normal(shape, generator)


def truncated_normal(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """z ~ N(0, 1) given |z| ≤ 2"""
    z = generator.standard_normal(shape)
    while (outside := np.abs(z) > 2).any():
        z[outside] = generator.standard_normal(int(outside.sum()))
    return z


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many inputs an output has and how many outputs an input has; a convolution's window counts for both."""
    if len(shape) < 2:
        return (float(shape[0]),) * 2 if shape else (1.0, 1.0)
    window = math.prod(shape[:-2])
    return float(window * shape[-2]), float(window * shape[-1])


@initializers.register()
class VarianceScaling(Initializer):
    """Var(W) = scale / n,  n = fan_in, fan_out or their mean: the family of Glorot, He and LeCun

    The normal kind is truncated at two standard deviations and widened so that the variance comes out right (as Keras).
    """

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: int | None = None) -> None:
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode is 'fan_in', 'fan_out' or 'fan_avg', not {mode!r}")
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(f"distribution is 'truncated_normal', 'untruncated_normal' or 'uniform', not {distribution!r}")
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        sigma = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":                      # U(−a, a) has variance a²/3
            return generator.uniform(-math.sqrt(3) * sigma, math.sqrt(3) * sigma, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, sigma, shape)
        return sigma / 0.8796256610342398 * truncated_normal(shape, generator)  # that number: what truncation leaves of σ


@initializers.register()
class GlorotUniform(VarianceScaling):
    """W ~ U(−a, a),  a = √(6 / (fan_in + fan_out))  (Glorot and Bengio 2010)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)


@initializers.register()
class GlorotNormal(VarianceScaling):
    """Var(W) = 2 / (fan_in + fan_out)  (Glorot and Bengio 2010)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


@initializers.register()
class HeUniform(VarianceScaling):
    """W ~ U(−a, a),  a = √(6 / fan_in)  (He et al. 2015, for rectifiers)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed)


@initializers.register()
class HeNormal(VarianceScaling):
    """Var(W) = 2 / fan_in  (He et al. 2015, for rectifiers)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


@initializers.register()
class LecunUniform(VarianceScaling):
    """W ~ U(−a, a),  a = √(3 / fan_in)  (LeCun et al. 1998)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed)


@initializers.register()
class LecunNormal(VarianceScaling):
    """Var(W) = 1 / fan_in  (LeCun et al. 1998)"""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


@initializers.register()
class Orthogonal(Initializer):
    """WᵀW = gain² · I (or W Wᵀ where W is wide): Q of a Gaussian matrix's QR  (Saxe et al. 2014)

    Axes before the last are folded into rows. Signs are fixed by R's diagonal, so that Q is uniformly distributed.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal starts matrices, not a weight of shape {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        Q, R = np.linalg.qr(generator.standard_normal((max(rows, columns), min(rows, columns))))
        Q = Q * np.sign(np.diag(R))
        return self.gain * (Q if rows >= columns else Q.T).reshape(shape)
