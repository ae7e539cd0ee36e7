"""What was agreed with a customer about its payments: read for matching, written by people."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from amiable.apps.audit.services import Happening, events_record
from amiable.apps.banking.models import PayerTerms
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import Customer
from amiable.apps.tenants.settings import (
    LARGEST_DISCOUNT,
    LARGEST_FEE,
    settings_of,
)
from amiable.core.allocation import ORDERS, Order
from amiable.core.matching.facts import Limits, Terms
from amiable.core.money import Money
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "terms.unknown_customer": gettext_noop("this customer does not exist here"),
        "terms.unknown_order": gettext_noop("choose in which order payments count"),
        "terms.words_needed": gettext_noop("write what was agreed"),
        "terms.fee": gettext_noop("a fee is between 0 and {limit}"),
        "terms.discount": gettext_noop("a discount is between 0 and {limit} thousandths"),
    }
)


class TermsError(ValueError):
    """Terms that cannot be taken; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a person notes; None = as the organization lets everybody."""

    order: Order = "law"
    agreed: str = ""
    bank_fee_minor: int | None = None
    discount_permille: int | None = None


def limits_of(organization_id: int, customer_id: int | None = None) -> Limits:
    """What payers may keep without a person being asked; of one customer, as agreed with it."""
    settings = settings_of(organization_id)
    limits = Limits(
        cents_minor=settings.rest_cents_minor,
        bank_fee_minor=settings.rest_fee_minor,
        discount_permille=settings.rest_discount_permille,
    )
    if customer_id is None:
        return limits
    return limits.agreed(next(payer_terms(organization_id, {customer_id}), None))


def payer_terms(
    organization_id: int, customer_ids: Collection[int] | None = None
) -> Iterator[Terms]:
    """The terms that are not as with everybody, of some customers or of all."""
    rows = PayerTerms.objects.filter(organization_id=organization_id)
    if customer_ids is not None:
        rows = rows.filter(customer_id__among=customer_ids)
    fields = ("customer_id", "order", "agreed", "bank_fee_minor", "discount_permille")
    for row in rows.order_by("customer_id").values_list(*fields):
        yield Terms(*row)


@transaction.atomic
def terms_set(
    organization_id: int, customer_id: int, wanted: Agreed, *, on: date, actor: str
) -> Agreed:
    """Note what was agreed with a customer. Returns what stood before. Raises TermsError."""
    _check(wanted)
    row = terms_row(organization_id, customer_id)
    before = Agreed(row.order, row.agreed, row.bank_fee_minor, row.discount_permille)  # type: ignore[arg-type]
    if before == wanted:
        return before
    row.order, row.agreed = wanted.order, wanted.agreed.strip()
    row.bank_fee_minor, row.discount_permille = wanted.bank_fee_minor, wanted.discount_permille
    row.save()
    told = {
        "customer": customer_id, "order": row.order, "agreed": row.agreed,
        "bank_fee_minor": row.bank_fee_minor, "discount_permille": row.discount_permille,
    }  # fmt: skip
    terms_tell(organization_id, customer_id, kind="customer.terms", told=told, on=on, actor=actor)
    return before


def terms_row(organization_id: int, customer_id: int) -> PayerTerms:
    """The row of a customer, made when there is none. Raises TermsError for a stranger."""
    if not Customer.objects.filter(organization_id=organization_id, id=customer_id).exists():
        raise TermsError(Sentence("terms.unknown_customer"))
    row, _ = PayerTerms.objects.select_for_update(of=("self",)).get_or_create(
        organization_id=organization_id, customer_id=customer_id
    )
    return row


def terms_tell(
    organization_id: int,
    customer_id: int,
    *,
    kind: str,
    told: dict[str, object],
    on: date,
    actor: str,
) -> None:
    """Tell it in every case of the customer."""
    cases = Case.objects.filter(organization_id=organization_id, customer_id=customer_id)
    ids = list(cases.order_by("id").values_list("id", flat=True))
    happenings = [Happening(kind, on, actor, case_id, told) for case_id in ids or [None]]
    events_record(organization_id, happenings)


def _check(wanted: Agreed) -> None:
    if wanted.order not in ORDERS:
        raise TermsError(Sentence("terms.unknown_order"))
    if len(wanted.agreed) > 500 or (wanted.order == "agreed" and not wanted.agreed.strip()):
        raise TermsError(Sentence("terms.words_needed"))
    if not 0 <= (wanted.bank_fee_minor or 0) <= LARGEST_FEE:
        raise TermsError(Sentence("terms.fee", {"limit": Money(LARGEST_FEE)}))
    if not 0 <= (wanted.discount_permille or 0) <= LARGEST_DISCOUNT:
        raise TermsError(Sentence("terms.discount", {"limit": LARGEST_DISCOUNT}))
