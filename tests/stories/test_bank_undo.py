"""A bank line matched and undone: the debt, the reminders and the memory are as they were before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    line_assign,
    lines_match,
    match_undo,
    statement_import,
)
from amiable.apps.cases.services import promise_record
from amiable.apps.customers.models import CustomerIban
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import PaymentError
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.records import InvoiceKind, StatementEntry, StatementRecord
from amiable.core.scenario import Scenario, Step
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday
IBAN = "FR7630006000011234567890189"
OURS = "FR1420041010050500013M02606"
MAILS = Scenario("story", 1, "Story", tuple(
    Step(f"d{n}", n, "email", "friendly", "reminder_1") for n in (1, 4, 20)))  # fmt: skip


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def bank(office: Office, *entries: StatementEntry, on: date) -> dict[str, int]:
    """A statement of the day comes in and is matched."""
    number = str(StatementLine.objects.count())
    record = StatementRecord(OURS, "EUR", None, None, on, on, entries, number)
    statement_import(office.id, [record], source="test.xml", on=on, actor=CLAIRE)
    return lines_match(office.id, on=on)


def credit(euros: int, label: str, on: date, **fields) -> StatementEntry:
    given = {"payer_iban": IBAN, "payer_name": "C001", **fields}
    return StatementEntry(1, on, on, euros * 100, "EUR", label, **given)


def undo(office: Office, *, on: date, last: int = 1) -> None:
    """Undo the `last`-to-last posted match."""
    posted = Match.objects.filter(organization_id=office.id, state="posted").order_by("-id")
    match_undo(office.id, posted[last - 1].id, on=on, actor=CLAIRE)


def open_euros(office: Office, item: int) -> int:
    return installment_balances(office.id, [item])[item] // 100


def state(office: Office) -> dict[str, object]:
    """All that undoing must bring back, as people and the planner see it."""
    pending = office.actions(state__in=Action.PENDING)
    items = ActionItem.objects.filter(action__in=pending)
    debts = Entry.objects.exclude(installment=None).values_list("installment", flat=True)
    return {
        "actions": sorted(pending.values_list("case_id", "step", "due_on", "state", "approval")),
        "items": sorted(items.values_list("installment_id", "step", "open_minor", "event_on")),
        "balances": installment_balances(office.id, set(debts)),
        "credits": {k: v for k, v in unallocated_credits(
            office.id, [c.id for c in office.customers()]).items() if v},
        "ibans": sorted(CustomerIban.objects.values_list("customer_id", "iban")),
        "why": {c.code: office.why_not(c, office.now.date()) for c in office.customers()},
    }  # fmt: skip


@pytest.fixture
def office() -> Office:
    return Office(MAILS)


def test_undo_brings_back_the_reminder_that_the_payment_had_stopped(office):
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.plan(day(1))
    office.now = datetime.combine(day(1), office.now.timetz())
    before = state(office)
    assert before["actions"]
    assert bank(office, credit(1200, "F-C001", day(1)), on=day(1))["posted"] == 1
    office.plan(day(1))
    assert not state(office)["actions"]
    undo(office, on=day(1))
    office.plan(day(1))
    assert state(office) == before
    assert [step for _, step, _ in office.live(day(1), day(4))] == ["d1", "d4"]


def test_a_reminder_already_sent_is_not_sent_again_after_the_undo(office):
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert [step for _, step, _ in office.live(DUE, day(2))] == ["d1"]
    bank(office, credit(1200, "F-C001", day(2)), on=day(2))
    assert office.live(day(3), day(5)) == []
    undo(office, on=day(6))
    assert [(on, step) for on, step, _ in office.live(day(6), day(25))] == [
        (day(7), "d4"),
        (day(21), "d20"),
    ]


def test_a_promise_kept_by_the_payment_runs_again_after_the_undo(office):
    customer = office.customer()
    office.invoice(customer, due=DUE)
    case = office.case(customer)
    promise_record(office.id, case, amount_minor=120_000, due_on=day(8), on=day(1), actor=CLAIRE)
    office.plan(day(1))
    office.now = datetime.combine(day(1), office.now.timetz())
    before = state(office)
    bank(office, credit(1200, "F-C001", day(1)), on=day(1))
    office.plan(day(1))
    assert state(office) != before
    undo(office, on=day(1))
    office.plan(day(1))
    assert state(office) == before


def test_undo_of_one_part_leaves_the_other_payment_where_it_is(office):
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    bank(office, credit(400, "ACOMPTE F-C001", day(1)), on=day(1))
    bank(office, credit(800, "SOLDE F-C001", day(2)), on=day(2))
    assert open_euros(office, item) == 0
    undo(office, on=day(3), last=2)
    assert open_euros(office, item) == 400
    undo(office, on=day(3))
    assert open_euros(office, item) == 1200
    assert not CustomerIban.objects.exists()


def test_a_match_whose_return_was_undone_can_still_be_undone(office):
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    bank(office, credit(1200, "F-C001", day(1)), on=day(1))
    back = credit(-1200, "REJET F-C001", day(5), is_return=True, return_reason="AM04")
    assert bank(office, back, on=day(5))["returned"] == 1
    assert open_euros(office, item) == 1200
    with pytest.raises(PaymentError):
        undo(office, on=day(6), last=2)
    undo(office, on=day(6))
    assert open_euros(office, item) == 0
    undo(office, on=day(6))
    assert open_euros(office, item) == 1200
    assert queries.unallocated(office.id) == []


def test_a_second_return_after_the_first_was_undone_finds_the_payment(office):
    customer = office.customer()
    item = office.invoice(customer, due=DUE)
    said = {"end_to_end_id": "E-1", "mandate_id": "RUM1"}
    bank(office, credit(1200, "F-C001", day(1), **said), on=day(1))
    bank(office, credit(-1200, "REJET", day(5), is_return=True, **said), on=day(5))
    undo(office, on=day(6))
    again = credit(-1200, "REJET BIS", day(7), is_return=True, **said)
    counts = bank(office, again, on=day(7))
    assert (counts["returned"], open_euros(office, item)) == (1, 1200)


def test_a_credit_note_partly_used_in_the_books_does_not_stop_the_matching(office):
    customer = office.customer()
    office.invoice(customer, due=DUE)
    note: InvoiceKind = "credit_note"
    office.invoice(customer, "AV-1", due=DUE, euros=100, left=40, kind=note)
    other = office.customer("C002")
    office.invoice(other, due=DUE)
    lines = (
        credit(1100, "F-C001 MOINS AVOIR AV-1", day(1)),
        credit(1200, "F-C002", day(1), payer_iban="", payer_name="C002"),
    )
    counts = bank(office, *lines, on=day(1))
    assert counts["lines"] == 2
    assert counts["posted"] == 1


@pytest.mark.django_db(transaction=True)
def test_undo_by_two_people_at_once_happens_once(office):
    item = office.invoice(office.customer(), due=DUE)
    bank(office, credit(1200, "F-C001", day(1)), on=day(1))
    match_id, barrier, said = Match.objects.get().id, Barrier(2), []

    def person(name: str) -> None:
        try:
            barrier.wait(timeout=10)
            match_undo(office.id, match_id, on=day(2), actor=name)
            said.append("done")
        except MatchError as refused:
            said.append(refused.sentence.code)
        finally:
            connection.close()

    people = [Thread(target=person, args=(name,)) for name in ("claire", "marc")]
    for each in people:
        each.start()
    for each in people:
        each.join(timeout=30)
    assert sorted(said) == ["bank.not_posted", "done"]
    assert open_euros(office, item) == 1200
    assert Payment.objects.count() == 1


def test_money_moved_by_hand_after_the_match_comes_back_whole(office):
    customer = office.customer()
    first = office.invoice(customer, due=DUE)
    bank(office, credit(1500, "SANS REFERENCE", day(1)), on=day(1))
    line = StatementLine.objects.get()
    line_assign(
        office.id, line.id, customer.id, allocations=[(first, 120_000)], on=day(1), actor=CLAIRE
    )
    assert queries.unallocated(office.id)[0].amount.amount_minor == 30_000
    undo(office, on=day(2))
    assert (open_euros(office, first), queries.unallocated(office.id)) == (1200, [])
