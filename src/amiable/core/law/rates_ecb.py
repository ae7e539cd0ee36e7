"""ECB main refinancing operations rate (MRO), by the day each level took effect.

The rate that C. com. L441-10 II and CCP R2192-31 refer to, in percent a year.
Every row names where it was read. Beyond KNOWN_UNTIL nothing is extrapolated.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from amiable.core.law.rates import RateFact

CHECKED_ON = date(2026, 11, 21)
# The Governing Council met on 29 October 2026 (effective about 4 November); its decision was not
# found in a source we trust, so the table ends the day before it could take effect.
KNOWN_UNTIL = date(2026, 11, 3)


MEMORY = "from memory, to be checked"
LEVEL_CHECKED = "from memory; level cross-checked with legifiscal.fr actualite 574 (decision dates)"
ECB_PAGE = "ECB key interest rates page"
ECB_TABLE = "ECB table in public code; level cross-checked with ECB press releases"
PRESS_JUNE_2026 = "ECB press release of 11 June 2026, as quoted in several public files"
PRESS_SEPTEMBER_2026 = (
    "ECB press release of 10 September 2026 (ecb.mp260910), as quoted in several public files"
)

MAIN_REFINANCING: tuple[RateFact, ...] = (
    RateFact(date(2009, 1, 21), Decimal("2.00"), MEMORY, confirmed=False),
    RateFact(date(2009, 3, 11), Decimal("1.50"), MEMORY, confirmed=False),
    RateFact(date(2009, 4, 8), Decimal("1.25"), LEVEL_CHECKED, confirmed=False),
    RateFact(date(2009, 5, 13), Decimal("1.00"), LEVEL_CHECKED, confirmed=False),
    RateFact(date(2011, 4, 13), Decimal("1.25"), LEVEL_CHECKED, confirmed=False),
    RateFact(date(2011, 7, 13), Decimal("1.50"), LEVEL_CHECKED, confirmed=False),
    RateFact(date(2011, 11, 9), Decimal("1.25"), LEVEL_CHECKED, confirmed=False),
    RateFact(date(2011, 12, 14), Decimal("1.00"), ECB_PAGE),
    RateFact(date(2012, 7, 11), Decimal("0.75"), ECB_PAGE),
    RateFact(date(2013, 5, 8), Decimal("0.50"), ECB_PAGE),
    RateFact(date(2013, 11, 13), Decimal("0.25"), ECB_PAGE),
    RateFact(date(2014, 6, 11), Decimal("0.15"), ECB_PAGE),
    RateFact(date(2014, 9, 10), Decimal("0.05"), ECB_PAGE),
    RateFact(date(2016, 3, 16), Decimal("0.00"), ECB_PAGE),
    RateFact(date(2022, 7, 27), Decimal("0.50"), ECB_PAGE),
    RateFact(date(2022, 9, 14), Decimal("1.25"), ECB_PAGE),
    RateFact(date(2022, 11, 2), Decimal("2.00"), ECB_PAGE),
    RateFact(date(2022, 12, 21), Decimal("2.50"), ECB_PAGE),
    RateFact(date(2023, 2, 8), Decimal("3.00"), ECB_PAGE),
    RateFact(date(2023, 3, 22), Decimal("3.50"), ECB_PAGE),
    RateFact(date(2023, 5, 10), Decimal("3.75"), ECB_PAGE),
    RateFact(date(2023, 6, 21), Decimal("4.00"), ECB_PAGE),
    RateFact(date(2023, 8, 2), Decimal("4.25"), ECB_PAGE),
    RateFact(date(2023, 9, 20), Decimal("4.50"), ECB_PAGE),
    RateFact(date(2024, 6, 12), Decimal("4.25"), ECB_PAGE),
    RateFact(date(2024, 9, 18), Decimal("3.65"), ECB_PAGE),
    RateFact(date(2024, 10, 23), Decimal("3.40"), ECB_PAGE),
    RateFact(date(2024, 12, 18), Decimal("3.15"), ECB_TABLE),
    RateFact(date(2025, 2, 5), Decimal("2.90"), ECB_TABLE),
    RateFact(date(2025, 3, 12), Decimal("2.65"), ECB_TABLE),
    RateFact(date(2025, 4, 23), Decimal("2.40"), ECB_TABLE),
    RateFact(date(2025, 6, 11), Decimal("2.15"), ECB_TABLE),
    RateFact(date(2026, 6, 17), Decimal("2.40"), PRESS_JUNE_2026),
    RateFact(date(2026, 9, 16), Decimal("2.65"), PRESS_SEPTEMBER_2026),
)
