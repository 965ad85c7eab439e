"""Callbacks: what happens beside the training: stopping early, saving, printing, measuring.

The loop tells every callback when something begins and ends; a callback overrides what it wants to hear. Names,
arguments and defaults are Keras'. What a callback must remember to go on after an interruption is in its `state`.
"""
from __future__ import annotations

from .backup import BackupAndRestore
from .callback import Callback, CallbackList, History, LambdaCallback, Logs
from .saving import CSVLogger, ModelCheckpoint
from .seeing import GradientMonitor, Sampler
from .watching import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN, Watching

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "GradientMonitor", "History", "LambdaCallback",
    "LearningRateScheduler", "Logs", "ModelCheckpoint", "ReduceLROnPlateau", "Sampler", "TerminateOnNaN", "Watching",
]
