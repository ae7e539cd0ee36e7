"""What comes back after a message left: the fallback takes over once, and a notice counts from the
day it was presented."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from amiable.apps.cases.services import cases_wake
from amiable.apps.customers.models import ContactPoint
from amiable.apps.customers.services import customers_upsert
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.queries import case_preview
from amiable.apps.messaging.delivery.events import events_record
from amiable.apps.messaging.models import Message
from amiable.core.delivery import ReportedEvent
from amiable.core.records import CustomerRow
from amiable.core.scenario import Scenario, Step
from tests.stories.portfolio.office import PARIS, Office

pytestmark = pytest.mark.django_db

DUE = date(2026, 3, 2)  # a Monday


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


def at(offset: int, hour: int = 15) -> datetime:
    return datetime.combine(day(offset), time(hour), tzinfo=PARIS)


def mails(*offsets: int, **policies) -> Scenario:
    steps = tuple(
        Step(f"d{n}", n, "email", "friendly", "reminder_1", fallback=("letter",)) for n in offsets
    )
    return Scenario("story", 1, "Story", steps, **policies)


def told(office: Office, kind: str, on: int, *, hour: int = 15, message: Message | None = None):
    """A channel reports on the last message, by its provider id or key."""
    message = message or office.last_message()
    key = f"{message.organization_id}:{message.key}:{message.id}"
    event = ReportedEvent(kind, f"{kind}-{on}-{hour}", at=at(on, hour), key=key, detail="550 5.1.1")
    return events_record([event], channel="memory", now=at(on, hour))


def days_of(done) -> list[tuple[int, str, str]]:
    return [((on - DUE).days, step, medium) for on, step, medium in done]


def test_a_letter_takes_over_from_an_email_that_came_back_once_and_on_the_same_step():
    office = Office(mails(1, 8))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    assert days_of(office.live(day(1), day(1))) == [(1, "d1", "email")]
    assert told(office, "bounced", 1).recorded == 1
    point = ContactPoint.objects.get(customer=customer)
    assert point.invalid_since is not None
    assert point.invalid_reason == "550 5.1.1"
    assert days_of(office.live(day(2), day(7))) == [(2, "d1", "letter")]
    assert days_of(office.live(day(8), day(20))) == [(8, "d8", "letter")]
    assert list(Action.objects.order_by("id").values_list("step", "occurrence", "medium")) == [
        ("d1", 1, "email"), ("d1", 2, "letter"), ("d8", 1, "letter"),
    ]  # fmt: skip


def test_the_letter_leaves_on_the_day_the_email_came_back_when_the_office_still_sends():
    office = Office(mails(1, 8, min_gap_days=5))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    told(office, "bounced", 1, hour=11)
    # The email reached nobody: the letter is the only contact of the day.
    assert days_of(office.live(day(1), day(1), hour=16)) == [(1, "d1", "letter")]


def test_nobody_is_contacted_twice_on_a_day_when_the_email_arrived():
    office = Office(mails(1, 2))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    told(office, "delivered", 1, hour=11)
    assert office.live(day(1), day(1), hour=16) == []
    assert ContactPoint.objects.get(customer=customer).invalid_since is None


def test_a_bounce_told_five_times_and_late_brings_one_letter():
    office = Office(mails(1, 30))
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    email = office.last_message()
    told(office, "bounced", 2, message=email)
    done = office.live(day(3), day(5))
    for _ in range(5):
        assert told(office, "bounced", 2, message=email).recorded == 0
    assert told(office, "delivered", 1, message=email).recorded == 1
    assert days_of(done + office.live(day(6), day(20))) == [(3, "d1", "letter")]


def test_another_address_of_the_customer_is_written_to_before_a_letter():
    office = Office(mails(1))
    customer = office.customer()
    ContactPoint.objects.create(
        organization=office.organization, customer=customer, kind="email", position=1,
        value="second@client.example",
    )  # fmt: skip
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    told(office, "bounced", 1)
    assert days_of(office.live(day(2), day(9))) == [(2, "d1", "email")]
    assert office.last_message().recipient == "second@client.example"


def test_without_any_other_way_the_case_says_that_an_address_is_needed():
    office = Office(Scenario("story", 1, "Story", (
        Step("d1", 1, "email", "friendly", "reminder_1"),
    )))  # fmt: skip
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    told(office, "bounced", 1)
    assert office.live(day(2), day(4)) == []
    assert office.why_not(customer, day(4)) == ["stop.bounced"]
    ContactPoint.objects.filter(customer=customer).update(value="new@client.example",
                                                          invalid_since=None)  # fmt: skip
    cases_wake(office.id, [customer.id], on=day(5))
    assert days_of(office.live(day(5), day(9))) == [(7, "d1", "email")]


def notices() -> Scenario:
    return Scenario("story", 1, "Story", (
        Step("firm", 1, "email", "firm", "reminder_firm"),
        Step("notice", 10, "registered_letter", "formal", "formal_notice", approval="manual"),
        Step("file", 15, "task", "litigation", task="hand_over", anchor="formal_notice_received"),
    ))  # fmt: skip


@pytest.mark.parametrize("end", ["accepted", "refused", "unclaimed"])
def test_a_notice_counts_from_its_presentation_whatever_the_addressee_does_with_it(end):
    office = Office(notices())
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(10))
    assert office.last_message().medium == "registered_letter"
    assert office.why_not(customer, day(12)) == ["plan.awaits_receipt"]
    # What happened later is told first.
    told(office, end, 29)
    told(office, "presented", 14)
    (item,) = case_preview(office.id, office.case(customer), on=day(14)).facts.items
    assert item.events["formal_notice_received"] == day(14)
    assert days_of(office.live(day(11), day(40))) == [(29, "file", "task")]


def test_a_notice_that_came_back_from_a_wrong_address_is_none():
    office = Office(notices())
    customer = office.customer()
    office.invoice(customer, due=DUE)
    office.live(day(1), day(10))
    told(office, "returned", 16)
    customer.refresh_from_db()
    assert (customer.address_invalid_since, customer.address_invalid_reason) == (
        day(16), "550 5.1.1",
    )  # fmt: skip
    assert office.live(day(17), day(60)) == []
    assert office.why_not(customer, day(60)) == ["stop.returned"]
    # A file states another address: the notice is approved and sent again, once.
    row = CustomerRow(1, customer.code, customer.name, address_lines=("2 rue Neuve",))
    customers_upsert(office.id, customer.creditor_id, [row], on=day(61))
    cases_wake(office.id, [customer.id], on=day(61))
    assert days_of(office.live(day(61), day(90))) == [(63, "notice", "registered_letter")]
