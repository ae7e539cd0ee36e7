"""Small builders of rows for tests; amounts in minor units. Facts enter as services write them."""

from __future__ import annotations

from datetime import date, timedelta

from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.receivables.models import Entry, Installment, Invoice
from amiable.apps.tenants.models import Creditor, Organization

TODAY = date(2026, 11, 20)  # a Friday


def organization(slug: str = "acme") -> Organization:
    return Organization.objects.create(slug=slug, name=slug.title())


def creditor(org: Organization, code: str = "main", **fields) -> Creditor:
    fields = {
        "name": "Atelier Vauban",
        "iban": "FR1420041010050500013M02606",
        "email": "compta@vauban.example",
        "address": ["12 rue des Forges", "69007 LYON"],
        **fields,
    }
    return Creditor.objects.create(organization=org, code=code, **fields)


def customer(owner: Creditor, code: str = "C001", *, email: str = "ap@client.example", **fields):
    fields = {
        "name": "Menuiserie Duval",
        "address_lines": ["8 avenue du Port"],
        "postcode": "44000",
        "city": "Nantes",
        **fields,
    }
    row = Customer.objects.create(
        organization=owner.organization, creditor=owner, code=code, **fields
    )
    if email:
        ContactPoint.objects.create(
            organization=owner.organization, customer=row, kind="email", value=email
        )
    return row


def case(debtor: Customer, currency: str = "EUR", on: date = TODAY) -> Case:
    return Case.objects.get_or_create(
        organization=debtor.organization,
        customer=debtor,
        currency=currency,
        defaults={"next_plan_on": on},
    )[0]


def invoice(
    debtor: Customer,
    number: str = "FA2026-0001",
    *,
    total_minor: int = 120_000,
    due: date = TODAY - timedelta(days=2),
    issued: date | None = None,
    currency: str = "EUR",
) -> Installment:
    issued = issued or due - timedelta(days=30)
    row = Invoice.objects.create(
        organization=debtor.organization,
        customer=debtor,
        number=number,
        issue_date=issued,
        due_date=due,
        currency=currency,
        total_minor=total_minor,
    )
    installment = Installment.objects.create(
        organization=debtor.organization,
        invoice=row,
        customer=debtor,
        due_date=due,
        currency=currency,
    )
    Entry.objects.create(
        organization=debtor.organization,
        customer=debtor,
        installment=installment,
        invoice=row,
        kind=Entry.Kind.INVOICE,
        amount_minor=total_minor,
        currency=currency,
        on_date=issued,
        source="factory",
    )
    case(debtor, currency)
    return installment
