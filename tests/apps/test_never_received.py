"""An invoice that never came: a customer has it sent once more to a known address, its reminders
wait the first time, and the page says how it was sent before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Hold, PaymentLink
from amiable.apps.cases.services import promise_record
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.confirming.leaving import confirmations_tick
from amiable.apps.dunning.models import ActionItem
from amiable.apps.dunning.never_received import NEVER_RECEIVED, PAUSE
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.receivables.models import Installment, InvoiceDocument
from amiable.interfaces.portal import limits
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, plain, send, shown, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    no_limits()
    found = owing()
    for name in ("FA-1", "FA-2"):
        keep(name)
    return found


def item_of(number: str) -> Installment:
    return Installment.objects.get(invoice__number=number)


def keep(number: str) -> None:
    item = item_of(number)
    InvoiceDocument.objects.create(
        organization_id=item.organization_id, invoice_id=item.invoice_id,
        filename=f"{number}.pdf", content=b"%PDF-1.7 of " + number.encode(), sha256="0" * 64,
    )  # fmt: skip


def of(path: str, number: str) -> str:
    return f"{path}received/?invoice={item_of(number).invoice_id}"


def points(text: str) -> list[str]:
    return re.findall(r'name="to" value="([0-9a-f]{16})"', text)


def ask(path: str, number: str = "FA-1", **fields):
    page = shown(Client(), of(path, number))
    known = points(page)
    told = {"invoice": str(item_of(number).invoice_id), "to": known[0] if known else ""}
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    if ticket:
        told["ticket"] = ticket[1]
    return send(Client(), f"{path}received/", **(told | fields))


def test_a_copy_leaves_for_a_known_address_and_its_reminders_wait(case):
    path = path_of(case)
    response = ask(path)
    assert response.status_code == 303
    assert response["Location"] == of(path, "FA-1") + "#copy"
    message = Message.objects.get()
    assert (message.recipient, message.state) == ("ap@client.example", "frozen")
    assert b"FA-1.pdf" in bytes(message.content)
    hold = Hold.objects.get()
    assert (hold.installment, hold.ends_on) == (item_of("FA-1"), today() + PAUSE)
    assert "FA-1" in hold.reason
    told = Event.objects.get(kind=NEVER_RECEIVED)
    assert (told.actor, told.payload["message"], told.payload["holds"]) == (
        "portal", message.pk, [hold.pk],
    )  # fmt: skip
    assert "part dans quelques minutes, à a•••@c•••.example" in shown(Client(), of(path, "FA-1"))
    # The other invoices are asked for as before, this one when its days are over.
    assert "FA-1" not in reminded(case)


def test_before_it_is_asked_for_the_invoice_is_reminded_of(case):
    assert "FA-1" in reminded(case)


def reminded(case) -> set[str]:
    """The invoices that a reminder would ask for, as the planner sees them now."""
    plan_tick(case.organization_id, on=today())
    rows = ActionItem.objects.filter(action__case=case, action__state="approved")
    return set(rows.values_list("installment__invoice__number", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_page_says_once_it_left_and_the_next_day_how_it_was_sent(case):
    path = path_of(case)
    ask(path)
    later = timezone.now() + timedelta(minutes=11)
    routes = {"email": ("memory", {"box": {}})}
    assert confirmations_tick(case.organization_id, now=later, routes=routes) == 1
    text = shown(Client(), of(path, "FA-1"))
    assert "Elle est partie aujourd’hui, à a•••@c•••.example" in text
    assert "Comment elle a été envoyée" in text
    assert "ap@client.example" not in text
    message = Message.objects.get()
    DeliveryEvent.objects.create(
        organization_id=case.organization_id, message=message, kind="delivered", at=later,
    )  # fmt: skip
    assert "Il a été remis" in shown(Client(), of(path, "FA-1"))
    DeliveryEvent.objects.create(
        organization_id=case.organization_id, message=message, kind="bounced", at=later,
    )  # fmt: skip
    assert "Il nous est revenu" in shown(Client(), of(path, "FA-1"))
    # Of the other invoice nothing was sent.
    assert "Comment elle a été envoyée" not in shown(Client(), of(path, "FA-2"))


def test_one_copy_a_day_and_one_pause_for_ever(case):
    path = path_of(case)
    page = shown(Client(), of(path, "FA-1"))
    to = points(page)[0]
    ask(path)
    # A second tab, opened before: it shows the copy that leaves, and sends none.
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)[1]
    invoice = str(item_of("FA-1").invoice_id)
    again = send(Client(), f"{path}received/", ticket=ticket, invoice=invoice, to=to)
    assert again.status_code == 303
    assert Message.objects.count() == 1
    # The next day it can be had once more; nobody puts reminders off that way.
    Message.objects.update(on_date=today() - timedelta(days=1))
    assert ask(path).status_code == 303
    assert Message.objects.count() == 2
    assert Hold.objects.count() == 1
    assert Event.objects.filter(kind=NEVER_RECEIVED).count() == 2


def test_what_is_not_reminded_of_is_not_held_either(case):
    """An invoice in a promise keeps its place there; only its copy leaves."""
    path = path_of(case)
    assert "aucune relance de cette facture pendant 7 jours" in shown(Client(), of(path, "FA-1"))
    day = today() + timedelta(days=5)
    promise_record(
        case.organization_id, case.id, amount_minor=150_000, on=today(), due_on=day, actor="portal"
    )
    assert ask(path).status_code == 303
    assert Message.objects.count() == 1
    assert not Hold.objects.exists()
    Message.objects.update(on_date=today() - timedelta(days=1))
    assert "aucune relance de cette facture" not in shown(Client(), of(path, "FA-1"))


def test_the_customer_chooses_among_known_addresses_and_types_none(case):
    contact = Contact.objects.create(
        organization_id=case.organization_id, customer=case.customer, name="Jeanne Roux",
        role="manager",
    )  # fmt: skip
    ContactPoint.objects.create(
        organization_id=case.organization_id, customer=case.customer, contact=contact,
        kind="email", value="j.roux@client.example",
    )  # fmt: skip
    path = path_of(case)
    first, second = points(shown(Client(), of(path, "FA-1")))
    for forged in ("", "stranger@other.example", "0" * 16):
        response = ask(path, to=forged)
        assert response.status_code == 422
        assert "téléchargez-la ici" in plain(response.content.decode())
    assert not Message.objects.exists()
    assert not Hold.objects.exists()
    ask(path, to=second)
    assert Message.objects.get().recipient == "j.roux@client.example"
    assert first != second
    # A name of one link opens nothing on another.
    assert points(shown(Client(), of(path_of(case), "FA-2")))[0] != first


def test_without_an_address_that_may_be_used_there_is_the_download(case):
    ContactPoint.objects.update(opted_out_at=timezone.now())
    text = shown(Client(), of(path_of(case), "FA-1"))
    assert "aucune adresse électronique" in text
    assert "La télécharger" in text
    assert 'data-copy-state="nobody"' in text


def test_only_invoices_of_the_page_whose_document_is_kept(case):
    stranger = owing(org=factories.organization("other"))
    foreign = Installment.objects.get(invoice__number="FA-1", customer=stranger.customer)
    InvoiceDocument.objects.create(
        organization_id=foreign.organization_id, invoice_id=foreign.invoice_id,
        filename="x.pdf", content=b"%PDF-1.7", sha256="0" * 64,
    )  # fmt: skip
    path = path_of(case)
    mine = Installment.objects.get(invoice__number="FA-3", customer=case.customer)  # no document
    for wanted in (foreign.invoice_id, mine.invoice_id, 0, "x", "²", "9" * 30):
        response = Client().get(f"{path}received/?invoice={wanted}")
        assert (response.status_code, response["Location"]) == (302, path)
    one = path_of(case, invoice_id=mine.invoice_id)
    assert Client().get(f"{one}received/")["Location"] == one
    assert "received/" not in shown(Client(), one)


def test_a_ticket_is_asked_for_and_a_test_link_sends_nothing(case):
    path = path_of(case)
    response = ask(path, ticket="forged")
    assert response.status_code == 422
    assert not Message.objects.exists()
    PaymentLink.objects.update(is_test=True)
    assert 'data-copy-state="nobody"' in shown(Client(), of(path, "FA-1"))


def test_insolvency_shows_nothing_of_it(case):
    case.customer.insolvent_since = today()
    case.customer.save()
    path = path_of(case)
    response = Client().get(f"{path}received/")
    assert response["Location"] == path


def test_forms_are_limited(case, monkeypatch):
    monkeypatch.setattr(limits.FORMS, "most", 2)
    path = path_of(case)
    codes = [ask(path, "FA-2", ticket="x").status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_the_page_costs_the_same_with_many_invoices(case, django_assert_max_num_queries):
    path = path_of(case)
    for number in range(40):
        factories.invoice(case.customer, f"FB-{number}", due=today() - timedelta(days=3))
        keep(f"FB-{number}")
    with django_assert_max_num_queries(26):
        assert Client().get(of(path, "FB-7")).status_code == 200
