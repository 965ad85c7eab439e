"""Whole sequences in one operation: the vanilla net, the LSTM and the GRU, forward and backward through time.

Each kernel computes what the transparent layer computes step by step, over the same weights, as one node of the graph.
A test holds the two equal in their values and in every gradient."""

from .gru import gru
from .lstm import lstm
from .rnn import rnn

__all__ = ["gru", "lstm", "rnn"]
