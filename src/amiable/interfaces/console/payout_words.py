"""Words for payouts of payment providers: where one stands, and what its movements are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amiable.interfaces.console.looks import Look

PAYOUTS: dict[str, dict[str, Look]] = {
    "payout": {
        "late": Look(_("Not on the account yet"), "bad"),
        "on_its_way": Look(_("On its way"), "info"),
        "arrived": Look(_("Arrived"), "good"),
        "failed": Look(_("Failed"), "bad"),
        "differs": Look(_("Does not add up"), "warn"),
    },
    "payout_part": {
        "payment": Look(_("Payment"), "good"),
        "refund": Look(_("Refund"), "warn"),
        "chargeback": Look(_("Chargeback"), "bad"),
        "fee": Look(_("Fee"), "quiet"),
        "adjustment": Look(_("Adjustment"), "info"),
    },
}
