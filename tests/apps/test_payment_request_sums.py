"""What a campaign's sums say of each payer is what its rows say, whatever happened meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from amiable.apps.cases.models import Case, Dispute, PaymentLink, Promise
from amiable.apps.dunning.models import PaymentRequest, PaymentRequestItem, RequestCampaign
from amiable.apps.dunning.requesting.following import RequestRow, requests
from amiable.apps.dunning.requesting.sending import request_key
from amiable.apps.dunning.requesting.sums import Payer, payers, total, totals
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.interfaces.console.requesting import followed, preview
from tests import factories
from tests.apps.test_payment_requests import NOW
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
OUTCOMES = ((), ("stop.no_email",), ("stop.promise",), ("said.by_nobody", "stop.no_email"))
days = st.integers(-3, 3)

lives = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["Ada", "Bea", "Cid"]),  # some share one
            "state": st.sampled_from(PaymentRequest.State.values),
            "medium": st.sampled_from(["email", "sms", ""]),
            "outcome": st.sampled_from(OUTCOMES),
            "closed": st.none() | days,
            "items": st.lists(  # asked, open then, total, paid
                st.tuples(*[st.integers(0, 120)] * 2, st.integers(1, 120), st.integers(0, 140)),
                max_size=3,
            ),
            "promises": st.lists(  # made, due, cancelled
                st.tuples(days, days, st.booleans()), max_size=2
            ),
            "dispute": st.sampled_from(["", "open", "closed"]),
            "link": st.sampled_from(["", "unused", "used", "used:test"]),
        }
    ),
    max_size=4,
)


def lived(campaign: RequestCampaign, owner: Any, number: int, life: dict[str, Any]) -> None:
    """A payer, and what happened to it."""
    org = owner.organization_id
    debtor = factories.customer(owner, f"C{number}", name=life["name"])
    case, _ = Case.objects.get_or_create(
        organization_id=org, customer=debtor, currency="EUR",
        defaults={"next_plan_on": TODAY},
    )  # fmt: skip
    closed = None if life["closed"] is None else TODAY + timedelta(life["closed"])
    row = PaymentRequest.objects.create(
        organization_id=org, campaign=campaign, case=case, state=life["state"],
        medium=life["medium"], retry_at=NOW, closed_on=closed,
        outcome=[{"code": code, "params": {}} for code in life["outcome"]],
    )  # fmt: skip
    for index, (asked, was_open, amount, paid) in enumerate(life["items"]):
        item = factories.invoice(debtor, f"F-{number}-{index}", total_minor=amount)
        PaymentRequestItem.objects.create(
            organization_id=org, request=row, installment=item, asked_minor=asked,
            open_minor=was_open,
        )  # fmt: skip
        if paid:
            parts = ((item.id, min(paid, amount)),)
            money = PaymentIn(debtor.pk, paid, "EUR", TODAY, f"p{number}-{index}", parts=parts)
            payment_record(org, money, cases={}, on=TODAY, actor="bank")
        if life["dispute"]:
            Dispute.objects.create(
                organization_id=org, case=case, installment=item, reason="price", opened_on=TODAY,
                closed_on=TODAY if life["dispute"] == "closed" else None,
            )  # fmt: skip
    for made, due, cancelled in life["promises"]:
        Promise.objects.create(
            organization_id=org, case=case, amount_minor=1, made_on=TODAY + timedelta(made),
            due_on=TODAY + timedelta(due), grace_days=1, cancelled_on=TODAY if cancelled else None,
        )  # fmt: skip
    if life["link"]:
        PaymentLink.objects.create(
            organization_id=org, case=case, digest=f"{number}", made_on=TODAY, expires_on=TODAY,
            key=request_key(campaign.pk, case.pk) + life["link"].removeprefix("used")
            .removeprefix("un"),
            first_used_on=TODAY if life["link"].startswith("used") else None,
        )  # fmt: skip


def told(row: RequestRow) -> Payer:
    """What counts of a row."""
    return Payer(
        row.id, row.standing, row.medium, row.family, row.asked.currency, row.asked.amount_minor,
        row.paid.amount_minor, row.left, row.opened_on is not None,
    )  # fmt: skip


class SumsAreOfTheRows(TestCase):
    """On random lives of random payers."""

    @given(lives=lives)
    @settings(max_examples=40, deadline=None)
    def test_the_sums_of_a_campaign_are_those_of_its_rows(self, lives):
        owner = factories.creditor(factories.organization())
        made = [campaign(owner), campaign(owner)]  # the other one's payers are not counted
        for number, life in enumerate(lives):
            lived(made[number % 3 == 2], owner, number, life)
        for each in made:
            rows = requests(owner.organization_id, each.pk, on=TODAY)
            light = payers(owner.organization_id, each.pk, on=TODAY)
            assert light == [told(row) for row in rows]
            ids = [row.id for row in rows][::-2]
            alone = requests(owner.organization_id, each.pk, on=TODAY, ids=ids)
            assert alone == rows[::-2]
            assert total(light).count == sum(t.count for t in totals(light, "standing").values())


def campaign(owner: Any) -> RequestCampaign:
    """One that payers are put into by hand."""
    return RequestCampaign.objects.create(
        organization_id=owner.organization_id, name="November", made_at=NOW, looked_at=NOW
    )


@pytest.mark.parametrize("state", ["sent", "stopped"])
def test_a_page_reads_the_rows_that_it_shows_and_no_more_queries_for_many(state):
    counts = []
    for slug, number in (("few", 2), ("many", 70)):
        owner = factories.creditor(factories.organization(slug))
        made = campaign(owner)
        life = {"name": "Ada", "state": state, "medium": "email", "outcome": ("stop.no_email",),
                "closed": 0, "items": [(100, 100, 100, 30)], "promises": [], "dispute": "",
                "link": ""}  # fmt: skip
        for index in range(number):
            lived(made, owner, index, life)
        org = owner.organization_id
        with CaptureQueriesContext(connection) as queries:
            page = followed(org, made.pk, on=TODAY, standing="", page=2 if number > 50 else 1)
            before = preview(org, made.pk, on=TODAY, now=NOW, part_minor=7)
        counts.append(len(queries))
        assert len(page.rows) == min(number, 20 if number > 50 else number)
        assert page.found.total == number
        assert [len(group.rows) for group in before.out] == (
            [min(number, 20)] if state == "stopped" else []
        )
        assert before.out_count == (number if state == "stopped" else 0)
    assert counts[0] == counts[1] <= 26
