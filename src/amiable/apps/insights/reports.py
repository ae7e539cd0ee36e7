"""Reports as of any date, twice: a JSON document for machines and a Table for people.

Labels are in the organization's language; codes, JSON keys and amounts are not translated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from amiable.apps.insights import queries
from amiable.apps.insights.figures import PERIOD_DAYS, Figures
from amiable.apps.insights.queries import CustomerAging
from amiable.apps.tenants.models import Organization
from amiable.core.kpi import BUCKETS, Aging, Figure
from amiable.core.money import Money, major
from amiable.core.sentences import CATALOG, Sentence
from amiable.core.tables import Cell, Column, Table

DSO_FIGURES = (
    "dso_count_back", "best_possible_dso", "average_days_delinquent", "dso_simple",
    "best_possible_simple", "dso_net", "dso_undisputed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """`document` is plain JSON (amounts as strings in major units); `table` is for people."""

    document: dict[str, Any]
    table: Table


def aged_balance(organization: Organization, on: date, *, currency: str = "") -> Report:
    """Aged balance per customer, unallocated credits apart; totals per currency."""
    figures = _of_currency(queries.figures_as_of(organization.pk, on), currency)
    rows = _of_currency(queries.aged_balance(organization.pk, on), currency)
    document = {
        **_head("aged-balance", organization, on),
        "currencies": [_aged_currency(f, rows) for f in figures],
    }
    with translation.override(organization.language):
        table = Table(
            title=_("Aged balance of {name} on {date}").format(
                name=organization.name, date=on.isoformat()
            ),
            columns=_aged_columns(),
            rows=tuple(_aged_row(row) for row in rows),
            totals=tuple(_aged_total(f) for f in figures),
            notes=(
                _("Open items with VAT, by days late on that day; disputed items are included."),
                _("Credits not yet used on an item stand apart: net = total less these credits."),
            ),
            language=organization.language,
        )
    return Report(document, table)


def dso(
    organization: Organization, on: date, *, currency: str = "", days: int = PERIOD_DAYS
) -> Report:
    """DSO by every method, each with its method, period and perimeter."""
    return _ratios("dso", organization, on, currency=currency, days=days, codes=DSO_FIGURES)


def kpi(
    organization: Organization, on: date, *, currency: str = "", days: int = PERIOD_DAYS
) -> Report:
    """All figures, each with its method, period and perimeter."""
    return _ratios("kpi", organization, on, currency=currency, days=days, codes=())


def _ratios(
    name: str,
    organization: Organization,
    on: date,
    *,
    currency: str,
    days: int,
    codes: Sequence[str],
) -> Report:
    figures = _of_currency(queries.figures_as_of(organization.pk, on, days=days), currency)
    chosen = [(f, [r for r in f.ratios if not codes or r.code in codes]) for f in figures]
    document = {
        **_head(name, organization, on),
        "currencies": [
            {
                **_amounts(f),
                "sales": major(f.sales_minor, f.currency),
                "period_days": days,
                "figures": {ratio.code: _ratio_json(ratio) for ratio in ratios},
            }
            for f, ratios in chosen
        ],
    }
    with translation.override(organization.language):
        title = {"dso": _("DSO of {name} on {date}"), "kpi": _("Figures of {name} on {date}")}[name]
        table = Table(
            title=title.format(name=organization.name, date=on.isoformat()),
            columns=_ratio_columns(),
            rows=tuple(
                row
                for f, ratios in chosen
                for row in (*_amount_rows(f, days), *(_ratio_row(f.currency, r) for r in ratios))
            ),
            language=organization.language,
        )
    return Report(document, table)


def _head(name: str, organization: Organization, on: date) -> dict[str, Any]:
    return {"report": name, "organization": organization.slug, "on": on.isoformat()}


def _of_currency(found: Iterable[Any], currency: str) -> list[Any]:
    return [row for row in found if not currency or row.currency == currency.upper()]


def _aged_currency(figures: Figures, rows: list[CustomerAging]) -> dict[str, Any]:
    return {
        **_amounts(figures),
        "buckets": _buckets_json(figures.aging, figures.currency),
        "customers": [
            {
                "code": row.code,
                "name": row.name,
                "buckets": _buckets_json(row.aging, row.currency),
                "total": major(row.aging.total_minor, row.currency),
                "overdue": major(row.aging.overdue_minor, row.currency),
                "unallocated": major(row.unallocated_minor, row.currency),
                "net": major(row.net_minor, row.currency),
                "items": row.aging.count,
            }
            for row in rows
            if row.currency == figures.currency
        ],
    }


def _amounts(figures: Figures) -> dict[str, Any]:
    def text(amount_minor: int) -> str:
        return major(amount_minor, figures.currency)

    return {
        "currency": figures.currency,
        "total": text(figures.outstanding_minor),
        "not_due": text(figures.not_due_minor),
        "overdue": text(figures.overdue_minor),
        "unallocated": text(figures.unallocated_minor),
        "net": text(figures.net_minor),
        "disputed": text(figures.disputed_minor),
        "items": figures.aging.count,
        "overdue_items": figures.aging.overdue_count,
    }


def _buckets_json(aging: Aging, currency: str) -> dict[str, str]:
    return {bucket.code: major(bucket.amount_minor, currency) for bucket in aging.buckets}


def _ratio_json(figure: Figure) -> dict[str, Any]:
    return {
        "value": None if figure.shown is None else str(figure.shown),
        "unit": figure.unit,
        "at_least": figure.at_least,
        "method": str(figure.method),
        "period_days": figure.period_days,
        "perimeter": str(figure.perimeter),
    }


def bucket_labels() -> tuple[str, ...]:
    """Words for core.kpi.BUCKETS, in order, in the active language."""
    return (_("Not due"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))


def figure_label(code: str) -> str:
    """Words for the code of a figure, in the active language."""
    labels: dict[str, Callable[[], str]] = {
        "dso_count_back": lambda: _("DSO (count-back)"),
        "best_possible_dso": lambda: _("Best possible DSO (count-back)"),
        "average_days_delinquent": lambda: _("Average days delinquent"),
        "dso_simple": lambda: _("DSO (simple)"),
        "best_possible_simple": lambda: _("Best possible DSO (simple)"),
        "dso_net": lambda: _("DSO, credits deducted"),
        "dso_undisputed": lambda: _("DSO, without disputes"),
        "overdue_ratio": lambda: _("Overdue ratio"),
        "overdue_age": lambda: _("Average age of overdue"),
        "days_to_pay": lambda: _("Average days to pay"),
        "days_late": lambda: _("Average days late"),
        "days_late_only": lambda: _("Average days late, early counted as zero"),
        "cei": lambda: _("Collection effectiveness"),
    }
    return labels[code]()


def _aged_columns() -> tuple[Column, ...]:
    buckets = zip(BUCKETS, bucket_labels(), strict=True)
    return (
        Column("customer_code", _("Code")),
        Column("customer_name", _("Customer")),
        Column("currency", _("Currency")),
        *(Column(code, label, "money") for code, label in buckets),
        Column("total", _("Total"), "money"),
        Column("unallocated", _("Unallocated"), "money"),
        Column("net", _("Net"), "money"),
    )


def _aged_row(row: CustomerAging) -> tuple[Cell, ...]:
    amounts = [bucket.amount_minor for bucket in row.aging.buckets]
    amounts += [row.aging.total_minor, row.unallocated_minor, row.net_minor]
    return (row.code, row.name, row.currency, *(Money(a, row.currency) for a in amounts))


def _aged_total(figures: Figures) -> tuple[Cell, ...]:
    amounts = [bucket.amount_minor for bucket in figures.aging.buckets]
    amounts += [figures.outstanding_minor, figures.unallocated_minor, figures.net_minor]
    currency = figures.currency
    return ("", _("Total"), currency, *(Money(amount, currency) for amount in amounts))


def _ratio_columns() -> tuple[Column, ...]:
    return (
        Column("figure", _("Figure")),
        Column("currency", _("Currency")),
        Column("value", _("Value"), "number"),
        Column("unit", _("Unit")),
        Column("period_days", _("Period (days)"), "number"),
        Column("method", _("Method")),
        Column("perimeter", _("Perimeter")),
    )


def _ratio_row(currency: str, figure: Figure) -> tuple[Cell, ...]:
    unit = {"days": _("days"), "percent": "%"}[figure.unit]
    if figure.value is None:
        unit = _("n/a")
    elif figure.at_least:
        unit = _("days or more")
    return (
        figure_label(figure.code),
        currency,
        figure.shown,
        unit,
        figure.period_days,
        _say(figure.method),
        _say(figure.perimeter),
    )


def _amount_rows(figures: Figures, days: int) -> Iterator[tuple[Cell, ...]]:
    """The amounts that the ratios are made of."""
    amounts = (
        (_("Open items"), figures.outstanding_minor, None),
        (_("Not due"), figures.not_due_minor, None),
        (_("Overdue"), figures.overdue_minor, None),
        (_("Unallocated"), figures.unallocated_minor, None),
        (_("In dispute"), figures.disputed_minor, None),
        (_("Sales with VAT"), figures.sales_minor, days),
    )
    for label, amount_minor, period in amounts:
        money = Money(amount_minor, figures.currency)
        yield (label, figures.currency, money, "", period, "", "")


def _say(sentence: Sentence) -> str:
    """A sentence of the core in the active language."""
    return _(CATALOG[sentence.code]).format(**sentence.params)
