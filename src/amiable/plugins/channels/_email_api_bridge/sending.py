"""Requests to providers, built by django-anymail from a message of django.core.mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.encoders import encode_base64
from email.mime.nonmultipart import MIMENonMultipart
from importlib import import_module
from typing import Any

from django.core.mail import EmailMultiAlternatives

from amiable.plugins.channels._email_api_frozen import File, Frozen
from amiable.plugins.channels._email_api_providers import METADATA, Provider
from amiable.plugins.channels._email_api_wire import Wire, never_left, reason_of


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a request. `status` 0 = no answer; `left` = it may have been read; `statuses`
    = (status of anymail, id) by address in lower case, None when the answer could not be read."""

    left: bool
    status: int = 0
    said: str = ""
    retry_after: str = ""
    statuses: Mapping[str, tuple[str, str]] | None = None


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
            failure = self.wire.failure or ConnectionError(problem)
            return Handed(left=not never_left(failure), said=reason_of(failure))
        return Handed(
            left=True,
            status=answer.status_code,
            said=" ".join(answer.text.split()) or problem,
            retry_after=answer.headers.get("Retry-After", ""),
            statuses=None if problem else _statuses(mail),
        )


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


def _first_words(error: BaseException) -> str:
    """What an error says itself: anymail adds the provider's answer, which is told apart."""
    return " ".join(str(each) for each in error.args)[:300] or type(error).__name__
