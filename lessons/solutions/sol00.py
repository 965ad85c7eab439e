"""Answers of lesson 00, and wrong ones with the hint that each must meet."""

import math

import minigrad as mg
from minigrad.layers import Activation, Dense


def net(*units, last="softmax"):
    model = mg.Sequential()
    for k, size in enumerate(units):
        model.add(Dense(units=size, input_dim=64) if k == 0 else Dense(units=size))
        model.add(Activation("relu" if k < len(units) - 1 else last))
    return model


def right(n):
    count = (n["inputs"] + 1) * n["hidden"] + (n["hidden"] + 1) * n["classes"]
    return {"weights": count, "first_loss": math.log(n["classes"]), "deeper": lambda: net(64, 32, 10)}


def wrong(n):
    return [
        ("weights", n["inputs"] * n["hidden"] + n["hidden"] * n["classes"], "a bias"),
        ("first_loss", 1 / n["classes"], "logarithm"),
        ("deeper", lambda: net(64, 10), "layer between"),
        ("deeper", lambda: net(64, 32, 10, last="linear"), "softmax"),
    ]
