"""pain.002 (ISO 20022, .03 to .14): what a bank says of the direct debits that we ordered.

A status stands for one collection, for a group (PmtInf) or for the whole file; only refusals of
single collections, or of those that a group lists, name what they are about. A DTD is refused
before any entity is read, and the file is read by iterparse in bounded memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from amiable.core.money import AmountError, major, minor
from amiable.core.records import DebitResult, RowError
from amiable.core.sentences import declare, gettext_noop
from amiable.plugins.base import FileKind, ReadOptions, ReadResult
from amiable.plugins.statements._common import Refused, clean
from amiable.plugins.statements._xml import check_prolog, local, text_of

declare(
    {
        "pain002.broken": gettext_noop("the XML is broken: {detail}"),
        "pain002.nothing": gettext_noop("the file is no status report of direct debits (pain.002)"),
        "pain002.no_reference": gettext_noop("a status names no direct debit (EndToEndId)"),
        "pain002.bad_amount": gettext_noop("{value} is not an amount"),
        "pain002.group": gettext_noop(
            "the bank refuses {name} as a whole ({reason}) without naming its direct debits: take "
            "the file back under Direct debits, then make it again"
        ),
    }
)

MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_ERRORS = 100
_HEAD = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:pain\.002\.|<(?:\w+:)?CstmrPmtStsRpt\b")
_KEPT = frozenset({"TxInfAndSts", "OrgnlPmtInfAndSts", "OrgnlGrpInfAndSts", "GrpHdr"})


class Pain002:
    """Reader of payment status reports."""

    code = "pain002"
    kind: FileKind = "debit_results"
    label = "pain.002 (ISO 20022)"

    def sniff(self, head: bytes, _name: str) -> bool:
        """A document that says which message it is."""
        return bool(_HEAD.search(head.replace(b"\0", b"")))

    def read(self, path: Path, _options: ReadOptions) -> ReadResult:
        """Read every status; nothing is kept of a file with an error."""
        found: list[DebitResult] = []
        errors: list[RowError] = []
        about: dict[str, str] = {}
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise Refused(0, "", "statement.too_large", limit=MAX_FILE_BYTES // 2**20)
            check_prolog(path)
            for each in _statuses(path, about):
                (errors if isinstance(each, RowError) else found).append(each)  # type: ignore[arg-type]  # one list each
                if len(errors) >= MAX_ERRORS:
                    break
        except Refused as refused:
            errors.append(refused.error)
        except etree.XMLSyntaxError as error:
            detail = clean(error.msg or "", 200)
            errors.append(RowError(error.lineno or 0, "", "pain002.broken", {"detail": detail}))
        if not found and not errors:
            errors.append(RowError(0, "", "pain002.nothing"))
        return ReadResult(
            self.kind, self.code, debit_results=() if errors else tuple(found),
            errors=tuple(errors), rows=len(found), summary=_summary(found, about),
        )  # fmt: skip


def _statuses(path: Path, about: dict[str, str]) -> Iterator[DebitResult | RowError]:
    """Single statuses as they come; a refusal of a group or of all that names none is an error."""
    inside = group_named = 0
    with path.open("rb") as stream:
        events = etree.iterparse(
            stream, events=("end",), resolve_entities=False, no_network=True, huge_tree=False
        )
        for _, element in events:
            name = local(element)
            if name == "TxInfAndSts":
                inside, group_named = inside + 1, group_named + 1
                yield _single(element)
            elif name == "OrgnlPmtInfAndSts":
                if not group_named and (error := _whole(element, "OrgnlPmtInfId", "PmtInfSts")):
                    yield error
                group_named = 0
            elif name == "OrgnlGrpInfAndSts":
                about["original_message"] = text_of(element, "OrgnlMsgId")
                about["group_status"] = text_of(element, "GrpSts")
                about["reason"] = text_of(element, "StsRsnInf", "Rsn", "Cd")
            if name in _KEPT:
                element.clear()
    if not inside and about.get("group_status") == "RJCT":
        said = {"name": about["original_message"], "reason": about["reason"] or "?"}
        yield RowError(0, "GrpSts", "pain002.group", said)


def _single(element: Any) -> DebitResult | RowError:
    line = element.sourceline or 0
    end_to_end_id = clean(text_of(element, "OrgnlEndToEndId"), 35)
    if not end_to_end_id:
        return RowError(line, "OrgnlEndToEndId", "pain002.no_reference")
    amount = element.find("{*}OrgnlTxRef/{*}Amt/{*}InstdAmt")
    currency = (amount.get("Ccy") or "EUR") if amount is not None else "EUR"
    amount_minor = None
    if amount is not None and amount.text:
        try:
            amount_minor = minor(amount.text.strip(), currency)
        except AmountError:
            return RowError(line, "InstdAmt", "pain002.bad_amount", {"value": amount.text[:40]})
    reason = text_of(element, "StsRsnInf", "Rsn", "Cd")
    return DebitResult(
        line=line,
        end_to_end_id=end_to_end_id,
        status=clean(text_of(element, "TxSts"), 4),
        reason=clean(reason or text_of(element, "StsRsnInf", "Rsn", "Prtry"), 35),
        amount_minor=amount_minor,
        currency=currency,
        mandate_id=clean(
            text_of(element, "OrgnlTxRef", "MndtRltdInf", "MndtId")
            or text_of(element, "OrgnlTxRef", "MndtRltdInf", "DrctDbtMndt", "MndtId"),
            35,
        ),
        holder=clean(text_of(element, "OrgnlTxRef", "Dbtr", "Nm"), 140),
    )


def _whole(element: Any, name: str, status: str) -> RowError | None:
    if text_of(element, status) != "RJCT":
        return None
    said = {
        "name": clean(text_of(element, name), 35),
        "reason": clean(text_of(element, "StsRsnInf", "Rsn", "Cd"), 35) or "?",
    }
    return RowError(element.sourceline or 0, status, "pain002.group", said)


def _summary(found: list[DebitResult], about: dict[str, str]) -> dict[str, Any]:
    sums: Counter[str] = Counter()
    for each in found:
        sums[each.currency] += each.amount_minor or 0
    return {
        "original_message": about.get("original_message", ""),
        "count": len(found),
        "refused": sum(each.status == "RJCT" for each in found),
        "amounts": {currency: major(total, currency) for currency, total in sums.items()},
    }


PLUGIN = Pain002()
