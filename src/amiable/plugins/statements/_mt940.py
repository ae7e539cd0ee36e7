"""The fields of MT940, cut and read: comma decimals, years of two digits, marks of reversal."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from amiable.core.money import major
from amiable.core.records import StatementEntry
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import REASON, Refused
from amiable.plugins.statements._mt940_details import ACCOUNT, Details

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):(.*)", re.S)
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLOCK = re.compile(r"-\}|\{[1-5]:")
_CONTROLS = dict.fromkeys(map(ord, "\x01\x02\x03\x1a\ufeff"))
# Fields there are, by number; another number between colons is text, such as the time of a day.
_NUMBERS = frozenset({"13", "20", "21", "25", "28", "34", "60", "61", "62", "64", "65", "86", "90"})
_OF_TEXT = frozenset({"61", "86", "NS"})
_BALANCE = re.compile(r"([DC])(\d{6})([A-Z]{3})?([\d.,]+)")
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}| {4})?(?P<mark>R[DC]|E[DC]|[DC])(?P<funds>[A-Z])?\s?"
    r"(?P<amount>[\d.,]+)(?:\s?(?P<type>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)|(?P<bare>//.*))?"
)
_NUMBER = re.compile(r"\d+[.,]\d*|[.,]\d+")
# The decimal mark is mandatory; an amount without it is only read where nothing can be lost.
_WHOLE = re.compile(r"N[A-Z]{3}")
_SUM = re.compile(r"\d*([A-Z]{3})[DC]?[\d.,]+")
_ORIGINAL = re.compile(r"/OCMT/([A-Z]{3})([\d.,]+)")
_FEE = re.compile(r"/CHGS/([A-Z]{3})([\d.,]+)")
# German transaction codes of returned direct debits (B2B, core), old debits, and transfers.
RETURN_CODES = frozenset({"108", "109", "009"})
OWN_RETURNED = frozenset({"159", "059"})
RETURN_TYPES = frozenset({"RTI"})
_NEAR_DAYS = 62
_REFERENCE = 16  # characters of a reference, below which some banks write the other party


def _is_text(found: re.Match[str]) -> bool:
    return found[1][:2] not in _NUMBERS and found[1] != "NS"


def _goes_on(before: str, found: re.Match[str]) -> bool:
    """Whether it is the rest of an hour that was cut: "2026-10-30T13" and ":20:15"."""
    return before[-3:-2] == "T" and before[-2:].isdigit() and found[2][:2].isdigit()


@dataclass(frozen=True, slots=True)
class Line:
    """A field 61: signed minor units, its days, its references; `expected` = not booked yet."""

    line: int
    amount_minor: int
    booked_on: date
    value_on: date
    reversal: bool
    expected: bool
    type_code: str
    reference: str
    bank_reference: str
    name: str
    more: str
    original: str
    fee_minor: int


def tags(text: str) -> Iterator[tuple[int, str, str]]:
    """Fields as (line, tag, value); lines below a field belong to it, joined by line ends."""
    tag, begun, lines = "", 0, list[str]()
    for number, raw in enumerate(_LINE_END.split(text), 1):
        line = raw.translate(_CONTROLS)
        framed = bool(_BLOCK.match(line))  # the blocks of SWIFT around a message
        if framed:
            line = line.rpartition("{4:")[2] if "{4:" in line else ""
        found = _TAG.match(line)
        if found and tag in _OF_TEXT and (_is_text(found) or _goes_on(lines[-1], found)):
            found = None
        if found or framed or line.strip() in {"-", "@@", "$"}:
            if tag:
                yield begun, tag, "\n".join(lines)
            tag, begun = (found[1], number) if found else ("", 0)
            lines = [found[2]] if found else []
        elif tag:
            lines.append(line)
    if tag:
        yield begun, tag, "\n".join(lines)


def balance(text: str, *, line: int) -> tuple[tuple[int, str] | None, date | None]:
    """((signed minor units, currency) or None without a currency, day). Raises Refused.

    A 31st that the month has not is its last day: banks write the end of any month so.
    """
    found = _BALANCE.fullmatch(text.strip())
    if found is None:
        raise Refused(line, "balance", "statement.bad_amount", value=text[:40], where="60/62")
    on = bank_day(found[2], line=line, ending=True)
    if not found[3]:
        return None, on
    size = _size(found[4] + ("," if found[4].isdigit() else ""), found[3], line=line)
    return ((size if found[1] == "C" else -size), common.currency(found[3], line=line)), on


def sum_currency(text: str) -> str:
    """The currency of a floor limit (34F) or of a sum of entries (90D, 90C); "" when absent."""
    found = _SUM.match(text.strip())
    return found[1] if found else ""


def statement_line(text: str, currency: str, *, line: int, about: date | None) -> Line:
    """A field 61 of one or more lines, of a statement closed `about` a day. Raises Refused."""
    first, _, more = text.partition("\n")
    found = _LINE.fullmatch(first.rstrip())
    if found is None:
        raise Refused(line, "61", "statement.bad_amount", value=first[:40], where="61")
    written = found["amount"]
    if written.isdigit() and _WHOLE.fullmatch(found["type"] or ""):
        written += ","
    size = _size(written, currency, line=line)
    mark = found["mark"]
    value_on = bank_day(found["value"], line=line)
    entry = (found["entry"] or "").strip()
    reference, _, bank_reference = (found["rest"] or found["bare"] or "").partition("//")
    name = ""
    if reference[:_REFERENCE].rstrip() != reference[:_REFERENCE]:
        reference, name = reference[:_REFERENCE], reference[_REFERENCE:]
    more = common.clean(more)
    return Line(
        line=line,
        amount_minor=size if mark in {"C", "RD", "EC"} else -size,
        booked_on=_entry_day(entry, value_on, about, line=line) if entry else value_on,
        value_on=value_on,
        reversal=mark[0] == "R",
        expected=mark[0] == "E",
        type_code=(found["type"] or "")[1:].strip(),
        reference=common.clean(reference, 40),
        bank_reference=common.clean(bank_reference, 60),
        name=common.clean(name, 140),
        more=more,
        original=_original(more, currency),
        fee_minor=_fee(more, currency),
    )


def entry(line: Line, told: Details, currency: str) -> StatementEntry:
    """The movement with what its field 86 tells; RC and codes of returns are returns."""
    label, more = told.label, line.more
    account = more if ACCOUNT.fullmatch(more) else ""  # of the other party, at Dutch banks
    if more and not account and not more.startswith("/") and more not in label:
        label = common.clean(f"{more} {label}")
    code = told.code or line.type_code
    out = line.amount_minor < 0
    # Money in by a reversal, or by a returned transfer, is a payment of ours that came back.
    is_return = (
        line.reversal
        or (told.code in RETURN_CODES if out else told.code in OWN_RETURNED)
        or (out and line.type_code in RETURN_TYPES)
    )
    found = REASON.search(f"{told.return_reason} {label}") if is_return else None
    reason = (found.group() if found else told.return_reason or code) if is_return else ""
    return StatementEntry(
        line=line.line,
        booked_on=line.booked_on,
        value_on=line.value_on,
        amount_minor=line.amount_minor,
        currency=currency,
        label=label,
        bank_reference=common.stated(line.bank_reference) or common.stated(line.reference),
        end_to_end_id=common.stated(told.end_to_end_id),
        structured_reference=told.structured_reference,
        payer_name=told.name or line.name,
        payer_iban=told.iban or account,
        ultimate_payer=told.ultimate,
        mandate_id=told.mandate,
        operation=code,
        is_return=is_return,
        return_reason=reason[:10],
        original=line.original,
        status="expected" if line.expected else "",
        fee_minor=line.fee_minor,
    )


def bank_day(text: str, *, line: int, ending: bool = False) -> date:
    """YYMMDD; 29 and 30 February, which banks that count 30 days a month write, are its last day.

    `ending` = the day may be written as the 31st of any month. Raises Refused.
    """
    year, month, number = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += 1900 if year >= 80 else 2000
    if ending and number == 31 and month in {2, 4, 6, 9, 11}:
        number = calendar.monthrange(year, month)[1]
    return _day(year, month, number, text, line=line)


def _entry_day(text: str, value_on: date, about: date | None, *, line: int) -> date:
    """MMDD in the year that brings it near the statement, else nearest to the value date."""
    month, number = int(text[:2]), int(text[2:])
    years = (value_on.year, value_on.year - 1, value_on.year + 1)
    days = [_day(year, month, number, text, line=line) for year in years]
    if about:
        nearest = min(days, key=lambda day: abs((day - about).days))
        if abs((nearest - about).days) <= _NEAR_DAYS:
            return nearest
    return min(days, key=lambda day: abs((day - value_on).days))


def _day(year: int, month: int, number: int, text: str, *, line: int) -> date:
    if month == 2 and number in {29, 30}:
        number = min(number, calendar.monthrange(year, 2)[1])
    try:
        return date(year, month, number)
    except ValueError as error:
        raise Refused(line, "61", "statement.bad_date", value=text, where="61") from error


def _size(text: str, currency: str, *, line: int) -> int:
    if not _NUMBER.fullmatch(text):
        raise Refused(line, "61", "statement.bad_amount", value=text[:40], where="61")
    return common.amount(text.replace(",", "."), currency, line=line, where="61")


def _original(text: str, currency: str) -> str:
    """ "USD 100.00": the amount before the exchange, when it is another currency."""
    found = _ORIGINAL.search(text)
    if not found or found[1] == currency:
        return ""
    try:
        return f"{found[1]} {major(_size(found[2], found[1], line=0), found[1])}"
    except Refused:
        return ""


def _fee(text: str, currency: str) -> int:
    """What the bank kept, in minor units; 0 when it does not say so exactly."""
    found = _FEE.search(text)
    if not found or found[1] != currency:
        return 0
    try:
        return _size(found[2], currency, line=0)
    except Refused:
        return 0
