"""Groups of OFX as a statement and its entries: accounts, dates, signed amounts, balances."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Protocol

from amiable.core.numbers import ParseError
from amiable.core.numbers import amount as written_amount
from amiable.core.records import StatementEntry
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import Draft, Refused

declare(
    {
        "ofx.empty_balance": gettext_noop(
            "the balance of {day} has no amount: the file is damaged, download it again"
        ),
    }
)

_CHARSET = re.compile(rb"(?:CHARSET:|encoding=.)\s*([\w-]{1,20})")
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T?[\d:.]{0,14})?\s*(?:\[.*)?")
_PLAIN = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)")


def encoding(content: bytes) -> str:
    """What the header states: CHARSET (of OFX 1, a code page by its number) or the XML encoding."""
    found = _CHARSET.search(content[:1000])
    named = found[1].decode().lower() if found else ""
    return f"cp{named}" if named.isdigit() else named


class Read(Protocol):
    """A group of elements (ofx.Group)."""

    line: int

    def value(self, name: str, group: str = "") -> str:
        """The text of an element, "" when absent."""
        ...


def statement(group: Read) -> Draft:
    """Account, currency and ledger balance of STMTRS or CCSTMTRS. Raises Refused."""
    where = "BANKACCTFROM" if group.value("ACCTID", "BANKACCTFROM") else "CCACCTFROM"
    number = group.value("ACCTID", where)
    bank, branch = group.value("BANKID", where), group.value("BRANCHID", where)
    draft = Draft(account=_account(bank, branch, number, line=group.line))
    draft.extra = {"bank": bank, "branch": branch, "account_number": number}
    stated = group.value("CURDEF")
    draft.currency = common.currency(stated.upper(), line=group.line) if stated else ""
    text, on = group.value("BALAMT", "LEDGERBAL"), group.value("DTASOF", "LEDGERBAL")
    if text:
        main = draft.currency or common.currency("", line=group.line)
        draft.closing = (_amount(text, main, line=group.line, where="BALAMT"), main)
        draft.closing_on = _day(on, line=group.line, where="DTASOF")
    elif on:
        raise Refused(group.line, "BALAMT", "ofx.empty_balance", day=on[:8])
    draft.opening_on = _day(
        group.value("DTSTART", "BANKTRANLIST"), line=group.line, where="DTSTART"
    )
    return draft


def entry(group: Read, currency: str) -> StatementEntry:
    """A STMTTRN. Its NAME is part of the label: banks put their own words before the payer's."""
    line = group.line
    booked_on = _day(group.value("DTPOSTED"), line=line, where="DTPOSTED")
    if booked_on is None:
        raise Refused(line, "DTPOSTED", "statement.no_date", where="DTPOSTED")
    # CURRENCY: the amount is in it. ORIGCURRENCY: the amount was exchanged from it.
    own = group.value("CURSYM", "CURRENCY").upper()
    currency = own if own and not currency else currency
    common.currency(currency, line=line)
    size = _amount(group.value("TRNAMT"), currency, line=line, where="TRNAMT")
    name, memo = group.value("NAME") or group.value("NAME", "PAYEE"), group.value("MEMO")
    pieces = [memo] if memo.startswith(name) else [name, memo]
    check = group.value("CHECKNUM").lstrip("0")
    pieces += [text for text in (check, group.value("REFNUM")) if text and text not in pieces]
    label = common.clean(" ".join(pieces))
    is_return = common.is_returned(label, size)
    account = group.value("ACCTID", "BANKACCTTO").replace(" ", "")
    return StatementEntry(
        line=line,
        booked_on=booked_on,
        value_on=_day(
            group.value("DTAVAIL") or group.value("VALUEDATE"), line=line, where="DTAVAIL"
        ),
        amount_minor=size,
        currency=currency,
        label=label,
        bank_reference=group.value("FITID")[:60],
        payer_name=group.value("NAME", "PAYEE")[:140],
        payer_iban=account if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", account) else "",
        operation=group.value("TRNTYPE").upper()[:40],
        is_return=is_return,
        return_reason=common.return_reason(label) if is_return else "",
        original=group.value("CURSYM", "ORIGCURRENCY")[:3],
    )


def _account(bank: str, branch: str, number: str, *, line: int) -> str:
    """A French account with its bank and branch (21 signs), else the number as stated."""
    if not number or len(number) > 40:
        raise Refused(line, "ACCTID", "statement.no_account")
    french = re.fullmatch(r"\d{5} \d{5} [0-9A-Z]{11}", f"{bank} {branch} {number}")
    return bank + branch + number if french else number


def _amount(text: str, currency: str, *, line: int, where: str) -> int:
    """Signed minor units; comma or point, and grouping only where it is beyond doubt."""
    try:
        if _PLAIN.fullmatch(text) and len(text) <= 40:
            value, symbol = Decimal(text.replace(",", ".")), ""
        else:
            value, symbol = written_amount(text)
        if symbol:
            raise ParseError("amount.symbol")
    except ParseError as error:
        raise Refused(line, where, "statement.bad_amount", value=text[:40], where=where) from error
    return common.exact(value, currency, line=line, where=where)


def _day(text: str, *, line: int, where: str) -> date | None:
    """The day of YYYYMMDD[HHMMSS.XXX[tz]], as the bank writes it; None when blank or zeros."""
    if not text.strip(" 0"):
        return None
    found = _DATE.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise Refused(line, where, "statement.bad_date", value=text[:40], where=where) from error
    return common.near(day, text, line=line, where=where)
