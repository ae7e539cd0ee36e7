"""A whole portfolio over random months, in the real database, against a clerk's notes in plain
Python (tests/stories/portfolio): nothing wrong leaves, nothing is doubled, nothing is lost.

`AMIABLE_PORTFOLIO=runs,steps` asks for more than the few runs of every day: `200,40` takes some
minutes. Continuous integration tries the same ones each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stories.portfolio.machine import Portfolio

RUNS, STEPS = map(int, os.environ.get("AMIABLE_PORTFOLIO", "15,30").split(","))
pytestmark = pytest.mark.django_db


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
