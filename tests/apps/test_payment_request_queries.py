"""What requests for payment cost: within a chunk, as many queries for few payers as for many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amiable.apps.dunning.requesting.campaigns import campaign_confirm
from amiable.apps.dunning.requesting.drawing import Wish, campaign_draw
from amiable.apps.dunning.requesting.following import requests
from amiable.apps.receivables.models import Installment
from tests import factories
from tests.apps.test_payment_requests import NOW, TODAY, WHO

pytestmark = pytest.mark.django_db


def queries(slug: str, payers: int) -> list[int]:
    """Of drawing a campaign up, confirming it and following it."""
    owner = factories.creditor(factories.organization(slug))
    for number in range(payers):
        debtor = factories.customer(owner, f"C{number}", email=f"{slug}{number}@client.example")
        factories.invoice(debtor, f"F-{number}", due=TODAY + timedelta(days=30), issued=TODAY)
    org = owner.organization_id
    ids = set(Installment.objects.filter(organization_id=org).values_list("id", flat=True))
    with CaptureQueriesContext(connection) as drawing:
        campaign_id = campaign_draw(org, Wish("By hand"), ids, **WHO)
    with CaptureQueriesContext(connection) as confirming:
        assert campaign_confirm(org, campaign_id, **WHO) == payers
    with CaptureQueriesContext(connection) as following:
        assert len(requests(org, campaign_id, on=NOW.date())) == payers
    return [len(drawing), len(confirming), len(following)]


def test_a_campaign_costs_as_many_queries_for_three_payers_as_for_sixty(settings):
    settings.BASE_URL = "https://relance.example"
    assert queries("few", 3) == queries("many", 60)
