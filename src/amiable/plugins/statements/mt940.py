"""SWIFT MT940 statements and MT942 interim reports, in the dialects of many banks.

A statement begins at :20:; each page of a statement (60M, 62M) is one of its own, as the bank
balances it. Marks: C and RD (a debit taken back) are money in, D and RC money out. Source: SWIFT
standards MT940, fields 60a, 61, 62a, 86; dialects of :86: in _mt940_details.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements import _common as common
from amiable.plugins.statements import _mt940 as fields
from amiable.plugins.statements._common import Draft, Refused
from amiable.plugins.statements._mt940_details import details_of

declare(
    {
        "mt940.no_opening": gettext_noop(
            "the statement has no opening balance (60F), which says its currency: it is "
            "incomplete, download it again"
        ),
        "mt940.cut": gettext_noop(
            "the file ends in the middle of this field, before the closing balance (62F): it was "
            "cut, download it again"
        ),
        "mt940.no_closing": gettext_noop(
            "the statement has no closing balance (62F), so movements may be missing: download it "
            "again"
        ),
        "mt940.outside": gettext_noop(
            "the field {tag} stands outside a statement: the file is incomplete, download it again"
        ),
    }
)

LIMIT_MB = 64
_FIRST = re.compile(r"(?:^|[\r\n\x01]|\{4:):20:")
_SECOND = re.compile(r"[\r\n]:(?:25|28|60)[A-Z]?:")
_LINE_ENDS = ("\n", "\r", "\n-", "-}", "\x03")  # of a line, of a message
_BALANCES = {"60F": "opening", "60M": "opening", "62F": "closing", "62M": "closing"}


@dataclass(slots=True)
class Movement:
    """A field 61 and the fields 86 and NS below it, as text."""

    line: int
    text: str
    information: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


class Mt940:
    """Reader of MT940 and MT942."""

    code = "mt940"
    kind: FileKind = "statement"
    label = "MT940, MT942 (SWIFT)"

    def sniff(self, head: bytes, _name: str) -> bool:
        """A field 20 at the beginning of a line, and a field 25 or 28 or 60 below it."""
        text = common.decoded(head)
        return bool(_FIRST.search(text) and _SECOND.search(text))

    def read(self, path: Path, _options: ReadOptions) -> ReadResult:
        """Read every statement; a defect of any field refuses the file."""
        if path.stat().st_size > LIMIT_MB * 1_000_000:
            error = RowError(0, "", "statement.too_large", {"limit": LIMIT_MB})
            return common.result(self.code, [], [error])
        text = common.decoded(path.read_bytes())
        if "\0" in text:
            return common.result(self.code, [], [RowError(0, "", "statement.not_text")])
        parser = _Parser()
        for number, tag, value in fields.tags(text):
            parser.safely(number, tag, value=value)
            if len(parser.errors) >= common.MAX_ERRORS:
                break
        parser.whole = text.endswith(_LINE_ENDS)
        parser.safely(0, "20", value=None)
        return common.result(self.code, parser.drafts, parser.errors)


class _Parser:
    """Holds the open statement and its movements while fields come in."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.errors: list[RowError] = []
        self.draft: Draft | None = None
        self.begun = 0
        self.movements: list[Movement] = []
        self.closed = False
        self.whole = True  # False once the file has ended within a line
        self.last = 0  # the line of the last field
        self.told = False  # whether a field 86 here is of the last movement

    def safely(self, number: int, tag: str, *, value: str | None) -> None:
        """Take one field; a refusal is kept. A value of None ends the file."""
        try:
            if tag == "20":
                self._close()
            if value is not None:
                self._take(number, tag, value)
        except Refused as refused:
            self.errors.append(refused.error)

    def _take(self, number: int, tag: str, value: str) -> None:
        if tag in {"20", "25"}:
            self._begin(number, tag, value)
        if self.draft is None:
            raise Refused(number, tag, "mt940.outside", tag=tag)
        draft, self.last = self.draft, number
        if tag == "25" and not draft.account:
            draft.account = common.clean(value, 60)
        elif tag in {"28", "28C"}:
            draft.reference = common.clean(f"{draft.reference} {value}", 60)
        elif tag in _BALANCES:
            self._balance(number, _BALANCES[tag], value)
        elif tag in {"34F", "90D", "90C"}:
            draft.kind = "report"
            draft.currency = draft.currency or fields.sum_currency(value)
        elif tag == "61":
            self.movements.append(Movement(number, value))
        elif tag == "86" and self.told:
            self.movements[-1].information.append(value)
        elif tag == "NS" and self.told:
            self.movements[-1].own.append(value)
        self.told = tag == "61" or (self.told and tag in {"86", "NS"})

    def _begin(self, number: int, tag: str, value: str) -> None:
        """A reference begins a statement; so does an account without one, or after a closing."""
        if tag == "25" and self.draft and self.draft.account and self.closed:
            self._close()
        if tag == "20" or self.draft is None:
            self.draft, self.begun, self.movements = Draft(account=""), number, []
            self.draft.reference = common.clean(value, 40) if tag == "20" else ""
            self.closed = False

    def _balance(self, number: int, which: str, value: str) -> None:
        assert self.draft  # noqa: S101  # _take has opened it
        self.closed = self.closed or which == "closing"
        amount, on = fields.balance(value, line=number)
        if amount is None:
            return
        self.draft.currency = self.draft.currency or amount[1]
        if which == "opening":
            self.draft.opening, self.draft.opening_on = amount, on
        else:
            self.draft.closing, self.draft.closing_on = amount, on

    def _close(self) -> None:
        """The open statement has ended: read its movements, now that its currency is known."""
        draft, self.draft = self.draft, None
        if draft is None:
            return
        if not draft.account or len(draft.account) > 40:
            raise Refused(self.begun, "25", "statement.no_account")
        if self.movements and not draft.currency:
            raise Refused(self.begun, "60F", "mt940.no_opening")
        if not draft.closing and draft.kind == "statement":
            if not self.whole:
                raise Refused(self.last, "62F", "mt940.cut")
            draft.warnings.append(RowError(self.begun, "62F", "mt940.no_closing"))
        for movement in self.movements:
            try:
                self._movement(draft, movement)
            except Refused as refused:
                self.errors.append(refused.error)
            if len(self.errors) >= common.MAX_ERRORS:
                return
        self.drafts.append(draft)

    def _movement(self, draft: Draft, movement: Movement) -> None:
        about = draft.closing_on or draft.opening_on
        line = fields.statement_line(movement.text, draft.currency, line=movement.line, about=about)
        draft.pending += line.expected
        if line.expected and draft.kind == "statement":
            return
        told = details_of(movement.information, movement.own)
        entry = fields.entry(line, told, draft.currency)
        draft.add([entry], entry.amount_minor, draft.currency)


PLUGIN = Mt940()
