"""What customers answered once all was settled: figures by scenario, last step and collector, the
words they wrote, and what waits for somebody here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from amiable.apps.dunning.models import Survey
from amiable.apps.dunning.queries import step_names
from amiable.apps.insights.reports import Report
from amiable.apps.messaging.models import Message
from amiable.apps.tenants.models import Organization
from amiable.core.satisfaction import FEW, Marks, marks
from amiable.core.tables import Cell, Column, Table

PERIOD_DAYS = 365
LISTED = 100
By = Literal["scenario", "step", "collector"]
BY: tuple[By, ...] = ("scenario", "step", "collector")


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of those who were asked after one scenario, step or collector. `code` is stable,
    `name` is for people ("" = nobody in particular)."""

    by: By | Literal["all"]
    code: str
    name: str
    asked: int
    marks: Marks


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """One answer. `is_task` = somebody has to see to it; `task_...` = what was done, by whom."""

    id: int
    customer_id: int
    customer: str
    score: int
    note: str
    wants_call: bool
    on: date
    collector: str
    is_erased: bool
    is_task: bool
    task_done_on: date | None
    task_done_by: str
    task_note: str


@dataclass(frozen=True, slots=True)
class Found:
    """The figures of a period: all of them, and by each of BY. `spread` = how many gave each mark
    from 1 to 5."""

    total: Line
    lines: dict[By, list[Line]]
    spread: tuple[int, ...]


def counted(
    organization_id: int, on: date, *, days: int = PERIOD_DAYS, currency: str = ""
) -> Found:
    """Those asked in the `days` days up to `on`, and what they had answered by then."""
    rows = _asked(organization_id).filter(
        asked_on__gt=on - timedelta(days=days), asked_on__lte=on,
        **({"case__currency": currency.upper()} if currency else {}),
    )  # fmt: skip
    found = list(
        rows.order_by("id").values_list(
            "score", "answered_at", "action__scenario_id", "action__scenario__code",
            "action__scenario__name", "action__step", "collector",
        )
    )  # fmt: skip
    names = step_names(organization_id, {row[2] for row in found})
    groups: dict[tuple[By, str], list[int | None]] = defaultdict(list)
    called: dict[tuple[By, str], str] = {}
    scores = []
    for score, answered_at, scenario_id, code, name, step, collector in found:
        known = answered_at is not None and timezone.localtime(answered_at).date() <= on
        mark = score if known else None
        scores.append(mark)
        told: tuple[tuple[By, str, str], ...] = (
            ("scenario", code, _(name) if name else code),
            ("step", f"{code}/{step}", _step(names.get(scenario_id, {}).get(step, ""), step, name)),
            ("collector", collector, collector),
        )
        for by, key, shown in told:
            groups[by, key].append(mark)
            called[by, key] = shown
    lines: dict[By, list[Line]] = {by: [] for by in BY}
    for (by, key), marked in groups.items():
        lines[by].append(_line(by, key, called[by, key], marked))
    for each in lines.values():
        each.sort(key=lambda line: (-line.asked, line.name))
    given = [score for score in scores if score is not None]
    spread = tuple(given.count(mark) for mark in range(1, 6))
    return Found(_line("all", "", "", scores), lines, spread)


def opinions(organization_id: int, *, on: date, days: int = PERIOD_DAYS) -> list[OpinionRow]:
    """The newest answers with words, or with something to do about them: one query."""
    rows = _answered(organization_id).filter(asked_on__gt=on - timedelta(days=days))
    rows = rows.exclude(Q(note="") & Q(task_on__isnull=True) & Q(erased_on__isnull=True))
    return [_row(row) for row in rows.order_by("-answered_at", "-id")[:LISTED]]


def opinion_tasks(organization_id: int) -> list[OpinionRow]:
    """Answers that somebody here has to see to, the oldest first: one query."""
    rows = tasks_open(organization_id).select_related("case__customer")
    return [_row(row) for row in rows.order_by("task_on", "id")[:LISTED]]


def tasks_open(organization_id: int) -> QuerySet[Survey]:
    """The surveys whose task waits."""
    return Survey.objects.filter(
        organization_id=organization_id, task_on__isnull=False, task_done_on__isnull=True
    )


def satisfaction(
    organization: Organization, on: date, *, currency: str = "", days: int = PERIOD_DAYS
) -> Report:
    """Customers asked in the `days` days up to `on`, and how satisfied they were. The words stay
    out of it: they are personal, and for those who follow the file."""
    with translation.override(organization.language):
        found = counted(organization.pk, on, days=days, currency=currency)
        title = _("Satisfaction of customers of {name} asked in the {days} days up to {date}")
        table = Table(
            title=title.format(name=organization.name, days=days, date=on.isoformat()),
            columns=_columns(),
            rows=tuple(_cells(line) for by in BY for line in found.lines[by]),
            totals=((_("Total"), "", *_figures(found.total)),),
            notes=(
                _("Satisfied: marks 4 and 5 of 5, with the bounds of the share (95 %, Wilson)."),
                _("With fewer than {few} answers the figures prove little.").format(few=FEW),
            ),
            language=organization.language,
        )
    document = {
        "report": "satisfaction",
        "organization": organization.slug,
        "on": on.isoformat(),
        "period_days": days,
        "total": _json(found.total),
        "marks": {str(mark): count for mark, count in enumerate(found.spread, 1)},
        **{f"by_{by}": [_json(line) for line in found.lines[by]] for by in BY},
    }
    return Report(document, table)


def _asked(organization_id: int) -> QuerySet[Survey]:
    """Those who were asked: on the page, or by an email that left."""
    rows = Survey.objects.filter(organization_id=organization_id)
    return rows.filter(
        Q(message__isnull=True) | Q(message__state=Message.State.SENT) | Q(score__isnull=False)
    )


def _answered(organization_id: int) -> QuerySet[Survey]:
    rows = Survey.objects.filter(organization_id=organization_id, score__isnull=False)
    return rows.select_related("case__customer")


def _line(by: By | Literal["all"], code: str, name: str, scores: Iterable[int | None]) -> Line:
    found = list(scores)
    given = [score for score in found if score is not None]
    return Line(by, code, name, len(found), marks(given))


def _step(name: str, code: str, scenario: str) -> str:
    return f"{_(name) if name else code} · {_(scenario)}"


def _row(row: Any) -> OpinionRow:
    return OpinionRow(
        id=row.pk,
        customer_id=row.case.customer_id,
        customer=row.case.customer.name,
        score=row.score,
        note=row.note,
        wants_call=row.wants_call,
        on=timezone.localtime(row.answered_at).date(),
        collector=row.collector,
        is_erased=row.erased_on is not None,
        is_task=row.task_on is not None and row.task_done_on is None,
        task_done_on=row.task_done_on,
        task_done_by=row.task_done_by,
        task_note=row.task_note,
    )


def _json(line: Line) -> dict[str, Any]:
    named = {} if line.by == "all" else {line.by: line.code, "name": line.name}
    found = line.marks
    return {
        **named,
        "asked": line.asked,
        "answered": found.answered,
        "mean": None if found.mean is None else str(found.mean),
        "satisfied": found.satisfied,
        "satisfied_pct": found.satisfied_pct,
        "low_pct": found.low_pct,
        "high_pct": found.high_pct,
        "few": found.are_few,
    }


def _columns() -> tuple[Column, ...]:
    return (
        Column("by", _("By")),
        Column("name", _("Name")),
        Column("asked", _("Asked"), "number"),
        Column("answered", _("Answered"), "number"),
        Column("mean", _("Mean mark"), "number"),
        Column("satisfied", _("Satisfied"), "number"),
        Column("satisfied_pct", _("Satisfied %"), "number"),
        Column("low_pct", _("at least %"), "number"),
        Column("high_pct", _("at most %"), "number"),
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    words = {"scenario": _("Scenario"), "step": _("Last step"), "collector": _("Collector")}
    return (words[line.by], line.name or _("automatic"), *_figures(line))


def _figures(line: Line) -> tuple[Cell, ...]:
    found = line.marks
    return (
        line.asked, found.answered, found.mean, found.satisfied, found.satisfied_pct,
        found.low_pct, found.high_pct,
    )  # fmt: skip
