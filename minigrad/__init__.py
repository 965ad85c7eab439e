"""minigrad: autograd from scratch, recurrent nets, and pictures of their gradients.

`import minigrad as mg` gives the tensor and the operations (`mg.Tensor`, `mg.tanh`), the layers (`mg.layers.LSTM`), models
(`mg.Sequential`), and the pictures (`mg.draw`).  The whole of it needs NumPy alone; what a part needs beyond is imported where it is used.
"""

from . import constraints, datasets, initializers, kernels, layers, losses, metrics, optimizers, regularizers, schedules
from .backend import *
from .engine import *
from .gradcheck import *
from .ops import *
from .optimizers import clip_by_global_norm, clip_by_value
from .trace import *
from .transforms import *

__version__ = "0.1.0"
