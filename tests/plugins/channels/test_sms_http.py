"""HTTP gateways that misbehave: nothing is doubled, nothing is lost, every failure is told apart."""

from __future__ import annotations

import ssl
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.plugins.base import Outgoing
from amiable.plugins.channels._sms_reports import sealed
from amiable.plugins.channels.sms_http import PLUGIN
from amiable.plugins.inbound import CustomerReply, HookRefusedError, HookRequest
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.smtp_servers import free_port

TAKEN = (202, "0: Accepted for delivery")
SECRET = "not known to others"
HOOK = {"hook_url": "https://amiable.example/hooks/channels/sms_http/", "hook_secret": SECRET}


def text(words="Bonjour", key="k1", **fields):
    return Outgoing(key, "sms", "+33612345678", "", words.encode(), "text/plain", **fields)


def send(gateway, *messages, url="kannel://ana:s3cret@127.0.0.1:{port}", **config):
    with (
        gateway.running() as port,
        PLUGIN.session({**PLUGIN.configure(url.format(port=port)), **config}) as session,
    ):
        return [session.send(message) for message in messages]


def test_kannel_is_asked_as_its_guide_says():
    gateway = Gateway(TAKEN)
    (outcome,) = send(gateway, text("Forêt à 5 €", sender="VAUBAN"), **HOOK)
    (asked,) = gateway.requests
    report = asked.query.pop("dlr-url")
    assert (outcome.state, asked.method, asked.path) == ("sent", "GET", "/cgi-bin/sendsms")
    assert asked.query == {
        "username": "ana", "password": "s3cret", "to": "+33612345678", "from": "VAUBAN",
        "text": "Forêt à 5 €", "charset": "UTF-8", "coding": "2", "dlr-mask": "23",
    }  # fmt: skip
    assert report.startswith(f"{HOOK['hook_url']}?key=azE&seal=")
    assert report.endswith("&status=%d&id=%F&ref=%I&at=%T&said=%A")


def test_no_report_is_asked_for_where_none_could_be_believed():
    gateway = Gateway(TAKEN)
    send(gateway, text(), hook_url=HOOK["hook_url"])
    assert not {"dlr-url", "dlr-mask"} & gateway.requests[0].query.keys()
    assert gateway.requests[0].query["coding"] == "0"


def test_one_connection_carries_the_whole_batch():
    gateway = Gateway(TAKEN)
    outcomes = send(gateway, *(text(key=str(i)) for i in range(20)))
    assert {outcome.state for outcome in outcomes} == {"sent"}
    assert (len(gateway.requests), gateway.connections) == (20, 1)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((202, "3: Queued for later delivery"), "sent"),
        ((200, "<html>Welcome to the hotspot</html>"), "unknown"),
        ((202, ""), "unknown"),
        ((400, "Empty receiver number not allowed, rejected"), "failed"),
        ((403, "Not routable. Do not try again."), "failed"),
        ((403, "Authorization failed for sendsms"), "retry"),
        ((401, "who?"), "retry"),
        ((404, "no such page"), "retry"),
        ((302, ""), "retry"),
        ((429, "slow down"), "retry"),
        ((503, "Temporal failure, try again later."), "retry"),
        ((408, "you were slow"), "unknown"),
        ((500, "oops"), "unknown"),
        ((502, "bad gateway"), "unknown"),
        ((504, "gateway timeout"), "unknown"),
    ],
)
def test_each_answer_means_one_outcome(answer, state):
    (outcome,) = send(Gateway(answer), text())
    assert outcome.state == state
    assert outcome.detail.startswith(str(answer[0]))
    assert (outcome.retry_after_seconds > 0) == (state == "retry")


@pytest.mark.parametrize(
    "fault", [None, 3.0, b"HTTP/1.1 20", b"garbage\r\n\r\n", b"HTTP/1.1 202 OK\r\nContent-Le"]
)
def test_request_without_an_answer_is_unknown_and_the_batch_waits(fault):
    gateway = Gateway(fault)
    first, second = send(gateway, text(key="1"), text(key="2"), timeout=0.4)
    assert (first.state, second.state) == ("unknown", "retry")
    assert first.detail
    assert len(gateway.requests) == 1


def test_answer_cut_in_the_middle_is_unknown():
    cut = b"HTTP/1.1 202 Accepted\r\nContent-Length: 400\r\n\r\n0: Accepted"
    assert send(Gateway(cut), text())[0].state == "unknown"


def test_endless_answer_is_read_to_its_limit_only():
    long = (202, "0: Accepted " + "x" * 3_000_000)
    gateway = Gateway(long, TAKEN)
    first, second = send(gateway, text(), text())
    assert (first.state, second.state) == ("sent", "sent")
    assert len(first.detail) <= 500


def test_connection_that_the_gateway_closed_meanwhile_is_opened_again():
    closing = b"HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\n\r\n0: Accepted"
    gateway = Gateway(closing)
    from tests.plugins.channels.kannel import wait_for

    with (
        gateway.running() as port,
        PLUGIN.session(PLUGIN.configure(f"kannel://127.0.0.1:{port}")) as session,
    ):
        assert session.send(text(key="1")).state == "sent"
        import select

        wait_for(lambda: select.select([session.connection.sock], [], [], 0)[0])
        assert session.send(text(key="2")).state == "sent"
    assert (len(gateway.requests), gateway.connections) == (2, 2)


def test_gateway_that_nobody_can_reach_is_asked_once():
    config = PLUGIN.configure(f"kannel://127.0.0.1:{free_port()}")
    with PLUGIN.session(config) as session:
        first, second = session.send(text()), session.send(text())
    assert first.state == "retry"
    assert second is first


def test_certificate_is_checked(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key),
         "-out", str(certificate)], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    url = "kannels://ana:s3cret@localhost:{port}"
    good = Gateway(TAKEN, context=context)
    assert send(good, text(), url=f"{url}?ca_file={certificate}")[0].state == "sent"
    bad = Gateway(TAKEN, context=context)
    (outcome,) = send(bad, text(), url=url)
    assert (outcome.state, bad.requests) == ("retry", [])
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail


FORM = (
    "sms+http://acc:tok@127.0.0.1:{port}/2010/Accounts/acc/Messages?method=post&auth=basic"
    "&param_to=To&param_from=From&param_text=Body&param_callback=StatusCallback"
    '&taken="sid":%20"(\\w%2B)"&param_status=MessageStatus&param_id=MessageSid'
    "&param_error=ErrorCode&delivered=delivered,read&failed=undelivered,failed&gone=30005,30006"
)


def test_another_gateway_is_a_matter_of_configuration():
    gateway = Gateway((201, '{"sid": "SM42", "status": "queued"}'), (400, '{"code": 21211}'))
    first, second = send(gateway, text("Été", sender="VAUBAN"), text(), url=FORM, **HOOK)
    assert (first.state, first.provider_id, second.state) == ("sent", "SM42", "failed")
    asked = gateway.requests[0]
    assert asked.headers["authorization"] == f"Basic {b64encode(b'acc:tok').decode()}"
    assert asked.path == "/2010/Accounts/acc/Messages"
    assert asked.body.startswith(
        b"To=%2B33612345678&Body=%C3%89t%C3%A9&From=VAUBAN&StatusCallback="
    )


@pytest.mark.parametrize(
    ("form", "kinds"),
    [
        ("MessageSid=SM42&MessageStatus=delivered", ["delivered"]),
        ("MessageSid=SM42&MessageStatus=undelivered&ErrorCode=30003", ["failed"]),
        ("MessageSid=SM42&MessageStatus=undelivered&ErrorCode=30005", ["bounced"]),
        ("MessageSid=SM42&MessageStatus=sent", []),
        ("", []),
    ],
)
def test_reports_of_another_gateway_are_read_in_its_words(form, kinds):
    config = {**PLUGIN.configure(FORM.format(port=1)), **HOOK}
    answer = PLUGIN.hook(report("k1", body=form.encode()), config)
    assert [event.kind for event in answer.events] == kinds
    assert all(event.key == "k1" for event in answer.events)


def test_bearer_and_query_say_who_asks_too():
    gateway = Gateway((200, "ok"))
    send(gateway, text(), url="sms+http://:t0ken@127.0.0.1:{port}/send?auth=bearer")
    url = (
        "sms+http://u:p@127.0.0.1:{port}/?auth=query&method=get&param_user=login&param_password=pw"
    )
    second = Gateway((200, "ok"))
    send(second, text(), url=url)
    assert gateway.requests[0].headers["authorization"] == "Bearer t0ken"
    assert second.requests[0].query.items() >= {"login": "u", "pw": "p"}.items()


def report(key, body=b"", **query):
    from urllib.parse import parse_qsl

    seal = dict(parse_qsl(sealed(key, SECRET)))
    return HookRequest("GET", "/hooks/channels/sms_http/", {}, {**seal, **query}, body)


KANNEL = {**PLUGIN.configure("kannel://127.0.0.1?gone=001"), **HOOK}
RECEIPT = "id:77 sub:001 dlvrd:000 submit date:2611220900 done date:2611220901 stat:UNDELIV err:001 text:Bon"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"status": "1"}, "delivered"),
        ({"status": "2", "said": RECEIPT}, "bounced"),
        ({"status": "2", "said": RECEIPT.replace("err:001", "err:027")}, "failed"),
        ({"status": "16"}, "failed"),
        ({"status": "4"}, "deferred"),
        ({"status": "8"}, None),
        ({"status": "stolen"}, None),
        ({}, None),
    ],
)
def test_reports_of_kannel_have_one_meaning(query, kind):
    answer = PLUGIN.hook(report("7:case:41", id="f1", **query), KANNEL)
    assert [(each.kind, each.key) for each in answer.events] == (
        [(kind, "7:case:41")] if kind else []
    )


def test_the_same_report_twice_is_one_event_and_another_is_another():
    first = PLUGIN.hook(report("k", status="4", id="f1", at="1795317072"), KANNEL).events
    assert first == PLUGIN.hook(report("k", status="4", id="f1", at="1795317072"), KANNEL).events
    later = PLUGIN.hook(report("k", status="1", id="f1", at="1795317999"), KANNEL).events
    assert first[0].event_id != later[0].event_id


@pytest.mark.parametrize(
    "change",
    [{"seal": "0" * 40}, {"seal": ""}, {"key": "b3RoZXI"}, {"key": "!!"}, {"key": "é"}],
)
def test_report_that_we_did_not_seal_is_refused(change):
    request = report("k1", status="1")
    with pytest.raises(HookRefusedError) as refused:
        PLUGIN.hook(replace(request, query={**request.query, **change}), KANNEL)
    assert refused.value.status in {400, 403}


def test_without_a_secret_nothing_is_believed():
    config = {**KANNEL, "hook_secret": ""}
    for request in (report("k1", status="1"), HookRequest("GET", "/", {}, {"secret": ""}, b"")):
        with pytest.raises(HookRefusedError):
            PLUGIN.hook(request, config)


def incoming(**query):
    values = {"secret": SECRET, "from": "33612345678", "to": "38000", "text": "STOP", **query}
    return HookRequest("GET", "/", {}, values, b"")


def test_answer_of_a_customer_is_whole_and_says_from_whom():
    (reply,) = PLUGIN.hook(
        incoming(text="Déjà payé\r\nhier 👍", id="x1", at="1795317072"), KANNEL
    ).replies
    assert reply == CustomerReply(
        "Déjà payé\r\nhier 👍".encode(),
        medium="sms",
        sender="+33612345678",
        reference="eDE",
        at=datetime(2026, 11, 22, 3, 11, 12, tzinfo=UTC),
    )


def test_same_words_of_a_day_are_one_text_where_the_gateway_names_none():
    def told(**query):
        (reply,) = PLUGIN.hook(incoming(**{"at": "1795317072", **query}), KANNEL).replies
        return reply.reference

    assert told() == told() != told(text="Stop")
    assert told() != told(**{"from": "33612345679"})
    assert told() != told(at="1795417072")


@pytest.mark.parametrize("sender", ["", "VAUBAN", "1\r\nBcc: x", "+" * 9])
def test_answer_of_nobody_is_refused(sender):
    with pytest.raises(HookRefusedError):
        PLUGIN.hook(incoming(**{"from": sender}), KANNEL)


@given(
    st.dictionaries(
        st.sampled_from(
            ["key", "seal", "status", "id", "at", "said", "from", "to", "text", "error"]
        ),
        st.text(max_size=40),
    ),
    st.binary(max_size=200),
)
def test_whatever_comes_to_the_hook_is_an_answer_or_a_refusal(query, body):
    for proof in ({"secret": SECRET}, dict(report("k").query)):
        request = HookRequest("POST", "/", {}, {**query, **proof}, body)
        try:
            answer = PLUGIN.hook(request, KANNEL)
        except HookRefusedError:
            continue
        for event in answer.events:
            assert len(event.event_id) <= 200
            assert len(event.detail) <= 500


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example/",
        "kannel://",
        "kannel://h?verify=0",
        "kannel://h?taken=x",
        "kannel://u:p@gateway.example",  # the password would cross the Internet in clear
        "kannel://u:p@8.8.8.8",
        "sms+http://h?method=put",
        "sms+http://h?auth=magic",
        "sms+http://h?taken=(",
        "kannel://h?timeout=soon",
        "kannel://h:99999",
    ],
)
def test_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(ValueError, match=r".+"):
        PLUGIN.configure(url)


def test_address_becomes_plain_configuration():
    config = PLUGIN.configure("kannels://ana%40x:p%3Aw@sms.example:13014/x?from=VAUBAN&timeout=5")
    assert (config["host"], config["port"], config["path"]) == ("sms.example", 13014, "/x")
    assert (config["user"], config["password"], config["sender"]) == ("ana@x", "p:w", "VAUBAN")
    assert (config["secure"], config["timeout"]) == (True, 5.0)
    assert PLUGIN.configure("kannel://10.0.0.7")["port"] == 13013
    assert PLUGIN.configure("sms+https://api.example/send")["port"] == 443
