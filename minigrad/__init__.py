"""minigrad: autograd from scratch, recurrent nets, and pictures of their gradients.

`import minigrad as mg` gives the tensor and the operations (`mg.Tensor`, `mg.tanh`), the layers (`mg.layers.LSTM`), models
(`mg.Sequential`), and the pictures (`mg.draw`).  The whole of it needs NumPy alone; what a part needs beyond is imported where it is used.
"""

from . import constraints as constraints
from . import datasets as datasets
from . import initializers as initializers
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
from .ops import *
from .layers.symbol import Input as Input
from .models import Model as Model
from .models import ModelFileError as ModelFileError
from .models import Sequential as Sequential
from .models import load_model as load_model
from .optimizers import clip_by_global_norm as clip_by_global_norm
from .optimizers import clip_by_value as clip_by_value
from .trace import *
from .transforms import *

__version__ = "0.1.0"
