"""Email through a provider: Brevo, Mailjet, Postmark, Mailgun, SparkPost, MailerSend and Scaleway
over their APIs, Amazon SES and Brevo over their relays; and what they tell of messages.

Nobody watches whether a message is opened: tracking is switched off wherever a message may say so
(CNIL 2026-042), and reports of openings are dropped.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from amiable.plugins.channels._email_api_events import reported
from amiable.plugins.channels._email_api_providers import PROVIDERS, SCHEMES, provider_config
from amiable.plugins.channels._email_api_session import ApiSession, RelaySession
from amiable.plugins.inbound import (
    CustomerReply,
    HookAnswer,
    HookRefusedError,
    HookRequest,
    secret_check,
    secret_lacks,
)


class EmailApiChannel:
    """Config: see provider_config; `hook_secret` = what unsigned calls prove themselves by."""

    code = "email_api"
    label = "Email (provider)"
    media = frozenset({"email"})
    resend_safe = False
    schemes = SCHEMES

    configure = staticmethod(provider_config)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[ApiSession | RelaySession]:
        over_api = PROVIDERS[config["scheme"]].over == "api"
        session = ApiSession(config) if over_api else RelaySession(config)
        try:
            yield session
        finally:
            session.close()

    def hook_lacks(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Our secret, its signing key, or both; Amazon signs with a key of its own."""
        proof = PROVIDERS[config["scheme"]].proof
        secret = secret_lacks(config) if proof in {"secret", "both"} else ()
        signs = proof in {"signature", "both"} and config["provider"] != "ses"
        return (*secret, *(("signing",) if signs and not config.get("signing") else ()))

    def hook(self, request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
        """Reports on messages, or a customer's answer, from the provider that is configured."""
        proof = PROVIDERS[config["scheme"]].proof
        if proof == "none":
            raise HookRefusedError("calls of this provider cannot be proved")
        if proof in {"secret", "both"}:
            secret_check(_with_password(request), config)
        # Loaded when they are used: cryptography, Django's mail and requests take a while.
        if config["provider"] == "ses":
            from amiable.plugins.channels._email_api_sns import notified

            return notified(request, config)
        from amiable.plugins.channels._email_api_bridge.calls import told

        found = told(request, config)
        try:
            events = reported(config["provider"], found.events)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise HookRefusedError("the call cannot be read", status=400) from error
        return HookAnswer(events=events, replies=tuple(map(CustomerReply, found.replies)))


def _with_password(request: HookRequest) -> HookRequest:
    """The request with the password of `https://user:SECRET@...` where ?secret= would stand: some
    providers show an address they call in their logs, but no password."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or request.query.get("secret"):
        return request
    try:
        given = base64.b64decode(coded.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        return request
    return replace(request, query={**request.query, "secret": given.partition(":")[2]})


PLUGIN = EmailApiChannel()
