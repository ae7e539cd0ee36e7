"""How each kind of customer pays its bills: dates, groupings, shortfalls, returns, disputes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from amiable.core.workdays import add_workdays, next_workday
from amiable.interfaces.cli.demo.people import Client, pick
from amiable.interfaces.cli.demo.story import Bill, Books, Contest, Payment

# Days after the due date: (lowest, usual, highest) of a triangular distribution.
DELAYS = {
    "punctual": (-5, 0, 4),
    "slightly_late": (2, 9, 24),
    "late": (12, 26, 60),
    "chronic": (35, 55, 100),
    "never": (15, 30, 60),
    "partial": (0, 8, 25),
    "fee": (-2, 2, 12),
    "debit": (0, 0, 0),
    "statement": (0, 0, 0),
}

# How much of a disputed bill is disputed; None = all of it.
DISPUTED_PERCENT = (None, None, None, 25, 40, 60)
# Why a debit comes back, ISO 20022: mostly for want of funds.
RETURN_REASONS = (("AM04", 7), ("MD06", 2), ("AC04", 1), ("MS02", 1))

REASONS = ("quality", "price", "delivery", "quantity", "duplicate", "missing_document")


def payments_of(
    rng: random.Random, story: Books, *, client: Client, bills: Sequence[Bill]
) -> tuple[list[Bill], list[Payment], list[Contest]]:
    """Credit notes, payments and disputes of one customer over the whole story."""
    notes: list[Bill] = []
    contests: list[Contest] = []
    planned: list[tuple[date, Bill]] = []
    for bill in bills:
        if client.habit == "never" and bill.issued > story.anchor - timedelta(days=260):
            continue
        paid_on = _pay_date(rng, client, bill)
        if client.part == "asked" and bill.issued == story.asked_on:
            paid_on = add_workdays(story.ends, -1)
        contest = _contest(rng, story, client, bill)
        if contest:
            contests.append(contest)
            paid_on = next_workday(contest.closed_on + timedelta(days=rng.randint(4, 12)))
        planned.append((paid_on, bill))
        note = _credit_note(rng, client, bill, paid_on)
        if note:
            notes.append(note)
    payments = _settle(rng, client, planned, notes)
    return notes, _told_whole(payments, story.bank_begins), contests


def _pay_date(rng: random.Random, client: Client, bill: Bill) -> date:
    if client.habit == "statement":
        # One transfer on the 10th for all that fell due in the month before.
        day = (bill.due.replace(day=1) + timedelta(days=32)).replace(day=10)
        return next_workday(day)
    low, usual, high = DELAYS[client.habit]
    return next_workday(bill.due + timedelta(days=round(rng.triangular(low, high, usual))))


def _contest(rng: random.Random, story: Books, client: Client, bill: Bill) -> Contest | None:
    """About one bill in fourteen that falls due during the days of the demo is disputed; who
    disputes everything does so in part and as a whole in turn."""
    opened_on = add_workdays(bill.due, rng.randint(4, 10))
    if client.habit in {"debit", "never", "statement"} or bill.total_minor < 30_000:
        return None
    often = 1 if client.part == "disputes" else 0.07
    if not story.run_begins <= opened_on <= story.ends or rng.random() > often:
        return None
    closed_on = add_workdays(opened_on, rng.randint(7, 22))
    percent = rng.choice(DISPUTED_PERCENT)
    if client.part == "disputes":
        percent = 40 if bill.due.month % 2 else None
    part = None if percent is None else bill.total_minor * percent // 100
    return Contest(bill.number, opened_on, closed_on, rng.choice(REASONS), part)


def _credit_note(rng: random.Random, client: Client, bill: Bill, paid_on: date) -> Bill | None:
    """A credit note on one bill in twenty, when it is paid late enough to know of it."""
    issued = add_workdays(bill.issued, rng.randint(5, 12))
    share = rng.randint(8, 40)
    if client.contract_minor or client.habit in {"debit", "partial", "fee"}:
        return None
    if rng.random() > 0.05 or issued + timedelta(days=4) > paid_on or bill.total_minor < 20_000:
        return None
    return Bill(
        number=f"AV{bill.number[2:]}",
        kind="credit_note",
        code=bill.code,
        issued=issued,
        due=issued,
        total_minor=bill.total_minor * share // 100,
        label=f"Avoir sur {bill.number}",
        order_reference=bill.order_reference,
        corrects=bill.number,
    )


def _settle(
    rng: random.Random, client: Client, planned: list[tuple[date, Bill]], notes: list[Bill]
) -> list[Payment]:
    by_bill = {note.corrects: note for note in notes}
    payments: list[Payment] = []
    for on, group in _groups(rng, client, planned):
        parts = [(bill.number, bill.total_minor) for bill in group]
        used = [by_bill[bill.number] for bill in group if bill.number in by_bill]
        parts += [(note.number, -note.total_minor) for note in used]
        payments += _PAYS.get(client.habit, _pay_whole)(rng, client, on, parts)
    return payments


def _told_whole(payments: list[Payment], bank_begins: date) -> list[Payment]:
    """Leave out returns of debits that no statement tells of: the books alone know those paid."""
    told = []
    for at, payment in enumerate(payments):
        before = payments[at - 1] if payment.kind == "debit_return" else None
        if before and before.on < bank_begins <= payment.on:
            payments[at + 1 : at + 2] = []  # nor is the debt paid a second time
            continue
        told.append(payment)
    return told


def _groups(
    rng: random.Random, client: Client, planned: list[tuple[date, Bill]]
) -> list[tuple[date, list[Bill]]]:
    """Bills that a customer pays together: all of a day, and often those a few days apart."""
    groups: list[tuple[date, list[Bill]]] = []
    if client.habit == "debit":
        return [(on, [bill]) for on, bill in planned]
    for on, bill in sorted(planned, key=lambda pair: (pair[0], pair[1].number)):
        last = groups[-1] if groups else None
        near = last and (on - last[0]).days <= (0 if client.habit == "partial" else 6)
        if last and near and (on == last[0] or rng.random() < 0.6):
            groups[-1] = (on, [*last[1], bill])
        else:
            groups.append((on, [bill]))
    return groups


Parts = list[tuple[str, int]]


def _pay_whole(rng: random.Random, client: Client, on: date, parts: Parts) -> list[Payment]:
    amount = sum(cents for _, cents in parts)
    kind = "third_party" if client.third_party and rng.random() < 0.7 else "transfer"
    if client.kind == "consumer" and rng.random() < 0.25:
        kind = "cheque"
    paid = Payment(on, client.code, amount, kind, tuple(parts))
    if kind != "cheque" and rng.random() < 0.012:
        again = add_workdays(on, rng.randint(2, 6))
        numbers = tuple(number for number, _ in parts)
        return [paid, Payment(again, client.code, amount, "double", (), numbers)]
    return [paid]


def _pay_in_parts(rng: random.Random, client: Client, on: date, parts: Parts) -> list[Payment]:
    if len(parts) > 1 or rng.random() < 0.35:
        return _pay_whole(rng, client, on, parts)
    number, total = parts[0]
    first = total * rng.choice((30, 40, 50, 50, 60)) // 100 // 100 * 100 or total
    rest_on = add_workdays(on, rng.randint(15, 35))
    payments = [Payment(on, client.code, first, "partial", ((number, first),))]
    if first < total:
        rest = total - first
        payments.append(Payment(rest_on, client.code, rest, "partial", ((number, rest),)))
    return payments


def _pay_less_fee(rng: random.Random, client: Client, on: date, parts: Parts) -> list[Payment]:
    """The payer's bank takes its fee out of the transfer; a few euros stay open."""
    number, cents = parts[0]
    short = [(number, cents - rng.choice((800, 1150, 1500, 1860))), *parts[1:]]
    return _pay_whole(rng, client, on, short)


def _pay_by_debit(rng: random.Random, client: Client, on: date, parts: Parts) -> list[Payment]:
    amount = sum(cents for _, cents in parts)
    payments = [Payment(on, client.code, amount, "debit", tuple(parts))]
    if rng.random() < (0.6 if client.part == "returned" else 0.07):
        back = tuple((number, -cents) for number, cents in parts)
        returned = add_workdays(on, rng.randint(2, 4))
        reason = pick(rng, RETURN_REASONS)
        payments.append(
            Payment(returned, client.code, -amount, "debit_return", back, reason=reason)
        )
        later = add_workdays(returned, rng.randint(12, 30))
        payments.append(Payment(later, client.code, amount, "transfer", tuple(parts)))
    return payments


_PAYS = {"partial": _pay_in_parts, "fee": _pay_less_fee, "debit": _pay_by_debit}
