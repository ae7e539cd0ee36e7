"""Reads of rests and of how customers pay: what to ask a person, what waits, what was learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from amiable.apps.banking.habits import customer_habits
from amiable.apps.banking.models import PayerTerms, Rest
from amiable.apps.banking.queries import LineView, MatchView
from amiable.apps.banking.rests import STANDING
from amiable.apps.banking.terms import limits_of, payer_terms
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.core.matching.facts import Habit, Limits, Terms
from amiable.core.matching.habits import habit_days, habit_said
from amiable.core.matching.rests import Likely, likely_reason
from amiable.core.matching.rests import Rest as RestFacts
from amiable.core.money import Money
from amiable.core.sentences import Sentence

HISTORY = 50  # decided rests that the page shows


@dataclass(frozen=True, slots=True)
class RestQuestion:
    """What a reading leaves, or left, open of an invoice, and what that most likely is."""

    match_id: int
    installment_id: int
    number: str
    left: Money
    likely: Likely


@dataclass(frozen=True, slots=True)
class RestView:
    """A rest that was named. `held_until` = the last day on which it is not dunned."""

    id: int
    match_id: int
    customer_id: int
    customer: str
    number: str
    amount: Money
    reason: str
    detail: str
    note: str
    state: str
    asked_by: str
    asked_on: date
    decided_by: str
    decided_on: date | None
    decision: str
    until: date | None
    held_until: date | None
    paid_on: date
    label: str


@dataclass(frozen=True, slots=True)
class HabitView:
    """A habit in words, with the days it was seen on."""

    code: str
    said: Sentence
    days: Sentence | date
    count: int


@dataclass(frozen=True, slots=True)
class Paying:
    """How a customer pays: what was agreed, what counts for it, what was learned."""

    terms: Terms
    limits: Limits
    habits: tuple[HabitView, ...]
    forbidden: tuple[str, ...]


def rest_questions(
    organization_id: int, lines: Sequence[LineView], *, on: date
) -> dict[int, list[RestQuestion]]:
    """What readings of these lines leave open and nobody has named yet, by match.

    A fixed number of queries, none when nothing is paid in part.
    """
    asked = [(line, match) for line in lines for match in line.matches if _may_leave(match)]
    ids = {part.installment_id for _, match in asked for part in match.parts}
    balances = installment_balances(organization_id, ids) if ids else {}
    named = set(
        Rest.objects.filter(
            organization_id=organization_id, match_id__among={m.id for _, m in asked},
            state__in=STANDING,
        ).values_list("match_id", "installment_id")
    )  # fmt: skip
    short = [
        (line, match, installment_id, left)
        for line, match in asked
        for installment_id, left in _left(match, balances)
        if (match.id, installment_id) not in named
    ]
    if not short:
        return {}
    weigh = _Weigh(organization_id, {m.customer_id or 0 for _, m, _, _ in short}, on)
    dues = dict(
        Installment.objects.filter(
            organization_id=organization_id, id__among={i for _, _, i, _ in short}
        ).values_list("id", "due_date")
    )
    found: dict[int, list[RestQuestion]] = defaultdict(list)
    for line, match, i, left in short:
        paid = sum(p.amount.amount_minor for p in match.parts if p.installment_id == i)
        rest = RestFacts(
            left, left + paid, line.amount.currency, dues[i], line.booked_on,
            label=line.label, payer_iban=line.payer_iban,
        )  # fmt: skip
        number = next(p.number for p in match.parts if p.installment_id == i)
        likely = weigh.likely(match.customer_id or 0, rest)
        money = Money(left, line.amount.currency)
        found[match.id].append(RestQuestion(match.id, i, number, money, likely))
    return found


class _Weigh:
    """What is likely for each of some customers: limits, agreements and habits, loaded once."""

    def __init__(self, organization_id: int, customer_ids: Collection[int], on: date) -> None:
        self.limits = limits_of(organization_id)
        self.terms = {t.customer_id: t for t in payer_terms(organization_id, customer_ids)}
        self.habits = customer_habits(organization_id, customer_ids, on=on)

    def likely(self, customer_id: int, rest: RestFacts) -> Likely:
        terms = self.terms.get(customer_id)
        usual: Iterable[Habit] = self.habits.get(customer_id, ())
        return likely_reason(
            rest,
            self.limits.agreed(terms),
            agreed_permille=terms.discount_permille if terms else None,
            habit=next((habit for habit in usual if habit.code == "bank_fee"), None),
        )


def rests_of(organization_id: int, match_ids: Collection[int]) -> dict[int, list[RestView]]:
    """What was said of the rests of matches, by match; not what was withdrawn."""
    rows = Rest.objects.filter(organization_id=organization_id, match_id__among=match_ids)
    found: dict[int, list[RestView]] = defaultdict(list)
    for view in _views(rows.exclude(state=Rest.State.WITHDRAWN).order_by("id")):
        found[view.match_id].append(view)
    return found


def rests_waiting(organization_id: int) -> list[RestView]:
    """Rests that wait for another person, the oldest first."""
    rows = Rest.objects.filter(organization_id=organization_id, state=Rest.State.WAITING)
    return _views(rows.order_by("asked_on", "id"))


def rests_waiting_count(organization_id: int) -> int:
    """How many wait."""
    return Rest.objects.filter(organization_id=organization_id, state=Rest.State.WAITING).count()


def rests_decided(organization_id: int) -> list[RestView]:
    """The last rests that were approved or refused, the newest first."""
    states = [Rest.State.APPROVED, Rest.State.REFUSED]
    rows = Rest.objects.filter(organization_id=organization_id, state__in=states)
    return _views(rows.order_by("-decided_on", "-id")[:HISTORY])


def paying(organization_id: int, customer_id: int, *, on: date) -> Paying:
    """How one customer pays, for its file."""
    row = PayerTerms.objects.filter(
        organization_id=organization_id, customer_id=customer_id
    ).first()
    terms = next(payer_terms(organization_id, {customer_id}), Terms(customer_id))
    habits = customer_habits(organization_id, {customer_id}, on=on).get(customer_id, ())
    return Paying(
        terms=terms,
        limits=limits_of(organization_id).agreed(terms),
        habits=tuple(HabitView(h.code, habit_said(h), habit_days(h), len(h.days)) for h in habits),
        forbidden=tuple(row.forbidden) if row else (),
    )


def _may_leave(match: MatchView) -> bool:
    return not match.is_return and match.customer_id is not None and bool(match.parts)


def _left(match: MatchView, balances: dict[int, int]) -> list[tuple[int, int]]:
    """(installment, minor units) that stay open once the match stands."""
    taken: dict[int, int] = defaultdict(int)
    for part in match.parts:
        taken[part.installment_id] += part.amount.amount_minor
    posted = match.state == "posted"
    left = [(i, balances.get(i, 0) - (0 if posted else amount)) for i, amount in taken.items()]
    return [(i, amount) for i, amount in left if amount > 0]


def _views(rows: Iterable[Rest]) -> list[RestView]:
    found = rows.select_related(  # type: ignore[attr-defined]
        "installment__invoice", "installment__customer", "hold", "match__line"
    )
    return [
        RestView(
            id=row.id,
            match_id=row.match_id,
            customer_id=row.installment.customer_id,
            customer=row.installment.customer.name,
            number=row.installment.invoice.number,
            amount=Money(row.amount_minor, row.installment.currency),
            reason=row.reason,
            detail=row.detail,
            note=row.note,
            state=row.state,
            asked_by=row.asked_by,
            asked_on=row.asked_on,
            decided_by=row.decided_by,
            decided_on=row.decided_on,
            decision=row.decision,
            until=row.until,
            held_until=row.hold.ends_on if row.hold else None,
            paid_on=row.match.line.booked_on,
            label=row.match.line.label,
        )
        for row in found
    ]
