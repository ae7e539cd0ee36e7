"""How the other side of each channel that reaches out can fail: what the contract of
test_channel_faults.py asks of every one of them.

A fault opens the other side in that state and gives the channel's configuration.
"""

from __future__ import annotations

from typing import Any

from amiable.plugins.registry import plugins
from tests.plugins.channels.centres import centre
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.letter_house import House
from tests.plugins.channels.mail_providers import JSON
from tests.plugins.channels.mail_providers import configured as provider
from tests.plugins.channels.registered_house import RegisteredHouse
from tests.plugins.smtp_servers import Rogue

# What each fault is to the message, whatever the channel.
MEANS = {
    "credentials refused": "retry",  # no fault of the message: it waits for the right ones
    "recipient refused": "failed",
    "temporary failure": "retry",
    "slow": "unknown",  # handed over, and no answer in time
    "dropped after it was read": "unknown",
    "garbage for an answer": "unknown",
}
# These reach no further than this machine.
LOCAL = {"memory", "outbox", "spool", "print"}


def _smtp(**replies):
    def opened(folder, stack) -> dict[str, Any]:
        port = stack.enter_context(Rogue(**{"EHLO": "250 AUTH PLAIN", **replies}).running())
        return {"host": "127.0.0.1", "port": port, "tls": "none"}

    return opened


def _smtp_credentials(folder, stack) -> dict[str, Any]:
    replies = {"EHLO": "250-rogue\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 who are you?"}
    return {**_smtp(**replies)(folder, stack), "user": "ana", "password": "wrong"}


def _gateway(answer):
    def opened(folder, stack) -> dict[str, Any]:
        port = stack.enter_context(Gateway(answer).running())
        channel = plugins("channels")["sms_http"]
        return channel.configure(f"kannel://a:b@127.0.0.1:{port}")

    return opened


def _smpp(rule=None, **options):
    def opened(folder, stack) -> dict[str, Any]:
        operator = stack.enter_context(centre(folder / "smsc"))
        operator.rules(every=rule or {})
        channel = plugins("channels")["smpp"]
        return {**channel.configure(operator.url), **options}

    return opened


def _house(fault="", **options):
    def opened(folder, stack) -> dict[str, Any]:
        port = stack.enter_context(House(fault or None).running())
        url = f"mercifacteur+http://svc-1:k3y@127.0.0.1:{port}/?user=1&from=2"
        return {**plugins("channels")["merci_facteur"].configure(url), **options}

    return opened


def _registered(fault="", **options):
    def opened(folder, stack) -> dict[str, Any]:
        house = stack.enter_context(RegisteredHouse(fault or None).running())
        return {**plugins("channels")["ar24"].configure(house.url), **options}

    return opened


def _provider(answer):
    def opened(folder, stack) -> dict[str, Any]:
        port = stack.enter_context(Gateway(answer).running())
        return provider("mailjet", port)

    return opened


FAULTS = {
    "smtp": {
        "credentials refused": _smtp_credentials,
        "recipient refused": _smtp(RCPT="550 5.1.1 nobody"),
        "temporary failure": _smtp(RCPT="451 4.3.0 later"),
        "slow": _smtp(**{".": 2.0}),
        "dropped after it was read": _smtp(**{".": None}),
        "garbage for an answer": _smtp(**{".": "who knows"}),
    },
    "sms_http": {
        "credentials refused": _gateway((403, "Authorization failed for sendsms")),
        "recipient refused": _gateway((400, "Number(s) has/have been denied")),
        "temporary failure": _gateway((503, "Temporal failure, try again later.")),
        "slow": _gateway(2.0),
        "dropped after it was read": _gateway(None),
        "garbage for an answer": _gateway(b"\x00\xff\x00\xff\r\n\r\n"),
    },
    "smpp": {
        "credentials refused": _smpp(password="wrong"),
        "recipient refused": _smpp({"status": 0x0B}),
        "temporary failure": _smpp({"status": 0x58}),
        "slow": _smpp({"delay": 2.0}),
        "dropped after it was read": _smpp({"drop": True}),
        "garbage for an answer": _smpp({"garbage": "deadbeefdeadbeefdeadbeefdeadbeef"}),
    },
    "email_api": {
        "credentials refused": _provider((401, '{"ErrorMessage": "API key authentication"}')),
        "recipient refused": _provider((400, '{"Messages": [{"Status": "error"}]}', JSON)),
        "temporary failure": _provider((429, "Too many requests", {"Retry-After": "7"})),
        "slow": _provider(2.0),
        "dropped after it was read": _provider(None),
        "garbage for an answer": _provider((200, "<html>Bienvenue</html>")),
    },
    "ar24": {
        "credentials refused": _registered(private_key="wrong"),
        "recipient refused": _registered("invalid_recipient"),
        "temporary failure": _registered("maintenance"),
        "slow": _registered("slow"),
        "dropped after it was read": _registered("drop"),
        "garbage for an answer": _registered("garbage"),
    },
    "merci_facteur": {
        "temporary failure": _house("429"),
        "slow": _house("slow"),
        "dropped after it was read": _house("drop-after"),
        "garbage for an answer": _house("garbage"),
    },
}
