"""Experiments in words and pictures: names of arms, guardrails and properties; the chart."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.experiment.draws import ScenarioName
from amiable.apps.dunning.experiment.results import Comparison
from amiable.core.experiment import sequential
from amiable.core.experiment.arms import Balance
from amiable.interfaces.console import formats
from amiable.interfaces.console.labels import Look
from amiable.interfaces.console.scenario_words import own

ARMS: dict[str, str | Promise] = {
    "champion": _("Champion"),
    "challenger": _("Challenger"),
    "holdout": _("Held back"),
}
GUARDRAILS: dict[str, str | Promise] = {
    "disputes": _("Disputes"),
    "opt_outs": _("Opt-outs"),
    "bounces": _("Returned messages"),
    "minutes": _("Minutes of work"),
    "contacts": _("Contacts"),
}
BALANCE: dict[str, str | Promise] = {
    "open_minor": _("Open amount"),
    "overdue_days": _("Oldest delay, days"),
    "history_days": _("Usual delay, days"),
    "company": _("Companies, %"),
    "consumer": _("Consumers, %"),
    "public": _("Public bodies, %"),
}
# The same as things in which groups differ.
APART: dict[str, str | Promise] = {
    "open_minor": _("the open amount"),
    "overdue_days": _("the oldest delay"),
    "history_days": _("the usual delay"),
    "company": _("the share of companies"),
    "consumer": _("the share of consumers"),
    "public": _("the share of public bodies"),
}
TONES = {
    "stop": Look("", "bad", icon="hand-stop"),
    "undecided": Look("", "info", icon="hourglass"),
    "faster": Look("", "good", icon="circle-check"),
    "slower": Look("", "warn", icon="alert-triangle"),
    "same": Look("", "info", icon="equal"),
}


def scenario(name: ScenarioName | None) -> str:
    """A scenario version as the reader calls it."""
    return f"{own(name.name)} ({name.version})" if name else ""


def decimal(value: float | None, digits: int = 1) -> str:
    """A number that is no money; None is a dash."""
    if value is None:
        return "—"
    return formats.number(Decimal(str(round(value, digits))), digits)


def chart(looks: Sequence[sequential.Look]) -> dict[str, Any]:
    """The difference over time with its range: data for static/console/charts.js."""
    language = (get_language() or "fr")[:2]
    return {
        "kind": "band",
        "labels": [format_date(look.on, "d MMM yy", locale=language) for look in looks],
        "unit": gettext("days"),
        "names": [gettext("Difference"), gettext("Range (95 %, at every look)")],
        "values": [round(look.difference, 2) for look in looks],
        "low": [round(look.low, 2) for look in looks],
        "high": [round(look.high, 2) for look in looks],
    }


def look_rows(looks: Sequence[sequential.Look]) -> list[dict[str, Any]]:
    """The same as a table, newest first."""
    return [
        {
            "on": look.on,
            "payers": f"{formats.number(look.champion_payers)} / "
            f"{formats.number(look.other_payers)}",
            "difference": decimal(look.difference),
            "range": f"{decimal(look.low)} … {decimal(look.high)}",
            "p_value": decimal(look.p_value, 3)
            if look.p_value >= 0.0005
            else f"< {decimal(0.001, 3)}",
        }
        for look in reversed(looks)
    ]


def guardrail_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Guardrails of a comparison, written out."""
    return [
        {
            "label": GUARDRAILS[found.code],
            "champion": decimal(found.champion, 2),
            "other": decimal(found.other, 2),
            "range": "—"
            if found.low is None or found.high is None
            else f"{decimal(found.low, 2)} … {decimal(found.high, 2)}",
            "is_worse": found.is_worse,
        }
        for found in comparison.guardrails
    ]


def balance_rows(
    rows: Sequence[Balance], *, arms: Sequence[str], currency: str
) -> list[dict[str, Any]]:
    """What the arms looked like when they were drawn, one cell per arm."""
    return [
        {
            "label": BALANCE[row.code],
            "cells": [
                {"label": ARMS[arm], "text": _balance_cell(row, arm, currency)} for arm in arms
            ],
            "differences": [
                {"text": decimal(row.differences[arm], 2), "chance": decimal(row.chance[arm], 2)}
                for arm in arms
                if arm in row.differences
            ],
            "even": row.even,
            "alike": row.alike,
        }
        for row in rows
    ]


def _balance_cell(row: Balance, arm: str, currency: str) -> str:
    value = row.means.get(arm)
    if value is None:
        return "—"
    if row.code == "open_minor":
        return formats.money_short(round(value), currency)
    return decimal(value if row.code.endswith("_days") else 100 * value)
