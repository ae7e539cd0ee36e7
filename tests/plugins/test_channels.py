"""The contract every channel keeps, run over the whole registry."""

from __future__ import annotations

import json

import pytest

from amiable.plugins.base import Addressee, Outcome, Outgoing
from amiable.plugins.registry import plugins
from tests.plugins.channels.centres import centre
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.letter_house import House
from tests.plugins.channels.mail_providers import MailApi
from tests.plugins.channels.mail_providers import configured as provider
from tests.plugins.channels.registered_house import SEED, RegisteredHouse
from tests.plugins.channels.test_print import ONE as PDF
from tests.plugins.smtp_servers import free_port, keeper

MEDIA = {"email", "letter", "registered_letter", "registered_email", "sms"}
TYPES = {
    "email": "message/rfc822",
    "letter": "application/pdf",
    "registered_letter": "application/pdf",
    "registered_email": "application/pdf",
    "sms": "text/plain; charset=utf-8",
}
CONTENT = b"From: <a@b.example>\r\nTo: <c@d.example>\r\nSubject: x\r\n\r\nHello\r\n"


def configured(code, url):
    return plugins("channels")[code].configure(url)


def _smtp(tmp_path, stack):
    handler, port = stack.enter_context(keeper())
    return {"host": "127.0.0.1", "port": port, "tls": "none"}, lambda: len(handler.mails)


def _spool(tmp_path, stack):
    count = lambda: sum(1 for medium in MEDIA for _ in (tmp_path / medium).glob("*"))  # noqa: E731
    return {"folder": str(tmp_path)}, count


def _memory(tmp_path, stack):
    box = {}
    return {"box": box}, lambda: len(box)


def _print(tmp_path, stack):
    count = lambda: len(list(tmp_path.glob("2*/0*.pdf")))  # noqa: E731
    # Each session hands its run over at its end: what arrived is counted once it is closed.
    return configured("print", f"print://{tmp_path}?mode=single"), count


def _merci_facteur(tmp_path, stack):
    house = House()
    port = stack.enter_context(house.running())
    url = f"mercifacteur+http://svc-1:k3y@127.0.0.1:{port}/?user=1&from=2"
    return configured("merci_facteur", url), lambda: len(house.letters)


def _ar24(tmp_path, stack):
    house = stack.enter_context(RegisteredHouse().running())
    return configured("ar24", house.url), lambda: len(house.letters)


def _sms_http(tmp_path, stack):
    gateway = Gateway((202, "0: Accepted for delivery"))
    port = stack.enter_context(gateway.running())
    return configured("sms_http", f"kannel://127.0.0.1:{port}"), lambda: len(gateway.requests)


def _email_api(tmp_path, stack):
    api = MailApi("postmark")
    return provider("postmark", stack.enter_context(api.running())), lambda: len(
        api.gateway.requests
    )


def _smpp(tmp_path, stack):
    operator = stack.enter_context(centre(tmp_path / "smsc"))
    return configured("smpp", operator.url), lambda: len(operator.taken())


# How to open each channel in a test, and how to count what arrived (None = nothing to count).
CONFIGS = {
    "smtp": _smtp,
    "sms_http": _sms_http,
    "smpp": _smpp,
    "email_api": _email_api,
    "spool": _spool,
    "print": _print,
    "merci_facteur": _merci_facteur,
    "ar24": _ar24,
    "memory": _memory,
    "outbox": lambda *_: ({}, None),
}
# The same channels with nobody at the other end.
DEAD = {
    "smtp": lambda tmp: {"host": "127.0.0.1", "port": free_port(), "tls": "none"},
    "sms_http": lambda tmp: configured("sms_http", f"kannel://127.0.0.1:{free_port()}"),
    "smpp": lambda tmp: configured("smpp", f"smpp://u:p@127.0.0.1:{free_port()}"),
    "email_api": lambda tmp: provider("postmark", free_port()),
    "spool": lambda tmp: {"folder": str(_plain_file(tmp))},
    "print": lambda tmp: configured("print", f"print://{_plain_file(tmp)}"),
    "merci_facteur": lambda tmp: configured(
        "merci_facteur", f"mercifacteur+http://a:b@127.0.0.1:{free_port()}/?user=1&from=2"
    ),
    "ar24": lambda tmp: configured(
        "ar24", f"ar24+http://a:b@127.0.0.1:{free_port()}/?user=1&otp={SEED}"
    ),
}


def _plain_file(folder):
    path = folder / "not-a-folder"
    path.write_text("x")
    return path


ADDRESS = "Menuiserie Duval\n8 AVENUE DE L OCEAN\n44000 NANTES"


def outgoing(medium="email", key="1:case-9:reminder_1", recipient=""):
    is_letter = TYPES[medium] == "application/pdf"
    content = PDF if is_letter else CONTENT
    known = {
        "sms": "+33612345678", "email": "c@d.example", "registered_email": "ap@client.example",
    }  # fmt: skip
    recipient = recipient or known.get(medium, ADDRESS)
    named = Addressee("Menuiserie Duval", True) if medium == "registered_email" else None
    return Outgoing(key, medium, recipient, "Subject", content, TYPES[medium], addressee=named)


@pytest.fixture(params=sorted(plugins("channels")))
def channel(request):
    return plugins("channels")[request.param]


@pytest.fixture
def opened(channel, tmp_path):
    from contextlib import ExitStack

    with ExitStack() as stack:
        config, count = CONFIGS[channel.code](tmp_path, stack)
        yield channel, config, count


def test_channel_that_collects_has_nothing_to_finish_after_a_session(opened):
    channel, config, _ = opened
    if not hasattr(channel, "finish"):
        pytest.skip("hands over one by one")
    assert channel.finish(config) == 0
    with channel.session(config) as session:
        session.send(outgoing(sorted(channel.media)[0]))
    assert channel.finish(config) == 0


def test_channel_says_what_it_is(channel):
    assert channel.code == channel.code.lower()
    assert channel.label
    assert channel.media
    assert channel.media <= MEDIA
    assert isinstance(channel.resend_safe, bool)


def test_channel_delivers_every_medium_it_claims(opened):
    channel, config, count = opened
    with channel.session(config) as session:
        for medium in sorted(channel.media):
            outcome = session.send(outgoing(medium, key=medium))
            assert isinstance(outcome, Outcome)
            assert outcome.state == "sent", outcome
    assert count is None or count() == len(channel.media)


def test_same_key_is_delivered_once_where_promised(opened):
    channel, config, count = opened
    if not channel.resend_safe:
        pytest.skip("a person decides on this channel")
    for _ in range(2):
        with channel.session(config) as session:
            assert session.send(outgoing(sorted(channel.media)[0])).state == "sent"
    assert count is None or count() == 1


@pytest.mark.parametrize("key", ["../../escape", "a/b\\c", "x\r\nDATA", "\x00", "é" * 200, ""])
def test_hostile_key_does_no_harm(opened, key, tmp_path):
    channel, config, count = opened
    with channel.session(config) as session:
        assert session.send(outgoing(sorted(channel.media)[0], key=key)).state == "sent"
    assert not (tmp_path.parent / "escape").exists()
    assert count is None or count() == 1


@pytest.mark.parametrize("code", sorted(DEAD))
def test_unreachable_other_side_is_a_retry(code, tmp_path):
    channel = plugins("channels")[code]
    with channel.session(DEAD[code](tmp_path)) as session:
        outcome = session.send(outgoing(sorted(channel.media)[0]))
    assert outcome.state == "retry"
    assert outcome.detail
    assert outcome.retry_after_seconds > 0


def test_every_channel_is_under_contract():
    assert CONFIGS.keys() == plugins("channels").keys()


def test_spool_knows_a_message_that_was_already_taken_away(tmp_path):
    channel = plugins("channels")["spool"]
    with channel.session({"folder": str(tmp_path)}) as session:
        session.send(outgoing("registered_letter"))
        (file,) = (tmp_path / "registered_letter").iterdir()
        file.unlink()  # the printer took it
        assert session.send(outgoing("registered_letter")).state == "sent"
    assert list((tmp_path / "registered_letter").iterdir()) == []


def test_spool_finishes_what_a_killed_process_had_staged(tmp_path):
    channel = plugins("channels")["spool"]
    with channel.session({"folder": str(tmp_path)}) as session:
        session.send(outgoing("letter"))
        (file,) = (tmp_path / "letter").iterdir()
        file.rename(tmp_path / ".staged" / file.name)  # killed just before the last rename
        session.send(outgoing("letter"))
    (file,) = (tmp_path / "letter").iterdir()
    assert file.read_bytes() == PDF


def test_spooled_text_message_carries_its_number(tmp_path):
    channel = plugins("channels")["spool"]
    with channel.session({"folder": str(tmp_path)}) as session:
        session.send(outgoing("sms", recipient="+33612345678"))
    (file,) = (tmp_path / "sms").iterdir()
    assert file.read_text().startswith("To: +33612345678\n\n")


def test_memory_keeps_the_first_message_of_a_key():
    box = {}
    with plugins("channels")["memory"].session({"box": box}) as session:
        session.send(outgoing(recipient="first@x.example"))
        session.send(outgoing(recipient="second@x.example"))
    assert [message.recipient for message in box.values()] == ["first@x.example"]
    assert json.dumps(sorted(box))
