"""Answers of lesson 22, and wrong ones with the hint that each must meet."""

import numpy as np


def as_one_product(x, v, W_xh, W_ih):
    return np.concatenate([x, v]), np.concatenate([W_xh, W_ih])


def blind(e, even=None, larger=None):
    even = e + (1 - e) * 4 / 9 if even is None else even
    larger = (1 + e) / 2 if larger is None else larger
    return (0.1 + 0.1 + (1 - e) + max(even, 1 - even) + larger) / 5


def right(n):
    return {"blind": blind(n["e"]), "as_one_product": as_one_product, "more_weights": 0}


def wrong(n):
    return [
        ("blind", blind(n["e"], larger=0.5), "no is the better guess"),
        ("blind", blind(n["e"], even=0.5), "always has an even sum"),
        ("as_one_product", lambda x, v, W_xh, W_ih: (np.concatenate([x, v]), np.concatenate([W_ih, W_xh])), "another order"),
        ("as_one_product", lambda x, v, W_xh, W_ih: (x + v, W_xh + W_ih), "a row of 6"),
        ("more_weights", n["image"] * n["units"], "share their weights"),
    ]
