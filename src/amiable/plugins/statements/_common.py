"""What statement readers share: sentences, amounts and dates that refuse, and the summary.

A reader raises Refused inside and answers with RowErrors: nothing is guessed, nothing becomes 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from amiable.core.money import AmountError, DecimalsError, TooLargeError, major, minor
from amiable.core.numbers import plain
from amiable.core.records import RowError, StatementEntry, StatementKind, StatementRecord
from amiable.core.sentences import Param, declare, gettext_noop
from amiable.plugins.base import ReadResult
from amiable.plugins.statements._spool import Entries

declare(
    {
        "statement.none": gettext_noop(
            "the file holds no statement: ask the bank for the statement of the period"
        ),
        "statement.bad_amount": gettext_noop(
            "{value} is not an amount ({where}): the file is damaged, download it again"
        ),
        "statement.amount_too_large": gettext_noop(
            "{value} is too large to be an amount ({where}): ask the bank for a correct file"
        ),
        "statement.decimals": gettext_noop(
            "{value} has more decimals than {currency} allows ({where}): nothing is rounded, ask "
            "the bank for a correct file"
        ),
        "statement.bad_date": gettext_noop(
            "{value} is not a date ({where}): the file is damaged, download it again"
        ),
        "statement.far_date": gettext_noop(
            "{value} is not a day of our time ({where}): the file is damaged, download it again"
        ),
        "statement.no_date": gettext_noop(
            "the movement has no date ({where}): the file is damaged, download it again"
        ),
        "statement.bad_direction": gettext_noop(
            "{value} is neither credit (CRDT) nor debit (DBIT): the file is damaged, download it "
            "again"
        ),
        "statement.bad_currency": gettext_noop(
            "{value} is not a currency code of three letters, like EUR: correct it, or download "
            "the file again"
        ),
        "statement.other_currency": gettext_noop(
            "a movement is in {found}, the account in {currency}: its balances cannot be checked "
            "and are left out, compare them with those that the bank shows"
        ),
        "statement.no_currency": gettext_noop(
            "no currency is stated: write it, or ask the bank for a file that states it"
        ),
        "statement.no_account": gettext_noop(
            "the statement does not say which account it is of: ask the bank for one that does"
        ),
        "statement.too_large": gettext_noop(
            "the file is larger than {limit} MB: split it by account or by month"
        ),
        "statement.not_text": gettext_noop(
            "the file is not text: it is damaged or binary, download it again"
        ),
    }
)

MAX_ERRORS = 100
MAX_LABEL = 2000
_NUMBER = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Reasons of SEPA R-transactions (EPC, ISO 20022 external codes) that a label may carry as text.
REASON = re.compile(
    r"\b(AC0[1346]|AG0[12]|AM0[45]|BE05|CNOR|DNOR|DUPL|FF0[15]|FOCR|FRAD|TECH|CUST"
    r"|MD0[12567]|MS0[23]|RC01|RR0[1-4]|SL01)\b"
)

# Labels of returned items, where a format has no code for them; never the fee of a return.
_ITEM = r"(?:PRLVT?S?|PREL\w*|SDD|CHQS?|CHEQUES?|LCR|BOR|EFFETS?|CARTES?|CB|VIRT?|VIREMENTS?|TIP)"
_RETURNED = re.compile(
    r"\b(IMPAYE\w*|REJET\w*|RETOUR|RETOURN\w*|UNPAID|RETURNED|RETOURE|REVERSAL|R-?PRLV"
    r"|CHARGE[ -]?BACKS?"
    rf"|(?:REJ|IMP)[. ]+(?:SEPA )?{_ITEM}"
    rf"|{_ITEM}(?: SEPA)? (?:REFUSE\w*|NON PAYE\w*|CONTESTE\w*|REJ|IMP))\b"
)
_FEE = re.compile(r"\b(FRAIS|COMMISSIONS?|COM|COTISATION|FEES?|CHARGES?(?![ -]?BACK))\b")


# CFONB interbank operation codes of what comes back, by whether money goes out: unpaid cheque,
# returned debits, TIP and bills, incident on a bill, unpaid card, returned tele-payment, instant
# transfer called back; and in, of ours: a transfer or a debit that came back.
RETURN_CODES = {
    True: frozenset({"03", "10", "26", "27", "33", "34", "38", "98", "B3", "B4", "C4"}),
    False: frozenset({"10", "12", "27", "A3", "A4", "C3", "C5"}),
}
# CFONB codes that say of money out that it is no item of ours that came back, whatever the words:
# cheques, transfers and debits paid, cards, fees, and what comes back in.
PAID_CODES = RETURN_CODES[False] | {
    "01", "06", "07", "08", "11", "21", "61", "62", "63", "64", "65", "66", "B1", "B2", "C1",
}  # fmt: skip
# What stands for a reference where there is none; "EREF" says that the details have it.
_NOTHING = frozenset(
    {"NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOREF", "NONE", "N/A", "KREF+", "EREF+", "EREF",
     "PREF", "MARF"}
)  # fmt: skip


class Refused(Exception):  # noqa: N818  # it is a verdict on the file, not a fault of ours
    """The file cannot be trusted: where and why, in a sentence of the catalog."""

    def __init__(self, line: int, column: str, code: str, **params: Param) -> None:
        super().__init__(code)
        self.error = RowError(line, column, code, params)


def amount(text: str, currency: str, *, line: int, where: str) -> int:
    """A non-negative plain decimal to minor units. Raises Refused, never answers 0 for rubbish."""
    text = text.strip()
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise Refused(line, where, "statement.bad_amount", value=text[:40], where=where)
    return exact(text, currency, line=line, where=where)


def exact(value: str | Decimal, currency: str, *, line: int, where: str) -> int:
    """Major units to signed minor units, with a sentence for what cannot be. Raises Refused."""
    text = str(value)[:40]
    try:
        return minor(value, currency)
    except DecimalsError as error:
        told = {"value": text, "where": where, "currency": currency}
        raise Refused(line, where, "statement.decimals", **told) from error
    except TooLargeError as error:
        code = "statement.amount_too_large"
        raise Refused(line, where, code, value=text, where=where) from error
    except AmountError as error:
        raise Refused(line, where, "statement.bad_amount", value=text, where=where) from error


def near(day: date, text: str, *, line: int, where: str) -> date:
    """A day of 1980 to 2099, as in tables; `text` = as written. Raises Refused for another."""
    if not 1980 <= day.year <= 2099:
        raise Refused(line, where, "statement.far_date", value=text[:40], where=where)
    return day


def currency(text: str, *, line: int) -> str:
    """A currency code of three letters. Raises Refused."""
    if not text.strip():
        raise Refused(line, "currency", "statement.no_currency")
    if not _CURRENCY.fullmatch(text):
        raise Refused(line, "currency", "statement.bad_currency", value=text[:40])
    return text


def is_returned(label: str, amount_minor: int) -> bool:
    """Whether words alone say that money goes out because an item came back unpaid."""
    words = plain(label).upper()
    return amount_minor < 0 and bool(_RETURNED.search(words)) and not _FEE.search(words)


def return_reason(label: str) -> str:
    """The SEPA reason code that a label carries as text, or ""."""
    found = REASON.search(label)
    return found.group() if found else ""


def stated(text: str) -> str:
    """A reference, or "" where the bank only says that there is none."""
    return "" if text.strip().upper() in _NOTHING else text


def decoded(content: bytes, stated: str = "") -> str:
    """Text of a bank file: UTF-16 by its mark, UTF-8, else the encoding it states, else
    Windows-1252, else ISO-8859-1, which reads any byte."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    for encoding in filter(None, ("utf-8-sig", stated, "cp1252")):
        try:
            return content.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return content.decode("iso-8859-1")


def clean(text: str, limit: int = MAX_LABEL) -> str:
    """Runs of white space become one space; cut at `limit`."""
    return " ".join(text.split())[:limit]


@dataclass(slots=True)
class Draft:
    """A statement being read. Balances are (minor units, currency); sums are of the bank's
    entries, before a batch is split into its transactions."""

    account: str
    currency: str = ""
    reference: str = ""
    opening: tuple[int, str] | None = None
    closing: tuple[int, str] | None = None
    opening_on: date | None = None
    closing_on: date | None = None
    created_on: date | None = None
    entries: Entries = field(default_factory=Entries)
    count: int = 0
    credits: int = 0
    debits: int = 0
    pending: int = 0
    currencies: dict[str, int] = field(default_factory=dict)  # -> line of the first movement in it
    extra: dict[str, Any] = field(default_factory=dict)
    kind: StatementKind = "statement"
    warnings: list[RowError] = field(default_factory=list)

    def add(
        self, entries: Iterable[StatementEntry], amount_minor: int, entry_currency: str
    ) -> None:
        """Take one entry of the bank, as one or several movements of the same total."""
        line = 0
        for entry in entries:
            self.entries.append(entry)
            line = line or entry.line
        self.count += 1
        self.currencies.setdefault(entry_currency, line)
        if amount_minor >= 0:
            self.credits += amount_minor
        else:
            self.debits -= amount_minor

    @property
    def main_currency(self) -> str:
        """The account's currency: as stated, else of a balance, else of the only entries."""
        stated = [self.currency] + [b[1] for b in (self.opening, self.closing) if b]
        return next((c for c in stated if c), "") or next(iter(sorted(self.currencies)), "EUR")

    @property
    def comparable(self) -> bool:
        """Whether opening, entries and closing are all in the account's currency."""
        all_currencies = set(self.currencies) | {b[1] for b in (self.opening, self.closing) if b}
        return all_currencies <= {self.main_currency}

    @property
    def difference_minor(self) -> int | None:
        """opening + entries - closing; None when a balance is not stated or not comparable."""
        if not (self.opening and self.closing and self.comparable):
            return None
        return self.opening[0] + self.credits - self.debits - self.closing[0]

    def told(self) -> list[RowError]:
        """What a person should know of it, its balances that cannot be compared among it."""
        main = self.main_currency
        if self.comparable or not (self.opening or self.closing):
            return self.warnings[:MAX_ERRORS]
        found = next((c for c in self.currencies if c != main), "")
        if not found:  # the two balances are not of one currency
            found = next(b[1] for b in (self.opening, self.closing) if b and b[1] != main)
        told: dict[str, Param] = {"found": found, "currency": main}
        line = self.currencies.get(found, 0)
        return [RowError(line, "currency", "statement.other_currency", told), *self.warnings][
            :MAX_ERRORS
        ]

    def record(self, format_code: str = "") -> StatementRecord:
        """The frozen record; balances that cannot be compared are not stated."""
        whole = self.comparable
        return StatementRecord(
            account=self.account,
            currency=self.main_currency,
            opening_minor=self.opening[0] if self.opening and whole else None,
            closing_minor=self.closing[0] if self.closing and whole else None,
            opening_on=self.opening_on,
            closing_on=self.closing_on,
            entries=self.entries.settled(),
            reference=self.reference,
            kind=self.kind,
            format=format_code,
        )

    def summary(self) -> dict[str, Any]:
        """The shape of INTERFACES: amounts as strings in major units, None where not stated."""
        difference = self.difference_minor
        main = self.main_currency
        return {
            "account": self.account,
            "kind": self.kind,
            "currency": main,
            "opening": major(*self.opening) if self.opening else None,
            "closing": major(*self.closing) if self.closing else None,
            "opening_on": self.opening_on.isoformat() if self.opening_on else None,
            "closing_on": self.closing_on.isoformat() if self.closing_on else None,
            "entries": self.count,
            "credits": major(self.credits, main),
            "debits": major(self.debits, main),
            "balances_hold": None if difference is None else difference == 0,
            "difference": None if difference is None else major(difference, main),
            "pending": self.pending,
            **self.extra,
        }


def result(
    format_code: str,
    drafts: Sequence[Draft],
    errors: Sequence[RowError],
    *,
    more: Mapping[str, Any] | None = None,
    partial: bool = False,
) -> ReadResult:
    """All statements, or, when anything is wrong, none and every error found. `more` = summary.

    `partial` = what was read of them is wanted all the same, beside the errors.
    """
    rows = sum(draft.count for draft in drafts)
    if not drafts and not errors:
        errors = [RowError(0, "", "statement.none")]
    if errors and not (partial and rows):
        return ReadResult(
            kind="statement",
            format=format_code,
            errors=tuple(errors),
            rows=rows,
            summary={"statements": []},
        )
    return ReadResult(
        kind="statement",
        format=format_code,
        statements=tuple(draft.record(format_code) for draft in drafts),
        errors=tuple(errors),
        rows=rows,
        summary={"statements": [draft.summary() for draft in drafts], **(more or {})},
        warnings=tuple(warning for draft in drafts for warning in draft.told()),
    )
