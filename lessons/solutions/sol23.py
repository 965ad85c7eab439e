"""Answers of lesson 23, and wrong ones with the hint that each must meet."""

import numpy as np


def smallest_change(w, gap):
    return gap * w / (w * w).sum()


def one_pixel(w, gap):
    change = np.zeros_like(w)
    change[0, 0] = gap / w[0, 0]
    return change


def right(n):
    w = [n["w1"], n["w2"]]
    return {"linear_saliency": w, "summit": [v / (2 * n["decay"]) for v in w], "smallest_change": smallest_change}


def wrong(n):
    w = np.array([n["w1"], n["w2"]])
    return [
        ("linear_saliency", [n["w1"], 0], "what a change would do"),
        ("linear_saliency", n["w1"] + n["b"], "picture's shape"),
        ("summit", w / n["decay"], "2 I"),
        ("summit", np.clip(w / (2 * n["decay"]), 0, 1), "nobody cuts"),
        ("smallest_change", lambda w, gap: gap * w / np.sqrt((w * w).sum()), "the gap is 2.5"),
        ("smallest_change", one_pixel, "straight along w"),
        ("smallest_change", lambda w, gap: gap / (w * w).sum(), "the picture's shape"),
    ]
