"""French working days (Monday to Friday, less public holidays), with the local holidays; and the
days on which euro payments settle (TARGET), on which direct debits are submitted and collected.

Labour code L3133-1 (national list), L3134-13 (Alsace-Moselle), L3422-2 (overseas abolition day).
"""

from __future__ import annotations

import functools
from datetime import date, timedelta

import holidays

# ISO 3166-2 subdivisions that the holidays library knows and that differ from the mainland.
ALSACE_MOSELLE = frozenset({"57", "67", "68"})
OVERSEAS = {
    "971": "971", "972": "972", "973": "973", "974": "974", "976": "976", "977": "BL", "978": "MF",
    "975": "PM", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip


def zone_of(postcode: str, country: str = "FR") -> str:
    """Holiday zone of a French postcode: "6AE" (Alsace-Moselle), an overseas code, or ""."""
    if country not in {"", "FR"}:
        return ""
    if postcode[:2] in ALSACE_MOSELLE:
        return "6AE"
    return OVERSEAS.get(postcode[:3], "")


# IANA time zones of the holiday zones that do not live on the mainland's time.
_CLOCKS = {
    "971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne",
    "974": "Indian/Reunion", "976": "Indian/Mayotte", "BL": "America/St_Barthelemy",
    "MF": "America/Marigot", "PM": "America/Miquelon", "WF": "Pacific/Wallis",
    "PF": "Pacific/Tahiti", "NC": "Pacific/Noumea",
}  # fmt: skip


def clock_of(zone: str) -> str:
    """IANA time zone of a holiday zone."""
    return _CLOCKS.get(zone, "Europe/Paris")


@functools.lru_cache(maxsize=1024)
def public_holidays(year: int, zone: str = "") -> frozenset[date]:
    """Public holidays of a year in a zone ("" = mainland)."""
    return frozenset(holidays.country_holidays("FR", subdiv=zone or None, years=year))


@functools.lru_cache(maxsize=65536)
def is_workday(day: date, zone: str = "") -> bool:
    """Monday to Friday and not a public holiday of the zone."""
    return day.weekday() < 5 and day not in public_holidays(day.year, zone)


@functools.lru_cache(maxsize=65536)
def next_workday(day: date, zone: str = "") -> date:
    """The day itself when worked, else the first working day after it."""
    while not is_workday(day, zone):
        day += timedelta(days=1)
    return day


def add_workdays(day: date, count: int, *, zone: str = "") -> date:
    """The `count`-th working day after (or, negative, before) the day."""
    step = timedelta(days=1 if count >= 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_workday(day, zone):
            day += step
    return day


@functools.lru_cache(maxsize=1024)
def _target_closed(year: int) -> frozenset[date]:
    """TARGET closing days beside weekends: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26
    December (ECB, 14 December 2000)."""
    return frozenset(holidays.financial_holidays("ECB", years=year))


def is_target_day(day: date) -> bool:
    """Whether euro payments settle on the day."""
    return day.weekday() < 5 and day not in _target_closed(day.year)


def next_target_day(day: date) -> date:
    """The day itself when payments settle on it, else the first such day after it."""
    while not is_target_day(day):
        day += timedelta(days=1)
    return day


def add_target_days(day: date, count: int) -> date:
    """The `count`-th settlement day after (or, negative, before) the day."""
    step = timedelta(days=1 if count >= 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_target_day(day):
            day += step
    return day
