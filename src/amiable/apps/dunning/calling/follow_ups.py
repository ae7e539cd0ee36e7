"""What follows a call: the call agreed with the customer, another try, another number, another
medium, or somebody in the house who finds the right number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from amiable.apps.cases.services import CallOutcome
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.planning import scenario_of
from amiable.apps.dunning.writing.recipients import chosen, reaches
from amiable.core.call_retries import RETRIED, UNREACHED, Policy, next_try
from amiable.core.scenario import HUMAN_MEDIA, Step
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.workdays import clock_of, next_workday, zone_of

declare(
    {
        "action.call_agreed": gettext_noop("Agreed with the customer by {actor}"),
        "action.call_agreed_note": gettext_noop("Agreed with the customer by {actor}: {note}"),
        "action.call_again": gettext_noop("Nobody answered on {last}: call {count} of {tries}."),
        "action.other_number": gettext_noop("{phone} was a wrong number: another one is known."),
        "action.unanswered": gettext_noop(
            "Nobody answered (calls: {count}): another medium takes over."
        ),
        "action.no_number": gettext_noop(
            "Find another number: {phone} is wrong, and no other is known."
        ),
    }
)

FIND_NUMBER = "find_number"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was put on the agenda: `kind` = "agreed", "retry", "number", "medium" or "task"; `at` =
    the moment, on our clock."""

    kind: str
    action_id: int
    medium: str
    at: datetime


def follow_up(
    action: Action, outcome: CallOutcome, *, on: date, now: datetime, actor: str
) -> list[FollowUp]:
    """Put on the agenda what the outcome of a call asks for; nothing when it ends here. Call it
    while the call is still open, once its outcome is applied."""
    if outcome.result == "callback" and outcome.callback_on:
        return [_agreed(action, outcome, on=on, actor=actor)]
    if outcome.result == "wrong_number":
        return _other_way(action, outcome, on=on, now=now)
    if outcome.result in RETRIED:
        return _retry(action, outcome, on=on, now=now)
    return []


def tries_so_far(organization_id: int, steps: Mapping[int, set[str]]) -> dict[tuple[int, str], int]:
    """Calls in vain since somebody was reached last, by case and step; for these steps of cases:
    one query."""
    rows = Action.objects.filter(
        organization_id=organization_id, case_id__among=steps.keys(), medium="phone",
        state=Action.State.DONE,
    ).order_by("occurrence")  # fmt: skip
    found: dict[tuple[int, str], int] = {}
    for case_id, step, result in rows.values_list("case_id", "step", "result"):
        if step in steps[case_id] and result != "wrong_number":
            count = found.get((case_id, step), 0)
            found[case_id, step] = count + 1 if result in UNREACHED else 0
    return found


def step_of(action: Action) -> Step | None:
    """The step of an action in its scenario version; None when it is of none."""
    return scenario_of(action.scenario).by_code.get(action.step)


def _agreed(action: Action, outcome: CallOutcome, *, on: date, actor: str) -> FollowUp:
    """The call to make again, about what is still open. Its items take no step a second time."""
    day = outcome.callback_on or on
    said = Sentence("action.call_agreed", {"actor": actor})
    if outcome.note:
        said = Sentence("action.call_agreed_note", {"actor": actor, "note": outcome.note})
    at = timezone.make_aware(datetime.combine(day, outcome.callback_at or time()))
    row = _planned(action, said, at=at, on=on, takes_step=False)
    return FollowUp("agreed", row.pk, "phone", at)


def _retry(
    action: Action, outcome: CallOutcome, *, on: date, now: datetime
) -> list[FollowUp]:  # fmt: skip
    step, organization = step_of(action), action.organization
    before = tries_so_far(action.organization_id, {action.case_id: {action.step}})
    tried = before.get((action.case_id, action.step), 0) + 1
    tries = (step.tries if step else 0) or organization.call_tries
    # Two messages on one voicemail in a day are one too many.
    days = max(organization.call_retry_days, 1 if outcome.result == "voicemail" else 0)
    customer = action.case.customer
    zone = zone_of(customer.postcode, customer.country)
    at = next_try(
        Policy(tries, days), tried=tried, zone=zone,
        now=now.astimezone(ZoneInfo(clock_of(zone))),
        **({"window": step.window} if step else {}),
    )  # fmt: skip
    if at is None:
        said = Sentence("action.unanswered", {"count": tried})
        return _other_medium(action, step, said, on=on)
    said = Sentence("action.call_again", {"last": on, "count": tried + 1, "tries": tries})
    row = _planned(action, said, at=at, on=on, takes_step=True)
    return [FollowUp("retry", row.pk, "phone", at)]


def _other_way(
    action: Action, outcome: CallOutcome, *, on: date, now: datetime
) -> list[FollowUp]:  # fmt: skip
    """Another number of the customer at once; without one, another medium, and a task."""
    step = step_of(action)
    customer_id = action.case.customer_id
    reach = reaches(action.organization_id, [customer_id])[customer_id]
    other = chosen(reach, "phone", roles=step.recipients if step else ()).first
    phone = {"phone": outcome.phone or "?"}
    if other is not None:
        said = Sentence("action.other_number", phone)
        row = _planned(action, said, at=now, on=on, takes_step=True)
        return [FollowUp("number", row.pk, "phone", now)]
    said = Sentence("action.no_number", phone)
    task = _planned(action, said, at=now, on=on, takes_step=False, code=FIND_NUMBER, medium="task")
    followed = _other_medium(action, step, said, on=on)
    return [*followed, FollowUp("task", task.pk, "task", now)]


def _other_medium(
    action: Action, step: Step | None, said: Sentence, *, on: date
) -> list[FollowUp]:  # fmt: skip
    """The step by the first medium it falls back on that reaches the customer; none for a call
    that went along with another step, or was agreed with the customer."""
    if step is None or not action.items.exclude(step="").exists():
        return []
    facts = case_facts(action.organization_id, [action.case_id], on=on)[action.case_id]
    medium = next((m for m in step.fallback if m != "phone" and m in facts.media), None)
    if medium is None:
        return []
    day = next_workday(on, facts.holidays_zone)
    at = timezone.make_aware(datetime.combine(day, time()))
    row = _planned(action, said, at=at, on=on, takes_step=True, medium=medium)
    return [FollowUp("medium", row.pk, medium, at)]


def _first_state(action: Action) -> str:
    """A message waits for the same person as its step."""
    return Action.State.APPROVED if action.approval == "automatic" else Action.State.TO_APPROVE


def _planned(
    action: Action,
    said: Sentence,
    *,
    at: datetime,
    on: date,
    takes_step: bool,
    medium: str = "phone",
    code: str = "",
) -> Action:
    """Another action about what is still open of this one. `takes_step` = its items stand at its
    step until it is carried out; else they stay where they are."""
    step = code or action.step
    # As the planner counts: the next after what is closed, which this one soon is.
    closed = Action.objects.filter(case_id=action.case_id, step=step).exclude(
        state__in=Action.PENDING
    )
    times = closed.count() + (0 if code else 1) + 1
    human = medium in HUMAN_MEDIA
    row = Action.objects.create(
        organization_id=action.organization_id,
        case_id=action.case_id,
        key=f"{action.case_id}/{step}/{times}",
        scenario_id=action.scenario_id,
        step=step,
        occurrence=times,
        medium=medium,
        stage=action.stage,
        approval="automatic" if code else action.approval,
        due_on=max(on, timezone.localtime(at).date()),
        state=Action.State.TODO if human else _first_state(action),
        reasons=[said.to_json()],
        planned_on=on,
        is_test=action.is_test,
        retry_at=at if human else None,
    )
    ActionItem.objects.bulk_create(
        ActionItem(
            organization_id=action.organization_id,
            action=row,
            installment_id=item.installment_id,
            open_minor=item.open_minor,
            **({"step": item.step, "event_on": item.event_on} if takes_step else {}),
        )
        for item in action.items.filter(installment__settled_on__isnull=True)
    )
    return row
