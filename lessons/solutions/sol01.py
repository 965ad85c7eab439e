"""Answers of lesson 01, and wrong ones with the hint that each must meet."""


def right(n):
    return {
        "df_dx": 2 * n["x"] + n["y"],
        "multiply_backward": lambda x, y, dz: (y * dz, x * dz),
        "hand_overs": 3,
    }


def wrong(n):
    return [
        ("df_dx", n["x"] + n["y"], "second factor"),
        ("df_dx", n["x"], "through the sum"),
        ("multiply_backward", lambda x, y, dz: (x * dz, y * dz), "the other one"),
        ("multiply_backward", lambda x, y, dz: (y, x), "what arrived"),
        ("hand_overs", 2, "once more"),
        ("hand_overs", 3 * n["p"] ** 2, "how often"),
    ]
