"""Parts of camt messages: balances, entries and their transactions (domain: ISO 20022).

Elements are read by local name, so that every version from .02 to .13 goes the same way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from amiable.core.money import Money, major
from amiable.core.records import RowError, StatementEntry
from amiable.core.sentences import Param, declare, gettext_noop
from amiable.plugins.statements import _common as common
from amiable.plugins.statements._common import Draft, Refused
from amiable.plugins.statements._xml import Flat, text_of, texts_of

declare(
    {
        "camt.batch_unequal": gettext_noop(
            "the {count} payments of the batch of {amount} do not add up to it: it stays whole"
        ),
    }
)

OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)
# ISO 20022 bank transaction sub-families: unpaid debit, cheque, draft; reversals; returns.
RETURN_FAMILIES = frozenset({"UPDD", "UPCQ", "UPCT", "UDFT", "PRDD", "RRTN", "RPCR", "RCDD"})
# Charges, as ISO 20022 calls a movement that is one.
FEE = "PMNT/MCOP/CHRG"
# Families of orders that we gave: what comes back of them is money in.
OWN_FAMILIES = frozenset({"ICDT", "IRCT", "RDDT"})


def balance(draft: Draft, element: Any) -> None:
    """Keep an opening or closing balance (Bal) in the draft; other kinds are left."""
    kind = text_of(element, "Tp", "CdOrPrtry", "Cd") or text_of(element, "Tp", "Cd")
    if kind in OPENING and (draft.opening is None or kind == OPENING[0]):
        draft.opening, draft.opening_on = _amount(element), _day(element, "Dt")
    elif kind in CLOSING:
        draft.closing, draft.closing_on = _amount(element), _day(element, "Dt")


def entry(draft: Draft, element: Any) -> None:
    """One Ntry; pending and informative ones are counted, not booked."""
    amount_minor, currency = _amount(element)
    details = [Flat(each) for each in element.findall(".//{*}TxDtls")]
    element = Flat(element, without="TxDtls")
    # A bank's own status (Prtry) does not say that the movement is final.
    status = text_of(element, "Sts", "Cd") or text_of(element, "Sts")
    status = status or text_of(element, "Sts", "Prtry") or "BOOK"
    if status != "BOOK":
        draft.pending += 1
        if draft.kind == "statement":
            return
    booked_on = _day(element, "BookgDt") or _day(element, "ValDt")
    if draft.kind != "statement":  # not booked yet, or told of on the day
        booked_on = booked_on or draft.created_on
    if booked_on is None:
        raise Refused(element.sourceline, "BookgDt", "statement.no_date", where="BookgDt")
    parts = _split(element, details, amount_minor, currency) if len(details) > 1 else None
    size = 0 if parts else max(len(details), _batch_size(element))
    common_fields = {
        "booked_on": booked_on,
        "value_on": _day(element, "ValDt"),
        "currency": currency,
        "batch_id": text_of(element, "NtryDtls", "Btch", "PmtInfId"),
        "batch_size": size if size > 1 else 0,
        "entry_reference": common.stated(text_of(element, "AcctSvcrRef"))[:60],
        "status": "" if status == "BOOK" else status[:10],
    }
    draft.add(
        _movements(element, details, parts, amount_minor, common_fields), amount_minor, currency
    )
    if len(details) > 1 and not parts and all("Amt" in each.tops for each in details):
        told: dict[str, Param] = {"count": len(details), "amount": Money(amount_minor, currency)}
        draft.warnings.append(RowError(element.sourceline, "TxDtls", "camt.batch_unequal", told))
    draft.extra["batches_split"] = draft.extra.get("batches_split", 0) + bool(parts)
    draft.extra["batches_kept"] = draft.extra.get("batches_kept", 0) + (size > 1)


def _movements(
    entry: Flat,
    details: list[Flat],
    parts: list[int] | None,
    total_minor: int,
    fields: dict[str, Any],
) -> list[StatementEntry]:
    """The entry as one movement, or as those of its batch and the fee that was kept from them."""
    if not parts:
        alone = details[0] if len(details) == 1 else None
        if alone and _is_one_of_many(entry, alone, total_minor, fields["currency"]):
            alone = None
        # A batch of one: its details may come without the entry, as those of any other batch.
        told = bool(alone and (fields["batch_id"] or _batch_size(entry)))
        return [_movement(entry, alone, amount_minor=total_minor, batch_parts=int(told), **fields)]
    fee = sum(parts) - total_minor
    fields = {**fields, "batch_parts": len(parts) + bool(fee)}
    found = [
        _movement(entry, detail, amount_minor=size, **fields)
        for detail, size in zip(details, parts, strict=True)
    ]
    if not fee:
        return found
    kept = _movement(entry, None, amount_minor=-fee, **fields)
    kept = replace(kept, operation=FEE, is_return=False, return_reason="", fee_minor=0)
    return [*(replace(each, fee_minor=0) for each in found), kept]


def _is_one_of_many(entry: Flat, detail: Flat, total_minor: int, currency: str) -> bool:
    """Whether the only payment told is one of a larger batch: its payer did not pay the rest."""
    node = detail.element.find("{*}Amt")
    if node is None or node.get("Ccy") != currency or _batch_size(entry) < 2:
        return False
    return _told(node, currency) != abs(total_minor)


def _batch_size(element: Flat) -> int:
    """Transactions of the batch, as the bank counts them; 0 when it does not say."""
    counts = texts_of(element, "NtryDtls", "Btch", "NbOfTxs")
    return sum(int(text) for text in counts if text.isascii() and text.isdigit() and len(text) < 9)


def _split(entry: Flat, details: list[Flat], total_minor: int, currency: str) -> list[int] | None:
    """Signed amounts of a batch's transactions when they sum to the entry, or to the entry and the
    fees that it says were kept (a payout of a payment provider); else None."""
    parts = []
    for detail in details:
        node = detail.element.find("{*}Amt")
        if node is None:
            node = detail.element.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
        if node is None or node.get("Ccy") != currency:
            return None
        size = _told(node, currency)
        if size is None:
            return None
        side = text_of(detail, "CdtDbtInd") or ("CRDT" if total_minor >= 0 else "DBIT")
        parts.append(size if side == "CRDT" else -size)
    left = sum(parts) - total_minor
    if left > 0:
        left -= _fees(entry, currency) or sum(_fees(detail, currency) for detail in details)
    return None if left else parts


def _movement(
    entry: Flat, detail: Flat | None, *, amount_minor: int, **fields: Any
) -> StatementEntry:
    source = entry if detail is None else detail
    operation, returned = _operation(entry, detail, out=amount_minor < 0)
    reason = text_of(source, "RtrInf", "Rsn", "Cd") or text_of(source, "RtrInf", "Rsn", "Prtry")
    # CdtDbtInd already is the direction of the money; RvslInd says that it takes another back.
    reversal = text_of(entry, "RvslInd") in {"true", "1"}
    has_return = "RtrInf" in source.tops
    is_return = has_return or reversal or returned
    label = _label(entry, source)
    if is_return and not reason:
        reason = common.return_reason(label) or operation.rpartition("/")[2]
    # A returned item names the parties of the item: the debtor of a debit is our customer, and
    # the creditor of a transfer that comes back is whom we had paid.
    side = "Dbtr" if (amount_minor >= 0) != is_return else "Cdtr"
    end_to_end = text_of(source, "Refs", "EndToEndId")
    fields["batch_id"] = fields["batch_id"] or text_of(source, "Refs", "PmtInfId")
    references = texts_of(source, "RmtInf", "Strd", "CdtrRefInf", "Ref")
    return StatementEntry(
        line=entry.sourceline,
        amount_minor=amount_minor,
        label=label,
        bank_reference=common.stated(text_of(source, "Refs", "AcctSvcrRef"))
        or common.stated(text_of(entry, "AcctSvcrRef"))
        or common.stated(text_of(source, "Refs", "TxId"))
        or common.stated(text_of(entry, "NtryRef")),
        end_to_end_id=common.stated(end_to_end),
        structured_reference=references[0] if references else "",
        payer_name=_name(source, side),
        payer_iban=text_of(source, "RltdPties", f"{side}Acct", "Id", "IBAN").replace(" ", ""),
        ultimate_payer=_name(source, f"Ultmt{side}"),
        # A virtual IBAN of the account stands here, not at the statement's own account.
        credited_iban=_credited(source),
        mandate_id=common.stated(text_of(source, "Refs", "MndtId")),
        operation=operation,
        is_return=is_return,
        return_reason=reason[:10] if is_return else "",
        uetr=text_of(source, "Refs", "UETR")[:36],
        original=_original(source, fields["currency"]),
        fee_minor=_fees(source, fields["currency"]) or _fees(entry, fields["currency"]),
        **fields,
    )


def _told(node: Any, currency: str) -> int | None:
    """An amount that only informs: None when it cannot be read exactly, for it decides nothing."""
    try:
        code = common.currency(currency, line=node.sourceline)
        return common.amount(node.text or "", code, line=node.sourceline, where="Amt")
    except Refused:
        return None


def _original(source: Flat, currency: str) -> str:
    """ "USD 100.00": the amount as instructed, when that was in another currency."""
    if "AmtDtls" not in source.tops:
        return ""
    for name in ("InstdAmt", "TxAmt", "CntrValAmt"):
        node = source.element.find(f"{{*}}AmtDtls/{{*}}{name}/{{*}}Amt")
        stated = "" if node is None else node.get("Ccy") or ""
        if node is not None and stated and stated != currency:
            size = _told(node, stated)
            return "" if size is None else f"{stated} {major(size, stated)}"
    return ""


def _fees(source: Flat, currency: str) -> int:
    """What the bank took off for itself (ChrgInf, Chrgs), in minor units; credits count against."""
    if not source.tops & {"ChrgInf", "Chrgs"}:
        return 0
    total, element = 0, source.element
    for charge in [*element.findall("{*}ChrgInf"), *element.findall("{*}Chrgs")]:
        for node in charge.findall("{*}Rcrd") or [charge]:
            stated = node.find("{*}Amt")
            if stated is None or stated.get("Ccy") != currency:
                continue
            size = _told(stated, currency) or 0
            total += -size if text_of(node, "CdtDbtInd") == "CRDT" else size
    return max(total, 0)


def _operation(entry: Flat, detail: Flat | None, *, out: bool) -> tuple[str, bool]:
    """ "PMNT/RCDT/ESCT" or the bank's own code, and whether it is the code of a return, of money
    that goes `out` or comes in. A bank's own code may be that of CFONB or of MT940 ("NRTI+109")."""
    for source in (detail, entry):
        if source is None or "BkTxCd" not in source.tops:
            continue
        own = text_of(source, "BkTxCd", "Prtry", "Cd")
        parts = [
            text_of(source, "BkTxCd", "Domn", "Cd"),
            text_of(source, "BkTxCd", "Domn", "Fmly", "Cd"),
            text_of(source, "BkTxCd", "Domn", "Fmly", "SubFmlyCd"),
        ]
        if parts[0] or own:
            issuer = text_of(source, "BkTxCd", "Prtry", "Issr").upper()
            # Two digits mean what their issuer says; where nobody is named, only money out counts.
            known = "CFONB" in issuer or (out and not issuer)
            returned = (known and own in common.RETURN_CODES[out]) or (
                parts[2] in RETURN_FAMILIES and (out or parts[1] in OWN_FAMILIES)
            )
            returned = returned or (out and own.startswith("NRTI"))
            return ("/".join(parts) if parts[0] else own)[:40], returned
    return "", False


def _label(entry: Flat, source: Flat) -> str:
    """Remittance text first, then what the bank adds; each once."""
    pieces = [
        *texts_of(source, "RmtInf", "Ustrd"),
        *texts_of(source, "RmtInf", "Strd", "RfrdDocInf", "Nb"),
        *texts_of(source, "RmtInf", "Strd", "CdtrRefInf", "Ref")[1:],
        *texts_of(source, "RmtInf", "Strd", "AddtlRmtInf"),
        *texts_of(source, "RtrInf", "AddtlInf"),
        text_of(source, "AddtlTxInf"),
        text_of(entry, "AddtlNtryInf"),
    ]
    return common.clean(" ".join(dict.fromkeys(piece for piece in pieces if piece)))


def _credited(source: Flat) -> str:
    """The account that the money came in on, also where a bank writes it as no IBAN (Othr)."""
    account = text_of(source, "RltdPties", "CdtrAcct", "Id", "IBAN")
    account = account or text_of(source, "RltdPties", "CdtrAcct", "Id", "Othr", "Id")
    return account.replace(" ", "")[:34]


def _name(source: Flat, side: str) -> str:
    name = text_of(source, "RltdPties", side, "Nm") or text_of(
        source, "RltdPties", side, "Pty", "Nm"
    )
    return common.clean(name, 140)


def _amount(element: Any) -> tuple[int, str]:
    """Signed minor units and currency of an element that holds Amt and CdtDbtInd."""
    node = element.find("{*}Amt")
    if node is None:
        raise Refused(element.sourceline, "Amt", "statement.bad_amount", value="", where="Amt")
    currency = common.currency(node.get("Ccy") or "", line=node.sourceline)
    size = common.amount(node.text or "", currency, line=node.sourceline, where="Amt")
    side = text_of(element, "CdtDbtInd")
    if side not in {"CRDT", "DBIT"}:
        raise Refused(element.sourceline, "CdtDbtInd", "statement.bad_direction", value=side[:10])
    return (size if side == "CRDT" else -size), currency


def _day(element: Any, name: str) -> date | None:
    """The date of BookgDt, ValDt or Dt, written as Dt or DtTm; None when absent."""
    text = text_of(element, name, "Dt") or text_of(element, name, "DtTm")
    return day_of(text, line=element.sourceline, where=name) if text else None


def day_of(text: str, *, line: int, where: str) -> date:
    """The day of an ISO date, with or without a time. Raises Refused."""
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        raise Refused(line, where, "statement.bad_date", value=text[:40], where=where) from error
    return common.near(found, text, line=line, where=where)
