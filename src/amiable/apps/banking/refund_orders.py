"""Refunds to order at the bank, and the files that ordered them: reads, and one act for several.

A file debits one account on one day: refunds of several creditors make a file for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from amiable.apps.banking.models import BankAccount
from amiable.apps.banking.posting import case_ids
from amiable.apps.payments.models import CreditDecision, RefundFile
from amiable.apps.payments.refund_files import (
    FileWish,
    refund_file_make,
    refund_file_withdraw,
    refund_problem,
)
from amiable.apps.payments.refunds import account_problem, refund_readdress
from amiable.apps.payments.telling import PaymentError
from amiable.apps.tenants.models import Creditor
from amiable.core.money import Money
from amiable.core.sentences import Sentence

FILES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class RefundToMake:
    """A refund to order. `problem` = why no file can carry it, and how to mend that."""

    id: int
    customer_id: int
    customer: str
    creditor_id: int
    name: str
    iban: str
    amount: Money
    reference: str
    noted_on: date
    noted_by: str
    problem: Sentence | None


@dataclass(frozen=True, slots=True)
class DebitAccounts:
    """The accounts of a creditor that a file may debit, the usual one first."""

    creditor_id: int
    name: str
    ibans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """A file for the bank. `left` = how many of its refunds a statement has shown; `is_whole` =
    none was taken out of it."""

    id: int
    reference: str
    iban: str
    execute_on: date
    amount: Money
    count: int
    is_batch: bool
    made_at: datetime
    made_by: str
    withdrawn_on: date | None
    withdrawn_by: str
    left: int
    is_whole: bool

    @property
    def can_be_withdrawn(self) -> bool:
        return self.withdrawn_on is None and not self.left


@dataclass(frozen=True, slots=True)
class OrderWish:
    """How refunds shall leave. `accounts` = {creditor: IBAN to debit}, the usual one when it says
    nothing; `words` = what the payees read."""

    execute_on: date
    is_batch: bool = True
    accounts: Mapping[int, str] | None = None
    words: str = ""


def refunds_to_make(organization_id: int) -> list[RefundToMake]:
    """Refunds that nobody has ordered yet, the oldest first."""
    rows = _to_make(organization_id).select_related("customer").order_by("decided_on", "id")
    return [
        RefundToMake(
            id=row.pk,
            customer_id=row.customer_id,
            customer=row.customer.name,
            creditor_id=row.customer.creditor_id,
            name=row.name or row.customer.name,
            iban=row.iban,
            amount=Money(row.amount_minor, row.currency),
            reference=row.reference,
            noted_on=row.decided_on,
            noted_by=row.decided_by,
            problem=refund_problem(row),
        )
        for row in rows
    ]


def debit_accounts(organization_id: int) -> list[DebitAccounts]:
    """The accounts that files may debit, of each creditor: its own IBAN, then those that statements
    are of."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    creditors = Creditor.objects.filter(organization_id=organization_id).order_by("name", "id")
    known = BankAccount.objects.filter(organization_id=organization_id, currency="EUR")
    for creditor in creditors:
        found[creditor.pk][creditor.iban] = None
    for creditor_id, identifier in known.order_by("id").values_list("creditor_id", "identifier"):
        found[creditor_id][identifier] = None
    return [
        DebitAccounts(
            each.pk,
            each.name,
            tuple(iban for iban in found[each.pk] if not account_problem(iban)),
        )
        for each in creditors
    ]


def refund_files(organization_id: int, *, limit: int = FILES_SHOWN) -> list[FileView]:
    """The latest files, the newest first."""
    rows = RefundFile.objects.filter(organization_id=organization_id).defer("content")
    counted = rows.annotate(
        inside=Count("refunds"),
        left=Count("refunds", filter=Q(refunds__settled_on__isnull=False)),
    )
    return [
        FileView(
            id=row.pk,
            reference=row.reference,
            iban=row.iban,
            execute_on=row.execute_on,
            amount=Money(row.amount_minor, row.currency),
            count=row.count,
            is_batch=row.is_batch,
            made_at=row.made_at,
            made_by=row.made_by,
            withdrawn_on=row.withdrawn_on,
            withdrawn_by=row.withdrawn_by,
            left=row.left,
            is_whole=row.inside == row.count,
        )
        for row in counted.order_by("-id")[:limit]
    ]


@transaction.atomic
def refunds_order(
    organization_id: int,
    decision_ids: Collection[int],
    wish: OrderWish,
    *,
    on: date,
    now: datetime,
    actor: str,
) -> list[RefundFile]:
    """One file for each account that the chosen refunds leave from, all or none.

    Raises PaymentError when a refund cannot be in a file, or a creditor has no account to debit.
    """
    rows = CreditDecision.objects.filter(
        organization_id=organization_id, id__among=set(decision_ids)
    ).values_list("id", "customer_id", "customer__creditor_id")
    if not rows:
        raise PaymentError(Sentence("refund.none_chosen"))
    chosen: dict[int, list[int]] = defaultdict(list)
    for decision_id, _, creditor_id in rows:
        chosen[creditor_id].append(decision_id)
    cases = case_ids(organization_id, {customer_id for _, customer_id, _ in rows})
    accounts = {each.creditor_id: each for each in debit_accounts(organization_id)}
    bics = dict(Creditor.objects.filter(organization_id=organization_id).values_list("iban", "bic"))
    files = []
    for creditor_id, ids in sorted(chosen.items()):
        usual = accounts[creditor_id]
        iban = (wish.accounts or {}).get(creditor_id) or next(iter(usual.ibans), "")
        if iban not in usual.ibans:
            iban = ""
        file = FileWish(
            creditor_id, usual.name, iban, bics.get(iban, ""), wish.execute_on,
            wish.is_batch, wish.words,
        )  # fmt: skip
        files.append(
            refund_file_make(organization_id, ids, file, on=on, now=now, actor=actor, cases=cases)
        )
    return files


def file_withdraw(organization_id: int, file_id: int, *, on: date, actor: str) -> RefundFile:
    """Withdraw a file: its refunds are to be made again. Raises PaymentError."""
    rows = CreditDecision.objects.filter(organization_id=organization_id, file_id=file_id)
    cases = case_ids(organization_id, set(rows.values_list("customer_id", flat=True)))
    return refund_file_withdraw(organization_id, file_id, on=on, actor=actor, cases=cases)


def refund_mend(
    organization_id: int, decision_id: int, *, iban: str, name: str, on: date, actor: str
) -> CreditDecision:
    """Write another account for a refund that is not ordered yet. Raises PaymentError."""
    rows = CreditDecision.objects.filter(organization_id=organization_id, id=decision_id)
    cases = case_ids(organization_id, set(rows.values_list("customer_id", flat=True)))
    return refund_readdress(
        organization_id, decision_id, iban=iban, name=name, on=on, actor=actor, cases=cases
    )


def _to_make(organization_id: int) -> QuerySet[CreditDecision]:
    return CreditDecision.objects.filter(
        organization_id=organization_id,
        kind=CreditDecision.Kind.REFUND,
        undone_on__isnull=True,
        made_on__isnull=True,
        settled_on__isnull=True,
        credit__reversed_by__isnull=True,
    )
