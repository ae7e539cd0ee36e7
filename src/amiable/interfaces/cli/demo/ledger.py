"""The fictional books: what was invoiced to whom, numbered and dated, and how it is paid."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.core.workdays import next_workday
from amiable.interfaces.cli.demo import keys, online, words
from amiable.interfaces.cli.demo.agreements import STOPS_BEFORE, agree
from amiable.interfaces.cli.demo.habits import payments_of
from amiable.interfaces.cli.demo.people import Client, clients
from amiable.interfaces.cli.demo.profiles import DEBITED
from amiable.interfaces.cli.demo.story import HORIZON_DAYS, PAST_DAYS, Bill, Books

MOST_UNPAID = 5  # a supplier stops delivering to who never pays

# Relative activity by month: heating sells before and in winter.
SEASON = (1.1, 1.0, 1.0, 0.9, 0.9, 0.9, 0.8, 0.7, 1.1, 1.2, 1.2, 1.1)


def books(seed: int, anchor: date, *, customers: int, invoices: int) -> Books:
    """The story of a seed and an anchor date: `invoices` bills up to the anchor, more after it."""
    people = clients(seed, customers)
    story = Books(seed, anchor, {client.code: client for client in people})
    drafts = _drafts(story, people, invoices)
    by_client: dict[str, list[Bill]] = defaultdict(list)
    for bill in _numbered(drafts):
        by_client[bill.code].append(bill)
    credit_notes: list[Bill] = []
    for client in people:
        rng = keys.stream(seed, "pays", client.code)
        notes, payments, contests = payments_of(
            rng, story, client=client, bills=by_client[client.code]
        )
        if client.part in DEBITED:  # nothing is transferred any more once it may be collected
            payments = [payment for payment in payments if payment.on < story.mandated_on]
        credit_notes += notes
        story.payments += payments
        story.contests += contests
        agree(story, client, bills=by_client[client.code])
    bills = [bill for group in by_client.values() for bill in group]
    story.bills = sorted(bills + credit_notes, key=lambda bill: (bill.issued, bill.number))
    online.pay_by_card(story)
    story.payments.sort(key=lambda payment: (payment.on, payment.code, payment.amount_minor))
    return story


@dataclass(slots=True)
class _Draft:
    issued: date
    client: Client
    rng: random.Random


def _drafts(story: Books, people: list[Client], invoices: int) -> list[_Draft]:
    """Exactly `invoices` issue dates up to the anchor, and as many a day after it."""
    fixed = [draft for client in people for draft in _contract_dates(story, client)]
    for client in people:
        if client.part == "asked":
            rng = keys.stream(story.seed, "asked", client.code)
            fixed.append(_Draft(story.asked_on, client, rng))
    before = [draft for draft in fixed if draft.issued <= story.anchor]
    free = max(0, invoices - len(before))
    later = [draft for draft in fixed if draft.issued > story.anchor]
    rng = keys.stream(story.seed, "dates")
    others = [client for client in people if not client.contract_minor]
    drafts = before[:invoices] + later
    drafts += _free_dates(story, others, rng, free)
    after = free * HORIZON_DAYS // PAST_DAYS
    payers = [client for client in others if client.habit != "never"]
    for client in rng.choices(payers, [client.weight for client in payers], k=after):
        day = story.anchor + timedelta(days=rng.randint(1, HORIZON_DAYS))
        drafts.append(_Draft(next_workday(day), client, rng))
    return drafts


def _contract_dates(story: Books, client: Client) -> list[_Draft]:
    """A contract is invoiced on the first working day of every month."""
    if not client.contract_minor:
        return []
    rng = keys.stream(story.seed, "contract", client.code)
    dates = []
    day = story.begins.replace(day=1)
    last = story.ends
    if client.habit == "never":
        last = story.run_begins - STOPS_BEFORE
    while day <= last:
        issued = next_workday(day)
        if issued >= story.begins:
            dates.append(_Draft(issued, client, rng))
        day = (day + timedelta(days=32)).replace(day=1)
    return dates


def _free_dates(story: Books, people: list[Client], rng: random.Random, count: int) -> list[_Draft]:
    """Every payer at least once, then by weight; MOST_UNPAID to who never pays."""
    payers = [client for client in people if client.habit != "never"]
    chosen = payers + [c for c in people if c.habit == "never" for _ in range(MOST_UNPAID)]
    weights = [client.weight for client in payers]
    chosen += rng.choices(payers, weights, k=max(0, count - len(chosen)))
    return [_Draft(_issue_date(story, rng), client, rng) for client in chosen[:count]]


def _issue_date(story: Books, rng: random.Random) -> date:
    while True:
        day = next_workday(story.begins + timedelta(days=rng.randint(0, PAST_DAYS - 4)))
        if rng.random() * 1.3 <= SEASON[day.month - 1]:
            return day


def _numbered(drafts: list[_Draft]) -> list[Bill]:
    """Bills with continuous numbers by year, in order of issue."""
    counters: dict[int, int] = defaultdict(int)
    bills = []
    for draft in sorted(drafts, key=lambda d: (d.issued, d.client.code)):
        year = draft.issued.year
        counters[year] += 1
        label, total = _price(draft)
        order = f"CDE{draft.rng.randint(10_000, 99_999)}" if draft.rng.random() < 0.4 else ""
        bills.append(
            Bill(
                number=f"FA{year}-{counters[year]:05d}",
                kind="invoice",
                code=draft.client.code,
                issued=draft.issued,
                due=due_date(draft.client, draft.issued),
                total_minor=total,
                label=label,
                order_reference=order,
            )
        )
    return bills


def _price(draft: _Draft) -> tuple[str, int]:
    client, rng = draft.client, draft.rng
    if client.contract_minor:
        month = f"{draft.issued:%m/%Y}"
        return f"Contrat de maintenance {month}", client.contract_minor * 120 // 100
    label, usual = rng.choice(words.WORKS[client.kind])
    net = int(usual * rng.lognormvariate(0, 0.45))
    if rng.random() < 0.3:
        net = net // 1000 * 1000 or 5_000  # price lists end in round euros
    # VAT: 10 % for works in homes (CGI 279-0 bis), 20 % otherwise.
    rate = 110 if client.kind == "consumer" else 120
    return label, net * rate // 100


def due_date(client: Client, issued: date) -> date:
    """Issue date + days, then the end of that month when the term says so."""
    day = issued + timedelta(days=client.term_days)
    if client.end_of_month:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return day
