"""Answers of lesson 15, and wrong ones with the hint that each must meet."""

import minigrad as mg


def irnn(units):
    return mg.layers.RNN(units, "relu", recurrent_initializer="identity")


def right(n):
    return {"baseline": n["k"] ** 2 / 6, "irnn": irnn, "claim": "budget"}


def wrong(n):
    return [
        ("baseline", 1 / 6, "multiplied by k"),
        ("baseline", n["k"] / 6, "the square"),
        ("baseline", n["k"] ** 2 / 12, "a sum of two"),
        ("irnn", lambda units: mg.layers.RNN(units, "relu"), "which W_hh"),
        ("irnn", lambda units: mg.layers.RNN(units, recurrent_initializer="identity"), "which W_hh"),
        ("irnn", lambda units: mg.layers.RNN(units, "linear", recurrent_initializer="identity"), "no negative values"),
        ("irnn", lambda units: mg.layers.RNN(units, "relu", recurrent_initializer="identity", kernel_initializer="zeros"), "only W_hh"),
        ("claim", "impossible", "begun to learn"),
        ("claim", "capacity", "same number of units"),
    ]
