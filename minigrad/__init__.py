"""minigrad: autograd from scratch, recurrent nets, and pictures of their gradients."""

from .backend import *
from .engine import *
from .ops import *
