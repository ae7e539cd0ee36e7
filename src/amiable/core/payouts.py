"""Payouts of payment providers: what one transfers to the bank, and the movements it is made of.

gross - what went back - fees + other = net, in minor units; what is missing is shown to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

PartKind = Literal["payment", "refund", "chargeback", "fee", "adjustment"]
PayoutStanding = Literal["on_its_way", "paid", "failed"]

# Providers by their code: how they are called, and the words of their transfers on statements.
PROVIDERS = {
    "stripe": ("Stripe", r"\bSTRIPE"),
    "mollie": ("Mollie", r"\bMOLLIE"),
    "paypal": ("PayPal", r"PAYPAL"),
    "gocardless": ("GoCardless", r"GOCARDLESS"),
}


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """One movement. `amount_minor` > 0 is for us, before `fee_minor`, which the provider keeps of
    it (< 0 = gives back).

    `name` = the provider's own, once in a payout; `reference` = the payment that it is or takes
    back, as the provider calls it; `label` = what was said of it.
    """

    name: str
    kind: PartKind
    amount_minor: int
    fee_minor: int = 0
    reference: str = ""
    on: date | None = None
    label: str = ""
    payer_name: str = ""


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout as its provider states it; `line` of a file, 0 = asked of the provider.

    `net_minor` = what the bank gets (< 0: what it is asked for); `reference` = what the bank may
    show of it besides its `name`, "" = nothing.
    """

    line: int
    provider: str
    name: str
    currency: str
    net_minor: int
    arrives_on: date
    parts: tuple[PayoutPart, ...]
    reference: str = ""
    standing: PayoutStanding = "paid"


class Totals(NamedTuple):
    """What parts come to, in minor units: `back` = refunds and chargebacks, `other` = adjustments.

    `payments` and `backs` = how many there are.
    """

    gross: int = 0
    back: int = 0
    fees: int = 0
    other: int = 0
    payments: int = 0
    backs: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.back - self.fees + self.other


def totals(parts: Iterable[PayoutPart]) -> Totals:
    """Add movements up."""
    found = Totals()
    for part in parts:
        amount, fees = part.amount_minor, found.fees + part.fee_minor
        if part.kind == "payment":
            found = found._replace(gross=found.gross + amount, payments=found.payments + 1)
        elif part.kind in {"refund", "chargeback"}:
            found = found._replace(back=found.back - amount, backs=found.backs + 1)
        elif part.kind == "fee":
            fees -= amount
        else:
            found = found._replace(other=found.other + amount)
        found = found._replace(fees=fees)
    return found


def provider_label(code: str) -> str:
    """How people call a provider."""
    return PROVIDERS[code][0] if code in PROVIDERS else code.capitalize()
