"""Electronic registered letters (CPCE L100): equal to paper, and for a consumer only with consent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

import pytest

from amiable.apps.cases.services import registered_consent_set
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging import services
from amiable.apps.messaging.delivery import registered_queries
from amiable.apps.messaging.delivery.asking import channels_ask
from amiable.apps.messaging.delivery.hooks import channel_called
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.sending.routes import ELECTRONIC, configured_routes
from amiable.core.delivery import ReportedEvent
from amiable.core.scenario import Scenario, Step
from amiable.plugins.inbound import HookRequest
from tests.plugins.channels.registered_house import RegisteredHouse
from tests.stories.portfolio.office import CLAIRE, PARIS, Office

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
    from amiable.apps.messaging.delivery.events import events_record

    message = sent(office)
    key = f"{message.organization_id}:{message.key}:{message.id}"
    now = datetime.combine(day(2), time(9), tzinfo=PARIS)
    events_record([ReportedEvent("bounced", "b", key=key)], channel="memory", now=now)
    assert ContactPoint.objects.get().invalid_since is not None
    # No mailbox is left: the same step goes again, on paper.
    office.live(day(3), day(4))
    assert office.handed[-1].medium == "registered_letter"
    assert "\n" in office.last_message().recipient


# -- through a provider ---------------------------------------------------------------------------

SECRET = "only the provider knows"


@pytest.fixture
def house(settings):
    with RegisteredHouse().running() as running:
        settings.CHANNEL_URLS = {**settings.CHANNEL_URLS, ELECTRONIC: running.url}
        settings.HOOK_SECRET, settings.BASE_URL = SECRET, "https://amiable.example"
        yield running


@pytest.fixture
def posting(house):
    """An office whose electronic letters go to the provider."""
    steps = (Step("letter", 1, "registered_letter", "firm", "reminder_firm"),)
    found = Office(Scenario("story", 1, "Story", steps))
    found.routes = {**found.routes, ELECTRONIC: configured_routes()[ELECTRONIC]}
    return found


def newest() -> Message:
    return Message.objects.order_by("-id")[0]


def posted(office) -> Message:
    office.invoice(office.customer(), due=DUE)
    office.live(day(1), day(1))
    return newest()


def at(offset, hour=10, minute=0):
    return datetime.combine(day(offset), time(hour, minute), tzinfo=PARIS)


def call(state, number="901", **dates):
    body = urlencode({"id_mail": number, "new_state": state, **dates}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = HookRequest("POST", "/hooks/channels/ar24/", headers, {"secret": SECRET}, body)
    return channel_called("ar24", request, now=at(5))


def kinds(message):
    return list(message.events.order_by("id").values_list("kind", flat=True))


def test_letter_is_followed_from_its_deposit_to_its_receipt_with_both_papers(posting, house):
    message = posted(posting)
    assert (message.state, message.channel, message.provider_id) == ("sent", "ar24", "901")
    (form,) = house.forms
    assert house.files[form["attachment[0]"]] == bytes(message.content)
    assert form["webhook"].startswith("https://amiable.example/hooks/channels/ar24/?secret=")
    row = registered_queries.letter_row(posting.id, message.id, on=day(1))
    assert (row.standing.state, row.standing.presented_on) == ("deposited", None)
    house.becomes("901", "sent", "ts_ev_date", "ev", at=f"{day(1)} 08:05:00")
    first = channels_ask(now=at(2))
    assert first.sources == {"ar24": {"received": 0, "reports": 2, "papers": 1}}
    assert kinds(message) == ["sent", "deposited", "presented"]
    # The provider calls, twice; the receipt is fetched with the next question, within the hour.
    house.becomes("901", "AR", "view_date", "ar", at=f"{day(2)} 10:10:00")
    assert channels_ask(now=at(2, 10, 20)).sources["ar24"]["reports"] == 0
    for _ in range(2):
        call("AR", view_date=f"{day(2)} 10:10:00")
    assert channels_ask(now=at(2, 10, 25)).sources["ar24"]["papers"] == 1
    row = registered_queries.letter_row(posting.id, message.id, on=day(3))
    assert (row.standing.state, row.standing.presented_on, row.proofs) == ("accepted", day(1), 2)
    assert row.is_electronic
    papers = registered_queries.proofs(posting.id, message.id)
    assert [(each.kind, each.filename) for each in papers] == [
        ("deposit", "ar24-901-ev.pdf"), ("receipt", "ar24-901-ar.pdf"),
    ]  # fmt: skip
    # Nothing more will come: it is asked about no more.
    before = len(house.asked)
    channels_ask(now=at(9))
    assert len(house.asked) == before


@pytest.mark.parametrize(
    ("status", "dated", "paper", "state"),
    [
        ("refused", "refused_date", "rf", "refused"),
        ("negligence", "negligence_date", "ng", "unclaimed"),
    ],
)
def test_letter_that_is_not_taken_counts_from_its_presentation(
    posting, house, status, dated, paper, state
):
    message = posted(posting)
    house.becomes("901", "sent", "ts_ev_date", at=f"{day(1)} 08:05:00")
    house.becomes("901", status, dated, paper, at=f"{day(17)} 00:10:00")
    channels_ask(now=at(17))
    row = registered_queries.letter_row(posting.id, message.id, on=day(17))
    assert (row.standing.state, row.standing.presented_on, row.proofs) == (state, day(1), 1)


def test_mailbox_that_does_not_exist_is_marked_and_the_letter_goes_on_paper(posting, house):
    posted(posting)
    house.becomes("901", "bounced", "bounced_date", "bc", at=f"{day(1)} 09:00:00")
    channels_ask(now=at(2))
    assert ContactPoint.objects.get().invalid_since is not None
    posting.live(day(3), day(4))
    assert "\n" in newest().recipient


def test_worker_that_dies_after_handing_over_makes_no_second_letter(posting, house, monkeypatch):
    def dies(_organization_id, outcomes, _now):
        if outcomes:
            raise SystemExit

    with monkeypatch.context() as mortal:
        mortal.setattr(services, "_record", dies)
        with pytest.raises(SystemExit):
            posted(posting)
    message = Message.objects.get()
    assert (message.state, len(house.letters)) == ("sending", 1)
    found = services.messages_send(posting.id, [message.id], now=at(1), routes=posting.routes)
    assert found[message.id].state == "sent"
    message.refresh_from_db()
    assert (message.state, message.provider_id, len(house.letters)) == ("sent", "901", 1)


def test_consent_taken_back_after_the_letter_was_written_sends_it_on_paper(posting, house):
    customer = posting.customer(kind="consumer")
    point = ContactPoint.objects.get(customer=customer, kind="email")
    registered_consent_set(posting.id, point.id, day(0), on=day(0), actor=CLAIRE)
    posting.invoice(customer, due=DUE)
    house.faults = ["maintenance"]
    posting.live(day(1), day(1))
    message = newest()
    assert (message.state, message.recipient) == ("frozen", point.value)
    registered_consent_set(posting.id, point.id, None, on=day(1), actor=CLAIRE)
    found = services.messages_send(posting.id, [message.id], now=at(2), routes=posting.routes)
    assert found[message.id].state == "retry"
    assert not house.letters
    posting.live(day(2), day(3))
    last = newest()
    assert "\n" in last.recipient
    assert "recipient.no_consent" in codes(last)


def test_consumer_who_agreed_is_named_as_a_person(posting, house):
    customer = posting.customer(kind="consumer", name="DUPONT Anne")
    point = ContactPoint.objects.get(customer=customer, kind="email")
    registered_consent_set(posting.id, point.id, day(0), on=day(0), actor=CLAIRE)
    posting.invoice(customer, due=DUE)
    posting.live(day(1), day(1))
    (form,) = house.forms
    assert (form["dest_statut"], form["to_firstname"], form["to_lastname"]) == (
        "particulier", "Anne", "DUPONT",
    )  # fmt: skip
