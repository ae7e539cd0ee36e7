"""What a text says in words: of credits and of parts, of a whole month, and right behind
the word for an invoice its day ("FACTURE DU 07/11/2025") or its number, parted as an amount is."""

from __future__ import annotations

import functools
import re
from datetime import date

from amiable.core.matching.cuts import mended
from amiable.core.matching.labels import holds_any, plain

_CREDIT = re.compile(r"\bAV(?:OIRS?)?\b|AV(?:OIR)?\W{0,3}\d{3}|NOTE DE CREDIT|CREDIT NOTE|\bNC ?\d"
                     r"|DEDUCTION|DEDUIT|RETENUE|COMPENSATION")  # fmt: skip
_PART = re.compile(r"ACOMPTE|PARTIEL|\d ?ERE? ?VERS|\d ?E(?:ME)? ?VERS|\bARRHES\b|\bDEVIS\b"
                   r"|\bECHEANCE (?:NO? ?)?[1-9](?![\d/])|PRO ?FORMA"
                   r"|(?<![\d/])[1-9] ?/ ?[2-9](?![\d/])")  # fmt: skip
# Texts without any of these signs hold none of the words above: far quicker to see.
_CREDIT_SIGNS = ("AV", "CREDIT", "NC", "DEDU", "RETENUE", "COMPENSATION")
_PART_SIGNS = ("VERS", "ACOMPTE", "PARTIEL", "ARRHES", "DEVIS", "FORMA", "ECHEANCE")
_SHARE_SIGN = re.compile(r"/ ?[2-9]")
# A fee or a discount taken off is no credit note: "ESC 2% DEDUIT".
_KEPT = re.compile(
    r"\b(?:FRAIS(?: [A-Z]+)?|COMMISSIONS?|ESC(?:OMPTE)?(?: ?[\d.,]+ ?%)?)[ .:-]{0,3}DEDUI\w*"
)
_MONTHS = ("JAN", "FEV", "MAR", "AVR", "MAI", "JUIN", "JUIL", "AOU", "SEP", "OCT", "NOV", "DEC")
_MONTH = re.compile(
    r"\b(?:FACTURES?|FACTS?|RELEVES?|RLV|SOLDES?|PRESTATIONS?|MOIS)(?: DU MOIS)?(?: DE)? "
    r"(?:(JAN)(?:V(?:IER)?)?|(FEV)(?:R(?:IER)?)?|(MAR)S|(AVR)(?:IL)?|(MAI)|(JUIN)|(JUIL)(?:LET)?"
    r"|(AOU)T|(SEP)(?:T(?:EMBRE)?)?|(OCT)(?:OBRE)?|(NOV)(?:EMBRE)?|(DEC)(?:EMBRE)?)\b"
    r"\.?(?: ?(20\d\d|\d\d)\b)?"
)
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


@functools.lru_cache(maxsize=512)
def names_credit(text: str) -> bool:
    """Whether a text speaks of a credit note or a deduction: less than asked for is then meant."""
    text = plain(text)
    if "DEDUI" in text:
        text = _KEPT.sub(" ", text)
    return holds_any(text, _CREDIT_SIGNS) and bool(_CREDIT.search(text))


@functools.lru_cache(maxsize=512)
def names_part(text: str) -> bool:
    """Whether a text speaks of a part, or of money ahead of the invoice: an invoice of this very
    amount, or one that a rest would make up, is then chance."""
    text = plain(text)
    perhaps = holds_any(text, _PART_SIGNS) or _SHARE_SIGN.search(text)
    return bool(perhaps and _PART.search(text))


@functools.lru_cache(maxsize=512)
def months_named(text: str) -> frozenset[tuple[int, int]]:
    """(month, year or 0) of the months whose invoices a text says it pays."""
    found = set()
    for each in (plain(text), *mended(plain(text))):
        for *months, year in _MONTH.findall(each):
            found.add((_MONTHS.index("".join(months)) + 1, 2000 + int(year[-2:]) if year else 0))
    return frozenset(found)
