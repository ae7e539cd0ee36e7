"""Who is written to: contacts by role, the usual one in their absence, and nobody twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.services import dispute_open
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.dunning.queries import agenda
from amiable.apps.dunning.sending import send_tick
from amiable.apps.dunning.writing.recipients import chosen, reaches
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.queries import message_parts, outbox
from amiable.apps.messaging.sending.routes import routes_from
from amiable.core.shipped import SME_STANDARD
from tests import factories
from tests.apps.test_sending import NOW
from tests.factories import TODAY
from tests.plugins.smtp_servers import keeper
from tests.plugins.test_channels_smtp import Picky

pytestmark = pytest.mark.django_db(transaction=True)
AP, MANAGER, DIRECTOR = "accounts_payable", "manager", "director"


@pytest.fixture
def debtor():
    """A customer with a usual address and nobody else."""
    return factories.customer(factories.creditor(factories.organization()))


def person(customer, role: str, name: str = "", email: str = "", phone: str = "", **fields):
    """A contact with its addresses; `fields` say what is wrong with them."""
    contact = Contact.objects.create(
        organization=customer.organization, customer=customer, name=name or role, role=role
    )
    for kind, value in (("email", email), ("phone", phone)):
        if value:
            ContactPoint.objects.create(
                organization=customer.organization, customer=customer, contact=contact,
                kind=kind, value=value, position=len(value), **fields,
            )  # fmt: skip
    return contact


def choose(customer, medium: str, *roles: str):
    return chosen(
        reaches(customer.organization_id, [customer.id])[customer.id], medium, roles=roles
    )


def addresses(found) -> list[str]:
    return [each.address for each in (found.first, *found.copies) if each]


def codes(found) -> list[str]:
    return [note.code for note in found.notes]


def test_first_role_is_written_to_and_the_others_get_copies(debtor):
    person(debtor, DIRECTOR, email="director@d.example")
    person(debtor, AP, email="pay@d.example")
    person(debtor, AP, email="pay2@d.example")
    person(debtor, "buyer", email="buyer@d.example")
    found = choose(debtor, "email", AP, DIRECTOR)
    assert addresses(found) == ["pay@d.example", "pay2@d.example", "director@d.example"]
    assert codes(found) == []


def test_unknown_role_gives_way_to_the_usual_contact_and_it_is_said(debtor):
    person(debtor, "buyer", email="b@d.example")
    found = choose(debtor, "email", AP)
    assert addresses(found) == ["ap@client.example"]
    assert [str(note) for note in found.notes] == [
        "No contact of the role accounts payable is known: written to the usual one."
    ]


def test_role_that_cannot_be_reached_is_told_apart_from_one_unknown(debtor):
    person(debtor, AP, email="pay@d.example", invalid_since=timezone.now())
    person(debtor, DIRECTOR, email="boss@d.example", opted_out_at=timezone.now())
    found = choose(debtor, "email", AP, DIRECTOR, "legal")
    assert addresses(found) == ["ap@client.example"]
    assert codes(found) == [
        "recipient.unreachable_usual", "recipient.unreachable_usual", "recipient.unknown_usual",
    ]  # fmt: skip


def test_missing_role_beside_a_known_one_is_said_and_adds_nobody(debtor):
    person(debtor, DIRECTOR, email="boss@d.example")
    found = choose(debtor, "email", AP, DIRECTOR)
    assert addresses(found) == ["boss@d.example"]
    assert codes(found) == ["recipient.unknown"]


def test_usual_contact_is_of_nobody_in_particular_when_there_is_one(debtor):
    ContactPoint.objects.all().delete()
    person(debtor, "buyer", email="b@d.example")
    assert addresses(choose(debtor, "email")) == ["b@d.example"]
    ContactPoint.objects.create(
        organization=debtor.organization, customer=debtor, kind="email",
        value="hello@d.example", position=99,
    )  # fmt: skip
    assert addresses(choose(debtor, "email")) == ["hello@d.example"]


def test_text_goes_to_the_first_mobile_of_the_roles(debtor):
    person(debtor, MANAGER, phone="01 44 00 00 00")
    person(debtor, DIRECTOR, phone="06 12 34 56 78")
    found = choose(debtor, "sms", MANAGER, DIRECTOR)
    assert (addresses(found), found.copies) == (["06 12 34 56 78"], ())
    assert addresses(choose(debtor, "phone", MANAGER, DIRECTOR)) == ["01 44 00 00 00"]


def test_address_shared_by_two_people_gets_one_message(debtor):
    person(debtor, AP, email="pay@d.example")
    contact = person(debtor, DIRECTOR)
    ContactPoint.objects.create(
        organization=debtor.organization, customer=debtor, contact=contact,
        kind="email", value="PAY@d.example",
    )  # fmt: skip
    assert addresses(choose(debtor, "email", AP, DIRECTOR)) == ["pay@d.example"]


def test_other_organizations_contacts_are_never_chosen(debtor):
    stranger = factories.customer(factories.creditor(factories.organization("other")), "X")
    person(stranger, AP, email="pay@x.example")
    assert addresses(choose(debtor, "email", AP)) == ["ap@client.example"]
    assert reaches(debtor.organization_id, [stranger.id]) == {}


def test_any_number_of_customers_costs_two_queries(debtor, django_assert_max_num_queries):
    others = [
        factories.customer(debtor.creditor, f"D{n}", email=f"{n}@d.example") for n in range(50)
    ]
    with django_assert_max_num_queries(2):
        assert len(reaches(debtor.organization_id, [each.id for each in others])) == 50


def scenario(organization_id: int, medium: str, template: str, *roles: str):
    """The standard, with one step only, for these roles."""
    step = replace(
        SME_STANDARD.steps[1], medium=medium, template=template, recipients=roles, fallback=()
    )
    wanted = replace(SME_STANDARD, code="one", steps=(step,), catch_up_step=step.code)
    scenario_import(organization_id, wanted, make_default=True)


def run(debtor, medium: str, template: str, *roles: str, routes):
    """One overdue invoice, planned and sent."""
    scenario(debtor.organization_id, medium, template, *roles)
    installment = factories.invoice(debtor, due=TODAY - timedelta(days=1))
    plan_tick(debtor.organization_id, on=TODAY)
    counts = send_tick(debtor.organization_id, now=NOW, routes=routes)
    return installment, counts


def three(debtor):
    for role, email in (
        (AP, "c@d.example"),
        (MANAGER, "boss@d.example"),
        (DIRECTOR, "law@d.example"),
    ):
        person(debtor, role, role.title(), email=email)
    return (AP, MANAGER, DIRECTOR)


def states() -> list[str]:
    return [each["state"] for each in Message.objects.get().recipients]


def test_one_email_names_all_its_readers_and_the_file_shows_them(debtor):
    with keeper() as (server, port):
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")
        run(debtor, "email", "reminder_1", *three(debtor), "legal", routes=routes)
    ((_, to, content),) = server.mails
    assert to == ["c@d.example", "boss@d.example", "law@d.example"]
    mail = message_from_bytes(content, policy=policy.default)
    assert (mail["To"], mail["Cc"]) == ("c@d.example", "boss@d.example, law@d.example")
    message = Message.objects.get()
    assert states() == ["sent", "sent", "sent"]
    parts = message_parts(debtor.organization_id, message.pk)
    assert [each["role"] for each in parts.row.recipients] == [AP, MANAGER, DIRECTOR]
    assert [note.code for note in parts.notes] == ["recipient.unknown"]
    assert outbox(debtor.organization_id).rows[0].copies == 2
    assert broken_invariants() == []


def test_who_is_refused_for_good_is_named_and_nobody_gets_it_twice(debtor):
    with keeper() as (server, port):
        Picky(server, boss="550 no such user")
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")
        _, counts = run(debtor, "email", "reminder_1", *three(debtor), routes=routes)
        send_tick(debtor.organization_id, now=NOW + timedelta(hours=2), routes=routes)
    message = Message.objects.get()
    assert (counts.sent, message.state, len(server.mails)) == (1, "sent", 1)
    assert states() == ["sent", "refused", "sent"]
    assert "boss@d.example: 550 no such user" in message.error
    assert "boss@d.example" in DeliveryEvent.objects.get().detail
    assert Action.objects.get().state == "done"


def test_copy_refused_for_now_follows_alone(debtor):
    with keeper() as (server, port):
        picky = Picky(server, boss="450 greylisted")
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")
        run(debtor, "email", "reminder_1", *three(debtor), routes=routes)
        assert states() == ["sent", "deferred", "sent"]
        send_tick(debtor.organization_id, now=NOW + timedelta(minutes=5), routes=routes)
        assert len(server.mails) == 1
        picky.replies.clear()
        later = NOW + timedelta(minutes=20)
        send_tick(debtor.organization_id, now=later, routes=routes)
        send_tick(debtor.organization_id, now=later + timedelta(hours=1), routes=routes)
    assert [to for _, to, _ in server.mails] == [
        ["c@d.example", "law@d.example"],
        ["boss@d.example"],
    ]
    assert server.mails[0][2] == server.mails[1][2]
    message = Message.objects.get()
    assert (states(), message.error) == (["sent", "copied", "sent"], "")
    assert (Action.objects.count(), message.state) == (1, "sent")
    assert broken_invariants() == []


@pytest.mark.parametrize("change", ["disputed", "opted_out", "test_mode"])
def test_copy_that_is_out_of_date_is_given_up(debtor, change):
    with keeper() as (server, port):
        picky = Picky(server, boss="450 greylisted")
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")
        installment, _ = run(debtor, "email", "reminder_1", *three(debtor), routes=routes)
        if change == "disputed":
            dispute_open(
                debtor.organization_id, installment.id, reason="price", on=TODAY, actor="t"
            )
        elif change == "opted_out":
            ContactPoint.objects.filter(value="boss@d.example").update(opted_out_at=NOW)
        else:
            debtor.organization.test_recipient = "essais@vauban.example"
            debtor.organization.save()
        picky.replies.clear()
        for minutes in (20, 40):
            send_tick(debtor.organization_id, now=NOW + timedelta(minutes=minutes), routes=routes)
    assert len(server.mails) == 1
    assert states() == ["sent", "dropped", "sent"]
    assert Message.objects.get().retry_at is None


def test_copy_never_taken_is_given_up_in_the_end(debtor):
    with keeper() as (server, port):
        Picky(server, boss="450 greylisted")
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")
        run(debtor, "email", "reminder_1", *three(debtor), routes=routes)
        for hour in range(1, 9):
            send_tick(debtor.organization_id, now=NOW + timedelta(hours=hour), routes=routes)
    assert (states(), len(server.mails)) == (["sent", "refused", "sent"], 1)
    assert "boss@d.example: 450 greylisted" in Message.objects.get().error


def test_letter_names_the_person_of_the_role(debtor):
    person(debtor, DIRECTOR, "Claire Duval")
    box = {}
    run(
        debtor, "letter", "reminder_firm", AP, DIRECTOR, routes={"letter": ("memory", {"box": box})}
    )
    message = Message.objects.get()
    assert message.recipient.split("\n")[:2] == [
        "Menuiserie Duval",
        "À l’attention de Claire Duval",
    ]
    assert message.recipients[0]["role"] == DIRECTOR
    assert message.notes == []


def test_letter_without_such_a_person_goes_to_the_company_and_says_so(debtor):
    box = {}
    run(debtor, "letter", "reminder_firm", AP, routes={"letter": ("memory", {"box": box})})
    message = Message.objects.get()
    assert message.recipient.split("\n")[0] == "Menuiserie Duval"
    assert "attention" not in message.recipient
    assert [note["code"] for note in message.notes] == ["recipient.nobody_named"]


def test_call_is_for_somebody_of_its_roles(debtor):
    person(debtor, "buyer", "Paul Achat", phone="01 44 00 00 01")
    person(debtor, DIRECTOR, "Claire Duval", phone="01 44 00 00 02")
    run(debtor, "phone", "", "legal", DIRECTOR, routes={})
    (line,) = agenda(debtor.organization_id, on=TODAY, tab="calls")
    assert (line.phone, line.callee) == ("01 44 00 00 02", "Claire Duval")


def test_call_to_an_unknown_role_says_whose_number_it_shows(debtor):
    person(debtor, "buyer", "Paul Achat", phone="01 44 00 00 01")
    run(debtor, "phone", "", DIRECTOR, routes={})
    (line,) = agenda(debtor.organization_id, on=TODAY, tab="calls")
    assert (line.phone, line.callee) == ("01 44 00 00 01", "Paul Achat")
    assert line.reasons[-1].code == "recipient.unknown_usual"
