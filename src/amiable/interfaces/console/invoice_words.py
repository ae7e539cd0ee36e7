"""Words for what moves the balance of an invoice, and for what proves that it was received."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amiable.interfaces.console.looks import Look

INVOICES: dict[str, dict[str, Look]] = {
    "movement": {
        "invoice": Look(_("Invoiced"), icon="file-invoice"),
        "credit_note": Look(_("Credit note"), icon="file-invoice"),
        "payment": Look(_("Payment"), "good", "coins"),
        "return": Look(_("Payment returned"), "bad", "arrow-back-up"),
        "books": Look(_("As the accounts state it"), "info", "file-import"),
        "write_off": Look(_("Given up"), "warn", "circle-minus"),
        "refund": Look(_("Refund"), "info", "arrows-exchange"),
        "transfer": Look(_("Moved from another account"), "info", "arrows-exchange"),
        "used": Look(_("Used on another invoice"), "info", "arrows-exchange"),
    },
    "strength": {
        "proven": Look(_("Receipt proven"), "good", "circle-check"),
        "likely": Look(_("Probably received"), "info", "eye"),
        "unproven": Look(_("Receipt not proven"), "warn", "alert-triangle"),
    },
}
