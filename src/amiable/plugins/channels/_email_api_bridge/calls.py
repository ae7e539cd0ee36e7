"""Calls of providers, read by django-anymail from a Django request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.encoders import encode_base64
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import quote

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.inbound import AnymailInboundMessage
from django.core.handlers.wsgi import WSGIRequest
from requests import RequestException

from amiable.plugins.channels._email_api_providers import PROVIDERS
from amiable.plugins.channels._email_api_wire import Wire
from amiable.plugins.inbound import HookRefusedError, HookRequest

LARGEST_ATTACHMENT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider's call holds: events of anymail (see signals.AnymailTrackingEvent), and whole
    messages of customers."""

    events: tuple[Any, ...] = ()
    replies: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Call:
    """How anymail reads the calls of a provider: names of its classes, and their options."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)  # of anymail -> of our config
    inbound: Mapping[str, str] = field(default_factory=dict)


_CALLS = {
    "brevo": _Call("Brevo"),
    "mailjet": _Call("Mailjet"),
    "postmark": _Call("Postmark"),
    "sparkpost": _Call("SparkPost"),
    "mailgun": _Call(
        "Mailgun", {"webhook_signing_key": "signing"}, {"webhook_signing_key": "signing"}
    ),
    "mailersend": _Call(
        "MailerSend", {"signing_secret": "signing"}, {"inbound_secret": "inbound"}
    ),
}  # fmt: skip


def told(request: HookRequest, config: Mapping[str, Any]) -> Told:
    """Read a call, verifying its signature where this provider signs.

    Raises HookRefusedError: 403 for a wrong signature, 400 for what cannot be read, 503 when an
    attachment cannot be fetched now.
    """
    call = _CALLS[config["provider"]]
    is_inbound = _is_inbound(request)
    names = call.inbound if is_inbound else call.options
    options: dict[str, Any] = {theirs: config[ours] for theirs, ours in names.items()}
    if not all(options.values()):
        raise HookRefusedError("no key is configured that would prove this call")
    if call.name == "Brevo" and is_inbound:
        options |= {"api_key": ""}  # the library's own fetching is replaced
    try:
        view = _view(call.name, is_inbound, config)(webhook_secret=[], **options)
        django_request = _django_request(request)
        view.run_validators(django_request)
        events = view.parse_events(django_request)
        if not is_inbound:
            return Told(events=tuple(events))
        return Told(replies=tuple(_octets(event.message) for event in events))
    except AnymailWebhookValidationFailure as error:
        raise HookRefusedError("the signature of this call is not the provider's") from error
    except RequestException as error:
        raise HookRefusedError("an attachment cannot be fetched now", status=503) from error
    except HookRefusedError:
        raise
    except Exception as error:
        # The library expects well-formed calls: anything may break on others.
        raise HookRefusedError("the call cannot be read", status=400) from error


def _is_inbound(request: HookRequest) -> bool:
    """Whether a call brings a message of a customer: each provider shapes those otherwise."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return True  # a form
    try:
        whole = json.loads(request.body)
    except (ValueError, RecursionError):
        return False
    first = whole[0] if isinstance(whole, list) and whole else whole
    if not isinstance(first, dict):
        return False
    relayed = isinstance(msys := first.get("msys"), dict) and "relay_message" in msys
    received = "items" in first or first.get("type") == "inbound.message"
    parsed = "Parts" in first or first.get("RecordType", "Inbound") == "Inbound"
    return relayed or received or (parsed and ("FromFull" in first or "Headers" in first))


def _view(name: str, is_inbound: bool, config: Mapping[str, Any]) -> Any:
    """The class that reads such calls: that it is proved was seen to before."""
    kind = "Inbound" if is_inbound else "Tracking"
    module = import_module(f"anymail.webhooks.{name.lower()}")
    own: dict[str, Any] = {"warn_if_no_basic_auth": False}
    if name == "Brevo" and is_inbound:
        own["_fetch_attachment"] = lambda _, part: _brevo_attachment(part, config)
    return type("View", (getattr(module, f"{name}{kind}WebhookView"),), own)


def _api_key(config: Mapping[str, Any]) -> str:
    """Brevo's API key: the secret of its address, or an option beside that of the relay."""
    return str(config["password"] if "endpoint" in config else config["api_key"])


def _brevo_attachment(part: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    """Fetch an attachment that Brevo keeps apart, from Brevo alone. Raises RequestException."""
    key = _api_key(config)
    if not key:
        words = "It is kept at Brevo: no api_key is configured to fetch it."
        return AnymailInboundMessage.construct_attachment(
            "text/plain", words, filename=f"{part.get('Name')}.txt"
        )
    base = config.get("endpoint") or PROVIDERS["brevo"].places[""]
    token = quote(str(part["DownloadToken"]), safe="")
    with Wire(config, LARGEST_ATTACHMENT) as wire:
        answer = wire.get(
            f"{base}inbound/attachments/{token}",
            headers={"api-key": key},
            timeout=config["timeout"],
        )
        answer.raise_for_status()
    return AnymailInboundMessage.construct_attachment(
        content_type=answer.headers.get("Content-Type") or part["ContentType"],
        content=answer.content,
        filename=part.get("Name"),
        content_id=part.get("ContentID"),
    )


def _django_request(request: HookRequest) -> WSGIRequest:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in
               request.headers.items()}  # fmt: skip
    environ |= {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "https",
    }  # fmt: skip
    return WSGIRequest({**environ, "wsgi.input": BytesIO(request.body)})


def _octets(message: Any) -> bytes:
    """A message as bytes, always the same for the same one. What the library built of fields has no
    boundaries yet, and its files are not encoded."""
    built = [part for part in message.walk() if part.get_content_maintype() == "multipart"]
    built = [part for part in built if part.get_boundary() is None]
    seed = sha256(str(message["Message-ID"]).encode(errors="replace")).hexdigest()[:24]
    for number, part in enumerate(built):
        part.set_boundary(f"=_{seed}{number}")
    for part in message.walk() if built else ():
        bare = part["Content-Transfer-Encoding"] is None and isinstance(part.get_payload(), str)
        if bare:
            encode_base64(part)
    octets: bytes = message.as_bytes(policy=message.policy.clone(refold_source="none"))
    return octets
