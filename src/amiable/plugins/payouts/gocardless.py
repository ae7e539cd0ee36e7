"""GoCardless' export of the transactions of payouts, as CSV.

https://support.gocardless.com, “Payout breakdown reports - Transactions”: gross, fees and net of
each payment, refund, chargeback or late failure, with the id of its payout and the day it arrives.
"""

from __future__ import annotations

from amiable.core.payouts import PartKind, PayoutPart
from amiable.core.sentences import gettext_noop
from amiable.plugins.imports._fields import Names
from amiable.plugins.payouts._report import Cells, Moved, Needs, Report


class _Format:
    provider = "gocardless"
    names: Names = {
        "payout": ("payouts id",),
        "reference": ("payouts reference",),
        "arrives_on": ("payouts arrival date",),
        "type": ("resources type",),
        "status": ("resources status",),
        "name": ("payments id",),
        "refund": ("refunds id",),
        "on": ("resources charge date", "resources created at"),
        "label": ("resources description",),
        "said": ("resources reference",),
        "gross": ("gross amount",),
        "net": ("net amount",),
        "currency": ("currency",),
        "company": ("customers company name",),
        "given": ("customers given name",),
        "family": ("customers family name",),
    }
    needs: Needs = (
        ("payout",), ("arrives_on",), ("type",), ("gross",), ("net",), ("currency",), ("name",),
    )  # fmt: skip

    def moved(self, cells: Cells) -> Moved | None:
        """A movement; what GoCardless, its partner and the tax office keep is gross less net."""
        if not cells.text("payout"):
            return None
        currency, payment = cells.currency("currency"), cells.text("name")
        gross, net = (cells.amount(name, currency) for name in ("gross", "net"))
        kind = _kind(cells.needed("type").lower(), gross)
        refund = cells.text("refund")
        # A payment that is charged back is a row of its own, under the same id.
        name = refund or (payment if kind == "payment" else f"{payment}-{kind}")
        names = (cells.text("given"), cells.text("family"))
        part = PayoutPart(
            name=name if payment or refund else f"{kind}-{cells.line}",
            kind=kind,
            amount_minor=gross,
            fee_minor=gross - net,
            reference=payment,
            on=cells.day("on") if cells.text("on") else None,
            label=" ".join(text for text in (cells.text("label"), cells.text("said")) if text),
            payer_name=cells.text("company") or " ".join(names).strip(),
        )
        return Moved(
            cells.line, cells.text("payout"), cells.day("arrives_on"), currency, part,
            cells.text("reference"),
        )  # fmt: skip


def _kind(told: str, gross: int) -> PartKind:
    if "refund" in told:
        return "refund"
    if "payment" in told:
        return "payment" if gross > 0 else "chargeback"
    if "charge" in told or "fail" in told:
        return "chargeback"
    return "fee" if "fee" in told else "adjustment"


PLUGIN = Report("payouts_gocardless", gettext_noop("GoCardless payouts (CSV)"), _Format())
