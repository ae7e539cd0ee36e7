"""Addresses as they may be shown to somebody who has only to recognize them."""

from __future__ import annotations

import re

HIDDEN = "•••"


def masked_email(address: str) -> str:
    """The first sign of the name and of the domain, and the domain's ending.

    >>> masked_email("compta@duval.example.fr")
    'c•••@d•••.fr'
    """
    local, _, domain = address.rpartition("@")
    ending = domain.rpartition(".")[2]
    return f"{local[:1]}{HIDDEN}@{domain[:1]}{HIDDEN}.{ending}"


def masked_phone(number: str) -> str:
    """The first and the last two digits of a number, as it is dialled in France.

    >>> masked_phone("+33 6 12 34 56 12")
    '06 •• •• •• 12'
    """
    digits = re.sub(r"\D", "", number)
    if number.strip().startswith("+"):
        digits = f"0{digits[-9:]}"
    return f"{digits[:2]} •• •• •• {digits[-2:]}"
