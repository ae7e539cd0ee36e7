"""Addresses as they may be shown to somebody who has only to recognize them."""

from __future__ import annotations

import re
from collections.abc import Collection

HIDDEN = "•••"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(https?://[^\s/<>()]+/)[^\s<>()]+")


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


def discreet(text: str, keep: Collection[str] = ()) -> str:
    """A text without addresses of persons (but those to `keep`), and without what follows the host
    of a link: it may open something to whoever reads it.

    >>> discreet("Anne <anne@duval.fr>, https://pay.example/p/aB3/ or help@us.fr", ["help@us.fr"])
    'Anne <a•••@d•••.fr>, https://pay.example/••• or help@us.fr'
    """
    kept = {address.casefold() for address in keep}

    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0].casefold() in kept else masked_email(found[0])

    return _EMAIL.sub(shown, _URL.sub(rf"\1{HIDDEN}", text))
