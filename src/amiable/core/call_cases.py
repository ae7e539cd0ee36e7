"""What the facts of a case say of a call to make: why not now, and what is to be expected of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from amiable.core import guards
from amiable.core.call_order import Callee
from amiable.core.facts import CaseFacts
from amiable.core.promises import commitments
from amiable.core.scenario import ANY_TIME, CONTACT_MEDIA, Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import asked_minor, chaseable_minor, item_stop
from amiable.core.workdays import next_workday

declare(
    {
        "call.not_worked": gettext_noop(
            "{day} is not a working day: nobody is called before {until}."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is planned: its step, the items it is about, and when it may be made at the
    earliest. `agreed_at` = the moment the customer expects it."""

    action_id: int
    step: Step
    item_ids: frozenset[int]
    agreed_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was learned of the payer. `delays` = days after the due date on which each invoice of
    the last year was settled; `reached_at` = hours at which calls reached somebody; `attempts` =
    calls in vain since."""

    delays: Sequence[int] = ()
    reached_at: Sequence[int] = ()
    attempts: int = 0


def veto(
    facts: CaseFacts, call: Call, *, scenario: Scenario, now: datetime, own: datetime
) -> Sentence | None:
    """Why a call is not to be made at `now` (`own` = that moment at the customer's); None when
    nothing speaks against it.

    The guards of every contact: settled, disputed, promised, paid on account, on hold, too often,
    no number, not worked, outside decent hours. A call that the customer expects is made whatever
    was last sent, and in spite of the pause that lasts until it.
    """
    step = call.step
    if call.agreed_at is not None:
        held = tuple(
            hold
            for hold in facts.holds
            if hold.item_id is not None or hold.ends_on is None or hold.ends_on > now.date()
        )
        facts = replace(facts, holds=held, caps=(), last_contact_on=None)
        step = replace(step, window=ANY_TIME)
    found = guards.check(
        facts, scenario, step=step, item_ids=call.item_ids, now=now, medium="phone", own=own
    )
    if found.stop is None:
        return None
    said = found.stop.sentence
    # What the guards say of messages, said of a call.
    return Sentence("call.not_worked", said.params) if said.code == "stop.not_worked" else said


def asked_of(
    facts: CaseFacts, step: Step, *, item_ids: Collection[int], on: date
) -> dict[int, int]:
    """What a call asks for, in minor units by item: what its step asks for and nothing stops; where
    that is nothing, what is open of what it is about."""
    given = commitments(facts, on)
    about = [item for item in facts.items if item.id in item_ids]
    free = [item for item in about if item_stop(facts, item, on, given=given) is None]
    asked = {item.id: asked_minor(item, step, on, given=given) for item in free}
    asked = {item_id: amount for item_id, amount in asked.items() if amount}
    return asked or {item.id: chaseable_minor(item, given) for item in free}


def callee_of(
    facts: CaseFacts, call: Call, *, scenario: Scenario, past: Past, on: date
) -> Callee:  # fmt: skip
    """What the order of calls weighs: what may be asked for, and what is known of the payer."""
    given = commitments(facts, on)
    asked = asked_of(facts, call.step, item_ids=call.item_ids, on=on)
    dates = [item.due_date for item in facts.items if item.id in (asked or call.item_ids)]
    oldest = min(dates, default=on)
    amount = sum(asked.values()) - facts.unallocated_minor
    return Callee(
        action_id=call.action_id,
        amount_minor=max(0, amount),
        currency=facts.currency,
        days_late=(on - oldest).days,
        delays=tuple(past.delays),
        broken_promises=len(given.breaks),
        attempts=past.attempts,
        last_contact_on=facts.last_contact_on,
        reached_at=tuple(past.reached_at),
        next_step_on=next_message_on(facts, call, scenario=scenario, oldest=oldest, on=on),
        agreed_at=call.agreed_at,
        not_before=call.not_before,
    )


def next_message_on(
    facts: CaseFacts, call: Call, *, scenario: Scenario, oldest: date, on: date
) -> date | None:
    """When the next message of the same course leaves by itself, for the oldest item; None when
    none does, or its day counts from something else than the due date."""
    steps = _after(scenario, call.step)
    following = next((step for step in steps if step.medium in CONTACT_MEDIA - {"phone"}), None)
    if following is None or following.approval != "automatic":
        return None
    if following.anchor != "due_date" or following.days != "calendar":
        return None
    due = oldest + timedelta(days=following.offset_days)
    return next_workday(max(due, on + timedelta(days=1)), facts.holidays_zone)


def _after(scenario: Scenario, step: Step) -> Collection[Step]:
    """The steps that come after one in its course; after the one it goes out with."""
    main = step.accompanies or step.code
    for event in ("", *scenario.events):
        course = scenario.course(event)
        if main in course.position:
            return course.steps[course.position[main] + 1 :]
    return ()
