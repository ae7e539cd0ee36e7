"""Email through providers' APIs: what they take is what was frozen, and what they answer is told."""

from __future__ import annotations

import json
import logging
import ssl
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from amiable.plugins.base import Outgoing
from amiable.plugins.channels._email_api_frozen import key_given
from amiable.plugins.documents.mime import Attachment, Mail, mail_bytes
from amiable.plugins.documents.pictures import Picture
from amiable.plugins.registry import plugins
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.mail_providers import (
    APIS,
    JSON,
    SECRET,
    USER,
    MailApi,
    address_of,
    configured,
)

KEY = "7:12/reminder_1/1:345"
WITH_PICTURES = sorted(set(APIS) - {"brevo", "scaleway"})
LOGO = Picture(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "png", 10, 10)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
MAIL = Mail(
    sender_name='Atelier "Vauban", Société',
    sender="compta@vauban.example",
    recipient="ap@client.example",
    subject="Rappel : votre facture n° FA2026-0042 est échue depuis le 21 octobre (Menuiserie Duval)",
    at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    message_id="<m2@vauban.example>",
    text="Bonjour,\n\nÉté comme hiver.\n.\n" + "x" * 2000 + "\n",
    html="<p>Été &amp; hiver <img src='cid:logo1'></p>",
    references=("<m0@vauban.example>", "<m1@vauban.example>"),
    attachments=(Attachment("Relevé d’été.pdf", PDF), Attachment("FA2026-0042.pdf", b"%PDF-1.4")),
    copies=("cc@client.example", "dir@client.example"),
    reply_to="compta+c12@vauban.example",
    pictures=(("logo1", LOGO),),
)
PLAIN = replace(MAIL, pictures=())


def outgoing(mail=PLAIN, **fields):
    values = {
        "key": KEY, "medium": "email", "recipient": mail.recipient, "subject": mail.subject,
        "content": mail_bytes(mail), "content_type": "message/rfc822",
        "message_id": mail.message_id, "copies": mail.copies,
    }  # fmt: skip
    return Outgoing(**{**values, **fields})


@contextmanager
def opened(provider, *answers, refused=(), **changed):
    """(server, session) of a provider; `answers` in place of its own."""
    api = MailApi(provider, refused)
    if answers:
        api.gateway.answers = list(answers)
    with api.running() as port:
        # Nobody waits long for a server that is slow on purpose.
        short = {"timeout": 0.5} if 2.0 in answers else {}
        config = {**configured(provider, port), **short, **changed}
        with plugins("channels")["email_api"].session(config) as session:
            yield api, session


@pytest.mark.parametrize("provider", APIS)
def test_what_a_provider_takes_is_what_was_frozen(provider):
    with opened(provider) as (api, session):
        outcome = session.send(outgoing())
    (taken,) = api.taken
    assert outcome.state == "sent", outcome
    assert taken.sender == (MAIL.sender_name, MAIL.sender)
    assert (taken.to, taken.cc, taken.bcc) == ([MAIL.recipient], list(MAIL.copies), [])
    assert taken.reply_to == [MAIL.reply_to]
    assert taken.subject == MAIL.subject
    assert taken.text == MAIL.text
    assert taken.html == MAIL.html
    assert taken.files == {each.filename: each.content for each in MAIL.attachments}


@pytest.mark.parametrize("provider", WITH_PICTURES)
def test_pictures_inside_the_message_keep_the_names_its_html_calls_them_by(provider):
    with opened(provider) as (api, session):
        assert session.send(outgoing(MAIL)).state == "sent"
    assert api.taken[0].pictures == {"logo1": LOGO.content}
    assert len(api.taken[0].files) == 2


@pytest.mark.parametrize("provider", sorted(set(APIS) - set(WITH_PICTURES)))
def test_a_provider_that_carries_no_pictures_gets_no_message_that_has_some(provider):
    with opened(provider) as (api, session):
        outcome = session.send(outgoing(MAIL))
        assert (outcome.state, "pictures" in outcome.detail) == ("retry", True)
        assert session.send(outgoing()).state == "sent", "the others leave"
    assert len(api.taken) == 1


@pytest.mark.parametrize("provider", APIS)
def test_the_conversation_stays_together(provider):
    """A provider that writes its own Message-ID gets ours as a reference: answers name it."""
    with opened(provider) as (api, session):
        session.send(outgoing())
    headers = api.taken[0].headers
    assert headers["In-Reply-To"] == "<m1@vauban.example>"
    known = headers.get("References", "").split()
    if provider in {"postmark", "mailgun"}:
        assert headers.get("Message-ID", headers.get("Message-Id")) == MAIL.message_id
        assert known == list(MAIL.references)
    elif provider == "mailersend":
        assert known == [], "its larger plans only take other headers"
    else:
        assert known == [*MAIL.references, MAIL.message_id]


@pytest.mark.parametrize("provider", APIS)
def test_any_other_header_travels_and_none_of_the_envelope_does(provider):
    content = mail_bytes(PLAIN).replace(
        b"MIME-Version", b"List-Unsubscribe: <mailto:stop@vauban.example>\r\nMIME-Version", 1
    )
    with opened(provider) as (api, session):
        session.send(outgoing(content=content))
    headers = {name.lower(): value for name, value in api.taken[0].headers.items()}
    assert not {"date", "content-type", "mime-version", "bcc", "from", "to"} & headers.keys()
    if provider != "mailersend":
        assert headers["list-unsubscribe"] == "<mailto:stop@vauban.example>"


@pytest.mark.parametrize("provider", APIS)
def test_nobody_watches_the_opening_and_our_key_travels_unseen(provider):
    with opened(provider) as (api, session):
        session.send(outgoing())
    (taken,) = api.taken
    assert taken.watched is (None if provider in {"brevo", "scaleway"} else False)
    assert taken.key == ("" if provider in {"mailersend", "scaleway"} else key_given(KEY))
    assert not any("amiable" in value for value in taken.headers.values())


IDS = {
    "brevo": "<2026.1@smtp-relay.mailin.fr>", "mailgun": "<m2@vauban.example>",
    "mailjet": "5010", "mailersend": "ms-1", "postmark": "pm-1", "scaleway": "sw-1-0",
    "sparkpost": "11661",
}  # fmt: skip


@pytest.mark.parametrize("provider", APIS)
def test_the_providers_own_name_of_a_message_is_kept(provider):
    with opened(provider) as (_, session):
        assert session.send(outgoing()).provider_id == IDS[provider]


@pytest.mark.parametrize("provider", ["postmark", "mailersend"])
def test_who_is_refused_is_named_and_the_others_get_it(provider):
    with opened(provider, refused={"cc@client.example"}) as (_, session):
        outcome = session.send(outgoing())
    assert outcome.state == "sent"
    assert set(outcome.refused) == {"cc@client.example"}
    assert outcome.provider_id == IDS[provider]


def test_a_provider_that_does_not_say_whom_it_refused_took_it():
    """SparkPost counts them; its report names them later."""
    with opened("sparkpost", refused={"cc@client.example"}) as (_, session):
        outcome = session.send(outgoing())
    assert (outcome.state, outcome.refused) == ("sent", {})
    assert '"total_rejected_recipients": 1' in outcome.detail


@pytest.mark.parametrize("provider", APIS)
def test_a_message_that_reaches_nobody_has_failed_and_says_why(provider):
    everybody = {MAIL.recipient, *MAIL.copies}
    with opened(provider, refused=everybody) as (_, session):
        outcome = session.send(outgoing())
        assert outcome.state == "failed", outcome
        assert len(outcome.detail) > 20
        assert (
            session.send(outgoing(replace(PLAIN, recipient="x@y.example", copies=()))).state
            == "sent"
        )
    if provider in {"postmark", "mailersend"}:
        assert set(outcome.refused) == everybody


@pytest.mark.parametrize("provider", APIS)
def test_only_those_who_still_need_it_get_it(provider):
    done = frozenset({MAIL.recipient, "dir@client.example"})
    with opened(provider) as (api, session):
        session.send(outgoing(done=done))
    assert (api.taken[0].to, api.taken[0].cc) == (["cc@client.example"], [])


@pytest.mark.parametrize("provider", APIS)
def test_who_stands_in_no_header_gets_it_unseen(provider):
    with opened(provider) as (api, session):
        session.send(outgoing(copies=(*MAIL.copies, "hidden@vauban.example")))
    assert api.taken[0].bcc == ["hidden@vauban.example"]
    assert "hidden@vauban.example" not in api.taken[0].to + api.taken[0].cc


ONCE = {"To": [{"Email": "ap@client.example", "MessageID": 1}], "Status": "success"}


@pytest.mark.parametrize(
    ("answer", "state", "seconds"),
    [
        ((429, "slow down", {"Retry-After": "77"}), "retry", 77),
        ((503, "{}", {"Retry-After": "Fri, 01 Jan 2020 00:00:00 GMT"}), "retry", 1),
        ((503, "{}"), "retry", 900),
        ((401, "{}"), "retry", 900),
        ((402, "no credits left"), "retry", 900),
        ((301, "", {"Location": "http://127.0.0.1:9/elsewhere"}), "retry", 900),
        ((307, "", {"Location": "http://127.0.0.1:9/elsewhere"}), "retry", 900),
        ((400, '{"message": "sender is not valid"}', JSON), "retry", 900),
        ((400, '{"message": "email is not valid in to"}', JSON), "failed", 0),
        ((413, "too large"), "failed", 0),
        ((408, "timeout"), "unknown", 0),
        ((500, "{}"), "unknown", 0),
        ((502, "<html>"), "unknown", 0),
        ((504, ""), "unknown", 0),
        ((200, "not json"), "unknown", 0),
        ((200, "[1, 2]", JSON), "unknown", 0),
        ((200, "null", JSON), "unknown", 0),
        ((200, '{"Messages": 5, "messageId": null, "results": [], "id": 7}', JSON), None, 0),
        ((200, "[" * 100_000, JSON), "unknown", 0),
        ((200, " " * 300_000, JSON), "unknown", 0),
        ((200, "", {"Content-Encoding": "gzip"}), "unknown", 0),
        (None, "unknown", 0),
        (2.0, "unknown", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{", "unknown", 0),
        (b"\x00\xff\r\n\r\n", "unknown", 0),
    ],
)
@pytest.mark.parametrize("provider", ["brevo", "mailjet", "postmark", "mailgun", "sparkpost"])
def test_what_is_answered_is_what_the_outcome_says(provider, answer, state, seconds):
    with opened(provider, answer) as (api, session):
        first = session.send(outgoing())
        second = session.send(outgoing(key="another"))
    if state is None:  # a shape that some of them could have
        assert first.state in {"sent", "unknown"}
        return
    assert (first.state, first.retry_after_seconds) == (state, seconds), first
    assert first.detail
    if state in {"retry", "unknown"}:
        assert second.state == "retry", "the rest of the batch waits"
        assert len(api.gateway.requests) == 1, "nothing is asked twice"


@pytest.mark.parametrize("provider", APIS)
def test_one_connection_carries_a_batch(provider):
    with opened(provider) as (api, session):
        for number in range(20):
            assert session.send(outgoing(key=f"k{number}")).state == "sent"
    assert api.gateway.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_opened_again():
    hang_up = {"Connection": "close", **JSON}
    taken = json.dumps({"messageId": "<1@x>"})
    with opened("brevo", (201, taken, hang_up)) as (api, session):
        for number in range(3):
            assert session.send(outgoing(key=f"k{number}")).state == "sent"
    assert len(api.gateway.requests) == 3


def test_words_that_a_provider_would_fill_in_never_reach_it():
    for words in (replace(PLAIN, text="{{ params.x }}"), replace(PLAIN, html="<p>{{x}}</p>")):
        for provider in ("brevo", "sparkpost", "mailersend"):
            with opened(provider) as (api, session):
                outcome = session.send(outgoing(words))
            assert (outcome.state, api.gateway.requests) == ("retry", [])
            assert "fill in" in outcome.detail


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00\xff" * 50, b"From: <a@b.example>\r\nTo: nobody\r\n\r\n", b"\r\n\r\nHello",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--\r\n",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nHello\r\n--x--\r\n",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nHello",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe",
        b"From: <a@b.example>\r\nSubject: =?utf-8?b?//8=?=\r\n\r\nHello",
    ],
)  # fmt: skip
@pytest.mark.parametrize("provider", APIS)
def test_bytes_that_are_no_letter_of_ours_end_in_an_outcome(provider, content):
    with opened(provider) as (_, session):
        outcome = session.send(outgoing(content=content, copies=()))
    assert outcome.state in {"failed", "retry", "sent", "unknown"}
    assert outcome.state == "sent" or outcome.detail


def test_a_key_that_is_too_long_for_metadata_is_left_out():
    long = "7:" + "é" * 60 + ":345"
    with opened("postmark") as (api, session):
        outcome = session.send(outgoing(key=long))
    assert (outcome.state, outcome.provider_id, api.taken[0].key) == ("sent", "pm-1", "")


@pytest.mark.parametrize("provider", APIS)
def test_no_secret_is_ever_shown(provider, caplog):
    caplog.set_level(logging.DEBUG)
    shown = []
    answers = (
        (401, f"the key {SECRET} is unknown"), (400, f"sender {SECRET}"), (500, SECRET),
        (200, f'{{"messageId": "{SECRET}"}} {SECRET}'), None,
    )  # fmt: skip
    for answer in answers:
        with opened(provider, answer) as (_, session):
            shown.append(repr(session.send(outgoing())))
    with opened(provider, password="another-key", user=USER) as (_, session):
        shown.append(repr(session.send(outgoing())))
    assert SECRET not in "".join(shown[:-1])
    assert "another-key" not in shown[-1]
    assert SECRET not in caplog.text
    assert "another-key" not in caplog.text


def test_a_server_without_a_trusted_certificate_is_told_nothing(tmp_path):
    import subprocess

    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
         tmp_path / "k.pem", "-out", tmp_path / "c.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    gateway = Gateway((201, '{"messageId": "<1@x>"}', JSON), context=context)
    channel = plugins("channels")["email_api"]
    with gateway.running() as port:
        url = f"brevo://:{SECRET}@?endpoint=https://localhost:{port}/v3"
        with channel.session(channel.configure(url)) as session:
            outcome = session.send(outgoing())
        assert (outcome.state, gateway.requests) == ("retry", [])
        url += f"&ca_file={tmp_path / 'c.pem'}"
        with channel.session(channel.configure(url)) as session:
            assert session.send(outgoing()).state == "sent"


@pytest.mark.parametrize(
    "url",
    [
        "brevo://", "brevo://:@", "brevo://k3y-s3cret@", "brevo://user:k3y-s3cret@",
        "brevo://:k3y-s3cret@mars", "brevo://:k3y-s3cret@/v3", "brevo://:k3y-s3cret@?tracking=1",
        "mailjet://:k3y-s3cret@", "ses://AKIA:k3y-s3cret@", "ses://AKIA:k3y-s3cret@a.b.c",
        "ses://AKIA:k3y-s3cret@eu-west-3?configuration_set=a%0D%0ABcc:x",
        "brevo://:k3y-s3cret@?endpoint=http://api.example.com/", "postmark://:k3y-s3cret@?region=eu",
        "brevo://:k3y-s3cret@?endpoint=//api.example.com", "brevo://:k3y-s3cret@?timeout=x",
        "brevo://:k3y-s3cret@?endpoint=https://u:k3y-s3cret@api.example.com",
        "ses://AKIA:k3y-s3cret@eu-west-3?endpoint=https://x.example", "brevo://:k3y-s3crét@",
    ],
)  # fmt: skip
def test_an_address_that_reads_wrong_says_how_one_reads_and_no_secret(url):
    with pytest.raises(ValueError, match=r"reads|endpoint|float") as refused:
        plugins("channels")["email_api"].configure(url)
    assert "s3cr" not in str(refused.value)


def test_addresses_of_regions_lead_there():
    configure = plugins("channels")["email_api"].configure
    assert configure("mailgun://:k@eu")["endpoint"] == "https://api.eu.mailgun.net/v3/"
    assert configure("mailgun://:k@")["endpoint"] == "https://api.mailgun.net/v3/"
    ses = configure("ses://AKIA:p%2Fw@eu-west-3")["smtp"]
    assert (ses["host"], ses["port"], ses["tls"]) == (
        "email-smtp.eu-west-3.amazonaws.com", 587, "starttls"
    )  # fmt: skip
    assert (ses["user"], ses["password"]) == ("AKIA", "p/w")
    relay = configure("brevo+smtp://login%40acme.example:key@")["smtp"]
    assert (relay["host"], relay["user"]) == ("smtp-relay.brevo.com", "login@acme.example")


def test_without_the_file_of_certificates_nothing_leaves_and_all_of_it_waits(tmp_path):
    with opened("brevo", ca_file=str(tmp_path / "none.pem")) as (api, session):
        session.api.backend.api_url = session.api.backend.api_url.replace("http:", "https:")
        outcome = session.send(outgoing())
    assert (outcome.state, api.taken) == ("retry", [])
    assert "none.pem" in outcome.detail


def test_options_reach_the_provider():
    with MailApi("postmark").running() as port:
        config = configured("postmark", port, "&stream=dunning")
        assert config["stream"] == "dunning"
    gateway = Gateway((200, '{"id": "<1@x>", "message": "Queued."}', JSON))
    channel = plugins("channels")["email_api"]
    with gateway.running() as port:
        url = address_of("mailgun", port, "&domain=mg.vauban.example")
        with channel.session(channel.configure(url)) as session:
            assert session.send(outgoing()).state == "sent"
    assert gateway.requests[0].path == "/v3/mg.vauban.example/messages"
