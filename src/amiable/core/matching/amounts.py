"""The amount of a line where its own text repeats it: "FA-2026-39966 360,00 EUR".

Beside a number, or glued to it, its digits are read as digits of the number, and the end of the
number as thousands of the amount. What the amount is, the line says: so it is taken out.
"""

from __future__ import annotations

import re

# An amount glued to fewer digits than this is a larger amount: 149,00 where the line has 49,00.
FEWEST_BEFORE = 3


def without_amount(label: str, amount_minor: int) -> str:
    """The label with spaces in place of this amount of cents, wherever it stands written out."""
    units, cents = divmod(amount_minor, 100)
    after = f"{cents:02}"
    if f",{after}" not in label and f".{after}" not in label:
        return label
    groups = f"{units:,}".replace(",", "[ .]?")
    for found in reversed(list(re.finditer(rf"{groups}[.,]{after}(?!\d)", label))):
        start, end = found.span()
        before = len(label[:start]) - len(label[:start].rstrip("0123456789"))
        if before == 0 or before >= FEWEST_BEFORE:
            label = label[:start] + " " * (end - start) + label[end:]
    return label
