"""What firm messages may claim beside the principal, loaded and computed for many at once.

A claim that cannot be computed for certain is left out, and the message's notes say why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from amiable.apps.receivables.models import Allocation, Entry
from amiable.apps.tenants.models import Creditor
from amiable.core.claims import Claimed, Reduction, claim
from amiable.core.facts import CaseFacts, Item
from amiable.core.interest import RateError
from amiable.core.law.fr import Debt, Regime
from amiable.core.records import CustomerKind
from amiable.core.scenario import Step, rank_of
from amiable.core.sentences import Sentence, declare, gettext_noop

NOTICE = "formal_notice_received"
REGIMES: Mapping[CustomerKind, Regime] = {
    "company": "b2b",
    "consumer": "consumer",
    "public": "public",
}
# The law's rates are in euros, and so is the fixed fee.
CURRENCY = "EUR"

declare(
    {
        "claims.credit": gettext_noop(
            "Interest is not claimed: money of the customer is not yet used on an invoice, and "
            "from which day it counts is not known."
        ),
        "claims.currency": gettext_noop(
            "Interest is not claimed: the rates of the law are for euros, not for {currency}."
        ),
        "claims.notice": gettext_noop(
            "Interest is not claimed: a consumer owes it from the receipt of a formal notice only "
            "(C. civ. 1344-1)."
        ),
        "claims.rate": gettext_noop("Interest is not claimed: {why}"),
    }
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a message claims, by item; or why it claims nothing, as a note."""

    lines: tuple[Claimed, ...] = ()
    notes: tuple[Sentence, ...] = ()


NOTHING = Claims()
Reductions = Mapping[int, Collection[Reduction]]


def wanted(creditor: Creditor, step: Step) -> bool:
    """Whether the creditor claims interest and fee in messages of this stage."""
    return bool(creditor.claims_from) and step.rank >= rank_of(creditor.claims_from)


def reductions(organization_id: int, installment_ids: Collection[int]) -> Reductions:
    """What was paid or credited on each installment and not taken back: one query."""
    found: dict[int, list[Reduction]] = defaultdict(list)
    if not installment_ids:
        return found
    rows = Allocation.objects.filter(
        organization_id=organization_id, installment_id__among=set(installment_ids)
    ).values_list(
        "id", "reverses_id", "installment_id", "credit__on_date", "amount_minor", "credit__kind"
    )
    taken_back = {reverses for _, reverses, *_ in rows if reverses is not None}
    for row_id, reverses, installment_id, on, amount, kind in rows:
        if reverses is None and row_id not in taken_back:
            lowers = kind == Entry.Kind.CREDIT_NOTE
            found[installment_id].append(Reduction(on, amount, lowers_debt=lowers))
    return found


def claims(
    facts: CaseFacts,
    creditor: Creditor,
    *,
    asked: Mapping[int, int],
    invoices: Mapping[int, int],
    reduced: Reductions,
    on: date,
) -> Claims:
    """The claims on what is asked for (minor units by item id), in the order of their due dates.

    `invoices` = invoice id by item id: the fixed fee is owed once an invoice.
    """
    if facts.currency != CURRENCY:
        return Claims(notes=(Sentence("claims.currency", {"currency": facts.currency}),))
    if facts.unallocated_minor:
        return Claims(notes=(Sentence("claims.credit"),))
    late = sorted(
        (item for item in facts.items if asked.get(item.id) and item.due_date < on),
        key=lambda item: (item.due_date, item.id),
    )
    if facts.customer_kind == "consumer":
        late = [item for item in late if NOTICE in item.events]
        if not late:
            return Claims(notes=(Sentence("claims.notice"),))
    found: list[Claimed] = []
    seen: set[int] = set()
    for item in late:
        paid = tuple(reduced.get(item.id, ()))
        # What is asked now and what was paid before; the part in dispute is in neither.
        amount = asked[item.id] + sum(each.amount_minor for each in paid)
        try:
            counted = claim(_debt(item, amount, facts.customer_kind, creditor, on=on), paid)
        except RateError as error:
            return Claims(notes=(_left_out(error.sentence),))
        if counted.warnings:
            return Claims(notes=tuple(map(_left_out, counted.warnings)))
        # An invoice payable in parts owes the fee once (administration's reading, SP F23211).
        if invoices[item.id] in seen:
            counted = replace(counted, fixed_fee_minor=0)
        seen.add(invoices[item.id])
        found.append(Claimed(item.number, item.due_date, counted))
    return Claims(tuple(found))


def _debt(
    item: Item, amount_minor: int, kind: CustomerKind, creditor: Creditor, *, on: date
) -> Debt:
    """The debt an item began as, under the law of this kind of customer."""
    regime = REGIMES[kind]
    rate = creditor.late_rate_bp if regime == "b2b" else None
    contract = None if rate is None else Decimal(rate) / 100
    notice = item.events.get(NOTICE) if regime == "consumer" else None
    return Debt(amount_minor, item.due_date, on, regime, contract, notice)


def _left_out(why: Sentence) -> Sentence:
    return Sentence("claims.rate", {"why": why})
