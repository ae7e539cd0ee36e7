"""Money on lines that wait with a proposal: it may pay what its customer owes, so that nobody is
reminded before a person has said yes or no."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db.models import Q

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.cases.services import cases_wake
from amiable.apps.payments.queries import Unseen, unseen_money
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.matching.several import SEVERAL


def waiting_money(
    organization: Organization, customer_ids: Collection[int]
) -> dict[tuple[int, str], dict[str, Any]]:
    """Per (customer, currency), the fields of core.facts.CaseFacts on money that waits for a
    decision; cents that a payer rounded up are left out: they stop nothing."""
    found: dict[tuple[int, str], dict[str, Any]] = defaultdict(dict)
    for name, read in (("unseen", unseen_money), ("proposed", proposed_money)):
        for account, money in read(organization.pk, customer_ids).items():
            if money.amount_minor > organization.rest_cents_minor:
                told = {f"{name}_minor": money.amount_minor, f"{name}_since": money.since}
                found[account] |= told
    return found


def proposed_money(
    organization_id: int, customer_ids: Collection[int] | None = None
) -> dict[tuple[int, str], Unseen]:
    """Per (customer, currency): money in that one of its proposals says is theirs, and since when;
    None = whoever they are. Where two customers may have paid, neither is chased.

    One query; another one when a proposal is for several customers.
    """
    theirs = Q(matches__customer__isnull=False)
    if customer_ids is not None:
        theirs = Q(matches__customer_id__among=customer_ids)
    # From the few lines that wait: matches are as many as all that was ever paid.
    rows = StatementLine.objects.filter(
        theirs | Q(matches__customer__isnull=True, matches__kind=SEVERAL),
        organization_id=organization_id,
        state=StatementLine.State.PROPOSED,
        amount_minor__gt=0,
        matches__state=Match.State.PROPOSED,
    )
    lines: dict[int, tuple[str, date]] = {}
    claims: Counter[tuple[int, int, int]] = Counter()  # by line, proposal and customer
    parts: list[tuple[int, int, int, int]] = []
    told = ("matches__customer_id", "matches__allocations", "amount_minor", "currency", "booked_on")
    found = rows.values_list("id", "matches__id", *told)
    for line_id, match_id, customer_id, paid, amount, currency, on in found:
        lines[line_id] = (currency, on)
        if customer_id is not None:
            claims[line_id, match_id, customer_id] = amount
        else:
            parts += [(line_id, match_id, x["installment"], x["amount_minor"]) for x in paid]
    owners = _owners(organization_id, {installment for *_, installment, _ in parts})
    for line_id, match_id, installment, amount in parts:
        owner = owners.get(installment)
        if owner is not None and (customer_ids is None or owner in customer_ids):
            claims[line_id, match_id, owner] += amount
    # A line that may be theirs in three ways brings its money once.
    once: dict[tuple[int, int], int] = {}
    for (line_id, _, customer_id), amount in claims.items():
        once[line_id, customer_id] = max(amount, once.get((line_id, customer_id), 0))
    sums: dict[tuple[int, str], Unseen] = {}
    for (line_id, customer_id), amount in once.items():
        currency, on = lines[line_id]
        _add(sums, (customer_id, currency), amount, on)
    return sums


def proposals_drop(
    organization_id: int, line_ids: Collection[int], *, on: date, but: int = 0
) -> None:
    """The proposals of locked lines, all `but` one, no longer stand: their customers are looked at
    again."""
    standing = Match.objects.filter(line_id__among=line_ids, state=Match.State.PROPOSED)
    dropped = list(standing.exclude(id=but) if but else standing)
    Match.objects.filter(id__among=[match.pk for match in dropped]).update(
        state=Match.State.SUPERSEDED
    )
    proposals_wake(organization_id, dropped, on=on)


def proposals_wake(organization_id: int, matches: Iterable[Match], *, on: date) -> None:
    """Look again at the customers whom proposals are about: what may be sent to them changes."""
    customers: set[int] = set()
    installments: set[int] = set()
    for match in matches:
        if match.customer_id:
            customers.add(match.customer_id)
        elif match.kind == SEVERAL:
            installments.update(part["installment"] for part in match.allocations)
    customers.update(_owners(organization_id, installments).values())
    if customers:
        cases_wake(organization_id, customers, on=on)


def _add(
    found: dict[tuple[int, str], Unseen], key: tuple[int, str], amount_minor: int, on: date
) -> None:
    before = found.get(key, Unseen(0, on))
    found[key] = Unseen(before.amount_minor + amount_minor, min(before.since, on))


def _owners(organization_id: int, installments: Collection[int]) -> dict[int, int]:
    if not installments:
        return {}
    rows = Installment.objects.filter(organization_id=organization_id, id__among=installments)
    return dict(rows.values_list("id", "customer_id"))
