"""In which order to call: expected value per minute, with the reason in words.

What it is not: nobody has measured here by how much a call raises the chance of a payment (its
uplift). Until that is known, the score is what would probably not come by itself: amount x (1 -
P(paid within SOON_DAYS days without a call)), times the chance to reach somebody, per minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from amiable.core.money import Money, exponent
from amiable.core.sentences import Sentence, declare, gettext_noop

SOON_DAYS = 7
CALL_MINUTES = 6
# Above this much (in major units) an amount weighs no more: one large debt is one call.
LARGEST_WEIGHT = 50_000
# Share of invoices that are still open at this age (days after the due date, at most) and are paid
# within SOON_DAYS without a call. Working assumptions, shrunk towards each payer's own history;
# see docs/calls.md.
_PRIOR = ((7, Fraction(45, 100)), (14, Fraction(35, 100)), (30, Fraction(25, 100)),
          (60, Fraction(15, 100)))  # fmt: skip
_PRIOR_OLD = Fraction(8, 100)
_PRIOR_WEIGHT = 3  # invoices of its own that weigh as much as the assumption
_AFTER_BROKEN = Fraction(1, 2)  # a broken word counts against what used to come by itself
_STEP_SOON = Fraction(5, 4)  # a message that leaves anyway brings some of them
_PER_ATTEMPT = Fraction(7, 10)  # each call that reached nobody makes the next less likely to
_MORNING_ENDS = 13
_FEWEST_HOURS = 2  # calls that reached somebody, before an hour of the day is called a habit

declare(
    {
        "call.asked": gettext_noop("{amount} to ask for"),
        "call.days_late": gettext_noop("days late: {days}"),
        "call.not_due": gettext_noop("days until due: {days}"),
        "call.pays_late": gettext_noop("average days late: {days}"),
        "call.pays_early": gettext_noop("average days early: {days}"),
        "call.pays_on_time": gettext_noop("pays on the due date on average"),
        "call.later_than_usual": gettext_noop("later than ever before"),
        "call.no_habit": gettext_noop("has settled nothing yet in a year"),
        "call.broken": gettext_noop("promises broken: {count}"),
        "call.attempts": gettext_noop("calls in vain: {count}"),
        "call.contacted": gettext_noop("last contact on {last}"),
        "call.never_contacted": gettext_noop("not contacted yet"),
        "call.mornings": gettext_noop("reached in the morning before"),
        "call.afternoons": gettext_noop("reached in the afternoon before"),
        "call.step_follows": gettext_noop("the next message leaves by itself on {on}"),
        "call.agreed": gettext_noop("expects the call"),
    }
)


@dataclass(frozen=True, slots=True)
class Callee:
    """What is known of a call to make. Amounts in minor units of `currency`.

    `delays` = days after the due date on which the payer settled each invoice of the last year;
    `reached_at` = hours of the day (0 to 23) at which calls reached somebody; `next_step_on` =
    when the next message of the scenario leaves by itself, if known; `agreed_at` = the moment
    agreed with the customer; `not_before` = when it may be tried again.
    """

    action_id: int
    amount_minor: int
    currency: str
    days_late: int
    delays: Sequence[int] = ()
    broken_promises: int = 0
    attempts: int = 0
    last_contact_on: date | None = None
    reached_at: Sequence[int] = ()
    next_step_on: date | None = None
    agreed_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a call stands. `self_cure` = chance that it is paid within SOON_DAYS without a call;
    `per_minute` = what is expected of it, in major units per minute; `reasons` = in words."""

    action_id: int
    amount_minor: int
    self_cure: Fraction
    per_minute: Fraction
    reasons: tuple[Sentence, ...] = field(default=())


def self_cure(callee: Callee, today: date) -> Fraction:
    """Chance that the debt is paid within SOON_DAYS days without a call, from 0 to 1.

    The share of the payer's own invoices that, when as late as this one, were paid within
    SOON_DAYS; drawn to the assumption for that age where the payer has few such invoices.
    """
    alike = [delay for delay in callee.delays if delay > callee.days_late]
    soon = sum(delay <= callee.days_late + SOON_DAYS for delay in alike)
    prior = next((share for days, share in _PRIOR if callee.days_late <= days), _PRIOR_OLD)
    if callee.delays and not alike:
        prior = _PRIOR_OLD  # it has never paid this late: nothing says that it will now
    chance = (soon + prior * _PRIOR_WEIGHT) / (len(alike) + _PRIOR_WEIGHT)
    if callee.broken_promises:
        chance *= _AFTER_BROKEN
    if callee.next_step_on is not None and (callee.next_step_on - today).days < SOON_DAYS:
        chance *= _STEP_SOON
    return min(chance, Fraction(95, 100))


def rank(callee: Callee, today: date) -> Rank:
    """The score of one call, and why."""
    chance = self_cure(callee, today)
    major = Fraction(callee.amount_minor, 10 ** exponent(callee.currency))
    reached = _PER_ATTEMPT**callee.attempts
    worth = min(major, Fraction(LARGEST_WEIGHT)) * (1 - chance) * reached
    return Rank(
        callee.action_id, callee.amount_minor, chance, worth / CALL_MINUTES, tuple(_reasons(callee))
    )


def ordered(callees: Sequence[Callee], *, now: datetime) -> list[Rank]:
    """Calls whose agreed hour has come, by that hour; then the others by what is expected per
    minute; last, those of later today. Equal ones by id, so that the order stands."""
    known: Mapping[int, Callee] = {callee.action_id: callee for callee in callees}

    def key(each: Rank) -> tuple[int, datetime, Fraction, int]:
        callee = known[each.action_id]
        later = callee.agreed_at or callee.not_before
        if later is not None and later > now:
            return 2, later, -each.per_minute, each.action_id
        place = 1 if callee.agreed_at is None else 0
        return place, callee.agreed_at or now, -each.per_minute, each.action_id

    return sorted((rank(callee, now.date()) for callee in callees), key=key)


def _reasons(callee: Callee) -> list[Sentence]:
    """The clauses of the reason, the weightiest first."""
    amount = Money(callee.amount_minor, callee.currency)
    late = callee.days_late
    age = Sentence("call.days_late", {"days": late})
    if late < 0:
        age = Sentence("call.not_due", {"days": -late})
    said = [Sentence("call.agreed")] if callee.agreed_at else []
    said += [Sentence("call.asked", {"amount": amount}), age, _habit(callee)]
    if callee.delays and max(callee.delays) < late:
        said.append(Sentence("call.later_than_usual"))
    if callee.broken_promises:
        said.append(Sentence("call.broken", {"count": callee.broken_promises}))
    if callee.attempts:
        said.append(Sentence("call.attempts", {"count": callee.attempts}))
    said += _hours(callee)
    if callee.last_contact_on is None:
        said.append(Sentence("call.never_contacted"))
    else:
        said.append(Sentence("call.contacted", {"last": callee.last_contact_on}))
    if callee.next_step_on is not None:
        said.append(Sentence("call.step_follows", {"on": callee.next_step_on}))
    return said


def _habit(callee: Callee) -> Sentence:
    if not callee.delays:
        return Sentence("call.no_habit")
    usual = round(Fraction(sum(callee.delays), len(callee.delays)))
    if usual == 0:
        return Sentence("call.pays_on_time")
    code = "call.pays_late" if usual > 0 else "call.pays_early"
    return Sentence(code, {"days": abs(usual)})


def _hours(callee: Callee) -> list[Sentence]:
    """At which half of the day calls reached somebody, when most of a few did."""
    mornings = sum(hour < _MORNING_ENDS for hour in callee.reached_at)
    afternoons = len(callee.reached_at) - mornings
    if max(mornings, afternoons) < _FEWEST_HOURS or mornings == afternoons:
        return []
    return [Sentence("call.mornings" if mornings > afternoons else "call.afternoons")]
