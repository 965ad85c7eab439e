"""Small restaurant reviews whose verdict hangs on the order of their words, not on which words they are.

"The food was good, not bad at all" and "the food was bad, not good at all" have the same words. Sentences come from five
templates and are turned into word numbers with 0 for padding, so a mask is `x > 0`.
"""

from __future__ import annotations

import numpy as np

from ..backend import generator

GOOD = ["good", "great", "fine", "lovely", "tasty", "fresh", "warm", "friendly", "quick", "generous"]
BAD = ["bad", "awful", "poor", "dull", "bland", "stale", "cold", "rude", "slow", "stingy"]
THINGS = ["food", "soup", "bread", "service", "pizza", "coffee", "dessert", "staff", "place", "evening"]
WORDS = ["", *GOOD, *BAD, *THINGS, "the", "was", "not", "but", "at", "all"]
LONGEST = 9


def word_numbers(sentence: str) -> np.ndarray:
    """The numbers of a sentence's words, padded with 0 to LONGEST; commas, full stops and capitals do not count."""
    words = sentence.lower().replace(",", "").replace(".", "").split()
    strange = [word for word in words if word not in WORDS]
    if strange:
        raise ValueError(f"these reviews do not know the word {strange[0]!r}; they know {' '.join(WORDS[1:])}")
    if len(words) > LONGEST:
        raise ValueError(f"a review has at most {LONGEST} words, got {len(words)}")
    return np.array([WORDS.index(word) for word in words] + [0] * (LONGEST - len(words)))


def review() -> tuple[str, int]:
    """One sentence and its verdict, 1 for praise."""
    draw = generator()
    thing, other = draw.choice(THINGS, 2, replace=False)
    verdict = int(draw.integers(2))
    same, opposite = (str(draw.choice(words)) for words in ((GOOD, BAD) if verdict else (BAD, GOOD)))
    sentence = (
        f"the {thing} was {same}",
        f"the {thing} was not {opposite}",
        f"the {thing} was {same} not {opposite} at all",
        f"the {thing} was not {opposite} but {same}",
        f"the {thing} was {opposite} but the {other} was {same}",
    )[draw.integers(5)]
    return sentence, verdict


def reviews(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Word numbers (count, LONGEST), 0 where a sentence has ended, and verdicts (count,): 1 praise, 0 complaint.

    Templates: A is good · A is not bad · A is good, not bad at all · A is not bad but good · A is bad but B is good, where the
    last word counts; each with good and bad exchanged for the other verdict.
    """
    made = [review() for _ in range(count)]
    return np.array([word_numbers(sentence) for sentence, _ in made]), np.array([verdict for _, verdict in made])
