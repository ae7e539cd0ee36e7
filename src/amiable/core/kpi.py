"""Credit figures as pure functions: amounts in minor units, VAT included, of one currency.

Ratios are exact fractions, rounded only when shown; None = there is nothing to divide by. Every
Figure carries its method, its period and its perimeter, to be displayed beside it.
Definitions and traps: docs/reference/figures.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from amiable.core.sentences import Sentence, declare, gettext_noop

Unit = Literal["days", "percent"]
BucketCode = Literal["not_due", "1_30", "31_60", "61_90", "over_90"]

BUCKETS: tuple[BucketCode, ...] = ("not_due", "1_30", "31_60", "61_90", "over_90")
# Most days late of each bucket but the last.
BUCKET_ENDS = (0, 30, 60, 90)

declare(
    {
        "kpi.method.simple": gettext_noop("Balance divided by sales of {days} days, times {days}"),
        "kpi.method.count_back": gettext_noop(
            "Count-back: the balance less the sales of each month, walking backwards; "
            "the current month counts its elapsed days"
        ),
        "kpi.method.difference": gettext_noop("DSO less best possible DSO, by one method"),
        "kpi.method.overdue_ratio": gettext_noop("Overdue balance divided by total balance"),
        "kpi.method.overdue_age": gettext_noop("Days late, weighted by overdue balance"),
        "kpi.method.days_to_pay": gettext_noop(
            "Days from issue to payment, weighted by amount, payments of the last {days} days"
        ),
        "kpi.method.days_late": gettext_noop(
            "Days from due date to payment, early payments counted as negative, weighted by "
            "amount, payments of the last {days} days"
        ),
        "kpi.method.days_late_only": gettext_noop(
            "Days from due date to payment, early payments counted as zero, weighted by amount, "
            "payments of the last {days} days"
        ),
        "kpi.method.cei": gettext_noop(
            "Collected over collectable: opening balance + sales - closing balance, over opening "
            "balance + sales - closing balance not due, {days} days"
        ),
        "kpi.perimeter.gross": gettext_noop(
            "Open items with VAT in {currency}; unallocated credits not deducted; disputes included"
        ),
        "kpi.perimeter.net": gettext_noop(
            "Open items with VAT in {currency}, less unallocated credits; disputes included"
        ),
        "kpi.perimeter.undisputed": gettext_noop(
            "Open items with VAT in {currency}, without what is disputed; unallocated credits not "
            "deducted"
        ),
        "kpi.perimeter.not_due": gettext_noop(
            "Open items not yet due with VAT in {currency}; unallocated credits not deducted"
        ),
        "kpi.perimeter.overdue": gettext_noop("Overdue open items with VAT in {currency}"),
        "kpi.perimeter.paid": gettext_noop("Payments allocated to items in {currency}"),
    }
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio and what must stand beside it.

    `value` None = not applicable (nothing to divide by). `at_least` = the sales known do not
    reach back far enough to use up the balance: the true figure is higher. `period_days` is N,
    None where the method sets no period.
    """

    code: str
    value: Fraction | None
    unit: Unit
    method: Sentence
    perimeter: Sentence
    period_days: int | None = None
    at_least: bool = False

    @property
    def shown(self) -> Decimal | None:
        """The value to two decimals, half up away from zero."""
        return None if self.value is None else rounded(self.value)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Open items of one age: how many, and their balance."""

    code: BucketCode
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Aging:
    """An aged balance: the five buckets in order, from not due to over 90 days late."""

    buckets: tuple[Bucket, ...]

    @property
    def total_minor(self) -> int:
        return sum(bucket.amount_minor for bucket in self.buckets)

    @property
    def not_due_minor(self) -> int:
        return self.buckets[0].amount_minor

    @property
    def overdue_minor(self) -> int:
        return self.total_minor - self.not_due_minor

    @property
    def count(self) -> int:
        return sum(bucket.count for bucket in self.buckets)

    @property
    def overdue_count(self) -> int:
        return self.count - self.buckets[0].count


@dataclass(frozen=True, slots=True)
class DueBalance:
    """Open items that fall due on one day: how many, and what is left to pay of them."""

    due_date: date
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Paid:
    """An amount paid on an item, with the three dates that tell how it was paid."""

    amount_minor: int
    issued_on: date
    due_on: date
    paid_on: date


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """Half up away from zero: 53.245 -> 53.25."""
    scale = 10**places
    size = (2 * abs(value.numerator) * scale + value.denominator) // (2 * value.denominator)
    return Decimal(-size if value < 0 else size).scaleb(-places)


def bucket_index(days_late: int) -> int:
    """Position in BUCKETS. The due day itself is not late: lateness starts the day after."""
    return sum(days_late > end for end in BUCKET_ENDS)


def aged_balance(balances: Iterable[DueBalance], as_of: date) -> Aging:
    """Balances by days late on `as_of`."""
    counts: Counter[int] = Counter()
    amounts: Counter[int] = Counter()
    for balance in balances:
        index = bucket_index((as_of - balance.due_date).days)
        counts[index] += balance.count
        amounts[index] += balance.amount_minor
    return Aging(
        tuple(Bucket(code, counts[i], amounts[i]) for i, code in enumerate(BUCKETS)),
    )


def dso_simple(
    balance_minor: int,
    sales_by_day: Mapping[date, int],
    as_of: date,
    *,
    perimeter: Sentence,
    days: int = 90,
    code: str = "dso_simple",
) -> Figure:
    """Balance / sales of the last `days` days (as_of included) x days."""
    sales_minor = sales_of(sales_by_day, as_of, days)
    value = Fraction(balance_minor * days, sales_minor) if sales_minor > 0 else None
    if balance_minor == 0:
        value = Fraction(0)
    method = Sentence("kpi.method.simple", {"days": days})
    return Figure(code, value, "days", method, perimeter, days)


def dso_count_back(
    balance_minor: int,
    sales_by_day: Mapping[date, int],
    as_of: date,
    *,
    perimeter: Sentence,
    code: str = "dso_count_back",
) -> Figure:
    """Walk months backwards from `as_of`: a month whose sales the balance covers counts its days.

    The month of `as_of` is partial: its sales up to that day against its elapsed days. A month
    of net credit (credit notes above invoices) adds to what is left to explain, as it took from
    the sales before it. The last month counts in proportion.
    """
    method = Sentence("kpi.method.count_back")
    value, at_least = _walk_back(balance_minor, sales_by_day, as_of)
    return Figure(code, value, "days", method, perimeter, at_least=at_least)


def average_days_delinquent(dso: Figure, best_possible: Figure) -> Figure:
    """DSO - best possible DSO; both sides must come from one method."""
    if dso.method != best_possible.method:
        raise ValueError("DSO and best possible DSO must use the same method")
    value = None
    if dso.value is not None and best_possible.value is not None:
        value = dso.value - best_possible.value
    return Figure(
        "average_days_delinquent",
        value,
        "days",
        Sentence("kpi.method.difference"),
        dso.perimeter,
        dso.period_days,
        at_least=dso.at_least,
    )


def overdue_ratio(aging: Aging, *, perimeter: Sentence) -> Figure:
    """Overdue balance in percent of the total balance."""
    total = aging.total_minor
    value = Fraction(100 * aging.overdue_minor, total) if total > 0 else None
    method = Sentence("kpi.method.overdue_ratio")
    return Figure("overdue_ratio", value, "percent", method, perimeter)


def overdue_age(balances: Iterable[DueBalance], as_of: date, *, perimeter: Sentence) -> Figure:
    """Average days late of what is overdue, weighted by what is left to pay."""
    overdue = [b for b in balances if b.due_date < as_of]
    weights = [((as_of - b.due_date).days, b.amount_minor) for b in overdue]
    method = Sentence("kpi.method.overdue_age")
    return Figure("overdue_age", _average(weights), "days", method, perimeter)


def days_to_pay(paid: Iterable[Paid], *, perimeter: Sentence, days: int) -> Figure:
    """Average days from issue to payment, weighted by amount paid."""
    weights = [((p.paid_on - p.issued_on).days, p.amount_minor) for p in paid]
    method = Sentence("kpi.method.days_to_pay", {"days": days})
    return Figure("days_to_pay", _average(weights), "days", method, perimeter, days)


def days_late(
    paid: Iterable[Paid], *, perimeter: Sentence, days: int, late_only: bool = False
) -> Figure:
    """Average days from due date to payment; `late_only` counts early payments as zero days."""
    weights = [((p.paid_on - p.due_on).days, p.amount_minor) for p in paid]
    code = "days_late"
    if late_only:
        weights = [(max(0, late), amount) for late, amount in weights]
        code = "days_late_only"
    method = Sentence(f"kpi.method.{code}", {"days": days})
    return Figure(code, _average(weights), "days", method, perimeter, days)


def collection_effectiveness(
    opening_minor: int,
    sales_minor: int,
    *,
    closing_minor: int,
    closing_not_due_minor: int,
    perimeter: Sentence,
    days: int,
) -> Figure:
    """CEI in percent. Not applicable when nothing was collectable in the period."""
    base = opening_minor + sales_minor - closing_not_due_minor
    collected = opening_minor + sales_minor - closing_minor
    value = Fraction(100 * collected, base) if base > 0 else None
    method = Sentence("kpi.method.cei", {"days": days})
    return Figure("cei", value, "percent", method, perimeter, days)


def sales_of(sales_by_day: Mapping[date, int], as_of: date, days: int) -> int:
    """Sales of the last `days` days, `as_of` included."""
    return sum(amount for day, amount in sales_by_day.items() if 0 <= (as_of - day).days < days)


def _walk_back(
    balance_minor: int, sales_by_day: Mapping[date, int], as_of: date
) -> tuple[Fraction | None, bool]:
    if balance_minor <= 0:
        return Fraction(0), False
    monthly: Counter[tuple[int, int]] = Counter()
    for day, amount in sales_by_day.items():
        if day <= as_of:
            monthly[day.year, day.month] += amount
    if not monthly:
        return None, False
    earliest = min(monthly)
    left, days, last = balance_minor, 0, as_of
    while left > 0 and (last.year, last.month) >= earliest:
        sales = monthly[last.year, last.month]
        if left < sales:
            return days + Fraction(left * last.day, sales), False
        left -= sales
        days += last.day
        last = last.replace(day=1) - timedelta(days=1)
    return Fraction(days), left > 0


def _average(weights: Iterable[tuple[int, int]]) -> Fraction | None:
    """Average of (value, weight) pairs; None when the weights sum to nothing."""
    pairs = list(weights)
    total = sum(weight for _, weight in pairs)
    return Fraction(sum(value * weight for value, weight in pairs), total) if total > 0 else None
