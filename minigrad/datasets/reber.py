"""Reber's grammar: strings that a machine with seven states writes, and two ways to make their ends depend on their beginnings.

A plain string can be predicted from the last two symbols or so. An embedded one repeats, just before its end, the symbol
that stood just after its beginning; a chained one does so after several plain strings, so that the gap is wide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..backend import generator

SYMBOLS = "BEPSTVX"
ARROWS = {0: "B1", 1: "T2P3", 2: "S2X4", 3: "T3V5", 4: "X3S6", 5: "P4V6", 6: "E7"}  # from a state: symbol and next state


class Reber(NamedTuple):
    """Padded strings as integers: x (count, T), the symbols after them y (count, T), which symbols may come there
    `allowed` (count, T, 7), and which places count `mask` (count, T)."""

    x: np.ndarray
    y: np.ndarray
    allowed: np.ndarray
    mask: np.ndarray


def plain_string() -> list[tuple[str, str]]:
    """One string as (symbol, the symbols that were possible in its place)."""
    state, string = 0, []
    while state != 7:
        choices = [(ARROWS[state][k], int(ARROWS[state][k + 1])) for k in range(0, len(ARROWS[state]), 2)]
        symbol, after = choices[generator().integers(len(choices))]
        string.append((symbol, ARROWS[state][::2]))
        state = after
    return string


def framed(inside: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """B, then T or P, the inside, the same T or P again, E."""
    side = "TP"[generator().integers(2)]
    return [("B", "B"), (side, "TP"), *inside, (side, side), ("E", "E")]


def one_string(kind: str, links: int) -> list[tuple[str, str]]:
    if kind == "plain":
        return plain_string()
    if kind == "embedded":
        return framed(plain_string())
    if kind == "chained":
        return framed([step for _ in range(links) for step in plain_string()])
    raise ValueError(f"a Reber string is 'plain', 'embedded' or 'chained', got {kind!r}")


def reber_strings(count: int, kind: str = "plain", links: int = 4) -> list[str]:
    """`count` strings such as BTSSXXTVVE; `links` plain ones stand in a chained one."""
    return ["".join(symbol for symbol, _ in one_string(kind, links)) for _ in range(count)]


def reber(count: int, kind: str = "plain", links: int = 4) -> Reber:
    """Strings to predict: read x, say y; what could have come is in `allowed` (Cleeremans et al. 1989).

    For an embedded or a chained string the last but one place (y.shape's last True of `mask`, one before) is the test:
    only the symbol that stood at place 1 is allowed there.
    """
    strings = [one_string(kind, links) for _ in range(count)]
    length = max(map(len, strings)) - 1
    x, y = np.zeros((count, length), int), np.zeros((count, length), int)
    allowed, mask = np.zeros((count, length, len(SYMBOLS)), bool), np.zeros((count, length), bool)
    for row, string in enumerate(strings):
        numbers = [SYMBOLS.index(symbol) for symbol, _ in string]
        x[row, : len(numbers) - 1], y[row, : len(numbers) - 1] = numbers[:-1], numbers[1:]
        mask[row, : len(numbers) - 1] = True
        for place, (_, possible) in enumerate(string[1:]):
            allowed[row, place, [SYMBOLS.index(symbol) for symbol in possible]] = True
    return Reber(x, y, allowed, mask)
