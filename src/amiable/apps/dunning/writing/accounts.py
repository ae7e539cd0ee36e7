"""Virtual IBANs for what is about to be asked for, as the creditors hand them out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from amiable.apps.customers.models import Customer
from amiable.apps.dunning.writing.drafts import Ready
from amiable.apps.payments.virtual_ibans.assigning import Need, hands_out, virtual_ibans_ensure
from amiable.apps.receivables.models import Installment


def accounts_ensure(organization_id: int, ready: Collection[Ready], *, on: date) -> int:
    """Give each customer, or invoice, that a message asks for its IBAN, where the creditor's policy
    says so; returns how many. A fixed number of queries; one where no policy does."""
    if not ready or not hands_out(organization_id):
        return 0
    creditors = dict(
        Customer.objects.filter(id__among={each.facts.customer_id for each in ready}).values_list(
            "id", "creditor_id"
        )
    )
    invoices = dict(
        Installment.objects.filter(
            organization_id=organization_id, id__among={i for each in ready for i in each.asked}
        ).values_list("id", "invoice_id")
    )
    needs, cases = [], {}
    for each in ready:
        facts = each.facts
        asked = {invoices[i] for i, amount in each.asked.items() if amount} or {
            invoices[i] for i in each.asked
        }
        one = next(iter(asked)) if len(asked) == 1 else None
        needs.append(Need(facts.customer_id, creditors[facts.customer_id], facts.currency, one))
        cases[facts.customer_id, facts.currency] = facts.case_id
    return virtual_ibans_ensure(organization_id, needs, on=on, cases=cases)
