"""Electronic registered letters (CPCE L100): equal to paper, and for a consumer only with consent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.cases.services import registered_consent_set
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.routes import ELECTRONIC
from amiable.core.delivery import ReportedEvent
from amiable.core.scenario import Scenario, Step
from tests.stories.portfolio.office import CLAIRE, Office

pytestmark = pytest.mark.django_db
DUE = date(2026, 3, 2)


def day(offset: int) -> date:
    return DUE + timedelta(days=offset)


@pytest.fixture
def office(settings):
    settings.CHANNEL_URLS = {**settings.CHANNEL_URLS, ELECTRONIC: "outbox://"}
    steps = (Step("letter", 1, "registered_letter", "firm", "reminder_firm"),)
    found = Office(Scenario("story", 1, "Story", steps))
    found.routes = {**found.routes, ELECTRONIC: found.routes["registered_letter"]}
    return found


def sent(office, **fields) -> Message:
    customer = office.customer(**fields)
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    return office.last_message()


def codes(message) -> list[str]:
    return [note["code"] for note in message.notes]


def test_a_company_gets_the_letter_by_email(office):
    message = sent(office)
    assert (message.medium, message.recipient) == ("registered_letter", "c001@client.example")
    assert office.handed[-1].medium == ELECTRONIC
    assert codes(message) == ["recipient.electronic"]
    assert "1, avenue" not in message.recipient
    assert bytes(message.content).startswith(b"%PDF")


def test_a_consumer_without_consent_gets_it_on_paper_and_the_message_says_why(office):
    message = sent(office, kind="consumer")
    assert "\n" in message.recipient
    assert office.handed[-1].medium == "registered_letter"
    assert "recipient.no_consent" in codes(message)


def test_a_consumer_who_agreed_gets_it_at_that_address(office):
    customer = office.customer(kind="consumer")
    point = ContactPoint.objects.create(
        organization=office.organization, customer=customer, kind="email", position=1,
        value="agreed@client.example",
    )  # fmt: skip
    who = {"on": day(0), "actor": CLAIRE}
    assert registered_consent_set(office.id, point.id, day(0), **who) is None
    office.invoice(customer, due=DUE)
    office.live(day(1), day(1))
    assert office.last_message().recipient == "agreed@client.example"
    assert registered_consent_set(office.id, point.id, None, **who) == day(0)


def test_without_a_provider_of_electronic_letters_all_go_on_paper(office, settings):
    settings.CHANNEL_URLS = {**settings.CHANNEL_URLS, ELECTRONIC: ""}
    message = sent(office)
    assert "\n" in message.recipient
    assert codes(message) == []


def test_an_electronic_letter_that_cannot_be_announced_marks_the_email_address(office):
    from datetime import datetime, time

    from amiable.apps.messaging.delivery.events import events_record
    from tests.stories.portfolio.office import PARIS

    message = sent(office)
    key = f"{message.organization_id}:{message.key}:{message.id}"
    now = datetime.combine(day(2), time(9), tzinfo=PARIS)
    events_record([ReportedEvent("bounced", "b", key=key)], channel="memory", now=now)
    assert ContactPoint.objects.get().invalid_since is not None
    # No mailbox is left: the same step goes again, on paper.
    office.live(day(3), day(4))
    assert office.handed[-1].medium == "registered_letter"
    assert "\n" in office.last_message().recipient
