"""minigrad: autograd from scratch, recurrent nets, and pictures of their gradients."""

from .backend import *
from .engine import *
from .gradcheck import *
from .ops import *
from .trace import *
from .transforms import *
