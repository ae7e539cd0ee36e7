"""The one bridge to Django: django-anymail builds the providers' requests from a django.core.mail
message, and reads their calls from a Django request. No setting of Django is used.

Connections are ours: no redirect is followed with a key in hand, no proxy or password of the
environment joins in, and an answer is read up to a limit.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.encoders import encode_base64
from email.mime.nonmultipart import MIMENonMultipart
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import quote

import requests
import urllib3
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.inbound import AnymailInboundMessage
from django.core.handlers.wsgi import WSGIRequest
from django.core.mail import EmailMultiAlternatives

from amiable.plugins.channels._email_api_frozen import File, Frozen
from amiable.plugins.channels._email_api_providers import PROVIDERS, Provider
from amiable.plugins.inbound import HookRefusedError, HookRequest

LARGEST_ANSWER, LARGEST_ATTACHMENT = 262_144, 10 * 1024 * 1024
METADATA = "amiable"


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a request. `status` 0 = no answer; `left` = it may have been read; `statuses`
    = (status of anymail, id) by address in lower case, None when the answer could not be read."""

    left: bool
    status: int = 0
    said: str = ""
    retry_after: str = ""
    statuses: Mapping[str, tuple[str, str]] | None = None


class Wire(requests.Session):
    """The connections of one batch to one provider."""

    def __init__(self, config: Mapping[str, Any], largest: int = LARGEST_ANSWER) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["User-Agent"] = "amiable"
        self.verify = config["ca_file"] or True
        self.largest = largest
        self.begun = False
        self.answer: Any = None
        self.failure: Exception | None = None

    def forget(self) -> None:
        """Before another message."""
        self.begun, self.answer, self.failure = False, None, None

    def send(self, request: Any, **options: Any) -> Any:
        """One request and its whole answer, up to the limit."""
        self.begun = True
        try:
            answer = super().send(request, **{**options, "allow_redirects": False, "stream": True})
            octets = answer.raw.read(self.largest + 1, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            self.failure = error
            raise requests.ConnectionError(str(error)) from error
        except OSError as error:  # requests' own errors are of this kind
            self.failure = error
            raise
        if len(octets) > self.largest:
            answer.close()
            self.failure = requests.ConnectionError("the answer is too long")
            raise self.failure
        answer._content, answer._content_consumed = octets, True
        self.answer = answer
        return answer


class Api:
    """A provider's API for one batch."""

    def __init__(self, provider: Provider, config: Mapping[str, Any]) -> None:
        self.provider = provider
        self.wire = Wire(config)
        options = {provider.user: config["user"]} if provider.user else {}
        options |= {name: config[ours] or None for ours, name in provider.options.items()}
        self.backend = import_module(f"anymail.backends.{provider.code}").EmailBackend(
            **options,
            **{provider.secret: config["password"]},
            api_url=config["endpoint"],
            timeout=config["timeout"],
            # Each address is answered for by us.
            ignore_recipient_status=True,
        )
        self.backend.session = self.wire

    def close(self) -> None:
        self.wire.close()

    def hand_over(self, frozen: Frozen) -> Handed:
        """Ask the provider to send. Raises ValueError when nothing was asked because the message
        cannot be put in its fields."""
        self.wire.forget()
        mail = _mail(frozen, self.provider)
        problem = ""
        try:
            self.backend.send_messages([mail])
        except Exception as error:
            # Whatever the library makes of an answer it cannot read; what counts is the wire.
            if not self.wire.begun:
                raise ValueError(_first_words(error)) from error
            problem = _first_words(error)
        answer = self.wire.answer
        if answer is None:
            failure = self.wire.failure or requests.ConnectionError(problem)
            return Handed(left=not _never_left(failure), said=_reason(failure))
        return Handed(
            left=True,
            status=answer.status_code,
            said=" ".join(answer.text.split()) or problem,
            retry_after=answer.headers.get("Retry-After", ""),
            statuses=None if problem else _statuses(mail),
        )


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
    except requests.RequestException as error:
        raise HookRefusedError("an attachment cannot be fetched now", status=503) from error
    except HookRefusedError:
        raise
    except Exception as error:
        # The library expects well-formed calls: anything may break on others.
        raise HookRefusedError("the call cannot be read", status=400) from error


def _mail(frozen: Frozen, provider: Provider) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=frozen.subject,
        body=frozen.text,
        from_email=frozen.sender,
        to=frozen.to,
        cc=frozen.cc,
        bcc=frozen.bcc,
        reply_to=frozen.reply_to,
        headers=dict(frozen.headers),
    )
    if frozen.html:
        mail.attach_alternative(frozen.html, "text/html")
    extra: Any = mail
    extra.attachments = [_file(each) for each in frozen.files]
    if provider.tracking:
        extra.track_opens = extra.track_clicks = False
    if provider.metadata and frozen.key:
        extra.metadata = {METADATA: frozen.key}
    return mail


def _file(file: File) -> Any:
    """A file as the library takes it."""
    if not file.cid:
        return file.name, file.content, file.kind
    picture = MIMENonMultipart(*file.kind.split("/", 1))
    picture.set_payload(file.content)
    encode_base64(picture)
    picture.add_header("Content-Disposition", "inline", filename=file.name)
    picture["Content-ID"] = f"<{file.cid}>"
    return picture


def _statuses(mail: Any) -> dict[str, tuple[str, str]]:
    return {
        address.casefold(): (str(one.status), str(one.message_id or ""))
        for address, one in mail.anymail_status.recipients.items()
    }


def _never_left(error: Exception) -> bool:
    """Whether the failure came before any of the request can have been read."""
    if type(error) is OSError:
        return True  # requests found no file of certificates
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(
            seen,
            requests.ConnectTimeout | urllib3.exceptions.NewConnectionError
            | urllib3.exceptions.ConnectTimeoutError | ssl.SSLCertVerificationError,
        ):  # fmt: skip
            return True
        reason = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
    return False


def _reason(error: Exception) -> str:
    """The kind of a failure and the words of its first cause: no address, no header."""
    seen: BaseException = error
    while isinstance(inner := seen.__cause__ or seen.__context__, BaseException):
        seen = inner
    return str(seen) or type(error).__name__


def _first_words(error: BaseException) -> str:
    """What an error says itself: anymail adds the provider's answer, which is told apart."""
    return " ".join(str(each) for each in error.args)[:300] or type(error).__name__


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
