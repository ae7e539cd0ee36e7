"""Bills that customers pay by card, and the sums in which a payment provider pays them out."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from amiable.core.money import major
from amiable.core.workdays import next_workday
from amiable.interfaces.cli.demo import keys

if TYPE_CHECKING:
    from amiable.interfaces.cli.demo.accountant import Truth
    from amiable.interfaces.cli.demo.story import Books, Payment

ACTOR = "Marc Ferrand"
KIND = "card"
# Of what consumers pay by themselves; the provider pays out once a week, days later.
SHARE, PAID_OUT_AFTER, WEEKDAY = 0.9, timedelta(days=2), 1
FEE_PERMILLE, FEE_MINOR = 15, 25
HEADER = (
    "automatic_payout_id", "automatic_payout_effective_at", "balance_transaction_id", "created",
    "currency", "gross", "fee", "net", "reporting_category", "source_id", "description",
    "customer_name", "payment_intent_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payout:
    """A sum that the provider transfers on a day, and the payments it is made of."""

    name: str
    on: date
    payments: tuple[Payment, ...]

    @property
    def net_minor(self) -> int:
        return sum(each.amount_minor - fee(each) for each in self.payments)


def fee(payment: Payment) -> int:
    """What the provider keeps of a payment, in cents."""
    return payment.amount_minor * FEE_PERMILLE // 1000 + FEE_MINOR


def pay_by_card(story: Books) -> None:
    """Have some consumers pay by card during the run: the money comes with the next payout."""
    story.payments = [_by_card(story, payment) for payment in story.payments]
    days: dict[date, list[Payment]] = defaultdict(list)
    for payment in story.payments:
        if payment.kind == KIND:
            days[payment.on].append(payment)
    story.payouts = [
        Payout(f"po_1Calorenn{on:%y%m%d}", on, tuple(sorted(found, key=lambda p: p.parts)))
        for on, found in sorted(days.items())
    ]


def report(story: Books, payout: Payout) -> bytes:
    """The provider's report of a payout, as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for payment in payout.payments:
        number = payment.parts[0][0]
        kept = fee(payment)
        writer.writerow(
            (
                payout.name, payout.on, f"txn_{number}", payment.on - PAID_OUT_AFTER, "eur",
                major(payment.amount_minor), major(kept), major(payment.amount_minor - kept),
                "charge", f"ch_{number}", f"Facture {number}", story.clients[payment.code].name,
                f"pi_{number}",
            )
        )  # fmt: skip
    return text.getvalue().encode()


def enter(organization_id: int, truth: Truth, *, on: date, only: set[str] | None) -> None:
    """Enter the payments of payouts for whom they are of; `only` = codes of customers whose
    payments press, the others wait for the visitor."""
    from amiable.apps.banking import payout_pages
    from amiable.apps.banking.payout_parts import payout_part_settle
    from amiable.apps.customers.queries import ids_by_code

    views, _ = payout_pages.payouts_page(organization_id, on=on, limit=1000)
    for view in views:
        if not view.unknown:
            continue
        parts, _ = payout_pages.parts_page(organization_id, view.id, on=on, limit=1000)
        for part in parts:
            code = truth.cards.get(part.reference, "")
            if part.customer_id is None and (only is None or code in only):
                customer_id = ids_by_code(organization_id, [code])[code]
                payout_part_settle(
                    organization_id, part.id, customer_id=customer_id, on=on, actor=ACTOR
                )


def _by_card(story: Books, payment: Payment) -> Payment:
    client = story.clients[payment.code]
    alone = payment.kind == "transfer" and len(payment.parts) == 1
    if client.kind != "consumer" or not alone or payment.on < story.run_begins:
        return payment
    rng = keys.stream(story.seed, "card", payment.code, payment.parts)
    paid_out_on = _paid_out_on(payment.on)
    if rng.random() > SHARE or paid_out_on > story.ends:
        return payment
    return replace(payment, kind=KIND, on=paid_out_on)


def _paid_out_on(day: date) -> date:
    soonest = day + PAID_OUT_AFTER
    return next_workday(soonest + timedelta(days=(WEEKDAY - soonest.weekday()) % 7))
