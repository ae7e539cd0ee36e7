"""The report on disputes: why customers contest, how it ends, how long it takes and how much it is
about, by creditor and segment. Root causes are what is worked on next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from amiable.apps.cases.dispute_reasons import ReasonRow, reasons
from amiable.apps.cases.models import Dispute
from amiable.apps.insights.reports import Report
from amiable.apps.tenants.models import Organization
from amiable.core.disputes import OUTCOMES
from amiable.core.money import Money, major
from amiable.core.tables import Cell, Column, Table

PERIOD_DAYS = 365
_OTHER = "other"  # closed without one of OUTCOMES


@dataclass(slots=True)
class Counts:
    """Disputes of one reason, creditor, segment and currency. `ended` = by outcome; `days` = from
    opening to end of each that ended; `contested_minor` = what they are about."""

    creditor: str
    segment: str
    reason: str
    label: str
    einvoicing: str
    currency: str
    opened: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    days: list[int] = field(default_factory=list)
    contested_minor: int = 0
    given_up_minor: int = 0

    @property
    def still_open(self) -> int:
        """Those that have not ended."""
        return self.opened - self.ended.total()

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """How many ended in each way, the most frequent first."""
        return self.ended.most_common()

    @property
    def average_days(self) -> int | None:
        """Days to resolve, on average, of those that ended."""
        return round(sum(self.days) / len(self.days)) if self.days else None

    @property
    def contested(self) -> Money:
        """What they are about."""
        return Money(self.contested_minor, self.currency)


def counted(
    organization_id: int,
    on: date,
    *,
    language: str,
    days: int = PERIOD_DAYS,
    currency: str = "",
) -> list[Counts]:
    """What was opened in the `days` days up to `on`, as it stood on that day: the most frequent
    first. One query, and one for each creditor."""
    rows = Dispute.objects.filter(
        organization_id=organization_id, is_mistake=False,
        opened_on__gt=on - timedelta(days=days), opened_on__lte=on,
        **({"case__currency": currency.upper()} if currency else {}),
    )  # fmt: skip
    known: dict[int, dict[str, ReasonRow]] = {}
    found: dict[tuple[Any, ...], Counts] = {}
    for creditor_id, creditor, segment, reason, money, opened, closed, ended, *amounts in (
        rows.order_by("id").values_list(
            "case__customer__creditor_id", "case__customer__creditor__name",
            "case__customer__segment", "reason", "case__currency", "opened_on", "closed_on",
            "settled_as", "amount_minor", "installment__invoice__total_minor", "settled_minor",
        )
    ):  # fmt: skip
        if creditor_id not in known:
            listed = reasons(organization_id, creditor_id)
            known[creditor_id] = {row.code: row for row in listed}
        row = known[creditor_id].get(reason)
        label = row.label(language) if row else reason.replace("_", " ")
        counts = found.setdefault(
            (creditor_id, segment, reason, money),
            Counts(creditor, segment, reason, label, row.einvoicing if row else "", money),
        )
        counts.opened += 1
        counts.contested_minor += amounts[0] or amounts[1]
        if closed is not None and closed <= on:
            counts.ended[ended or _OTHER] += 1
            counts.days.append((closed - opened).days)
            counts.given_up_minor += amounts[2]
    return sorted(found.values(), key=lambda each: (-each.opened, each.creditor, each.reason))


def disputes(
    organization: Organization, on: date, *, currency: str = "", days: int = PERIOD_DAYS
) -> Report:
    """Disputes opened in the `days` days up to `on`, and what became of them by then."""
    with translation.override(organization.language):
        found = counted(
            organization.pk, on, language=organization.language, days=days, currency=currency
        )
        title = _("Disputes of {name} opened in the {days} days up to {date}")
        table = Table(
            title=title.format(name=organization.name, days=days, date=on.isoformat()),
            columns=_columns(),
            rows=tuple(_cells(each) for each in found),
            notes=(
                _("Days: from the opening to the end, on average, of those that ended."),
                _("Amount: what is contested, else the whole invoice with VAT."),
            ),
            language=organization.language,
        )
    document = {
        "report": "disputes",
        "organization": organization.slug,
        "on": on.isoformat(),
        "period_days": days,
        "rows": [_json(each) for each in found],
    }
    return Report(document, table)


def _json(counts: Counts) -> dict[str, Any]:
    return {
        "creditor": counts.creditor,
        "segment": counts.segment,
        "reason": counts.reason,
        "einvoicing": counts.einvoicing,
        "currency": counts.currency,
        "opened": counts.opened,
        "open": counts.still_open,
        **{outcome: counts.ended[outcome] for outcome in (*OUTCOMES, _OTHER)},
        "average_days": counts.average_days,
        "contested": major(counts.contested_minor, counts.currency),
        "given_up": major(counts.given_up_minor, counts.currency),
    }


def _columns() -> tuple[Column, ...]:
    outcomes = {
        "rejected": _("Rejected"), "credit_note": _("Credit note"), "goodwill": _("Goodwill"),
        "corrected": _("Corrected"), "withdrawn": _("Withdrawn"), _OTHER: _("Other"),
    }  # fmt: skip
    return (
        Column("reason", _("Reason")),
        Column("einvoicing", _("E-invoicing code")),
        Column("creditor", _("Creditor")),
        Column("segment", _("Segment")),
        Column("opened", _("Opened"), "number"),
        Column("open", _("Still open"), "number"),
        *(Column(code, outcomes[code], "number") for code in (*OUTCOMES, _OTHER)),
        Column("average_days", _("Days"), "number"),
        Column("contested", _("Contested"), "money"),
        Column("given_up", _("Given up"), "money"),
    )


def _cells(counts: Counts) -> tuple[Cell, ...]:
    return (
        counts.label,
        counts.einvoicing,
        counts.creditor,
        counts.segment,
        counts.opened,
        counts.still_open,
        *(counts.ended[outcome] for outcome in (*OUTCOMES, _OTHER)),
        counts.average_days,
        counts.contested,
        Money(counts.given_up_minor, counts.currency),
    )
