"""Payouts asked of the gateways: what they transfer to the bank, and what it is made of.

The accounts are those of AMIABLE_GATEWAY_URLS; of each, only what arrives lately is asked for.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta

from django.db.models import F, Max

from amiable.apps.dunning.paying import Account, gateway_accounts
from amiable.apps.payments.models import Payout
from amiable.apps.payments.payouts import payouts_record
from amiable.apps.tenants.models import Creditor, Organization
from amiable.plugins.paying import GatewayError, PaysOut
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)
ACTOR = "gateway"
# How far back the first look goes; how long before the last arrival a payout may still change.
FIRST, AGAIN = timedelta(days=60), timedelta(days=14)
_SUMS = F("gross_minor") - F("back_minor") - F("fees_minor") + F("other_minor")


def payouts_fetch(*, on: date) -> dict[str, int]:
    """Ask every account for its payouts and write them down; asked twice, nothing changes.

    Counts: accounts, unanswered, unowned (several organizations, and the address names none), and
    those of `payouts_record`.
    """
    counts = dict.fromkeys(
        ("accounts", "unanswered", "unowned", "created", "completed", "moved", "unchanged"), 0
    )
    for account in gateway_accounts():
        gateway = plugins("gateways")[account.code]
        if account.config["is_test"] or not isinstance(gateway, PaysOut):
            continue
        owner = _owner(account)
        if owner is None:
            counts["unowned"] += 1
            logger.warning("payouts of %s: its address names no organization", account.code)
            continue
        counts["accounts"] += 1
        try:
            found = _fetch(gateway, account, *owner, on=on)
        except GatewayError as error:
            logger.warning("payouts of %s cannot be asked for: %s", account.code, error)
            counts["unanswered"] += 1
            continue
        for name, count in found.items():
            counts[name] += count
    return counts


def _fetch(
    gateway: PaysOut, account: Account, organization_id: int, creditor_id: int | None, *, on: date
) -> dict[str, int]:
    scope = Payout.objects.filter(
        organization_id=organization_id, provider=account.code, creditor_id=creditor_id
    )
    last = scope.aggregate(last=Max("arrives_on"))["last"]
    since = min(last, on) - AGAIN if last else on - FIRST
    whole = scope.filter(arrives_on__gte=since, net_minor=_SUMS)
    known = frozenset(whole.values_list("name", flat=True))
    rows = gateway.payouts(account.config, since=since, known=known)
    return payouts_record(
        organization_id, rows, source=account.code, on=on, actor=ACTOR, creditor_id=creditor_id
    )


def _owner(account: Account) -> tuple[int, int | None] | None:
    """The organization and the creditor whose money comes to an account; None = nobody can tell."""
    rows = Organization.objects.order_by("id")
    rows = rows.filter(slug=account.slug) if account.slug else rows
    ids = list(rows.values_list("id", flat=True)[:2])
    if len(ids) != 1:
        return None
    if not account.creditor:
        return ids[0], None
    creditors = Creditor.objects.filter(organization_id=ids[0], code=account.creditor)
    creditor_id = creditors.values_list("id", flat=True).first()
    return (ids[0], creditor_id) if creditor_id else None
