"""Whether the instalments of a plan can be collected by direct debit, and under which mandate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from amiable.apps.cases.changes import CaseError, case_find
from amiable.apps.cases.plans import PlanTerms
from amiable.apps.customers.models import Customer
from amiable.apps.dunning.debiting.announcing import terms_of
from amiable.apps.payments.debits.mandates import live_mandates
from amiable.apps.payments.debits.models import Mandate
from amiable.apps.tenants.models import Creditor, Organization
from amiable.core.direct_debits import collect_on, masked
from amiable.core.drafts import DebitTerms
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "plan.no_mandate": gettext_noop(
            "No mandate can be used for a plan: sign one first, for more than one collection."
        ),
        "plan.too_soon": gettext_noop(
            "A collection has to be announced before: the first instalment can be on {day} at the "
            "earliest."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class DebitMeans:
    """By direct debit: `soonest` = the first day that a collection announced today can fall on.
    `mandate_id` None = the customer has to sign one first; `account` = masked."""

    creditor: str
    ics: str
    notice_days: int
    soonest: date
    mandate_id: int | None = None
    reference: str = ""
    scheme: str = ""
    account: str = ""


def debit_means(
    organization_id: int, customer_id: int, *, currency: str, on: date
) -> DebitMeans | None:
    """How a customer's instalments would be collected; None where the creditor collects nothing,
    the debt is not in euros, or messages go to a test address."""
    creditor = _creditor(customer_id)
    test = Organization.objects.filter(id=organization_id).exclude(test_recipient="")
    if creditor is None or currency != "EUR" or test.exists():
        return None
    soonest = collect_on(
        on, on=on, notice_days=creditor.debit_notice_days, lead_days=creditor.debit_lead_days
    )
    means = DebitMeans(creditor.name, creditor.ics, creditor.debit_notice_days, soonest)
    mandate = live_mandates(organization_id, {customer_id}, on=on).get(customer_id)
    if mandate is None or mandate.is_one_off:
        return means
    return DebitMeans(
        creditor.name, creditor.ics, creditor.debit_notice_days, soonest, mandate.pk, mandate.rum,
        mandate.scheme, masked(mandate.holder_iban),
    )  # fmt: skip


def terms_debited(organization_id: int, case_id: int, terms: PlanTerms, *, on: date) -> PlanTerms:
    """These terms, collected under the customer's mandate. Raises CaseError when none can be."""
    case = case_find(organization_id, case_id)
    means = debit_means(organization_id, case.customer_id, currency=case.currency, on=on)
    if means is None or means.mandate_id is None:
        raise CaseError(Sentence("plan.no_mandate"))
    return replace(terms, mandate_id=means.mandate_id, soonest=means.soonest)


def terms_named(mandate_id: int | None) -> DebitTerms | None:
    """What messages say of the mandate of a plan; None where none was named."""
    rows = Mandate.objects.select_related("customer__creditor").filter(id=mandate_id)
    row = rows.first() if mandate_id else None
    return terms_of(row, row.customer.creditor.ics) if row else None


def _creditor(customer_id: int) -> Creditor | None:
    """The customer's creditor, where it collects."""
    customer = Customer.objects.select_related("creditor").get(id=customer_id)
    return customer.creditor if customer.creditor.ics else None
