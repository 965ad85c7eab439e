"""Answers of lesson 14, and wrong ones with the hint that each must meet."""

import numpy as np


def lstm_backward(dh, dc, i, f, g, o, c, c_new):
    dc_new = dc + dh * o * (1 - np.tanh(c_new) ** 2)
    return {"o": dh * np.tanh(c_new), "c_new": dc_new, "f": dc_new * c, "i": dc_new * g, "g": dc_new * i, "c": dc_new * f}


def right(n):
    return {
        "left_along_c": (1 / (1 + np.exp(-n["bias"]))) ** n["steps"],
        "lstm_backward": lstm_backward,
        "weight_on_the_second_road": "W_hh",
    }


def wrong(n):
    changed = lambda **parts: lambda *args: lstm_backward(*args) | {name: part(*args) for name, part in parts.items()}
    return [
        ("left_along_c", 1 / (1 + np.exp(-n["bias"])), "one step"),
        ("left_along_c", 0.5 ** n["steps"], "a bias of 0"),
        ("lstm_backward", changed(o=lambda dh, dc, i, f, g, o, c, c_new: dh * c_new), "gradient of o is off"),
        ("lstm_backward", changed(c_new=lambda dh, dc, i, f, g, o, c, c_new: dc), "two parts arrive"),
        ("lstm_backward", changed(c_new=lambda dh, dc, i, f, g, o, c, c_new: dc + dh * o), "the slope of tanh"),
        ("lstm_backward", changed(f=lambda dh, dc, i, f, g, o, c, c_new: dc * c), "gradient of f is off"),
        ("lstm_backward", changed(i=lambda *args: lstm_backward(*args)["g"]), "gradient of i is off"),
        ("weight_on_the_second_road", "none", "true of c"),
    ]
