"""The amount of a line where its own text repeats it: "FA-2026-39966 360,00 EUR".

Beside a number, or glued to it, its digits are read as digits of the number, and the end of the
number as thousands of the amount. What the amount is, the line says: so it is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator

# An amount glued to fewer digits than this is a larger amount: 149,00 where the line has 49,00.
FEWEST_BEFORE = 3


def without_amount(label: str, amount_minor: int) -> str:
    """The label with spaces in place of this amount of cents, wherever it stands written out."""
    units, cents = divmod(amount_minor, 100)
    after = f"{cents:02}"
    if f",{after}" not in label and f".{after}" not in label:
        return label
    groups = f"{units:,}".split(",")
    for start, end in reversed(list(_places(label, groups, after))):
        before = len(label[:start]) - len(label[:start].rstrip("0123456789"))
        if before == 0 or before >= FEWEST_BEFORE:
            label = label[:start] + " " * (end - start) + label[end:]
    return label


def _places(label: str, groups: list[str], cents: str) -> Iterator[tuple[int, int]]:
    """Where an amount stands, thousands apart or not: "1 234,50". By hand, as each amount would
    be a pattern of its own to prepare."""
    last, free = groups[-1], 0
    at = label.find(last)
    while at >= 0:
        end = at + len(last) + 3
        written = label[end - 3 : end] in (f",{cents}", f".{cents}")
        if written and not label[end : end + 1].isdecimal():
            start = _begin(label, at, groups[:-1])
            if start >= free:
                yield start, end
                free = end
        at = label.find(last, at + 1)


def _begin(label: str, at: int, groups: list[str]) -> int:
    """Where these groups of digits begin that end before a place; -1 when others stand there."""
    for group in reversed(groups):
        at -= label[at - 1 : at] in (" ", ".")
        if not label.endswith(group, 0, at):
            return -1
        at -= len(group)
    return at
