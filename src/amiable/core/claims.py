"""What late payment adds to an invoice: interest to a day and the fixed fee, beside the principal.

The books count every payment against the invoice; the law counts it against interest first
(C. civ. art. 1343-1). The principal shown is that of the books, and the difference stands in the
interest, so that both ways of counting ask for the same sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from amiable.core.interest import Interest, Segment, interest_first
from amiable.core.law.fr import Debt, late_interest
from amiable.core.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Reduction:
    """Money received on an invoice, or a credit that lowers it (`lowers_debt`). Minor units, > 0.

    A credit note takes away principal, for ever: no interest is counted first.
    """

    on: date
    amount_minor: int
    lowers_debt: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Days on which one amount bore interest; `base_minor` = principal by law on those days."""

    base_minor: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one invoice adds up to on a day, in minor units.

    `principal_minor` = open by the books; `interest_minor` = interest still owed beside it, so
    that their sum is what the law leaves the debtor owing.
    """

    principal_minor: int
    interest_minor: int
    fixed_fee_minor: int
    runs: tuple[Run, ...] = ()
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim on one invoice, as a message shows it."""

    number: str
    due_date: date
    claim: Claim


def claim(debt: Debt, reductions: Sequence[Reduction] = ()) -> Claim:
    """The claim on `debt.until` for an invoice of `debt.amount_minor` and what reduced it since.

    Reductions after `debt.until` are left out; one of before the due date reduces the principal.
    Raises UnknownRateError where the law's rate is not known, RateError for an impossible rate.
    """
    known = sorted((r for r in reductions if r.on <= debt.until), key=lambda r: r.on)
    books = debt.amount_minor - sum(r.amount_minor for r in known)
    principal, unpaid, since = debt.amount_minor, 0, debt.since
    runs: list[Run] = []
    warnings: list[Sentence] = []
    for reduction in known:
        on, found = reduction.on, _interest(debt, principal, since, reduction.on)
        unpaid += found.interest_minor
        runs += [Run(principal, found.segments)] if found.segments else []
        warnings += found.warnings
        if reduction.lowers_debt:
            principal -= reduction.amount_minor
        else:
            to_interest, to_principal = interest_first(
                reduction.amount_minor, interest_minor=unpaid
            )
            unpaid -= to_interest
            principal -= to_principal
        since = max(on, since or on)
    last = _interest(debt, principal, since, debt.until)
    runs += [Run(principal, last.segments)] if last.segments else []
    in_time = sum(r.amount_minor for r in known if r.on <= debt.due)
    late = late_interest(debt) if debt.amount_minor > in_time else Interest(0, 0, ())
    return Claim(
        principal_minor=max(0, books),
        interest_minor=max(0, principal + unpaid + last.interest_minor - max(0, books)),
        fixed_fee_minor=late.fixed_fee_minor,
        runs=tuple(runs),
        warnings=_once([*warnings, *last.warnings]),
    )


def _interest(debt: Debt, principal: int, since: date | None, until: date) -> Interest:
    """Interest on what was left of the principal since a day; none on a credit."""
    return late_interest(
        replace(debt, amount_minor=max(0, principal), since=since, until=min(until, debt.until))
    )


def _once(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Each sentence once, in order."""
    return tuple(s for at, s in enumerate(sentences) if s not in sentences[:at])
