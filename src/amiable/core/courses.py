"""Where one item stands in its scenario: the course it follows, the dates of its steps, and the
one step that fits a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from amiable.core.facts import CaseFacts, Item
from amiable.core.promises import Commitments
from amiable.core.scenario import STAGES, Scenario, Step, rank_of
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.tracks import UNKNOWN, Ask, Track, known_day, track_of

declare(
    {
        "plan.step_fits": gettext_noop(
            "{number} was due on {due}: on {on} (D+{days}) this step fits."
        ),
        "plan.preventive": gettext_noop("{number} falls due on {due} (D-{days})."),
        "plan.catch_up": gettext_noop(
            "{number} is old (D+{days}) and was never reminded: it enters at this step."
        ),
        "plan.missed_steps": gettext_noop(
            "Steps were missed for {number}: only the one that fits on {on} is taken."
        ),
        "plan.gentler_first": gettext_noop(
            "{number} is old enough for a firmer step, which needs this one first."
        ),
        "plan.formal_not_first": gettext_noop(
            "{number}: a formal notice only follows a firm message, and none has reached the "
            "customer: send one, or choose another scenario."
        ),
        "plan.one_step_higher": gettext_noop(
            "{number}: what was promised did not come by {on}: the next step comes at once."
        ),
        "plan.promise_broken": gettext_noop("{number}: the promise was not kept by {on}."),
        "plan.instalment_missed": gettext_noop(
            "{number}: an instalment of the payment plan was missed on {on}."
        ),
        "plan.payment_returned": gettext_noop(
            "{number}: the payment came back unpaid on {on} ({reason})."
        ),
        "plan.dispute_closed": gettext_noop("{number}: the dispute was closed on {on}."),
        "plan.step_done": gettext_noop("{number}: last step on {on}, the next on {next}."),
        "plan.not_yet": gettext_noop("{number} falls due on {due}; first step on {next}."),
        "plan.next_step": gettext_noop("{number} was due on {due}; its next step is on {next}."),
        "plan.course_over": gettext_noop("{number}: every step was taken, the last on {on}."),
        "plan.no_step": gettext_noop("{number}: the scenario has no step for it."),
        # Said of actions planned by earlier versions: what was written stays readable.
        "plan.step_due": gettext_noop("{number} was due on {due} (D+{days}): the step fits today."),
        "plan.jumped": gettext_noop(
            "Steps were missed for {number}: only the one that fits today is taken."
        ),
        "plan.awaits_receipt": gettext_noop(
            "{number}: the next step counts from the receipt of the formal notice, which is not "
            "known yet."
        ),
    }
)

FIRM, FORMAL, LITIGATION = (STAGES.index(stage) for stage in ("firm", "formal", "litigation"))


@dataclass(frozen=True, slots=True)
class Position:
    """Where an item stands: the step due now (None = none), why, and when that may change.

    `event_on` = the day of the event its course began with.
    """

    item: Item
    step: Step | None
    sentence: Sentence
    next_on: date | None
    event_on: date | None = None


def position(
    facts: CaseFacts,
    item: Item,
    *,
    scenario: Scenario,
    day: date,
    given: Commitments,
    without: frozenset[str] = frozenset(),
) -> Position:
    """The step of one item on a working day; steps still to come are never due before their day.

    `without` = codes of the steps whose conditions do not hold for the case.
    """
    events = {**item.events, **given.events(item)} if given.standings else item.events
    track = track_of(Ask(facts, item, scenario, day, without), events)
    steps, dates = track.course.steps, track.dates
    if not steps:
        return Position(item, None, Sentence("plan.no_step", {"number": item.number}), None)
    done = track.done
    passed = bisect_right(dates, day)
    reached = passed - 1
    while reached >= 0 and not _fits(item, steps[reached], dates[reached], day):
        reached -= 1
    resumed = _resumed(item, track, events, day)
    if resumed is not None:
        reached = max(reached, _ahead(track))
    index = _allowed(scenario, item, track, reached)
    following = max(passed, index + 1, done + 1)
    look_on = _look_on(item, track, index, day, following=following)
    if index <= done:
        next_on = known_day(dates[following]) if following < len(dates) else None
        sentence = _waiting(item, track, day, next_on, awaited=following < len(dates))
        if done < reached and track.course.ranks[reached] == FORMAL:
            sentence = Sentence("plan.formal_not_first", {"number": item.number})
        return Position(item, None, sentence, look_on, track.event_on)
    missed = resumed is None and index - done > 1
    sentence = _why(item, track, index, day, missed=missed, capped=index < reached)
    if resumed is not None and track.event == "":
        params: dict[str, Param] = {"number": item.number, "on": resumed - timedelta(days=1)}
        sentence = Sentence("plan.one_step_higher", params)
    return Position(item, steps[index], sentence, look_on, track.event_on)


def _look_on(item: Item, track: Track, index: int, day: date, *, following: int) -> date | None:
    """The first day on which the item may stand elsewhere; None = only when facts change."""
    steps, dates = track.course.steps, track.dates
    looks = [dates[following]] if following < len(dates) else []
    if index > track.done:
        if index + 1 < len(steps) and dates[index + 1] <= day:
            # A late entry: the course goes on from the day this step is carried out.
            interval = max(1, steps[index + 1].offset_days - steps[index].offset_days)
            looks.append(day + timedelta(days=interval))
        if steps[index].stage == "preventive":
            # What waits to be approved is of no use any more once the due date has passed.
            looks.append(item.due_date + timedelta(days=1))
        if track.event and index + 1 == len(steps):
            # Once the last step of an event is carried out, the dates go on.
            looks.append(day + timedelta(days=1))
    if track.ends_on is not None:
        looks.append(track.ends_on + timedelta(days=1))
    return min((on for on in looks if on != UNKNOWN), default=None)


def _fits(item: Item, step: Step, on: date, day: date) -> bool:
    """A preventive step: not after the due date, nor for a term shorter than its notice."""
    return step.stage != "preventive" or (day <= item.due_date and item.issue_date <= on)


def _resumed(item: Item, track: Track, events: Mapping[str, date], day: date) -> date | None:
    """The day a promise was broken, when no step was taken since and one is left to take."""
    broken = events.get("promise_broken")
    if broken is None or broken > day or track.event or item.due_date >= day:
        return None
    last, ahead = max(item.steps_done.values(), default=date.min), _ahead(track)
    left = ahead < len(track.dates) and track.dates[ahead] != UNKNOWN
    return broken if last < broken and left else None


def _ahead(track: Track) -> int:
    """The next step that something overdue can take: none that is preventive."""
    steps = track.course.steps
    coming = range(track.done + 1, len(steps))
    return next((i for i in coming if steps[i].stage != "preventive"), len(steps))


def _allowed(scenario: Scenario, item: Item, track: Track, reached: int) -> int:
    """The step that may be taken: catch-up policy, no firmer step before the gentler one, and no
    gentler one after what another scenario has sent."""
    course, done = track.course, track.done
    if reached <= done:
        return reached
    ranks, index = course.ranks, reached
    own, elsewhere = tones(scenario, item)
    if scenario.catch_up == "one_by_one":
        first = course.first_after_due
        index = max(done + 1, first) if reached >= first else reached
    elif scenario.catch_up == "catch_up_step" and max(own | elsewhere, default=0) == 0:
        limit = course.position.get(scenario.catch_up_step, -1)
        index = min(reached, limit) if limit > done else reached
    floor = max(elsewhere, default=-1)
    if ranks[index] < floor or (ranks[index] == floor == FORMAL):
        floor += floor == FORMAL  # a formal notice is not sent twice
        index = next((i for i in range(index, reached + 1) if ranks[i] >= floor), done)
    return _gated(track, _spoken(track, index, own | elsewhere), own | elsewhere)


def _spoken(track: Track, index: int, taken: set[int]) -> int:
    """A firm task inside the house does not stand for the firm messages it would leap over."""
    steps, ranks = track.course.steps, track.course.ranks
    if steps[index].medium != "task" or ranks[index] != FIRM or max(taken, default=0) >= FIRM:
        return index
    leapt = range(track.done + 1, index)
    return max((i for i in leapt if steps[i].medium != "task" and ranks[i] == FIRM), default=index)


def tones(scenario: Scenario, item: Item) -> tuple[set[int], set[int]]:
    """Severities of what reached the customer: by steps of this scenario, and by others."""
    own, elsewhere = set(), set()
    for code in item.steps_done:
        step = scenario.by_code.get(code)
        stage = item.stages_done.get(code)
        if stage == "" or (stage is None and step is not None and step.medium == "task"):
            continue
        if step is not None:
            # As firm as it was, whatever a step of the same code is now.
            own.add(step.rank if stage is None else rank_of(stage))
        elif stage is not None:
            elsewhere.add(rank_of(stage))
    return own, elsewhere


def _gated(track: Track, index: int, taken: set[int]) -> int:
    """Nothing formal before something firm, nothing after it without it."""
    course, done = track.course, track.done
    steps, ranks = course.steps, course.ranks
    if index <= done or ranks[index] < FORMAL:
        return index
    for gate, needed in ((LITIGATION, FORMAL), (FORMAL, FIRM)):
        if ranks[index] >= gate and max(taken, default=-1) < needed:
            below = [i for i in range(done + 1, index) if ranks[i] < gate]
            below = [i for i in below if steps[i].medium != "task"] or below
            exact = [i for i in range(index + 1) if ranks[i] == needed]
            # Without any gentler step a course goes no further, unless it is not a contact.
            stop = [done] if steps[index].medium != "task" or exact else [index]
            index = max(below or exact or stop)
    return index


def _why(
    item: Item, track: Track, index: int, day: date, *, missed: bool, capped: bool
) -> Sentence:
    """`missed` = steps lie between the last one taken and this one; `capped` = age allows more."""
    number, days = item.number, (day - item.due_date).days
    if track.event:
        params: dict[str, Param] = {"number": number, "on": track.event_on or day}
        if track.event == "promise_broken":
            params["on"] = (track.event_on or day) - timedelta(days=1)
        if track.event == "payment_returned":
            params["reason"] = item.return_reason or "?"
        return Sentence(f"plan.{track.event}", params)
    if track.course.steps[index].stage == "preventive":
        return Sentence("plan.preventive", {"number": number, "due": item.due_date, "days": -days})
    if capped and not item.steps_done:
        return Sentence("plan.catch_up", {"number": number, "days": days})
    if capped:
        return Sentence("plan.gentler_first", {"number": number})
    if missed and item.steps_done:
        return Sentence("plan.missed_steps", {"number": number, "on": day})
    params = {"number": number, "due": item.due_date, "on": day, "days": days}
    return Sentence("plan.step_fits", params)


def _waiting(
    item: Item, track: Track, day: date, next_on: date | None, *, awaited: bool
) -> Sentence:
    number, done_on = item.number, track.done_on
    if done_on is None and item.stages_done:
        done_on = max(item.steps_done.values(), default=None)  # in another scenario
    if next_on is None and awaited:
        return Sentence("plan.awaits_receipt", {"number": number})
    if done_on is None:
        if next_on is None:
            return Sentence("plan.no_step", {"number": number})
        code = "plan.next_step" if item.due_date < day else "plan.not_yet"
        return Sentence(code, {"number": number, "due": item.due_date, "next": next_on})
    if next_on is None:
        return Sentence("plan.course_over", {"number": number, "on": done_on})
    return Sentence("plan.step_done", {"number": number, "on": done_on, "next": next_on})
