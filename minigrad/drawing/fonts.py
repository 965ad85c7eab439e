"""How wide a text is, without opening a font: Arial's advance widths, so that a box can be made for its words.

Liberation Sans, Helvetica and Arimo have the same widths, and the SVG names them all. Subscripts and superscripts are
written in Unicode (`h₁`, `hᵀ`) everywhere in the project and set here as small shifted letters, so no font needs them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

FAMILY = "Arial, 'Liberation Sans', Helvetica, Arimo, sans-serif"
UNITS = 2048  # font units in one em

# fmt: off
REGULAR = {
    391: "'", 455: "ijlι‘’", 532: "|¦", 569: " !,./:;I[\\]ft·Ι", 682: "()-`r¡¨²³´¸¹“”", 684: "{}", 717: "•", 727: '"',
    748: "º", 758: "ª", 797: "*", 809: "τ", 819: "°", 903: "ζ", 913: "ε", 917: "ξ", 961: "^", 987: "ς", 1012: "∂",
    1024: "Jcksvxyzγκλν↑↓", 1075: "χ", 1100: "¶", 1120: "υ", 1124: "±÷√≈≠≤≥", 1128: "Γ", 1131: "¯",
    1139: "#$0123456789?L_abdeghnopqu¢£¤¥§«»ðþηθο–", 1140: "δ", 1165: "ρ", 1178: "β", 1180: "µμ", 1184: "α",
    1196: "+<=>~¬×−", 1251: "FTZ¿ßøΖΤ", 1264: "σ", 1266: "Σ", 1328: "φ", 1331: "Ξ", 1366: "&ABEKPSVXYÞΑΒΕΚΡΥΧ",
    1368: "ΔΛ", 1413: "π", 1460: "ψ∑∞", 1479: "CDHNRUwÐΗΝΠ", 1509: "©®", 1531: "Ω", 1593: "GOQØΘΟ", 1599: "ω",
    1634: "Φ", 1686: "∏", 1706: "MmΜ", 1708: "¼½¾", 1711: "Ψ", 1821: "%æ", 1933: "W", 2027: "▲▼", 2048: "Æ—…←→",
    2079: "@",
}
BOLD = {
    487: "'", 569: " ,./I\\ijl·Ιι‘’", 573: "|¦", 682: "!()-:;[]`ft¡¨²³´¸¹", 717: "•", 748: "º", 758: "ª", 797: "*r{}",
    819: "°", 912: "ξ", 914: "τ", 943: "ζ", 971: '"', 972: "ε", 1012: "∂", 1024: "z“”↑↓", 1065: "ς", 1107: "θ",
    1124: "±÷√≈≠≤≥", 1131: "¯", 1139: "#$0123456789J_aceksvxy¢£¤¥§«¶»γλν–", 1142: "κ", 1179: "χ", 1180: "µ", 1192: "υ",
    1196: "+<=>^~¬×−", 1229: "Σ", 1231: "Γ", 1242: "δ", 1250: "β", 1251: "?FLTZbdghnopqu¿ßðøþΖΤηο", 1253: "μ",
    1259: "α", 1267: "ρ", 1318: "Ξ", 1366: "EPSVXYÞΕΛΡΥΧ", 1401: "σ", 1460: "∑∞", 1465: "φ", 1472: "Δ",
    1479: "&ABCDHKNRUÐΑΒΗΚΝΠ", 1509: "©®", 1543: "ψ", 1568: "π", 1593: "GOQwØΘΟ", 1642: "Ω", 1657: "Ψ", 1681: "Φ",
    1686: "∏", 1706: "MΜ", 1708: "¼½¾", 1730: "ω", 1821: "%mæ", 1933: "W", 1997: "@", 2027: "▲▼", 2048: "Æ—…←→",
}
# fmt: on
FALLBACK = {"‖": 1024, "⟨": 936, "⟩": 936, "⊙": 1716, "∇": 1427, "∈": 1836, "≫": 2144, "≪": 2144, "✗": 1716, "′": 465, "\u2009": 400}
TABLES = [
    {c: width for width, characters in table.items() for c in characters} | FALLBACK for table in (REGULAR, BOLD)
]

SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+−=()aeoxhklmnpstijruv", strict=True))
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵀⁿⁱ", "0123456789+−=()Tni", strict=True))
SMALL = 0.7  # the size of a shifted letter, in its line's size


@lru_cache(maxsize=4096)
def runs(text: str) -> tuple[tuple[str, int], ...]:
    """`h₁ᵀ dz₂` → (("h", 0), ("1", −1), ("T", 1), (" dz", 0), ("2", −1)): what is set on, below and above the line."""
    parts: list[tuple[str, int]] = []
    for c in text:
        shift = -1 if c in SUBSCRIPTS else 1 if c in SUPERSCRIPTS else 0
        c = SUBSCRIPTS.get(c) or SUPERSCRIPTS.get(c) or c
        if parts and parts[-1][1] == shift:
            parts[-1] = (parts[-1][0] + c, shift)
        else:
            parts.append((c, shift))
    return tuple(parts)


@lru_cache(maxsize=4096)
def advance(c: str, bold: bool) -> int:
    """The width of one character in font units; of a letter with an accent, its base letter's; of 漢, a full em."""
    table = TABLES[bold]
    if c in table:
        return table[c]
    base = unicodedata.normalize("NFD", c)[0]
    if base in table:
        return table[base]
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn"):
        return 0
    return UNITS if unicodedata.east_asian_width(c) in "WF" or ord(c) > 0xFFFF else 1500


def measure(text: str, size: float, bold: bool = False) -> float:
    """The width of a line of text in the unit of `size`."""
    units = sum(
        (SMALL if shift else 1.0) * sum(advance(c, bold) for c in part) for part, shift in runs(text)
    )
    return units * size / UNITS


def fit(candidates: Iterable[str], width: float, sizes: Iterable[float], bold: bool = False) -> tuple[str, float]:
    """The first text that fits the width, at the largest of the sizes that it fits in; else the last one, cut with `…`."""
    sizes, text = list(sizes), ""
    for text in candidates:
        for size in sizes:
            if measure(text, size, bold) <= width:
                return text, size
    return cut(text, width, sizes[-1], bold), sizes[-1]


def cut(text: str, width: float, size: float, bold: bool = False) -> str:
    """The longest beginning of the text that fits with `…` after it."""
    for length in range(len(text), 0, -1):
        shorter = text[:length].rstrip() + ("…" if length < len(text) else "")
        if measure(shorter, size, bold) <= width:
            return shorter
    return ""
