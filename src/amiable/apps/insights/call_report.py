"""The report on calls: made, reached, promises obtained and kept, by collector and scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from amiable.apps.audit.models import Event
from amiable.apps.cases.queries import words_given
from amiable.apps.dunning.models import Action
from amiable.apps.insights.reports import Report
from amiable.apps.tenants.models import Organization
from amiable.core.call_retries import UNREACHED
from amiable.core.tables import Cell, Column, Table

PERIOD_DAYS = 30
# States of a promise whose day has come; what runs, or was taken back, is neither kept nor broken.
_OVER = frozenset({"kept", "partly_kept", "broken"})


@dataclass(slots=True)
class Counts:
    """Calls of one collector in one scenario. `reached` = those that reached somebody; `promised` =
    those that brought a dated promise; `due` = of these, the promises that are kept or broken."""

    made: int = 0
    reached: int = 0
    promised: int = 0
    due: int = 0
    kept: int = 0

    def add(self, other: Counts) -> None:
        """Count another one in."""
        self.made += other.made
        self.reached += other.reached
        self.promised += other.promised
        self.due += other.due
        self.kept += other.kept

    @property
    def reached_pct(self) -> int | None:
        """RPC: calls that reached somebody over calls made."""
        return _share(self.reached, self.made)

    @property
    def promised_pct(self) -> int | None:
        """PTP: calls that brought a promise over those that reached somebody."""
        return _share(self.promised, self.reached)

    @property
    def kept_pct(self) -> int | None:
        """Promises kept over those whose day has come."""
        return _share(self.kept, self.due)


def calls(
    organization: Organization, on: date, *, currency: str = "", days: int = PERIOD_DAYS
) -> Report:
    """Calls made in the `days` days up to `on`, and what became of their promises by then."""
    found, names = _counted(organization.pk, on=on, days=days, currency=currency.upper())
    total = Counts()
    for counts in found.values():
        total.add(counts)
    document = {
        "report": "calls",
        "organization": organization.slug,
        "on": on.isoformat(),
        "period_days": days,
        "total": _json(total),
        "rows": [
            {"collector": collector, "scenario": scenario, **_json(counts)}
            for (collector, scenario), counts in sorted(found.items())
        ],
    }
    with translation.override(organization.language):
        title = _("Calls of {name} in the {days} days up to {date}")
        table = Table(
            title=title.format(name=organization.name, days=days, date=on.isoformat()),
            columns=_columns(),
            rows=tuple(
                (collector, _(names[scenario]), *_cells(counts))
                for (collector, scenario), counts in sorted(found.items())
            ),
            totals=((_("Total"), "", *_cells(total)),),
            notes=(
                _("Reached: neither unanswered, nor a voicemail, nor a wrong number."),
                _("Kept: of the promises of these calls whose day has come by that date."),
            ),
            language=organization.language,
        )
    return Report(document, table)


def _counted(
    organization_id: int, *, on: date, days: int, currency: str
) -> tuple[dict[tuple[str, str], Counts], dict[str, str]]:
    """Counts by (collector, scenario code), and the names of the scenarios: four queries and those
    of words_given, for any number of calls."""
    made = Action.objects.filter(
        organization_id=organization_id, medium="phone", state=Action.State.DONE,
        closed_on__gt=on - timedelta(days=days), closed_on__lte=on,
        **({"case__currency": currency} if currency else {}),
    )  # fmt: skip
    rows = list(
        made.values_list("key", "case_id", "decided_by", "scenario__code", "scenario__name",
                         "result")
    )  # fmt: skip
    states = _promise_states(
        organization_id, {key: case for key, case, *_, result in rows if result == "promise"}, on=on
    )
    found: dict[tuple[str, str], Counts] = defaultdict(Counts)
    for key, _case, collector, scenario, _name, result in rows:
        counts = found[collector, scenario]
        counts.made += 1
        counts.reached += result not in UNREACHED
        counts.promised += result == "promise"
        counts.due += states.get(key) in _OVER
        counts.kept += states.get(key) == "kept"
    return found, {row[3]: row[4] for row in rows}


def _promise_states(
    organization_id: int, calls_of: Mapping[str, int], *, on: date
) -> dict[str, str]:
    """What became of the promise of each call, by the call's key; `calls_of` = key -> case."""
    if not calls_of:
        return {}
    told = Event.objects.filter(
        organization_id=organization_id, case_id__in=set(calls_of.values()), kind="call.recorded",
        on_date__lte=on,
    )  # fmt: skip
    promises = {
        payload["action"]: payload["brought"]["promise"]
        for payload in told.order_by("id").values_list("payload", flat=True)
        if payload.get("action") in calls_of and "promise" in payload.get("brought", {})
    }
    given = words_given(organization_id, _cases(calls_of, promises), on=on)
    states = {view.id: view.state for each in given.values() for view in each.promises}
    return {key: states[promise] for key, promise in promises.items() if promise in states}


def _cases(calls_of: Mapping[str, int], keys: Collection[str]) -> set[int]:
    return {calls_of[key] for key in keys}


def _share(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def _json(counts: Counts) -> dict[str, Any]:
    return {
        "made": counts.made,
        "reached": counts.reached,
        "reached_pct": counts.reached_pct,
        "promised": counts.promised,
        "promised_pct": counts.promised_pct,
        "due": counts.due,
        "kept": counts.kept,
        "kept_pct": counts.kept_pct,
    }


def _columns() -> tuple[Column, ...]:
    return (
        Column("collector", _("Collector")),
        Column("scenario", _("Scenario")),
        Column("made", _("Calls made"), "number"),
        Column("reached", _("Reached"), "number"),
        Column("reached_pct", _("Reached (%)"), "number"),
        Column("promised", _("Promises"), "number"),
        Column("promised_pct", _("Promises (%)"), "number"),
        Column("due", _("Come due"), "number"),
        Column("kept", _("Kept"), "number"),
        Column("kept_pct", _("Kept (%)"), "number"),
    )


def _cells(counts: Counts) -> tuple[Cell, ...]:
    return tuple(_json(counts).values())
