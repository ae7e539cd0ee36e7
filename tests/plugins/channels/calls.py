"""Calls as the providers of our channels make them: one for each channel that is told later.

A channel that gets a `hook` is added here: the contract of test_hooks.py then holds for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from amiable.plugins.channels._sms_reports import sealed
from amiable.plugins.inbound import HookRequest
from amiable.plugins.registry import plugins

SECRET = "a secret of the tests"


@dataclass(frozen=True, slots=True)
class Calls:
    """How a provider tells of the message `key` (or `provider_id`) that it is delivered."""

    address: str
    delivered: Callable[[str, str, Mapping[str, Any]], HookRequest]
    secret: str = "hook_secret"  # where the config holds what proves a call

    def config(self, code: str) -> dict[str, Any]:
        """The configured route, as installations have it."""
        own = plugins("channels")[code].configure(self.address)
        return {**own, "hook_url": "https://x.example/hooks/channels/", "hook_secret": SECRET}


def _sms_http(key: str, provider_id: str, config: Mapping[str, Any]) -> HookRequest:
    query = dict(parse_qsl(sealed(key, str(config["hook_secret"]))))
    query |= {"status": "1", "ref": provider_id, "said": "id:1 stat:DELIVRD err:000"}
    return HookRequest("GET", "/hooks/channels/sms_http/", {}, query, b"")


def _merci_facteur(key: str, provider_id: str, config: Mapping[str, Any]) -> HookRequest:
    whole = {
        "event": {"name_event": "new-state", "date_event": "1772530200"},
        "detail": [{"statut_courrier": "distribue", "ref_interne": provider_id,
                    "ref_courrier": "1", "mode_envoi": "suivi"}],
    }  # fmt: skip
    body = urlencode({name: json.dumps(value) for name, value in whole.items()})
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-mf-webhook-secret-key": str(config["webhook"]),
    }
    return HookRequest("POST", "/hooks/channels/merci_facteur/", headers, {}, body.encode())


def _ar24(key: str, provider_id: str, config: Mapping[str, Any]) -> HookRequest:
    told = {"id_mail": provider_id, "new_state": "AR", "view_date": "2026-11-21 09:30:00",
            "proof_url": "https://app.ar24.fr/get/proof/ar-901?token=1"}  # fmt: skip
    query = {"secret": str(config["hook_secret"])}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(told).encode()
    return HookRequest("POST", "/hooks/channels/ar24/", headers, query, body)


def _email_api(key: str, provider_id: str, config: Mapping[str, Any]) -> HookRequest:
    told = {"RecordType": "Delivery", "MessageID": provider_id, "Recipient": "ap@client.example",
            "DeliveredAt": "2026-11-22T08:00:00Z", "Metadata": {"amiable": key}}  # fmt: skip
    query = {"secret": str(config["hook_secret"])}
    headers = {"content-type": "application/json"}
    body = json.dumps(told).encode()
    return HookRequest("POST", "/hooks/channels/email_api/", headers, query, body)


CALLS: dict[str, Calls] = {
    "ar24": Calls("ar24://token:key@app.ar24.fr/api?user=1&otp=JBSWY3DP", _ar24),
    "email_api": Calls("postmark://:token@", _email_api),
    "merci_facteur": Calls(
        "mercifacteur://service:secret@api.example/?user=1&from=2&webhook=w",
        _merci_facteur,
        "webhook",
    ),
    "sms_http": Calls("kannel://user:password@127.0.0.1:13013", _sms_http),
}
