"""MUT1, MUT2, MUT3: the three cells that a search over ten thousand architectures found (Jozefowicz et al. 2015).

They are relatives of the GRU, with z for what is taken *new* (the GRU of cells.py: for what is kept). Two of them add
the input itself to something of the state's size, so that it must have that size already.
"""

from __future__ import annotations

from typing import Any

from .cells import Gated
from .dense import features_of
from .layer import Parameter


class Mutant(Gated):
    """What the three share: a weight for each place where the equation has one, and a bias for each of z, r and h."""

    from_input: tuple[str, ...] = ()
    from_state: tuple[str, ...] = ()
    adds_input = False  # whether an equation adds x itself
    W_xz: Parameter
    W_xr: Parameter
    W_hz: Parameter
    W_hr: Parameter

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        features = features_of(input_shape, self)
        if self.adds_input and features != self.units:
            raise ValueError(f"{self.label} adds its input to its {self.units} units, so the input must have {self.units} "
                             f"features, got {features}: put a Dense({self.units}) before it")
        for name in self.from_input:
            self.add_weight(name, (features, self.units), **self.rules("kernel"))
        for name in self.from_state:
            self.add_weight(name, (self.units, self.units), **self.rules("recurrent"))
        self.b_z = self.b_r = self.b_h = 0.0
        for name in ("b_z", "b_r", "b_h") if self.use_bias else ():
            self.add_weight(name, (self.units,), **self.rules("bias"))

    @property
    def has_kernel(self) -> bool:
        return False


class MUT1Cell(Mutant):
    """z = σ(x W_xz + b_z);  r = σ(x W_xr + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + tanh(x) + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT1)
    """

    from_input, from_state, adds_input = ("W_xz", "W_xr"), ("W_hr", "W_hh"), True

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        z = sigmoid(x @ self.W_xz + self.b_z)
        r = sigmoid(x @ self.W_xr + h @ self.W_hr + self.b_r)
        new = tanh((r * h) @ self.W_hh + tanh(x) + self.b_h)
        h = z * new + (1.0 - z) * h
        return h


class MUT2Cell(Mutant):
    """z = σ(x W_xz + h W_hz + b_z);  r = σ(x + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + x W_xh + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT2)
    """

    from_input, from_state, adds_input = ("W_xz", "W_xh"), ("W_hz", "W_hr", "W_hh"), True

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        z = sigmoid(x @ self.W_xz + h @ self.W_hz + self.b_z)
        r = sigmoid(x + h @ self.W_hr + self.b_r)
        new = tanh((r * h) @ self.W_hh + x @ self.W_xh + self.b_h)
        h = z * new + (1.0 - z) * h
        return h


class MUT3Cell(Mutant):
    """z = σ(x W_xz + tanh(h) W_hz + b_z);  r = σ(x W_xr + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + x W_xh + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT3)
    """

    from_input, from_state = ("W_xz", "W_xr", "W_xh"), ("W_hz", "W_hr", "W_hh")

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        z = sigmoid(x @ self.W_xz + tanh(h) @ self.W_hz + self.b_z)
        r = sigmoid(x @ self.W_xr + h @ self.W_hr + self.b_r)
        new = tanh((r * h) @ self.W_hh + x @ self.W_xh + self.b_h)
        h = z * new + (1.0 - z) * h
        return h
