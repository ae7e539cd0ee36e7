"""Reading of bank labels: references on a separator-free text, payers' names without legal form.

Payers space, cut and glue numbers at will, so a number is looked for among the known ones in the
letters and digits alone; its edges are then checked in the text as written.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# fmt: off
LEGAL_FORMS = frozenset({
    "SARL", "SAS", "SASU", "SA", "EURL", "SCI", "SNC", "EI", "EIRL", "SCOP", "SCS", "SELARL",
    "SELAS", "GIE", "GAEC", "EARL", "SCEA", "SCM", "SCP", "STE", "SOCIETE", "ETS",
    "ETABLISSEMENTS", "ETABLISSEMENT", "ENTREPRISE", "CIE", "M", "MR", "MME", "MLLE",
    "MONSIEUR", "MADAME", "ET", "AUTO", "LTD", "GMBH", "BV",
})
# fmt: on
_PROTECTED = re.compile(
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"  # dates
    r"|\b\d{1,3}(?:[ .]\d{3})*[.,]\d{2}(?!\d)|\b\d+[.,]\d{2}(?!\d)"  # amounts
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"  # IBANs
)
_SENDER = re.compile(r"/DE (.+?)(?: ?/(?:MOTIF|REF|EREF|RNF|ID|LIB)\b|$)")
_PREFIX = re.compile(
    r"^(?:VIR(?:EMENT|T)?|VRT)\b(?: (?:SEPA|INSTANTANE|INST|RECU|EUROPEEN|DE|FAVEUR|TIERS))*"
)
# Banks cut names; fewer signs than this could be anybody.
SHORTEST_CUT = 8
_DIGITS = str.maketrans("0123456789", "9" * 10)
_DATE8 = re.compile(r"(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
                    r"|(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d{2})")  # fmt: skip


def plain(text: str) -> str:
    """Capitals without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return text.upper()


@functools.lru_cache(maxsize=200_000)
def canonical(text: str) -> str:
    """Letters and digits alone: "FA 2026/0042" -> "FA20260042"."""
    return "".join(sign for sign in plain(text) if sign.isalnum())


def shape_of(key: str) -> str:
    """Digits as 9: "FA20260042" -> "FA99999999"."""
    return key.translate(_DIGITS)


def is_strong(key: str) -> bool:
    """Whether a number can hardly occur in a label by chance."""
    digits = sum(sign.isdigit() for sign in key)
    if digits == len(key):
        return len(key) >= 7 and not _DATE8.fullmatch(key)
    return len(key) >= 5 and digits >= 3


@dataclass(frozen=True, slots=True)
class Found:
    """A known key in a text; `unknown` = it has the shape of our numbers and is none of them."""

    key: str
    start: int
    end: int
    unknown: bool = False


class Finder:
    """Finds keys in labels. Cost per label: its length times the number of key lengths."""

    def __init__(self, keys: Iterable[str], numbers: Iterable[str] = ()) -> None:
        """`numbers` = the keys whose shape betrays a number of ours that is not known."""
        self.keys = set(keys)
        self.lengths = sorted({len(key) for key in self.keys})
        self.shapes = {
            shape
            for shape in map(shape_of, filter(is_strong, numbers))
            if shape.count("9") >= 5 and not shape.startswith("9")
        }

    def find(self, text: str) -> list[Found]:
        """Keys in order of appearance; one inside a longer one is not reported."""
        text = plain(text)
        places = [at for at, sign in enumerate(text) if sign.isalnum()]
        flat = "".join(text[at] for at in places)
        shape = flat.translate(_DIGITS)
        guarded = [match.span() for match in _PROTECTED.finditer(text)] if flat else []
        hits: list[Found] = []
        for length in self.lengths:
            for start in range(len(flat) - length + 1):
                key = flat[start : start + length]
                known = key in self.keys
                if not known and shape[start : start + length] not in self.shapes:
                    continue
                span = (places[start], places[start + length - 1] + 1)
                if _edges_hold(text, span, key) and not _guarded(key, span, guarded):
                    hits.append(Found(key, *span, unknown=not known))
        return sorted(
            (hit for hit in hits if not any(_inside(hit, other) for other in hits)),
            key=lambda hit: hit.start,
        )


def _inside(hit: Found, other: Found) -> bool:
    longer = other.end - other.start > hit.end - hit.start
    return longer and other.start <= hit.start and hit.end <= other.end


def _edges_hold(text: str, span: tuple[int, int], key: str) -> bool:
    """No digit touches a digit edge; short keys do not begin or end inside a word."""
    before = text[span[0] - 1] if span[0] else " "
    after = text[span[1]] if span[1] < len(text) else " "
    if key[0].isdigit() and before.isdigit():
        return False
    if key[-1].isdigit() and after.isdigit():
        return False
    if is_strong(key):
        return len(key) >= 8 or not (before.isalpha() and key[0].isalpha())
    glued = span[1] - span[0] == len(key)
    return glued and not after.isalpha() and not (before.isalpha() and key[0].isalpha())


def _guarded(key: str, span: tuple[int, int], guarded: list[tuple[int, int]]) -> bool:
    """A number of digits alone must not be part of a date, an amount or an IBAN."""
    return key.isdigit() and any(a < span[1] and span[0] < b for a, b in guarded)


def tails(text: str) -> set[str]:
    """Runs of three to six digits, zeros in front left out, that are no date, amount or IBAN."""
    text = plain(text)
    guarded = [match.span() for match in _PROTECTED.finditer(text)]
    runs = re.finditer(r"(?<!\d)\d{3,6}(?!\d)", text)
    found = {run.group().lstrip("0") for run in runs if not _guarded("9", run.span(), guarded)}
    return {run for run in found if len(run) >= 3}


def is_near(given: str, number: str) -> bool:
    """One sign wrong, or two neighbors exchanged."""
    if len(given) != len(number):
        return False
    wrong = [at for at, (a, b) in enumerate(zip(given, number, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        first, second = wrong
        return given[first] == number[second] and given[second] == number[first]
    return len(wrong) == 1


def name_tokens(name: str) -> tuple[str, ...]:
    """Words of a name without legal form, in order: "S.A.R.L. Dupont & Fils" -> DUPONT FILS."""
    words = re.sub(r"[^A-Z0-9]+", " ", plain(name)).split()
    merged: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1:
            run += word
            continue
        if run:
            merged.append(run)
            run = ""
        if word:
            merged.append(word)
    return tuple(word for word in merged if word not in LEGAL_FORMS)


def sender_tokens(label: str) -> tuple[str, ...]:
    """Words of the sender in a French transfer label, with what follows; () for other labels."""
    text = plain(label)
    named = _SENDER.search(text)
    if named:
        return name_tokens(named.group(1))
    prefix = _PREFIX.match(text)
    return name_tokens(text[prefix.end() :]) if prefix else ()


def name_confirms(payer: tuple[str, ...], customer: tuple[str, ...]) -> bool:
    """Same words in any order, or the payer's name cut by the bank after 8 signs or more."""
    if not payer or not customer:
        return False
    if sorted(payer) == sorted(customer):
        return True
    cut = " ".join(payer)
    return len(cut) >= SHORTEST_CUT and " ".join(customer).startswith(cut)
