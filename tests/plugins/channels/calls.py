"""Calls as the providers of our channels make them: one for each channel that is told later.

A channel that gets a `hook` is added here: the contract of test_hooks.py then holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from amiable.plugins.channels._sms_reports import sealed
from amiable.plugins.inbound import HookRequest
from amiable.plugins.registry import plugins

SECRET = "a secret of the tests"


@dataclass(frozen=True, slots=True)
class Calls:
    """How a provider tells of the message `key` (or `provider_id`) that it is delivered."""

    address: str
    delivered: Callable[[str, str, Mapping[str, Any]], HookRequest]

    def config(self, code: str) -> dict[str, Any]:
        """The configured route, as installations have it."""
        own = plugins("channels")[code].configure(self.address)
        return {**own, "hook_url": "https://x.example/hooks/channels/", "hook_secret": SECRET}


def _sms_http(key: str, provider_id: str, config: Mapping[str, Any]) -> HookRequest:
    query = dict(parse_qsl(sealed(key, str(config["hook_secret"]))))
    query |= {"status": "1", "ref": provider_id, "said": "id:1 stat:DELIVRD err:000"}
    return HookRequest("GET", "/hooks/channels/sms_http/", {}, query, b"")


CALLS: dict[str, Calls] = {
    "sms_http": Calls("kannel://user:password@127.0.0.1:13013", _sms_http),
}
