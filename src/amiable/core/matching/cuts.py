"""Where the lines of a bank may have cut a word of a label in two.

CFONB gives a movement's text in lines: 31 signs with the movement, then details of 31 to 35 signs
or a multiple. Joined again, "FACTOFRANCE" is "FACTOF RANCE", and "FA2026-04519" "FA2026-045 19".
"""

from __future__ import annotations

import functools

SHORTEST_LINE, LONGEST_LINE, MOST_LINES = 31, 35, 4
# From line to line the place is less certain; a space at the very end of a line is not kept.
_ENDS = tuple(
    [
        ((SHORTEST_LINE - 1) * line + 1, (LONGEST_LINE + 1) * line)
        for line in range(1, MOST_LINES + 1)
    ]
)


@functools.lru_cache(maxsize=512)
def cuts(text: str) -> tuple[int, ...]:
    """Places of the spaces, between letters or digits, that a cut may have left."""
    found = []
    for first, after in _ENDS:
        at = text.find(" ", first, after)
        while at >= 0:
            if text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum():
                found.append(at)
            at = text.find(" ", at + 1, after)
    return tuple(found)


def is_cut(text: str, *, start: int, end: int) -> bool:
    """Whether this piece of a text is one run of signs but for a space that a cut left."""
    at = text.find(" ", start, end)
    piece = text[start:at] + text[at + 1 : end]
    return at in cuts(text) and piece.isalnum()


@functools.lru_cache(maxsize=512)
def mended(text: str) -> tuple[str, ...]:
    """The text with each word that may have been cut put together, one by one; () for most."""
    places = [at for at in cuts(text) if text[at - 1].isalpha() and text[at + 1].isalpha()]
    return tuple([text[:at] + text[at + 1 :] for at in places])
