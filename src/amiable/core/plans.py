"""Payment plans within a policy: what a customer may choose, and the instalments of a choice.

The instalments sum to the debt, to the cent; they fall due on working days, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from amiable.core.money import Money, split
from amiable.core.records import CustomerKind
from amiable.core.schedules import Every, PlanPart, ScheduleError, dates, nominal
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import next_workday

# Whether customers may agree a plan by themselves, ask for one that a person approves, or neither.
Mode = Literal["off", "approval", "automatic"]
MODES: tuple[Mode, ...] = get_args(Mode)
FIRST_DAYS = 7  # a first instalment is offered for this many days ahead, where the policy allows

declare(
    {
        "plan.count": gettext_noop("Choose one of the numbers of instalments that are offered."),
        "plan.first_day": gettext_noop(
            "Choose a day from {first} to {last} for the first instalment."
        ),
        "plan.first_small": gettext_noop("The first instalment is at least {amount}."),
        "plan.first_large": gettext_noop(
            "The first instalment is too large: at most {amount} leaves something for the others."
        ),
        "plan.above_policy": gettext_noop(
            "More than {amount}: one of us looks at the plan before it is agreed."
        ),
        "plan.broken_before": gettext_noop(
            "An earlier plan was not kept: one of us looks at the plan before it is agreed."
        ),
        "plan.by_person": gettext_noop("One of us looks at the plan before it is agreed."),
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What customers may agree by themselves. Amounts in minor units.

    The first instalment is at least `first_pct` percent of the debt and `first_minor`, and due
    within `first_days`; the last one falls at most `most_months` after it. A debt above
    `most_minor` (None = no limit), or a customer who broke `most_broken` plans, needs a person.
    `charges_interest` = late interest runs on meanwhile, which only a company can be asked for.
    `forgives` = how many missed instalments end nothing; each has `grace_days`.
    A plan is for what is due, or falls due within `ahead_days`: what is owed later keeps its day.
    """

    mode: Mode = "off"
    every: Every = "month"
    most_parts: int = 4
    most_months: int = 6
    least_part_minor: int = 0
    most_minor: int | None = None
    first_pct: int = 0
    first_minor: int = 0
    first_days: int = 15
    charges_interest: bool = False
    most_broken: int = 1
    forgives: int = 1
    grace_days: int = 3
    remind_days: int = 3
    ahead_days: int = 7


@dataclass(frozen=True, slots=True)
class Choice:
    """What a customer chooses: how many instalments, the day of the first one, and its amount in
    minor units (None = as much as the others, or the least that the policy asks for); `by_debit` =
    each is collected by direct debit."""

    count: int
    first_on: date
    first_minor: int | None = None
    by_debit: bool = False


def first_least(debt_minor: int, policy: Policy) -> int:
    """The least first instalment of a debt, rounded up to the minor unit."""
    share = -(-debt_minor * policy.first_pct // 100)
    return max(share, policy.first_minor, policy.least_part_minor, 1)


def first_day(policy: Policy, *, on: date, zone: str = "") -> date:
    """The day that is proposed for the first instalment."""
    return next_workday(on + timedelta(days=min(FIRST_DAYS, policy.first_days)), zone)


def counts(debt_minor: int, policy: Policy, *, on: date) -> tuple[int, ...]:
    """The numbers of instalments that the policy allows for a debt; none when it is too small."""
    return tuple(
        count
        for count in range(2, policy.most_parts + 1)
        if _short_enough(count, policy, on) and _large_enough(debt_minor, count, policy)
    )


def plan_parts(
    debt_minor: int,
    choice: Choice,
    *,
    policy: Policy,
    on: date,
    currency: str = "EUR",
    zone: str = "",
) -> tuple[PlanPart, ...]:
    """The instalments of a choice; they sum to the debt. Raises ScheduleError when the policy does
    not allow it: its sentence says what it allows."""
    last = on + timedelta(days=policy.first_days)
    if not on <= choice.first_on <= max(last, first_day(policy, on=on, zone=zone)):
        raise ScheduleError(Sentence("plan.first_day", {"first": on, "last": last}))
    if choice.count not in counts(debt_minor, policy, on=on):
        raise ScheduleError(Sentence("plan.count"))
    least, most = first_least(debt_minor, policy), _first_most(debt_minor, choice.count, policy)
    amounts = split(debt_minor, [1] * choice.count)
    if choice.first_minor is not None or amounts[0] < least:
        first = least if choice.first_minor is None else choice.first_minor
        if first < least:
            raise ScheduleError(Sentence("plan.first_small", {"amount": Money(least, currency)}))
        if first > most:
            raise ScheduleError(Sentence("plan.first_large", {"amount": Money(most, currency)}))
        amounts = [first, *split(debt_minor - first, [1] * (choice.count - 1))]
    days = dates(choice.count, first_on=choice.first_on, every=policy.every, zone=zone)
    return tuple(map(PlanPart, days, amounts))


def needs_person(
    debt_minor: int, policy: Policy, *, broken: int, currency: str = "EUR"
) -> Sentence | None:
    """Why a person decides about the plan of a debt; None when the customer's word is enough.
    `broken` = plans that the customer did not keep."""
    if policy.most_minor is not None and debt_minor > policy.most_minor:
        amount = Money(policy.most_minor, currency)
        return Sentence("plan.above_policy", {"amount": amount})
    if broken >= policy.most_broken:
        return Sentence("plan.broken_before")
    return Sentence("plan.by_person") if policy.mode == "approval" else None


def may_acknowledge(oldest_due: date, kind: CustomerKind, *, on: date) -> bool:
    """Whether an acknowledgment of the debt may be offered: not once the usual limitation has
    passed for its oldest part, of which an acknowledgment must not deprive anybody by surprise.

    C. conso. L218-2 (consumers, two years), loi 68-1250 art. 1 (public bodies, four), C. com.
    L110-4 (traders, five). Special delays are shorter; what interrupted it before is not counted.
    """
    years = {"consumer": 2, "public": 4, "company": 5}[kind]
    return on < nominal(oldest_due, 12 * years, every="month")


def _first_most(debt_minor: int, count: int, policy: Policy) -> int:
    """The largest first instalment that leaves the least to each of the others."""
    return debt_minor - (count - 1) * max(policy.least_part_minor, 1)


def _short_enough(count: int, policy: Policy, on: date) -> bool:
    return nominal(on, count - 1, every=policy.every) <= nominal(
        on, policy.most_months, every="month"
    )


def _large_enough(debt_minor: int, count: int, policy: Policy) -> bool:
    return first_least(debt_minor, policy) <= _first_most(debt_minor, count, policy)
