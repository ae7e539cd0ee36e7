"""Reading of bank labels: references on a separator-free text, ranges, ends of numbers.

Payers space, cut and glue numbers at will, so a number is looked for among the known ones in the
letters and digits alone; its edges are then checked in the text as written.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress, pairwise
from typing import NamedTuple

from amiable.core.matching.cuts import cuts, is_cut

_PROTECTED = re.compile(
    r"\b(?:(?=\d)(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\d{4}-\d{2}-\d{2}\b"  # dates
    r"|\d{1,3}(?:[ .]\d{3})*[.,]\d{2}(?!\d)|\d+[.,]\d{2}(?!\d))"  # amounts
    r"|(?<=\d[/.-])(?:19|20)\d\d\b(?![/.-]\d)"  # the year of a date that a bank cut
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b)"  # IBANs
)
_LETTERS, _FIGURES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_SIGNS = bytes.maketrans(_LETTERS + _FIGURES, b"A" * 26 + b"9" * 10)
_DIGITS = str.maketrans("0123456789", "9" * 10)
_FORM = str.maketrans((_LETTERS + _FIGURES).decode(), "A" * 26 + "9" * 10)
# What stands between the letters and digits of a text, and a mark for each that is one.
_NO_FIGURES = bytes(sign for sign in range(256) if sign not in _FIGURES)
_BETWEEN = bytes(sign for sign in range(256) if sign not in _LETTERS + _FIGURES)
_APART = bytes(sign if sign in _LETTERS + _FIGURES else 32 for sign in range(256))
_IS_SIGN = bytes(sign in _LETTERS + _FIGURES for sign in range(256))
# The end of a number of an invoice, not of a credit note made of one ("AV218260").
_RUN, _DIGIT_RUN, _LAST_RUN = re.compile(r"\d{3,}"), re.compile(r"\d+"), re.compile(r"\d+$")
_SHORT_RUN = re.compile(r"(?<!\d)(?<!\bAV)(?<!\bAV )(?<!\bAVOIR)(?<!\bAVOIR )0*\d{3,6}(?!\d)")
_SEPARATOR = re.compile(r"[ ./_-]+")
_TORN = re.compile(r"\d\d?|(?:19|20)\d\d")  # a day, "1ER", or a year
_DATE8 = re.compile(r"(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
                    r"|(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d{2})")  # fmt: skip
_TO = re.compile(r"[ .,]*(?:AU?|JUSQU ?A|TO|-+>|\.\.+)[ ]*(?:NO?[ .]*)?")
_UPPER = re.compile(r"(?:AU?|JUSQU ?A|TO|-+>|\.\.+) ?(\d{2,9})(?!\d)")
_NOTES = ("AV", "AVOIR", " A V", "RA V")  # the last ones cut by a bank
# What stands before numbers of the payer's own: of a public body's payment, of an order.
_OTHERS = re.compile(
    r"\b(?:(?:MANDATS?|BORD(?:EREAU)?)[ .:]{0,3}(?:NO? ?)?"
    r"|(?:CDE|CMD|BC|BDC|PO)[ .:-]{0,2}\d+[-/])$"
)
_OTHER_SIGNS = ("MANDAT", "BORD", "CDE", "CMD", "BC", "BDC", "PO")
# What bears a number of the payer's own.
_ORDER_SIGNS = ("CDE", "COMMANDE", "CMD", "BC", "BDC", "PO", "DOSSIER", "LOT", "CONTRAT", "CLIENT")
_CLIENT = re.compile(r"\bCLI(?:ENT)?\b[ .:/-]*(?:CODE |NO? )?[A-Z]{1,3} ?(\d+)(?: (\d+))?")
_ORDERED = re.compile(
    rf"(?:\b(?:{'S?|'.join(_ORDER_SIGNS)})\b[ .:/-]*(?:NO? )?(?:BC|CDE|CMD|PO)?"
    r"|\b(?:BC|CDE|CMD|PO))[ .:/-]?(\d+)"
)
# More kinds of numbers than this (letters and digits in many orders) are looked for by length.
MOST_PATTERNS = 48
FEWEST_DIGITS, SHORTEST_JOINED = 3, 5


def plain(text: str) -> str:
    """Capitals without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return text.upper()


def canonical(text: str) -> str:
    """Letters and digits alone: "FA 2026/0042" -> "FA20260042"."""
    return flat_of(plain(text))


def flat_of(text: str) -> str:
    """Letters and digits alone of a text in plain capitals."""
    return text.encode("ascii").translate(None, _BETWEEN).decode("ascii")


def words_of(text: str) -> list[str]:
    """The runs of letters and digits of a text in plain capitals."""
    return text.encode("ascii").translate(_APART).decode("ascii").split()


def digits_of(key: str) -> str:
    """The digits alone: "FA20260042" -> "20260042"."""
    return key.encode("ascii").translate(None, _NO_FIGURES).decode("ascii")


def signs_of(key: str) -> str:
    """Letters as A, digits as 9: "FA20260042" -> "AA99999999"."""
    return key.encode("ascii").translate(_SIGNS).decode("ascii")


@functools.lru_cache(maxsize=512)
def is_strong(key: str) -> bool:
    """Whether a number can hardly occur in a label by chance."""
    if key.isdigit():
        return len(key) >= 7 and not (len(key) == 8 and _DATE8.fullmatch(key))
    return len(key) >= 5 and (key[-3:].isdigit() or len(digits_of(key)) >= 3)


class Found(NamedTuple):
    """A known key in a text; `unknown` = it has the shape of our numbers and is none of them;
    `torn` = its last digits are the beginning of a word ("2601-0798 1ER"), perhaps no part of it.
    """

    key: str
    start: int
    end: int
    unknown: bool = False
    torn: bool = False


class Finder:
    """Finds keys in labels. Cost per label: its length times the kinds of numbers, whatever
    their count."""

    def __init__(self, keys: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
        self.keys: set[str] = set()
        self.patterns: dict[str, bool] = {}  # and whether numbers unknown to us may have it
        self._longest_first: list[str] = []
        self.shapes: set[str] = set()
        self.written: set[str] = set()  # how short numbers stand with their separators
        for key in keys:
            self.add(key)
        for number in numbers:
            self.add_shape(number)

    def add(self, key: str) -> bool:
        """A key to find from now on; False for one of fewer than three digits, never looked for."""
        if key in self.keys:
            return True
        pattern = signs_of(key)
        if pattern not in self.patterns:
            if pattern.count("9") < FEWEST_DIGITS:
                return False
            self._note(pattern, numbered=False)
        self.keys.add(key)
        return True

    def add_shape(self, number: str) -> None:
        """A number whose shape betrays others of ours that are not known."""
        shape = number.translate(_DIGITS)
        if shape in self.shapes or shape.startswith("9") or shape.count("9") < 5:
            return
        if is_strong(number):
            self.shapes.add(shape)
            self._note(signs_of(number), numbered=True)

    def _note(self, pattern: str, *, numbered: bool) -> None:
        self.patterns[pattern] = numbered
        if len(self.patterns) > MOST_PATTERNS:
            return
        self._longest_first = sorted(self.patterns, key=len, reverse=True)

    def add_written(self, number: str) -> None:
        """How our numbers are written: "26-0042" is then one number, not two runs of digits."""
        form = _form(plain(number))
        if "-" in form:
            self.written.add(form)

    def find(self, text: str) -> list[Found]:
        """Keys in order of appearance; one inside a longer one is not reported."""
        text = plain(text)
        flat = flat_of(text)
        candidates = self._candidates(flat)
        if not candidates:
            return []
        hits: list[Found] = []
        inner: list[tuple[int, int]] = []  # where the hits stand among letters and digits alone
        places = _places(text)
        for at, key in candidates:
            ended = at + len(key)
            if hits and _inside(hits, inner, (at, ended), text):
                continue
            start, end = places[at], places[ended - 1] + 1
            if not _edges_hold(text, (start, end), key, self.written):
                continue
            if is_guarded(text, (start, end)) if key.isdigit() else _runs_into(text, start, end):
                continue
            hits.append(Found(key, start, end, key not in self.keys, _is_torn(text, start, end)))
            inner.append((at, ended))
        return sorted(hits, key=lambda hit: hit.start) if len(hits) > 1 else hits

    def _candidates(self, flat: str) -> list[tuple[int, str]]:
        """Places of known keys, and of numbers of the shape of ours, the longest first."""
        if flat.isalpha() or len(self.patterns) > MOST_PATTERNS:  # every key has digits
            return [] if flat.isalpha() else list(self._by_length(flat))
        keys, shapes, found = self.keys, self.shapes, []
        signs = signs_of(flat)
        for pattern in [each for each in self._longest_first if each in signs]:
            length, numbered = len(pattern), self.patterns[pattern]
            at = signs.find(pattern)
            while at >= 0:
                key = flat[at : at + length]
                if key in keys or (numbered and key.translate(_DIGITS) in shapes):
                    found.append((at, key))
                at = signs.find(pattern, at + 1)
        return found

    def _by_length(self, flat: str) -> Iterator[tuple[int, str]]:
        for length in sorted({len(pattern) for pattern in self.patterns}, reverse=True):
            for at in range(len(flat) - length + 1):
                key = flat[at : at + length]
                if key in self.keys or key.translate(_DIGITS) in self.shapes:
                    yield at, key


@functools.lru_cache(maxsize=512)
def _guarded(text: str) -> tuple[tuple[int, int], ...]:
    """Where dates, amounts and IBANs stand in a plain text: digits there are no number of ours."""
    return tuple([match.span() for match in _PROTECTED.finditer(text)])


def unguarded(text: str) -> str:
    """A plain text with spaces in place of its dates and amounts."""
    for start, end in _guarded(text):
        if text[start].isdigit():
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _places(text: str) -> list[int]:
    """The place of each letter and digit of a plain text."""
    return list(compress(range(len(text)), text.encode("ascii").translate(_IS_SIGN)))


def is_guarded(text: str, span: tuple[int, int]) -> bool:
    """Whether a date, an amount, an IBAN, a credit note, or a number of the payer's own stands
    there in a plain text."""
    start, end = span
    if text.endswith(_NOTES, 0, start):
        return True
    if holds_any(text, _OTHER_SIGNS) and _OTHERS.search(text, max(0, start - 16), start):
        return True
    return any(a < end and start < b for a, b in _guarded(text))


def _runs_into(text: str, start: int, end: int) -> bool:
    """Whether the last digits of a key are those of an amount or a date behind it, after a space:
    "FA2026-04 598,80"."""
    if text.find(" ", start, end) < 0:
        return False
    spans = [(a, b) for a, b in _guarded(text) if start < a < end < b]
    return any(text.find(" ", a - 1, end) >= 0 for a, _ in spans)


def _is_torn(text: str, start: int, end: int) -> bool:
    """Whether a key takes digits from behind a space, where letters follow them at once."""
    space = text.rfind(" ", start, end)
    last = text[space + 1 : end]
    return space >= 0 and text[end : end + 1].isalpha() and bool(_TORN.fullmatch(last))


def _inside(
    hits: list[Found], inner: list[tuple[int, int]], span: tuple[int, int], text: str
) -> bool:
    """Whether a longer key already stands there; a short one put together may be chance."""
    start, end = span
    for hit, (begun, ended) in zip(hits, inner, strict=True):
        if begun <= start and end <= ended and end - start < ended - begun:
            return is_strong(hit.key) or not is_cut(text, start=hit.start, end=hit.end)
    return False


def _form(text: str) -> str:
    """Letters as A, digits as 9, what separates them as -: "26/0042" -> "99-9999"."""
    return _SEPARATOR.sub("-", text.translate(_FORM))


def _edges_hold(text: str, span: tuple[int, int], key: str, written: set[str]) -> bool:
    """No digit touches a digit edge; short keys do not begin or end inside a word, and have no
    separators but where our numbers have them."""
    start, end = span
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    begins_in_word = before.isalpha()
    if key[0].isdigit():
        if before.isdigit():
            return False
        begins_in_word = False
    if after.isdigit() and key[-1].isdigit():
        return False
    if is_strong(key):
        return len(key) >= 8 or not begins_in_word
    glued = end - start == len(key) or _form(text[start:end]) in written
    glued = glued or (end - start == len(key) + 1 and is_cut(text, start=start, end=end))
    return glued and not after.isalpha() and not begins_in_word


def number_forms(numbers: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """How our numbers are written: (letters and digits alone, as written), digits as 9.

    Sixteen at most, the most usual ones; without letters only what has seven digits or more.
    """
    written = Counter(plain(number).translate(_DIGITS) for number in numbers)
    forms: dict[str, str] = {}
    for form, _ in written.most_common():
        flat = flat_of(form)
        if flat.count("9") >= 3 and (not flat.startswith("9") or len(flat) >= 7):
            forms.setdefault(flat, form)
            digits = "9" * flat.count("9")
            if len(digits) >= 7:
                forms.setdefault(digits, form)
    return tuple(forms.items())[:16]


def numbers_in(text: str, forms: Iterable[tuple[str, str]]) -> set[str]:
    """Numbers in a text that are written in one of the forms, once its own separators are put
    back. Meant to look them up: most are none of ours."""
    flat = flat_of(plain(text))
    shape = flat.translate(_DIGITS)
    found: set[str] = set()
    for short, form in forms:
        at = shape.find(short)
        while at >= 0:
            digits = iter(digits_of(flat[at : at + len(short)]))
            found.add("".join(next(digits) if sign == "9" else sign for sign in form))
            at = shape.find(short, at + 1)
    return found


def range_after(text: str, found: list[Found]) -> tuple[str, str] | None:
    """The first number and the end of the last one of "FA2026-0042 A FA2026-0051", or of
    "FA2026-0042 AU 51" (then "51").

    `found` = what `Finder.find` found in the text.
    """
    text = plain(text)
    for first, second in pairwise(found):
        between = text[first.end : second.start]
        alike = len(first.key) == len(second.key) and first.key < second.key
        if alike and _TO.fullmatch(between):
            return first.key, second.key
    for first in found:
        if match := _UPPER.match(text, first.end + (text[first.end : first.end + 1] == " ")):
            return first.key, match.group(1)
    return None


@functools.lru_cache(maxsize=512)
def tails(text: str) -> frozenset[str]:
    """Runs of three to six digits, zeros in front left out, that are no date, amount or IBAN."""
    text = plain(text)
    runs = [run for run in _RUN.finditer(text) if _SHORT_RUN.match(text, run.start())]
    found = {run.group().lstrip("0") for run in runs if not is_guarded(text, run.span())}
    found.update(_cut_runs(text))
    found.difference_update(run.lstrip("0") for run in _orders(text))
    return frozenset([run for run in found if len(run) >= 2])


def _cut_runs(text: str) -> Iterator[str]:
    """Four to six digits that a bank's line cut in two, zeros in front left out."""
    for at in [at for at in cuts(text) if text[at - 1].isdigit() and text[at + 1].isdigit()]:
        first, second = _LAST_RUN.search(text, 0, at), _DIGIT_RUN.match(text, at + 1)
        if first and second and not is_guarded(text, (first.start(), second.end())):
            run = first.group() + second.group()
            if 4 <= len(run) <= 6:
                yield run.lstrip("0")


@functools.lru_cache(maxsize=512)
def joined(text: str) -> frozenset[str]:
    """Two runs of digits as one, five signs or more, where one sign alone parts them: "38 200"."""
    text = plain(text)
    return frozenset(
        first.group() + second.group()
        for first, second in pairwise(_DIGIT_RUN.finditer(text))
        if second.end() - first.start() > SHORTEST_JOINED
        and text[first.end() : second.start()] in (" ", ".")
        and not is_guarded(text, (first.start(), second.end()))
    )


def holds_any(text: str, signs: Iterable[str]) -> bool:
    """Whether one of these stands in a text."""
    return any(map(text.__contains__, signs))


def _orders(text: str) -> list[str]:
    if not holds_any(text, _ORDER_SIGNS) and "CLI" not in text:
        return []
    codes = [each for run in _CLIENT.findall(text) for each in (run[0], "".join(run))]
    return _ORDERED.findall(text) + codes


def is_ordered(text: str, digits: str) -> bool:
    """Whether digits of a text are those of an order: "COMMANDE BC8716", "CDE 8716"."""
    return digits.isdigit() and digits in _orders(plain(text))
