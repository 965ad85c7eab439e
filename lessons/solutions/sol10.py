"""Answers of lesson 10, and wrong ones with the hint that each must meet."""

import math

import numpy as np


def adagrad(w, g, memory, rate):
    memory = memory + g * g
    return w - rate * g / np.sqrt(memory + 1e-8), memory


def right(n):
    return {"first_loss": n["steps"] * math.log(n["letters"]), "adagrad": adagrad, "what_breaks": "b"}


def wrong(n):
    return [
        ("first_loss", math.log(n["letters"]), "summed over the chunk"),
        ("first_loss", n["steps"] * math.log2(n["letters"]), "natural logarithm"),
        ("adagrad", lambda w, g, memory, rate: (w - rate * g / np.sqrt(memory + 1e-8), memory + g * g), "takes in the new"),
        ("adagrad", lambda w, g, memory, rate: (w - rate * g / (memory + g * g + 1e-8), memory + g * g), "the root"),
        ("adagrad", lambda w, g, memory, rate: adagrad(w, g, memory, -rate), "downhill"),
        ("what_breaks", "a", "consistent"),
    ]
