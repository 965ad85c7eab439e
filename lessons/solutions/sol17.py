"""Answers of lesson 17, and wrong ones with the hint that each must meet."""

import math

import numpy as np


def bits_per_character(probabilities):
    return -sum(math.log2(p) for p in probabilities) / len(probabilities)


def right(n):
    return {"uniform_bits": math.log2(n["V"]), "why_seven_is_worse": "b", "bits_per_character": bits_per_character}


def wrong(n):
    return [
        ("uniform_bits", math.log(n["V"]), "in nats"),
        ("why_seven_is_worse", "a", "everything"),
        ("bits_per_character", lambda p: -np.log2(np.mean(p)), "mean of the logarithms"),
        ("bits_per_character", lambda p: -np.log(p).mean(), "in nats"),
        ("bits_per_character", lambda p: np.log2(p).mean(), "sign"),
    ]
