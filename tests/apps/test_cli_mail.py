"""`amiable mail`: what would be read in a file, and a poll by hand."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.core.checks import run_checks

from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.apps import mails
from tests.plugins.channels.centres import centre


def run(*words: str):
    return CliRunner().invoke(amiable, [*words], standalone_mode=False)


def test_show_says_what_would_be_read_and_proposed_without_a_database(tmp_path):
    path = tmp_path / "answer.eml"
    path.write_bytes(mails.reply("Bonjour, nous réglons 1 200 € par virement le 27 novembre."))
    result = run("mail", "show", str(path), "--on", "2026-11-20", "--json")
    told = json.loads(result.stdout)
    assert (told["kind"], told["proposal"]) == ("reply", "promise")
    assert told["intents"][0]["facts"]["day"] == "2026-11-27"
    assert "réglons" in " ".join(told["intents"][0]["words"])
    text = run("mail", "show", str(path), "--on", "2026-11-20").stdout
    assert "proposes  promise" in text


def test_show_of_anything_ends_well(tmp_path):
    path = tmp_path / "noise.eml"
    path.write_bytes(bytes(range(256)) * 40)
    result = run("mail", "show", str(path), "--json")
    assert result.exception is None
    assert json.loads(result.stdout)["proposal"]


@pytest.mark.django_db
def test_read_names_the_mailbox_that_does_not_answer(settings, free_port):
    factories.organization()
    settings.MAILBOX_URLS = [f"imap://u:secret@127.0.0.1:{free_port}/INBOX?timeout=2"]
    result = run("mail", "read", "--json")
    told = json.loads(result.stdout)
    assert result.return_value == 1
    assert (told["mailboxes"], told["received"]) == (1, 0)
    assert "does not answer" in told["errors"]["u@127.0.0.1/INBOX"]
    assert "secret" not in result.stdout


def test_check_says_that_an_address_cannot_be_understood(settings):
    settings.MAILBOX_URLS = ["imaps://mail.example/INBOX"]
    found = run_checks(tags=["configuration"])
    assert "amiable.E010" in [each.id for each in found]


@pytest.mark.django_db
def test_read_asks_the_message_centre_too_and_counts_by_source(settings, tmp_path, monkeypatch):
    from amiable.apps.messaging.models import Reply
    from amiable.plugins.channels import smpp

    monkeypatch.setattr(smpp, "QUIET_SECONDS", 0.4)
    factories.organization()
    settings.MAILBOX_URLS = []
    with centre(tmp_path / "smsc") as operator:
        settings.CHANNEL_URLS = {"sms": operator.url}
        operator.customers_write(
            {"from": "33612345678", "to": "38000", "coding": 0, "text": b"Bonjour".hex()}
        )
        result = run("mail", "read", "--json")
    told = json.loads(result.stdout)
    assert (result.return_value, told["received"], told["reports"]) == (0, 1, 0)
    assert told["sources"] == {"smpp": {"received": 1, "reports": 0, "papers": 0}}
    assert Reply.objects.get().text == "Bonjour"
