"""Reads of banking for people: lines with what was decided and why, statements, counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from amiable.apps.banking.line_pages import newest
from amiable.apps.banking.models import BankAccount, Batch, Match, Statement, StatementLine
from amiable.apps.banking.statements import accounts_known
from amiable.apps.banking.twins import TWINS, Choice, Equal, choices
from amiable.apps.payments.queries import open_money
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import chunks
from amiable.core.money import AmountError, Money, minor
from amiable.core.numbers import ParseError
from amiable.core.numbers import amount as typed_amount
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Part:
    """What a reading puts on an invoice; `by_credit` = from a credit note, not this payment;
    `reason` = why it is given up (discount, bank_fee, cents), "" = it is paid; `customer` = whose
    it is."""

    installment_id: int
    number: str
    amount: Money
    by_credit: bool = False
    reason: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class MatchView:
    """A reading of a line, as a person judges it.

    `choices` = the open invoices of this amount among which it does not tell, oldest first.
    """

    id: int
    state: str
    kind: str
    rank: int
    customer_id: int | None
    customer: str
    parts: tuple[Part, ...]
    unallocated: Money
    evidence: tuple[Sentence, ...]
    decided_by: str
    is_return: bool
    choices: tuple[Choice, ...] = ()
    payout_id: int | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What the bank tells of a bulk line apart: `count` movements of `amount` in all. `state` is
    that of the batch: split, proposed, unequal, refused."""

    state: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class LineView:
    """A bank line with its state and readings: the posted one, or the proposals by rank.

    `details` of a bulk line; `part_of` = the amount of the bulk line that it is a part of.
    """

    id: int
    booked_on: date
    value_on: date | None
    amount: Money
    label: str
    payer_name: str
    payer_iban: str
    reference: str
    is_return: bool
    state: str
    evidence: tuple[Sentence, ...]
    matches: tuple[MatchView, ...]
    account: str
    bank_reference: str = ""
    details: Details | None = None
    part_of: Money | None = None


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with its balance check; `balances_hold` None = a balance is not stated."""

    id: int
    account: str
    currency: str
    reference: str
    opening_on: date | None
    closing_on: date | None
    opening: Money | None
    closing: Money | None
    movements: int
    difference: Money | None
    balances_hold: bool | None
    follows: bool | None
    overlap: tuple[int, date | None, date | None]  # movements known before, of which days
    source: str


@dataclass(frozen=True, slots=True)
class CreditView:
    """Money on a customer's account that pays no invoice yet."""

    customer_id: int
    customer: str
    amount: Money


def lines(
    organization_id: int,
    *,
    states: Collection[str] = (),
    line_ids: Collection[int] | None = None,
    search: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[LineView]:
    """Lines (of some states, or some ids), newest first, with the readings that stand.

    `search` = words of the text or of the payer's name, or an amount ("1 234,56").
    """
    rows = _searched(organization_id, states, search)
    if line_ids is not None:
        rows = rows.filter(id__in=line_ids)
    rows = rows.select_related("statement__account", "batch__line")
    page = newest(rows, states, offset=offset, limit=limit)
    matches = _matches(organization_id, page)
    details = _details(organization_id, page)
    return [_line(row, matches[row.id], details.get(row.id)) for row in page]


def lines_count(organization_id: int, *, states: Collection[str] = (), search: str = "") -> int:
    """How many lines `lines` would find."""
    return _searched(organization_id, states, search).count()


def _searched(
    organization_id: int, states: Collection[str], search: str
) -> QuerySet[StatementLine]:
    rows = _lines(organization_id)
    if states:
        rows = rows.filter(state__in=states)
    words = search.split()
    if not words:
        return rows
    named = Q()
    for word in words:
        named &= Q(label__icontains=word) | Q(record__payer_name__icontains=word)
    try:
        size = abs(minor(typed_amount(search)[0]))
    except (ParseError, AmountError):
        return rows.filter(named)
    return rows.filter(named | Q(amount_minor__in=(size, -size)))


def _lines(organization_id: int) -> QuerySet[StatementLine]:
    """Every line that is money, or was until its details stood for it."""
    rows = StatementLine.objects.filter(organization_id=organization_id)
    return rows.exclude(state=StatementLine.State.AWAITED)


def _details(organization_id: int, page: Sequence[StatementLine]) -> dict[int, Details]:
    """What the bank tells apart of the lines of a page."""
    rows = Batch.objects.filter(
        organization_id=organization_id, line_id__in=[row.id for row in page]
    )
    told = rows.values_list("line_id", "state", "currency").order_by()
    return {
        line_id: Details(state, size, Money(amount, currency))
        for line_id, state, currency, size, amount in told.annotate(
            Sum("size"), Sum("amount_minor")
        )
    }


def line(organization_id: int, line_id: int) -> LineView | None:
    """One line, or None."""
    found = lines(organization_id, line_ids=[line_id], limit=1)
    return found[0] if found else None


def state_counts(organization_id: int) -> dict[str, int]:
    """Number of lines per state; every state is present."""
    rows = _lines(organization_id)
    counted = dict(rows.values_list("state").annotate(Count("id")).order_by())
    return {state: counted.get(state, 0) for state in StatementLine.State.values}


def statements(organization_id: int, *, limit: int = 50, offset: int = 0) -> list[StatementView]:
    """Statements, the latest first, with their balance checks."""
    rows = (
        Statement.objects.filter(organization_id=organization_id, kind="statement")
        .select_related("account")
        .order_by("-closing_on", "-id")[offset : offset + limit]
    )
    return [_statement(row) for row in rows]


def accounts(organization_id: int) -> list[dict[str, Any]]:
    """Bank accounts with the day their data reaches and its balance: one row each."""
    latest: dict[int, Statement] = {}
    stated = Statement.objects.filter(organization_id=organization_id).order_by("closing_on", "id")
    for row in stated.exclude(closing_on=None):
        latest[row.account_id] = row
    found = BankAccount.objects.filter(organization_id=organization_id)
    return [
        {
            "id": account.id,
            "identifier": account.identifier,
            "currency": account.currency,
            "creditor": account.creditor.name,
            "until": latest[account.id].closing_on if account.id in latest else None,
            "closing": _money(latest[account.id].closing_minor, account.currency)
            if account.id in latest
            else None,
        }
        for account in found.select_related("creditor").order_by("id")
    ]


def accounts_to_choose(organization_id: int) -> list[tuple[str, str]]:
    """Accounts that a statement may be of which names none: (identifier, creditor)."""
    return sorted(accounts_known(organization_id).values(), key=lambda each: each[::-1])


def unallocated(organization_id: int, *, most: int = 10) -> list[CreditView]:
    """Customers whose money pays no invoice yet, the largest first: one query."""
    totals: dict[tuple[int, str, str], int] = defaultdict(int)
    rows = open_money(organization_id)
    # Added up here: a database that groups by walking along the customers reads all they ever paid.
    for customer_id, name, currency, left in rows.values_list(
        "customer_id", "customer__name", "currency", "left"
    ):
        totals[customer_id, name, currency] += left
    largest = sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:most]
    return [
        CreditView(customer_id, name, Money(total, currency))
        for (customer_id, name, currency), total in largest
    ]


def posted_totals(organization_id: int, since: date) -> dict[str, int]:
    """Minor units per currency of money in that was matched, from a day on."""
    rows = StatementLine.objects.filter(
        organization_id=organization_id,
        state=StatementLine.State.POSTED,
        amount_minor__gt=0,
        booked_on__gte=since,
    )
    return dict(rows.values_list("currency").annotate(Sum("amount_minor")).order_by())


def _matches(organization_id: int, page: Sequence[StatementLine]) -> dict[int, list[MatchView]]:
    """Posted and proposed readings of a page of lines, in two queries."""
    currencies = {row.id: row.currency for row in page}
    amounts = {row.id: row.amount_minor for row in page}
    rows = list(
        Match.objects.filter(
            organization_id=organization_id,
            line_id__in=list(currencies),
            state__in=[Match.State.POSTED, Match.State.PROPOSED],
        )
        .select_related("customer", "payment")
        .order_by("line_id", "rank", "id")
    )
    ids = {part["installment"] for match in rows for part in match.allocations}
    numbers: dict[int, tuple[str, str]] = {}
    for some in chunks(ids):
        installments = Installment.objects.filter(organization_id=organization_id, id__in=some)
        found = installments.values_list("id", "invoice__number", "customer__name")
        numbers |= {i: (number, name) for i, number, name in found}
    views: dict[int, list[MatchView]] = defaultdict(list)
    for match in rows:
        currency = currencies[match.line_id]
        # Of a line shared over several customers each reading has its part.
        amount = match.payment.amount_minor if match.payment else amounts[match.line_id]
        views[match.line_id].append(_match(match, numbers, Money(amount, currency)))
    return _boxed(organization_id, views)


def _boxed(organization_id: int, views: dict[int, list[MatchView]]) -> dict[int, list[MatchView]]:
    """Proposals that differ in nothing but the invoice as one, with the choice among all."""
    twins = [
        v for rows in views.values() for v in rows if v.kind == TWINS and v.state == "proposed"
    ]
    equal = {view.id: _equal(view) for view in twins}
    found = choices(organization_id, set(equal.values()))
    boxed: dict[int, list[MatchView]] = defaultdict(list)
    for line_id, rows in views.items():
        seen: set[Equal] = set()
        for view in rows:
            key = equal.get(view.id)
            if key is None:
                boxed[line_id].append(view)
            elif key not in seen:
                seen.add(key)
                boxed[line_id].append(replace(view, choices=found.get(key, ())))
    return boxed


def _equal(view: MatchView) -> Equal:
    (part,) = view.parts
    return view.customer_id or 0, part.amount.currency, part.amount.amount_minor


def _match(match: Match, numbers: dict[int, tuple[str, str]], amount: Money) -> MatchView:
    parts = tuple(
        Part(
            installment_id=part["installment"],
            number=numbers.get(part["installment"], ("", ""))[0],
            amount=Money(part["amount_minor"], amount.currency),
            by_credit=bool(part.get("credit")),
            reason=part.get("reason", ""),
            customer=numbers.get(part["installment"], ("", ""))[1],
        )
        for part in match.allocations
    )
    paid = [part for part in parts if not part.by_credit and not part.reason]
    used = sum(part.amount.amount_minor for part in paid)
    is_return = bool(match.returned_payment_id or match.returned_line_id)
    settles_nothing = is_return or match.payout_id is not None
    return MatchView(
        id=match.id,
        state=match.state,
        kind=match.kind,
        rank=match.rank,
        customer_id=match.customer_id,
        customer=match.customer.name if match.customer else "",
        parts=parts,
        unallocated=Money(0 if settles_nothing else amount.amount_minor - used, amount.currency),
        evidence=tuple(Sentence.from_json(sentence) for sentence in match.evidence),
        decided_by=match.decided_by,
        is_return=is_return,
        payout_id=match.payout_id,
    )


def _line(row: StatementLine, matches: list[MatchView], details: Details | None) -> LineView:
    record = row.record
    whole = row.batch.line if row.batch else None
    return LineView(
        id=row.id,
        booked_on=row.booked_on,
        value_on=row.value_on,
        amount=Money(row.amount_minor, row.currency),
        label=row.label,
        payer_name=record.get("payer_name", ""),
        payer_iban=record.get("payer_iban", ""),
        reference=record.get("structured_reference", "") or record.get("end_to_end_id", ""),
        is_return=record.get("is_return", False),
        state=row.state,
        evidence=tuple(Sentence.from_json(sentence) for sentence in row.evidence),
        matches=tuple(matches),
        account=row.statement.account.identifier,
        bank_reference=record.get("bank_reference", ""),
        details=details,
        part_of=_money(whole.amount_minor, whole.currency) if whole else None,
    )


def _statement(row: Statement) -> StatementView:
    currency = row.account.currency
    difference = row.difference_minor
    return StatementView(
        id=row.id,
        account=row.account.identifier,
        currency=currency,
        reference=row.reference,
        opening_on=row.opening_on,
        closing_on=row.closing_on,
        opening=_money(row.opening_minor, currency),
        closing=_money(row.closing_minor, currency),
        movements=row.movements,
        difference=_money(difference, currency),
        balances_hold=None if difference is None else difference == 0,
        follows=row.follows,
        overlap=(row.known, row.overlaps_from, row.overlaps_until),
        source=row.source,
    )


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)
