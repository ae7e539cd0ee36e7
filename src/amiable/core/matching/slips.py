"""Slips of the hand in a number."""

from __future__ import annotations


def is_near(given: str, number: str) -> bool:
    """One sign wrong, or two neighbors exchanged."""
    if len(given) != len(number) or given == number:
        return False
    if given[-3:-2] != number[-3:-2] and given[-2] != number[-2] and given[-1] != number[-1]:
        return False  # three signs differ already
    at = 0
    while given[at] == number[at]:
        at += 1
    if given[at + 1 :] == number[at + 1 :]:
        return True
    return given[at : at + 2] == number[at : at + 2][::-1] and given[at + 2 :] == number[at + 2 :]
