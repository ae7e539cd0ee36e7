"""Every story ends with the proof that nothing is broken."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db):
    from amiable.apps.audit.queries import broken_invariants, invariants

    yield
    assert list(invariants())
    assert broken_invariants() == []
