"""Answers of lesson 20, and wrong ones with the hint that each must meet."""

import numpy as np


def attend(question, notes, mask, scale=True, shift=True):
    scores = notes @ question / (np.sqrt(len(question)) if scale else 1.0)
    scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - (scores.max() if shift else 0.0))
    return weights / weights.sum() @ notes


def teacher_forcing(targets, begin):
    return np.concatenate([np.full((len(targets), 1), begin), targets[:, :-1]], axis=1)


def right(n):
    return {"third_share": n["k"] / (n["k"] + 2), "attend": attend, "teacher_forcing": teacher_forcing}


def wrong(n):
    return [
        ("third_share", n["k"], "shares add to 1"),
        ("third_share", 1.0, "score of 0"),
        ("attend", lambda q, notes, mask: attend(q, notes, mask | True), "padding got a share"),
        ("attend", lambda q, notes, mask: attend(q, notes, mask, scale=False), "√d"),
        ("attend", lambda q, notes, mask: attend(q, notes, mask, shift=False), "overflows"),
        ("attend", lambda q, notes, mask: notes[mask], "one vector"),
        ("teacher_forcing", lambda targets, begin: targets, "very character"),
        ("teacher_forcing", lambda targets, begin: np.roll(targets, 1, axis=1), "nobody knows"),
        ("teacher_forcing", lambda targets, begin: np.pad(targets, ((0, 0), (1, 0))), "one step too many"),
    ]
