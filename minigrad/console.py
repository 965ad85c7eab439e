"""Printing where the console cannot show ∂: a letter it lacks is replaced by a plain one, and nothing raises.

Windows consoles and `LC_ALL=C` still meet programs with encodings that hold few of the signs a formula uses. `seed` reads
the option of that name.
"""

from __future__ import annotations

import argparse
import codecs
import sys

PLAIN = {
    "∂": "d", "Σ": "sum", "∏": "prod", "√": "sqrt", "∇": "grad", "·": "*", "×": "x", "⊙": "*", "−": "-",
    "→": "->", "←": "<-", "↔": "<->", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "±": "+-", "∞": "inf",
    "‖": "||", "′": "'", "…": "...", "–": "-", "—": "-", "½": "1/2", "α": "alpha", "β": "beta", "γ": "gamma",
    "ε": "eps", "η": "eta", "λ": "lambda", "μ": "mu", "σ": "sigma", "ρ": "rho", "θ": "theta", "“": '"',
    "”": '"', "‘": "'", "’": "'", "█": "#", "▓": "#", "▒": "+", "░": ".", "▁": "_", "▏": "|", "│": "|",
    "─": "-", "✓": "ok", "✗": "NO", "ŷ": "y", "ĝ": "g", "⁻": "-", "ᵀ": "'",
}  # fmt: skip
PLAIN |= {chr(0x2080 + k): str(k) for k in range(10)} | {"ₜ": "t", "₋": "-", "₊": "+"}


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(c, "?") for c in error.object[error.start : error.end]), error.end


def forgiving_console() -> None:
    """From here on a character that the console lacks is printed as a plain one; UnicodeEncodeError is no more."""
    codecs.register_error("plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plainer")


def seed(text: str) -> int:
    """For argparse: what starts a random generator is 0, 1, 2, …"""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 up, not {text!r}")
    return int(text)
