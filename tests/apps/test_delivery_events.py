"""Reports of channels: found by any reference, recorded once in any order, with consequences."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import CaseError, address_mark, point_mark
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.facts import case_facts
from amiable.apps.messaging.delivery.events import events_record
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.core.delivery import ReportedEvent
from amiable.core.registered import number_clean
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADDRESS = "MENUISERIE DUVAL\n8 AVENUE DU PORT\n44000 NANTES"


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def message(debtor, nth=1, *, to="ap@client.example", **fields):
    defaults = {
        "organization": debtor.organization, "case": factories.case(debtor),
        "key": f"1/reminder/{nth}", "medium": "email", "channel": "memory", "recipient": to,
        "recipients": [{"address": to, "name": "", "role": "", "state": ""}], "content": b"x",
        "content_type": "text/plain", "sha256": "0" * 64, "on_date": TODAY, "frozen_at": NOW,
        "state": "sent", "message_id": f"<m{nth}@vauban.example>", "provider_id": f"p{nth}",
    }  # fmt: skip
    return Message.objects.create(**{**defaults, **fields})


def letter(debtor, nth=1, **fields):
    fields = {"medium": "registered_letter", "recipients": [], "message_id": "", **fields}
    return message(debtor, nth, to=ADDRESS, **fields)


def report(kind="delivered", event_id="e1", **fields):
    return ReportedEvent(kind, event_id, at=NOW - timedelta(hours=1), **fields)


def record(*events, channel="memory", **fields):
    return events_record(events, channel=channel, now=NOW, **fields)


def kinds(of):
    return list(of.events.order_by("id").values_list("kind", flat=True))


def sleep(debtor):
    Case.objects.filter(customer=debtor).update(next_plan_on=None)


def woken(debtor):
    return Case.objects.get(customer=debtor).next_plan_on is not None


@pytest.mark.parametrize("reference", ["key", "provider_id", "message_id", "number"])
def test_a_message_is_found_by_any_reference(debtor, reference):
    sent = message(debtor, 1, number="2C12345678901")
    message(debtor, 2)
    given = {
        "key": f"{debtor.organization_id}:{sent.key}:{sent.id}", "provider_id": "p1",
        "message_id": "m1@vauban.example", "number": "2c 123 456 78901",
    }[reference]  # fmt: skip
    done = record(report(**{reference: given}))
    assert (done.recorded, done.messages) == (1, {sent.id})
    row = DeliveryEvent.objects.get()
    assert (row.message_id, row.kind, row.source) == (sent.id, "delivered", "memory")
    assert row.at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"key": "1:nothing:999"}, {"key": "x"}, {"key": "1:1/reminder/1:²"},
        {"key": "1:1/reminder/1:99999999999999999999999"}, {"provider_id": "p9"},
        {"provider_id": "p1\0"}, {"number": "-"}, {"message_id": "<>"}, {"number": "A" * 5000},
    ],
)  # fmt: skip
def test_a_report_about_no_known_message_is_counted_and_logged(debtor, fields, caplog):
    message(debtor, provider_id="other")
    done = record(report(**fields))
    assert (done.recorded, len(done.unknown)) == (0, 1)
    assert not DeliveryEvent.objects.exists()
    assert "not known here" in caplog.text


def test_a_key_of_another_organization_or_message_finds_nothing(debtor):
    sent = message(debtor)
    keys = [f"999:{sent.key}:{sent.id}", f"{debtor.organization_id}:other:{sent.id}"]
    assert len(record(*(report(key=key) for key in keys)).unknown) == 2


def test_a_provider_id_is_of_one_channel_and_an_organization_sees_its_own_only(debtor):
    message(debtor)
    assert record(report(provider_id="p1"), channel="spool").unknown
    other = factories.organization("other")
    assert record(report(provider_id="p1"), organization_id=other.id).unknown
    assert record(report(provider_id="p1"), organization_id=debtor.organization_id).recorded


def test_a_reference_that_two_messages_bear_finds_neither(debtor):
    message(debtor, 1, provider_id="same")
    message(debtor, 2, provider_id="same")
    assert len(record(report(provider_id="same")).unknown) == 1


def test_reports_told_twice_or_in_any_order_leave_the_same(debtor):
    told = [
        report("deferred", "a", provider_id="p1"), report("delivered", "b", provider_id="p1"),
        report("bounced", "c", provider_id="p1", detail="550"),
        report("opted_out", "d", provider_id="p1"),
    ]  # fmt: skip
    seen = set()
    for number, order in enumerate(itertools.permutations(told)):
        with transaction.atomic():
            sent = message(debtor, number + 1, provider_id="p1")
            assert record(*order, *order).recorded == 4
            assert record(*order).repeated == 4
            point = ContactPoint.objects.get(customer=debtor)
            seen.add((frozenset(kinds(sent)), len(kinds(sent)), point.opted_out_at is not None))
            transaction.set_rollback(True)
    assert seen == {(frozenset({"deferred", "delivered", "bounced", "opted_out"}), 4, True)}


def test_the_number_of_a_letter_is_learned_from_its_provider(debtor):
    sent = letter(debtor)
    record(report("deposited", provider_id="p1", number="2C 123 456 7890 1"))
    sent.refresh_from_db()
    assert sent.number == "2C12345678901"
    assert record(report("presented", "e2", number="2C12345678901")).recorded == 1


def test_a_report_without_an_id_of_its_own_is_known_by_what_it_says(debtor):
    sent = message(debtor)
    for _ in range(2):
        record(report(event_id="", provider_id="p1"), report("bounced", "", provider_id="p1"))
        record(report(event_id="x" * 1000, provider_id="p1"))
    assert len(kinds(sent)) == 3


def test_a_report_from_tomorrow_is_of_now(debtor):
    message(debtor)
    record(ReportedEvent("delivered", "e", at=NOW + timedelta(days=400), provider_id="p1"))
    assert DeliveryEvent.objects.get().at == NOW


def test_that_it_was_sent_is_known_already(debtor):
    assert record(report("sent", provider_id="p1"), report("sent", "2")).recorded == 0
    sent = message(debtor)
    assert record(report("sent", provider_id="p1")).repeated == 1
    assert kinds(sent) == []


@pytest.mark.parametrize("kind", ["delivered", "bounced", "failed", "presented", "refused"])
def test_news_wake_the_case(debtor, kind):
    message(debtor)
    sleep(debtor)
    record(report(kind, provider_id="p1"))
    assert woken(debtor)
    sleep(debtor)
    record(report(kind, provider_id="p1"))
    assert not woken(debtor)


def test_waiting_wakes_nobody(debtor):
    message(debtor)
    sleep(debtor)
    record(report("deferred", provider_id="p1"))
    assert not woken(debtor)


def test_a_bounce_marks_the_address_once_and_tells_the_file(debtor):
    message(debtor)
    record(report("bounced", provider_id="p1", detail="550 no such user"))
    point = ContactPoint.objects.get(customer=debtor)
    assert (point.invalid_since is not None, point.invalid_reason) == (True, "550 no such user")
    told = Event.objects.order_by("id").values_list("kind", "actor")
    assert list(told) == [("delivery.bounced", "memory"), ("contact_point.marked", "memory")]
    facts = case_facts(debtor.organization_id, [factories.case(debtor).id], on=TODAY)
    assert facts[factories.case(debtor).id].lost["email"] == "bounced"


def test_a_person_who_says_that_the_address_is_right_is_not_contradicted_by_the_same_report(debtor):
    message(debtor)
    point = ContactPoint.objects.get(customer=debtor)
    record(report("bounced", provider_id="p1"))
    point_mark(debtor.organization_id, point.id, "valid", on=TODAY, actor="a")
    record(report("bounced", provider_id="p1"))
    point.refresh_from_db()
    assert point.invalid_since is None


def test_an_objection_stays_when_the_address_bounces(debtor):
    message(debtor)
    record(report("complained", "a", provider_id="p1"))
    record(report("bounced", "b", provider_id="p1"))
    point = ContactPoint.objects.get(customer=debtor)
    assert (point.opted_out_at is not None, point.invalid_since) == (True, None)


def test_a_text_message_that_bounces_marks_the_number_as_it_was_typed(debtor):
    point = ContactPoint.objects.create(
        organization=debtor.organization, customer=debtor, kind="phone", value="06 12 34 56 78"
    )
    message(debtor, to="+33612345678", medium="sms")
    record(report("bounced", provider_id="p1"))
    point.refresh_from_db()
    assert point.invalid_since is not None


def test_of_several_recipients_one_that_bounces_leaves_the_others_reached(debtor):
    people = [
        {"address": who, "name": "", "role": "", "state": ""}
        for who in ("ap@client.example", "boss@client.example")
    ]
    sent = message(debtor, recipients=people)
    record(report("bounced", "a", provider_id="p1", recipient="AP@client.example"))
    sent.refresh_from_db()
    assert [each["state"] for each in sent.recipients] == ["bounced", ""]
    assert list(sent.events.values_list("recipient", flat=True)) == ["ap@client.example"]
    assert ContactPoint.objects.get(customer=debtor).invalid_since is not None
    record(report("bounced", "b", provider_id="p1", recipient="boss@client.example"))
    assert set(sent.events.values_list("kind", "recipient")) == {
        ("bounced", "ap@client.example"), ("bounced", "boss@client.example"), ("bounced", ""),
    }  # fmt: skip
    record(report("bounced", "b", provider_id="p1", recipient="boss@client.example"))
    assert len(kinds(sent)) == 3


def test_what_a_test_sent_says_nothing_of_the_customer(debtor):
    message(debtor, is_test=True)
    sleep(debtor)
    assert record(report("bounced", provider_id="p1")).recorded == 1
    assert ContactPoint.objects.get(customer=debtor).invalid_since is None
    assert not woken(debtor)


def test_a_returned_letter_marks_the_postal_address_until_another_is_given(debtor):
    letter(debtor)
    case = factories.case(debtor).id
    record(report("returned", provider_id="p1", detail="NPAI"))
    debtor.refresh_from_db()
    assert debtor.address_invalid_reason == "NPAI"
    facts = case_facts(debtor.organization_id, [case], on=TODAY)[case]
    assert not {"letter", "registered_letter"} & facts.media
    assert facts.lost["registered_letter"] == "returned"
    who = {"on": TODAY, "actor": "a"}
    assert address_mark(debtor.organization_id, debtor.id, None, **who) == "NPAI"
    assert "letter" in case_facts(debtor.organization_id, [case], on=TODAY)[case].media
    with pytest.raises(CaseError):
        address_mark(debtor.organization_id, 0, None, **who)


def test_a_letter_that_comes_back_from_a_former_address_says_nothing_of_the_new_one(debtor):
    letter(debtor)
    debtor.address_lines = ["2 rue Neuve"]
    debtor.save()
    record(report("returned", provider_id="p1"))
    debtor.refresh_from_db()
    assert debtor.address_invalid_since is None


def test_reports_are_append_only_in_the_database(debtor):
    message(debtor)
    record(report(provider_id="p1"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_deliveryevent SET kind = 'bounced'")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_deliveryevent")


def test_five_hundred_reports_cost_as_many_queries_as_few(debtor, django_assert_max_num_queries):
    org, owner = debtor.organization, debtor.creditor
    debtors = [factories.customer(owner, f"D{n}", email=f"d{n}@x.example") for n in range(60)]
    for number, each in enumerate(debtors):
        message(each, number, to=f"d{number}@x.example", organization=org)
    told = [
        report("bounced" if n % 2 else "delivered", f"e{n}-{k}", provider_id=f"p{n}")
        for n in range(60)
        for k in range(8)
    ]
    with django_assert_max_num_queries(32):
        assert record(*told).recorded == 480
    assert ContactPoint.objects.filter(invalid_since__isnull=False).count() == 30


def test_a_number_is_kept_without_what_separates_its_parts():
    assert number_clean(" 2c 123-456 7890 1 ") == "2C12345678901"
