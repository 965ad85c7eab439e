"""A tag for every step, which needs the past and the future of that step: what one reading direction cannot know.

Frame-level labelling has this shape: as many answers as inputs, each about its own step. The rule is an exclusive or of
two coin flips, one on either side, so knowing either of them is worth nothing.
"""

from __future__ import annotations

import numpy as np

from ..backend import floatx, generator


def tagging(count: int, length: int, reach: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """y_t = x_{t−reach} xor x_{t+reach}: bits (count, length, 1) and tags (count, length); beyond the ends all bits are 0.

    The last `reach` tags can be known from the past alone, since their future is 0.
    """
    bits = generator().integers(0, 2, (count, length))
    padded = np.pad(bits, ((0, 0), (reach, reach)))
    return bits[..., None].astype(floatx()), padded[:, :length] ^ padded[:, 2 * reach :]
