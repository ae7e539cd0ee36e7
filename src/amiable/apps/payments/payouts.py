"""Payouts of payment providers written down: each once, whoever tells of it, asked or by a file.

Nothing is entered on an account here: the payments were entered when the provider confirmed them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.payments.models import Payment, Payout, PayoutPart
from amiable.apps.receivables.queries import chunks
from amiable.apps.tenants.queries import organization_lock
from amiable.core import payouts as told
from amiable.core.money import Money, major
from amiable.core.records import RowError
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "payout.differs": gettext_noop(
            "the {provider} payout {name} is known with {known}, but {stated} is told here: the "
            "first stays"
        ),
    }
)

Key = tuple[str, str]
# A payment may be entered after its payout is known; later than this nobody looks for it.
LINKED_WITHIN = timedelta(days=120)
_SUMS = ("gross_minor", "back_minor", "fees_minor", "other_minor", "payments", "backs")


@transaction.atomic
def payouts_record(
    organization_id: int,
    rows: Sequence[told.PayoutRow],
    *,
    source: str,
    on: date,
    actor: str,
    creditor_id: int | None = None,
    notes: list[RowError] | None = None,
) -> dict[str, int]:
    """Write payouts down, each once. Of a known one that did not add up, parts that were missing
    are added; whether and when it arrives is told anew; nothing else of it changes.

    Counts: created, completed, moved (standing or day), unchanged. `notes` gets a sentence for each
    that is told with another net than is known.
    """
    organization_lock(organization_id)
    known = _known(organization_id, rows)
    counts = Counter(dict.fromkeys(("created", "completed", "moved", "unchanged"), 0))
    happenings: list[Happening] = []
    for row in rows:
        payout = known.get((row.provider, row.name))
        if payout is None:
            payout = _created(organization_id, row, creditor_id=creditor_id, source=source, on=on)
            known[row.provider, row.name] = payout
            what = "created"
        elif (payout.net_minor, payout.currency) != (row.net_minor, row.currency):
            what = "unchanged"
            if notes is not None:
                notes.append(_differs(payout, row))
        else:
            what = _followed(payout, row)
        counts[what] += 1
        if what != "unchanged":
            happenings.append(_happening(f"payout.{what}", payout, on=on, actor=actor))
    events_record(organization_id, happenings)
    payout_parts_link(organization_id, on=on)
    return dict(counts)


@transaction.atomic
def payout_parts_link(organization_id: int, *, on: date) -> int:
    """Give parts the payment of ours that they are, by the provider's name for it; returns how
    many got theirs. A payment is of one payout only."""
    organization_lock(organization_id)
    taken = PayoutPart.objects.filter(payment=OuterRef("id"), kind=PayoutPart.Kind.PAYMENT)
    # What was taken back by the bank or the provider was paid; what was undone was not.
    stands = Q(entry__reversed_by__isnull=True) | Q(returned__isnull=False)
    payments = Payment.objects.filter(stands, ~Exists(taken), organization_id=organization_id)
    parts = {
        f"{part.payout.provider}:{part.reference}": part
        for part in PayoutPart.objects.filter(
            organization_id=organization_id, kind=PayoutPart.Kind.PAYMENT, payment=None,
            payout__arrives_on__gte=on - LINKED_WITHIN,
        ).exclude(reference="").select_related("payout").order_by("-id")
    }  # fmt: skip
    found = []
    for some in chunks(parts):
        for payment in payments.filter(external_id__in=some).only("id", "external_id"):
            part = parts[payment.external_id]
            part.payment = payment
            found.append(part)
    PayoutPart.objects.bulk_update(found, ["payment"], batch_size=500)
    return len(found)


def sums_of(payout: Payout) -> told.Totals:
    """The sums of the parts of a payout, as the core has them."""
    return told.Totals(*(getattr(payout, name) for name in _SUMS))


def _known(organization_id: int, rows: Iterable[told.PayoutRow]) -> dict[Key, Payout]:
    found: dict[Key, Payout] = {}
    scope = Payout.objects.filter(organization_id=organization_id)
    for some in chunks({row.name for row in rows}):
        found |= {(each.provider, each.name): each for each in scope.filter(name__in=some)}
    return found


def _created(
    organization_id: int, row: told.PayoutRow, *, creditor_id: int | None, source: str, on: date
) -> Payout:
    payout = Payout(
        organization_id=organization_id, creditor_id=creditor_id, provider=row.provider,
        name=row.name, reference=row.reference[:140], standing=row.standing,
        arrives_on=row.arrives_on, currency=row.currency, net_minor=row.net_minor,
        source=source[:200], recorded_on=on,
    )  # fmt: skip
    _add_up(payout, told.totals(row.parts))
    payout.save()
    _parts_add(payout, row.parts)
    return payout


def _followed(payout: Payout, row: told.PayoutRow) -> str:
    """What is new of a known payout: parts of one that did not add up, its standing, its day."""
    what = "unchanged"
    if (payout.standing, payout.arrives_on) != (row.standing, row.arrives_on):
        payout.standing, payout.arrives_on, what = row.standing, row.arrives_on, "moved"
    if payout.difference_minor:
        names = set(payout.parts.values_list("name", flat=True))
        fresh = [part for part in row.parts if part.name not in names]
        if fresh:
            more = told.totals(fresh)
            _add_up(payout, told.Totals(*map(sum, zip(sums_of(payout), more, strict=True))))
            _parts_add(payout, fresh)
            what = "completed"
    if what != "unchanged":
        payout.save()
    return what


def _add_up(payout: Payout, sums: told.Totals) -> None:
    for name, value in zip(_SUMS, sums, strict=True):
        setattr(payout, name, value)


def _parts_add(payout: Payout, parts: Iterable[told.PayoutPart]) -> None:
    PayoutPart.objects.bulk_create(
        [
            PayoutPart(
                organization_id=payout.organization_id,
                payout=payout,
                name=part.name[:120],
                kind=part.kind,
                amount_minor=part.amount_minor,
                fee_minor=part.fee_minor,
                reference=part.reference[:120],
                on_date=part.on,
                label=part.label[:300],
                payer_name=part.payer_name[:200],
            )
            for part in parts
        ],
        batch_size=500,
    )


def _differs(payout: Payout, row: told.PayoutRow) -> RowError:
    said = {
        "provider": told.provider_label(row.provider),
        "name": row.name,
        "known": Money(payout.net_minor, payout.currency),
        "stated": Money(row.net_minor, row.currency),
    }
    return RowError(row.line, "", "payout.differs", said)


def _happening(kind: str, payout: Payout, *, on: date, actor: str) -> Happening:
    payload = {
        "payout": payout.pk,
        "provider": payout.provider,
        "name": payout.name,
        "net": major(payout.net_minor, payout.currency),
        "currency": payout.currency,
        "standing": payout.standing,
        "arrives_on": payout.arrives_on.isoformat(),
    }
    return Happening(kind, on, actor, payload=payload)
