"""French statutory interest rate (CMF L313-2, D313-1-A), by year until 2014, then by half-year.

`professional_pct` = "all other cases": every creditor that is a company, even against a consumer.
`individual_pct` = creditors who are natural persons acting outside their trade.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from amiable.core.law.rates import LegalRate

CHECKED_ON = date(2026, 11, 21)

ANNUAL = "single annual rate (lexisnexis.fr taux_interet_legal, huissier-78-fourgnaud.fr)"
TABLE = "laclef.eu table reproducing service-public.fr"
ORDER_2026S1 = "Arrêté of 15 December 2025, JORF 0302 of 26 December 2025, art. 1 (juriblio.fr)"
SECONDARY = (
    "secondary sources only, to be confirmed in the JO: two independent public-code tables "
    "(read 2026-09-03) and the published floor 8.25 = 3 x 2.75"
)


def _row(start: str, end: str, professional: str, individual: str, source: str) -> LegalRate:
    return LegalRate(
        date.fromisoformat(start),
        date.fromisoformat(end),
        Decimal(professional),
        Decimal(individual),
        source,
        confirmed=source is not SECONDARY,
    )


STATUTORY: tuple[LegalRate, ...] = (
    _row("1990-01-01", "1990-12-31", "9.36", "9.36", ANNUAL),
    _row("1991-01-01", "1991-12-31", "10.26", "10.26", ANNUAL),
    _row("1992-01-01", "1992-12-31", "9.69", "9.69", ANNUAL),
    _row("1993-01-01", "1993-12-31", "10.40", "10.40", ANNUAL),
    _row("1994-01-01", "1994-12-31", "8.40", "8.40", ANNUAL),
    _row("1995-01-01", "1995-12-31", "5.82", "5.82", ANNUAL),
    _row("1996-01-01", "1996-12-31", "6.65", "6.65", ANNUAL),
    _row("1997-01-01", "1997-12-31", "3.87", "3.87", ANNUAL),
    _row("1998-01-01", "1998-12-31", "3.36", "3.36", ANNUAL),
    _row("1999-01-01", "1999-12-31", "3.47", "3.47", ANNUAL),
    _row("2000-01-01", "2000-12-31", "2.74", "2.74", ANNUAL),
    _row("2001-01-01", "2001-12-31", "4.26", "4.26", ANNUAL),
    _row("2002-01-01", "2002-12-31", "4.26", "4.26", ANNUAL),
    _row("2003-01-01", "2003-12-31", "3.29", "3.29", ANNUAL),
    _row("2004-01-01", "2004-12-31", "2.27", "2.27", ANNUAL),
    _row("2005-01-01", "2005-12-31", "2.05", "2.05", ANNUAL),
    _row("2006-01-01", "2006-12-31", "2.11", "2.11", ANNUAL),
    _row("2007-01-01", "2007-12-31", "2.95", "2.95", ANNUAL),
    _row("2008-01-01", "2008-12-31", "3.99", "3.99", ANNUAL),
    _row("2009-01-01", "2009-12-31", "3.79", "3.79", ANNUAL),
    _row("2010-01-01", "2010-12-31", "0.65", "0.65", ANNUAL),
    _row("2011-01-01", "2011-12-31", "0.38", "0.38", ANNUAL),
    _row("2012-01-01", "2012-12-31", "0.71", "0.71", ANNUAL),
    _row("2013-01-01", "2013-12-31", "0.04", "0.04", ANNUAL),
    _row("2014-01-01", "2014-12-31", "0.04", "0.04", ANNUAL),
    _row("2015-01-01", "2015-06-30", "0.93", "4.06", TABLE),
    _row("2015-07-01", "2015-12-31", "0.99", "4.29", f"{TABLE}; Arrêté 24-06-2015"),
    _row("2016-01-01", "2016-06-30", "1.01", "4.54", f"{TABLE}; Arrêté 23-12-2015 JO 27-12-2015"),
    _row("2016-07-01", "2016-12-31", "0.93", "4.35", TABLE),
    _row("2017-01-01", "2017-06-30", "0.90", "4.16", TABLE),
    _row("2017-07-01", "2017-12-31", "0.90", "3.94", f"{TABLE}; Arrêté 26-06-2017 JO 30-06-2017"),
    _row("2018-01-01", "2018-06-30", "0.89", "3.73", TABLE),
    _row("2018-07-01", "2018-12-31", "0.88", "3.60", f"{TABLE}; Arrêté 27-06-2018 JO 28-06-2018"),
    _row("2019-01-01", "2019-06-30", "0.86", "3.40", TABLE),
    _row("2019-07-01", "2019-12-31", "0.87", "3.26", TABLE),
    _row("2020-01-01", "2020-06-30", "0.87", "3.15", TABLE),
    _row("2020-07-01", "2020-12-31", "0.84", "3.11", TABLE),
    _row("2021-01-01", "2021-06-30", "0.79", "3.14", TABLE),
    _row("2021-07-01", "2021-12-31", "0.76", "3.12", TABLE),
    _row("2022-01-01", "2022-06-30", "0.76", "3.13", TABLE),
    _row("2022-07-01", "2022-12-31", "0.77", "3.15", TABLE),
    _row("2023-01-01", "2023-06-30", "2.06", "4.47", TABLE),
    _row(
        "2023-07-01", "2023-12-31", "4.22", "6.82", f"{TABLE}; Arrêté ECOT2317028A 27-06-2023 JO 30"
    ),
    _row("2024-01-01", "2024-06-30", "5.07", "8.01", TABLE),
    _row("2024-07-01", "2024-12-31", "4.92", "8.16", TABLE),
    _row("2025-01-01", "2025-06-30", "3.71", "7.21", TABLE),
    _row(
        "2025-07-01", "2025-12-31", "2.76", "6.65", f"{TABLE}; Arrêté ECOT2516925A 19-06-2025 JO 24"
    ),
    _row("2026-01-01", "2026-06-30", "2.62", "6.67", ORDER_2026S1),
    _row("2026-07-01", "2026-12-31", "2.75", "6.84", SECONDARY),
)
