"""Lists, tuples and dicts of things, taken apart and put together again.

A model may have one input, a list of them, or a dict by name; so may its outputs, its losses and its batches.
These few functions are the only place that knows about such nests; whatever is no list, tuple or dict is a leaf.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(nest: Any) -> list[Any]:
    """The leaves in order: [a, {"k": (b, c)}] → [a, b, c]"""
    return list(walk(nest))


def walk(nest: Any) -> Iterator[Any]:
    """The leaves, one after another; dicts in their own order."""
    if isinstance(nest, (list, tuple)):
        for part in nest:
            yield from walk(part)
    elif isinstance(nest, dict):
        for part in nest.values():
            yield from walk(part)
    else:
        yield nest


def map_leaves(function: Callable[[Any], Any], nest: Any) -> Any:
    """The same nest with function(leaf) in each leaf's place."""
    if isinstance(nest, dict):
        return {key: map_leaves(function, part) for key, part in nest.items()}
    if isinstance(nest, (list, tuple)):
        parts = [map_leaves(function, part) for part in nest]
        return parts if isinstance(nest, list) else tuple(parts)
    return function(nest)


