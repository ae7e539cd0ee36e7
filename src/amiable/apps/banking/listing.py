"""Bank lines with what was decided on them, as documents: for the command line and scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

import amiable.apps.banking.services  # noqa: F401  # declares what any decision may say
from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.queries import LineView, MatchView, Part, lines
from amiable.apps.customers.models import Customer
from amiable.core.money import major
from amiable.core.sentences import Sentence

PAGE = 500


def line_ids(
    organization_id: int,
    *,
    states: Collection[str] = (),
    since: date | None = None,
    until: date | None = None,
) -> list[int]:
    """Lines of some states (all when none is given), booked from a day to another, in order.

    Parts that wait for their bulk line are no money yet and are left out.
    """
    rows = StatementLine.objects.filter(organization_id=organization_id)
    rows = rows.exclude(state=StatementLine.State.AWAITED)
    if states:
        rows = rows.filter(state__in=states)
    if since:
        rows = rows.filter(booked_on__gte=since)
    if until:
        rows = rows.filter(booked_on__lte=until)
    return list(rows.order_by("booked_on", "id").values_list("id", flat=True))


def line_documents(organization_id: int, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Each line with its state, why it stands so, and its readings: posted, or proposed by rank.

    Amounts are strings in major units. What a reading pays is in `invoices`: number, whose it is,
    amount, what pays it (`payment` or `credit_note`) or why it is given up (discount, bank_fee,
    cents). A reading over several customers names none itself.
    """
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        page = lines(organization_id, line_ids=some, limit=len(some))
        found = {view.id: view for view in page}
        customers = {m.customer_id for view in found.values() for m in view.matches}
        rows = Customer.objects.filter(organization_id=organization_id, id__in=customers - {None})
        codes = dict(rows.values_list("id", "code"))
        yield from (_line(found[i], codes) for i in some if i in found)


def _line(view: LineView, codes: dict[int, str]) -> dict[str, Any]:
    return {
        "id": view.id,
        "account": view.account,
        "booked_on": view.booked_on.isoformat(),
        "amount": _amount(view.amount.amount_minor, view.amount.currency),
        "currency": view.amount.currency,
        "label": view.label,
        "payer_name": view.payer_name,
        "payer_iban": view.payer_iban,
        "reference": view.reference,
        "bank_reference": view.bank_reference,
        "state": view.state,
        "evidence": _said(view.evidence),
        "matches": [_match(match, codes) for match in view.matches],
    }


def _match(match: MatchView, codes: dict[int, str]) -> dict[str, Any]:
    rest = match.unallocated
    return {
        "state": match.state,
        "rank": match.rank,
        "kind": match.kind,
        "customer": codes.get(match.customer_id or 0, ""),
        "customer_name": match.customer,
        "invoices": [_part(part) for part in match.parts],
        "unallocated": _amount(rest.amount_minor, rest.currency),
        "takes_back": match.is_return,
        "same_amount": [choice.number for choice in match.choices],
        "evidence": _said(match.evidence),
        "decided_by": match.decided_by,
    }


def _part(part: Part) -> dict[str, str]:
    by = "credit_note" if part.by_credit else part.reason or "payment"
    amount = _amount(part.amount.amount_minor, part.amount.currency)
    return {"number": part.number, "customer_name": part.customer, "amount": amount, "by": by}


def _amount(amount_minor: int, currency: str) -> str:
    return major(amount_minor, currency)


def _said(evidence: Sequence[Sentence]) -> list[dict[str, str]]:
    return [{"code": sentence.code, "text": str(sentence)} for sentence in evidence]
