"""`amiable plan`, `send` and `day`: the ticks, by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import click

from amiable.core.money import major
from amiable.interfaces.cli.common import counted, emit, seen_job, tenant_command

if TYPE_CHECKING:
    from amiable.apps.dunning.planning import CasePlan
    from amiable.apps.tenants.models import Organization


@click.command("plan")
@click.option("--dry-run", is_flag=True, help="Show who gets what, when and why; write nothing.")
@tenant_command
def plan_command(*, organization: Organization, on: date, as_json: bool, dry_run: bool) -> None:
    """Decide what is due for every case whose day has come."""
    from amiable.apps.dunning import services

    if dry_run:
        _dry_run(organization, on, as_json)
        return
    with seen_job(organization.id, "plan", on) as (progress, seen):
        counts = services.plan_tick(organization.id, on=on, progress=progress)
        seen.result = asdict(counts)
    text = (
        f"{counted(counts.cases, 'case')} looked at: {counted(counts.added, 'action')} added, "
        f"{counts.kept} kept, {counts.cancelled} cancelled"
    )
    emit({"on": on.isoformat(), **asdict(counts)}, as_json=as_json, text=text)


@click.command("send")
@tenant_command
def send_command(*, organization: Organization, on: date, as_json: bool) -> None:
    """Send every approved action that is due."""
    from amiable.apps.dunning import services

    with seen_job(organization.id, "send", on) as (progress, seen):
        counts = services.send_tick(organization.id, now=business_time(on), progress=progress)
        seen.result = asdict(counts)
    text = ", ".join(f"{count} {what}" for what, count in asdict(counts).items() if count)
    emit({"on": on.isoformat(), **asdict(counts)}, as_json=as_json, text=text or "nothing to send")


@click.command("day")
@tenant_command
def day_command(*, organization: Organization, on: date, as_json: bool) -> None:
    """Match payments, plan, send, and take the figures of the day."""
    from amiable.apps.insights.day import day_run

    with seen_job(organization.id, "day", on) as (progress, seen):
        counts = day_run(organization.id, now=business_time(on), progress=_named(progress))
        seen.result = counts.to_json()
    document = {"on": on.isoformat(), **counts.to_json()}
    lines = [
        f"{tick}: " + (", ".join(f"{n} {what}" for what, n in done.items() if n) or "nothing")
        for tick, done in counts.to_json().items()
    ]
    emit(document, as_json=as_json, text="\n".join(lines))


def business_time(on: date) -> datetime:
    """Now, when `on` is today; else ten in the morning of that day, local time."""
    from django.utils import timezone

    if on == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(on, time(10, 0)))


def _named(progress: Callable[[int, int], None]) -> Callable[[str, int, int], None]:
    def tell(tick: str, done: int, total: int) -> None:  # noqa: ARG001
        progress(done, total)

    return tell


def _dry_run(organization: Organization, on: date, as_json: bool) -> None:
    from amiable.apps.dunning import exclusions, services

    cases: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for each in services.plan_preview(organization.id, on=on):
        cases.append(_case(each))
        if not each.plan.actions and any(item.due_date < on for item in each.facts.items):
            left_out[exclusions.left_out_reasons(each, on)[0]] += 1
    acting = [case for case in cases if case["actions"]]
    document = {
        "on": on.isoformat(),
        "actions": [action for case in acting for action in case["actions"]],
        "skipped": [
            {key: case[key] for key in ("case", "customer", "next_look_on", "skips")}
            for case in cases
            if case["skips"]
        ],
        "left_out": dict(left_out.most_common()),
    }
    lines = _lines(cases)
    lines += [f"left out    {count} overdue: {name}" for name, count in left_out.most_common()]
    emit(document, as_json=as_json, text="\n".join(lines))


def _case(each: CasePlan) -> dict[str, Any]:
    facts, plan = each.facts, each.plan
    numbers = {item.id: item.number for item in facts.items}
    # What waits already keeps the day it was planned for: nothing of it is new today.
    waiting = {action.key: action for action in facts.pending}
    return {
        "case": facts.case_id,
        "customer": facts.customer_name,
        "next_look_on": plan.next_look_on,
        "actions": [
            {
                "case": facts.case_id,
                "customer": facts.customer_name,
                "step": action.step.code,
                "medium": action.medium,
                "stage": action.step.stage,
                "due_on": waiting.get(action.key, action).due_on,
                "state": waiting[action.key].state if action.key in waiting else "new",
                "approval": action.approval,
                "amount": major(
                    sum(i.open_minor for i in action.items) - facts.unallocated_minor,
                    facts.currency,
                ),
                "currency": facts.currency,
                "invoices": [numbers[item.id] for item in action.items],
                "reasons": [_said(sentence) for sentence in action.reasons],
            }
            for action in plan.actions
        ],
        "skips": [
            {
                "invoice": numbers.get(skip.item_id or 0, ""),
                "code": skip.sentence.code,
                "reason": _said(skip.sentence),
            }
            for skip in plan.skips
        ],
    }


# What is said of an action that was planned before; nothing of a new one.
_WAITS = {
    "to_approve": ", waits to be approved",
    "approved": ", waits to leave",
    "todo": ", waits to be done",
    "claimed": ", is leaving",
}


def _said(sentence: Any) -> str:
    return str(sentence)


def _lines(cases: list[dict[str, Any]]) -> list[str]:
    lines = []
    for case in cases:
        for action in case["actions"]:
            lines.append(
                f"{action['due_on']}  {case['customer']}: {action['step']} by {action['medium']}, "
                f"{action['amount']} {action['currency']} ({', '.join(action['invoices'])})"
                f"{_WAITS.get(action['state'], '')}"
            )
            lines += [f"    because {reason}" for reason in action["reasons"]]
        for skip in case["skips"]:
            who = f"{case['customer']} {skip['invoice']}".strip()
            lines.append(f"not now     {who}: {skip['reason']}")
    return lines or ["nothing is open"]
