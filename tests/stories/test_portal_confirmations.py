"""What was said on the payment page is confirmed by email: once, to the right address, while true."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.links import link_make
from amiable.apps.cases.models import Case, Dispute, Hold, Promise
from amiable.apps.cases.services import hold_lift, point_mark, promise_cancel
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.answers import reply_reopen
from amiable.apps.dunning.confirming.answers import MOST_A_DAY
from amiable.apps.dunning.sending import send_tick
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.receivables.models import Installment
from amiable.apps.tenants.models import Organization
from amiable.core.scenario import Scenario, Step
from tests.apps.portal_pages import no_limits, plain, send, shown, ticket_of, today
from tests.stories.portfolio.office import Office

pytestmark = pytest.mark.django_db

REMINDED = Scenario("story", 1, "Story", (Step("mail", 1, "email", "friendly", "reminder_1"),))
WHO = {"actor": "camille"}


@pytest.fixture(autouse=True)
def _reached_over_https(settings):
    settings.BASE_URL = "https://relance.vauban.example"
    no_limits()


@pytest.fixture
def office() -> Office:
    """One customer with 1,200.00 a week late, reminded today by a message with a link."""
    office = Office(REMINDED)
    due = today() - timedelta(days=7)
    office.invoice(office.customer("C001"), "FA-1", due=due)
    office.live(due, today())
    assert len(office.handed) == 1
    return office


def path_in(office: Office) -> str:
    """The page whose address the customer's last reminder carries."""
    return re.search(r"https://[a-z.]+(/p/[0-9A-Za-z]{22}/)", office.last_message().text)[1]


def later(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def promise(path: str, client: Client | None = None, **fields):
    said = {"kind": "promise", "day": later(10), "amount": "1200", **fields}
    return send(client or Client(), f"{path}later/", **said)


def leave(office: Office, *, minutes: int = 15) -> list[int]:
    """Let the worker pass some minutes from now; all confirmations that have left."""
    send_tick(office.id, now=timezone.now() + timedelta(minutes=minutes), routes=office.routes)
    return office.confirmed


def the_only(**scope) -> Message:
    return Message.objects.get(key__startswith="portal/", **scope)


def test_a_promise_is_confirmed_once_after_the_time_to_take_it_back(office):
    client, path = Client(), path_in(office)
    answer = promise(path, client)
    assert "An email confirms it" in shown(client, answer.headers["Location"] + "?lang=en")
    assert leave(office, minutes=5) == []
    message = the_only()
    assert leave(office) == [message.id]
    assert leave(office, minutes=60) == [message.id]
    assert (the_only().state, message.recipient) == ("sent", office.last_message().recipient)
    text = plain(message.text)
    assert "1 200,00 €" in text
    assert "FA-1" in text
    told = Event.objects.get(kind="reply.decided").payload
    assert (told["confirmation"], told["promise"]) == (message.id, Promise.objects.get().id)
    assert Event.objects.filter(kind="message.sent", payload__message=message.id).count() == 1


def test_the_same_form_sent_twice_confirms_once(office):
    client, path = Client(), path_in(office)
    ticket = ticket_of(client, f"{path}later/")
    for _ in range(2):
        promise(path, client, ticket=ticket)
    assert leave(office) == [the_only().id]


@pytest.mark.parametrize(
    ("page", "fields", "words"),
    [
        ("disagree", {"reason": "quality", "note": "rayée", "amount": "200"}, ["FA-1", "200,00 €"]),
        ("paid", {"amount": "1200", "method": "transfer"}, ["1 200,00 €", "FA-1"]),
    ],
)
def test_other_answers_are_confirmed_in_their_words(office, page, fields, words):
    if page == "disagree":
        fields = {**fields, "item": Installment.objects.get().id}
    else:
        fields = {**fields, "paid_on": today().isoformat()}
    send(Client(), f"{path_in(office)}{page}/", **fields)
    assert leave(office) == [the_only().id]
    text = plain(the_only().text)
    assert all(each in text for each in words)
    assert "rayée" not in text  # what anybody typed is not sent on


def test_who_needs_longer_hears_from_a_person(office):
    send(Client(), f"{path_in(office)}later/", kind="hardship", note="Trésorerie tendue")
    assert Hold.objects.exists()
    assert leave(office) == []


def test_what_a_person_has_to_read_first_is_not_confirmed_again(office):
    path = path_in(office)
    for _ in range(2):
        paid = {"paid_on": today().isoformat(), "amount": "1200", "method": "transfer"}
        send(Client(), f"{path}paid/", **paid)
    assert Reply.objects.count() == 2
    assert leave(office) == [the_only().id]


@pytest.mark.parametrize("how", ["answer", "promise", "objection", "insolvency"])
def test_what_holds_no_more_is_withdrawn(office, how):
    promise(path_in(office))
    if how == "answer":
        reply = Reply.objects.get()
        assert reply_reopen(office.id, reply.id, on=today(), **WHO)
    elif how == "promise":
        promise_cancel(office.id, Promise.objects.get().pk, on=today(), **WHO)
    elif how == "insolvency":
        office.customers().update(insolvent_since=today())
    else:
        point = office.point(office.customers().get())
        point_mark(office.id, point, "opted_out", on=today(), reason="", **WHO)
    assert leave(office) == []
    assert the_only().state == "withdrawn"


def test_a_lifted_pause_is_not_confirmed(office):
    paid = {"paid_on": today().isoformat(), "amount": "1200", "method": "transfer"}
    send(Client(), f"{path_in(office)}paid/", **paid)
    hold_lift(office.id, Hold.objects.get().pk, on=today(), **WHO)
    assert leave(office) == []


def test_a_withdrawn_dispute_is_not_confirmed(office):
    item = Installment.objects.get().id
    send(Client(), f"{path_in(office)}disagree/", item=item, reason="price")
    assert reply_reopen(office.id, Reply.objects.get().id, on=today(), **WHO)
    assert Dispute.objects.get().is_mistake
    assert leave(office) == []


def test_it_goes_to_the_address_the_link_was_sent_to_while_it_may_be_used(office):
    customer = office.customers().get()
    points = customer.points.filter(kind="email")
    ContactPoint.objects.create(
        organization=office.organization, customer=customer, kind="email",
        value="direction@client.example", position=0,
    )  # fmt: skip
    points.filter(value="c001@client.example").update(position=5)
    promise(path_in(office), amount="500")
    assert the_only().recipient == "c001@client.example"
    points.filter(value="c001@client.example").update(invalid_since=timezone.now())
    promise(path_in(office), amount="500")
    assert the_only(id__gt=the_only(recipient="c001@client.example").id).recipient == (
        "direction@client.example"
    )


def test_a_link_made_by_hand_is_confirmed_to_the_usual_address_in_the_customers_language(office):
    office.customers().update(language="en")
    url = link_make(office.id, Case.objects.get().id, on=today(), **WHO)
    promise("/p/" + url.rstrip("/").rpartition("/")[2] + "/")
    message = the_only()
    assert (message.recipient, message.language) == ("c001@client.example", "en")
    assert "Thank you for your answer on your payment page" in message.text


def test_without_an_address_the_history_says_why(office):
    office.customers().get().points.all().delete()
    promise(path_in(office))
    assert not Message.objects.filter(key__startswith="portal/").exists()
    told = Event.objects.get(kind="reply.decided").payload
    assert told["unconfirmed"]["code"] == "confirm.no_email"
    assert Promise.objects.exists()


def test_a_mailbox_is_not_filled_from_the_page(office):
    for _ in range(MOST_A_DAY + 2):
        promise(path_in(office), amount="10")
    assert Promise.objects.count() == MOST_A_DAY + 2
    assert Message.objects.filter(key__startswith="portal/").count() == MOST_A_DAY


def test_in_test_mode_it_stays_in_the_house(office):
    Organization.objects.update(test_recipient="essai@vauban.example")
    promise(path_in(office))
    assert the_only().recipient == "essai@vauban.example"


def test_an_agency_says_for_whom_it_collects(office):
    """CPCE R124-4: no message without the statements, or their recall."""
    Organization.objects.update(is_agency=True, address=["1 rue Crébillon", "44000 Nantes"])
    promise(path_in(office))
    assert "R124" in the_only().text
