"""Writes of refunds that leave as a file for the bank: put in one, taken out of it, seen to leave.

A refund is in one file at most, because it names it; who makes two files at once waits for the
other, and then reads that the refund is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.payments.decisions import decisions_tell, standing_check
from amiable.apps.payments.models import CreditDecision, RefundFile
from amiable.apps.payments.refunds import account_problem, refunds_locked
from amiable.apps.payments.telling import Cases, PaymentError
from amiable.core.money import major
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.credit_transfer import Order, Transfer, credit_transfer_file

MOST_IN_FILE = 1000
LARGEST_MINOR = 99_999_999_999  # of a SEPA credit transfer: 999,999,999.99 EUR (EPC125-05)

declare(
    {
        "refund.none_chosen": gettext_noop("choose at least one refund"),
        "refund.too_many": gettext_noop("a file holds {most} refunds at most: choose fewer"),
        "refund.past_day": gettext_noop("choose today or a later day, within a year"),
        "refund.in_file": gettext_noop("the refund {reference} is in the file {file} already"),
        "refund.not_euro": gettext_noop(
            "the refund {reference} is in {currency}: a SEPA transfer carries euros only, order it "
            "at the bank"
        ),
        "refund.too_large": gettext_noop(
            "the refund {reference} is larger than a SEPA transfer: order it at the bank"
        ),
        "refund.bad_account": gettext_noop(
            "no transfer can reach {name}: write the IBAN of the payee beside the refund "
            "{reference}. {why}"
        ),
        "refund.other_account": gettext_noop(
            "the refund {reference} is of another creditor than the account {iban}"
        ),
        "refund.debit_account": gettext_noop(
            "{name} has no account that a file can debit: write its IBAN in the settings of the "
            "creditor. {why}"
        ),
        "refund.file_withdrawn": gettext_noop("the file {file} was withdrawn"),
        "refund.file_left": gettext_noop(
            "a statement shows that money of the file {file} has left: it cannot be withdrawn"
        ),
        "refund.file_changed": gettext_noop(
            "a refund was taken out of the file {file}: withdraw it, and make another"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class FileWish:
    """How refunds shall leave. `iban` and `bic` = the account debited, of `creditor_id` called
    `name`; `words` = what the payee reads after the reference."""

    creditor_id: int
    name: str
    iban: str
    bic: str
    execute_on: date
    is_batch: bool
    words: str


@transaction.atomic
def refund_file_make(
    organization_id: int,
    decision_ids: Collection[int],
    wish: FileWish,
    *,
    on: date,
    now: datetime,
    actor: str,
    cases: Cases,
) -> RefundFile:
    """Order refunds at the bank, all or none: they are marked as ordered, and in this file alone.

    Raises PaymentError when one cannot be in it: ordered, undone, of no account, not in euros.
    """
    _wish_check(decision_ids, wish, on)
    refunds = refunds_locked(organization_id, decision_ids)
    for refund in refunds:
        _check(refund, wish)
    file = RefundFile.objects.create(
        organization_id=organization_id,
        creditor_id=wish.creditor_id,
        iban=wish.iban,
        execute_on=wish.execute_on,
        currency="EUR",
        amount_minor=sum(refund.amount_minor for refund in refunds),
        count=len(refunds),
        is_batch=wish.is_batch,
        content=b"",
        made_on=on,
        made_by=actor[:120],
        made_at=now,
    )
    # The number of its row makes the reference one of a kind, the day makes it so at the bank.
    file.reference = f"RBF{file.pk:06d}{on:%y%m%d}"
    file.content = credit_transfer_file(_order(file, refunds, wish))
    file.save(update_fields=["reference", "content"])
    for refund in refunds:
        refund.made_on, refund.file = on, file
    CreditDecision.objects.bulk_update(refunds, ["made_on", "file"], batch_size=250)
    decisions_tell(refunds, "refund.made", on=on, actor=actor, cases=cases, file=file.reference)
    _tell(file, "refund_file.made", on=on, actor=actor)
    return file


@transaction.atomic
def refund_file_withdraw(
    organization_id: int, file_id: int, *, on: date, actor: str, cases: Cases
) -> RefundFile:
    """The file is not given to the bank after all: its refunds are to be made again.

    Raises PaymentError when it was withdrawn before, or a statement shows money of it.
    """
    file = file_locked(organization_id, file_id)
    refunds = refunds_locked(organization_id, _in_file(file))
    if any(refund.settled_on for refund in refunds):
        raise PaymentError(Sentence("refund.file_left", {"file": file.reference}))
    for refund in refunds:
        refund.made_on, refund.file = None, None
    CreditDecision.objects.bulk_update(refunds, ["made_on", "file"], batch_size=250)
    file.withdrawn_on, file.withdrawn_by = on, actor[:120]
    file.save(update_fields=["withdrawn_on", "withdrawn_by"])
    told = {"file": file.reference}
    decisions_tell(refunds, "refund.not_made", on=on, actor=actor, cases=cases, **told)
    _tell(file, "refund_file.withdrawn", on=on, actor=actor)
    return file


@transaction.atomic
def refund_file_take(organization_id: int, file_id: int, *, on: date, actor: str) -> RefundFile:
    """The file as it was made, to give it to the bank; who took it is noted.

    Raises PaymentError when it must not be given to the bank: withdrawn, or no longer whole.
    """
    file = file_locked(organization_id, file_id)
    if len(_in_file(file)) != file.count:
        raise PaymentError(Sentence("refund.file_changed", {"file": file.reference}))
    _tell(file, "refund_file.taken", on=on, actor=actor)
    return file


def file_locked(organization_id: int, file_id: int) -> RefundFile:
    """A file that stands. Raises PaymentError when it was withdrawn."""
    rows = RefundFile.objects.filter(organization_id=organization_id)
    file = rows.select_for_update(no_key=True).get(id=file_id)
    if file.withdrawn_on is not None:
        raise PaymentError(Sentence("refund.file_withdrawn", {"file": file.reference}))
    return file


def _wish_check(decision_ids: Collection[int], wish: FileWish, on: date) -> None:
    if not decision_ids:
        raise PaymentError(Sentence("refund.none_chosen"))
    if len(decision_ids) > MOST_IN_FILE:
        raise PaymentError(Sentence("refund.too_many", {"most": MOST_IN_FILE}))
    if not 0 <= (wish.execute_on - on).days <= 366:
        raise PaymentError(Sentence("refund.past_day"))
    if problem := account_problem(wish.iban):
        raise PaymentError(Sentence("refund.debit_account", {"name": wish.name, "why": problem}))


def refund_problem(refund: CreditDecision) -> Sentence | None:
    """Why no file can carry a refund, whatever the account, and how to mend that; None = it can."""
    told = {"reference": refund.reference}
    if refund.currency != "EUR":
        return Sentence("refund.not_euro", {**told, "currency": refund.currency})
    if refund.amount_minor > LARGEST_MINOR:
        return Sentence("refund.too_large", told)
    if why := account_problem(refund.iban):
        name = refund.name or refund.customer.name
        return Sentence("refund.bad_account", {**told, "name": name, "why": why})
    return None


def _check(refund: CreditDecision, wish: FileWish) -> None:
    """Raise PaymentError when a refund cannot be in a file of this account."""
    standing_check(refund)
    told = {"reference": refund.reference}
    if refund.file is not None:
        raise PaymentError(Sentence("refund.in_file", {**told, "file": refund.file.reference}))
    if refund.made_on is not None or refund.settled_on is not None:
        raise PaymentError(Sentence("refund.ordered", told))
    if refund.customer.creditor_id != wish.creditor_id:
        raise PaymentError(Sentence("refund.other_account", {**told, "iban": wish.iban}))
    if problem := refund_problem(refund):
        raise PaymentError(problem)


def _order(file: RefundFile, refunds: Sequence[CreditDecision], wish: FileWish) -> Order:
    return Order(
        reference=file.reference,
        name=wish.name,
        iban=wish.iban,
        bic=wish.bic,
        execute_on=wish.execute_on,
        made_at=file.made_at,
        is_batch=wish.is_batch,
        transfers=[
            Transfer(
                refund.reference,
                refund.name or refund.customer.name,
                refund.iban,
                refund.amount_minor,
                f"{refund.reference} {wish.words}",
            )
            for refund in refunds
        ],
    )


def _in_file(file: RefundFile) -> list[int]:
    return list(CreditDecision.objects.filter(file=file).values_list("id", flat=True))


def _tell(file: RefundFile, kind: str, *, on: date, actor: str) -> None:
    told = {
        "file": file.reference,
        "count": file.count,
        "amount": major(file.amount_minor, file.currency),
        "currency": file.currency,
        "iban": file.iban,
        "execute_on": file.execute_on.isoformat(),
    }
    event_record(file.organization_id, Happening(kind, on, actor, payload=told))
