"""Which steps of a scenario a case may take: each condition that is not met says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from amiable.core.courses import tones
from amiable.core.facts import CaseFacts
from amiable.core.money import Money
from amiable.core.promises import Commitments
from amiable.core.scenario import Conditions, Scenario, Step, rank_of
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.stops import Stop, grows_on

declare(
    {
        "stop.condition": gettext_noop("The step {step} is passed over: {why}"),
        "condition.min_amount": gettext_noop("less than {amount} is overdue."),
        "condition.max_amount": gettext_noop("more than {amount} is overdue."),
        "condition.min_open": gettext_noop("less than {amount} is open."),
        "condition.max_open": gettext_noop("more than {amount} is open."),
        "condition.segment": gettext_noop("the customer is not of the segment {wanted}."),
        "condition.kind": gettext_noop("it is not for this kind of customer."),
        "condition.language": gettext_noop("it is not for customers of this language."),
        "condition.creditor": gettext_noop("it is not for this creditor."),
        "condition.score": gettext_noop("the customer's score is not between {low} and {high}."),
        "condition.no_score": gettext_noop("the customer has no score yet."),
        "condition.stage": gettext_noop("no message has reached that level yet."),
        "condition.contact": gettext_noop(
            "a way to reach the customer that it asks for is missing."
        ),
        "condition.broken": gettext_noop("fewer than {count} promises were broken."),
        "condition.days_since": gettext_noop("the last contact was less than {days} days ago."),
    }
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What conditions are asked of: the case on a day, with what may be asked for (minor units):
    what is overdue, and everything open, which is what a preventive step weighs."""

    facts: CaseFacts
    scenario: Scenario
    today: date
    overdue_minor: int
    open_minor: int
    given: Commitments


def condition_stop(situation: Situation, step: Step) -> Stop | None:
    """Why the case may not take a step: the first of its conditions that is not met."""
    asked = step.conditions
    stop = _amount(situation, asked, preventive=step.stage == "preventive")
    stop = stop or _customer(situation, asked) or _score(situation, asked)
    stop = stop or _history(situation, asked)
    if stop is None:
        return None
    params: dict[str, Param] = {"step": step.code, "why": stop.sentence}
    return Stop(Sentence("stop.condition", params), stop.look_on)


def _unmet(name: str, look_on: date | None = None, **params: Param) -> Stop:
    return Stop(Sentence(f"condition.{name}", params), look_on)


def _amount(at: Situation, asked: Conditions, *, preventive: bool) -> Stop | None:
    currency = at.facts.currency
    minor, name = (at.open_minor, "open") if preventive else (at.overdue_minor, "amount")
    if minor < asked.min_amount_minor:
        look_on = grows_on(at.facts, at.today)
        return _unmet(f"min_{name}", look_on, amount=Money(asked.min_amount_minor, currency))
    if asked.max_amount_minor is not None and minor > asked.max_amount_minor:
        return _unmet(f"max_{name}", amount=Money(asked.max_amount_minor, currency))
    return None


def _customer(at: Situation, asked: Conditions) -> Stop | None:
    facts = at.facts
    if asked.segments and facts.segment not in asked.segments:
        return _unmet("segment", wanted=", ".join(asked.segments))
    for name, wanted, value in (
        ("kind", asked.kinds, facts.customer_kind),
        ("language", asked.languages, facts.language),
        ("creditor", asked.creditors, facts.creditor),
    ):
        if wanted and value not in wanted:
            return _unmet(name)
    return None if facts.media.issuperset(asked.contact_by) else _unmet("contact")


def _score(at: Situation, asked: Conditions) -> Stop | None:
    if asked.min_score is None and asked.max_score is None:
        return None
    if at.facts.score is None:
        return _unmet("no_score")
    low = 0 if asked.min_score is None else asked.min_score
    high = 100 if asked.max_score is None else asked.max_score
    return None if low <= at.facts.score <= high else _unmet("score", low=low, high=high)


def _history(at: Situation, asked: Conditions) -> Stop | None:
    if len(at.given.breaks) < asked.min_broken_promises:
        return _unmet("broken", count=asked.min_broken_promises)
    if asked.min_stage is not None:
        both = [tones(at.scenario, item) for item in at.facts.items]
        reached = set().union(*(own | elsewhere for own, elsewhere in both))
        if all(rank < rank_of(asked.min_stage) for rank in reached):
            return _unmet("stage")
    last, days = at.facts.last_contact_on, asked.min_days_since_contact
    if days and last is not None and at.today < (until := last + timedelta(days=days)):
        return _unmet("days_since", until, days=days)
    return None
