"""What people and providers change about virtual IBANs, told in the histories of the cases that it
concerns, which payments do not know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from amiable.apps.banking.models import BankAccount
from amiable.apps.banking.posting import case_ids
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import VirtualIbanAssignment
from amiable.apps.payments.virtual_ibans import assigning, pool
from amiable.core.records import VirtualIbanRow


@transaction.atomic
def virtual_iban_assign(
    organization_id: int,
    virtual_iban_id: int,
    customer_id: int,
    *,
    invoice_id: int | None = None,
    on: date,
    actor: str,
) -> VirtualIbanAssignment:
    """Let an IBAN stand for a customer or an invoice, told in its history. Raises
    VirtualIbanError."""
    return assigning.virtual_iban_assign(
        organization_id, virtual_iban_id, customer_id, invoice_id=invoice_id, on=on, actor=actor,
        cases=case_ids(organization_id, {customer_id}),
    )  # fmt: skip


@transaction.atomic
def virtual_iban_end(
    organization_id: int, assignment_id: int, *, on: date, actor: str
) -> VirtualIbanAssignment:
    """End an assignment, told in the customer's history. Raises VirtualIbanError, LookupError."""
    rows = VirtualIbanAssignment.objects.filter(organization_id=organization_id, id=assignment_id)
    customers = set(rows.values_list("customer_id", flat=True))
    return assigning.virtual_iban_end(
        organization_id, assignment_id, on=on, actor=actor,
        cases=case_ids(organization_id, customers),
    )  # fmt: skip


@transaction.atomic
def virtual_ibans_import(
    organization_id: int,
    rows: Sequence[VirtualIbanRow],
    *,
    source: str,
    on: date,
    actor: str,
    creditor: str = "",
) -> pool.PoolChange:
    """Take a pool in, as payments does: none of our bank accounts is virtual."""
    accounts = BankAccount.objects.filter(organization_id=organization_id)
    named = Customer.objects.filter(
        organization_id=organization_id, code__among={row.customer for row in rows} - {""}
    )
    ending = Customer.objects.filter(
        organization_id=organization_id,
        virtual_ibans__virtual_iban__iban__among={row.iban for row in rows if row.is_closed},
    )
    ids = {*named.values_list("id", flat=True), *ending.values_list("id", flat=True)}
    return pool.virtual_ibans_import(
        organization_id, rows, source=source, on=on, actor=actor, creditor=creditor,
        cases=case_ids(organization_id, ids), own=accounts.values_list("identifier", flat=True),
    )  # fmt: skip
