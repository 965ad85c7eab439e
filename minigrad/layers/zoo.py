"""MUT1, MUT2, MUT3: the three cells that a search over ten thousand architectures found (Jozefowicz et al. 2015).

They are relatives of the GRU, with z for what is taken *new* (the GRU of cells.py: for what is kept). Two of them add
the input itself to something of the state's size, so that it must have that size already.
"""

from __future__ import annotations

from typing import Any

from .. import ops
from .cells import Gated
from .dense import features_of


class Mutant(Gated):
    """What the three share: weights from the input and from the state stand only where the equations have them.

    W_xh (features, ·) and W_hh (units, ·) are stacked in the order of `from_input` and `from_state`; b is stacked z r h̃.
    """

    from_input = from_state = "zrh"
    adds_input = False  # whether an equation adds x itself

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        features = features_of(input_shape, self)
        if self.adds_input and features != self.units:
            raise ValueError(f"{self.label} adds its input to its {self.units} units, so the input must have {self.units} "
                             f"features, got {features}: put a Dense({self.units}) before it")
        self.add_weight("W_xh", (features, len(self.from_input) * self.units), self.kernel_initializer)
        self.add_weight("W_hh", (self.units, len(self.from_state) * self.units), self.recurrent_initializer)
        self.add_bias((3 * self.units,), self.bias_initializer)

    def biases(self) -> Any:
        return ops.split(self.b, 3, axis=-1) if self.use_bias else (0.0, 0.0, 0.0)

    @property
    def has_kernel(self) -> bool:
        return False


class MUT1Cell(Mutant):
    """z = σ(x W_xz + b_z);  r = σ(x W_xr + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + tanh(x) + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT1)
    """

    from_input, from_state, adds_input = "zr", "rh", True

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        (x_z, x_r), (W_hr, W_hh) = ops.split(x @ self.W_xh, 2, axis=-1), ops.split(self.W_hh, 2, axis=-1)
        b_z, b_r, b_h = self.biases()
        z = sigmoid(x_z + b_z)
        r = sigmoid(x_r + h @ W_hr + b_r)
        new = tanh((r * h) @ W_hh + tanh(x) + b_h)
        h = z * new + (1.0 - z) * h
        return h


class MUT2Cell(Mutant):
    """z = σ(x W_xz + h W_hz + b_z);  r = σ(x + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + x W_xh + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT2)
    """

    from_input, adds_input = "zh", True

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        (x_z, x_h), (W_hz, W_hr, W_hh) = ops.split(x @ self.W_xh, 2, axis=-1), ops.split(self.W_hh, 3, axis=-1)
        b_z, b_r, b_h = self.biases()
        z = sigmoid(x_z + h @ W_hz + b_z)
        r = sigmoid(x + h @ W_hr + b_r)
        new = tanh((r * h) @ W_hh + x_h + b_h)
        h = z * new + (1.0 - z) * h
        return h


class MUT3Cell(Mutant):
    """z = σ(x W_xz + tanh(h) W_hz + b_z);  r = σ(x W_xr + h W_hr + b_r);  h' = z⊙tanh((r⊙h) W_hh + x W_xh + b_h) + (1 − z)⊙h

    (Jozefowicz et al. 2015, MUT3)
    """

    def step(self, x: Any, h: Any) -> Any:
        sigmoid, tanh = self.recurrent_activation, self.activation
        (x_z, x_r, x_h), (W_hz, W_hr, W_hh) = ops.split(x @ self.W_xh, 3, axis=-1), ops.split(self.W_hh, 3, axis=-1)
        b_z, b_r, b_h = self.biases()
        z = sigmoid(x_z + tanh(h) @ W_hz + b_z)
        r = sigmoid(x_r + h @ W_hr + b_r)
        new = tanh((r * h) @ W_hh + x_h + b_h)
        h = z * new + (1.0 - z) * h
        return h
