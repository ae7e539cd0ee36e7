"""French late-payment interest: which rate holds on which day, for which kind of debtor.

b2b: C. com. L441-10 II. public: Code de la commande publique R2192-31 to -36. consumer:
C. civ. 1231-6 and 1344-1 with CMF L313-2. Tables are dated facts: an unknown half-year raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from amiable.core.interest import (
    DayCount,
    Interest,
    RateError,
    RateSpan,
    UnknownRateError,
    accrue,
)
from amiable.core.law.rates import LegalRate, RateFact
from amiable.core.law.rates_ecb import KNOWN_UNTIL, MAIN_REFINANCING
from amiable.core.law.rates_legal import STATUTORY
from amiable.core.sentences import Sentence, declare, gettext_noop

Regime = Literal["b2b", "consumer", "public"]

B2B_MARGIN_PCT = Decimal(10)  # C. com. L441-10 II
PUBLIC_MARGIN_PCT = Decimal(8)  # CCP R2192-31
FLOOR_FACTOR = 3  # a contract rate is at least three times the legal rate (L441-10 II)
FIXED_FEE_MINOR = 4000  # 40 EUR per invoice: C. com. D441-5, CCP D2192-35

# Half-year anchoring since 1 January 2013; before, each day bears the latest ECB rate.
HALF_YEARS_SINCE = date(2013, 1, 1)
# The fixed fee exists for delays that began from this day on.
FIXED_FEE_SINCE = date(2013, 1, 1)
# Public interest that began earlier followed other margins (not in our tables).
PUBLIC_SINCE = date(2013, 7, 1)
LARGEST_CONTRACT_RATE_PCT = Decimal(1000)

declare(
    {
        "interest.unknown_rate": gettext_noop(
            "The rate of half-year {period} is not known ({table}): nothing is extrapolated. "
            "Update the rate tables, or compute up to an earlier day."
        ),
        "interest.unconfirmed_rate": gettext_noop(
            "The rate of {period} is not officially confirmed: {source}."
        ),
        "interest.below_floor": gettext_noop(
            "The contract rate {rate} % is below the legal floor of {floor} % in {period} "
            "(three times the legal rate, C. com. L441-10 II)."
        ),
        "interest.unknown_floor": gettext_noop(
            "The legal floor of {period} is not known: the contract rate was not checked."
        ),
        "interest.consumer_notice": gettext_noop(
            "A consumer owes interest from the receipt of the formal notice only (C. civ. 1344-1): "
            "{date} was taken as that day."
        ),
        "interest.consumer_contract": gettext_noop(
            "A contract rate against a consumer can be held unfair when it is out of proportion "
            "(C. conso. R212-2, 3°)."
        ),
        "interest.public_rate": gettext_noop(
            "The rate owed by a public purchaser is set by decree (CCP R2192-31): "
            "a contract rate cannot be given."
        ),
        "interest.bad_rate": gettext_noop(
            "{rate} is not a yearly rate in percent between 0 and {largest}, of at most six "
            "decimals."
        ),
        "interest.source.b2b": gettext_noop(
            "ECB main refinancing rate {rate} % on {date} + {margin} points "
            "(C. com. L441-10 II; {source})"
        ),
        "interest.source.public": gettext_noop(
            "ECB main refinancing rate {rate} % on {date} + {margin} points, frozen "
            "(CCP R2192-31; {source})"
        ),
        "interest.source.legal": gettext_noop(
            "Legal interest rate of {period}, professional creditor (CMF L313-2; {source})"
        ),
        "interest.source.contract": gettext_noop("Contract rate"),
    }
)

ECB_TABLE = "ECB main refinancing rate"
LEGAL_TABLE = "French legal interest rate"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Debt:
    """What interest is asked on: `amount_minor` VAT included, unpaid from `due` to `until`.

    `notice` = receipt of the formal notice (consumers). `since` = day up to which interest was
    already counted, for what is left after a partial payment; the frozen public rate still
    follows `due`.
    """

    amount_minor: int
    due: date
    until: date
    regime: Regime = "b2b"
    contract_rate_pct: Decimal | None = None
    notice: date | None = None
    since: date | None = None


def late_interest(debt: Debt, *, day_count: DayCount = "365") -> Interest:
    """Interest from the day after the due date to `until`, both counted, and the fixed fee.

    Nothing is owed when `until` <= `due`. Raises UnknownRateError for a half-year without a known
    rate, RateError for a contract rate that cannot be.
    """
    if debt.contract_rate_pct is not None:
        _check_contract_rate(debt.contract_rate_pct, debt.regime)
    started_after = debt.due
    if debt.regime == "consumer" and debt.notice is not None:
        started_after = max(debt.due, debt.notice)
    started_after = max(started_after, debt.since or started_after)
    if debt.until <= started_after:
        return Interest(0, _fixed_fee_minor(debt), ())
    spans, warnings = _spans(debt, started_after + DAY)
    segments = accrue(debt.amount_minor, spans, day_count=day_count)
    return Interest(
        sum(segment.amount_minor for segment in segments),
        _fixed_fee_minor(debt),
        segments,
        warnings,
    )


def half_year(day: date) -> str:
    """The half-year of a day: "2026S2"."""
    return f"{day.year}S{1 if day.month <= 6 else 2}"


def half_year_start(day: date) -> date:
    """First day of the half-year of a day."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def refinancing_rate(day: date) -> RateFact:
    """The ECB rate in force on a day. Raises UnknownRateError outside the table."""
    fact = next((f for f in reversed(MAIN_REFINANCING) if f.starts_on <= day), None)
    if fact is None or day > KNOWN_UNTIL:
        raise _unknown(day, ECB_TABLE)
    return fact


def legal_rate(day: date) -> LegalRate:
    """The statutory rate in force on a day. Raises UnknownRateError outside the table."""
    for row in reversed(STATUTORY):
        if row.starts_on <= day <= row.ends_on:
            return row
    raise _unknown(day, LEGAL_TABLE)


def _spans(debt: Debt, first: date) -> tuple[list[RateSpan], tuple[Sentence, ...]]:
    if debt.contract_rate_pct is not None:
        source = Sentence("interest.source.contract")
        span = RateSpan(first, debt.until, debt.contract_rate_pct, source)
        if debt.regime == "consumer":
            return [span], (*_notice_warning(debt), Sentence("interest.consumer_contract"))
        return [span], _floor_warnings(debt.contract_rate_pct, first, debt.until)
    if debt.regime == "b2b":
        return _b2b_spans(first, debt.until)
    if debt.regime == "public":
        return _public_spans(debt, first)
    spans, warnings = _consumer_spans(first, debt.until)
    return spans, (*_notice_warning(debt), *warnings)


def _b2b_spans(first: date, until: date) -> tuple[list[RateSpan], tuple[Sentence, ...]]:
    """Anchored again at each half-year; day by day before HALF_YEARS_SINCE."""
    spans, facts = [], []
    for start, end in _periods(first, until):
        anchor = half_year_start(start) if start >= HALF_YEARS_SINCE else start
        fact = refinancing_rate(anchor)
        facts.append((half_year(start), fact))
        spans.append(_margin_span("interest.source.b2b", start, end, fact, anchor))
    return spans, _unconfirmed(facts)


def _public_spans(debt: Debt, first: date) -> tuple[list[RateSpan], tuple[Sentence, ...]]:
    """One rate, that of the half-year in which interest began, whatever comes later."""
    began = debt.due + DAY
    if began < PUBLIC_SINCE:
        raise _unknown(began, ECB_TABLE)
    anchor = half_year_start(began)
    fact = refinancing_rate(anchor)
    span = _margin_span("interest.source.public", first, debt.until, fact, anchor)
    return [span], _unconfirmed([(half_year(began), fact)])


def _consumer_spans(first: date, until: date) -> tuple[list[RateSpan], tuple[Sentence, ...]]:
    spans, facts = [], []
    start = first
    while start <= until:
        row = legal_rate(start)
        end = min(until, row.ends_on)
        period = _legal_period(row)
        source = Sentence("interest.source.legal", {"period": period, "source": row.source})
        spans.append(RateSpan(start, end, row.professional_pct, source))
        facts.append((period, row))
        start = end + DAY
    return spans, _unconfirmed(facts)


def _margin_span(code: str, start: date, end: date, fact: RateFact, anchor: date) -> RateSpan:
    margin = B2B_MARGIN_PCT if code == "interest.source.b2b" else PUBLIC_MARGIN_PCT
    source = Sentence(
        code,
        {
            "rate": str(fact.rate_pct),
            "date": anchor,
            "margin": str(margin),
            "source": fact.source,
        },
    )
    return RateSpan(start, end, fact.rate_pct + margin, source)


def _periods(first: date, until: date) -> Iterator[tuple[date, date]]:
    """The days cut where a new rate can begin: half-years, and ECB changes before 2013."""
    start = first
    while start <= until:
        if start >= HALF_YEARS_SINCE:
            following = _next_half_year(start)
        else:
            changes = [f.starts_on for f in MAIN_REFINANCING if f.starts_on > start]
            following = min([*changes, HALF_YEARS_SINCE])
        yield start, min(until, following - DAY)
        start = following


def _next_half_year(day: date) -> date:
    return date(day.year, 7, 1) if day.month <= 6 else date(day.year + 1, 1, 1)


def _check_contract_rate(rate: Decimal, regime: Regime) -> None:
    exact = rate.is_finite() and 0 <= rate <= LARGEST_CONTRACT_RATE_PCT
    if not exact or rate.scaleb(6) != rate.scaleb(6).to_integral_value():
        largest = str(LARGEST_CONTRACT_RATE_PCT)
        raise RateError(Sentence("interest.bad_rate", {"rate": str(rate), "largest": largest}))
    if regime == "public":
        raise RateError(Sentence("interest.public_rate"))


def _floor_warnings(rate: Decimal, first: date, until: date) -> tuple[Sentence, ...]:
    """Every half-year in which the rate is below the floor; stops at the first unknown floor."""
    warnings = []
    start = first
    while start <= until:
        period = half_year(start)
        try:
            row = legal_rate(start)
        except UnknownRateError:
            warnings.append(Sentence("interest.unknown_floor", {"period": period}))
            break
        floor = FLOOR_FACTOR * row.professional_pct
        if rate < floor:
            params = {"rate": f"{rate:f}", "floor": str(floor), "period": period}
            warnings.append(Sentence("interest.below_floor", params))
            warnings += _unconfirmed([(period, row)])
        start = _next_half_year(start)
    return tuple(warnings)


def _notice_warning(debt: Debt) -> tuple[Sentence, ...]:
    if debt.notice is not None:
        return ()
    return (Sentence("interest.consumer_notice", {"date": debt.due}),)


def _unconfirmed(facts: Sequence[tuple[str, RateFact | LegalRate]]) -> tuple[Sentence, ...]:
    return tuple(
        Sentence("interest.unconfirmed_rate", {"period": period, "source": fact.source})
        for period, fact in facts
        if not fact.confirmed
    )


def _fixed_fee_minor(debt: Debt) -> int:
    """40 EUR per invoice paid late, from the first day, by law; never from a consumer (D441-5)."""
    late = debt.until > debt.due and debt.due >= FIXED_FEE_SINCE - DAY
    return FIXED_FEE_MINOR if late and debt.regime != "consumer" else 0


def _legal_period(row: LegalRate) -> str:
    """ "2026S2", or "2012" for the years of one annual rate."""
    annual = row.ends_on.month - row.starts_on.month > 6
    return str(row.starts_on.year) if annual else half_year(row.starts_on)


def _unknown(day: date, table: str) -> UnknownRateError:
    period = half_year(day)
    return UnknownRateError(
        Sentence("interest.unknown_rate", {"period": period, "table": table}), period
    )
