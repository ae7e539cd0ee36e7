"""Test mode: everything runs, every message goes to one address of the house, and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.test import Client

from amiable.apps.audit.models import Event
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_tick
from amiable.apps.dunning.sending import send_tick
from amiable.apps.dunning.settings import settings_change, settings_undo, switch_preview
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.services import messages_freeze, messages_send
from amiable.apps.tenants.models import Organization
from amiable.apps.tenants.settings import SettingsError
from amiable.plugins.base import Outcome
from tests import factories
from tests.apps.messaging_drafts import draft
from tests.apps.test_sending import NOW
from tests.browser.portfolio import member
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
HOUSE = "essais@vauban.example"
MEDIA = ("email", "letter", "registered_letter", "sms")
TEMPLATES = {
    "email": "reminder_1",
    "letter": "reminder_firm",
    "registered_letter": "formal_notice",
    "sms": "reminder_sms",
}


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def case(debtor):
    return factories.case(debtor)


def memory():
    box = {}
    return box, {medium: ("memory", {"box": box}) for medium in MEDIA}


def switch(organization_id: int, to: str = HOUSE):
    return settings_change(organization_id, {"test_recipient": to}, on=TODAY, actor="m@x.example")


def write(case, template: str, key: str = "k1"):
    """Freeze and send one message; returns it with what the channel was handed."""
    box, routes = memory()
    ids = messages_freeze(case.organization_id, [draft(template, key=key, case=case)], now=NOW)
    messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    return Message.objects.get(id=ids[key]), list(box.values())


@pytest.mark.parametrize("medium", MEDIA)
def test_every_medium_becomes_an_email_to_the_test_address(case, medium):
    switch(case.organization_id)
    message, (out,) = write(case, TEMPLATES[medium])
    assert (message.state, message.is_test, message.medium) == ("sent", True, medium)
    assert message.recipient == HOUSE
    assert (out.medium, out.recipient, out.envelope) == ("email", HOUSE, (HOUSE,))
    mail = message_from_bytes(out.content, policy=policy.default)
    assert (mail["To"], mail["Cc"]) == (HOUSE, None)
    assert mail["Subject"].startswith("[TEST]")
    for kind in ("plain", "html"):
        words = mail.get_body((kind,)).get_content()
        assert "TEST" in words
    text = mail.get_body(("plain",)).get_content()
    whom = {"email": "ap@client.example", "sms": "+33612345678"}.get(medium, "Menuiserie Duval")
    assert whom in text
    pdfs = [p for p in mail.iter_attachments() if p.get_content_type() == "application/pdf"]
    assert len(pdfs) == (1 if "letter" in medium else 0)


@pytest.mark.parametrize("medium", MEDIA)
def test_the_console_says_whom_a_test_was_for_beside_where_it_went(case, medium):
    switch(case.organization_id)
    message, _ = write(case, TEMPLATES[medium])
    whom = {"email": "ap@client.example", "sms": "+33612345678"}.get(medium, "Menuiserie Duval")
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(case.organization, "camille@acme.example", "manager"))
    page = client.get(f"/outbox/{message.pk}/").content.decode()
    meant, _, sent = page.partition("Meant for")[2].partition("Sent in test mode to")
    assert whom in meant
    assert HOUSE in sent
    rows = client.get("/outbox/").content.decode()
    assert HOUSE in rows
    assert f"instead of {whom}" in rows
    for address in ("/", "/customers/", "/scenarios/", "/experiments/", "/simulation/", "/bank/"):
        shown = client.get(address).content.decode()
        assert f"no message reaches a customer, everything goes to {HOUSE}" in shown, address


def test_no_header_of_a_test_email_names_the_customer(case):
    switch(case.organization_id)
    _, (out,) = write(case, "reminder_1")
    head = out.content.partition(b"\r\n\r\n")[0]
    assert b"client.example" not in head


def test_message_frozen_before_the_switch_never_leaves_and_is_written_anew(case):
    ids = messages_freeze(case.organization_id, [draft(key="k1", case=case)], now=NOW)
    assert switch(case.organization_id).withdrawn == 1
    box, routes = memory()
    (outcome,) = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes).values()
    assert (outcome.state, box) == ("retry", {})
    again, (out,) = write(case, "reminder_1")
    assert again.pk != ids["k1"]
    assert (out.recipient, again.key) == (HOUSE, "k1")
    assert Message.objects.get(id=ids["k1"]).state == "withdrawn"


def test_test_message_never_leaves_once_the_mode_is_off(case):
    switch(case.organization_id)
    ids = messages_freeze(case.organization_id, [draft(key="k1", case=case)], now=NOW)
    assert switch(case.organization_id, "").withdrawn == 1
    message, (out,) = write(case, "reminder_1")
    assert message.pk != ids["k1"]
    assert (out.recipient, message.is_test) == ("ap@client.example", False)


def test_another_test_address_withdraws_what_was_written_for_the_first(case):
    switch(case.organization_id)
    messages_freeze(case.organization_id, [draft(key="k1", case=case)], now=NOW)
    assert switch(case.organization_id, "autre@vauban.example").withdrawn == 1
    _, (out,) = write(case, "reminder_1")
    assert out.recipient == "autre@vauban.example"


@pytest.mark.parametrize(("before", "after"), [("", HOUSE), (HOUSE, ""), (HOUSE, "b@x.example")])
@pytest.mark.parametrize("state", ["frozen", "sending"])
def test_switch_nobody_announced_stops_the_message_all_the_same(case, before, after, state):
    """The column set behind the service's back, as by another worker between two statements."""
    Organization.objects.update(test_recipient=before)
    ids = messages_freeze(case.organization_id, [draft(key="k1", case=case)], now=NOW)
    Message.objects.update(state=state)
    Organization.objects.update(test_recipient=after)
    box, routes = memory()
    outcomes = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    assert box == {}
    expected = {"frozen": ("retry", "withdrawn"), "sending": ("unknown", "unknown")}[state]
    assert (outcomes[ids["k1"]].state, Message.objects.get().state) == expected


def test_approved_actions_are_kept_and_go_to_the_test_address(debtor):
    organization_id = debtor.organization_id
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    plan_tick(organization_id, on=TODAY)
    action = Action.objects.get()
    assert (action.state, action.is_test) == ("approved", False)
    assert switch_preview(organization_id).approved == 1
    switch(organization_id)
    action.refresh_from_db()
    assert (action.state, action.is_test) == ("approved", True)
    box, routes = memory()
    assert send_tick(organization_id, now=NOW, routes=routes).sent == 1
    assert [each.recipient for each in box.values()] == [HOUSE]
    action.refresh_from_db()
    assert (action.state, action.is_test) == ("done", True)


class Down:
    """A channel that is down: what it is handed stays to be tried again."""

    code, label, media, resend_safe = "down", "Down", frozenset(MEDIA), True

    def session(self, config):
        from contextlib import nullcontext

        return nullcontext(self)

    def send(self, message):
        return Outcome("retry", detail="down", retry_after_seconds=60)


def test_message_waiting_for_another_try_is_written_anew_after_the_switch(debtor, monkeypatch):
    from amiable.plugins.registry import plugins

    monkeypatch.setitem(plugins("channels"), "down", Down())
    organization_id = debtor.organization_id
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    plan_tick(organization_id, on=TODAY)
    down = dict.fromkeys(MEDIA, ("down", {}))
    assert send_tick(organization_id, now=NOW, routes=down).retry == 1
    switch(organization_id)
    box, routes = memory()
    later = NOW + timedelta(minutes=5)
    assert send_tick(organization_id, now=later, routes=routes).sent == 1
    assert [each.recipient for each in box.values()] == [HOUSE]
    assert sorted(Message.objects.values_list("state", "is_test")) == [
        ("sent", True), ("withdrawn", False),
    ]  # fmt: skip


def test_steps_done_in_test_mode_come_again_for_real(debtor):
    organization_id = debtor.organization_id
    factories.invoice(debtor, due=TODAY - timedelta(days=1))
    switch(organization_id)
    plan_tick(organization_id, on=TODAY)
    box, routes = memory()
    send_tick(organization_id, now=NOW, routes=routes)
    assert switch(organization_id, "").woken == 1
    plan_tick(organization_id, on=TODAY)
    real = Action.objects.get(is_test=False)
    assert (real.step, real.state) == ("reminder_1", "approved")
    send_tick(organization_id, now=NOW, routes=routes)
    assert [each.recipient for each in box.values()] == [HOUSE, "ap@client.example"]
    last = Message.objects.get(is_test=False)
    assert b"In-Reply-To" not in bytes(last.content)


def test_switch_is_audited_and_taken_back(case):
    organization_id = case.organization_id
    changed = switch(organization_id)
    event = Event.objects.get(kind="settings.changed")
    assert event.payload["changes"]["test_recipient"] == ["", HOUSE]
    assert settings_undo(organization_id, changed.event, on=TODAY, actor="m@x.example").fields
    assert Organization.objects.get().test_recipient == ""
    assert not settings_undo(organization_id, changed.event, on=TODAY, actor="m").fields


def test_address_of_a_customer_is_no_test_address(case):
    with pytest.raises(SettingsError) as refused:
        switch(case.organization_id, "AP@client.example")
    assert refused.value.problems["test_recipient"].code == "settings.customer_address"
    assert ContactPoint.objects.exists()
    assert Organization.objects.get().test_recipient == ""


def test_other_organizations_keep_sending(case):
    other = factories.case(
        factories.customer(factories.creditor(factories.organization("other")), "X")
    )
    waiting = messages_freeze(other.organization_id, [draft(key="k1", case=other)], now=NOW)
    assert switch(case.organization_id).withdrawn == 0
    box, routes = memory()
    messages_send(other.organization_id, waiting.values(), now=NOW, routes=routes)
    assert [each.recipient for each in box.values()] == ["ap@client.example"]
    assert Case.objects.count() == 2
