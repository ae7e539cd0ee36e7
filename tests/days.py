"""The day on which tests of pages take place: with the fixture `_same_day`, what was collected
before midnight and runs after it stays in its day."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

TODAY: date = timezone.localdate()
