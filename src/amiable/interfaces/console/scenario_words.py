"""What a scenario says, in words: one line per matter of a step, and the changes of a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.library.scenarios import Change, changes
from amiable.core.scenario import (
    ANY_TIME,
    HUMAN_MEDIA,
    WEEKDAYS,
    Conditions,
    Scenario,
    Step,
    Window,
)
from amiable.core.shipped import SHIPPED
from amiable.interfaces.console import formats, labels

# Words that we shipped are messages of gettext; what a user wrote stays as it was written.
_OURS = frozenset(
    text
    for scenario in SHIPPED.values()
    for text in (scenario.name, scenario.description, *(step.name for step in scenario.steps))
    if text
)
_ZERO = {
    "due_date": _("on the due date"),
    "issue_date": _("on the issue date"),
    "previous_step": _("on the day the step above was delivered"),
    "formal_notice_received": _("on the day the formal notice is received"),
    "promise_broken": _("as soon as the promise is broken"),
    "instalment_missed": _("as soon as the instalment is missed"),
    "payment_returned": _("as soon as the payment is returned"),
    "dispute_closed": _("as soon as the dispute is closed"),
}
_AFTER = {
    "due_date": _("{days} after the due date"),
    "issue_date": _("{days} after the issue date"),
    "previous_step": _("{days} after the step above was delivered"),
    "formal_notice_received": _("{days} after the formal notice was received"),
    "promise_broken": _("{days} after the promise was broken"),
    "instalment_missed": _("{days} after the instalment was missed"),
    "payment_returned": _("{days} after the payment was returned"),
    "dispute_closed": _("{days} after the dispute was closed"),
}
_BEFORE = {
    "due_date": _("{days} before the due date"),
    "issue_date": _("{days} before the issue date"),
}
LABELS: dict[str, str | Promise] = {
    "when": _("When"),
    "by": _("By"),
    "to": _("To"),
    "text": _("Text"),
    "attached": _("Attached"),
    "task": _("To do"),
    "approval": _("Approval"),
    "stage": _("Tone"),
    "conditions": _("Only if"),
    "window": _("Leaves"),
    "name": _("Name"),
    "description": _("Description"),
    "min_amount_minor": _("Smallest amount reminded"),
    "min_gap_days": _("Fewest days between two contacts"),
    "regroup_days": _("Days a new invoice waits to join the next contact"),
    "catch_up": _("Old invoices"),
    "deadline_days": _("Days to pay that a message gives"),
    "event_days": _("Days after which an event starts nothing"),
    "after_broken": _("After a broken promise"),
    "show_paused": _("Invoices in dispute, promised or on hold"),
    "approval_above_minor": _("Approval above"),
}
# The matter of the words a field of a step stands in, where it has another name.
_MATTER = {
    "offset_days": "when", "anchor": "when", "days": "when", "accompanies": "when",
    "medium": "by", "fallback": "by", "recipients": "to", "template": "text",
    "attachments": "attached", "catch_up_step": "catch_up",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What is said about one matter, and what was said before."""

    label: str
    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """What a version says differently about one step, or about the scenario (`title` empty)."""

    title: str
    kind: str
    lines: tuple[Line, ...] = ()


def own(text: str) -> str:
    """A shipped text in the reader's language; a user's own as it is."""
    return gettext(text) if text in _OURS else text


def kept(text: str) -> str:
    """The inverse of `own`, so that saving a form translates nothing."""
    return next((ours for ours in _OURS if gettext(ours) == text), text)


def step_name(step: Step) -> str:
    """What a step is called."""
    return own(step.name) or step.code.replace("_", " ")


def day_short(step: Step) -> str:
    """The day of a step as the trade writes it: D-15, D+7."""
    signed = f"{step.offset_days:+d}".replace("-", "\u2212") if step.offset_days else ""
    if step.anchor not in _BEFORE:
        count = step.offset_days
        text = ngettext("+{count} day", "+{count} days", count)
        if step.days == "working":
            text = ngettext("+{count} working day", "+{count} working days", count)
        return text.format(count=count) if count else gettext("same day")
    template = pgettext("day of a step", "D{signed}")
    if step.days == "working":
        template = pgettext("working day of a step", "D{signed} working")
    return template.format(signed=signed)


def when(step: Step, scenario: Scenario | None = None) -> str:
    """When a step is due, from what."""
    main = scenario.by_code.get(step.accompanies) if scenario else None
    if main is not None:
        return gettext("together with: {step}").format(step=step_name(main))
    if not step.offset_days:
        return str(_ZERO[step.anchor])
    count = abs(step.offset_days)
    days = ngettext("{count} day", "{count} days", count)
    if step.days == "working":
        days = ngettext("{count} working day", "{count} working days", count)
    before = step.offset_days < 0 and step.anchor in _BEFORE
    template = _BEFORE[step.anchor] if before else _AFTER[step.anchor]
    return str(template).format(days=days.format(count=count))


def step_lines(step: Step, scenario: Scenario) -> list[Line]:
    """What a step says beside its name and tone, matter by matter."""
    return [
        Line(str(LABELS[matter]), text)
        for matter, text in _matters(step, scenario)
        if text and matter not in {"name", "stage"}
    ]


def scenario_lines(scenario: Scenario) -> list[Line]:
    """The policies that hold for all steps."""
    return [
        Line(str(LABELS[matter]), text)
        for matter, text in _policies(scenario)
        if text and matter not in {"name", "description"}
    ]


def change_words(before: Scenario, after: Scenario) -> list[ChangeWords]:
    """The differences between two versions, step by step, in words."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes(before, after):
        found.setdefault((change.step, change.kind), []).append(change)
    return [
        _change(before, after, key=key, matters=[_MATTER.get(c.field, c.field) for c in group])
        for key, group in found.items()
    ]


def _change(
    before: Scenario, after: Scenario, *, key: tuple[str, str], matters: list[str]
) -> ChangeWords:
    code, kind = key
    if kind == "moved":
        names = [step_name(step) for step in after.steps if step.code in before.by_code]
        return ChangeWords("", kind, (Line(gettext("Order"), ", ".join(names)),))
    if not code:
        old, new = dict(_policies(before)), dict(_policies(after))
        title = ""
    elif kind == "changed":
        old = dict(_matters(before.by_code[code], before))
        new = dict(_matters(after.by_code[code], after))
        title = step_name(after.by_code[code])
    else:
        scenario = after if kind == "added" else before
        step = scenario.by_code[code]
        return ChangeWords(step_name(step), kind, tuple(step_lines(step, scenario)[:2]))
    named = dict.fromkeys(matter.split(".")[0] for matter in matters)
    lines = (Line(str(LABELS[m]), new[m] or "—", old[m] or "—") for m in named)
    return ChangeWords(title, kind, tuple(lines))


def _matters(step: Step, scenario: Scenario) -> Iterator[tuple[str, str]]:
    yield "name", own(step.name)
    yield "when", when(step, scenario)
    yield "by", _by(step)
    to = words(step.recipients, "recipient")
    yield "to", "" if step.medium == "task" else to or gettext("the usual contact")
    yield "text", labels_word("text", step.template)
    yield "attached", words(step.attachments, "attachment")
    yield "task", labels_word("task", step.task)
    by_a_person = step.medium in HUMAN_MEDIA and step.approval == "automatic"
    yield "approval", "" if by_a_person else labels_word("approval", step.approval)
    yield "stage", labels_word("stage", step.stage)
    yield "conditions", "; ".join(_conditions(step.conditions))
    yield "window", _window(step.window)


def _policies(scenario: Scenario) -> Iterator[tuple[str, str]]:
    yield "name", own(scenario.name)
    yield "description", own(scenario.description)
    yield "min_amount_minor", formats.money(scenario.min_amount_minor)
    yield "min_gap_days", _days(scenario.min_gap_days)
    yield "regroup_days", _days(scenario.regroup_days)
    entry = scenario.by_code.get(scenario.catch_up_step)
    named = f" ({step_name(entry)})" if entry and scenario.catch_up == "catch_up_step" else ""
    yield "catch_up", labels_word("catch_up", scenario.catch_up) + named
    yield "deadline_days", _days(scenario.deadline_days)
    yield "event_days", _days(scenario.event_days)
    after = SHIPPED.get(scenario.after_broken)
    yield "after_broken", own(after.name) if after else scenario.after_broken
    yield (
        "show_paused",
        gettext("listed apart in messages") if scenario.show_paused else gettext("left out"),
    )
    above = scenario.approval_above_minor
    yield "approval_above_minor", "" if above is None else formats.money(above)


def _by(step: Step) -> str:
    text = labels_word("medium", step.medium)
    for medium in step.fallback:
        text = gettext("{medium}, else {fallback}").format(
            medium=text, fallback=_inside(labels_word("medium", medium))
        )
    return text


def _conditions(asked: Conditions) -> Iterator[str]:
    """Each condition as a phrase that follows "only if"."""
    if asked.min_amount_minor:
        text = gettext("at least {amount} overdue")
        yield text.format(amount=formats.money(asked.min_amount_minor))
    if asked.max_amount_minor is not None:
        text = gettext("at most {amount} overdue")
        yield text.format(amount=formats.money(asked.max_amount_minor))
    listed = (
        (gettext("segment: {names}"), ", ".join(asked.segments)),
        (gettext("customer: {names}"), words(asked.kinds, "customer")),
        (gettext("language: {names}"), words(asked.languages, "spoken")),
        (gettext("creditor: {names}"), ", ".join(asked.creditors)),
        (gettext("reachable by: {names}"), words(asked.contact_by, "medium")),
    )
    yield from (text.format(names=names) for text, names in listed if names)
    yield from _levels(asked)


def _levels(asked: Conditions) -> Iterator[str]:
    if asked.min_score is not None:
        yield gettext("score of at least {score}").format(score=asked.min_score)
    if asked.max_score is not None:
        yield gettext("score of at most {score}").format(score=asked.max_score)
    if asked.min_stage:
        stage = _inside(labels_word("stage", asked.min_stage))
        yield gettext("level reached: {stage}").format(stage=stage)
    if asked.min_days_since_contact:
        days = _days(asked.min_days_since_contact)
        yield gettext("{days} or more since the last contact").format(days=days)
    if count := asked.min_broken_promises:
        text = ngettext("{count} broken promise", "{count} broken promises or more", count)
        yield text.format(count=count)


def _window(window: Window) -> str:
    if window == ANY_TIME:
        return ""
    days = words(window.weekdays, "weekday")
    if window.weekdays == WEEKDAYS:
        days = gettext("on working days")
    if (window.from_hour, window.until_hour) == (0, 24):
        return days
    hours = gettext("from {start}:00 to {end}:00")
    return f"{days}, {hours.format(start=window.from_hour, end=window.until_hour)}"


def words(codes: Iterable[str], kind: str) -> str:
    """Codes as a list of words."""
    return ", ".join(labels_word(kind, code) for code in codes)


def labels_word(kind: str, code: str) -> str:
    """The words for a code; nothing for none."""
    return str(labels.look(kind, code).label) if code else ""


def _inside(text: str) -> str:
    """A word inside a phrase, where only its first letter was a capital."""
    return text[:1].lower() + text[1:]


def _days(count: int) -> str:
    return ngettext("{count} day", "{count} days", count).format(count=count)


def of_problem(params: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of a problem in words: media and texts by their labels, steps by their names."""
    said = dict(params)
    for key in ("medium", "template"):
        if isinstance(said.get(key), str):
            said[key] = labels_word("medium" if key == "medium" else "text", said[key]) or "—"
    if isinstance(said.get("step"), str):
        said["step"] = names.get(said["step"], said["step"])
    return said
