"""Answers of lesson 05, and wrong ones with the hint that each must meet."""


def right(n):
    return {
        "weights": (n["inputs"] + 1) * n["units"] + 3 * n["units"] + 1,
        "share": 0,
        "reverse_gradient": lambda x: 2 * x.detach() - x,
    }


def wrong(n):
    return [
        ("weights", 3 * (n["inputs"] + 1) * n["units"] + 3 * n["units"] + 1, "count once"),
        ("weights", (n["inputs"] + 1) * n["units"] + n["units"] + 1, "all three"),
        ("share", 50, "transposed"),
        ("reverse_gradient", lambda x: -x, "change nothing"),
        ("reverse_gradient", lambda x: x.detach(), "no gradient"),
        ("reverse_gradient", lambda x: x * 1.0, "unchanged"),
    ]
