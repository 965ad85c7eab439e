"""Nests of lists, tuples and dicts."""
from __future__ import annotations

from minigrad.structure import leaves, map_leaves

NEST = [1, {"b": (2, 3), "a": []}, None]


def test_leaves_in_order():
    assert leaves(NEST) == [1, 2, 3, None] and leaves(5) == [5]


def test_map_keeps_the_form():
    assert map_leaves(lambda x: x and -x, NEST) == [-1, {"b": (-2, -3), "a": []}, None]
