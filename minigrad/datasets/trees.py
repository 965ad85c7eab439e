"""Boolean expressions: trees of 0, 1, not, and, or, xor, each with a truth of its own.

Every one has another shape, so every one asks for another graph; and since depth can be chosen, whoever has learned the
small ones can be asked about large ones.
"""

from __future__ import annotations

from typing import NamedTuple

from ..backend import generator

CONNECTIVES = ("and", "or", "xor")


class Expression(NamedTuple):
    """A symbol over its parts: "0" and "1" have none, "not" has one, "and", "or" and "xor" have two."""

    symbol: str
    parts: tuple[Expression, ...] = ()

    @property
    def truth(self) -> bool:
        """What it comes to."""
        values = [part.truth for part in self.parts]
        if not values:
            return self.symbol == "1"
        if self.symbol == "not":
            return not values[0]
        return {"and": all, "or": any, "xor": lambda both: both[0] != both[1]}[self.symbol](values)

    @property
    def depth(self) -> int:
        """The number of connectives on the longest way down."""
        return 1 + max(part.depth for part in self.parts) if self.parts else 0

    @property
    def size(self) -> int:
        """The number of symbols in it."""
        return 1 + sum(part.size for part in self.parts)

    def __str__(self) -> str:
        if self.symbol == "not":
            return f"not {self.parts[0]}"
        return f"({self.parts[0]} {self.symbol} {self.parts[1]})" if self.parts else self.symbol


def boolean_expression(depth: int) -> Expression:
    """A random expression of exactly this depth: one part is as deep as it may be, the other no deeper."""
    if depth == 0:
        return Expression(str(generator().integers(2)))
    symbol = ("not", *CONNECTIVES)[generator().integers(4)]
    deep = boolean_expression(depth - 1)
    if symbol == "not":
        return Expression(symbol, (deep,))
    other = boolean_expression(int(generator().integers(depth)))
    return Expression(symbol, (deep, other) if generator().integers(2) else (other, deep))


def boolean_expressions(count: int, depth: int) -> list[Expression]:
    """`count` expressions of depths 0 … depth, as many true as false (but for one where `count` is odd)."""
    wanted = {True: count // 2, False: count - count // 2}
    found: list[Expression] = []
    while len(found) < count:
        expression = boolean_expression(int(generator().integers(depth + 1)))
        if wanted[expression.truth]:
            wanted[expression.truth] -= 1
            found.append(expression)
    return found
