"""A simulation between its document and its page: the form, the chart, the pages of its lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.simulation.runs import Asked, Scope
from amiable.apps.dunning.simulation.tally import UnitCosts
from amiable.core.money import major, minor
from amiable.interfaces.console import formats, labels
from amiable.interfaces.console.forms import AmountField

PAGE_SIZE = 25
MEDIA = ("email", "sms", "letter", "registered_letter", "phone", "task")
COSTS = ("letter", "registered_letter", "sms")
MINUTES = ("phone", "task")
HORIZON = timedelta(days=30)


class SimulationForm(forms.Form):
    """What to simulate; prices and times that are left empty are the usual ones."""

    scenario = forms.SlugField(max_length=60, required=False, label=_("Scenario"))
    first = forms.DateField(input_formats=["%Y-%m-%d"], label=_("From"))
    last = forms.DateField(input_formats=["%Y-%m-%d"], label=_("Until"))
    creditor = forms.CharField(max_length=40, required=False, label=_("Creditor"))
    kind = forms.ChoiceField(
        choices=lambda: [("", ""), *labels.choices("customer")], required=False, label=_("Kind")
    )
    segment = forms.CharField(max_length=60, required=False, label=_("Segment"))
    letter = AmountField(required=False, label=_("Letter"))
    registered_letter = AmountField(required=False, label=_("Registered letter"))
    sms = AmountField(required=False, label=_("Text message"))
    phone = forms.IntegerField(
        min_value=0, max_value=999, required=False, label=_("Minutes of a call")
    )
    task = forms.IntegerField(
        min_value=0, max_value=999, required=False, label=_("Minutes of a task")
    )

    def asked(self, usual: UnitCosts) -> Asked:
        """The simulation asked for, once the form is valid; `usual` = what was left empty costs."""
        given = self.cleaned_data
        costs = _given(given, COSTS, usual.cost_minor)
        minutes = _given(given, MINUTES, usual.minutes)
        return Asked(
            first=given["first"],
            last=given["last"],
            scenario=given["scenario"],
            scope=Scope(given["creditor"], given["kind"], given["segment"].strip()),
            costs=UnitCosts(costs, minutes),
        )


def headline(document: Mapping[str, Any]) -> dict[str, Any]:
    """The totals with their amounts in minor units, for the filters of the templates."""
    totals, difference = document["totals"], document.get("difference")
    return {
        **totals,
        "amount_minor": minor(totals["amount"], totals["currency"]),
        "cost_minor": minor(totals["cost"]),
        "more_cost_minor": minor(difference["cost"]) if difference else 0,
        "running_cost_minor": minor(difference["running"]["cost"]) if difference else 0,
    }


def usual(today: date, costs: UnitCosts) -> dict[str, Any]:
    """What a new form proposes: the running scenarios over the next thirty days."""
    return {
        "first": today.isoformat(),
        "last": (today + HORIZON).isoformat(),
        "prices": [
            {
                "name": medium,
                "label": labels.look("medium", medium).label,
                "value": formats.number(_decimal(costs.cost_minor[medium]), 2),
            }
            for medium in COSTS
        ],
        "times": [
            {
                "name": medium,
                "label": labels.look("medium", medium).label,
                "value": costs.minutes[medium],
            }
            for medium in MINUTES
        ],
    }


def bars(document: Mapping[str, Any]) -> dict[str, Any]:
    """Contacts of each day, stacked by medium; every working day with anything has its bar."""
    days = document["days"]
    used = [medium for medium in MEDIA if document["totals"]["by_medium"].get(medium)]
    return {
        "kind": "bars",
        "labels": [formats.day(date.fromisoformat(day["date"])) for day in days],
        "series": [
            {
                "code": medium,
                "label": str(labels.look("medium", medium).label),
                "values": [day["by_medium"].get(medium, 0) for day in days],
            }
            for medium in used
        ],
    }


def table(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same as rows: per day the counts by medium in the order of `media`, cost, minutes."""
    used = [medium for medium in MEDIA if document["totals"]["by_medium"].get(medium)]
    rows = [_row(day, used) for day in document["days"]]
    return {"media": used, "rows": rows, "total": _row(document["totals"], used)}


def media_compared(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per medium: how many under the running scenarios, how many simulated, the difference."""
    difference = document["difference"]
    running = difference["running"]["by_medium"]
    after = document["totals"]["by_medium"]
    return [
        {
            "medium": medium,
            "running": running.get(medium, 0),
            "simulated": after.get(medium, 0),
            "more": after.get(medium, 0) - running.get(medium, 0),
        }
        for medium in MEDIA
        if running.get(medium) or after.get(medium)
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list that is whole in memory."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int


def paged(rows: Sequence[Mapping[str, Any]], number: int) -> Page:
    """One page of contacts, amounts in minor units; beyond the end, the last."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(max(number, 1), pages)
    start = (number - 1) * PAGE_SIZE
    shown = [
        {**row, "amount_minor": minor(row["amount"], row["currency"])}
        for row in rows[start : start + PAGE_SIZE]
    ]
    return Page(shown, number, pages, len(rows))


def chosen(
    contacts: Sequence[Mapping[str, Any]], *, day: str, medium: str
) -> list[Mapping[str, Any]]:
    """The contacts of a day and of a medium; "" = all."""
    return [
        contact
        for contact in contacts
        if day in ("", contact["date"]) and medium in ("", contact["medium"])
    ]


def _row(counts: Mapping[str, Any], media: Sequence[str]) -> dict[str, Any]:
    return {
        "date": counts.get("date"),
        "counts": [counts["by_medium"].get(medium, 0) for medium in media],
        "cost_minor": minor(counts["cost"]),
        "minutes": counts["minutes"],
    }


def _given(
    given: Mapping[str, Any], names: Sequence[str], usual_ones: Mapping[str, int]
) -> dict[str, int]:
    return {
        name: usual_ones[name] if given[name] is None else max(0, given[name]) for name in names
    }


def _decimal(amount_minor: int) -> Decimal:
    return Decimal(major(amount_minor))
