"""Email over the relays of Amazon SES and Brevo: the frozen bytes leave, told apart by lines that
the relay takes away."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote

import pytest

from amiable.plugins.channels._email_api_providers import relay_password
from amiable.plugins.registry import plugins
from tests.plugins.channels.test_email_api import KEY, MAIL, outgoing
from tests.plugins.smtp_servers import Rogue, free_port, keeper

PASSWORD = "s3cr3t/with+signs"
URLS = {
    "ses": "ses://AKIAEXAMPLE:s3cr3t%2Fwith%2Bsigns@eu-west-3?configuration_set=amiable",
    "brevo+smtp": "brevo+smtp://login:s3cr3t%2Fwith%2Bsigns@?api_key=k3y",
}


def configured(code, port, timeout=10):
    endpoint = f"&endpoint=smtp://127.0.0.1:{port}"
    config = plugins("channels")["email_api"].configure(URLS[code] + endpoint)
    return {**config, "smtp": {**config["smtp"], "user": "", "timeout": timeout}}


def sent(config, *messages):
    with plugins("channels")["email_api"].session(config) as session:
        return [session.send(message) for message in messages]


def tag_of(content: bytes) -> str:
    line = next(row for row in content.split(b"\r\n") if row.startswith(b"X-SES-MESSAGE-TAGS:"))
    tag = line.partition(b"amiable=")[2].decode()
    return base64.urlsafe_b64decode(tag + "=" * (-len(tag) % 4)).decode()


@pytest.mark.parametrize("code", sorted(URLS))
def test_the_frozen_bytes_leave_with_their_pictures(code):
    message = outgoing(MAIL)
    with keeper() as (handler, port):
        (outcome,) = sent(configured(code, port), message)
    ((sender, recipients, content),) = handler.mails
    assert (outcome.state, outcome.provider_id) == ("sent", "1"), "the last word of the answer"
    assert (sender, recipients) == (MAIL.sender, [MAIL.recipient, *MAIL.copies])
    named = [row for row in content.split(b"\r\n") if not row.startswith(b"X-")]
    own = f" {MAIL.message_id}".encode()
    assert own in named, "answers name our id, whatever id the relay writes"
    named.remove(own)
    assert b"\r\n".join(named).rstrip() == message.content.rstrip()


def test_amazon_is_told_the_message_by_a_tag_and_the_set_of_its_events():
    with keeper() as (handler, port):
        sent(configured("ses", port), outgoing(), outgoing(key="é" * 200), outgoing(key=""))
    first, second, third = (content for _, _, content in handler.mails)
    assert tag_of(first) == KEY
    assert first.startswith(b"X-SES-CONFIGURATION-SET: amiable\r\n")
    assert b"TAGS" not in second + third, "too long, and empty"


def test_brevo_is_told_the_message_by_a_header_of_its_own():
    with keeper() as (handler, port):
        sent(configured("brevo+smtp", port), outgoing())
    line = handler.mails[0][2].split(b"\r\n")[0]
    assert json.loads(line.partition(b": ")[2]) == {"amiable": KEY}


@pytest.mark.parametrize("code", sorted(URLS))
def test_a_first_message_refers_to_itself(code):
    content = b"From: <a@b.example>\r\nTo: <c@d.example>\r\nSubject: x\r\n\r\nHello\r\n"
    with keeper() as (handler, port):
        sent(configured(code, port), outgoing(content=content, message_id="<m1@b.example>"))
    head = handler.mails[0][2].partition(b"\r\n\r\n")[0]
    assert b"\r\nReferences: <m1@b.example>" in head


@pytest.mark.parametrize("code", sorted(URLS))
def test_one_connection_carries_a_batch_and_nothing_is_doubled(code):
    with keeper() as (handler, port):
        sent(configured(code, port), *(outgoing(key=f"k{n}") for n in range(10)))
    assert (len(handler.mails), handler.connections) == (10, 1)


@pytest.mark.parametrize(
    ("replies", "state"),
    [({"RCPT": "550 5.1.1 nobody"}, "failed"), ({"RCPT": "454 Throttling failure"}, "retry"),
     ({".": None}, "unknown"), ({".": 2.0}, "unknown"), ({"EHLO": None}, "retry")],
)  # fmt: skip
def test_a_relay_that_fails_means_what_any_mail_server_means(replies, state):
    with Rogue(**replies).running() as port:
        config = configured("ses", port, timeout=0.5)
        first, second = sent(config, outgoing(copies=()), outgoing(key="2"))
    assert (first.state, first.provider_id) == (state, "")
    assert second.state in {"retry", "failed"}


def test_an_access_key_of_amazon_stands_for_a_password_of_its_relay():
    """The vector of Terraform's AWS provider (aws_iam_access_key)."""
    made = relay_password("some+secret+key", "eu-central-1")
    assert made == "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"
    configure = plugins("channels")["email_api"].configure
    access = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    own = configure(f"ses://AKIA:{quote(access, safe='')}@eu-central-1")["smtp"]["password"]
    assert own == relay_password(access, "eu-central-1")
    assert configure(f"ses://AKIA:{quote(own, safe='')}@eu-central-1")["smtp"]["password"] == own


def test_no_secret_of_a_relay_is_shown(caplog):
    caplog.set_level(logging.DEBUG)
    replies = {"EHLO": "250-rogue\r\n250 AUTH PLAIN", "AUTH": f"535 {PASSWORD} is wrong"}
    config = configured("ses", free_port())
    with Rogue(**replies).running() as port:
        config["smtp"] |= {"port": port, "user": "AKIAEXAMPLE", "password": PASSWORD}
        (outcome,) = sent(config, outgoing())
    assert outcome.state == "retry"
    assert PASSWORD not in repr(outcome) + caplog.text
