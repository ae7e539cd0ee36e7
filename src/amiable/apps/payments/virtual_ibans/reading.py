"""Reads of virtual IBANs: accounts to show, the pool with its states, the history of a holder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment, VirtualIbanPolicy
from amiable.apps.payments.virtual_ibans.assigning import (
    DEFAULT_QUARANTINE,
    Assign,
    VirtualIbanError,
)
from amiable.apps.receivables.models import Invoice
from amiable.apps.tenants.models import Creditor
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.virtual_ibans import PayAccount, iban_clean

declare(
    {
        "virtual_iban.several_customers": gettext_noop(
            "several customers are called {value}: write the code of the one that is meant"
        )
    }
)

STATES = ("assigned", "free", "resting", "closed")
# Fewer free ones than were handed out in a month, and never fewer than this, is little.
MONTH, LEAST_FREE = timedelta(days=30), 5


@dataclass(frozen=True, slots=True)
class HolderView:
    """Who a virtual IBAN stands for, or stood for until a day. `outlet_of` = the group of which
    the customer is an outlet, "" = of none; `number` = its one invoice, "" = all it owes."""

    id: int
    iban: str
    customer_id: int
    customer: str
    code: str
    outlet_of: str
    number: str
    since_on: date
    until_on: date | None
    assigned_by: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class IbanView:
    """A virtual IBAN of the pool on a day. `holder` = whom it stands for, or stood for last;
    `free_on` = from when one that rests may stand for another."""

    id: int
    iban: str
    bic: str
    currency: str
    creditor: str
    creditor_id: int
    provider_reference: str
    source: str
    imported_on: date
    closed_on: date | None
    state: str
    holder: HolderView | None
    free_on: date | None


@dataclass(frozen=True, slots=True)
class PoolView:
    """The pool of a creditor. `monthly` = IBANs handed out in the last 30 days; `assign` and
    `quarantine_days` = its policy."""

    creditor_id: int
    creditor: str
    counts: dict[str, int]
    assign: str
    quarantine_days: int
    monthly: int

    @property
    def is_low(self) -> bool:
        """Whether IBANs are handed out by themselves and soon run out."""
        return self.assign != Assign.HAND and self.counts["free"] < max(LEAST_FREE, self.monthly)


def held_accounts(
    organization_id: int, customer_ids: Collection[int]
) -> dict[tuple[int, str], tuple[PayAccount, ...]]:
    """The virtual IBANs that stand for customers, by (customer, currency): one query."""
    rows = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id, customer_id__among=customer_ids, until_on__isnull=True,
        virtual_iban__closed_on__isnull=True,
    ).order_by("id")  # fmt: skip
    found: dict[tuple[int, str], tuple[PayAccount, ...]] = {}
    names = ("customer_id", "virtual_iban__currency", "virtual_iban__iban", "virtual_iban__bic")
    for customer_id, currency, iban, bic, invoice_id in rows.values_list(*names, "invoice_id"):
        account = PayAccount(iban, bic, invoice_id)
        found[customer_id, currency] = (*found.get((customer_id, currency), ()), account)
    return found


def pools(organization_id: int, *, on: date) -> list[PoolView]:
    """The pool of every creditor, empty ones too."""
    policies = {
        row.creditor_id: row
        for row in VirtualIbanPolicy.objects.filter(organization_id=organization_id)
    }
    counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    for state in STATES:
        rows = in_state(organization_id, state, on=on).values_list("creditor_id")
        for creditor_id, count in rows.annotate(Count("id")).order_by():
            counts[creditor_id][state] = count
    lately = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id, since_on__gt=on - MONTH, since_on__lte=on
    )
    of_creditor = lately.values_list("virtual_iban__creditor_id").annotate(Count("id"))
    monthly = dict(of_creditor.order_by())
    return [
        PoolView(
            creditor_id=creditor_id,
            creditor=name,
            counts=counts[creditor_id],
            assign=policies[creditor_id].assign if creditor_id in policies else Assign.HAND,
            quarantine_days=policies[creditor_id].quarantine_days
            if creditor_id in policies
            else DEFAULT_QUARANTINE,
            monthly=monthly.get(creditor_id, 0),
        )
        for creditor_id, name in Creditor.objects.filter(organization_id=organization_id)
        .order_by("id")
        .values_list("id", "name")
    ]


def pool_page(
    organization_id: int,
    *,
    on: date,
    state: str = "",
    search: str = "",
    creditor_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[IbanView], int]:
    """IBANs of the pool and how many there are in all: of a state, a creditor, or found by IBAN,
    the provider's reference, or the customer that one stands or stood for."""
    rows = VirtualIban.objects.filter(organization_id=organization_id)
    if state in STATES:
        rows = in_state(organization_id, state, on=on)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    if search.strip():
        rows = rows.filter(_named(search.strip()))
    total = rows.count()
    page = list(rows.select_related("creditor").order_by("id")[offset : offset + limit])
    holders = _last_holders(organization_id, [row.pk for row in page])
    days = dict(
        VirtualIbanPolicy.objects.filter(organization_id=organization_id).values_list(
            "creditor_id", "quarantine_days"
        )
    )
    return [
        _view(row, holders.get(row.pk), days.get(row.creditor_id, DEFAULT_QUARANTINE), on)
        for row in page
    ], total


def virtual_iban(organization_id: int, virtual_iban_id: int, *, on: date) -> IbanView | None:
    """One IBAN of the pool, None when there is none."""
    rows = VirtualIban.objects.filter(organization_id=organization_id, id=virtual_iban_id)
    row = rows.select_related("creditor").first()
    if row is None:
        return None
    holder = _last_holders(organization_id, [row.pk]).get(row.pk)
    policies = VirtualIbanPolicy.objects.filter(creditor_id=row.creditor_id)
    days = policies.values_list("quarantine_days", flat=True).first()
    return _view(row, holder, DEFAULT_QUARANTINE if days is None else days, on)


def target(
    organization_id: int, virtual_iban_id: int, *, customer: str, number: str
) -> tuple[int, int | None]:
    """(customer, invoice or None) of a code or a whole name, and of an invoice number, at the
    creditor whose IBAN it is. Raises VirtualIbanError that names what is not there."""
    iban = VirtualIban.objects.filter(organization_id=organization_id, id=virtual_iban_id)
    people = Customer.objects.filter(
        organization_id=organization_id, creditor_id__in=iban.values("creditor_id")
    )
    wanted = customer.strip()
    found = list(people.filter(code__iexact=wanted)[:2]) or list(
        people.filter(name__iexact=wanted)[:2]
    )
    if len(found) != 1:
        code = "virtual_iban.several_customers" if found else "virtual_iban.unknown_customer"
        raise VirtualIbanError(Sentence(code, {"value": wanted}))
    if not number.strip():
        return found[0].pk, None
    invoice = Invoice.objects.filter(customer=found[0], number__iexact=number.strip()).first()
    if invoice is None:
        told = {"holder": found[0].name, "value": number.strip()}
        raise VirtualIbanError(Sentence("virtual_iban.unknown_invoice", told))
    return found[0].pk, invoice.pk


def holder_history(organization_id: int, customer_id: int) -> list[HolderView]:
    """Every virtual IBAN that stood for a customer or its invoices: those that do first."""
    rows = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id, customer_id=customer_id
    )
    ordered = rows.order_by(F("until_on").desc(nulls_first=True), "-id")
    return [_holder(row) for row in ordered.select_related("virtual_iban", "customer", "invoice")]


def free_for(
    organization_id: int, customer_id: int, *, on: date, limit: int = 20
) -> list[IbanView]:
    """IBANs that may be given to a customer today, of its creditor: the first ones."""
    customers = Customer.objects.filter(organization_id=organization_id, id=customer_id)
    rows = in_state(organization_id, "free", on=on).filter(
        creditor_id__in=customers.values("creditor_id")
    )
    ordered = rows.select_related("creditor").order_by("id")[:limit]
    return [_view(row, None, DEFAULT_QUARANTINE, on) for row in ordered]


def iban_history(organization_id: int, virtual_iban_id: int) -> list[HolderView]:
    """Everybody an IBAN stood for, the latest first."""
    rows = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id, virtual_iban_id=virtual_iban_id
    )
    found = rows.order_by("-id").select_related("virtual_iban", "customer", "invoice")
    return [_holder(row) for row in found]


def in_state(organization_id: int, state: str, *, on: date) -> QuerySet[VirtualIban]:
    """IBANs that stand for somebody, are free, rest or are closed on a day."""
    rows = VirtualIban.objects.filter(organization_id=organization_id)
    if state == "closed":
        return rows.filter(closed_on__isnull=False)
    rows = rows.filter(closed_on__isnull=True)
    of_row = VirtualIbanAssignment.objects.filter(virtual_iban=OuterRef("pk"))
    held = Exists(of_row.filter(until_on__isnull=True))
    if state == "assigned":
        return rows.filter(held)
    rests = Q()
    days = dict(
        VirtualIbanPolicy.objects.filter(organization_id=organization_id).values_list(
            "creditor_id", "quarantine_days"
        )
    )
    rests = Q(~Q(creditor_id__in=days), Exists(_after(of_row, on, DEFAULT_QUARANTINE)))
    for creditor_id, quarantine in days.items():
        rests |= Q(Exists(_after(of_row, on, quarantine)), creditor_id=creditor_id)
    rows = rows.filter(~held)
    return rows.filter(rests) if state == "resting" else rows.exclude(rests)


def _after(
    of_row: QuerySet[VirtualIbanAssignment], on: date, quarantine: int
) -> QuerySet[VirtualIbanAssignment]:
    return of_row.filter(until_on__gt=on - timedelta(days=quarantine))


def _named(search: str) -> Q:
    of_row = VirtualIbanAssignment.objects.filter(virtual_iban=OuterRef("pk"))
    person = of_row.filter(
        Q(customer__name__icontains=search)
        | Q(customer__code__iexact=search)
        | Q(customer__payer_group__icontains=search)
        | Q(invoice__number__icontains=search)
    )
    return (
        Q(iban__icontains=iban_clean(search))
        | Q(provider_reference__icontains=search)
        | Q(Exists(person))
    )


def _last_holders(organization_id: int, ids: Collection[int]) -> dict[int, HolderView]:
    """Whom each IBAN stands for, or stood for last."""
    rows = VirtualIbanAssignment.objects.filter(
        organization_id=organization_id, virtual_iban_id__among=ids
    )
    found = rows.select_related("virtual_iban", "customer", "invoice").order_by("id")
    return {row.virtual_iban_id: _holder(row) for row in found}


def _holder(row: VirtualIbanAssignment) -> HolderView:
    return HolderView(
        id=row.pk,
        iban=row.virtual_iban.iban,
        customer_id=row.customer_id,
        customer=row.customer.name,
        code=row.customer.code,
        outlet_of=row.customer.payer_group,
        number=row.invoice.number if row.invoice else "",
        since_on=row.since_on,
        until_on=row.until_on,
        assigned_by=row.assigned_by,
        ended_by=row.ended_by,
    )


def _view(row: VirtualIban, holder: HolderView | None, days: int, on: date) -> IbanView:
    free_on = None
    if holder and holder.until_on:
        free_on = holder.until_on + timedelta(days=days)
    if row.closed_on:
        state = "closed"
    elif holder and holder.until_on is None:
        state = "assigned"
    else:
        state = "resting" if free_on and free_on > on else "free"
    return IbanView(
        id=row.pk,
        iban=row.iban,
        bic=row.bic,
        currency=row.currency,
        creditor=row.creditor.name,
        creditor_id=row.creditor_id,
        provider_reference=row.provider_reference,
        source=row.source,
        imported_on=row.imported_on,
        closed_on=row.closed_on,
        state=state,
        holder=holder,
        free_on=free_on if state == "resting" else None,
    )
