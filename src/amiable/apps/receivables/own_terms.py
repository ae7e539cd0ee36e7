"""Due dates that a file does not state, by the payment term agreed with each customer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from amiable.apps.customers.models import Customer
from amiable.core.records import InvoiceRow
from amiable.core.terms import Term, TermError, due_date, parse_term


def on_own_terms(
    organization_id: int, rows: Sequence[tuple[int, InvoiceRow]]
) -> list[tuple[int, InvoiceRow]]:
    """(customer id, row) pairs, those without a stated due date on their customer's own term.

    A FEC has no due dates: its reader puts every invoice on the default term, which stays for
    customers without a term, or with one that cannot be read.
    """
    unsaid = {customer_id for customer_id, row in rows if not row.due_stated}
    known = Customer.objects.filter(organization_id=organization_id, id__among=unsaid).exclude(
        payment_term=""
    )
    terms: dict[int, Term] = {}
    for customer_id, text in known.values_list("id", "payment_term"):
        with suppress(TermError):
            terms[customer_id] = parse_term(text)
    return [
        (customer_id, replace(row, due_date=due_date(terms[customer_id], row.issue_date)))
        if customer_id in terms and not row.due_stated
        else (customer_id, row)
        for customer_id, row in rows
    ]
