"""Addresses as they show in the window of a letter, taken apart for those who want fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIGURE = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Address:
    """`lines` = what stands between name and place; `country` "" = France."""

    name: str
    lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""


def address_parts(lines: tuple[str, ...]) -> Address:
    """The place is the last line with a figure; its postcode goes up to the last word with one."""
    found = [line for line in lines if line]
    place = max((i for i, line in enumerate(found) if _FIGURE.search(line)), default=0)
    if place == 0:
        return Address("".join(found[:1]), tuple(found[1:]))
    words = found[place].split(" ")
    last = max(i for i, word in enumerate(words[:3]) if _FIGURE.search(word) or i == 0)
    return Address(
        found[0],
        tuple(found[1:place]),
        " ".join(words[: last + 1]),
        " ".join(words[last + 1 :]),
        " ".join(found[place + 1 :]),
    )
