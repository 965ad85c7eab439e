"""Answers of lesson 18, and wrong ones with the hint that each must meet."""

import numpy as np


def correlation(a, y):
    a, y = a - a.mean(axis=0), y - y.mean()
    return a.T @ y / np.sqrt((a * a).sum(axis=0) * (y * y).sum())


def cosine(a, y):
    return a.T @ y / np.sqrt((a * a).sum(axis=0) * (y * y).sum())


def honest(a, y, choose=slice(0, 40), judge=slice(40, 80)):
    cell = int(np.abs(correlation(a[choose], y[choose])).argmax())
    return cell, correlation(a[judge], y[judge])[cell]


def luck(places, cells=128, trials=100):
    rng = np.random.default_rng(0)
    draw = lambda: np.abs(correlation(rng.standard_normal((places, cells)), rng.standard_normal(places))).max()
    return float(np.mean([draw() for _ in range(trials)]))


def right(n):
    return {"luck": luck(n["places"]), "correlation": correlation, "honest": honest}


def wrong(n):
    everything, first, second = slice(0, 80), slice(0, 40), slice(40, 80)
    return [
        ("luck", 0, "picks the best"),
        ("luck", 1 / np.sqrt(n["places"]), "luckier"),
        ("correlation", cosine, "take the means away"),
        ("correlation", lambda a, y: np.abs(correlation(a, y)), "keep the sign"),
        ("honest", lambda a, y: honest(a, y, choose=second), "half that should judge it"),
        ("honest", lambda a, y: honest(a, y, choose=everything), "no say in the choice"),
        ("honest", lambda a, y: honest(a, y, judge=first), "tell the other half's"),
    ]
