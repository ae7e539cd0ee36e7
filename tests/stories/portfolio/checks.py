"""What must be true of every message that left, of every action and of every case, said against
the clerk's model and never by asking the product's core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from amiable.apps.dunning.models import Action, ActionItem
from amiable.apps.dunning.services import plan_preview
from amiable.apps.messaging.models import Message
from amiable.apps.receivables.queries import open_items
from amiable.core.sentences import Sentence
from tests.stories.portfolio.model import CLOCKS, Contact, Debtor, worked
from tests.stories.portfolio.office import Handed, Office, Reminded

STAGES = ("preventive", "friendly", "firm", "formal", "litigation")
DAYS = ("mon", "tue", "wed", "thu", "fri")
CONTACTS = {"email", "letter", "registered_letter", "sms", "phone"}
ELSEWHERE = {"stop.cap", "stop.stale_bank", "stop.no_bank"}
REACHED_NOBODY = {"no_answer", "wrong_number"}


def step_data(action: Action) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A step and its scenario, as the data that was kept says it."""
    rows = [(action.scenario, "")]
    if action.scenario.after:
        rows.append((action.scenario.after, f"{action.scenario.after.code}."))
    for row, prefix in rows:
        for step in row.definition["steps"]:
            if prefix + step["code"] == action.step:
                return step, action.scenario.definition
    raise AssertionError(f"{action.key}: no such step")


def message_problems(
    handed: Handed, debtor: Debtor, contacts: Iterable[Contact], *, bank_fresh: bool
) -> list[str]:
    """What is wrong with a message that left."""
    action = Action.objects.select_related("scenario__after").get(id=handed.action_id)
    step, scenario = step_data(action)
    day, found = handed.at.date(), []
    if why := debtor.stopped(day):
        found.append(f"to somebody who is {why}")
    if not bank_fresh:
        found.append("while the bank data were old")
    if not worked(day):
        found.append("on a day that is not worked")
    if not debtor.reachable(action.medium):
        found.append(f"by {action.medium}, which does not reach")
    found += _hours(handed.at, debtor, action.medium, step)
    found += _items(action, debtor, day)
    found += _pace(action, step, scenario, debtor, list(contacts), day)
    return [f"{action.key} by {action.medium} on {handed.at:%a %d %b %Y %H:%M}: {p}" for p in found]


def reminded_problems(reminded: Reminded, debtor: Debtor, *, bank_fresh: bool) -> list[str]:
    """What is wrong with a reminder of what was promised."""
    day, found = reminded.at.date(), []
    if why := debtor.stopped(day):
        found.append(f"to somebody who is {why}")
    if not bank_fresh:
        found.append("while the bank data were old")
    if not worked(day):
        found.append("on a day that is not worked")
    if not debtor.reachable("email"):
        found.append("by email, which does not reach")
    awaited = {word.id: word for word in debtor.awaited(day)}
    word = awaited.get(reminded.promise_id)
    if word is None:
        found.append("which was kept, broken or cancelled")
    elif word.due <= day:
        found.append(f"which was for {word.due:%d %b %Y}")
    name = f"reminder of promise {reminded.promise_id} on {reminded.at:%a %d %b %Y %H:%M}"
    return [f"{name}: {problem}" for problem in found]


def _hours(at: datetime, debtor: Debtor, medium: str, step: Mapping[str, Any]) -> list[str]:
    there = at.astimezone(ZoneInfo(CLOCKS.get(debtor.postcode, "Europe/Paris")))
    window = step.get("window", {})
    found = []
    if medium == "sms" and not 8 <= there.hour < 20:
        found.append(f"at {there:%H:%M} where the customer is")
    if not window.get("from_hour", 0) <= there.hour < window.get("until_hour", 24):
        found.append(f"outside its hours, at {there:%H:%M}")
    if DAYS[at.weekday()] not in window.get("weekdays", DAYS):
        found.append(f"on a {DAYS[at.weekday()]}")
    return found


def _items(action: Action, debtor: Debtor, day: date) -> list[str]:
    found, total = [], 0
    most = debtor.most(day)
    rows = list(action.items.all())
    for row in rows:
        debt = debtor.debts.get(row.installment_id)
        if debt is None or debt.open <= 0:
            found.append(f"about an item that is paid ({row.installment_id})")
            continue
        total += row.open_minor
        if debt.chased == 0:
            found.append(f"about {debt.number}, wholly disputed")
        if most[debt.id] == 0:
            found.append(f"about {debt.number}, disputed or promised as a whole")
        if row.open_minor > most[debt.id]:
            found.append(f"asks {row.open_minor} of {most[debt.id]} for {debt.number}")
        if any(pause.runs(day) for pause in debt.pauses.values()):
            found.append(f"about {debt.number}, on hold")
        if debt.due >= day and row.open_minor and action.stage != "preventive":
            found.append(f"claims {debt.number} before it is overdue")
    if total > debtor.most_together(day):
        found.append(f"asks {total} of {debtor.most_together(day)} together")
    if total <= debtor.credit:
        found.append(f"asks {total}, which a credit of {debtor.credit} covers")
    return found


def _pace(
    action: Action,
    step: Mapping[str, Any],
    scenario: Mapping[str, Any],
    debtor: Debtor,
    contacts: list[Contact],
    day: date,
) -> list[str]:
    """`contacts` = those before this one that arrived, by anybody."""
    found = []
    mine = [c for c in contacts if c.case == debtor.case]
    gap = scenario.get("min_gap_days", 1)
    companion = bool(step.get("accompanies"))
    if not companion:
        # What accompanies this step may be handed over before it.
        last = max((c.at for c in mine if not (c.companion and c.at == day)), default=None)
        if last is not None and (day - last).days < gap:
            found.append(f"{(day - last).days} day(s) after the last contact, less than {gap}")
    if action.stage == "formal":
        # What a person refused, that person decided against.
        refused = Action.objects.filter(case=action.case_id, state="skipped").exists()
        if not mine and not refused:
            found.append("a formal notice is the first contact")
        found += _nothing_firm(action)
    people = [c for c in contacts if c.debtor == debtor.id]
    week = [c for c in people if 0 <= (day - c.at).days < 7]
    if debtor.kind == "consumer" and len(week) >= 3:
        found.append("a fourth contact of a consumer in a week")
    return found


def _nothing_firm(action: Action) -> list[str]:
    """A formal notice comes after something firm, item by item."""
    found = []
    for row in action.items.filter(step=action.step):
        firm = ActionItem.objects.filter(
            installment_id=row.installment_id,
            # An item may have taken its own firm step with the formal letter of another.
            action__stage__in=["firm", "formal"],
            action__state__in=["done", "unknown", "skipped"],
            action__medium__in=CONTACTS,
        ).exclude(Q(step__in=["", action.step]) | Q(action__result__in=REACHED_NOBODY))
        if not firm.exists():
            found.append(f"formal for {row.installment_id}, to which nothing firm came before")
    return found


def order_problems(action: Action, last: dict[tuple[object, ...], tuple[int, str]]) -> list[str]:
    """The stages of one course only rise; `last` remembers the rank of each item's course."""
    ranks = {
        s["code"]: STAGES.index(s["stage"])
        for row in (action.scenario, action.scenario.after)
        if row
        for s in row.definition["steps"]
    }
    found = []
    for row in action.items.exclude(step=""):
        rank = ranks[row.step.rpartition(".")[2]]
        course = (row.installment_id, action.scenario.code, row.event_on)
        before, code = last.get(course, (-1, ""))
        if rank < before:
            found.append(f"{action.key}: {row.step} after {code} for {row.installment_id}")
        last[course] = (rank, row.step)
    return found


def explained_problems(actions: Iterable[Action]) -> list[str]:
    """Every action has reasons; every one closed without being carried out says why."""
    found = []
    for action in actions:
        sentences = [Sentence.from_json(each) for each in [*action.reasons, *action.outcome]]
        if not action.reasons or not all(str(sentence).strip() for sentence in sentences):
            found.append(f"{action.key} has no reason")
        if action.state in {"cancelled", "failed", "skipped", "unknown"} and not action.outcome:
            found.append(f"{action.key} is {action.state} and does not say why")
    return found


def lost_problems(office: Office, day: date) -> list[str]:
    """After a planning tick: what the facts of today ask for is pending, and nothing else is; each
    open item is acted on or explained."""
    found = []
    pending: dict[int, dict[str, Action]] = {}
    for action in office.actions(state__in=Action.PENDING).select_related("scenario__after"):
        pending.setdefault(action.case_id, {})[action.key] = action
    for each in plan_preview(office.id, on=day):
        if each.plan.day != day:
            continue  # not worked there: the plan is that of a later day
        waiting = pending.get(each.facts.case_id, {})
        wanted = {action.key: action for action in each.plan.actions}
        steps = {action.step for action in waiting.values()}
        # What others did, or did not import, is asked when a message leaves.
        if {skip.sentence.code for skip in each.plan.skips} & ELSEWHERE:
            continue
        found += [
            f"{key} is due on {day} and was not planned"
            for key, action in wanted.items()
            if key not in waiting and action.step.accompanies not in steps
        ]
        found += [
            f"{key} is {action.state} and not due any more on {day}"
            for key, action in waiting.items()
            if key not in {*wanted, *each.plan.postponed}
            and action.state != "claimed"
            and not (action.state == "todo" and action.retry_at)  # agreed with the customer
            and not step_data(action)[0].get("accompanies")
        ]
        told = {item.id for action in each.plan.actions for item in action.items}
        told |= {skip.item_id for skip in each.plan.skips}
        if None not in told:
            found += [f"{i.number} is not explained" for i in each.facts.items if i.id not in told]
    return found


def money_problems(office: Office, debtors: Iterable[Debtor]) -> list[str]:
    """What is open is what the clerk wrote down."""
    known = {debt.id: debt.open for debtor in debtors for debt in debtor.debts.values()}
    stated = {item.id: item.open_minor for item in open_items(office.id)}
    return [
        f"item {i}: {stated.get(i, 0)} open, {amount} expected"
        for i, amount in known.items()
        if stated.get(i, 0) != amount
    ]


def unsent_problems(office: Office, now: datetime) -> list[str]:
    """After a sending tick of a healthy day, what is approved and due has a reason to wait."""
    due = office.actions(state__in=["approved", "claimed"], due_on__lte=now.date())
    return [
        f"{action.key} is {action.state} and nobody says why"
        for action in due
        if action.state == "claimed" or not action.outcome
    ]


def left_twice(handed: Iterable[Handed], again: set[int]) -> list[str]:
    """No item gets the same step of the same event twice; `again` = actions that a person found
    had not left, or whose message came back."""
    ids = [each.action_id for each in handed if each.action_id not in again]
    seen: set[tuple[object, ...]] = set()
    found = []
    for row in ActionItem.objects.filter(action_id__in=ids).exclude(step="").order_by("action_id"):
        key = (row.installment_id, row.step, row.event_on)
        if key in seen:
            found.append(f"installment {row.installment_id} got {row.step} twice")
        seen.add(key)
    if Message.objects.filter(id__in=[h.message_id for h in handed]).count() != len(ids) + len(
        [h for h in handed if h.action_id in again]
    ):
        found.append("a message left twice")
    return found
