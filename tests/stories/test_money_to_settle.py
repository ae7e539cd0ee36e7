"""Nobody is chased for what was paid: money without an invoice stops reminders until a person has
decided, and every decision, undone, brings back what was before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.banking.settling import money_decide
from amiable.apps.cases.models import Case
from amiable.apps.messaging.models import Message
from amiable.apps.payments.decisions import (
    Wish,
    credit_allocate,
    credit_decision_undo,
    credit_keep,
    credit_transfer,
)
from amiable.apps.payments.refunds import refund_request
from amiable.core.scenario import Scenario, Step
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 7, 31)
SCENARIO = Scenario(
    "story", 1, "Story",
    tuple(Step(f"email{n}", 10 * n, "email", "friendly", "reminder_1") for n in range(1, 9)),
)  # fmt: skip


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


@pytest.fixture
def place() -> Office:
    return Office(SCENARIO)


def sent(place: Office, first: int, last: int) -> int:
    """How many reminders left in these days."""
    before = len(place.handed)
    place.live(day(first), day(last))
    return len(place.handed) - before


def written_to(place: Office, first: int, last: int) -> list[Case]:
    """The cases written to in these days."""
    before = len(place.handed)
    place.live(day(first), day(last))
    found = Message.objects.filter(id__in=[h.message_id for h in place.handed[before:]])
    return [message.case for message in found.select_related("case")]


def decide(place: Office, act, *what, on: int, customers, **how):
    who = {"on": day(on), "actor": CLAIRE, "customers": customers}
    return money_decide(place.id, act, *what, **who, **how)


def test_money_nobody_has_looked_at_stops_reminders_until_it_is_allocated(place):
    customer = place.customer()
    item = place.invoice(customer, due=DUE, euros=1_000)
    payment = place.pay(customer, 400, on=day(5))
    assert sent(place, 1, 45) == 0
    parts = [(item, 40_000)]
    used = decide(
        place, credit_allocate, Wish(payment.entry_id, 0), parts, on=46, customers={customer.id}
    )
    assert sent(place, 46, 60) > 0
    decide(place, credit_decision_undo, used.pk, on=61, customers={customer.id})
    assert sent(place, 61, 80) == 0


def test_kept_money_lets_reminders_go_on_and_its_undo_stops_them(place):
    customer = place.customer()
    place.invoice(customer, due=DUE, euros=1_000)
    payment = place.pay(customer, 400, on=day(5))
    kept = decide(place, credit_keep, Wish(payment.entry_id, 0), on=20, customers={customer.id})
    assert sent(place, 20, 45) > 0
    decide(place, credit_decision_undo, kept.pk, on=46, customers={customer.id})
    assert sent(place, 46, 80) == 0


def test_money_moved_to_who_owed_it_frees_one_and_stops_the_other(place):
    payer, debtor = place.customer("C1"), place.customer("C2")
    place.invoice(payer, due=DUE, euros=1_000)
    place.invoice(debtor, due=DUE, euros=400)
    payment = place.pay(payer, 400, on=day(5))
    both = {payer.id, debtor.id}
    moved = decide(
        place, credit_transfer, Wish(payment.entry_id, 0), to_customer_id=debtor.id,
        amount_minor=40_000, on=6, customers=both,
    )  # fmt: skip
    assert {case.customer_id for case in written_to(place, 6, 40)} == {payer.id}
    decide(place, credit_decision_undo, moved.pk, on=41, customers=both)
    assert {case.customer_id for case in written_to(place, 41, 80)} == {debtor.id}


def test_money_to_give_back_no_longer_covers_what_is_owed(place):
    customer = place.customer()
    place.invoice(customer, due=DUE, euros=300)
    payment = place.pay(customer, 400, on=day(5))
    assert sent(place, 1, 20) == 0
    noted = decide(
        place, refund_request, Wish(payment.entry_id, 0), amount_minor=40_000,
        iban="FR7630006000011234567890189", name="Duval", on=21, customers={customer.id},
    )  # fmt: skip
    assert sent(place, 21, 40) > 0
    decide(place, credit_decision_undo, noted.pk, on=41, customers={customer.id})
    assert sent(place, 41, 80) == 0
