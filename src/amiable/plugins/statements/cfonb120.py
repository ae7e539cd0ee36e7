"""CFONB120: the French account statement of 120 characters a line (norme CFONB, positions as read
by two open parsers). 01 old balance, 04 movement, 05 detail of the movement above, 07 new balance.

Amounts are 13 digits and an overpunched last one: { A-I = +0-9, } J-R = -0-9. Years pivot at 60.
"""

from __future__ import annotations

import re
from pathlib import Path

from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements import _cfonb as fields
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._cfonb import RECORDS, Movement
from amiable.plugins.statements._common import Draft, Refused

declare(
    {
        "cfonb.record": gettext_noop(
            "the line begins with {value} instead of 01, 04, 05 or 07: it is not a CFONB120 "
            "line, download the file again"
        ),
        "cfonb.length": gettext_noop(
            "the line has {length} characters instead of 120: download the file again"
        ),
        "cfonb.outside": gettext_noop(
            "a {record} line stands outside a statement: the file is incomplete, download it again"
        ),
        "cfonb.unfinished": gettext_noop(
            "the statement begun on line {line} has no new balance (07): the file is incomplete, "
            "download it again"
        ),
        "cfonb.other_account": gettext_noop(
            "the line is of account {account}, the statement of {expected}: the file is damaged, "
            "download it again"
        ),
    }
)

_CURRENCY = re.compile(r"[A-Z]{3}[0-9 ]")
_BALANCE = re.compile(r"01\d{5} {4}[\d ]{5} {5}[0-9A-Z ]{11}  \d{6}.{50}[\d ]{12}\d[A-R{}éè].{16}")


class Cfonb120:
    """Reader of CFONB120 statements."""

    code = "cfonb120"
    kind: FileKind = "statement"
    label = "CFONB120"

    def sniff(self, head: bytes, _name: str) -> bool:
        """The first line is an old balance (or any record of 120), with a currency at 17-19; some
        banks leave it out of balances."""
        first = next(fields.lines(fields.decode(head)), (0, ""))[1]
        return first[:2] in RECORDS and bool(
            _CURRENCY.fullmatch(first[16:20]) or (_BALANCE.fullmatch(first))
        )

    def read(self, path: Path, _options: ReadOptions) -> ReadResult:
        """Read every statement of the file; a defect of any line refuses the file."""
        parser = _Parser()
        return fields.read_lines(path, parser, code=self.code, width=120, records=RECORDS)


class _Parser:
    """Holds the open statement and movement while lines come in."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.errors: list[RowError] = []
        self.draft: Draft | None = None
        self.begun = 0
        self.account = ""
        self.movement: Movement | None = None
        self.refused = False  # the movement: what its details add is not a fault of theirs

    def take(self, number: int, line: str) -> None:
        """One line; raises Refused."""
        record = line[:2]
        if record not in RECORDS:
            raise Refused(number, "1-2", "cfonb.record", value=record)
        if len(line) != 120:
            raise Refused(number, "", "cfonb.length", length=len(line))
        {"01": self._open, "04": self._move, "05": self._detail, "07": self._close}[record](
            number, line
        )

    def finish(self) -> None:
        """The file has ended: a statement still open is incomplete."""
        if self.draft:
            self.errors.append(RowError(self.begun, "", "cfonb.unfinished", {"line": self.begun}))

    def _open(self, number: int, line: str) -> None:
        self.finish()
        self.begun, self.account, self.movement = number, line[21:32], None
        self.refused = False
        bank, branch = line[2:7], line[11:16]
        self.draft = Draft(account=(bank + branch + self.account).replace(" ", ""))
        self.draft.extra = {"bank": bank, "branch": branch, "account_number": self.account}
        self.draft.currency = _stated(number, line)
        self.draft.opening = (fields.amount(number, line), self.draft.currency)
        self.draft.opening_on = fields.day(number, line, 34)

    def _move(self, number: int, line: str) -> None:
        self._flush()
        self.refused = self.draft is not None  # outside a statement its details are outside, too
        self._inside(number, line)
        booked_on = fields.day(number, line, 34)
        if booked_on is None:
            raise Refused(number, "35-40", "statement.no_date", where="35-40")
        self.movement = Movement(
            line=number,
            text=line,
            amount_minor=fields.amount(number, line),
            currency=common.currency(line[16:19], line=number),
            booked_on=booked_on,
            value_on=fields.day(number, line, 42),
        )
        self.refused = False

    def _detail(self, number: int, line: str) -> None:
        if self.refused:
            return
        if self.movement is None:
            raise Refused(number, "1-2", "cfonb.outside", record="05")
        self.movement.details.setdefault(line[45:48], []).append(line[48:118])

    def _close(self, number: int, line: str) -> None:
        self._flush()
        self.refused = False
        draft = self._inside(number, line)
        draft.closing = (fields.amount(number, line), _stated(number, line))
        draft.closing_on = fields.day(number, line, 34)
        self.drafts.append(draft)
        self.draft = None

    def _inside(self, number: int, line: str) -> Draft:
        if self.draft is None:
            raise Refused(number, "1-2", "cfonb.outside", record=line[:2])
        if line[21:32] != self.account:
            raise Refused(
                number, "22-32", "cfonb.other_account", account=line[21:32], expected=self.account
            )
        return self.draft

    def _flush(self) -> None:
        if self.movement and self.draft:
            entry = fields.entry(self.movement)
            self.draft.add([entry], entry.amount_minor, entry.currency)
        self.movement = None


def _stated(number: int, line: str) -> str:
    """The currency of a balance; blank is the euro."""
    return common.currency(line[16:19].strip() or "EUR", line=number)


PLUGIN = Cfonb120()
