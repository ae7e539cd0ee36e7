"""Email against real servers: nothing doubled, nothing lost, every failure told apart."""

from __future__ import annotations

import ssl
from subprocess import run

import pytest
from aiosmtpd.smtp import AuthResult

from amiable.apps.messaging.sending.routes import routes_from
from amiable.plugins.base import Outgoing
from amiable.plugins.channels._smtp_client import smtp_config
from amiable.plugins.channels.smtp import PLUGIN
from tests.plugins.smtp_servers import Rogue, keeper

CONTENT = (
    b"From: =?utf-8?q?Caf=C3=A9?=\r\n <a@b.example>\r\nSubject: x\r\n\r\n"
    b"Hello\r\n.\r\n..dots\r\nEnd"
)


def mail(number=1, recipient="c@d.example", content=CONTENT):
    return Outgoing(f"k{number}", "email", recipient, "x", content, "message/rfc822")


def send(port, *messages, **config):
    with PLUGIN.session({"host": "127.0.0.1", "port": port, "tls": "none", **config}) as session:
        return [session.send(message) for message in messages]


def test_one_connection_carries_the_whole_batch():
    with keeper() as (handler, port):
        outcomes = send(port, *(mail(i) for i in range(20)))
    assert [o.state for o in outcomes] == ["sent"] * 20
    assert outcomes[-1].detail.endswith("queued as 20")
    assert (len(handler.mails), handler.connections) == (20, 1)


def test_content_arrives_byte_for_byte_with_its_dots():
    with keeper() as (handler, port):
        send(port, mail())
    sender, recipients, content = handler.mails[0]
    assert (sender, recipients) == ("a@b.example", ["c@d.example"])
    assert content.rstrip(b"\r\n") == CONTENT


def test_refused_recipient_fails_and_the_next_message_leaves():
    replies = iter(["550 5.1.1 no such user", "250 ok"])
    rogue = Rogue(RCPT=lambda _: next(replies))
    with rogue.running() as port:
        first, second = send(port, mail(1), mail(2))
    assert (first.state, second.state) == ("failed", "sent")
    assert "no such user" in first.detail
    assert (rogue.contents, rogue.sessions) == (1, 1)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_temporary_refusal_is_retried_later(verb):
    rogue = Rogue(**{verb: "451 4.3.0 try again later"})
    with rogue.running() as port:
        (outcome,) = send(port, mail())
    assert outcome.state == "retry"
    assert outcome.retry_after_seconds > 0


def test_content_refused_for_good_fails():
    with Rogue(**{".": "554 spam"}).running() as port:
        assert send(port, mail())[0].state == "failed"


def test_connection_lost_after_the_content_is_unknown_and_nothing_is_repeated():
    rogue = Rogue(**{".": None})
    with rogue.running() as port:
        first, second = send(port, mail(1), mail(2))
    assert first.state == "unknown"
    assert second.state == "retry"
    assert rogue.contents == 1


def test_server_that_never_answers_the_content_is_unknown():
    rogue = Rogue(**{".": 2.0})
    with rogue.running() as port:
        (outcome,) = send(port, mail(), timeout=0.3)
    assert outcome.state == "unknown"
    assert rogue.contents == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_connection_lost_before_the_content_is_a_retry(verb):
    rogue = Rogue(**{verb: None})
    with rogue.running() as port:
        outcomes = send(port, mail(1), mail(2))
    assert [o.state for o in outcomes] == ["retry", "retry"]
    assert rogue.contents == 0


def test_idle_connection_closed_by_the_server_is_opened_again():
    rogue = Rogue()
    rogue.replies["MAIL"] = lambda r: None if r.contents == 1 and r.sessions == 1 else "250 ok"
    with rogue.running() as port:
        outcomes = send(port, mail(1), mail(2))
    assert [o.state for o in outcomes] == ["sent", "sent"]
    assert (rogue.contents, rogue.sessions) == (2, 2)


def test_service_closing_is_a_retry():
    with Rogue(MAIL="421 closing").running() as port:
        assert send(port, mail())[0].state == "retry"


def test_address_that_would_open_a_command_fails():
    rogue = Rogue()
    with rogue.running() as port:
        (outcome,) = send(port, mail(recipient="a@b.example>\r\nDATA"))
    assert outcome.state == "failed"
    assert "DATA" not in rogue.commands


def test_password_is_never_sent_in_clear_to_another_host():
    with (
        Rogue().running() as port,
        PLUGIN.session(
            {"host": "127.0.0.2", "port": port, "tls": "none", "user": "u", "password": "p"}
        ) as session,
    ):
        outcome = session.send(mail())
    assert outcome.state == "retry"


def test_required_encryption_that_is_not_offered_stops_everything():
    rogue = Rogue()
    with rogue.running() as port:
        (outcome,) = send(port, mail(), tls="starttls")
    assert outcome.state == "retry"
    assert "MAIL" not in rogue.commands


def test_starttls_and_login(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key),
         "-out", str(certificate)], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"ana", b"s3cret"), handled=False)

    with keeper(
        tls_context=context, require_starttls=True, authenticator=check, auth_required=True
    ) as (handler, port):
        good = {"host": "localhost", "user": "ana", "ca_file": str(certificate), "tls": "auto"}
        assert send(port, mail(), password="s3cret", **good)[0].state == "sent"
        (refused,) = send(port, mail(), password="wrong", **good)
        assert (refused.state, refused.detail[:3]) == ("retry", "535")
        assert send(port, mail(), **{**good, "ca_file": ""})[0].state == "retry"
    assert len(handler.mails) == 1


def test_smtp_address_becomes_plain_configuration():
    config = smtp_config("smtp://ana%40x:p%3Aw@mail.example:587?tls=starttls&timeout=5")
    assert (config["host"], config["port"], config["tls"]) == ("mail.example", 587, "starttls")
    assert (config["user"], config["password"], config["timeout"]) == ("ana@x", "p:w", 5.0)
    assert smtp_config("smtps://mail.example")["port"] == 465


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://h?tls=maybe", "smtp://h?verify=0", "smtp://h:99999"]
)
def test_smtp_address_that_cannot_be_understood_is_refused(url):
    with pytest.raises(ValueError):
        smtp_config(url)


def test_without_smtp_everything_stays_in_the_outbox():
    assert {code for code, _ in routes_from({}, "/x").values()} == {"outbox"}
    routes = routes_from({"email": "smtp://mail.example"}, "/x")
    assert routes["email"][0] == "smtp"
    assert routes["registered_letter"] == ("spool", {"folder": "/x"})


def copied(number=1, **fields):
    """A message to one person with copies to two others."""
    return Outgoing(
        f"k{number}", "email", "c@d.example", "x", CONTENT, "message/rfc822",
        copies=("boss@d.example", "law@d.example"), **fields,
    )  # fmt: skip


class Picky:
    """Answers RCPT by address, as `replies` says; takes the others."""

    def __init__(self, handler, **replies):
        self.replies = {f"{name}@d.example": reply for name, reply in replies.items()}
        handler.handle_RCPT = self.handle_RCPT

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply


def test_one_message_goes_to_all_its_recipients_in_one_transaction():
    with keeper() as (handler, port):
        (outcome,) = send(port, copied())
    assert (outcome.state, outcome.refused, outcome.deferred) == ("sent", {}, {})
    assert [to for _, to, _ in handler.mails] == [
        ["c@d.example", "boss@d.example", "law@d.example"]
    ]


@pytest.mark.parametrize(
    ("reply", "answered"), [("550 5.1.1 unknown", "refused"), ("450 4.2.1 later", "deferred")]
)
@pytest.mark.parametrize("who", ["c", "boss", "law"])
def test_who_is_refused_is_named_and_the_others_get_it(who, reply, answered):
    with keeper() as (handler, port):
        Picky(handler, **{who: reply})
        first, second = send(port, copied(), mail(2, "other@d.example"))
    assert (first.state, second.state) == ("sent", "sent")
    assert getattr(first, answered) == {f"{who}@d.example": reply}
    assert f"{who}@d.example: {reply}" in first.detail
    got = handler.mails[0][1]
    assert len(got) == 2
    assert f"{who}@d.example" not in got


def test_who_got_it_is_not_asked_again():
    with keeper() as (handler, port):
        send(port, copied(done=frozenset({"c@d.example", "law@d.example"})))
    assert [to for _, to, _ in handler.mails] == [["boss@d.example"]]


def test_nobody_accepted_is_tried_again_while_one_may_be_later():
    with keeper() as (handler, port):
        Picky(handler, c="550 gone", boss="451 greylisted", law="550 gone")
        (outcome,) = send(port, copied())
    assert (outcome.state, handler.mails) == ("retry", [])
    assert set(outcome.refused) == {"c@d.example", "law@d.example"}
    assert outcome.retry_after_seconds > 0


def test_everybody_refused_for_good_fails():
    with keeper() as (handler, port):
        Picky(handler, c="550 gone", boss="550 gone", law="553 gone")
        first, second = send(port, copied(), mail(2, "other@d.example"))
    assert (first.state, second.state, len(handler.mails)) == ("failed", "sent", 1)


def test_content_refused_after_some_were_accepted_reached_nobody():
    rogue = Rogue(**{".": "451 4.3.0 later"})
    with rogue.running() as port:
        (outcome,) = send(port, copied())
    assert (outcome.state, outcome.deferred) == ("retry", {})
