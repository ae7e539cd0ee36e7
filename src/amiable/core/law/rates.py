"""The shape of dated rates: from when each holds, where it was read, how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RateFact:
    """A rate in percent a year, in force from `starts_on` until the next fact of its table.

    `confirmed` False = read in no official publication: whoever uses it must say so.
    """

    starts_on: date
    rate_pct: Decimal
    source: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class LegalRate:
    """The statutory rate of one year or half-year, ends inclusive, percent a year."""

    starts_on: date
    ends_on: date
    professional_pct: Decimal
    individual_pct: Decimal
    source: str
    confirmed: bool = True
