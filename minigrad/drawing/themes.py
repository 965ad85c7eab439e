"""Three palettes, one set of roles: every colour in a picture is named by what it means, never by its hue.

The hues are those of Okabe and Ito's colour-blind-safe set, darkened or lightened until a text has 4.5:1 and a line 3:1
against its ground; `contrast` is the WCAG 2 formula, and a test asks it of every text and line that was drawn.
"""

from __future__ import annotations

Theme = dict[str, str]

LIGHT: Theme = {
    "ground": "#FFFFFF", "column": "#F3F5F9", "column line": "#CDD4DC", "panel": "#FFFFFF",
    "ink": "#1F2328", "muted": "#57606A", "line": "#656D76", "faint": "#7A828C",
    "gradient": "#A63F00", "gradient line": "#BF4B08", "gradient fill": "#FDEEE3",
    "against": "#5A2D91", "against line": "#6A3D9A", "against fill": "#EEE8F7",
    "bar": "#D55E00", "bar against": "#6A3D9A", "total": "#A63F00", "on bar": "#FFFFFF",
    "cell": "#E58A3C", "cell against": "#A78FCC", "on total": "#FFFFFF",
    "weight": "#7D5200", "weight line": "#9A6700", "weight fill": "#FEF0D5",
    "far": "#0A2358", "input fill": "#E3F1FB", "input line": "#0072B2",
    "state fill": "#DCF3E9", "state line": "#00785A",
    "value fill": "#FFFFFF", "value line": "#57606A",
    "loss fill": "#F8E6F1", "loss line": "#A8417F",
    "memory fill": "#E3F1FB", "memory line": "#0072B2",
    "gate fill": "#FFFFFF", "gate line": "#9A6700", "gate level": "#F6D58E",
    "data fill": "#FFFFFF", "data line": "#656D76",
    "alarm": "#B00020", "alarm fill": "#FDE7E9",
    "weight 2": "#0B5C66", "weight 2 line": "#0E7C86", "weight 2 fill": "#DDF3F5",
    "weight 3": "#8A1F5E", "weight 3 line": "#B0307A", "weight 3 fill": "#FBE7F2",
    "weight 4": "#4A5A00", "weight 4 line": "#637A00", "weight 4 fill": "#EFF5D2",
}  # fmt: skip

DARK: Theme = {
    "ground": "#0D1117", "column": "#161B22", "column line": "#30363D", "panel": "#0D1117",
    "ink": "#F0F3F6", "muted": "#AEB6C0", "line": "#8B949E", "faint": "#6E7681",
    "gradient": "#FFB07C", "gradient line": "#FF9A57", "gradient fill": "#33200F",
    "against": "#CDB4F6", "against line": "#A98BE0", "against fill": "#251C3B",
    "bar": "#F58231", "bar against": "#A98BE0", "total": "#FFB07C", "on bar": "#0D1117",
    "cell": "#A04A10", "cell against": "#5F479A", "on total": "#0D1117",
    "weight": "#EBCB54", "weight line": "#E3C341", "weight fill": "#332B0B",
    "far": "#CBE8FF", "input fill": "#12293B", "input line": "#56B4E9",
    "state fill": "#0D3025", "state line": "#2FBF93",
    "value fill": "#0D1117", "value line": "#AEB6C0",
    "loss fill": "#3B2033", "loss line": "#E79BC6",
    "memory fill": "#12293B", "memory line": "#56B4E9",
    "gate fill": "#0D1117", "gate line": "#E3C341", "gate level": "#5C4B0F",
    "data fill": "#0D1117", "data line": "#8B949E",
    "alarm": "#FF9AA2", "alarm fill": "#43161B",
    "weight 2": "#63D3DE", "weight 2 line": "#4CC4D0", "weight 2 fill": "#0B2C30",
    "weight 3": "#FF9BD2", "weight 3 line": "#F080BE", "weight 3 fill": "#3A1530",
    "weight 4": "#C6DC5E", "weight 4 line": "#B2C84A", "weight 4 fill": "#272D0C",
}  # fmt: skip

PRINT: Theme = LIGHT | {
    "column": "#FFFFFF", "column line": "#B5B5B5", "ink": "#000000", "muted": "#444444", "line": "#444444",
    "gradient": "#7A2E00", "gradient line": "#8F3700", "gradient fill": "#FFFFFF",
    "against": "#3D1C66", "against line": "#3D1C66", "against fill": "#FFFFFF",
    "bar": "#B04A00", "bar against": "#3D1C66", "total": "#7A2E00",
    "weight": "#5C3C00", "weight line": "#6E4A00", "weight fill": "#FFFFFF",
    "input fill": "#FFFFFF", "input line": "#004F7C", "state fill": "#FFFFFF", "state line": "#00543F",
    "loss fill": "#FFFFFF", "loss line": "#7A2C5B", "memory fill": "#FFFFFF", "memory line": "#004F7C",
    "gate line": "#6E4A00", "gate level": "#E4E4E4", "alarm fill": "#FFFFFF",
    "weight 2 fill": "#FFFFFF", "weight 3 fill": "#FFFFFF", "weight 4 fill": "#FFFFFF",
}  # fmt: skip

THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def theme(name: str) -> Theme:
    """The palette of that name, or an error that lists them."""
    if name not in THEMES:
        raise ValueError(f"theme is one of {', '.join(map(repr, THEMES))}; got {name!r}")
    return THEMES[name]


def colour(theme: Theme, role: str) -> str:
    """The hue of a role; `mix a|b 0.25` lies a quarter of the way from a to b; what is no role stands for itself."""
    if role.startswith("mix "):
        pair, _, share = role.removeprefix("mix ").rpartition(" ")
        first, _, second = pair.partition("|")
        return mix(theme[first], theme[second], float(share))
    return theme.get(role, role)


def luminance(colour: str) -> float:
    """WCAG 2: L = 0.2126 R + 0.7152 G + 0.0722 B, of the linear-light channels of `#RRGGBB`."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """(L₁ + 0.05) / (L₂ + 0.05), the lighter over the darker: 1 for equal colours, 21 for black on white."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(first: str, second: str, share: float) -> str:
    """(1 − share)·first + share·second, channel by channel."""
    channels = ((int(first[k : k + 2], 16), int(second[k : k + 2], 16)) for k in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in channels)
