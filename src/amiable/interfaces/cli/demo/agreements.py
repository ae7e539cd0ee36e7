"""Payment plans and insolvencies of the story: who, over what, and what is paid of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from amiable.core.schedules import schedule
from amiable.core.workdays import next_workday, zone_of
from amiable.interfaces.cli.demo.people import Client
from amiable.interfaces.cli.demo.story import Agreement, Bill, Books, Payment

# No more deliveries to who never pays, well before anything is agreed.
STOPS_BEFORE = timedelta(days=20)
# Days of the run on which a plan is agreed, its first part falls due, a proceeding opens.
AGREED, FIRST, INSOLVENT = timedelta(days=9), timedelta(days=21), timedelta(days=33)
# Parts agreed, and parts that are paid.
PARTS = {"plan": (4, 4), "plan_late": (3, 1)}


def agree(story: Books, client: Client, *, bills: Sequence[Bill]) -> None:
    """Add what this customer's part brings: its plan with the payments of it, its insolvency."""
    owed = _owed(story, client, bills)
    if client.part == "insolvent":
        story.insolvencies[client.code] = next_workday(story.run_begins + INSOLVENT)
    if client.part not in PARTS or not owed:
        return
    count, paid = PARTS[client.part]
    agreed_on = next_workday(story.run_begins + AGREED)
    first_on = next_workday(story.run_begins + FIRST)
    total = sum(bill.total_minor for bill in owed)
    story.agreements.append(Agreement(client.code, agreed_on, first_on, count, total))
    zone = zone_of(client.postcode)
    parts = schedule(total, count, first_on=first_on, every="month", zone=zone)
    left = {bill.number: bill.total_minor for bill in owed}
    for part in parts[:paid]:
        story.payments.append(_payment(client, part.due_on, part.amount_minor, left))


def _owed(story: Books, client: Client, bills: Sequence[Bill]) -> list[Bill]:
    """What it never paid, oldest first."""
    if client.part not in {*PARTS, "insolvent"}:
        return []
    paid = {number for p in story.payments if p.code == client.code for number, _ in p.parts}
    owed = [bill for bill in bills if bill.number not in paid]
    return sorted(owed, key=lambda bill: (bill.due, bill.number))


def _payment(client: Client, on: date, amount_minor: int, left: dict[str, int]) -> Payment:
    """One part of the plan, on the oldest bills; takes what it pays from `left`."""
    parts = []
    rest = amount_minor
    for number, cents in left.items():
        taken = min(cents, rest)
        if taken:
            parts.append((number, taken))
            left[number] -= taken
            rest -= taken
    return Payment(on, client.code, amount_minor, "partial", tuple(parts))
