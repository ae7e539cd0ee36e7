"""Payments said to be made: how long they are waited for, and that no payment serves two claims."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.links import Link
from amiable.apps.cases.models import Case, Hold, PaymentLink
from amiable.apps.dunning.answers import reply_task_close
from amiable.apps.dunning.portal import Saying, Told, portal_say, portal_told
from amiable.apps.dunning.watching import claims_close
from amiable.apps.messaging.models import Reply
from amiable.apps.receivables.models import Entry
from amiable.apps.receivables.services import credits_settle
from amiable.apps.tenants.models import Organization
from tests.apps.portal_pages import no_limits, owing, path_of, shown, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    case = owing(language="en")
    path_of(case)
    return case


def claim(case: Case, minor: int, *, days: int = 0) -> Reply:
    """Said so many days from today: the amount was paid today."""
    row = PaymentLink.objects.get()
    link = Link(row.pk, case.organization_id, case.pk, invoice_id=None, is_test=False)
    saying = Saying("already_paid", "paid", amount_minor=minor, paid_on=today(), method="card")
    now = timezone.now() + timedelta(days=days)
    portal_say(link, saying, ticket=f"t{days}", on=today() + timedelta(days=days), now=now)
    return Reply.objects.latest("id")


def arrived(case: Case, minor: int) -> None:
    credit = Entry.objects.create(
        organization=case.organization, customer=case.customer, kind="payment",
        amount_minor=-minor, currency="EUR", on_date=today(), source="test",
    )  # fmt: skip
    credits_settle(case.organization_id, [credit.pk])


def closed(*replies: Reply) -> list[bool]:
    done = dict(Reply.objects.values_list("id", "task_done_on"))
    return [done[each.pk] is not None for each in replies]


def test_one_payment_closes_one_claim_of_two_made_far_apart(case):
    first = claim(case, 60_000)
    arrived(case, 60_000)
    assert claims_close(case.organization_id, on=today()) == 1
    second, later = claim(case, 60_000, days=40), today() + timedelta(days=40)
    assert claims_close(case.organization_id, on=later) == 0
    assert closed(first, second) == [True, False]
    arrived(case, 60_000)
    assert claims_close(case.organization_id, on=later) == 1
    assert closed(second) == [True]
    assert broken_invariants() == []


def test_one_payment_closes_one_claim_of_two_that_wait_together(case):
    first, second = claim(case, 60_000), claim(case, 60_000, days=40)
    arrived(case, 60_000)
    assert claims_close(case.organization_id, on=today()) == 1
    assert closed(first, second) == [True, False]


def test_a_payment_serves_as_many_claims_as_it_is_worth(case):
    replies = [claim(case, 40_000), claim(case, 50_000, days=40), claim(case, 30_000, days=80)]
    arrived(case, 100_000)
    assert claims_close(case.organization_id, on=today()) == 2
    assert closed(*replies) == [True, True, False]
    arrived(case, 20_000)
    assert claims_close(case.organization_id, on=today()) == 1
    assert closed(*replies) == [True, True, True]


def test_the_exact_amount_is_left_to_the_claim_it_was_for(case):
    replies = [claim(case, 50_000), claim(case, 30_000, days=40)]
    arrived(case, 30_000)
    arrived(case, 50_000)
    assert claims_close(case.organization_id, on=today()) == 2
    assert closed(*replies) == [True, True]


def test_a_claim_taken_up_again_gives_its_payment_back(case):
    first = claim(case, 60_000)
    arrived(case, 60_000)
    claims_close(case.organization_id, on=today())
    reply_task_close(case.organization_id, first.pk, done=False, on=today(), actor="camille")
    assert claims_close(case.organization_id, on=today()) == 1
    assert closed(first) == [True]


def test_looking_at_many_claims_costs_the_same_queries(case, django_assert_max_num_queries):
    for days in range(0, 400, 40):
        claim(case, 10_000, days=days)
    with django_assert_max_num_queries(6):
        assert claims_close(case.organization_id, on=today()) == 0


def said(case: Case, days: int) -> Told:
    link = Link(PaymentLink.objects.get().pk, case.organization_id, case.pk, None, is_test=False)
    told = portal_told(link, f"t{days}")
    assert told is not None
    return told


def test_a_claim_waits_as_long_as_was_told_then_whatever_is_set_later(case):
    Organization.objects.update(claim_days=12)
    reply = claim(case, 60_000)
    Organization.objects.update(claim_days=3)
    until = today() + timedelta(days=12)
    assert said(case, 0).until == until
    assert Hold.objects.get().ends_on == until
    assert (reply.task, reply.task_on) == ("check_payment", until + timedelta(days=1))


def test_the_page_says_for_how_many_days_the_bank_is_looked_at(case, client):
    no_limits()
    path = path_of(case)
    Organization.objects.update(claim_days=12)
    assert "at our bank for 12 days" in shown(client, f"{path}paid/?lang=en")
    Organization.objects.update(claim_days=1)
    assert "at our bank for 1 day and" in shown(client, f"{path}paid/?lang=en")
