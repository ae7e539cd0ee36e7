"""The plan that the payment page offers for a case: how much, in how many parts, who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Case, PlanProposal
from amiable.apps.cases.policies import policy_for
from amiable.apps.cases.queries import (
    Given,
    claimable_now,
    disputed_amounts,
    words_given,
)
from amiable.apps.dunning.debiting.means import DebitMeans, debit_means
from amiable.apps.payments.debits.queries import with_bank_minor
from amiable.apps.receivables.queries import OpenItem, open_items
from amiable.core.interest import RateError
from amiable.core.law.fr import Debt, late_interest
from amiable.core.part_debits import collected_parts
from amiable.core.plans import Choice, Policy, counts, may_acknowledge, needs_person, plan_parts
from amiable.core.schedules import PlanPart
from amiable.core.sentences import Sentence
from amiable.core.workdays import zone_of


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be agreed in a case. Amounts in minor units.

    `items` = (number, what of it the plan is about); `until` = only what falls due by then, other
    invoices keep their day (None = all that is open); `less_minor` = credit and promises deducted
    from them; `by_person` = why a person decides, None = the customer's word is enough;
    `interest_minor` = late interest of a company until today, which is not part of the plan (None
    = none is asked for, or it cannot be counted); `may_acknowledge` = an acknowledgment of the debt
    may be offered; `means` = how instalments can be collected by direct debit (None = not here),
    and `is_debited` = that this is chosen.
    """

    organization_id: int
    case_id: int
    customer: str
    creditor: str
    currency: str
    zone: str
    on: date
    policy: Policy
    debt_minor: int
    items: tuple[tuple[str, int], ...]
    less_minor: int
    counts: tuple[int, ...]
    by_person: Sentence | None
    charges_interest: bool
    interest_minor: int | None
    may_acknowledge: bool
    means: DebitMeans | None = None
    is_debited: bool = False
    until: date | None = None

    def parts(self, choice: Choice) -> tuple[PlanPart, ...]:
        """The instalments of a choice; by direct debit, the days of collection, the first one when
        it can be announced in time. Raises ScheduleError."""
        policy, soonest = self.policy, self.means.soonest if self.means else None
        if choice.by_debit and soonest:
            choice = replace(choice, first_on=max(choice.first_on, soonest))
            days = max(policy.first_days, (soonest - self.on).days)
            policy = replace(policy, first_days=days)
        parts = plan_parts(
            self.debt_minor, choice, policy=policy, on=self.on, currency=self.currency,
            zone=self.zone,
        )  # fmt: skip
        return collected_parts(parts, self.zone) if choice.by_debit else parts


def plan_offer(link: Link, *, on: date) -> Offer | None:
    """What a customer may agree or ask for by itself, of what is due or soon will be; None where
    nothing is offered: by policy, on the page of one invoice, while a plan runs or waits, or when
    too little is left."""
    offer = _offer(link, on=on, is_whole=False)
    if offer is None or offer.policy.mode == "off" or not offer.counts:
        return None
    waiting = PlanProposal.objects.filter(case_id=link.case_id, state__in=PlanProposal.OPEN)
    return None if waiting.exists() else offer


def case_offer(link: Link, *, on: date) -> Offer | None:
    """What a plan of all that is open in the case of a link would be about, whatever the policy;
    None where there can be none."""
    return _offer(link, on=on, is_whole=True)


def _offer(link: Link, *, on: date, is_whole: bool) -> Offer | None:
    case = Case.objects.select_related("customer__creditor").get(
        organization_id=link.organization_id, id=link.case_id
    )
    customer = case.customer
    if link.invoice_id is not None or customer.insolvent_since or customer.deceased_since:
        return None
    found = words_given(link.organization_id, [case.pk], on=on).get(case.pk, Given())
    if any(plan.state in {"running", "late"} for plan in found.plans):
        return None
    opened = open_items(case.organization_id, [customer.pk])
    policy = policy_for(
        case.organization_id, creditor_id=customer.creditor_id, segment=customer.segment
    )
    owed = [item for item in opened if item.currency == case.currency]
    until = on + timedelta(days=policy.ahead_days)
    items = owed if is_whole else [item for item in owed if item.due_date <= until]
    disputed = disputed_amounts(case.organization_id, items)
    debt = claimable_now(case, items, disputed=disputed, given=found).plan_minor
    collected = with_bank_minor(case.organization_id, [item.id for item in items])
    kept = {item.id: disputed.get(item.id, 0) + collected.get(item.id, 0) for item in items}
    parts = _parts(items, kept)
    debt = min(debt, sum(amount for _, amount in parts))
    if not debt or not parts:
        return None
    broken = sum(each.kind == "plan" for each in found.broken)
    charges = policy.charges_interest and customer.kind == "company" and case.currency == "EUR"
    return Offer(
        organization_id=link.organization_id,
        case_id=case.pk,
        customer=customer.name,
        creditor=customer.creditor.name,
        currency=case.currency,
        zone=zone_of(customer.postcode, customer.country),
        on=on,
        policy=policy,
        debt_minor=debt,
        items=tuple((item.number, amount) for item, amount in parts),
        less_minor=max(0, sum(amount for _, amount in parts) - debt),
        counts=counts(debt, policy, on=on),
        by_person=needs_person(debt, policy, broken=broken, currency=case.currency),
        charges_interest=charges,
        interest_minor=_interest(case, parts, on) if charges else None,
        may_acknowledge=may_acknowledge(
            min(item.due_date for item, _ in parts), customer.kind, on=on
        ),
        means=debit_means(link.organization_id, customer.pk, currency=case.currency, on=on),
        until=until if len(items) < len(owed) else None,
    )


def _parts(items: Sequence[OpenItem], kept: Mapping[int, int]) -> list[tuple[OpenItem, int]]:
    """What is open of each item, not disputed and not with the bank (`kept`), the oldest first."""
    ordered = sorted(items, key=lambda each: (each.due_date, each.id))
    rests = ((item, item.open_minor - kept.get(item.id, 0)) for item in ordered)
    return [(item, rest) for item, rest in rests if rest > 0]


def _interest(case: Case, parts: Sequence[tuple[OpenItem, int]], on: date) -> int | None:
    """Late interest until today on what is open now (C. com. L441-10 II)."""
    rate = case.customer.creditor.late_rate_bp
    contract = None if rate is None else Decimal(rate).scaleb(-2)
    try:
        return sum(
            late_interest(
                Debt(amount, item.due_date, on, contract_rate_pct=contract)
            ).interest_minor
            for item, amount in parts
        )
    except RateError:
        return None
