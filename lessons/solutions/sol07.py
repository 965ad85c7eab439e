"""Answers of lesson 07, and wrong ones with the hint that each must meet."""

import math

import numpy as np

from lessons.exercises.ex07 import bound


def sample(scores, temperature, u):
    p = np.exp((scores - scores.max()) / temperature)
    return int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))


def right(n):
    return {"memoryless_loss": bound(n["word"]), "shares_and_zero": (n["n"] - 1, 1), "sample": sample}


def wrong(n):
    return [
        ("memoryless_loss", bound(n["word"]) / math.log(2), "in bits"),
        ("memoryless_loss", bound(n["word"]) * (len(n["word"]) - 1), "the mean"),
        ("shares_and_zero", (n["n"], 1), "only a target"),
        ("sample", lambda scores, temperature, u: sample(scores, 1.0, u), "no effect"),
        ("sample", lambda scores, temperature, u: sample(scores, 1 / temperature, u), "the other way round"),
    ]
