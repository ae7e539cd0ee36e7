"""A whole portfolio over random months, in the real database, against a clerk's notes in plain
Python (tests/stories/portfolio): nothing wrong leaves, nothing is doubled, nothing is lost.

It is asked for by `AMIABLE_PORTFOLIO=runs,steps` and not run otherwise: it still finds situations in
which the clerk and the planner disagree, and each has to be judged before it can guard every commit.
`AMIABLE_PORTFOLIO=40,30 pytest tests/stories/test_portfolio.py` takes a minute or two.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stories.portfolio.machine import Portfolio

ASKED = os.environ.get("AMIABLE_PORTFOLIO", "")
RUNS, STEPS = map(int, (ASKED or "40,30").split(","))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not ASKED, reason="asked for by AMIABLE_PORTFOLIO=runs,steps"),
]


def test_a_portfolio_lives_through_random_months_and_its_safety_holds():
    run_state_machine_as_test(
        Portfolio,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
