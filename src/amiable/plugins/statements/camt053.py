"""camt.053, camt.052 and camt.054 (ISO 20022) .02 to .13, with or without namespace.

Read by iterparse in bounded memory, elements by local name. A DTD is refused before any entity
is read. camt.052 (intraday report) and camt.054 (notification) state no closing balance, and are
marked as such: banking does not book them. A batch is split when its amounts sum to the entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from lxml import etree

from amiable.core.records import RowError, StatementKind
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements import _camt
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import Draft, Refused
from amiable.plugins.statements._xml import BLANK, check_prolog, local, text_of

declare(
    {
        "camt.broken": gettext_noop(
            "the XML is broken ({detail}): the file is damaged or cut short, download it again"
        ),
        "camt.other_message": gettext_noop(
            "the file is a {message}, which holds orders or answers and no statement: ask the bank "
            "for a camt.053"
        ),
    }
)

# The element that holds the entries of an account -> what it is.
HOLDERS: dict[str, StatementKind] = {
    "Stmt": "statement",
    "Rpt": "report",
    "Ntfctn": "notification",
}
FORMATS = {"statement": "camt053", "report": "camt052", "notification": "camt054"}
PARTS = frozenset({"Acct", "Bal", "Ntry"})
_MESSAGE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}(?:\.\d{3}\.\d{2})?)")
PROGRESS_BYTES = 1_000_000
Progress = Callable[[int, int], None] | None


class Camt053:
    """Reader of camt.053 statements, camt.052 reports and camt.054 notifications."""

    code = "camt053"
    kind: FileKind = "statement"
    label = "camt.053, camt.052, camt.054 (ISO 20022)"

    def sniff(self, head: bytes, name: str) -> bool:
        """A document of ISO 20022, of whatever message, or a bare one without namespace."""
        text = head.replace(b"\0", b"")
        if b"<" not in text[:200]:
            return False
        if b"BkToCstmr" in text or _MESSAGE.search(text):
            return True
        return b"<Document>" in text and name.lower().endswith(".xml")

    def read(self, path: Path, options: ReadOptions) -> ReadResult:
        """Read every account; the first defect of each entry is reported, nothing is kept then."""
        errors: list[RowError] = []
        drafts: list[Draft] = []
        partial = False
        try:
            check_prolog(path)
            _read_into(path, drafts, errors, options.progress)
            partial = options.partial and len(errors) < common.MAX_ERRORS
        except Refused as refused:
            errors.append(refused.error)
        except etree.XMLSyntaxError as error:
            detail = common.clean(error.msg or "", 200)
            errors.append(RowError(error.lineno or 0, "", "camt.broken", {"detail": detail}))
        if not drafts and not errors:
            errors += _other_message(path)
        found = drafts[0].kind if drafts else "statement"
        return common.result(FORMATS[found], drafts, errors, partial=partial)


def _other_message(path: Path) -> list[RowError]:
    """That the document is a message of another kind, by its name."""
    with path.open("rb") as stream:
        named = _MESSAGE.search(stream.read(65536).replace(b"\0", b""))
    message = named[1].decode() if named else ""
    if not message or message.startswith(("camt.052", "camt.053", "camt.054")):
        return []
    return [RowError(0, "", "camt.other_message", {"message": message})]


class _Watched:
    """A file that tells how far it has been read."""

    def __init__(self, stream: IO[bytes], size: int, progress: Progress) -> None:
        self.stream, self.size, self.progress = stream, size, progress
        self.done = self.told = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; lxml asks for some 32 KB at a time."""
        content = self.stream.read(size)
        if not self.done:
            content = content.lstrip(BLANK)
        self.done = self.stream.tell()
        if self.progress and (self.done - self.told >= PROGRESS_BYTES or not content):
            self.told = self.done
            self.progress(self.done, self.size)
        return content


def _read_into(path: Path, drafts: list[Draft], errors: list[RowError], progress: Progress) -> None:
    """Add the statements as they end; entries are freed as soon as they are read."""
    with path.open("rb") as stream:
        events = etree.iterparse(
            _Watched(stream, path.stat().st_size, progress),
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in (*HOLDERS, *PARTS)],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        _follow(events, drafts, errors)


def _follow(events: Any, drafts: list[Draft], errors: list[RowError]) -> None:
    draft, is_told = Draft(account=""), False
    for event, element in events:
        name = local(element)
        if event == "start":
            draft = _started(name, draft)
        elif name in PARTS and local(element.getparent()) in HOLDERS:
            try:
                _take(draft, name, element)
            except Refused as refused:
                errors.append(refused.error)
                is_told = is_told or name == "Acct"
            if len(errors) >= common.MAX_ERRORS:
                return
        elif name in HOLDERS:
            if draft.account:
                drafts.append(draft)
            elif not is_told:
                raise Refused(element.sourceline, "Acct", "statement.no_account")
            is_told = False
        if event == "end" and name in {"Ntry", *HOLDERS}:
            _free(element)


def _started(name: str, draft: Draft) -> Draft:
    """A new statement begins, or the one before goes on."""
    return Draft(account="", kind=HOLDERS[name]) if name in HOLDERS else draft


def _free(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _named(draft: Draft, holder: Any) -> None:
    """The number of a statement and the day it was made, which stand before its account."""
    draft.reference = common.clean(text_of(holder, "Id"), 60)
    made = text_of(holder, "CreDtTm")
    if made:
        draft.created_on = _camt.day_of(made, line=holder.sourceline, where="CreDtTm")


def _take(draft: Draft, name: str, element: Any) -> None:
    if name == "Acct":
        _named(draft, element.getparent())
        account = text_of(element, "Id", "IBAN") or text_of(element, "Id", "Othr", "Id")
        account = account or text_of(element, "Id", "PrtryAcct", "Id")
        if not account or len(account) > 40:
            raise Refused(element.sourceline, "Acct", "statement.no_account")
        draft.account = account.replace(" ", "")
        stated = text_of(element, "Ccy")
        draft.currency = common.currency(stated, line=element.sourceline) if stated else ""
    elif name == "Bal":
        _camt.balance(draft, element)
    elif name == "Ntry":
        _camt.entry(draft, element)


PLUGIN = Camt053()
