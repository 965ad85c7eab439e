"""Answers of lesson X3, and wrong ones with the hint that each must meet."""

import math

import numpy as np


def normalise(x, epsilon=1e-5):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)


def mean_loss(losses):
    return float(sum(losses)) / len(losses)


def right(n):
    each = (n["launches_16"] - n["launches_8"]) // 8
    return {"launches_at": n["launches_16"] + each * (n["steps"] - 16), "normalise": normalise, "mean_loss": mean_loss}


def wrong(n):
    each = (n["launches_16"] - n["launches_8"]) // 8
    return [
        ("launches_at", n["launches_8"] * n["steps"] / 8, "not in proportion"),
        ("launches_at", each * n["steps"], "once for an update"),
        ("normalise", lambda x: normalise(np.asarray(x)), "values to be here"),
        ("normalise", lambda x: x - np.zeros(6), "values to be here"),
        ("normalise", lambda x: x - float(x.sum()) / x.size, "fetched on the way"),
        ("normalise", lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5), "each row by itself"),
        ("normalise", lambda x: (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5), "under the root"),
        ("mean_loss", lambda losses: math.fsum(map(float, losses)) / len(losses), "trips home"),
        ("mean_loss", lambda losses: sum(losses) / len(losses), "still elsewhere"),
    ]
