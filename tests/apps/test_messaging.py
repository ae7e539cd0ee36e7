"""Messages are frozen once, sent once, and every outcome is a recorded fact."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection, transaction

from amiable.apps.messaging.invariants import INVARIANTS
from amiable.apps.messaging.models import DeliveryEvent, Message
from amiable.apps.messaging.queries import case_messages, message_parts, outbox, thread_ids
from amiable.apps.messaging.sending.routes import routes_from
from amiable.apps.messaging.services import (
    UNSAFE_WINDOW,
    messages_freeze,
    messages_send,
    messages_withdraw,
)
from amiable.apps.receivables.models import InvoiceDocument
from amiable.core.sentences import Sentence
from amiable.plugins.base import Outcome
from tests import factories
from tests.apps.messaging_drafts import CUSTOMER, NOW, draft, line
from tests.plugins.smtp_servers import keeper

pytestmark = pytest.mark.django_db
OUTBOX = routes_from({}, "")


@pytest.fixture
def case():
    return factories.case(factories.customer(factories.creditor(factories.organization())))


@pytest.fixture(autouse=True)
def _invariants_hold(db):
    yield
    with connection.cursor() as cursor:
        for name, sql in INVARIANTS.items():
            cursor.execute(sql)
            assert cursor.fetchall() == [], name


def freeze(case, *drafts):
    return messages_freeze(case.organization_id, drafts, now=NOW)


def memory():
    box = {}
    return box, dict.fromkeys(OUTBOX, ("memory", {"box": box}))


def test_frozen_message_is_never_rendered_again(case):
    first = freeze(case, draft(case=case))
    before = Message.objects.get()
    again = freeze(case, draft(case=case, customer_code="OTHER"))
    assert again == first
    assert bytes(Message.objects.get().content) == bytes(before.content)


def test_same_draft_twice_in_one_batch_makes_one_message(case):
    freeze(case, draft(case=case), draft(case=case))
    assert Message.objects.count() == 1


def test_hash_is_of_the_bytes_that_leave(case):
    ids = freeze(case, draft(case=case))
    box, routes = memory()
    messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    (left,) = box.values()
    message = Message.objects.get()
    assert hashlib.sha256(left.content).hexdigest() == message.sha256
    assert message.state == "sent"
    assert message.sent_at == NOW
    assert message.channel == "memory"


def test_draft_without_address_is_explained_and_the_others_are_frozen(case):
    result = freeze(
        case,
        draft(case=case, key="bad", recipient="nobody"),
        draft("reminder_firm", case=case, key="no-street", customer=party_at("")),
        draft(case=case, key="good"),
    )
    assert isinstance(result["bad"], Sentence)
    assert result["bad"].code == "message.no_email"
    assert result["no-street"].code == "address.incomplete"
    assert isinstance(result["good"], int)
    assert str(result["bad"])


def party_at(street):
    return replace(CUSTOMER, address_lines=(street,))


def test_sending_twice_delivers_once(case):
    ids = freeze(case, draft(case=case))
    box, routes = memory()
    messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    box.clear()
    outcome = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    assert [o.state for o in outcome.values()] == ["sent"]
    assert box == {}
    assert DeliveryEvent.objects.count() == 1


def test_message_of_a_dead_worker_is_unknown_and_never_resent_over_smtp(case):
    ids = freeze(case, draft(case=case))
    Message.objects.update(state="sending", attempts=1, channel="smtp")
    routes = routes_from({"email": "smtp://127.0.0.1:1"}, "")
    for _ in range(2):
        (outcome,) = messages_send(
            case.organization_id, ids.values(), now=NOW, routes=routes
        ).values()
        assert outcome.state == "unknown"
    assert Message.objects.get().state == "unknown"
    assert DeliveryEvent.objects.get().kind == "unknown"


def test_message_of_a_dead_worker_resumes_where_the_channel_delivers_a_key_once(case, tmp_path):
    ids = freeze(case, draft("formal_notice", case=case))
    Message.objects.update(state="sending", attempts=1)
    routes = {"registered_letter": ("spool", {"folder": str(tmp_path)})}
    (outcome,) = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes).values()
    assert outcome.state == "sent"
    assert len(list((tmp_path / "registered_letter").iterdir())) == 1


def test_unreachable_server_leaves_the_message_frozen_with_a_time_to_retry(case):
    ids = freeze(case, draft(case=case))
    routes = routes_from({"email": "smtp://127.0.0.1:1"}, "")
    (outcome,) = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes).values()
    message = Message.objects.get()
    assert outcome.state == "retry"
    assert message.state == "frozen"
    assert message.retry_at > NOW
    assert message.error
    assert DeliveryEvent.objects.get().kind == "deferred"


def test_retries_end_in_failure(case):
    ids = freeze(case, draft(case=case))
    routes = routes_from({"email": "smtp://127.0.0.1:1"}, "")
    for _ in range(6):
        messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("failed", 5)


@pytest.mark.django_db(transaction=True)
def test_sending_inside_a_transaction_is_refused():
    case = factories.case(factories.customer(factories.creditor(factories.organization("in"))))
    ids = freeze(case, draft(case=case))
    with transaction.atomic(), pytest.raises(RuntimeError):
        messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX)
    assert Message.objects.get().state == "frozen"


def test_another_organization_can_neither_send_nor_read(case):
    ids = freeze(case, draft(case=case))
    stranger = factories.organization("stranger")
    assert messages_send(stranger.id, ids.values(), now=NOW, routes=OUTBOX) == {}
    assert message_parts(stranger.id, Message.objects.get().id) is None
    assert outbox(stranger.id).total == 0
    assert Message.objects.get().state == "frozen"


def test_follow_up_answers_in_the_same_conversation(case):
    ids = freeze(case, draft(case=case, key="first"))
    messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX)
    thread = thread_ids(case.organization_id, [case.id])[case.id]
    first = Message.objects.get()
    assert thread == (first.message_id,)
    freeze(case, draft("reminder_2", case=case, key="second", thread_ids=thread))
    second = Message.objects.get(key="second")
    assert second.subject == f"Re: {first.subject}"
    assert second.thread_id == first.message_id
    mail = bytes(second.content).decode()
    assert f"In-Reply-To: {first.message_id}\r\n" in mail
    assert f"References: {first.message_id}\r\n" in mail


def test_conversation_silent_for_months_is_over(case):
    ids = freeze(case, draft(case=case, key="first"))
    messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX)
    thread = thread_ids(case.organization_id, [case.id])[case.id]
    later = replace(draft(case=case, key="later", thread_ids=thread), on_date=date(2027, 3, 1))
    freeze(case, later)
    message = Message.objects.get(key="later")
    assert not message.subject.startswith("Re:")
    assert message.thread_id == message.message_id
    assert b"In-Reply-To" not in bytes(message.content)


def test_withdrawn_message_never_leaves(case):
    ids = freeze(case, draft(case=case))
    assert messages_withdraw(case.organization_id, ids.values()) == 1
    box, routes = memory()
    (outcome,) = messages_send(case.organization_id, ids.values(), now=NOW, routes=routes).values()
    assert (outcome.state, box) == ("retry", {})


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="a shared in-memory database does not wait for locks"
)
@pytest.mark.django_db(transaction=True)
def test_two_workers_given_the_same_messages_deliver_each_once():
    case = factories.case(factories.customer(factories.creditor(factories.organization("two"))))
    ids = freeze(case, *[draft(case=case, key=f"k{i}") for i in range(60)])
    with keeper() as (server, port):
        routes = routes_from({"email": f"smtp://127.0.0.1:{port}?tls=none"}, "")

        def work(_):
            try:
                return messages_send(case.organization_id, ids.values(), now=NOW, routes=routes)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(2)))
        contents = [content for _, _, content in server.mails]
    assert len(contents) == len(set(contents)) == 60


def test_invoices_are_attached_once_each_and_named_in_the_text(case):
    item = factories.invoice(case.customer)
    InvoiceDocument.objects.create(
        organization=case.organization, invoice=item.invoice,
        filename="FA é\r\nBcc: x@y.z.pdf", content=b"%PDF-1.7 x", sha256="0" * 64,
    )  # fmt: skip
    ids = freeze(
        case, draft("reminder_1", line(item.invoice_id), case=case, attachments=("invoices",))
    )
    parts = message_parts(case.organization_id, ids["reminder_1-1"])
    (file,) = parts.attachments
    assert file.content == b"%PDF-1.7 x"
    assert file.content_type == "application/pdf"
    assert "\n" not in file.filename
    assert "La facture est jointe" in parts.text
    assert b"\nBcc" not in parts.content


def test_text_claims_no_attachment_when_there_is_none(case):
    ids = freeze(case, draft("reminder_1", case=case, attachments=("invoices",)))
    parts = message_parts(case.organization_id, ids["reminder_1-1"])
    assert parts.attachments == []
    assert "joint" not in parts.text


def test_two_hundred_messages_cost_a_bounded_number_of_queries(case, django_assert_max_num_queries):
    drafts = [draft(case=case, key=f"k{i}") for i in range(200)]
    with django_assert_max_num_queries(11):
        ids = freeze(case, *drafts)
    with django_assert_max_num_queries(12):
        outcomes = messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX)
    assert {o.state for o in outcomes.values()} == {"sent"}
    assert len(outcomes) == 200
    with django_assert_max_num_queries(2):
        assert outbox(case.organization_id, state="sent", medium="email").total == 200
    with django_assert_max_num_queries(1):
        assert len(case_messages(case.organization_id, [case.id])[case.id]) == 200


def test_sending_over_an_unsafe_channel_is_bounded_too(case, django_assert_max_num_queries):
    ids = freeze(case, *[draft(case=case, key=f"k{i}") for i in range(200)])
    windows = 200 // UNSAFE_WINDOW
    with django_assert_max_num_queries(2 + 10 * windows):
        messages_send(
            case.organization_id,
            ids.values(),
            now=NOW,
            routes=routes_from({"email": "smtp://127.0.0.1:1"}, ""),
        )


def test_progress_is_told(case):
    ids = freeze(case, *[draft(case=case, key=f"k{i}") for i in range(3)])
    seen = []
    messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX, progress=seen.append)
    assert seen[-1] == 3


def test_outcome_of_every_message_is_answered(case):
    ids = freeze(case, draft(case=case), draft("reminder_sms", case=case))
    outcomes = messages_send(case.organization_id, ids.values(), now=NOW, routes=OUTBOX)
    assert outcomes.keys() == set(ids.values())
    assert all(isinstance(o, Outcome) for o in outcomes.values())
