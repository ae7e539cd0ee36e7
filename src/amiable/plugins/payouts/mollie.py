"""Mollie's settlement report as CSV.

https://docs.mollie.com/docs/settlement-report: a row a movement, the fees withheld a row of their
own without an id; the bank shows the settlement's reference, 1234567.2611.03 (month 11 of 2026).
When it is paid is not told: it is after its last movement.
"""

from __future__ import annotations

from amiable.core.payouts import PartKind, PayoutPart
from amiable.core.sentences import gettext_noop
from amiable.plugins.imports._fields import Names
from amiable.plugins.payouts._report import Cells, Moved, Needs, Report

# By how their ids begin.
KINDS: dict[str, PartKind] = {
    "tr": "payment", "cpt": "payment", "re": "refund", "chb": "chargeback",
}  # fmt: skip


class _Format:
    provider = "mollie"
    names: Names = {
        "payout": ("settlement reference",),
        "on": ("date",),
        "method": ("payment method",),
        "name": ("id",),
        "label": ("description",),
        "payer_name": ("consumer name",),
        "currency": ("settlement currency",),
        "net": ("settlement amount",),
    }
    needs: Needs = (("payout",), ("on",), ("name",), ("currency",), ("net",))

    def moved(self, cells: Cells) -> Moved | None:
        """A movement, in the currency of the settlement."""
        if not cells.text("payout"):
            return None
        currency, name = cells.currency("currency"), cells.text("name")
        amount = cells.amount("net", currency)
        kind = KINDS.get(name.partition("_")[0], "adjustment") if name else "fee"
        part = PayoutPart(
            name=name or f"fee-{cells.line}",
            kind=kind,
            amount_minor=amount,
            reference=name if kind == "payment" else "",
            on=cells.day("on"),
            label=cells.text("label"),
            payer_name=cells.text("payer_name"),
        )
        return Moved(cells.line, cells.text("payout"), None, currency, part)


PLUGIN = Report("payouts_mollie", gettext_noop("Mollie settlement (CSV)"), _Format())
