"""Answers of lesson 08, and wrong ones with the hint that each must meet."""


def running_parity(bits):
    state, seen = 0, []
    for bit in bits:
        state ^= bit
        seen.append(state)
    return seen


def right(n):
    return {"running_parity": running_parity, "eleven": "c", "states": n["m"]}


def wrong(n):
    return [
        ("running_parity", lambda bits: sum(bits) % 2, "after each bit"),
        ("running_parity", lambda bits: [1 - s for s in running_parity(bits)], "other way round"),
        ("eleven", "b", "count its inputs"),
        ("states", 2, "even from odd"),
    ]
