"""Fields of CFONB120 lines: overpunched amounts, dates, details, and cutting a file into lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from amiable.core.money import exponent, major
from amiable.core.records import RowError, StatementEntry
from amiable.plugins.base import ReadResult
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import REASON, Draft, Refused

RECORDS = ("01", "04", "05", "07")
LIMIT_MB = 200
DIGITS = "{ABCDEFGHI", "}JKLMNOPQR"
# The French EBCDIC page (297) has é and è where others have { and }.
_FRENCH = str.maketrans("éè", "{}")
_RIB_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")
_AMOUNT = re.compile(r"([A-Z]{3})(\d)(\d{14})")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(slots=True)
class Movement:
    """A 04 line and what the 05 lines below it add."""

    line: int
    text: str
    amount_minor: int
    currency: str
    booked_on: date
    value_on: date | None
    details: dict[str, list[str]] = field(default_factory=dict)

    def detail(self, qualifier: str, start: int = 0, end: int = 70) -> str:
        return common.clean(" ".join(t[start:end] for t in self.details.get(qualifier, ())))


def entry(move: Movement) -> StatementEntry:
    """The movement with its details; a return is known by its code, which differs by side,
    or by its words under a code that says nothing."""
    operation, label = move.text[32:34], common.clean(move.text[48:79])
    # LCC and LC2 are two halves of one remittance text: a word may run across the cut.
    halves = zip(move.details.get("LCC", ()), move.details.get("LC2", ()), strict=False)
    joined = [first.ljust(70) + second for first, second in halves]
    alone = move.details.get("LCC", [])[len(joined) :]
    pieces = [label, *move.details.get("LIB", ()), *joined, *alone]
    label = common.clean(" ".join(pieces))
    coded = operation in common.RETURN_CODES[move.amount_minor < 0]
    # A bank may use a code of its own: then the words tell.
    told = operation not in common.PAID_CODES and common.is_returned(label, move.amount_minor)
    is_return = coded or told
    found = REASON.search(label) if is_return else None
    reason = (
        (found.group() if found else move.text[40:42].strip() or operation * coded)
        if is_return
        else ""
    )
    end_to_end = move.detail("RCN", 0, 35)
    # A returned item still names the parties of the item: of a debit the payer is our customer,
    # of a transfer that comes back the other party is whom we had paid.
    payer = (move.amount_minor >= 0) != is_return
    payer_id = move.detail("IPY" if payer else "IBE", 0, 35).replace(" ", "")
    # Of money in, the beneficiary is the creditor: on which virtual IBAN, where the bank tells.
    own_id = move.detail("IBE", 0, 35).replace(" ", "")
    original, exchanged = _exchange(move.detail("MMO"))
    fee, fee_currency = _exchange(move.detail("FEE"))
    return StatementEntry(
        line=move.line,
        booked_on=move.booked_on,
        value_on=move.value_on,
        amount_minor=move.amount_minor,
        currency=move.currency,
        label=label,
        bank_reference=common.clean(move.detail("REF") or move.text[104:120]),
        end_to_end_id=common.stated(end_to_end),
        structured_reference=move.detail("LCS", 0, 35),
        payer_name=move.detail("NPY") or ("" if payer else move.detail("NBE")),
        payer_iban=payer_id if _IBAN.fullmatch(payer_id) else "",
        credited_iban=own_id if move.amount_minor >= 0 and _IBAN.fullmatch(own_id) else "",
        ultimate_payer=move.detail("NPO" if payer else "NBU"),
        mandate_id=move.detail("RUM", 0, 35),
        operation=operation,
        is_return=is_return,
        return_reason=reason,
        original=f"{exchanged} {major(original, exchanged)}" if exchanged else "",
        fee_minor=fee if fee_currency == move.currency else 0,
    )


def _exchange(text: str) -> tuple[int, str]:
    """(minor units, currency) of MMO and FEE: code, number of decimals, 14 digits; (0, "") else."""
    found = _AMOUNT.match(text)
    if found is None:
        return 0, ""
    shift = exponent(found[1]) - int(found[2])
    value = int(found[3])
    if shift < 0 and value % 10**-shift:
        return 0, ""
    return (value * 10**shift if shift >= 0 else value // 10**-shift), found[1]


class Parser(Protocol):
    """Takes the lines of a file, one by one."""

    drafts: list[Draft]
    errors: list[RowError]

    def take(self, number: int, line: str) -> None:
        """One line; raises Refused."""
        ...

    def finish(self) -> None:
        """The file has ended."""
        ...


def read_lines(
    path: Path, parser: Parser, *, code: str, width: int, records: tuple[str, ...]
) -> ReadResult:
    """Read a file of fixed lines; a defect of any line refuses it."""
    if path.stat().st_size > LIMIT_MB * 1_000_000:
        error = RowError(0, "", "statement.too_large", {"limit": LIMIT_MB})
        return common.result(code, [], [error])
    text = decode(path.read_bytes())
    if "\0" in text:
        return common.result(code, [], [RowError(0, "", "statement.not_text")])
    for number, line in lines(text, width, records):
        try:
            parser.take(number, line)
        except Refused as refused:
            parser.errors.append(refused.error)
        if len(parser.errors) >= common.MAX_ERRORS:
            break
    else:
        parser.finish()
    return common.result(code, parser.drafts, parser.errors)


def amount(number: int, line: str) -> int:
    """Signed minor units of positions 91-104, with the decimals of position 20 (blank = 2)."""
    digits, last = line[90:103].lstrip(), line[103].translate(_FRENCH)
    sign = next((s for s, row in zip((1, -1), DIGITS, strict=True) if last in row), 0)
    decimals = line[19].replace(" ", "2")
    if not sign or not (digits.isascii() and digits.isdigit()) or not decimals.isdecimal():
        raise Refused(number, "91-104", "statement.bad_amount", value=line[90:104], where="91-104")
    value = int(digits) * 10 + DIGITS[0 if sign > 0 else 1].index(last)
    shift = exponent(line[16:19]) - int(decimals)
    if shift < 0 and value % 10**-shift:
        raise Refused(number, "91-104", "statement.bad_amount", value=line[90:104], where="91-104")
    scaled: int = value * 10**shift if shift >= 0 else value // 10**-shift
    return sign * scaled


def day(number: int, line: str, start: int) -> date | None:
    """DDMMYY at a position; None when blank or zeros."""
    text = line[start : start + 6]
    if text.strip(" 0") == "":
        return None
    where = f"{start + 1}-{start + 6}"
    try:
        year = int(text[4:6])
        found = date(year + (2000 if year < 60 else 1900), int(text[2:4]), int(text[:2]))
    except ValueError as error:
        raise Refused(number, where, "statement.bad_date", value=text, where=where) from error
    return common.near(found, text, line=number, where=where)


def decode(content: bytes) -> str:
    """EBCDIC, UTF-16, UTF-8 or ISO-8859-1; a byte order mark and a DOS end of file are dropped."""
    if content[:2] in {b"\xf0\xf1", b"\xf3\xf1"}:  # "01", "31"
        return content.decode("cp1140")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    return text.rstrip("\x1a\0")


def lines(
    text: str, width: int = 120, records: tuple[str, ...] = RECORDS
) -> Iterator[tuple[int, str]]:
    """Lines of `width` characters with their 1-based number: short ones padded, blank ones left
    out, files without line ends cut every `width`."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not line.strip():
            continue
        if len(line.rstrip()) <= width:
            yield number, line.rstrip().ljust(width)
            continue
        pieces = [line[at : at + width] for at in range(0, len(line), width)]
        if all(piece[:2] in records or not piece.strip() for piece in pieces):
            numbered = enumerate(pieces, number)
            yield from (
                (at, piece.rstrip().ljust(width)) for at, piece in numbered if piece.strip()
            )
        else:
            yield number, line.rstrip()


def iban_of(rib: str) -> str:
    """The French IBAN of bank, branch and account (21 signs), with both keys; "" when it has none.

    RIB key = 97 - ((89 bank + 15 branch + 3 account) mod 97), letters as digits 1-9, 1-9, 2-9.
    """
    if not re.fullmatch(r"\d{10}[0-9A-Z]{11}", rib) or not rib.strip("0"):
        return ""
    digits = rib.translate(_RIB_LETTERS)
    bank, branch, account = int(digits[:5]), int(digits[5:10]), int(digits[10:])
    bban = f"{rib}{97 - (89 * bank + 15 * branch + 3 * account) % 97:02}"
    number = "".join(str(int(sign, 36)) for sign in f"{bban}FR00")
    return f"FR{98 - int(number) % 97:02}{bban}"
