"""The accountant of the demo: decides the bank lines that matching left to a person, rightly.

The story knows what each line is; `Truth` gives it by the bank's reference.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from amiable.core.workdays import add_workdays, next_workday
from amiable.interfaces.cli.demo import bank, doors
from amiable.interfaces.cli.demo.story import Books

if TYPE_CHECKING:
    from amiable.apps.banking.queries import LineView, MatchView

ACTOR = "Marc Ferrand"
WAITING = ("new", "proposed", "left")
# Days of the run on which money paid twice is noted as to be given back, and on which the first of
# it is ordered at the bank, in a file.
NOTED, ORDERED = timedelta(days=62), timedelta(days=66)
MOST_REFUNDS, REFUNDED = 3, {"double", "overpayment", "unallocated"}
ASIDE = {"card": "Encaissement du comptoir", "transfer": "Remboursement, hors clients"}


class Truth:
    """What every bank line really is, by its bank reference; who paid by card, by its payment.

    What is collected by direct debit is no part of it: nobody knows its references beforehand.
    """

    def __init__(self, story: Books) -> None:
        self.lines = {line.reference: line for line in bank.lines(story)}
        self.names = {client.code: client.name for client in story.clients.values()}
        self.cards = {
            f"pi_{payment.parts[0][0]}": payment.code
            for payout in story.payouts
            for payment in payout.payments
        }

    def agrees(self, match: MatchView, line: bank.Line) -> bool:
        """Whether a proposal says so: this customer, these invoices, this money, or a return."""
        if match.customer != self.names.get(line.code):
            return False
        if match.is_return or line.amount_minor < 0:
            return match.is_return and line.amount_minor < 0
        paid = [p for p in match.parts if not p.by_credit and not p.reason]
        own = {p.number: p.amount.amount_minor for p in paid}
        credit = sorted((p.number, p.amount.amount_minor) for p in match.parts if p.by_credit)
        netted = sorted((number, cents) for _, number, cents in line.netted)
        return bool(own) and own == dict(line.parts) and credit == netted


def decide(
    organization_id: int, truth: Truth, *, on: date, only: Collection[str] | None = None
) -> None:
    """Confirm the right proposals, assign the rest, set aside what concerns no customer.

    `only` = codes of customers whose lines press; the others' lines wait for the visitor.
    """
    from amiable.apps.banking import queries, services

    for view in reversed(queries.lines(organization_id, states=WAITING, limit=1000)):
        line = truth.lines.get(view.bank_reference)
        if line is None or (only is not None and line.code not in only):
            continue
        right = next((match for match in view.matches if truth.agrees(match, line)), None)
        if not line.code:
            reason = ASIDE.get(line.nature, "")
            services.line_ignore(organization_id, view.id, on=on, actor=ACTOR, reason=reason)
        elif right and _confirm(organization_id, right, on=on):
            continue
        elif line.amount_minor > 0:
            _assign(organization_id, view, line, on=on)


def refund(organization_id: int, story: Books, *, since: date, day: date) -> None:
    """Note some refunds, and order all but the newest; repeatable."""
    from amiable.apps.banking import refund_orders

    if since < next_workday(story.run_begins + NOTED) <= day:
        _note_refunds(organization_id, story, on=day)
    if since < next_workday(story.run_begins + ORDERED) <= day:
        found = [row.id for row in refund_orders.refunds_to_make(organization_id)]
        wish = refund_orders.OrderWish(add_workdays(day, 1), words="Trop-perçu")
        now = doors.local(datetime.combine(day, time(16)))
        if found[:-1]:
            refund_orders.refunds_order(
                organization_id, found[:-1], wish, on=day, now=now, actor=ACTOR
            )


def _note_refunds(organization_id: int, story: Books, *, on: date) -> None:
    from amiable.apps.banking.settling import money_decide
    from amiable.apps.banking.unsettled import unsettled
    from amiable.apps.payments.decisions import Wish
    from amiable.apps.payments.refunds import refund_request

    rows = [row for row in unsettled(organization_id, on=on) if row.kind in REFUNDED]
    for row in [row for row in rows if row.credit_id][:MOST_REFUNDS]:
        wish = Wish(row.credit_id or 0, row.serial)
        money_decide(
            organization_id, refund_request, wish, customers={row.customer_id}, on=on,
            actor=ACTOR, amount_minor=row.amount.amount_minor,
            iban=story.clients[row.code].iban, name=row.customer,
        )  # fmt: skip


def _confirm(organization_id: int, match: MatchView, *, on: date) -> bool:
    """Confirm a proposal; False when its invoice was paid by another line meanwhile."""
    from amiable.apps.banking import services
    from amiable.apps.receivables.allocations import AllocationError

    try:
        services.match_confirm(organization_id, match.id, on=on, actor=ACTOR)
    except AllocationError:
        return False
    return True


def _assign(organization_id: int, view: LineView, line: bank.Line, *, on: date) -> None:
    """Post the line to its customer, on the invoices it pays as far as they are still open."""
    from amiable.apps.banking import services
    from amiable.apps.banking.opening import open_credits
    from amiable.apps.customers.queries import ids_by_code
    from amiable.apps.receivables.queries import open_items

    customer_id = ids_by_code(organization_id, [line.code])[line.code]
    items = {item.number: item for item in open_items(organization_id, [customer_id])}
    credit = {c.number: c.entry_id for c in open_credits(organization_id, customer_id)}
    parts = [
        (items[number].id, min(cents, items[number].open_minor))
        for number, cents in line.parts
        if number in items
    ]
    netted = [
        (credit[note], items[number].id, cents)
        for note, number, cents in line.netted
        if note in credit and number in items
    ]
    services.line_assign(
        organization_id,
        view.id,
        customer_id,
        allocations=parts,
        on=on,
        actor=ACTOR,
        credit_uses=netted,
    )
