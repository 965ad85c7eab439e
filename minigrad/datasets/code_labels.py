"""What a reader of Python source might keep in mind: labels for every character, made by Python's own tokenizer.

They are what a net that predicts characters is asked about afterwards (how deep in brackets is it, is it inside a
docstring): it never sees them in training.
"""

from __future__ import annotations

import io
import keyword
import tokenize

import numpy as np

OPENING, CLOSING = "([{", ")]}"
INSIDE_STRING = {name for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END") if hasattr(tokenize, name)}


def source_labels(text: str) -> dict[str, np.ndarray]:
    """Eight labels of every character of a valid source text, each (len(text),) floats.

    A label says what holds after the character was read: "bracket depth" counts the open ones, "column" the characters
    since the line began, "leading space" is 1 as long as a line consists of spaces; "docstring" (any string over several
    lines or alone on its line), "string" (the others), "comment", "keyword" and "name" are 1 inside.
    """
    labels = {name: np.zeros(len(text)) for name in ("docstring", "string", "comment", "keyword", "name")}
    starts = np.cumsum([0] + [len(line) for line in io.StringIO(text)])
    brackets, before = np.zeros(len(text)), tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begin, end = (int(starts[row - 1]) + column for row, column in (token.start, token.end))
        kind = _kind(token, before)
        if kind:
            labels[kind][begin:end] = 1
        elif token.type == tokenize.OP and token.string in OPENING + CLOSING:
            brackets[begin] = 1 if token.string in OPENING else -1
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type
    return {"bracket depth": brackets.cumsum(), **labels, **_places(text)}


def _kind(token: tokenize.TokenInfo, before: int) -> str | None:
    """Which label a token's characters get; a string that begins a logical line is a docstring."""
    if token.type == tokenize.STRING or tokenize.tok_name[token.type] in INSIDE_STRING:
        begins = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        return "docstring" if begins or token.start[0] != token.end[0] else "string"
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.NAME:
        return "keyword" if keyword.iskeyword(token.string) else "name"
    return None


def _places(text: str) -> dict[str, np.ndarray]:
    """Where in its line a character stands, and whether only spaces came so far."""
    column, leading = np.zeros(len(text)), np.zeros(len(text))
    for start, line in _lines(text):
        column[start : start + len(line)] = np.arange(1, len(line) + 1)
        leading[start : start + len(line) - len(line.lstrip(" "))] = 1
    column[[k for k, c in enumerate(text) if c == "\n"]] = 0
    return {"column": column, "leading space": leading}


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in io.StringIO(text):
        lines.append((start, line))
        start += len(line)
    return lines
