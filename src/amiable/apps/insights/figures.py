"""The figures of one currency on one day: core.kpi applied to the facts of `balances`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from amiable.core import kpi
from amiable.core.kpi import Aging, DueBalance, Figure, Paid
from amiable.core.sentences import Sentence

# N: the period of the figures that need one. A quarter smooths the month's end.
PERIOD_DAYS = 90


@dataclass(frozen=True, slots=True)
class Facts:
    """What the figures of one currency are made of. Amounts in minor units."""

    currency: str
    as_of: date
    balances: Sequence[DueBalance] = ()
    unallocated_minor: int = 0
    disputed_minor: int = 0
    opening_minor: int = 0  # balance PERIOD_DAYS before, for the CEI
    sales_by_day: Mapping[date, int] = field(default_factory=dict)
    paid: Sequence[Paid] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one currency as of one day. Amounts in minor units."""

    currency: str
    as_of: date
    aging: Aging
    unallocated_minor: int
    disputed_minor: int
    sales_minor: int
    dso: Figure
    best_possible_dso: Figure
    average_days_delinquent: Figure
    dso_simple: Figure
    best_possible_simple: Figure
    dso_net: Figure
    dso_undisputed: Figure
    overdue_ratio: Figure
    overdue_age: Figure
    days_to_pay: Figure
    days_late: Figure
    days_late_only: Figure
    cei: Figure

    @property
    def outstanding_minor(self) -> int:
        """All open items, before unallocated credits."""
        return self.aging.total_minor

    @property
    def overdue_minor(self) -> int:
        return self.aging.overdue_minor

    @property
    def not_due_minor(self) -> int:
        return self.aging.not_due_minor

    @property
    def net_minor(self) -> int:
        """Open items less the credits that are not yet used on any."""
        return self.outstanding_minor - self.unallocated_minor

    @property
    def ratios(self) -> tuple[Figure, ...]:
        """Every ratio, in the order of a report."""
        return (
            self.dso, self.best_possible_dso, self.average_days_delinquent, self.dso_simple,
            self.best_possible_simple, self.dso_net, self.dso_undisputed, self.overdue_ratio,
            self.overdue_age, self.days_to_pay, self.days_late, self.days_late_only, self.cei,
        )  # fmt: skip


def perimeter(name: str, currency: str) -> Sentence:
    """What a figure covers, as a sentence of core.kpi."""
    return Sentence(f"kpi.perimeter.{name}", {"currency": currency})


def figures(facts: Facts, *, days: int = PERIOD_DAYS) -> Figures:
    """All figures of one currency; `days` is N for those that need a period."""
    aging = kpi.aged_balance(facts.balances, facts.as_of)
    return Figures(
        currency=facts.currency,
        as_of=facts.as_of,
        aging=aging,
        unallocated_minor=facts.unallocated_minor,
        disputed_minor=facts.disputed_minor,
        sales_minor=kpi.sales_of(facts.sales_by_day, facts.as_of, days),
        **_dso(facts, aging, days),
        **_delays(facts, aging, days),
        cei=_cei(facts, aging, days),
    )


def _dso(facts: Facts, aging: Aging, days: int) -> dict[str, Figure]:
    gross, not_due = (perimeter(name, facts.currency) for name in ("gross", "not_due"))
    total = aging.total_minor

    def back(amount: int, name: str, code: str) -> Figure:
        where = perimeter(name, facts.currency)
        return kpi.dso_count_back(
            amount, facts.sales_by_day, facts.as_of, perimeter=where, code=code
        )

    dso = back(total, "gross", "dso_count_back")
    best = back(aging.not_due_minor, "not_due", "best_possible_dso")
    return {
        "dso": dso,
        "best_possible_dso": best,
        "average_days_delinquent": kpi.average_days_delinquent(dso, best),
        "dso_net": back(total - facts.unallocated_minor, "net", "dso_net"),
        "dso_undisputed": back(total - facts.disputed_minor, "undisputed", "dso_undisputed"),
        "dso_simple": kpi.dso_simple(
            total, facts.sales_by_day, facts.as_of, perimeter=gross, days=days
        ),
        "best_possible_simple": kpi.dso_simple(
            aging.not_due_minor,
            facts.sales_by_day,
            facts.as_of,
            perimeter=not_due,
            days=days,
            code="best_possible_simple",
        ),
    }


def _delays(facts: Facts, aging: Aging, days: int) -> dict[str, Figure]:
    overdue, paid = (perimeter(name, facts.currency) for name in ("overdue", "paid"))
    return {
        "overdue_ratio": kpi.overdue_ratio(aging, perimeter=perimeter("gross", facts.currency)),
        "overdue_age": kpi.overdue_age(facts.balances, facts.as_of, perimeter=overdue),
        "days_to_pay": kpi.days_to_pay(facts.paid, perimeter=paid, days=days),
        "days_late": kpi.days_late(facts.paid, perimeter=paid, days=days),
        "days_late_only": kpi.days_late(facts.paid, perimeter=paid, days=days, late_only=True),
    }


def _cei(facts: Facts, aging: Aging, days: int) -> Figure:
    return kpi.collection_effectiveness(
        facts.opening_minor,
        kpi.sales_of(facts.sales_by_day, facts.as_of, days),
        closing_minor=aging.total_minor,
        closing_not_due_minor=aging.not_due_minor,
        perimeter=perimeter("gross", facts.currency),
        days=days,
    )
