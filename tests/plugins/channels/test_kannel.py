"""Text messages through a real Kannel and its operator: taken, refused, queued, reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amiable.core.sms import size_of
from amiable.plugins.base import Outgoing
from amiable.plugins.channels.sms_http import PLUGIN
from amiable.plugins.inbound import HookRefusedError
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.kannel import kannel, wait_for

pytestmark = pytest.mark.slow
SECRET = "a secret of ours"
NUMBER = "+33612345678"


def text(words="Bonjour, Atelier Vauban.", key="any", to=NUMBER, **fields):
    return Outgoing(key, "sms", to, "", words.encode(), "text/plain; charset=utf-8", **fields)


def send(config, *messages):
    with PLUGIN.session(config) as session:
        return [session.send(message) for message in messages]


def reported(hook, config, key, count=1):
    """What Kannel reports of a message, once it has done so as often."""
    found = []

    def enough():
        reports = [each for each in hook.requests if "seal" in each.query]
        events = [event for each in reports for event in PLUGIN.hook(each, config).events]
        found[:] = [event for event in events if event.key == key]
        return len(found) >= count

    wait_for(enough)
    assert len(found) == count
    return found


@pytest.fixture(scope="module")
def hook():
    """Where Kannel reports to: it answers and keeps the requests."""
    gateway = Gateway((200, "ok"))
    with gateway.running() as port:
        gateway.url = f"http://127.0.0.1:{port}/hooks/channels/sms_http/"
        yield gateway


@pytest.fixture(scope="module")
def server(tmp_path_factory, hook):
    replies = f"{hook.url}?secret=a+secret+of+ours&from=%p&to=%P&text=%a&charset=%C&id=%I&at=%T"
    with kannel(tmp_path_factory.mktemp("kannel"), replies=replies) as running:
        yield running


@pytest.fixture
def config(server, hook):
    return {**PLUGIN.configure(server.url), "hook_url": hook.url, "hook_secret": SECRET}


def test_message_arrives_at_the_operator_and_its_delivery_is_reported(server, hook, config):
    before = len(server.texts())
    words = "Bonjour, à 12 €, [ok] {ç}? ~^|\\"
    (outcome,) = send(config, text(words, "7:case-9:reminder_sms:41", sender="VAUBAN"))
    assert (outcome.state, outcome.detail) == ("sent", "202 0: Accepted for delivery")
    assert server.texts(before + 1)[-1].startswith(f"VAUBAN {NUMBER} ")
    (event,) = reported(hook, config, "7:case-9:reminder_sms:41")
    assert event.kind == "delivered"
    assert event.event_id
    assert abs(datetime.now(UTC) - event.at) < timedelta(minutes=5)


def test_long_text_arrives_in_the_parts_that_are_counted(server, hook, config):
    for words in ("x" * 157 + "€[", "日" * 71):
        before = len(server.texts())
        (outcome,) = send(config, text(words, key=words[:3]))
        assert outcome.state == "sent"
        arrived = server.texts(before + size_of(words).parts)[before:]
        assert len(arrived) == size_of(words).parts == 2
        assert all(f"{NUMBER} udh %05%00%03" in each for each in arrived)
    # Kannel reports a message once, whatever its parts.
    assert len(reported(hook, config, "xxx")) == len(reported(hook, config, "日" * 3)) == 1


def test_one_connection_carries_a_batch(server, config):
    before = len(server.texts())
    outcomes = send(config, *(text(f"n{i}", key=f"n{i}") for i in range(20)))
    assert {outcome.state for outcome in outcomes} == {"sent"}
    arrived = server.texts(before + 20)[before:]
    assert sorted(arrived) == sorted(f"38000 {NUMBER} text n{i}" for i in range(20))


def test_refused_credentials_let_the_batch_wait(server, config):
    first, second = send({**config, "password": "wrong"}, text(), text())
    assert (first.state, second.state) == ("retry", "retry")
    assert "403 Authorization failed" in first.detail


def test_refused_recipient_fails_and_the_next_message_leaves(server, config):
    before = len(server.texts())
    first, second = send(config, text(to="+33700123456"), text())
    assert (first.state, second.state) == ("failed", "sent")
    assert "black-lists" in first.detail
    assert len(server.texts(before + 1)) == before + 1


def test_text_of_a_customer_comes_back_whole(server, hook, config):
    server.disconnect_operator()
    server.connect_operator("+33612345678 38000 text J'ai payé hier & je réponds: STOP")
    wait_for(lambda: any("secret" in each.query for each in hook.requests))
    (request,) = [each for each in hook.requests if "secret" in each.query]
    (reply,) = PLUGIN.hook(request, config).replies
    assert (reply.medium, reply.sender) == ("sms", "+33612345678")
    assert reply.content.decode() == "J'ai payé hier & je réponds: STOP"
    with pytest.raises(HookRefusedError):
        PLUGIN.hook(replace(request, query={**request.query, "secret": "guess"}), config)


def test_report_that_was_not_recorded_comes_again_and_is_the_same(server, hook, config):
    """Kannel asks again when the hook did not answer well: one event, not two."""
    hook.answers = [(500, "database is away"), (200, "ok")]
    send(config, text(key="again"))
    first, second = reported(hook, config, "again", 2)
    assert first == second


def test_number_that_the_router_refuses_fails_at_once_and_is_reported(tmp_path, hook):
    """Kannel answers with 403, as for a wrong password, and the next message leaves all the same."""
    core = 'black-list-receiver-regex = "^\\\\+33699"'
    with kannel(tmp_path, core=core) as server:
        config = {**PLUGIN.configure(server.url), "hook_url": hook.url, "hook_secret": SECRET}
        outcome, other = send(config, text(to="+33699123456", key="refused"), text())
        (event,) = reported(hook, config, "refused")
    assert (outcome.state, other.state, event.kind) == ("failed", "sent", "failed")
    assert "Not routable" in outcome.detail


def test_full_queue_is_tried_again_later(tmp_path):
    with kannel(tmp_path, core="sms-outgoing-queue-limit = 1") as server:
        server.disconnect_operator()
        outcomes = send(PLUGIN.configure(server.url), *(text(key=str(i)) for i in range(3)))
    assert [outcome.state for outcome in outcomes] == ["sent", "retry", "retry"]
    assert "503 Temporal failure" in outcomes[1].detail
    assert outcomes[1].retry_after_seconds > 0
