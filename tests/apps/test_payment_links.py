"""Links to the payment page: unguessable, the same for a message whenever it is written, revocable."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.cases.links import (
    LENGTH,
    Carried,
    case_links,
    link_find,
    link_latest,
    link_make,
    link_used,
    links_keep,
    links_revoke,
    message_link,
)
from amiable.apps.cases.models import PaymentLink
from amiable.apps.cases.services import CaseError
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_freeze
from amiable.apps.tenants.models import Organization
from amiable.core.sms import segments
from tests import factories
from tests.apps.messaging_drafts import CREDITOR, NOW, ON, draft

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _https(settings):
    settings.BASE_URL = "https://relance.example"


@pytest.fixture
def case():
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor)
    return factories.case(debtor)


def token(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def linked(case, template: str = "reminder_1", *, key: str = "", is_test: bool = False, **fields):
    made = draft(template, key=key, case=case, **fields)
    url = message_link(case.organization_id, made.key, is_test=is_test)
    return replace(made, payment_link=url)


def freeze(case, *drafts) -> list[Message]:
    found = messages_freeze(case.organization_id, drafts, now=NOW)
    return list(Message.objects.filter(id__in=found.values()).order_by("id"))


def test_a_token_is_short_for_a_text_message_and_has_131_bits(case):
    url = message_link(case.organization_id, "some-key", is_test=False)
    assert re.fullmatch(r"https://relance\.example/p/[0-9A-Za-z]{22}/", url)
    assert 62**LENGTH > 2**130


def test_the_same_message_always_carries_the_same_link_and_no_two_share_one(case):
    keys = [f"key-{number}" for number in range(500)]
    urls = {message_link(org, key, is_test=test)
            for org in (1, 2) for key in keys for test in (True, False)}  # fmt: skip
    assert len(urls) == 2000
    assert message_link(1, "key-1", is_test=False) == message_link(1, "key-1", is_test=False)


HERE = "http://127.0.0.1:8000"
MAIL = {"email": "smtp://mail.example", "sms": ""}


@pytest.mark.parametrize(
    ("base", "channels"),
    [("http://relance.example", {"email": ""}), ("http://relance.example", MAIL), (HERE, MAIL)],
)
def test_without_https_no_message_carries_a_link(settings, case, base, channels):
    settings.BASE_URL, settings.CHANNEL_URLS = base, channels
    assert message_link(case.organization_id, "some-key", is_test=False) == ""


@pytest.mark.parametrize("base", [HERE, "http://localhost:8000", "http://[::1]:8000"])
def test_where_nothing_leaves_the_machine_links_lead_to_it(settings, case, base):
    settings.BASE_URL, settings.CHANNEL_URLS = base, {"email": "", "sms": ""}
    assert message_link(case.organization_id, "some-key", is_test=False).startswith(f"{base}/p/")
    printed = message_link(case.organization_id, "some-key", is_test=False, printed=True)
    assert printed == ""  # paper may be posted by hand


def test_the_latest_link_is_of_a_case_on_which_more_is_to_come(case):
    reminder = linked(case)
    freeze(case, reminder)
    assert link_latest(case.organization_id, on=ON) == reminder.payment_link
    assert link_latest(case.organization_id, on=date(ON.year + 2, 1, 1)) == ""
    type(case).objects.update(next_plan_on=None)
    assert link_latest(case.organization_id, on=ON) == ""


def test_a_link_works_once_its_message_is_frozen_and_only_a_digest_is_kept(case):
    reminder = linked(case)
    assert link_find(token(reminder.payment_link), on=ON) is None
    freeze(case, reminder)
    found = link_find(token(reminder.payment_link), on=ON)
    assert (found.case_id, found.is_test, found.invoice_id) == (case.id, False, None)
    row = PaymentLink.objects.get()
    assert token(reminder.payment_link) not in str(vars(row))


def test_freezing_again_changes_nothing(case):
    reminder = linked(case)
    (first,) = freeze(case, reminder)
    (again,) = freeze(case, reminder)
    assert first.sha256 == again.sha256
    assert PaymentLink.objects.count() == 1


def test_a_message_written_anew_has_the_same_bytes(case):
    (first,) = freeze(case, linked(case))
    Message.objects.update(key="elsewhere")
    (again,) = freeze(case, linked(case))
    assert bytes(first.content) == bytes(again.content)


def test_a_night_of_messages_costs_the_same_few_queries(case, django_assert_max_num_queries):
    drafts = [linked(case, key=f"night-{number}") for number in range(150)]
    with django_assert_max_num_queries(16):
        freeze(case, *drafts)
    assert PaymentLink.objects.count() == 150


def test_it_stops_working_after_its_days_and_when_it_is_revoked(case):
    Organization.objects.update(portal_link_days=10)
    reminder = linked(case)
    freeze(case, reminder)
    opened = token(reminder.payment_link)
    assert link_find(opened, on=ON + timedelta(days=10))
    assert link_find(opened, on=ON + timedelta(days=11)) is None
    assert links_revoke(case.organization_id, case.id, on=ON, actor="camille") == 1
    assert link_find(opened, on=ON) is None
    assert links_revoke(case.organization_id, case.id, on=ON, actor="camille") == 0
    assert Event.objects.filter(case_id=case.id, kind="link.revoked").count() == 1


def test_what_a_message_of_the_test_mode_carries_is_marked(case):
    Organization.objects.update(test_recipient="tests@vauban.example")
    freeze(case, linked(case, is_test=True))
    assert PaymentLink.objects.get().is_test


def test_links_made_by_hand_are_listed_with_their_address_and_can_be_for_one_invoice(case):
    organization = case.organization_id
    invoice = factories.invoice(case.customer, "FA-7").invoice_id
    whole = link_make(organization, case.id, on=ON, actor="camille")
    one = link_make(organization, case.id, on=ON, actor="camille", invoice_id=invoice)
    assert whole != one
    rows = case_links(organization, [case.id], most=5)
    assert [(row.url, row.number) for row in rows] == [(one, "FA-7"), (whole, "")]
    assert links_revoke(organization, case.id, link_id=rows[0].id, on=ON, actor="camille") == 1
    assert link_find(token(one), on=ON) is None
    assert link_find(token(whole), on=ON)


def test_a_link_is_for_an_invoice_of_its_own_case_only(case):
    stranger = factories.customer(factories.creditor(factories.organization("other"), "x"), "C9")
    foreign = factories.invoice(stranger).invoice_id
    with pytest.raises(CaseError):
        link_make(case.organization_id, case.id, on=ON, actor="camille", invoice_id=foreign)
    with pytest.raises(CaseError):
        link_make(stranger.organization_id, case.id, on=ON, actor="camille")


def test_a_changed_secret_hides_old_links_and_does_not_break_them(case, settings):
    url = link_make(case.organization_id, case.id, on=ON, actor="camille")
    settings.SECRET_KEY = "another secret of the installation"
    assert case_links(case.organization_id, [case.id], most=5)[0].url == ""
    assert link_find(token(url), on=ON)


def test_the_first_use_is_told_and_later_ones_move_the_day(case):
    url = link_make(case.organization_id, case.id, on=ON, actor="camille")
    link = link_find(token(url), on=ON)
    for days in (0, 0, 3):
        link_used(link, on=ON + timedelta(days=days))
    row = PaymentLink.objects.get()
    assert (row.first_used_on, row.last_used_on) == (ON, ON + timedelta(days=3))
    assert Event.objects.filter(case_id=case.id, kind="link.used").count() == 1


def test_an_email_shows_the_link_as_a_button_and_in_its_text(case):
    reminder = linked(case)
    (message,) = freeze(case, reminder)
    assert reminder.payment_link in message.text
    assert f'href="{reminder.payment_link}"'.encode() in _html(message)


def test_a_text_message_carries_the_link_where_two_parts_hold_it(case):
    texted = linked(case, "reminder_sms", key="sms")
    (message,) = freeze(case, texted)
    assert message.text.endswith(f" {texted.payment_link}")
    long = linked(
        case, "reminder_sms", key="long", creditor=replace(CREDITOR, name="Atelier " + "V" * 120)
    )
    (message,) = freeze(case, long)
    assert long.payment_link not in message.text
    assert segments(message.text) == 2


def test_a_consumer_gets_no_link_whose_address_tells_others(case, settings):
    settings.BASE_URL = "https://espace.vauban.example"
    texted = linked(case, "reminder_sms", key="sms", customer_kind="consumer")
    (message,) = freeze(case, texted)
    assert texted.payment_link in message.text
    settings.BASE_URL = "https://recouvrement.example"
    told = linked(case, "reminder_sms", key="told", customer_kind="consumer")
    (message,) = freeze(case, told)
    assert "recouvrement" not in message.text


def test_many_links_are_kept_at_once_and_existing_ones_stay(case, django_assert_num_queries):
    carried = [Carried(case.id, f"k{n}", message_link(1, f"k{n}", is_test=False)) for n in range(9)]
    links_keep(case.organization_id, carried[:3], is_test=False, on=ON)
    PaymentLink.objects.update(revoked_on=ON)
    with django_assert_num_queries(2):
        links_keep(case.organization_id, carried, is_test=False, on=ON)
    assert PaymentLink.objects.filter(revoked_on=None).count() == 6


def _html(message: Message) -> bytes:
    from email import message_from_bytes, policy

    mail = message_from_bytes(bytes(message.content), policy=policy.default)
    return mail.get_body(("html",)).get_content().encode()
