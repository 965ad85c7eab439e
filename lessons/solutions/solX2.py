"""Answers of lesson X2, and wrong ones with the hint that each must meet."""

import numpy as np


def hebb(X):
    W = X.T @ X / X.shape[1]
    np.fill_diagonal(W, 0)
    return W


def right(n):
    return {"hebb": hebb, "other_resting_point": "-p", "steps": np.log(0.01) / np.log(n["radius"])}


def wrong(n):
    return [
        ("hebb", lambda X: X.T @ X / X.shape[1], "diagonal must be 0"),
        ("hebb", lambda X: hebb(X) * X.shape[1], "divide by"),
        ("hebb", lambda X: X @ X.T, "each pair of units"),
        ("other_resting_point", "none", "changes its sign"),
        ("other_resting_point", "zeros", "-1 or 1"),
        ("steps", np.log(0.5) / np.log(n["radius"]), "half-life"),
    ]
