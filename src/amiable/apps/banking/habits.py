"""Habits of customers: learned anew from confirmed matches whenever they are asked for.

Confirmed = a person said so, or the payer itself named what it paid; never what a habit posted,
so that no habit feeds itself. A refusal, or a person, makes a customer's habits begin again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from amiable.apps.banking.models import Match, PayerTerms, Rest
from amiable.apps.banking.posting import AUTOMATIC
from amiable.apps.banking.terms import TermsError, terms_row, terms_tell
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import Payment
from amiable.apps.receivables.models import Installment
from amiable.core.matching.book import Book, payer_keys
from amiable.core.matching.facts import Habit, Line, Opening
from amiable.core.matching.habits import CODES, LEAST, OpenThen, Seen, habits_of
from amiable.core.matching.names import is_own_name
from amiable.core.matching.party import party_of
from amiable.core.sentences import Sentence, declare, gettext_noop

# What was done longer ago is no habit any more.
MEMORY = timedelta(days=400)
# Readings in which the payer's own words tell what is paid.
TOLD = ("match.cited", "match.structured")

# The habit that a kind of reading is an instance of.
_OF_KIND = {
    "prefix": "oldest", "balance": "balance", "month": "month", "discount": "discount",
    "bank_fee": "bank_fee",
}  # fmt: skip

declare({"habit.unknown": gettext_noop("there is no such habit")})


@dataclass(frozen=True, slots=True)
class _Payment:
    """A confirmed match and its payment."""

    match_id: int
    payment_id: int
    customer_id: int
    currency: str
    day: date
    payer: str
    allocations: Sequence[Mapping[str, Any]]


def habitual(organization_id: int, *, on: date) -> set[int]:
    """Customers with enough matched payments to have habits: one query."""
    rows = Match.objects.filter(
        organization_id=organization_id,
        state=Match.State.POSTED,
        payment__received_on__gte=on - MEMORY,
    )
    counted = rows.values("customer_id").annotate(times=Count("id")).filter(times__gte=LEAST)
    return set(counted.values_list("customer_id", flat=True))


def payers_habits(
    organization_id: int, state: Opening, lines: Iterable[Line], *, on: date
) -> Iterator[Habit]:
    """The habits of those who, as the engine reads them, may have paid these lines."""
    usual = habitual(organization_id, on=on)
    if not usual:
        return
    few = Opening(
        items=(),
        customers=tuple(each for each in state.customers if each.id in usual),
        ibans=tuple(row for row in state.ibans if row[1] in usual),
        links=tuple(row for row in state.links if row[1] in usual),
    )
    book = Book(few)
    told = {party_of(line, book).customer_id for line in lines if line.amount_minor > 0}
    told |= {virtual.customer_id for virtual in state.virtual} & usual
    for habits in customer_habits(organization_id, told - {None}, on=on).values():
        yield from habits


def payers_forbidden(
    organization_id: int, state: Opening, lines: Sequence[Line]
) -> Iterator[tuple[str, int]]:
    """(payer, customer) of lines by others than customers for whom nobody else may pay."""
    rows = PayerTerms.objects.filter(organization_id=organization_id).exclude(forbidden=[])
    marked = rows.values_list("customer_id", "customer__name", "forbidden")
    for customer_id, name, forbidden in marked:
        if "payer" not in forbidden:
            continue
        own = {iban for iban, owner in state.ibans if owner == customer_id}
        for line in lines:
            if line.payer_iban not in own and not is_own_name(line.payer_name, name):
                yield from ((key, customer_id) for key in payer_keys(line))


def customer_habits(
    organization_id: int, customer_ids: Collection[int], *, on: date
) -> dict[int, list[Habit]]:
    """The habits of customers, without those forgotten or forbidden, in a fixed number of
    queries."""
    payments = list(_payments(organization_id, customer_ids, on)) if customer_ids else []
    if not payments:
        return {}
    open_rows = _installments(organization_id, {p.customer_id for p in payments}, on)
    kept = _kept(organization_id, {p.match_id for p in payments})
    marks = {
        row.customer_id: row
        for row in PayerTerms.objects.filter(
            organization_id=organization_id, customer_id__among=customer_ids
        )
    }
    by_customer: dict[int, list[tuple[int, Seen]]] = defaultdict(list)
    gone: dict[int, set[int]] = defaultdict(set)
    for each in payments:
        seen = _seen(each, open_rows[each.customer_id, each.currency], gone, kept)
        by_customer[each.customer_id].append((each.payment_id, seen))
    return {
        customer_id: found
        for customer_id, rows in by_customer.items()
        if (found := list(_standing(customer_id, rows, marks.get(customer_id))))
    }


@transaction.atomic
def habit_forget(
    organization_id: int, customer_id: int, code: str, *, on: date, actor: str
) -> None:
    """Forget a habit: it counts again once it is confirmed anew. Raises TermsError."""
    _check(code)
    terms_row(organization_id, customer_id)
    habits_doubt(organization_id, customer_id, [code])
    told: dict[str, object] = {"customer": customer_id, "habit": code}
    terms_tell(organization_id, customer_id, kind="habit.forgotten", told=told, on=on, actor=actor)


@transaction.atomic
def habit_forbid(
    organization_id: int, customer_id: int, code: str, *, forbidden: bool, on: date, actor: str
) -> None:
    """Never learn a habit of this customer again, or (False) learn it after all."""
    _check(code)
    row = terms_row(organization_id, customer_id)
    row.forbidden = sorted({*row.forbidden, code} if forbidden else {*row.forbidden} - {code})
    row.save(update_fields=["forbidden"])
    kind = "habit.forbidden" if forbidden else "habit.allowed"
    told: dict[str, object] = {"customer": customer_id, "habit": code}
    terms_tell(organization_id, customer_id, kind=kind, told=told, on=on, actor=actor)


def habits_doubt(organization_id: int, customer_id: int, codes: Iterable[str] = CODES) -> None:
    """Count no payment up to now for these habits: a person refused or undid what they told."""
    latest = Payment.objects.filter(organization_id=organization_id, customer_id=customer_id)
    last = latest.order_by("-id").values_list("id", flat=True).first()
    if last is None:
        return
    row = terms_row(organization_id, customer_id)
    row.forgotten = {**row.forgotten, **dict.fromkeys(codes, last)}
    row.save(update_fields=["forgotten"])


def habits_refused(match: Match) -> None:
    """A person turned a reading down, or undid it: the habit that told it begins again."""
    codes = {_OF_KIND[match.kind]} if match.kind in _OF_KIND else set()
    for sentence in match.evidence:
        if sentence["code"] == "match.habit":
            codes.add(Sentence.from_json(sentence).params["habit"].code.partition(".")[2])
    if codes and match.customer_id:
        habits_doubt(match.organization_id, match.customer_id, sorted(codes))


def _check(code: str) -> None:
    if code not in CODES:
        raise TermsError(Sentence("habit.unknown"))


def _payments(organization_id: int, customer_ids: Collection[int], on: date) -> Iterator[_Payment]:
    """Confirmed matches, the oldest payment first."""
    rows = Match.objects.filter(
        organization_id=organization_id,
        customer_id__among=customer_ids,
        state=Match.State.POSTED,
        payment__received_on__gte=on - MEMORY,
        payment__entry__reversed_by__isnull=True,
    )
    fields = (
        "id", "payment_id", "customer_id", "payment__currency", "payment__received_on",
        "payment__payer_name", "allocations", "decided_by", "evidence",
    )  # fmt: skip
    names = dict(
        Customer.objects.filter(
            organization_id=organization_id, id__among=customer_ids
        ).values_list("id", "name")
    )
    for row in rows.order_by("payment__received_on", "payment_id").values_list(*fields):
        *known, payer, allocations, decided_by, evidence = row
        said = {sentence["code"] for sentence in evidence}
        told = decided_by != AUTOMATIC or not said.isdisjoint(TOLD)
        if told and allocations:
            own = is_own_name(payer, names[row[2]])
            yield _Payment(*known, payer="" if own else payer, allocations=allocations)


def _installments(
    organization_id: int, customer_ids: Collection[int], on: date
) -> dict[tuple[int, str], list[tuple[int, date, date, date | None]]]:
    """(id, due, issued, settled) of what was open at some time in the memory."""
    found: dict[tuple[int, str], list[tuple[int, date, date, date | None]]] = defaultdict(list)
    rows = Installment.objects.filter(
        organization_id=organization_id, customer_id__among=customer_ids
    ).exclude(settled_on__lt=on - MEMORY)
    fields = ("customer_id", "currency", "id", "due_date", "invoice__issue_date", "settled_on")
    for customer_id, currency, *row in rows.order_by("due_date", "id").values_list(*fields):
        found[customer_id, currency].append(tuple(row))
    return found


def _kept(organization_id: int, match_ids: Collection[int]) -> dict[int, list[tuple[str, int]]]:
    """(reason, amount) of what people said payers kept, by match."""
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    rows = Rest.objects.filter(
        organization_id=organization_id,
        match_id__among=match_ids,
        state__in=[Rest.State.WITHIN, Rest.State.APPROVED],
    )
    for match_id, reason, amount in rows.values_list("match_id", "reason", "amount_minor"):
        found[match_id].append((reason, amount))
    return found


def _seen(
    each: _Payment,
    rows: Sequence[tuple[int, date, date, date | None]],
    gone: dict[int, set[int]],
    kept: Mapping[int, Sequence[tuple[str, int]]],
) -> Seen:
    """What a payment paid of what was open then. `gone` = what payments before it had paid."""
    paid = frozenset(part["installment"] for part in each.allocations if not part.get("reason"))
    before = gone[each.customer_id] - paid
    there = tuple(
        OpenThen(i, due)
        for i, due, issued, settled in rows
        if i not in before and issued <= each.day and (settled is None or settled >= each.day)
    )
    gone[each.customer_id] |= paid
    left = [(p["reason"], p["amount_minor"]) for p in each.allocations if p.get("reason")]
    left += kept.get(each.match_id, ())
    amounts: dict[str, int] = defaultdict(int)
    for reason, amount in left:
        amounts[reason] += amount
    money = sum(p["amount_minor"] for p in each.allocations if not p.get("reason"))
    discount = amounts["discount"]
    return Seen(
        day=each.day,
        paid=paid,
        open=there,
        permille=(1000 * discount + (money + discount) // 2) // (money + discount),
        fee_minor=amounts["bank_fee"],
        payer=each.payer,
    )


def _standing(
    customer_id: int, rows: Sequence[tuple[int, Seen]], marks: PayerTerms | None
) -> Iterator[Habit]:
    """Habits of payments after the one up to which each is forgotten."""
    forgotten = marks.forgotten if marks else {}
    forbidden = set(marks.forbidden) if marks else set()
    whole = habits_of(customer_id, [seen for _, seen in rows])
    for habit in whole:
        if habit.code in forbidden:
            continue
        if habit.code not in forgotten:
            yield habit
            continue
        later = [seen for payment_id, seen in rows if payment_id > forgotten[habit.code]]
        yield from (h for h in habits_of(customer_id, later) if h.code == habit.code)
