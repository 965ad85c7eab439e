"""Answers of lesson 21, and wrong ones with the hint that each must meet."""


def widen(beams, next_log_p, width, carry=True, turn=-1):
    every = [((*text, s), log_p * carry + one) for text, log_p in beams for s, one in enumerate(next_log_p(text))]
    return sorted(every, key=lambda beam: -beam[1])[:width][::-turn]


def best_of_each(beams, next_log_p, width):
    return [widen([beam], next_log_p, 1)[0] for beam in beams]


def right(n):
    return {
        "most_probable": max(n["p"] / 2, (1 - n["p"]) * 0.9),
        "normalised": lambda log_p, length, power: log_p / length**power,
        "widen": widen,
    }


def wrong(n):
    return [
        ("most_probable", n["p"] / 2, "what greedy finds"),
        ("most_probable", 0.9, "multiply by the probability of b"),
        ("normalised", lambda log_p, length, power: log_p * length**power, "divide"),
        ("normalised", lambda log_p, length, power: log_p / length, "raised to the power"),
        ("widen", lambda beams, next_log_p, width: widen(beams, next_log_p, 1), "keep `width` continuations"),
        ("widen", best_of_each, "compete with each other"),
        ("widen", lambda beams, next_log_p, width: widen(beams, next_log_p, width, turn=1), "best must come first"),
    ]
