"""Payment online from the payment page: begun by the customer, followed at the gateway until the
money is on the account; while it is on its way nobody is reminded.

AMIABLE_GATEWAY_URLS names the accounts, each `?organization=SLUG&creditor=CODE` of its owner.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Case
from amiable.apps.cases.services import CaseError, cases_wake, hold_lift, hold_place
from amiable.apps.dunning.planning import cases_replan
from amiable.apps.dunning.writing.portal import Page
from amiable.apps.payments.checkouts import (
    ACTOR,
    CheckoutIn,
    State,
    checkout_ask,
    checkout_follow,
    checkout_opened,
    checkouts_due,
    checkouts_named,
)
from amiable.apps.payments.debits.queries import with_bank_minor
from amiable.apps.payments.models import Checkout
from amiable.apps.receivables.allocations import installments_lock
from amiable.apps.receivables.queries import installment_balances
from amiable.apps.tenants.models import Creditor, Organization
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.inbound import HookRefusedError, HookRequest
from amiable.plugins.paying import GatewayError, Order, Seen
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)
_OWN_OPTIONS = {"organization", "creditor"}
# How long reminders wait for money on its way, and after money went back.
ON_ITS_WAY, WENT_BACK = timedelta(days=8), timedelta(days=7)

declare(
    {
        "pay.none": gettext_noop("Payment online is not possible here: please pay by transfer."),
        "pay.nothing": gettext_noop("Tick at least one invoice."),
        "pay.too_much": gettext_noop("This is more than what is ticked."),
        "pay.with_bank": gettext_noop(
            "A direct debit of it has just gone to the bank: please do not pay it a second time."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a gateway. `slug`, `creditor` = whose money comes there, "" = everybody's;
    `config` is the plug-in's own and holds secrets: it is never shown."""

    code: str
    slug: str
    creditor: str
    config: dict[str, Any] = field(repr=False)


class GatewayUnknownError(LookupError):
    """No account is configured at this gateway."""


def account_of(url: str) -> Account:
    """An account from its address. Raises ValueError when it cannot be understood."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair]
    theirs = [pair for pair in pairs if pair.partition("=")[0] not in _OWN_OPTIONS]
    own = dict(parse_qsl("&".join(pair for pair in pairs if pair not in theirs)))
    able = {scheme: one for one in plugins("gateways").values() for scheme in one.schemes}
    if parts.scheme not in able:
        raise ValueError(f"the address of a gateway begins with {', '.join(sorted(able))}")
    plugin = able[parts.scheme]
    config = plugin.configure(urlunsplit(parts._replace(query="&".join(theirs))))
    return Account(plugin.code, own.get("organization", ""), own.get("creditor", ""), config)


def page_account(page: Page) -> Account | None:
    """Where the customer of a page can pay online: the creditor's own account before its
    organization's, and that before everybody's. In test mode only where no money moves."""
    accounts = gateway_accounts()
    if not accounts:
        return None
    codes = Creditor.objects.values_list("organization__slug", "code")
    slug, code = codes.get(id=page.draft.creditor_id)
    theirs = [
        each
        for each in accounts
        if each.slug in {"", slug} and each.creditor in {"", code}
        and each.config["is_test"] == page.is_test
    ]  # fmt: skip
    return max(theirs, key=lambda each: (each.creditor != "", each.slug != ""), default=None)


def checkout_begin(
    page: Page, ids: Collection[int], *, amount_minor: int, subject: str, language: str,
    return_url: str, name: str, now: datetime,
) -> str:  # fmt: skip
    """Begin a payment of these items at the gateway; returns the address of its page. The same
    name again is the same payment.

    Raises CaseError when nothing (so much) is to be paid here, GatewayError when the gateway does
    not answer: then nothing is begun.
    """
    account = page_account(page)
    if account is None or page.stopped:
        raise CaseError(Sentence("pay.none"))
    parts = _chosen(page, ids, amount_minor)
    asked = CheckoutIn(
        customer_id=Case.objects.values_list("customer_id", flat=True).get(id=page.link.case_id),
        case_id=page.link.case_id,
        link_id=page.link.id,
        gateway=account.code,
        key=f"portal:{name}",
        amount_minor=amount_minor,
        currency=page.draft.currency,
        parts=parts,
        is_test=account.config["is_test"],
    )
    row = checkout_note(page.link.organization_id, asked, now=now)
    if row.state == State.ASKED:
        notify_url = f"{settings.BASE_URL}/hooks/gateways/{account.code}/"
        order = Order(
            row.key, row.amount_minor, row.currency, subject, language, return_url, notify_url
        )
        opened = plugins("gateways")[account.code].open(account.config, order)
        checkout_opened(row, opened, now=now)
    return row.url


@transaction.atomic
def checkout_note(organization_id: int, asked: CheckoutIn, *, now: datetime) -> Checkout:
    """Noted with its items held, so that the file of direct debits made at the same time sees it;
    what that file has taken just before is not paid here: raises CaseError."""
    ids = [item_id for item_id, _ in asked.parts]
    installments_lock(organization_id, ids)
    opened = installment_balances(organization_id, ids)
    collected = with_bank_minor(organization_id, ids)
    for item_id, amount in asked.parts:
        taken = collected.get(item_id, 0)
        if taken and amount > opened.get(item_id, 0) - taken:
            raise CaseError(Sentence("pay.with_bank"))
    return checkout_ask(organization_id, asked, now=now)


def checkout_found(link: Link, name: str) -> Checkout | None:
    """The payment begun under a name on the page of this link, or None."""
    rows = Checkout.objects.filter(
        organization_id=link.organization_id, case_id=link.case_id, link_id=link.id,
        key=f"portal:{name}",
    )  # fmt: skip
    return rows.first()


def checkout_look(row: Checkout, *, now: datetime) -> Checkout:
    """Ask the gateway how a payment stands and write it down; unchanged when it does not answer."""
    if row.state in {State.OPEN, State.PROCESSING}:
        try:
            return _looked(row.pk, row.organization_id, row.gateway, row.provider_id, now=now)
        except GatewayError as error:
            logger.warning("a payment at %s cannot be looked at: %s", row.gateway, error)
    return row


def gateway_called(code: str, request: HookRequest, *, now: datetime) -> int:
    """Follow the payments that a gateway's call speaks of; returns how many are ours.

    Raises GatewayUnknownError, and HookRefusedError when the call proves nothing or the gateway
    cannot be asked just now: it then calls again.
    """
    accounts = [each for each in gateway_accounts() if each.code == code]
    if not accounts:
        raise GatewayUnknownError(code)
    gateway, refusals = plugins("gateways")[code], []
    for account in accounts:
        try:
            names = gateway.hook(account.config, request)
        except HookRefusedError as refusal:
            refusals.append(refusal)
            continue
        return _follow(code, names, now=now)
    logger.warning("a call of gateway %s is refused: %s", code, refusals[0])
    raise refusals[0]


def checkouts_look(*, now: datetime) -> dict[str, int]:
    """Ask the gateways about what is begun and not ended: a call that never came loses nothing."""
    counts = {"looked": 0, "unanswered": 0}
    for checkout_id, organization_id, code, name in checkouts_due(now):
        try:
            _looked(checkout_id, organization_id, code, name, now=now)
            counts["looked"] += 1
        except (GatewayError, GatewayUnknownError) as error:
            logger.warning("a payment at %s cannot be looked at: %s", code, error)
            counts["unanswered"] += 1
    return counts


def _follow(code: str, names: Collection[str], *, now: datetime) -> int:
    found = checkouts_named(code, names)
    for checkout_id, organization_id, name in found:
        try:
            _looked(checkout_id, organization_id, code, name, now=now)
        except GatewayError as error:
            raise HookRefusedError(str(error), 503) from error
    return len(found)


def _looked(
    checkout_id: int, organization_id: int, code: str, name: str, *, now: datetime
) -> Checkout:
    """With the first of the gateway's accounts that knows it."""
    refused: GatewayError | None = None
    for account in gateway_accounts():
        if account.code == code:
            try:
                seen = plugins("gateways")[code].look(account.config, name)
            except GatewayError as error:
                refused = error
                continue
            return _write(checkout_id, organization_id, seen, now=now)
    raise refused or GatewayUnknownError(code)


@transaction.atomic
def _write(checkout_id: int, organization_id: int, seen: Seen, *, now: datetime) -> Checkout:
    on = timezone.localtime(now).date()
    before = Checkout.objects.select_for_update(of=("self",)).get(id=checkout_id)
    cases = {(before.customer_id, before.currency): before.case_id}
    row = checkout_follow(checkout_id, seen, now=now, cases=cases)
    if row.state == State.PROCESSING and row.hold_id is None and not row.is_test:
        row.hold_id = _pause(row, gettext_noop("A payment online is on its way"), on, ON_ITS_WAY)
        row.save(update_fields=["hold_id"])
    elif row.state != State.PROCESSING and row.hold_id is not None:
        hold_lift(organization_id, row.hold_id, on=on, actor=ACTOR)
        row.hold_id = None
        row.save(update_fields=["hold_id"])
    if row.back_minor > before.back_minor:
        # Not the one above: it ends on its day or by a person, never by another call.
        _pause(row, gettext_noop("A payment online went back: see why first"), on, WENT_BACK)
    if (row.state, row.back_minor) != (before.state, before.back_minor):
        cases_wake(organization_id, {row.customer_id}, on=on)
        cases_replan(organization_id, {row.customer_id}, on=on)
    return row


def _pause(row: Checkout, reason: str, on: date, time: timedelta) -> int:
    language = Organization.objects.values_list("language", flat=True).get(id=row.organization_id)
    with translation.override(language):
        words = gettext(reason)
    return hold_place(
        row.organization_id, row.case_id, reason=words, on=on, actor=ACTOR, ends_on=on + time
    )


def _chosen(page: Page, ids: Collection[int], amount_minor: int) -> tuple[tuple[int, int], ...]:
    """What the amount is for: the chosen items, those due first before the others."""
    chosen = sorted(
        (item for item in page.items if item.id in ids), key=lambda item: (item.due_date, item.id)
    )
    if not chosen or amount_minor <= 0:
        raise CaseError(Sentence("pay.nothing"))
    if amount_minor > sum(item.payable_minor for item in chosen):
        raise CaseError(Sentence("pay.too_much"))
    parts, left = [], amount_minor
    for item in chosen:
        if part := min(item.payable_minor, left):
            parts.append((item.id, part))
            left -= part
    return tuple(parts)


def gateway_accounts() -> tuple[Account, ...]:
    """The accounts at gateways that can be read, as configured."""
    return _read(tuple(settings.GATEWAY_URLS))


@functools.lru_cache(maxsize=8)
def _read(urls: tuple[str, ...]) -> tuple[Account, ...]:
    """Those that can be read; `amiable check` says what is wrong with the others."""
    found = []
    for url in urls:
        try:
            found.append(account_of(url))
        except ValueError:
            logger.warning("the address of a gateway cannot be read: see `amiable check`")
    return tuple(found)
