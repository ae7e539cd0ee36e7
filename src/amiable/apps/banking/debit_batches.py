"""Direct debits that we ordered, as the bank will book them: one sum for each group of the file.

The parts of each sum wait like those of a notification (see batches) until the statement books it;
then each is posted to exactly what it was ordered for, by our own end-to-end id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from amiable.apps.banking.batches import batches_keep
from amiable.apps.banking.identity import digest
from amiable.apps.banking.models import BankAccount, Batch, Statement, StatementLine
from amiable.apps.banking.opening import LINE_FIELDS, WAITING, line_facts
from amiable.apps.banking.posting import AUTOMATIC, Posting, post_payments
from amiable.apps.banking.proposed import proposals_drop
from amiable.apps.payments.debits.models import Debit, DebitItem
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.tenants.models import Creditor
from amiable.core.matching.facts import Hypothesis, Line
from amiable.core.records import StatementEntry, StatementRecord
from amiable.core.sentences import Sentence, declare, gettext_noop

FORMAT = "pain.008"
KIND = "direct_debit"

declare(
    {
        "match.direct_debit": gettext_noop(
            "direct debit {reference} of our file {file}, collected as ordered"
        ),
    }
)


class Expected(NamedTuple):
    """A collection as ordered, in cents."""

    end_to_end_id: str
    collect_on: date
    amount_minor: int
    text: str
    holder_name: str
    holder_iban: str
    mandate: str


@dataclass(frozen=True, slots=True)
class _Due:
    """A line and the collection that it is."""

    row: StatementLine
    debit: Debit


def debits_expect(
    creditor: Creditor, iban: str, *, file: str, groups: Mapping[str, Sequence[Expected]]
) -> None:
    """Have the bank's sums of a file waited for; `groups` by the name that the file gives them."""
    account, _ = BankAccount.objects.get_or_create(
        organization_id=creditor.organization_id, identifier=iban, currency="EUR",
        defaults={"creditor": creditor},
    )  # fmt: skip
    entries = [
        _entry(number, each, name, len(group))
        for name, group in groups.items()
        for number, each in enumerate(group, 1)
    ]
    told_in = Statement.objects.create(
        organization_id=creditor.organization_id, account=account, reference=file, format=FORMAT,
        kind="notification", movements=len(entries), source=file,
        fingerprint=digest([FORMAT, account.pk, file]),
    )  # fmt: skip
    record = StatementRecord(
        account=iban, currency="EUR", opening_minor=None, closing_minor=None, opening_on=None,
        closing_on=None, entries=entries, reference=file, kind="notification", format=FORMAT,
    )  # fmt: skip
    batches_keep(told_in, record, key=f"{FORMAT}:{file}")


def debits_forget(organization_id: int, file: str) -> None:
    """A file never went to the bank: nothing of it is waited for."""
    _drop([line for line in _awaited(organization_id) if line.statement.source == file])


def debits_expect_not(organization_id: int, end_to_end_ids: Collection[str]) -> None:
    """A bank refused these before any money moved, or told them by themselves: the sums that are
    waited for are less."""
    names = set(end_to_end_ids)
    lines = _awaited(organization_id)
    _drop([line for line in lines if line.record.get("end_to_end_id") in names])


@transaction.atomic
def debits_post(organization_id: int, *, on: date) -> int:
    """Post the waiting lines that bear the end-to-end id and the amount of a collection that was
    handed over, each to exactly what it was ordered for; returns how many."""
    due = _due(organization_id)
    if not due:
        return 0
    items: dict[int, list[DebitItem]] = {}
    for item in DebitItem.objects.filter(debit_id__among={d.debit.pk for d in due}).order_by("id"):
        items.setdefault(item.debit_id, []).append(item)
    opened = _opened(organization_id, [item for each in items.values() for item in each])
    postings = [
        Posting(_line(each.row), _reading(each, items[each.debit.pk], opened), _evidence(each))
        for each in due
    ]
    proposals_drop(organization_id, [each.row.pk for each in due], on=on)
    payments = post_payments(organization_id, postings, on=on, actor=AUTOMATIC)
    for each, posting in zip(due, postings, strict=True):
        each.debit.payment = payments[each.row.pk]
        each.debit.state = Debit.State.COLLECTED
        each.row.state = StatementLine.State.POSTED
        each.row.evidence = [sentence.to_json() for sentence in posting.evidence]
    StatementLine.objects.bulk_update(
        [each.row for each in due], ["state", "evidence"], batch_size=250
    )
    Debit.objects.bulk_update([each.debit for each in due], ["payment", "state"], batch_size=250)
    # Where the statement tells each by itself, no sum of them is waited for.
    told = {d.debit.end_to_end_id for d in due if d.row.statement.format != FORMAT}
    if told:
        debits_expect_not(organization_id, told)
    return len(due)


def _opened(organization_id: int, items: Sequence[DebitItem]) -> dict[int, int]:
    """What is open of these installments, held until the transaction ends."""
    ids = {item.installment_id for item in items}
    rows = Installment.objects.filter(organization_id=organization_id, id__among=ids)
    list(rows.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id"))
    return installment_balances(organization_id, ids)


def _entry(number: int, each: Expected, name: str, size: int) -> StatementEntry:
    return StatementEntry(
        line=number,
        booked_on=each.collect_on,
        value_on=each.collect_on,
        amount_minor=each.amount_minor,
        currency="EUR",
        label=each.text,
        end_to_end_id=each.end_to_end_id,
        payer_name=each.holder_name,
        payer_iban=each.holder_iban,
        mandate_id=each.mandate,
        batch_id=name,
        operation="IDDT",
        batch_parts=size,
    )


def _awaited(organization_id: int) -> QuerySet[StatementLine]:
    return StatementLine.objects.filter(
        organization_id=organization_id, state=StatementLine.State.AWAITED,
        statement__format=FORMAT,
    ).select_related("statement")  # fmt: skip


def _drop(lines: Sequence[StatementLine]) -> None:
    """Wait for these no more: they were never told by a bank, and must not be taken for a movement
    of the same day and amount that is."""
    sums, sizes = Counter[int](), Counter(line.batch_id for line in lines)
    for line in lines:
        sums[line.batch_id or 0] += line.amount_minor
    for batch_id, less in sums.items():
        Batch.objects.filter(id=batch_id).update(
            amount_minor=F("amount_minor") - less, size=F("size") - sizes[batch_id]
        )
    StatementLine.objects.filter(id__in=[line.pk for line in lines]).delete()
    Batch.objects.filter(id__in={line.batch_id for line in lines}, size=0).delete()


def _due(organization_id: int) -> list[_Due]:
    sent = Debit.objects.filter(organization_id=organization_id, state=Debit.State.SENT)
    debits = {row.end_to_end_id: row for row in sent.select_related("file").order_by("id")}
    if not debits:
        return []
    amounts = {debit.amount_minor for debit in debits.values()}
    lines = StatementLine.objects.filter(
        organization_id=organization_id, state__in=WAITING, amount_minor__among=amounts,
        currency="EUR",
    ).select_for_update(no_key=True, of=("self",)).select_related("statement")  # fmt: skip
    found: dict[int, _Due] = {}
    for line in lines.order_by("booked_on", "id"):
        debit = debits.get(line.record.get("end_to_end_id", ""))
        if debit and debit.amount_minor == line.amount_minor and debit.pk not in found:
            found[debit.pk] = _Due(line, debit)
    return list(found.values())


def _evidence(each: _Due) -> tuple[Sentence, ...]:
    file = each.debit.file.name if each.debit.file else ""
    said = {"reference": each.debit.end_to_end_id, "file": file}
    return (Sentence("match.direct_debit", said),)


def _reading(each: _Due, items: Sequence[DebitItem], opened: dict[int, int]) -> Hypothesis:
    """What was ordered, as far as it is still open: what is over is the customer's credit."""
    parts = []
    for item in items:
        part = min(item.amount_minor, opened.get(item.installment_id, 0))
        if part > 0:
            opened[item.installment_id] -= part
            parts.append((item.installment_id, part))
    return Hypothesis(KIND, each.debit.customer_id, _evidence(each), tuple(parts), sure=True)


def _line(row: StatementLine) -> Line:
    return line_facts([getattr(row, name) for name in LINE_FIELDS])
