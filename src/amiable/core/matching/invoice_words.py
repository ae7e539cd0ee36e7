"""What a text says right behind the word for an invoice: its day ("FACTURE DU 07/11/2025"), or its
number, parted as an amount is ("FACT 3.647")."""

from __future__ import annotations

import functools
import re
from datetime import date

from amiable.core.matching.labels import plain

# Not behind a number: "FACT FA2026-0042 DU 12/05/2026" says the number. A bank's line may cut
# anywhere.
_WORD = r"\bF(?:ACTURES?|ACTS?|ACS?|C|RE)\.? ?"
_OF_DAY = re.compile(
    rf"{_WORD}(?:EN DATE )?D ?U ?"
    r"(\d ?\d?) ?[/.-] ?(\d ?\d?) ?[/.-] ?((?:2 ?0 ?)?\d ?\d)(?!\d)"
)
_PARTED = re.compile(
    rf"(?:{_WORD}|/INV/|\bINV )(?:N[O.]? ?)?(\d{{1,3}})[ .](\d{{3}})(?![\d,]|\.\d)"
)


@functools.lru_cache(maxsize=512)
def parted_numbers(text: str) -> frozenset[str]:
    """Numbers of four to six digits with a sign for thousands in them."""
    if " " not in text and "." not in text:
        return frozenset()
    return frozenset(first + second for first, second in _PARTED.findall(plain(text)))


@functools.lru_cache(maxsize=512)
def invoice_days(label: str) -> frozenset[date]:
    """The days that a text says invoices are of; days that no calendar has are none."""
    if "/" not in label and "." not in label and "-" not in label:
        return frozenset()
    found: set[date] = set()
    for match in _OF_DAY.finditer(plain(label)):
        day, month, year = [int(part.replace(" ", "")) for part in match.groups()]
        try:
            found.add(date(year if year > 99 else 2000 + year, month, day))
        except ValueError:
            continue
    return frozenset(found)
