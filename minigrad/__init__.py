"""minigrad: autograd from scratch, recurrent nets, and pictures of their gradients.

`import minigrad as mg` gives the tensor and the operations (`mg.Tensor`, `mg.tanh`), the layers (`mg.layers.LSTM`),
models (`mg.Sequential`), and the pictures (`mg.draw`).  The core needs NumPy alone; what a part needs beyond that is imported
where it is used.
"""

from typing import TYPE_CHECKING, Any

from . import constraints as constraints
from . import datasets as datasets
from . import exchange as exchange
from . import initializers as initializers
from . import inspection as inspection
from . import layers as layers
from . import losses as losses
from . import metrics as metrics
from . import models as models
from . import optimizers as optimizers
from . import regularizers as regularizers
from . import schedules as schedules
from . import training as training
from .backend import *
from .engine import *
from .gradcheck import *
from .layers.symbol import Input as Input
from .models import Model as Model
from .models import ModelFileError as ModelFileError
from .models import Sequential as Sequential
from .models import load_model as load_model
from .ops import *
from .optimizers import clip_by_global_norm as clip_by_global_norm
from .optimizers import clip_by_value as clip_by_value
from .trace import *
from .transforms import *

if TYPE_CHECKING:
    from .drawing import Figure as Figure
    from .drawing import GraphSnapshot as GraphSnapshot
    from .drawing import Page as Page
    from .drawing import draw as draw
    from .drawing import explore as explore

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The pictures are loaded when somebody first asks for one: whoever only trains does not wait for them."""
    if name in ("draw", "explore", "Figure", "GraphSnapshot", "Page"):
        from . import drawing
        return getattr(drawing, name)
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
