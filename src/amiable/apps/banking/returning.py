"""A returned line takes payments back, and what they had settled is owed again.

Of a line that was shared over several customers the return takes all payments, in one act: it has a
posted match for each of them, undone together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from amiable.apps.banking.models import Match
from amiable.apps.banking.posting import SHARED, Posting, case_ids
from amiable.apps.banking.rests import rests_withdraw
from amiable.apps.cases.services import cases_wake
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import payment_return
from amiable.core.money import Money
from amiable.core.sentences import Sentence


def post_return(
    organization_id: int, posting: Posting, *, payment_ids: Sequence[int], on: date, actor: str
) -> None:
    """Take payments back, reopen what they had settled, look at the cases again.

    Several are those of a shared line, whose proposal `posting.match` gives way to a match for each
    of them. Raises PaymentError when one was taken back meanwhile. Call in a transaction.
    """
    if posting.chosen.returns_line is None:
        (payment_id,) = payment_ids
        customer_id = posting.chosen.customer_id or 0
        match = posting.match or _match(organization_id, posting, customer_id, "return")
        _take_back(organization_id, posting, match, payment_id, on=on, actor=actor)
        cases_wake(organization_id, {customer_id}, on=on)
        return
    if posting.match:
        posting.match.state = Match.State.SUPERSEDED
        posting.match.save(update_fields=["state"])
    payments = Payment.objects.filter(organization_id=organization_id, id__among=set(payment_ids))
    customers = set()
    for payment in payments.select_related("customer").order_by("id"):
        match = _match(organization_id, posting, payment.customer_id, SHARED)
        amount = Money(payment.amount_minor, payment.currency)
        said = {"amount": amount, "customer": payment.customer.name}
        match.evidence = [*_without_parts(match), Sentence("match.return_part", said).to_json()]
        _take_back(organization_id, posting, match, payment.pk, on=on, actor=actor)
        customers.add(payment.customer_id)
    cases_wake(organization_id, customers, on=on)


def payments_left(organization_id: int, line_id: int) -> list[int]:
    """The payments of a shared line that were not taken back."""
    rows = Match.objects.filter(
        organization_id=organization_id,
        line_id=line_id,
        state=Match.State.POSTED,
        payment__entry__reversed_by__isnull=True,
    )
    return list(rows.order_by("payment_id").values_list("payment_id", flat=True))


def _match(organization_id: int, posting: Posting, customer_id: int, kind: str) -> Match:
    evidence = [sentence.to_json() for sentence in posting.evidence]
    return Match(
        organization_id=organization_id,
        line_id=posting.line.id,
        customer_id=customer_id,
        kind=kind,
        evidence=evidence or (posting.match.evidence if posting.match else []),
    )


def _without_parts(match: Match) -> list[Any]:
    """What is said of the whole line: each match says its own part."""
    return [said for said in match.evidence if said["code"] != "match.return_part"]


def _take_back(
    organization_id: int,
    posting: Posting,
    match: Match,
    payment_id: int,
    *,
    on: date,
    actor: str,
) -> None:
    attempt = Match.objects.filter(line_id=posting.line.id, returned_payment__isnull=False)
    payment_return(
        organization_id,
        payment_id,
        on=posting.line.booked_on,
        reason_code=posting.line.return_reason,
        external_id=f"line:{posting.line.id}:{attempt.exclude(state='proposed').count()}",
        actor=actor,
        cases=case_ids(organization_id, {match.customer_id or 0}),
    )
    rests_withdraw(organization_id, payment_id, on=on, actor=actor)
    match.state, match.decided_by = Match.State.POSTED, actor
    match.returned_payment_id = payment_id
    match.save()
