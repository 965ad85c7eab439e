"""Answers of lesson 19, and wrong ones with the hint that each must meet."""

import numpy as np


def layer_norm(a, g, b, epsilon, axis=1, ddof=0):
    mean, variance = a.mean(axis, keepdims=True), a.var(axis, ddof=ddof, keepdims=True)
    return g * (a - mean) / np.sqrt(variance + epsilon) + b


def outside_the_root(a, g, b, epsilon):
    return g * (a - a.mean(1, keepdims=True)) / (a.std(1, keepdims=True) + epsilon) + b


def along(net, x, h):
    states = []
    for x_t in x:
        h = net(x_t, h)
        states.append(h)
    return np.array(states)


def two_way(ahead, back, x, h0):
    return np.concatenate([along(ahead, x, h0), along(back, x[::-1], h0)[::-1]], axis=1)


def right(n):
    return {"one_way": n["p"], "layer_norm": layer_norm, "two_way": two_way}


def wrong(n):
    return [
        ("one_way", 0.5, "fair coin"),
        ("one_way", n["p"] ** 2 + (1 - n["p"]) ** 2, "past flip"),
        ("layer_norm", lambda a, g, b, e: layer_norm(a, g, b, e, axis=0), "batch normalisation"),
        ("layer_norm", lambda a, g, b, e: layer_norm(a, g, b, e, ddof=1), "one less"),
        ("layer_norm", outside_the_root, "not to the standard deviation"),
        ("two_way", lambda f, g, x, h: np.concatenate([along(f, x, h), along(g, x[::-1], h)], axis=1), "turn them round"),
        ("two_way", lambda f, g, x, h: along(f, x, h), "side by side"),
    ]
