"""CFONB240: operations received and items returned, 240 characters a line (31, 34, 39).

31 begins the list of an account, 34 is an operation, 39 states the total. The list has no balance,
and the account statement (CFONB120, camt.053) repeats its operations: it informs, with names and
references. Positions: domain sheet C3. Amounts have no sign: only returned items are money out.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from amiable.core.money import Money, major
from amiable.core.records import RowError, StatementEntry
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements import _cfonb as fields
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import Draft, Refused

declare(
    {
        "cfonb240.record": gettext_noop(
            "the line begins with {value} instead of 31, 34 or 39: it is not a CFONB240 "
            "line, download the file again"
        ),
        "cfonb240.length": gettext_noop(
            "the line has {length} characters instead of 240: download the file again"
        ),
        "cfonb240.unequal": gettext_noop(
            "the operations of the list begun on line {line} differ from its total (39) by {by}: "
            "ask the bank for the whole list"
        ),
        "cfonb240.unfinished": gettext_noop(
            "the list begun on line {line} has no total (39): the file is incomplete, download it "
            "again"
        ),
    }
)

RECORDS = ("31", "34", "39")


class Cfonb240:
    """Reader of CFONB240 lists."""

    code = "cfonb240"
    kind: FileKind = "statement"
    label = "CFONB240"

    def sniff(self, head: bytes, _name: str) -> bool:
        """The first line is a header: a number, an operation code, a date and a currency."""
        first = next(fields.lines(fields.decode(head), 240, RECORDS), (0, ""))[1]
        return bool(re.fullmatch(r"31\d{6}.{2}[\d ]{6}[A-Z ].{4}\d{5}.*", first))

    def read(self, path: Path, _options: ReadOptions) -> ReadResult:
        """Read every list of the file; a defect of any line refuses the file."""
        parser = _Parser()
        return fields.read_lines(path, parser, code=self.code, width=240, records=RECORDS)


class _Parser:
    """Holds the open list while lines come in."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.errors: list[RowError] = []
        self.draft: Draft | None = None
        self.begun = 0

    def take(self, number: int, line: str) -> None:
        """One line; raises Refused."""
        record = line[:2]
        if record not in RECORDS:
            raise Refused(number, "1-2", "cfonb240.record", value=record)
        if len(line) != 240:
            raise Refused(number, "", "cfonb240.length", length=len(line))
        if record == "31":
            self._open(number, line)
            return
        if self.draft is None:
            raise Refused(number, "1-2", "cfonb.outside", record=record)
        if record == "34":
            entry = _entry(number, line, self.draft)
            self.draft.add([entry], entry.amount_minor, entry.currency)
            return
        total = _amount(number, line)
        counted = self.draft.credits + self.draft.debits
        currency = self.draft.currency
        self.draft.extra["control_total"] = major(total, currency)
        self.draft.extra["control_difference"] = major(counted - total, currency)
        if counted != total:
            by = Money(counted - total, currency)
            warning = RowError(
                number, "229-240", "cfonb240.unequal", {"line": self.begun, "by": by}
            )
            self.draft.warnings.append(warning)
        self.drafts.append(self.draft)
        self.draft = None

    def finish(self) -> None:
        """The file has ended: a list still open is incomplete."""
        if self.draft:
            told = {"line": self.begun}
            self.errors.append(RowError(self.begun, "", "cfonb240.unfinished", told))
            self.draft = None

    def _open(self, number: int, line: str) -> None:
        self.finish()
        account = line[21:42].strip()
        if not account:
            raise Refused(number, "22-42", "statement.no_account")
        self.begun, self.draft = number, Draft(account=account, kind="notification")
        self.draft.currency = _currency(number, line)
        self.draft.closing_on = fields.day(number, line, 10)
        self.draft.extra = {"bank": line[21:26], "branch": line[26:31]}
        self.draft.extra |= {"account_number": line[31:42], "control_total": None}


def _entry(number: int, line: str, draft: Draft) -> StatementEntry:
    """An operation; the other party is the one whose account is not the list's own."""
    booked_on: date | None = fields.day(number, line, 10)
    if booked_on is None:
        raise Refused(number, "11-16", "statement.no_date", where="11-16")
    first, second = (line[21:42], line[42:66]), (line[77:98], line[98:122])
    account, name = second if first[0] == draft.account else first
    operation = line[8:10].strip()
    label = common.clean(line[128:216])
    returned = operation in common.RETURN_CODES[True] or common.is_returned(label, -1)
    reason = common.return_reason(label) or operation
    size = _amount(number, line)
    return StatementEntry(
        line=number,
        booked_on=booked_on,
        value_on=None,
        amount_minor=-size if returned else size,
        currency=draft.currency,
        label=label,
        bank_reference=common.clean(f"{line[122:128]} {line[222:228]}"),
        payer_name=common.clean(name),
        payer_iban=fields.iban_of(account),
        credited_iban=fields.iban_of(draft.account),
        operation=operation,
        is_return=returned,
        return_reason=reason if returned else "",
    )


def _amount(number: int, line: str) -> int:
    """Positions 229-240: twelve digits, in cents."""
    text = line[228:240].strip()
    if not (text.isascii() and text.isdigit()):
        raise Refused(number, "229-240", "statement.bad_amount", value=text, where="229-240")
    return int(text)


def _currency(number: int, line: str) -> str:
    """Position 17: E or blank is the euro, the only currency left in use."""
    if line[16] not in "E ":
        raise Refused(number, "17", "statement.bad_currency", value=line[16])
    return "EUR"


PLUGIN = Cfonb240()
