"""Answers of lesson 03, and wrong ones with the hint that each must meet."""

import numpy as np


def repaired(letter, x, y, dy):
    if letter == "b":
        return dy * y * (1 - y)
    if letter == "d":
        return dy.sum(axis=0)
    return dy * np.ones_like(x) / x.size


def right(n):
    return {
        "best_eps": (3 * float(n["u"])) ** (1 / 3),
        "repaired": repaired,
        "wrong_ones": "bdf",
        "nudged_relu_at_0": 0.5,
    }


def wrong(n):
    return [
        ("best_eps", float(n["u"]), "rounding alone"),
        ("best_eps", float(n["u"]) ** 0.5 / 2, "one-sided"),
        ("repaired", lambda letter, x, y, dy: dy * y * (1 - x), "y(1 − y)"),
        ("repaired", lambda letter, x, y, dy: dy.mean(0) if letter == "d" else repaired(letter, x, y, dy), "do not average"),
        ("wrong_ones", "bdef", "e is right"),
        ("nudged_relu_at_0", 0, "relu(−h) is 0"),
    ]
