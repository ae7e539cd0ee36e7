"""Working days with local holidays: labour code L3133-1, L3134-13, L3422-2."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.core.workdays import OVERSEAS, add_workdays, is_workday, next_workday, zone_of


@pytest.mark.parametrize("department", sorted(OVERSEAS))
def test_every_overseas_zone_has_a_calendar(department):
    assert not is_workday(date(2026, 7, 14), zone_of(f"{department}00"))


@pytest.mark.parametrize(
    ("postcode", "day"),
    [
        ("67000", date(2026, 4, 3)),  # Good Friday
        ("57000", date(2025, 12, 26)),
        ("97200", date(2026, 5, 22)),
        ("97110", date(2026, 5, 27)),
        ("97300", date(2026, 6, 10)),
        ("97600", date(2026, 4, 27)),
    ],
)
def test_local_holidays_are_not_worked(postcode, day):
    assert not is_workday(day, zone_of(postcode))
    assert is_workday(day, zone_of("49000"))


def test_abroad_there_is_no_local_zone():
    assert zone_of("97110", "DE") == ""


def test_counting_skips_weekends_and_holidays():
    assert next_workday(date(2026, 5, 1)) == date(2026, 5, 4)
    assert add_workdays(date(2026, 5, 7), 1) == date(2026, 5, 11)
    assert add_workdays(date(2026, 5, 11), -1) == date(2026, 5, 7)
