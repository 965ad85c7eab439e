"""Answers of lesson 04, and wrong ones with the hint that each must meet."""

import math

import numpy as np


def gradient(scores, classes):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(classes)), classes] -= 1
    return p / len(classes)


def overflowing(scores, classes):
    with np.errstate(all="ignore"):
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
    return (p - np.eye(scores.shape[1])[classes]) / len(classes)


def right(n):
    return {"first_loss": math.log(n["classes"]), "variance": n["gain"] ** (2 * n["layers"]), "cross_entropy_gradient": gradient}


def wrong(n):
    return [
        ("variance", n["gain"] ** n["layers"], "its square"),
        ("variance", n["gain"] ** 2, "factors multiply"),
        ("cross_entropy_gradient", lambda scores, classes: gradient(scores, classes) * len(classes), "divide by"),
        ("cross_entropy_gradient", lambda scores, classes: -gradient(scores, classes), "the sign"),
        ("cross_entropy_gradient", overflowing, "maximum"),
    ]
