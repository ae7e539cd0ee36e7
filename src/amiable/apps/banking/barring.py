"""What the matching engine must know of refunds to see leave, and of debts that no money may settle
unasked: given up, handed over, frozen by a judgment. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator

from amiable.apps.cases.models import Handover
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import CreditDecision
from amiable.apps.receivables.models import Entry, Installment
from amiable.apps.receivables.write_offs import DECIDED
from amiable.core.matching.facts import Barred, Refund


def bars(organization_id: int) -> Iterator[Barred]:
    """Items that are not paid unasked. One that is two of these is shown for the last."""
    given_up = Entry.objects.filter(
        organization_id=organization_id, kind=Entry.Kind.WRITE_OFF, source=DECIDED,
        installment__isnull=False, reverses__isnull=True, reversed_by__isnull=True,
    )  # fmt: skip
    for item_id, since in given_up.values_list("installment_id", "on_date"):
        yield Barred(item_id, "written_off", since)
    handed = Handover.objects.filter(organization_id=organization_id, returned_on__isnull=True)
    for item_id, since, name in handed.values_list("installment_id", "handed_on", "name"):
        yield Barred(item_id, "handed_over", since, name=name)
    judged = Customer.objects.filter(organization_id=organization_id, insolvent_since__isnull=False)
    # The few first: from what is open, every customer and invoice behind it would be read.
    judgments = dict(judged.values_list("id", "insolvent_since"))
    if not judgments:
        return
    frozen = Installment.objects.filter(
        organization_id=organization_id, settled_on__isnull=True, customer_id__among=set(judgments)
    )
    for item_id, owner, issued in frozen.values_list("id", "customer_id", "invoice__issue_date"):
        if issued < judgments[owner]:
            yield Barred(item_id, "insolvent", judgments[owner], claim_on=issued)


def refunds_waiting(organization_id: int) -> Iterator[Refund]:
    """Refunds noted, ordered or not, that no line of a statement has shown yet, oldest first."""
    rows = CreditDecision.objects.filter(
        organization_id=organization_id,
        kind=CreditDecision.Kind.REFUND,
        undone_on__isnull=True,
        settled_on__isnull=True,
    ).order_by("id")
    fields = (
        "id", "customer_id", "amount_minor", "currency", "iban", "name", "reference", "decided_on",
        "file_id", "file__reference",
    )  # fmt: skip
    for *values, file in rows.values_list(*fields):
        yield Refund(*values, file or "")
