"""Answers of lesson 12, and wrong ones with the hint that each must meet."""

import numpy as np


def jacobian(x, h, W):
    return W * (1 - np.tanh(x + h @ W) ** 2)


def right(n):
    return {"half_life": np.log(0.5) / np.log(n["gain"]), "sigmoid_threshold": 4, "jacobian": jacobian}


def wrong(n):
    return [
        ("half_life", 1 / (1 - n["gain"]), "1/e"),
        ("sigmoid_threshold", 1, "how steep"),
        ("sigmoid_threshold", 0.25, "make up for it"),
        ("jacobian", lambda x, h, W: jacobian(x, h, W).T, "transposed"),
        ("jacobian", lambda x, h, W: W * (1 - np.tanh(x + h @ W) ** 2)[:, None], "columns"),
        ("jacobian", lambda x, h, W: W, "slope of tanh"),
    ]
