"""Requests for payment: what may be asked of whom and by what, and where one stands afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable.core.facts import Cap
from amiable.core.requesting import MEDIA, Part, request_check, standing
from amiable.core.scenario import Scenario, Step
from tests.core.builders import DUE, facts, item

SCENARIO = Scenario("test", 1, "Test", (Step("one", 1, "email", "friendly", "t"),))
NOON = datetime.combine(DUE - timedelta(days=7), time(12), tzinfo=UTC)


def asked(case, *, ids=frozenset({1, 2}), media=MEDIA, now=NOON):
    return request_check(case, SCENARIO, item_ids=ids, media=media, now=now)


def code(verdict) -> str:
    return verdict.stop.sentence.code


def test_what_is_not_due_yet_may_be_asked_and_only_what_was_chosen():
    verdict = asked(facts(item(1), item(2), item(3)))
    assert set(verdict.asked) == {1, 2}
    assert (verdict.medium, verdict.stop, verdict.leaves) == ("email", None, True)


def test_no_minimum_keeps_a_request_back():
    case = replace(facts(item(1, open_minor=50)), min_amount_minor=10_000)
    assert asked(case).stop is None


def test_nothing_open_or_covered_by_a_credit_or_stopped_never_leaves():
    paid = asked(facts(item(1, open_minor=0)))
    assert (code(paid), paid.leaves, paid.asked) == ("stop.paid", False, {})
    owed = facts(item(1))
    covered = asked(replace(owed, unallocated_minor=owed.items[0].open_minor))
    assert (code(covered), covered.leaves) == ("stop.credit_covers", False)
    ended = asked(replace(facts(item(1)), insolvent_since=DUE))
    assert (code(ended), ended.leaves) == ("stop.insolvent", False)


def test_the_first_medium_that_reaches_is_taken_and_none_is_a_stop():
    texted = asked(replace(facts(item(1)), media=frozenset({"sms"})))
    assert texted.medium == "sms"
    nobody = asked(replace(facts(item(1)), media=frozenset()))
    assert (code(nobody), nobody.medium, nobody.leaves) == ("stop.no_email", "", False)


def test_limits_and_hours_put_a_request_off():
    capped = replace(
        facts(item(1)), caps=(Cap(1, 7),), contacts={"email": (NOON.date() - timedelta(days=1),)}
    )
    assert (code(asked(capped)), asked(capped).leaves) == ("stop.cap", True)
    night = asked(facts(item(1)), now=NOON.replace(hour=22), media=("sms",))
    assert code(night) in {"stop.quiet_hours", "stop.no_mobile"}


parts = st.builds(
    lambda opened, asked, left: Part(min(asked, opened), opened, left),
    st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 2 * 10**9),
)  # fmt: skip
flags = st.fixed_dictionaries(
    {"opened": st.booleans(), "promised": st.booleans(), "disputed": st.booleans()}
)


@given(st.lists(parts, min_size=1, max_size=5), flags)
def test_paid_is_never_more_than_asked_and_says_all_or_part(rows, said):
    where, paid = standing(rows, **said)
    total = sum(row.asked_minor for row in rows)
    assert 0 <= paid <= total
    assert (where == "paid") == (paid == total)
    assert (where == "partly_paid") == (0 < paid < total)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"disputed": True, "promised": True, "opened": True}, "disputed"),
        ({"promised": True, "opened": True}, "promised"),
        ({"opened": True}, "opened"),
        ({}, "sent"),
    ],
)
def test_words_say_more_than_a_page_that_was_looked_at(said, where):
    flags = {"opened": False, "promised": False, "disputed": False, **said}
    assert standing([Part(100, 100, 100)], **flags) == (where, 0)


def test_what_was_not_asked_for_is_no_part_of_what_is_paid():
    # Contested for 400 of 1,000: 600 were asked for, and 600 came.
    assert standing([Part(600, 1_000, 400)], opened=True, promised=False, disputed=True) == (
        "paid", 600,
    )  # fmt: skip
