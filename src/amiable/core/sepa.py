"""Texts in the characters that every bank of the SEPA area takes.

Source: EPC217-08 (Latin character set of SEPA schemes and best practices of conversion).
"""

from __future__ import annotations

import re

_OTHER = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_SPACES = re.compile(r"\s+")
_SLASHES = re.compile(r"/{2,}")


def sepa_text(text: str, *, longest: int = 140) -> str:
    """A text that has no accents any more, with a space for what no bank takes; "&" becomes "+".

    It neither begins nor ends with a slash, nor holds two together (EPC217-08, 2.1); "" when
    nothing is left of it.
    """
    kept = _SPACES.sub(" ", _OTHER.sub(" ", text.replace("&", "+").replace("@", "(at)")))
    return _SLASHES.sub("/", kept).strip(" /")[:longest].rstrip(" /")
