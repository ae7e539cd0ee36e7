"""Slips of the hand in a number."""

from __future__ import annotations


def is_near(given: str, number: str) -> bool:
    """One sign wrong, or two neighbors exchanged."""
    if len(given) != len(number) or given == number:
        return False
    at = 0
    while given[at] == number[at]:
        at += 1
    if given[at + 1 :] == number[at + 1 :]:
        return True
    return given[at : at + 2] == number[at : at + 2][::-1] and given[at + 2 :] == number[at + 2 :]
