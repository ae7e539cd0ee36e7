"""A creditor's color where people have to read: contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

BLUE, BLACK, WHITE = "#1f4e79", "#000000", "#ffffff"
LEAST = 4.5


def brand(color: str) -> str:
    """The brand color when it is #rrggbb, else our blue."""
    return color.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", color) else BLUE


def ink_on(color: str) -> str:
    """White on the color where it can be read, else black: on every color one of them can."""
    return WHITE if contrast(color, WHITE) >= LEAST else BLACK


def ink_of(color: str) -> str:
    """The color itself, darkened until it can be read on white paper."""
    parts = _parts(color)
    for percent in range(100, -1, -5):
        shade = "#" + "".join(f"{part * percent // 100:02x}" for part in parts)
        if contrast(shade, WHITE) >= LEAST:
            return shade
    return BLACK


def contrast(one: str, other: str) -> float:
    """Of two colors, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _parts(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    shares = [part / 255 for part in _parts(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
