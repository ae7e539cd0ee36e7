"""The shapes of gateways: providers on whose page a customer pays by card or otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from amiable.core.payouts import PayoutRow
from amiable.plugins.inbound import HookRequest

Means = Literal["card", "direct_debit", "transfer", "other"]
Standing = Literal["open", "processing", "paid", "failed", "expired"]


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer is to pay. `amount_minor` > 0; `key` is ours and stands for one payment:
    asked for twice, it is the same one; `subject` is read on the provider's page; the provider
    sends the customer back to `return_url`, whether something was paid or not, and its news to
    `notify_url`, where it is told the address with each payment."""

    key: str
    amount_minor: int
    currency: str
    subject: str
    language: str
    return_url: str
    notify_url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment the provider waits for: its name there, and the page where it is made."""

    provider_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How a payment stands now. Once paid: `payment_id` = the provider's name for the money,
    `amount_minor` and `currency` = what was really paid, `paid_at` aware; `back_minor` = how much
    of it went back since, `back_reason` = "refund" or "chargeback". `detail` = why it failed, in
    the provider's words."""

    standing: Standing
    payment_id: str = ""
    amount_minor: int = 0
    currency: str = ""
    means: Means = "card"
    paid_at: datetime | None = None
    back_minor: int = 0
    back_reason: str = ""
    detail: str = ""


class GatewayError(Exception):
    """The provider does not do what it is asked. `is_passing` = it may, a little later."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class Gateway(Protocol):
    """A provider of payments online. `schemes` and `configure` as for channels; the config says in
    `is_test` that no money moves, in `origins` to which sites a form may lead."""

    code: str
    label: str
    schemes: frozenset[str]

    def configure(self, url: str) -> dict[str, Any]: ...

    def open(self, config: Mapping[str, Any], order: Order) -> Opened:
        """Ask for a payment. Raises GatewayError."""
        ...

    def look(self, config: Mapping[str, Any], provider_id: str) -> Seen:
        """How it stands, as the provider knows it now. Raises GatewayError."""
        ...

    def hook(self, config: Mapping[str, Any], request: HookRequest) -> tuple[str, ...]:
        """Which payments the provider has news of, by its names for them. What the news are is
        looked at, so that a call that is late, doubled or out of order does no harm.

        Raises HookRefusedError when the call does not prove where it comes from.
        """
        ...


@runtime_checkable
class PaysOut(Protocol):
    """A gateway that says what its transfers to the bank are made of."""

    def payouts(
        self, config: Mapping[str, Any], *, since: date, known: Collection[str]
    ) -> list[PayoutRow]:
        """Payouts that arrive on `since` or later; of those `known` by name without their parts.
        Empty where the config lets nobody ask. Raises GatewayError: then nothing is told.
        """
        ...
