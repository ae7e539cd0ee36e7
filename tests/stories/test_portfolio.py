"""A whole portfolio over random months, in the real database, against a clerk's notes in plain
Python (tests/stories/portfolio): nothing wrong leaves, nothing is doubled, nothing is lost.

By default a minute's worth. `AMIABLE_PORTFOLIO=runs,steps` searches longer, with other seeds each
time unless CI is set: `AMIABLE_PORTFOLIO=400,60 pytest tests/stories/test_portfolio.py`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stories.portfolio.machine import Portfolio

pytestmark = pytest.mark.django_db

RUNS, STEPS = map(int, os.environ.get("AMIABLE_PORTFOLIO", "40,30").split(","))


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
