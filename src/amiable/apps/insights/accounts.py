"""Customers and what they owe, as lists: set-based, one pass over what is open."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q, Sum

from amiable.apps.cases.models import Dispute, Hold
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.models import Action
from amiable.apps.insights.bank_waits import bank_waits
from amiable.apps.insights.inbox import unread_count
from amiable.apps.insights.keeping import Kept, mark_of
from amiable.apps.receivables.models import Allocation, Entry, Installment, Invoice

PAGE_SIZE = 50
# The parameters of a statement and the patience of a reader both end somewhere.
SEARCHED_INVOICES = 500


@dataclass(slots=True)
class Account:
    """A customer in one currency. Minor units; `overdue_minor` is part of `open_minor`."""

    customer_id: int
    code: str
    name: str
    kind: str
    siren: str
    currency: str = "EUR"
    open_minor: int = 0
    overdue_minor: int = 0
    open_count: int = 0
    oldest_due: date | None = None
    days_late: int = 0
    is_disputed: bool = False
    is_held: bool = False
    is_insolvent: bool = False
    is_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One page of accounts, with the size of every filter under the same search."""

    rows: list[Account]
    total: int
    page: int
    pages: int
    first: int
    last: int
    counts: dict[str, int]


FILTERS: dict[str, Callable[[Account], bool]] = {
    "all": lambda account: True,  # noqa: ARG005 - the shape of every filter
    "overdue": lambda account: account.overdue_minor > 0,
    "disputed": lambda account: account.is_disputed,
    "held": lambda account: account.is_held,
    "insolvent": lambda account: account.is_insolvent and account.open_minor > 0,
    "unreachable": lambda account: account.is_unreachable and account.overdue_minor > 0,
    "clear": lambda account: account.open_minor <= 0,
}
SORTS: dict[str, Callable[[Account], Any]] = {
    "name": lambda account: _plain(account.name),
    "code": lambda account: account.code,
    "open": lambda account: account.open_minor,
    "overdue": lambda account: account.overdue_minor,
    "late": lambda account: account.days_late,
}


def accounts_page(
    organization_id: int,
    on: date,
    *,
    search: str = "",
    only: str = "all",
    sort: str = "-overdue",
    page: int = 1,
) -> AccountPage:
    """Accounts of an organization, in a constant number of queries.

    `search` looks in name, code and SIREN whatever the accents and the case, and in invoice
    numbers. `sort` is a key of SORTS, "-" before it for descending. An unknown filter or sort is
    the default; a page beyond the end is the last.
    """
    among = _searched(organization_id, search.strip()) if search.strip() else None
    found = _accounts(organization_id, on, among)
    counts = {name: sum(map(test, found)) for name, test in FILTERS.items()}
    kept = list(filter(FILTERS.get(only, FILTERS["all"]), found))
    key, descending = sort.lstrip("-"), sort.startswith("-")
    if key not in SORTS:
        key, descending = "overdue", True
    kept.sort(key=SORTS["name"])
    kept.sort(key=SORTS[key], reverse=descending)
    pages = max(1, -(-len(kept) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = kept[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    first = (page - 1) * PAGE_SIZE + 1 if rows else 0
    return AccountPage(
        rows=rows,
        total=len(kept),
        page=page,
        pages=pages,
        first=first,
        last=first + len(rows) - 1 if rows else 0,
        counts=counts,
    )


def waiting(organization_id: int, on: date, *, with_unmatched: bool = False) -> dict[str, int]:
    """What waits for a person: `actions` to approve or to do by `on`, of these `calls` to make,
    `bank` = what to decide on the bank pages, `replies` to read (with those that matched nobody,
    for managers)."""
    actions = Action.objects.filter(
        organization_id=organization_id,
        state__in=["to_approve", "todo", "unknown"],
        due_on__lte=on,
    )
    waits = actions.aggregate(
        actions=Count("id"), calls=Count("id", filter=Q(state="todo", medium="phone"))
    )
    return {
        **waits,
        "bank": bank_waits(organization_id),
        "replies": unread_count(organization_id, with_unmatched=with_unmatched),
    }


def _accounts(organization_id: int, on: date, among: set[int] | None) -> list[Account]:
    """Every customer (or those found) once per currency owed; in euros when nothing is owed."""
    if among is None:
        accounts = _all_balances(organization_id, on, mark=mark_of(organization_id))
    else:
        accounts = _balances(organization_id, on, among)
    disputed = set(
        Dispute.objects.filter(organization_id=organization_id, closed_on__isnull=True).values_list(
            "case__customer_id", flat=True
        )
    )
    held = set(
        Hold.objects.filter(organization_id=organization_id, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .values_list("case__customer_id", flat=True)
    )
    unreachable = set(
        ContactPoint.objects.filter(
            organization_id=organization_id, invalid_since__isnull=False
        ).values_list("customer_id", flat=True)
    )
    unreachable |= set(
        Customer.objects.filter(
            organization_id=organization_id, address_invalid_since__isnull=False
        ).values_list("id", flat=True)
    )
    rows = []
    customers = Customer.objects.filter(organization_id=organization_id)
    if among is not None:
        customers = customers.filter(id__among=among)
    for customer_id, code, name, kind, siren, insolvent_since in customers.values_list(
        "id", "code", "name", "kind", "siren", "insolvent_since"
    ):
        owed = accounts.get(customer_id) or {"EUR": {}}
        for currency, figures in owed.items():
            account = Account(customer_id, code, name, kind, siren, currency, **figures)
            account.is_disputed = customer_id in disputed
            account.is_held = customer_id in held
            account.is_insolvent = insolvent_since is not None and insolvent_since <= on
            account.is_unreachable = customer_id in unreachable
            if account.oldest_due and account.overdue_minor > 0:
                account.days_late = max(0, (on - account.oldest_due).days)
            rows.append(account)
    return rows


def _balances(
    organization_id: int, on: date, among: set[int] | None = None
) -> dict[int, dict[str, dict[str, Any]]]:
    """customer -> currency -> open, overdue, count and oldest due of what is open."""
    figures: dict[int, dict[str, dict[str, Any]]] = {}
    installments = Installment.objects.filter(
        organization_id=organization_id, settled_on__isnull=True
    )
    theirs: dict[str, Any] = {}
    if among is not None:  # a few customers: what all others owe is not added up
        installments = installments.filter(customer_id__among=among)
        theirs = {"installment__customer_id__among": among}
    for customer_id, currency, count, oldest in (
        installments.values_list("customer_id", "currency")
        .annotate(Count("id"), Min("due_date"))
        .order_by()
    ):
        figures.setdefault(customer_id, {})[currency] = {
            "open_minor": 0,
            "overdue_minor": 0,
            "open_count": count,
            "oldest_due": oldest,
        }
    for rows, sign in ((Entry.objects, 1), (Allocation.objects, -1)):
        sums = (
            rows.filter(
                organization_id=organization_id,
                installment__organization_id=organization_id,
                installment__settled_on__isnull=True,
                **theirs,
            )
            .values_list("installment__customer_id", "installment__currency")
            .annotate(
                amount=Sum("amount_minor"),
                late=Sum("amount_minor", filter=Q(installment__due_date__lt=on), default=0),
            )
            .order_by()
        )
        for customer_id, currency, amount, late in sums:
            row = figures[customer_id][currency]
            row["open_minor"] += sign * amount
            row["overdue_minor"] += sign * late
    return figures


# Some megabytes where customers are many.
_all_balances = Kept(_balances, most=16)


def _searched(organization_id: int, text: str) -> set[int]:
    """Customers whose name, code or SIREN holds the text, or one of whose invoice numbers does."""
    wanted = _plain(text)
    digits = wanted.replace(" ", "")
    numbered = Invoice.objects.filter(organization_id=organization_id, number__icontains=text)
    found = set(numbered.values_list("customer_id", flat=True)[:SEARCHED_INVOICES])
    customers = Customer.objects.filter(organization_id=organization_id)
    return found | {
        customer_id
        for customer_id, name, code, siren in customers.values_list("id", "name", "code", "siren")
        if wanted in _plain(name) or wanted in code.casefold() or (digits and digits in siren)
    }


def _plain(text: str) -> str:
    """Lower case without accents, as people type."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
