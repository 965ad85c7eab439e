"""The dozen words inside a figure, in one place, so that `words={...}` can say them in another language."""

from __future__ import annotations

from collections.abc import Mapping

WORDS = {
    "counts": "no one two three four five six seven eight nine ten eleven twelve",
    "title sum": "One weight, {uses} uses, one gradient: the sum",
    "title shares": "One weight matrix, {uses} uses: shares that add to 100 %",
    "title one use": "One weight, one use, one gradient",
    "title forward": "Unrolled: {steps} steps, one set of weights",
    "title expression": "{name}, forward and backward",
    "title computed": "How {name} is computed",
    "value": "value",
    "gradient": "gradient",
    "grad": "grad",
    "weight": "weight",
    "no gradient": "constant or data: no gradient",
    "memory": "{name} path",
    "step": "t = {number}",
    "uses": "× {uses} uses",
    "one use": "used once",
    "steps more": "{steps} steps",
    "uses more": "{uses} uses more",
    "uses shown as one": "{uses} ×",
    "not computed": "not computed",
    "the sum": "the sum",
    "first": "1st to arrive",
    "last": "last",
    "order": "order of arrival",
    "so far": "so far",
    "overwrite": "= instead of +=",
    "would leave": "would leave {number}",
    "begins": "backward() begins here;|until now {weight}.grad is|not computed.",
    "each adds": "Each use adds its part:",
    "then": "then {title}, …",
    "share": "Share of the use at t:",
    "share formula": "⟨part, grad⟩ ÷ ‖grad‖²",
    "below zero": "Below 0: this use pulls|against the others.",
    "norms": "Norms do not add:",
    "norms sum": "the parts' sum to {parts},|{weight}.grad has {total}.",
    "no backward": "backward() was not called:|gradients are not computed.",
    "grad is zero": "{weight}.grad is zero:|there is nothing to share.",
    "before": "before",
    "entry": "entry {entry}",
    "of": "of {weight}",
    "elided": "steps {first} to {last} are drawn as one",
    "title rolled": "Rolled up: one step, {steps} times",
    "one step later": "one step later",
    "title cell": "{name}: what happens in a step",
    "a cell": "a cell",
    "gate i": "write",
    "gate f": "keep",
    "gate g": "new",
    "gate o": "show",
    "gate z": "keep",
    "gate r": "use",
    "memory note": "{memory}: the thick line. Between one {memory} and the next there is one factor only, {gate}.",
    "title flow": "How far a gradient reaches",
    "flow how": "‖∂L/∂{of}‖ relative to the last step; height and colour log₁₀",
    "flow note": "An untrained gate vanishes too: gates do not give the long path, they make it easier to learn. Reach is not yet learning.",
    "before training": "before training",
    "after training": "after training",
    "half": "½ after {steps} steps",
    "half once": "½ after 1 step",
    "no half-life": "no half-life",
    "nothing arrived": "nothing arrived",
    "lost": "below it, a float32 sum loses the contribution ({factor})",
    "title model": "{name}: {count} weights",
    "input": "input",
    "Input": "Input",
    "operation": "operation",
    "in": "in",
    "out": "out",
    "params": "weights",
    "batch": "batch",
    "call": "call {number}",
    "title taught": "Who taught whom: every loss, every use of {weight}",
    "taught how": "Row: the loss at step k. Column: the use of {weight} at step t. Cell: this part's signed share of {weight}.grad, in per cent.",
    "taught read": "Down a column: one use, its pill. Along a row: what one loss sends,|fading to the left as it vanishes. Cells that round to 0 stay|unprinted, so every row and column adds as printed.",
    "taught causal": "A loss teaches no later use.",
    "taught along": "along {weight}.grad",
    "taught against": "against it",
    "truncated window": "Truncated: each loss reaches {steps} uses back",
    "truncated band": "what is left is a band",
    "truncated detach": "Truncated: h.detach() after every {steps} steps",
    "truncated triangles": "what is left are small triangles: losses {losses} teach one use only",
    "truncated few": "what is left are small triangles",
    "kept": "{share} % kept",
    "cut off": "{share} % cut off",
    "the cut": "the cut",
    "loss": "loss {number}",
    "sum": "sum",
    "and": " and ",
    "rails more": "and {count} more: {names}",
}


def words_for(own: Mapping[str, str] | None) -> dict[str, str]:
    """The words, with the caller's own in their place; an unknown key is an error that lists the known ones."""
    unknown = [key for key in own or {} if key not in WORDS]
    if unknown:
        raise ValueError(f"words has no {unknown[0]!r}; it may replace {', '.join(map(repr, WORDS))}")
    return WORDS | dict(own or {})


def count(n: int, words: Mapping[str, str]) -> str:
    """3 → three, as far as the words go."""
    counts = words["counts"].split()
    return counts[n] if n < len(counts) else str(n)
