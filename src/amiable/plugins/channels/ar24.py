"""Electronic registered letters through AR24, and what becomes of them (source: _ar24_api).

AR24 knows no key that keeps a letter single: before a letter leaves, its letters are listed and one
that bears our reference is not sent again. A letter handed over without an answer is looked for
before it is in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._ar24_api import (
    mail_fields,
    reference_of,
    result_of,
    service_config,
)
from amiable.plugins.channels._ar24_client import Caller, File, RefusedError
from amiable.plugins.channels._ar24_states import called, known, papers
from amiable.plugins.channels._calls import NoAnswerError, NothingSentError
from amiable.plugins.inbound import (
    HookAnswer,
    HookRefusedError,
    HookRequest,
    secret_check,
    secret_lacks,
)
from amiable.plugins.papers import Asked, ProofFile

UNREACHABLE_SECONDS, LARGEST_PAPER = 300, 10 * 1024 * 1024
# The letter itself cannot go; all else is about the account.
_OF_THE_LETTER = frozenset({
    "missing_email", "same_sender_recipients_emails", "invalid_recipient", "invalid_email",
    "attachment_too_big", "content_exceeds_limit", "forbidden_html",
    "error_no_content_no_attachment",
})  # fmt: skip
_OF_THE_ADDRESS = frozenset({"invalid_recipient", "invalid_email"})
NOT_AGREED = "this consumer has not agreed to electronic registered letters (CPCE L100)"
_SILENT = (NothingSentError, NoAnswerError)


class Ar24Channel:
    """Config: see service_config; `hook_url`, `hook_secret` = where AR24 tells what became."""

    code = "ar24"
    label = "AR24 (electronic registered letters)"
    media = frozenset({"registered_email"})
    resend_safe = True
    schemes = frozenset({"ar24", "ar24+http"})

    def configure(self, url: str) -> dict[str, Any]:
        """See service_config."""
        return service_config(url)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_Session]:
        yield _Session(config)

    hook_lacks = staticmethod(secret_lacks)

    def hook(self, request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
        """What became of a letter; AR24 signs nothing, so the address it calls holds a secret."""
        secret_check(request, config)
        try:
            return HookAnswer(events=called(request))
        except (ValueError, RecursionError) as error:
            raise HookRefusedError("the call cannot be read", status=400) from error

    def told_of(
        self, config: Mapping[str, Any], letters: Collection[Asked]
    ) -> Iterator[HookAnswer]:
        """What is known of these letters, with the papers that are not kept yet."""
        caller = Caller(config)
        for letter in letters:
            number = letter.provider_id
            try:
                found = caller.mail(number)
                files = tuple(_papers(caller, number, found, letter.kept))
            except RefusedError as error:
                if error.slug == "missing_erm_id":
                    continue  # it knows no such letter: the others are asked about all the same
                raise ConnectionError(str(error)) from error
            except _SILENT as error:
                raise ConnectionError(str(error)) from error
            yield HookAnswer(events=known(number, found), proofs=files)


class _Session:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config, self.caller = config, Caller(config)
        self.down: Outcome | None = None
        self.sent: dict[str, str] | None = None  # number there by our reference
        self.proof = ""

    def send(self, message: Outgoing) -> Outcome:
        """Hand a letter over; an account that cannot be used is tried once a session."""
        if self.down:
            return self.down
        try:
            return self._handed(message, reference_of(message.key))
        except RefusedError as error:
            if error.slug not in _OF_THE_LETTER:
                return self._later(str(error), error.seconds)
            wrong = {message.recipient: str(error)} if error.slug in _OF_THE_ADDRESS else {}
            return Outcome("failed", detail=str(error), refused=wrong)
        except _SILENT as error:
            # A file may have left, the letter has not: that is one request, answered below.
            return self._later(str(error), UNREACHABLE_SECONDS)

    def _handed(self, message: Outgoing, reference: str) -> Outcome:
        number, addressee = self._known(reference), message.addressee
        if number:
            return Outcome("sent", provider_id=number, detail="it had been taken before")
        if addressee is None or "@" not in message.recipient:
            return Outcome("failed", detail="it does not say whom it is for")
        if not addressee.is_professional and addressee.consented_on is None:
            return Outcome("failed", detail=NOT_AGREED)
        self.proof = self.proof or self.caller.proved()
        file_id = self.caller.uploaded(File("lettre.pdf", message.content, message.content_type))
        fields = mail_fields(
            addressee, message.recipient, subject=message.subject, reference=reference,
            file_id=file_id,
        )  # fmt: skip
        try:
            told = self.caller.post("/mail", [*fields, *self._proved()])
        except NoAnswerError as error:
            return self._looked_for(reference, f"no answer to the letter: {error}")
        number = str(result_of(told).get("id") or "")
        if not number:
            return self._looked_for(reference, "an answer that names no letter")
        self.sent = {**(self.sent or {}), reference: number}
        return Outcome("sent", provider_id=number, detail=f"letter {number}")

    def _proved(self) -> list[tuple[str, str]]:
        """Who sends, and where what becomes of the letter is told."""
        fields = [("auth_otp_hash", self.proof)]
        url, secret = self.config.get("hook_url"), self.config.get("hook_secret")
        if url and secret:
            fields.append(("webhook", f"{url}?{urlencode({'secret': secret})}"))
        return fields

    def _known(self, reference: str) -> str:
        """The number of a letter of ours that AR24 has, "" = it has none."""
        if self.sent is None:
            self.sent = {
                str(each.get("ref_dossier")): str(each.get("id")) for each in self.caller.mails()
            }
        return self.sent.get(reference, "")

    def _looked_for(self, reference: str, detail: str) -> Outcome:
        """Ask whether the letter is there; one letter to look into is enough, the rest waits."""
        self.sent = None
        try:
            number = self._known(reference)
        except (RefusedError, *_SILENT):
            number = ""
        if number:
            return Outcome("sent", provider_id=number, detail=f"letter {number}, found there")
        self._later("AR24 stopped answering clearly", UNREACHABLE_SECONDS)
        return Outcome("unknown", detail=detail[:500])

    def _later(self, detail: str, seconds: int) -> Outcome:
        self.down = Outcome("retry", detail=detail[:500], retry_after_seconds=seconds)
        return self.down


def _papers(
    caller: Caller, number: str, letter: Mapping[str, Any], kept: Collection[str]
) -> Iterator[ProofFile]:
    """The papers that are new, as far as they can be had; the others are asked for again."""
    for name, kind, url in papers(number, letter):
        if name in kept:
            continue
        try:
            content = caller.download(url, largest=LARGEST_PAPER)
        except _SILENT:
            continue
        if content.startswith(b"%PDF-"):
            yield ProofFile(number, kind, name, content)


PLUGIN = Ar24Channel()
