"""From the message to its receipt and the customer's answer, through a real message centre."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from amiable.apps.messaging import services
from amiable.apps.messaging.delivery.asking import channels_ask
from amiable.apps.messaging.models import DeliveryEvent, Message, Reply
from amiable.apps.messaging.sending.routes import configured_routes
from amiable.apps.messaging.services import messages_freeze, messages_send
from amiable.plugins.channels import smpp
from tests import factories
from tests.apps.messaging_drafts import NOW, draft
from tests.plugins.channels.centres import centre
from tests.plugins.smtp_servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)
LATER = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


@pytest.fixture
def operator(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(smpp, "QUIET_SECONDS", 0.4)
    with centre(tmp_path / "smsc") as running:
        settings.CHANNEL_URLS = {
            "email": "", "sms": f"{running.url}?gone=001", "letter": "", "registered_letter": "",
        }  # fmt: skip
        yield running


def sent_message() -> Message:
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    ids = messages_freeze(
        case.organization_id, [draft("reminder_sms", case=case, key="sms-1")], now=NOW
    )
    messages_send(case.organization_id, ids.values(), now=NOW, routes=configured_routes())
    return Message.objects.get()


def test_receipt_of_a_message_is_recorded_once(operator):
    message = sent_message()
    # Two parts; the receipt is that of the last.
    assert (message.state, message.provider_id) == ("sent", "00000002")
    first, second = channels_ask(now=LATER), channels_ask(now=LATER)
    assert (first.recorded, second.recorded, first.errors) == (1, 0, {})
    kinds = DeliveryEvent.objects.order_by("id").values_list("kind", "source")
    assert list(kinds)[-1] == ("delivered", "smpp")
    assert kinds.count() == 2


def test_receipt_that_could_not_be_recorded_is_told_again(operator, monkeypatch):
    from amiable.apps.messaging.delivery import asking

    sent_message()

    def fails(*_, **__):
        raise RuntimeError("the database went away")

    with monkeypatch.context() as broken:
        broken.setattr(asking, "answer_record", fails)
        with pytest.raises(RuntimeError):
            channels_ask(now=LATER)
    assert channels_ask(now=LATER).recorded == 1


def test_text_of_a_customer_becomes_his_answer(operator):
    message = sent_message()
    number = message.recipient
    operator.customers_write(
        {"from": number[1:], "to": "38000", "coding": 0, "text": b"Paye hier, merci".hex()}
    )
    assert channels_ask(now=LATER).replies == 1
    reply = Reply.objects.get()
    assert (reply.medium, reply.sender, reply.text) == ("sms", number, "Paye hier, merci")


def test_centre_that_cannot_be_asked_is_named(operator, settings):
    settings.CHANNEL_URLS["sms"] = f"smpp://u:p@127.0.0.1:{free_port()}"
    assert list(channels_ask(now=LATER).errors) == ["smpp"]


def test_message_of_a_worker_that_died_is_in_doubt_and_never_doubled(operator, monkeypatch):
    """It had left, and the worker was gone before it could write that down."""
    case = factories.case(factories.customer(factories.creditor(factories.organization())))
    ids = messages_freeze(
        case.organization_id, [draft("reminder_sms", case=case, key="sms-1")], now=NOW
    )

    def send():
        return messages_send(
            case.organization_id, ids.values(), now=NOW, routes=configured_routes()
        )

    def dies(*_):
        raise SystemExit

    with monkeypatch.context() as mortal:
        mortal.setattr(services, "_record", lambda _org, outcomes, _now: outcomes and dies())
        with pytest.raises(SystemExit):
            send()
    before = len(operator.taken(2))
    outcomes = [outcome.state for _ in range(2) for outcome in send().values()]
    assert outcomes == ["unknown", "unknown"]
    assert Message.objects.get().state == "unknown"
    assert len(operator.taken()) == before == 2  # the two parts of the one message


def test_worker_takes_in_what_a_message_centre_keeps_where_there_is_no_mailbox(settings):
    from amiable.project.worker import ticks_enqueue

    factories.organization()
    night = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    settings.MAILBOX_URLS = []
    assert "mail" not in ticks_enqueue(night)
    settings.CHANNEL_URLS = {"sms": "smpp://u:p@127.0.0.1:9"}
    assert "mail" in ticks_enqueue(night)
