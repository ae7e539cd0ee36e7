"""The table of contested lines, beside those of models."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amiable.apps.receivables.models import InvoiceLine
from amiable.apps.tenants.models import TenantModel


class DisputeLine(TenantModel):
    """Append-only: a contested line of an invoice. `amount_minor` = with VAT; `quantity` = how much
    of it, a plain decimal as text, "" = all of it, or an amount."""

    dispute = models.ForeignKey(
        "cases.Dispute", on_delete=models.PROTECT, related_name="lines", db_index=False
    )  # the constraint has an index of it
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="disputed")
    quantity = models.CharField(max_length=30, blank=True)
    amount_minor = models.BigIntegerField()

    class Meta:
        app_label = "cases"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "line"], name="dispute_line_unique"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="dispute_line_amount_positive"
            ),
        ]
        indexes = [models.Index(fields=["organization", "line"], name="dispute_line_of_line")]
