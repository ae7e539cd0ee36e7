"""The last word before a message leaves: every reason not to act, asked again on fresh facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments, commitments
from amiable.core.scenario import Scenario, Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.stops import (
    Stop,
    amount_stop,
    asked_minor,
    cap_stop,
    case_stop,
    item_stop,
    medium_stop,
    overdue_minor,
    pace_stop,
    weekday_stop,
)
from amiable.core.workdays import is_workday, next_workday

# No law sets dunning hours; these keep calls and texts inside a decent day.
QUIET_FROM, QUIET_UNTIL = time(20, 0), time(8, 0)
TIMED_MEDIA = frozenset({"sms", "phone"})

declare(
    {
        "stop.quiet_hours": gettext_noop("Calls and texts wait for decent hours, 8 am to 8 pm."),
        "stop.window": gettext_noop(
            "This step leaves from {from_hour}:00 to {until_hour}:00, at the customer's time."
        ),
        "stop.not_worked": gettext_noop(
            "{day} is not a working day: messages leave on the next, {until}."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word before sending: the items that may be asked for, or the stop.

    `postpone` = the same action may go later; otherwise a stop cancels it.
    """

    item_ids: tuple[int, ...] = ()
    stop: Stop | None = None
    postpone: bool = False


def check(
    facts: CaseFacts,
    scenario: Scenario,
    *,
    step: Step,
    item_ids: Collection[int],
    now: datetime,
    medium: str = "",
    own: datetime | None = None,
    extra: Collection[str] = (),
) -> Verdict:
    """Ask everything again on fresh facts for a planned action, at `now` (business time).

    `medium` = the one it was planned for ("" = the step's); `own` = the same moment on the
    customer's own calendar and clock (None = `now`); `extra` = media of other contacts leaving
    now for these persons.
    Items that may no longer be asked for drop out; when none is left, or the case is stopped, or
    the rest is too small, the action is cancelled with the reason.
    """
    today = now.date()
    given = commitments(facts, today)
    kept, stop = askable(facts, item_ids, today=today, given=given)
    stop = case_stop(facts, today) or stop
    if stop is None:
        claimed = [item for item in kept if asked_minor(item, step, today, given=given)]
        stop = (
            amount_stop(
                facts,
                scenario,
                kept=claimed,
                today=today,
                given=given,
                overdue=overdue_minor(facts, today, given=given),
            )
            if claimed
            else Stop(Sentence("stop.nothing_due"))
        )
    if stop:
        return Verdict(stop=stop)
    medium = medium or step.medium
    stop = medium_stop(facts, medium) or (
        cap_stop(facts, medium, today, extra=extra)
        if step.accompanies
        else pace_stop(facts, scenario, medium=medium, today=today, extra=extra)
    )
    stop = stop or moment_stop(facts, step, medium=medium, today=today, own=own or now)
    if stop:
        return Verdict(stop=stop, postpone=stop.look_on is not None)
    return Verdict(item_ids=tuple(item.id for item in kept))


def askable(
    facts: CaseFacts, item_ids: Collection[int], *, today: date, given: Commitments
) -> tuple[list[Item], Stop | None]:
    """The items that may still be asked for; without any, why the last one may not."""
    kept: list[Item] = []
    # What the facts no longer hold was paid or credited.
    stop = Stop(Sentence("stop.settled"))
    for item in facts.items:
        if item.id in item_ids:
            reason = item_stop(facts, item, today, given=given)
            if reason is None:
                kept.append(item)
            stop = reason or stop
    return kept, None if kept else stop


def moment_stop(
    facts: CaseFacts, step: Step, *, medium: str, today: date, own: datetime
) -> Stop | None:
    """Not today, or not at this hour. A telephone rings on the customer's day: overseas it may be
    Sunday already, or still."""
    clock = own.time()
    for day in (today, own.date() if medium in TIMED_MEDIA else today):
        if not is_workday(day, facts.holidays_zone):
            until = next_workday(day, facts.holidays_zone)
            return Stop(Sentence("stop.not_worked", {"day": day, "until": until}), until)
    stop = weekday_stop(facts, step, today)
    if stop:
        return stop
    if medium in TIMED_MEDIA and not QUIET_UNTIL <= clock < QUIET_FROM:
        return Stop(Sentence("stop.quiet_hours"), today)
    if not step.window.contains(clock):
        hours = {"from_hour": step.window.from_hour, "until_hour": step.window.until_hour}
        return Stop(Sentence("stop.window", hours), today)
    return None
