"""Reads of direct debits: the list, its counts, the files, the mandates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from amiable.apps.payments.debits.mandates import (
    Standing,
    evidence_digest,
    standing,
    used_mandates,
)
from amiable.apps.payments.debits.models import Debit, DebitFile, DebitItem, Mandate
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.tenants.models import Creditor
from amiable.core.direct_debits import lapses_on, masked, overtaken, submit_by
from amiable.core.money import Money
from amiable.core.sentences import Sentence

State = Debit.State
# What the list can show, in this order: by state, and what a person has to act on.
TABS = ("announced", "sent", "asks", "planned", "collected", "failed", "withdrawn")
_TABS: Mapping[str, Q] = {
    "announced": Q(state=State.ANNOUNCED),
    "sent": Q(state=State.SENT),
    "asks": Q(asks=True, handled_on__isnull=True),
    "planned": Q(state=State.PLANNED),
    "collected": Q(state=State.COLLECTED),
    "failed": Q(state__in=[State.REFUSED, State.RETURNED]),
    "withdrawn": Q(state=State.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class DebitRow:
    """A collection as the list shows it. `submit_by` = last day to hand it to the bank; `why` = why
    it was withdrawn, or what the bank's reason asks for; `is_part` = it is an instalment of a
    payment plan."""

    id: int
    customer_id: int
    customer: str
    amount: Money
    collect_on: date
    submit_by: date
    state: str
    scheme: str
    sequence: str
    reference: str
    mandate: str
    numbers: tuple[str, ...]
    attempt: int
    reason_code: str
    why: Sentence | None
    asks: bool
    file: str
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was handed out."""

    id: int
    name: str
    creditor: str
    made_on: date
    made_by: str
    count: int
    amount: Money
    cancelled_on: date | None
    can_cancel: bool


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate as lists show it."""

    id: int
    customer_id: int
    customer: str
    reference: str
    scheme: str
    account: str
    name: str
    signed_on: date
    signed_how: str
    standing: Standing
    lapses_on: date
    blocked_code: str
    is_one_off: bool


@dataclass(frozen=True, slots=True)
class MandateProof:
    """What shows that a mandate was signed: `evidence` as it was kept (text, time, network,
    browser, code; {} = on paper, kept elsewhere), its digest, and whether it still is its own."""

    row: MandateRow
    evidence: Mapping[str, Any]
    digest: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A collection that is with the bank although its debt is paid: `too_much` of it is no longer
    owed, and `remedy` says what can be done."""

    debit_id: int
    customer_id: int
    customer: str
    amount: Money
    too_much: Money
    collect_on: date
    remedy: Sentence


def debit_counts(organization_id: int) -> dict[str, tuple[int, Money]]:
    """How many collections, for how much, each tab shows: one query."""
    rows = Debit.objects.filter(organization_id=organization_id)
    asked: dict[str, Any] = {}
    for tab, which in _TABS.items():
        asked |= {f"n_{tab}": Count("id", filter=which)}
        asked |= {f"s_{tab}": Sum("amount_minor", filter=which)}
    found = rows.aggregate(**asked)
    return {tab: (found[f"n_{tab}"], Money(found[f"s_{tab}"] or 0)) for tab in TABS}


def debits_asking(organization_id: int) -> int:
    """How many failed collections wait for a person."""
    return Debit.objects.filter(_TABS["asks"], organization_id=organization_id).count()


def debits_page(
    organization_id: int, *, tab: str = "", offset: int = 0, limit: int = 50
) -> list[DebitRow]:
    """Collections of a tab ("" = all), the next to be collected first: two queries."""
    rows = Debit.objects.filter(organization_id=organization_id)
    if tab in _TABS:
        rows = rows.filter(_TABS[tab])
    related = rows.select_related("mandate__customer__creditor", "file")
    found = list(related.order_by("-collect_on", "-id")[offset : offset + limit])
    numbers = _numbers(found)
    return [_row(each, numbers.get(each.pk, ())) for each in found]


def debits_overtaken(
    organization_id: int, *, on: date, customer_id: int | None = None
) -> list[Overtaken]:
    """Collections that were handed over, of more than is owed by now: three queries."""
    rows = Debit.objects.filter(organization_id=organization_id, state=State.SENT)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    debits = {row.pk: row for row in rows.select_related("customer").order_by("collect_on", "id")}
    if not debits:
        return []
    items = list(DebitItem.objects.filter(debit_id__among=set(debits)))
    owed = installment_balances(organization_id, {item.installment_id for item in items})
    excess: Counter[int] = Counter()
    for item in items:
        still = max(0, owed.get(item.installment_id, 0))
        excess[item.debit_id] += max(0, item.amount_minor - still)
    return [
        Overtaken(
            pk, row.customer_id, row.customer.name, Money(row.amount_minor, row.currency),
            Money(excess[pk], row.currency), row.collect_on,
            overtaken(row.collect_on, on=on, reference=row.end_to_end_id),
        )
        for pk, row in debits.items()
        if excess[pk]
    ]  # fmt: skip


def with_bank_minor(organization_id: int, installment_ids: Collection[int]) -> dict[int, int]:
    """What of installments is with the bank to be collected: minor units of each, one query."""
    rows = DebitItem.objects.filter(
        organization_id=organization_id, installment_id__among=set(installment_ids),
        is_running=True, debit__state=State.SENT,
    )  # fmt: skip
    sums = rows.values_list("installment_id").annotate(Sum("amount_minor")).order_by()
    return {item_id: int(amount) for item_id, amount in sums}


def debits_of_parts(
    organization_id: int, part_ids: Collection[int], *, running: bool = True
) -> dict[int, Debit]:
    """The newest collection of each instalment of a plan that is under way, or of any state:
    one query."""
    rows = Debit.objects.filter(organization_id=organization_id, part_id__among=set(part_ids))
    if running:
        rows = rows.filter(state__in=[State.PLANNED, State.ANNOUNCED, State.SENT])
    found = rows.select_related("mandate").order_by("id")
    return {row.part_id: row for row in found if row.part_id is not None}


def debit_files(organization_id: int, *, limit: int = 20) -> list[FileRow]:
    """The newest files."""
    rows = DebitFile.objects.filter(organization_id=organization_id).defer("content")
    answered = Count("debits", filter=~Q(debits__state=State.SENT))
    found = rows.annotate(answered=answered).select_related("creditor").order_by("-id")[:limit]
    return [
        FileRow(
            row.pk, row.name, row.creditor.name, row.made_on, row.made_by, row.count,
            Money(row.amount_minor, row.currency), row.cancelled_on,
            row.cancelled_on is None and row.answered == 0,
        )
        for row in found
    ]  # fmt: skip


def debit_file(organization_id: int, file_id: int) -> tuple[str, bytes] | None:
    """Name and bytes of a file as it was handed out; None when there is none."""
    row = DebitFile.objects.filter(organization_id=organization_id, id=file_id).first()
    return (f"{row.name}.xml", bytes(row.content)) if row else None


def collecting_creditors(organization_id: int) -> list[tuple[int, str, str]]:
    """Creditors that collect by direct debit: (id, code, name)."""
    rows = Creditor.objects.filter(organization_id=organization_id, ics__gt="").order_by("name")
    return list(rows.values_list("id", "code", "name"))


def mandate_rows(
    organization_id: int, *, on: date, customer_id: int | None = None, limit: int = 200
) -> list[MandateRow]:
    """Mandates, the newest first."""
    rows: QuerySet[Mandate] = Mandate.objects.filter(organization_id=organization_id)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    return _rows(list(rows.select_related("customer").order_by("-id")[:limit]), on)


def mandate_proof(organization_id: int, mandate_id: int, *, on: date) -> MandateProof | None:
    """A mandate with what shows that it was signed."""
    rows = Mandate.objects.filter(organization_id=organization_id, id=mandate_id)
    found = rows.select_related("customer").first()
    if found is None:
        return None
    evidence = found.evidence
    is_whole = not evidence or evidence_digest(evidence) == found.digest
    return MandateProof(_rows([found], on)[0], evidence, found.digest, is_whole)


def _rows(found: Sequence[Mandate], on: date) -> list[MandateRow]:
    used = used_mandates(found)
    return [
        MandateRow(
            row.pk, row.customer_id, row.customer.name, row.rum, row.scheme,
            masked(row.holder_iban), row.holder_name, row.signed_on, row.signed_how,
            standing(row, on, is_used=row.pk in used),
            lapses_on(row.signed_on, row.presented_on), row.blocked_code,
            row.is_one_off,
        )
        for row in found
    ]  # fmt: skip


def _numbers(debits: Sequence[Debit]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = DebitItem.objects.filter(debit_id__among={debit.pk for debit in debits}).order_by("id")
    for debit_id, number in rows.values_list("debit_id", "installment__invoice__number"):
        found[debit_id] = (*found.get(debit_id, ()), number)
    return found


def _row(debit: Debit, numbers: tuple[str, ...]) -> DebitRow:
    customer = debit.mandate.customer
    return DebitRow(
        id=debit.pk,
        customer_id=customer.pk,
        customer=customer.name,
        amount=Money(debit.amount_minor, debit.currency),
        collect_on=debit.collect_on,
        submit_by=submit_by(debit.collect_on, customer.creditor.debit_lead_days),
        state=debit.state,
        scheme=debit.mandate.scheme,
        sequence=debit.sequence,
        reference=debit.end_to_end_id,
        mandate=debit.mandate.rum,
        numbers=tuple(dict.fromkeys(numbers)),
        attempt=debit.attempt,
        reason_code=debit.reason_code,
        why=Sentence.from_json(debit.why) if debit.why else None,
        asks=debit.asks and debit.handled_on is None,
        file=debit.file.name if debit.file else "",
        is_part=debit.part_id is not None,
    )
