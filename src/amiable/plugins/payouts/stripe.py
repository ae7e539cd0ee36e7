"""Stripe's report “Payout reconciliation”, itemized, as CSV.

https://docs.stripe.com/reports/report-types/payout-reconciliation (payout_reconciliation.itemized):
amounts in major units with a point; a row without a payout is of a manual one, or not paid out yet.
"""

from __future__ import annotations

from amiable.core.payouts import PartKind, PayoutPart
from amiable.core.sentences import gettext_noop
from amiable.plugins.imports._fields import Names
from amiable.plugins.payouts._report import Cells, Moved, Needs, Report

KINDS: dict[str, PartKind] = {
    "charge": "payment", "refund": "refund", "refund_failure": "refund",
    "charge_failure": "refund", "partial_capture_reversal": "refund", "dispute": "chargeback",
    "dispute_reversal": "chargeback", "fee": "fee", "network_cost": "fee", "tax": "fee",
}  # fmt: skip


class _Format:
    provider = "stripe"
    names: Names = {
        "payout": ("automatic payout id",),
        "arrives_on": ("automatic payout effective at", "automatic payout effective at utc"),
        "name": ("balance transaction id",),
        "on": ("created", "created utc"),
        "currency": ("currency",),
        "gross": ("gross",),
        "fee": ("fee",),
        "net": ("net",),
        "category": ("reporting category",),
        "label": ("description",),
        "source": ("source id",),
        "charge": ("charge id",),
        "intent": ("payment intent id",),
        "payer_name": ("customer name", "card name"),
    }
    needs: Needs = (
        ("payout",), ("arrives_on",), ("name",), ("currency",), ("gross",), ("fee",), ("net",),
        ("category",),
    )  # fmt: skip

    def moved(self, cells: Cells) -> Moved | None:
        """A balance transaction; the one that is the payout itself is none of its parts."""
        if not cells.text("payout") or cells.text("category") == "payout":
            return None
        currency = cells.currency("currency")
        gross, fee, net = (cells.amount(name, currency) for name in ("gross", "fee", "net"))
        cells.summed(gross, fee, net, currency)
        part = PayoutPart(
            name=cells.needed("name"),
            kind=KINDS.get(cells.needed("category"), "adjustment"),
            amount_minor=gross,
            fee_minor=fee,
            reference=cells.text("intent") or cells.text("charge") or cells.text("source"),
            on=cells.day("on") if cells.text("on") else None,
            label=cells.text("label"),
            payer_name=cells.text("payer_name"),
        )
        return Moved(cells.line, cells.text("payout"), cells.day("arrives_on"), currency, part)


PLUGIN = Report("payouts_stripe", gettext_noop("Stripe payout reconciliation (CSV)"), _Format())
