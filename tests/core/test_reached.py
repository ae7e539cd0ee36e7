"""What is known of an invoice's way, and what the strongest of it proves."""

from __future__ import annotations

from datetime import date

import pytest

from amiable.core.reached import Trace, reached

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def test_without_any_trace_nothing_is_proven():
    found = reached([])
    assert (found.strength, found.sentence.code) == ("unproven", "reached.nothing")


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        ("downloaded", "proven"), ("disputed", "proven"), ("signed", "proven"),
        ("presented", "likely"), ("used", "likely"), ("delivered", "likely"),
        ("sent", "unproven"), ("returned", "unproven"),
    ],
)  # fmt: skip
def test_each_trace_proves_its_own(kind, strength):
    found = reached([Trace(kind, MONDAY)])
    assert (found.strength, found.sentence.code) == (strength, f"reached.{kind}")
    assert found.sentence.params == {"on": MONDAY}


def test_the_strongest_counts_and_the_earliest_of_its_kind():
    traces = [Trace("sent", MONDAY), Trace("delivered", TUESDAY), Trace("delivered", MONDAY)]
    found = reached(traces)
    assert (found.sentence.code, found.sentence.params["on"]) == ("reached.delivered", MONDAY)
