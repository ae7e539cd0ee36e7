"""Figures of one organization never contain another's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amiable.apps.cases.models import Dispute
from amiable.apps.insights.models import Snapshot
from amiable.apps.insights.queries import aged_balance, dashboard, figures_as_of, snapshots
from amiable.apps.insights.services import snapshot_take
from tests import factories
from tests.apps.test_insights import credit, pay

TODAY = factories.TODAY
pytestmark = pytest.mark.django_db


def fill(slug: str, scale: int):
    """An organization with a debt, a part payment, a spare credit and a dispute."""
    org = factories.organization(slug)
    debtor = factories.customer(factories.creditor(org), name=f"Customer of {slug}")
    item = factories.invoice(debtor, total_minor=1000 * scale, due=TODAY - timedelta(days=9))
    pay(item, 100 * scale, TODAY)
    credit(debtor, 10 * scale, TODAY)
    Dispute.objects.create(
        organization=org, case=factories.case(debtor), installment=item, reason="price",
        opened_on=TODAY,
    )  # fmt: skip
    return org


def test_figures_are_the_same_whether_or_not_another_organization_exists():
    mine = fill("mine", 1)
    alone = (
        dashboard(mine.id, TODAY),
        aged_balance(mine.id, TODAY),
        figures_as_of(mine.id, TODAY - timedelta(days=20)),
    )
    other = fill("other", 1000)
    together = (
        dashboard(mine.id, TODAY),
        aged_balance(mine.id, TODAY),
        figures_as_of(mine.id, TODAY - timedelta(days=20)),
    )
    assert together == alone
    theirs = dashboard(other.id, TODAY)
    assert theirs.main.outstanding_minor == 900_000
    assert theirs.top_overdue[0].name == "Customer of other"


def test_snapshots_stay_with_their_organization():
    mine, other = fill("mine", 1), fill("other", 1000)
    snapshot_take(other.id, on=TODAY)
    assert snapshots(mine.id, "EUR", since=TODAY) == []
    snapshot_take(mine.id, on=TODAY)
    (kept,) = snapshots(mine.id, "EUR", since=TODAY)
    assert kept.figures["outstanding_minor"] == 900
    assert Snapshot.objects.get(organization=other).figures["outstanding_minor"] == 900_000
