"""Answers of lesson 13, and wrong ones with the hint that each must meet."""

import numpy as np


def clip_norm(gradients, limit):
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g * min(1.0, limit / norm) for g in gradients]


def right(n):
    return {"snippet_norm": n["threshold"] / n["norm"], "threshold_factor": 1 / n["steps"], "clip_norm": clip_norm}


def wrong(n):
    return [
        ("snippet_norm", n["threshold"], "squared norm"),
        ("threshold_factor", n["steps"], "still bite"),
        ("clip_norm", lambda gradients, limit: [clip_norm([g], limit)[0] for g in gradients], "all together"),
        ("clip_norm", lambda gradients, limit: [g * limit / np.sqrt(sum(np.sum(x**2) for x in gradients)) for g in gradients],
         "stay as they are"),
    ]
