"""A letter that came back: noted on the customer, told in the file, and another medium takes over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.dunning.models import Action
from amiable.apps.dunning.planning import plan_preview
from amiable.apps.insights.accounts import accounts_page
from amiable.apps.insights.alerts import alerts
from amiable.core.scenario import Scenario, Step
from tests.browser.portfolio import member
from tests.stories.portfolio.office import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    """A late customer whose reminder is a letter, else an email."""
    steps = (Step("ask", 1, "letter", "friendly", "reminder_1", fallback=("email",)),)
    return Office(Scenario("story", 1, "Story", steps))


@pytest.fixture
def clerk(office) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(office.organization, "camille@vauban.example", "collector"))
    return client


def medium(office: Office, customer, on) -> list[str]:
    (each,) = plan_preview(office.id, on=on, case_ids=[office.case(customer)])
    return [action.medium for action in each.plan.actions]


def test_a_returned_letter_is_noted_in_the_console_and_the_next_medium_takes_over(office, clerk):
    today = timezone.localdate()
    customer = office.customer(address_lines=["1 rue Vide"], postcode="44000", city="Nantes")
    office.invoice(customer, due=today - timedelta(days=9))
    assert medium(office, customer, today) == ["letter"]
    address = f"/customers/{customer.pk}/address/"
    page = clerk.post(
        address, {"mark": "invalid", "reason": "NPAI", "next": f"/customers/{customer.pk}/"},
        follow=True,
    ).content.decode()  # fmt: skip
    customer.refresh_from_db()
    assert (customer.address_invalid_since, customer.address_invalid_reason) == (today, "NPAI")
    assert "Known to be wrong" in page
    assert page.count("NPAI") >= 2  # at the address and in the history
    assert medium(office, customer, today) == ["email"]
    assert [each.code for each in alerts(office.id, today)].count("invalid_address") == 1
    assert accounts_page(office.id, today, only="unreachable").total == 1
    undo = page.partition(f'action="{address}?')[2].partition('"')[0].replace("&amp;", "&")
    clerk.post(f"{address}?{undo}")
    customer.refresh_from_db()
    assert customer.address_invalid_since is None
    assert medium(office, customer, today) == ["letter"]


def test_where_only_letters_are_foreseen_the_case_says_why_none_leaves(clerk, office):
    office.keep(
        Scenario("story", 2, "Story", (Step("ask", 1, "letter", "friendly", "reminder_1"),))
    )
    today = timezone.localdate()
    customer = office.customer(address_lines=["1 rue Vide"], postcode="44000", city="Nantes")
    office.invoice(customer, due=today - timedelta(days=9))
    clerk.post(f"/customers/{customer.pk}/address/", {"mark": "invalid"})
    assert office.why_not(customer, today) == ["stop.returned"]
    page = clerk.get(f"/customers/{customer.pk}/").content.decode()
    assert "Letters to the known postal address come back: find another address." in page
    assert "A letter came back" in page
    assert not Action.objects.filter(state__in=Action.PENDING).exists()


@pytest.mark.parametrize("mark", ["", "opted_out", "x"])
def test_an_address_is_wrong_or_right_and_nothing_else(office, clerk, mark):
    customer = office.customer()
    clerk.post(f"/customers/{customer.pk}/address/", {"mark": mark})
    customer.refresh_from_db()
    assert customer.address_invalid_since is None
