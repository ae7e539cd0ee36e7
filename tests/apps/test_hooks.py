"""Calls of providers over HTTP: proved, recorded once, refused without a trace."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from django.test import Client

from amiable.apps.messaging.models import DeliveryEvent, Reply
from amiable.core.delivery import ReportedEvent
from amiable.interfaces.hooks.views import MAX_BODY
from amiable.plugins.channels._sms_reports import sealed
from amiable.plugins.inbound import HookAnswer, HookRefusedError, secret_check
from amiable.plugins.registry import plugins
from tests import factories
from tests.apps.test_delivery_events import message

pytestmark = pytest.mark.django_db
SECRET = "a secret of the tests"


class Parcel:
    """A channel of a provider that signs nothing and posts JSON."""

    code = "parcel"
    media = frozenset({"letter", "registered_letter"})
    label = "Parcel"
    resend_safe = True
    schemes = frozenset({"parcel"})

    def configure(self, url):
        return {"user": url}

    def session(self, config):
        return nullcontext()

    def hook(self, request, config):
        secret_check(request, config)
        try:
            told = json.loads(request.body)
            events = tuple(
                ReportedEvent(kind, f"{kind}:{number}", at=datetime.now(UTC), number=number)
                for kind, number in told
            )
        except (ValueError, TypeError) as error:
            raise HookRefusedError("this is no list of reports", 400) from error
        return HookAnswer(events=events, status=202, body=b"thanks")


@pytest.fixture
def parcel(monkeypatch, settings):
    monkeypatch.setitem(plugins("channels"), "parcel", Parcel())
    settings.HOOK_SECRET = SECRET
    settings.CHANNEL_URLS = {
        "registered_letter": "parcel://a", "letter": "parcel://b",
        "sms": "kannel://user:password@127.0.0.1:13013",
    }  # fmt: skip
    debtor = factories.customer(factories.creditor(factories.organization()))
    return message(debtor, number="2C12345678901", channel="parcel", medium="registered_letter")


@pytest.fixture
def http():
    return Client(enforce_csrf_checks=True)


def call(http, *told, code="parcel", secret=SECRET, body=None):
    query = urlencode({"secret": secret})
    content = body if body is not None else json.dumps(told).encode()
    return http.post(f"/hooks/channels/{code}/?{query}", content, content_type="application/json")


def kinds():
    return sorted(DeliveryEvent.objects.values_list("kind", flat=True))


def test_a_proved_call_is_recorded_and_answered_without_session_or_cookie(parcel, http):
    answer = call(http, ["presented", "2C12345678901"])
    assert (answer.status_code, answer.content) == (202, b"thanks")
    assert not answer.cookies
    assert "no-cache" in answer.headers["Cache-Control"]
    row = DeliveryEvent.objects.get()
    assert (row.message_id, row.kind, row.source) == (parcel.id, "presented", "parcel")


def test_a_call_told_again_or_in_another_order_changes_nothing(parcel, http):
    told = [["accepted", "2C12345678901"], ["presented", "2C 12345678901"]]
    for each in (told, told[::-1], told[:1], told * 50):
        assert call(http, *each).status_code == 202
    assert kinds() == ["accepted", "presented"]


@pytest.mark.parametrize("secret", ["", "another", SECRET + "x"])
def test_a_call_that_proves_nothing_is_refused_without_a_trace(parcel, http, secret, caplog):
    answer = call(http, ["presented", "2C12345678901"], secret=secret)
    assert (answer.status_code, answer.content) == (403, b"")
    assert kinds() == []
    assert "refused" in caplog.text
    assert SECRET not in caplog.text
    assert "2C12345678901" not in caplog.text


def test_without_a_secret_every_unsigned_call_is_refused(parcel, http, settings):
    settings.HOOK_SECRET = ""
    assert call(http, ["presented", "2C12345678901"], secret="").status_code == 403


def test_a_call_that_cannot_be_read_is_a_bad_request(parcel, http):
    for body in (b"", b"{", b"\xff\xfe", b"[1]", b'{"a": 1}'):
        assert call(http, body=body).status_code == 400
    assert kinds() == []


@pytest.mark.parametrize("code", ["nothing", "memory", "smtp", "spool", "smpp"])
def test_a_code_that_is_unknown_told_nothing_or_not_configured_is_not_found(parcel, http, code):
    assert call(http, code=code).status_code == 404


def test_a_channel_without_address_is_not_found(parcel, http, settings):
    settings.CHANNEL_URLS = {"sms": ""}
    assert call(http, ["presented", "2C12345678901"]).status_code == 404


def test_a_body_too_long_is_refused_before_it_is_read(parcel, http):
    answer = http.generic(
        "POST", f"/hooks/channels/parcel/?secret={SECRET}", b"x",
        content_type="application/json", CONTENT_LENGTH=str(MAX_BODY + 1),
    )  # fmt: skip
    assert answer.status_code == 413
    for length in ("-1", "x", "9" * 40):
        answer = http.generic("POST", "/hooks/channels/parcel/", b"x", CONTENT_LENGTH=length)
        assert answer.status_code == 413


def test_other_methods_are_not_taken(parcel, http):
    assert http.put("/hooks/channels/parcel/").status_code == 405
    assert http.delete("/hooks/channels/parcel/").status_code == 405


def test_reports_of_unknown_messages_are_answered_and_logged(parcel, http, caplog):
    assert call(http, ["presented", "RR000000000FR"]).status_code == 202
    assert kinds() == []
    assert "not known here" in caplog.text


def test_a_report_and_an_answer_by_text_message_arrive(parcel, http):
    debtor = parcel.case.customer
    sent = message(debtor, 2, medium="sms", channel="sms_http", to="+33612345678")
    key = sealed(f"{sent.organization_id}:{sent.key}:{sent.id}", SECRET)
    answer = http.get(f"/hooks/channels/sms_http/?{key}&status=1&ref=r1")
    assert answer.status_code == 200
    assert kinds() == ["delivered"]
    query = {"secret": SECRET, "from": "+33612345678", "to": "38000", "text": "Payé hier",
             "id": "mo-1"}  # fmt: skip
    for _ in range(2):
        assert http.get(f"/hooks/channels/sms_http/?{urlencode(query)}").status_code == 200
    reply = Reply.objects.get()
    assert (reply.medium, reply.source, reply.text) == ("sms", "sms_http", "Payé hier")
    assert reply.sender == "+33612345678"


def test_a_call_costs_few_queries(parcel, http, django_assert_max_num_queries):
    call(http, ["deposited", "2C12345678901"])
    with django_assert_max_num_queries(22):
        call(http, *[["presented", "2C12345678901"], ["accepted", "2C12345678901"]] * 20)
    with django_assert_max_num_queries(0):
        call(http, ["presented", "2C12345678901"], secret="no")
