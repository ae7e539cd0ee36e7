"""Separator sheets of a batch of letters, printed with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from amiable.core.sentences import Sentence
from amiable.plugins.documents.typesetting import Page, breakable, pages_pdf


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a separator says of the letter behind it."""

    position: str
    medium: str
    address: tuple[str, ...]
    key: str


def separators_pdf(title: str, sheets: Sequence[Sheet], *, duplex: bool, on: date) -> bytes:
    """One page a sheet; two with `duplex`, so that each letter begins on a front side.

    Raises ValueError when our font cannot print an address.
    """
    data = {
        "title": title,
        "duplex": duplex,
        "sheets": [
            {
                "position": each.position,
                "medium": each.medium,
                "address": [breakable(line) for line in each.address],
                "key": breakable(each.key),
            }
            for each in sheets
        ],
    }
    (found,) = pages_pdf([Page("separators.typ", data, on)])
    if isinstance(found, Sentence):
        raise ValueError(str(found))
    return found
