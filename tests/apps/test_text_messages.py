"""A text message leaves in its creditor's name and tells a third person nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amiable.apps.messaging.models import DeliveryEvent, Message, Reply
from amiable.apps.messaging.rendering.messages import Rendered, drafts_render
from amiable.apps.messaging.sending.routes import configured_routes, hook_url, routes_from
from amiable.apps.messaging.services import messages_freeze, messages_send
from amiable.core.sentences import Sentence
from amiable.core.sms import segments
from tests import factories
from tests.apps.messaging_drafts import CREDITOR, NOW, draft
from tests.plugins.channels.kannel import kannel, wait_for


def rendered(**fields) -> Rendered | Sentence:
    given = draft("reminder_sms", key="k", **fields)
    return drafts_render([given], {}, organization_id=1, now=NOW)["k"]


@pytest.mark.parametrize(
    ("sender", "shown"), [("VAUBAN", "VAUBAN"), ("", ""), ("09 37 00 00 00", "+33937000000")]
)
def test_text_message_shows_the_sender_of_its_creditor(sender, shown):
    assert rendered(creditor=replace(CREDITOR, sms_sender=sender)).sender == shown


@pytest.mark.parametrize("sender", ["Atelier Vauban", "06 12 34 56 78", "36123"])
def test_sender_that_operators_refuse_stops_the_message_with_its_reason(sender):
    found = rendered(creditor=replace(CREDITOR, sms_sender=sender))
    assert isinstance(found, Sentence)
    assert found.code.startswith("sms.sender")
    assert sender in str(found)


def test_whatever_would_reveal_the_debt_of_a_consumer_never_leaves():
    found = rendered(customer_kind="consumer", customer_code="IMPAYE-42")
    assert isinstance(found, Sentence)
    assert (found.code, found.params["words"]) == ("sms.reveals", "IMPAYE")
    assert isinstance(rendered(customer_kind="company", customer_code="IMPAYE-42"), Rendered)


def test_the_name_of_the_creditor_may_say_what_it_likes():
    named = replace(CREDITOR, name="Forêt Recouvrement")
    found = rendered(customer_kind="consumer", creditor=named)
    assert isinstance(found, Rendered)
    assert "Foret Recouvrement" in found.text


@pytest.mark.django_db
def test_the_sender_is_frozen_with_the_message_and_handed_to_the_channel():
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    given = draft("reminder_sms", case=case, key="sms-1",
                  creditor=replace(CREDITOR, sms_sender="VAUBAN"))  # fmt: skip
    ids = messages_freeze(case.organization_id, [given], now=NOW)
    box = {}
    routes = {**routes_from({}, ""), "sms": ("memory", {"box": box})}
    messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    assert Message.objects.get().sender == "VAUBAN"
    assert [message.sender for message in box.values()] == ["VAUBAN"]


@pytest.mark.slow
def test_from_our_message_over_kannel_to_its_report_and_the_answer(live_server, settings, tmp_path):
    """A gateway and an operator that others wrote, against our own running server."""
    settings.BASE_URL = live_server.url
    settings.HOOK_SECRET = "only Kannel knows"
    settings.ALLOWED_HOSTS = ["*"]
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    given = draft("reminder_sms", case=case, key="sms-1",
                  creditor=replace(CREDITOR, sms_sender="38123"))  # fmt: skip
    ids = messages_freeze(case.organization_id, [given], now=NOW)
    replies = f"{hook_url('sms_http')}?secret=only+Kannel+knows&from=%p&to=%P&text=%a&charset=%C&id=%I&at=%T"
    with kannel(tmp_path / "kannel", replies=replies) as server:
        settings.CHANNEL_URLS = {**dict.fromkeys(settings.CHANNEL_URLS, ""), "sms": server.url}
        for _ in range(2):
            messages_send(case.organization_id, ids.values(), now=NOW, routes=configured_routes())
        wait_for(lambda: DeliveryEvent.objects.filter(kind="delivered").exists())
        message = Message.objects.get()
        # Three parts at most, and no message twice.
        assert len(server.texts()) == segments(message.text)
        server.disconnect_operator()
        server.connect_operator(f"{message.recipient} 38123 text Reglement parti hier, merci")
        wait_for(Reply.objects.exists)
    assert list(DeliveryEvent.objects.order_by("id").values_list("kind", "source")) == [
        ("sent", ""), ("delivered", "sms_http"),
    ]  # fmt: skip
    reply = Reply.objects.get()
    assert (reply.medium, reply.text) == ("sms", "Reglement parti hier, merci")
    assert reply.sender == message.recipient
