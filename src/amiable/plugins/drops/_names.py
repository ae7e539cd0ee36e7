"""Names for files that are laid beside others."""

from __future__ import annotations

from collections.abc import Callable


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """The name itself, or with a number before its ending: "bank.xml", "bank.2.xml"..."""
    if not is_taken(name):
        return name
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    number = 2
    while is_taken(f"{stem}.{number}{ending}"):
        number += 1
    return f"{stem}.{number}{ending}"
