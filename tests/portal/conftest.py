"""What every test of the payment page begins with: a case that owes, and its link."""

from __future__ import annotations

import pytest
from django.test import Client

from amiable.apps.cases.models import Case
from tests.apps.portal_pages import no_limits, owing, path_of


@pytest.fixture(autouse=True)
def _limits(db):
    """No test asks a page so often that it is refused, but those of the limits."""
    no_limits()


@pytest.fixture
def client() -> Client:
    """A browser that is not logged in; forms need what their page gave them."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def case() -> Case:
    return owing()


@pytest.fixture
def path(case) -> str:
    return path_of(case)
