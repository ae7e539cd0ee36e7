"""Letters and registered letters printed and posted by Merci Facteur, and what it tells of them.

Its `antidoublon` refuses a reference it has taken within 30 days: a letter handed over twice is
posted once, and the refusal is the proof that it was taken. See _merci_facteur_api for the source.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amiable.plugins.base import Outcome, Outgoing
from amiable.plugins.channels._calls import NoAnswerError, NothingSentError
from amiable.plugins.channels._merci_facteur_api import (
    letter_form,
    reference_of,
    service_config,
)
from amiable.plugins.channels._merci_facteur_client import Answer, Caller
from amiable.plugins.channels._merci_facteur_events import told
from amiable.plugins.channels._retry_after import seconds_asked
from amiable.plugins.inbound import HookAnswer, HookRefusedError, HookRequest

UNREACHABLE_SECONDS = 300
_TAKEN = re.compile(r"doublon", re.IGNORECASE)
# Wrong key, address of ours not allowed, account empty: nothing is wrong with the letter.
_OURS = re.compile(r"TOKEN|SERVICE|SIGNATURE|TIMESTAMP|_IP|CREDIT|SOLDE|QUOTA", re.IGNORECASE)


class MerciFacteurChannel:
    """Config: see service_config."""

    code = "merci_facteur"
    label = "Merci Facteur (letters)"
    media = frozenset({"letter", "registered_letter"})
    resend_safe = True
    schemes = frozenset({"mercifacteur", "mercifacteur+http"})

    def configure(self, url: str) -> dict[str, Any]:
        """See service_config."""
        return service_config(url)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_Session]:
        yield _Session(config)

    def hook_lacks(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The key of its calls is an option of the address."""
        return () if config["webhook"] else ("webhook",)

    def hook(self, request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
        """What became of letters; the call carries the key of the account in a header."""
        key, shown = config["webhook"], request.headers.get("x-mf-webhook-secret-key", "")
        if not key or not hmac.compare_digest(key.encode(), shown.encode()):
            raise HookRefusedError("the key of this call is not ours")
        try:
            return HookAnswer(events=told(request))
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError, OSError) as error:
            raise HookRefusedError("the call cannot be read", status=400) from error


class _Session:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.client = Caller(config)
        self.down: Outcome | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Hand a letter over; a house that cannot be reached is asked once a session."""
        if self.down:
            return self.down
        try:
            refused = self.client.authorized()
        except (NothingSentError, NoAnswerError) as error:
            return self._later(str(error), UNREACHABLE_SECONDS)
        if refused:
            return self._later(_said(refused), seconds_asked(refused.retry_after))
        try:
            answer = self.client.send(letter_form(message, self.config))
        except NothingSentError as error:
            return self._later(str(error), UNREACHABLE_SECONDS)
        except NoAnswerError as error:
            return self._unsure(f"no answer to the letter: {error}")
        return self._verdict(message, answer)

    def _verdict(self, message: Outgoing, answer: Answer) -> Outcome:
        reference, said = reference_of(message.key), _said(answer)
        if answer.status < 300 and answer.body.get("success") is True:
            return Outcome("sent", provider_id=reference, detail=_charge_said(answer.body))
        if _TAKEN.search(answer.error):
            return Outcome("sent", provider_id=reference, detail="it had been taken before")
        if answer.status < 300 and answer.body.get("success") is not False:
            return self._unsure(f"an answer that says neither yes nor no: {said}")
        if answer.status in {401, 403, 404} or _OURS.search(answer.error):
            self.client.token = ""
            return self._later(said, seconds_asked(answer.retry_after))
        # Safe also where a 500 came after the letter was taken: the reference keeps it single.
        if answer.status in {408, 429} or answer.status >= 500:
            return self._later(said, seconds_asked(answer.retry_after))
        return Outcome("failed", detail=said)

    def _unsure(self, detail: str) -> Outcome:
        """One letter to look into is enough: the rest of the batch waits."""
        self._later("the house stopped answering clearly", UNREACHABLE_SECONDS)
        return Outcome("unknown", detail=detail[:500])

    def _later(self, detail: str, seconds: int) -> Outcome:
        self.down = Outcome("retry", detail=detail[:500], retry_after_seconds=seconds)
        return self.down


def _said(answer: Answer) -> str:
    return f"{answer.status} {answer.error}".strip()[:500]


def _charge_said(body: Mapping[str, Any]) -> str:
    """Number and price of what was ordered."""
    price = body.get("price")
    total = price.get("total") if isinstance(price, Mapping) else None
    cost = total.get("ttc") if isinstance(total, Mapping) else None
    parts = [f"order {body.get('envoi_id')}", f"{cost} EUR with VAT" if cost is not None else ""]
    return ", ".join(filter(None, parts))[:500]


PLUGIN = MerciFacteurChannel()
