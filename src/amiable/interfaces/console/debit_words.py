"""Direct debits and mandates as people read them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amiable.interfaces.console.looks import Look

DEBITS: dict[str, dict[str, Look]] = {
    "debit": {
        "planned": Look(_("To be presented again"), "info"),
        "again": Look(_("Second try"), "info"),
        "announced": Look(_("Announced"), "info"),
        "sent": Look(_("At the bank"), "info"),
        "collected": Look(_("Collected"), "good"),
        "refused": Look(_("Refused"), "bad"),
        "returned": Look(_("Taken back"), "bad"),
        "withdrawn": Look(_("Withdrawn"), "quiet"),
    },
    "debit_tab": {
        "asks": Look(_("To do")),
        "announced": Look(_("Announced")),
        "sent": Look(_("At the bank")),
        "planned": Look(_("To be presented again")),
        "collected": Look(_("Collected")),
        "failed": Look(_("Failed")),
        "withdrawn": Look(_("Withdrawn")),
    },
    "mandate": {
        "live": Look(_("Valid"), "good"),
        "lapsed": Look(_("Lapsed"), "quiet"),
        "blocked": Look(_("Blocked by the bank"), "bad"),
        "revoked": Look(_("Ended"), "quiet"),
    },
    "mandate_how": {
        "portal": Look(_("on the payment page")),
        "paper": Look(_("on paper")),
    },
}
