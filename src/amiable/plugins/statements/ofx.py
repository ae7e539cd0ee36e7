"""OFX statements: 1.x (SGML, tags left open), 2.x (XML) and QFX; banks and cards.

Tags are read one by one, whatever is closed, and no entity but those of characters is known.
Source: OFX 1.6 and 2.2, chapter 11 (STMTRS, STMTTRN, LEDGERBAL). OFX states no opening balance.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements import _common as common
from amiable.plugins.statements import _ofx as fields
from amiable.plugins.statements._common import Draft, Refused

declare(
    {
        "ofx.bank_error": gettext_noop(
            "the bank answered with error {status} instead of a statement ({message}): ask it again"
        ),
        "ofx.investment": gettext_noop(
            "the file is of an investment account, which is not read: export the bank account"
        ),
        "ofx.not_ofx": gettext_noop("no OFX document begins in this file: download it again"),
        "ofx.cut": gettext_noop(
            "the file ends in the middle of this statement: it was cut, download it again"
        ),
        "ofx.no_end": gettext_noop("it has no end (</OFX>), so may be cut: download it again"),
    }
)

LIMIT_MB = 64
_END = re.compile(r"</OFX\s*>", re.I)
_TOKEN = re.compile(r"<(/?)([A-Za-z0-9._]{1,40})\s*>((?:<!\[CDATA\[.*?\]\]>|[^<])*)", re.S)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)
STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_GROUPS = STATEMENTS | {
    "BANKACCTFROM", "CCACCTFROM", "BANKTRANLIST", "BANKTRANLISTP", "STMTTRN", "STMTTRNP",
    "LEDGERBAL", "AVAILBAL", "PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY",
    "STATUS", "BALLIST", "BAL", "INVSTMTRS", "SONRS", "FI",
}  # fmt: skip
# A tag of these is never inside itself: an open one has lost its end.
_ALONE = STATEMENTS | {"STMTTRN", "LEDGERBAL", "AVAILBAL", "STATUS"}
_BALANCES = frozenset({"LEDGERBAL", "AVAILBAL"})  # directly in a statement


@dataclass(slots=True)
class Group:
    """An aggregate: its line, elements and groups; `cut` = neither it nor the file has an end."""

    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    cut: bool = False

    def value(self, name: str, group: str = "") -> str:
        """The text of an element, of this group or of one in it; "" when absent."""
        if group:
            inner = self.groups.get(group)
            return inner.values.get(name, "") if inner else ""
        return self.values.get(name, "")


class Ofx:
    """Reader of OFX and QFX."""

    code = "ofx"
    kind: FileKind = "statement"
    label = "OFX, QFX"

    def sniff(self, head: bytes, _name: str) -> bool:
        """An OFX header or an <OFX> element."""
        text = head.replace(b"\0", b"").upper()
        return b"OFXHEADER" in text[:4000] or b"<OFX>" in text

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Read every account; a defect of any transaction refuses the file."""
        if path.stat().st_size > LIMIT_MB * 1_000_000:
            error = RowError(0, "", "statement.too_large", {"limit": LIMIT_MB})
            return common.result(self.code, [], [error])
        content = path.read_bytes()
        text = _without_comments(common.decoded(content, fields.encoding(content)))
        begins = re.search(r"<OFX>", text, re.I)
        if "\0" in text or begins is None:
            code = "statement.not_text" if "\0" in text else "ofx.not_ofx"
            return common.result(self.code, [], [RowError(0, "", code)])
        parser = _Parser()
        for group, parents in _groups(text, begins.start()):
            try:
                parser.take(group, parents)
            except Refused as refused:
                parser.errors.append(refused.error)
            if len(parser.errors) >= common.MAX_ERRORS:
                break
        if parser.investment and not parser.drafts and not parser.errors:
            parser.errors.append(RowError(parser.investment, "INVSTMTRS", "ofx.investment"))
        if parser.drafts and not _END.search(text):
            parser.drafts[-1].warnings.append(RowError(0, "OFX", "ofx.no_end"))
        partial = options.partial and len(parser.errors) < common.MAX_ERRORS
        return common.result(self.code, parser.drafts, parser.errors, partial=partial)


def _without_comments(text: str) -> str:
    """The text with its comments left out; lines keep their numbers."""
    pieces, at = list[str](), 0
    while (begins := text.find("<!--", at)) >= 0 and (ends := text.find("-->", begins + 4)) >= 0:
        pieces += [text[at:begins], "\n" * text.count("\n", begins, ends)]
        at = ends + 3
    return "".join([*pieces, text[at:]])


def _groups(text: str, start: int) -> Iterator[tuple[Group, list[Group]]]:
    """Groups as they end, each with the groups it stands in, outermost first."""
    stack: list[Group] = []
    line, at = 1 + text.count("\n", 0, start), start
    for found in _TOKEN.finditer(text, start):
        line += text.count("\n", at, found.start())
        at = found.start()
        name = found[2].upper()
        if name not in _GROUPS:
            if stack and not found[1]:
                stack[-1].values.setdefault(name, _value(found[3]))
            continue
        for _ in range(_to_end(stack, name, closes=bool(found[1]))):
            yield stack.pop(), stack
        if not found[1]:
            group = Group(name, line)
            if stack:
                stack[-1].groups.setdefault(name, group)
            stack.append(group)
    cut = not _END.search(text, start)
    while stack:
        stack[-1].cut = cut
        yield stack.pop(), stack


def _to_end(stack: list[Group], name: str, *, closes: bool) -> int:
    """How many open groups a tag ends: up to its own, or those that lost their end before it."""
    names = [group.name for group in stack][::-1]
    if name in names and (closes or name in _ALONE):
        return names.index(name) + 1
    if name in _BALANCES and not closes:
        return next((at for at, each in enumerate(names) if each in STATEMENTS), 0)
    return 0


def _value(text: str) -> str:
    return common.clean(html.unescape(_CDATA.sub(r"\1", text)))


class _Parser:
    """Gathers transactions until their statement ends."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.errors: list[RowError] = []
        self.waiting: list[Group] = []
        self.pending = 0
        self.investment = 0  # the line of a statement of securities

    def take(self, group: Group, parents: list[Group]) -> None:
        """A group that has ended; raises Refused."""
        if group.name == "STMTTRN" and any(each.name in STATEMENTS for each in parents):
            self.waiting.append(group)
        elif group.name == "STMTTRNP":
            self.pending += 1
        elif group.name == "STATUS" and group.value("SEVERITY").upper() == "ERROR":
            told = {"status": group.value("CODE")[:10], "message": group.value("MESSAGE")[:200]}
            raise Refused(group.line, "STATUS", "ofx.bank_error", **told)
        elif group.name == "INVSTMTRS":
            self.investment = group.line
        elif group.name in STATEMENTS and group.cut:
            raise Refused(group.line, group.name, "ofx.cut")
        elif group.name in STATEMENTS:
            self._statement(group)

    def _statement(self, group: Group) -> None:
        waiting, self.waiting = self.waiting, []
        draft = fields.statement(group)
        draft.pending, self.pending = self.pending, 0
        for transaction in waiting:
            try:
                entry = fields.entry(transaction, draft.currency)
                draft.add([entry], entry.amount_minor, entry.currency)
            except Refused as refused:
                self.errors.append(refused.error)
            if len(self.errors) >= common.MAX_ERRORS:
                return
        self.drafts.append(draft)


PLUGIN = Ofx()
