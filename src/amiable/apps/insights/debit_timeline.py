"""What happened with a customer's mandates and direct debits, for the timeline, which tells the
money that they brought among the payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.core.direct_debits import masked
from amiable.core.sentences import Sentence

Moment = tuple[date, str, int, dict[str, Any]]


def debit_moments(organization_id: int, customer_id: int, limit: int) -> Iterator[Moment]:
    """(day, "debit" or "mandate", id, facts; "about" = what happened) of the newest of each, for
    the timeline: two queries."""
    mine = {"organization_id": organization_id, "customer_id": customer_id}
    for debit in Debit.objects.filter(**mine).select_related("file").order_by("-id")[:limit]:
        yield from _of_debit(debit)
    for mandate in Mandate.objects.filter(**mine).order_by("-id")[:limit]:
        yield from _of_mandate(mandate)


def _of_debit(row: Debit) -> Iterator[Moment]:
    told = {"amount_minor": row.amount_minor, "currency": row.currency}
    told |= {"of_plan": row.part_id is not None}
    told |= {"collect_on": row.collect_on, "reference": row.end_to_end_id}
    if row.attempt > 1:
        yield row.planned_on, "debit", row.pk, {**told, "about": "planned"}
    if row.announced_on:
        yield row.announced_on, "debit", row.pk, {**told, "about": "announced"}
    if row.file:
        file = {"about": "sent", "file": row.file.name}
        yield row.file.made_on, "debit", row.pk, {**told, **file}
    if row.ended_on:
        why = Sentence.from_json(row.why) if row.why else None
        ended = {"about": row.state, "code": row.reason_code, "why": why}
        yield row.ended_on, "debit", row.pk, {**told, **ended}


def _of_mandate(row: Mandate) -> Iterator[Moment]:
    told = {"reference": row.rum, "scheme": row.scheme, "account": masked(row.holder_iban)}
    yield row.signed_on, "mandate", row.pk, {**told, "about": "signed"}
    if row.blocked_on:
        yield (
            row.blocked_on,
            "mandate",
            row.pk,
            {**told, "about": "blocked", "code": row.blocked_code},
        )
    if row.revoked_on:
        yield row.revoked_on, "mandate", row.pk, {**told, "about": "revoked"}
