"""Structured creditor references (ISO 11649, "RF..."): made, checked and recognized."""

from __future__ import annotations

import re
import unicodedata

_OF_CUSTOMER = re.compile(r"(RF[0-9]{2}C)([1-9][0-9]{0,17})")
_SHAPE = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")


def rf_reference(number: str) -> str:
    """The RF creditor reference of an invoice number: "FA2026-0042" -> "RF83FA20260042".

    Separators and accents are dropped, letters become capitals. Key = 98 - (number + "RF00" with
    letters as 10..35) mod 97 (ISO 11649). Raises ValueError when nothing or more than 21 signs
    remain, because the standard cannot carry it.
    """
    plain = unicodedata.normalize("NFKD", number).encode("ascii", "ignore").decode()
    body = re.sub(r"[^0-9A-Z]", "", plain.upper())
    if not body or len(body) > 21:
        raise ValueError(f"{number!r} cannot be carried by a creditor reference")
    return f"RF{98 - _modulo(body + 'RF00'):02d}{body}"


def customer_reference(customer_id: int) -> str:
    """The reference under which a customer pays several invoices at once: RF..C<id>."""
    return rf_reference(f"C{customer_id}")


def customer_references(text: str) -> set[int]:
    """Customers whose reference (RF..C<id>, key checked) stands in a text, spaces aside."""
    found: set[int] = set()
    compact = text.replace(" ", "").upper()
    for match in _OF_CUSTOMER.finditer(compact):
        digits = match.group(2)
        # What follows the reference may be glued to it: the key tells where it ends.
        for length in range(len(digits), 0, -1):
            if is_rf_reference(f"{match.group(1)}{digits[:length]}"):
                found.add(int(digits[:length]))
                break
    return found


def is_rf_reference(text: str) -> bool:
    """Whether the text, spaces aside, is a creditor reference with a valid key."""
    compact = text.replace(" ", "").upper()
    if not _SHAPE.fullmatch(compact):
        return False
    return _modulo(compact[4:] + compact[:4]) == 1


def grouped(reference: str) -> str:
    """An RF reference or an IBAN in groups of four, as people read it."""
    compact = reference.replace(" ", "")
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4))


def _modulo(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
