"""Words for virtual IBANs: their states, and how they are handed out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amiable.interfaces.console.looks import Look

VIRTUAL_IBANS: dict[str, dict[str, Look]] = {
    "virtual_iban": {
        "assigned": Look(_("In use"), "good"),
        "free": Look(_("Free"), "info"),
        "resting": Look(_("Resting"), "warn"),
        "closed": Look(_("Closed"), "quiet"),
    },
    "virtual_iban_policy": {
        "hand": Look(_("By hand")),
        "customer": Look(_("By itself, to each customer")),
        "invoice": Look(_("By itself, to each invoice")),
    },
}
