"""Paying in several times, on a telephone and at a desk, with and without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from amiable.apps.cases.models import PaymentPlan, PlanProposal, Promise
from amiable.apps.cases.policies import policy_set
from amiable.core.plans import Policy
from tests.apps.portal_codes import confirmed
from tests.apps.portal_pages import no_limits, owing, path_of, today
from tests.browser.test_portal import DESK, PHONE, _check, _context, _watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def path() -> str:
    no_limits()
    case = owing(kind="consumer", brand_color="#0b6e4f", bic="AGRIFRPP")
    policy_set(
        case.organization_id, Policy("automatic", most_parts=6, first_pct=10), creditor_id=None,
        segment="", on=today(), actor="camille",
    )  # fmt: skip
    return path_of(case)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_plan_is_slid_read_and_signed(browser: Browser, live_server, path, size):
    pages = _watched(_context(browser, live_server, viewport=size))
    page = next(pages)
    # SQLite writes one thing at a time: that the page was touched is told in other tests.
    page.add_init_script(
        "const ask = window.fetch;"
        "window.fetch = (to, how) => how && how.keepalive ? Promise.resolve() : ask(to, how);"
    )
    page.goto(f"{path}later/?lang=en")
    page.locator("a[href*='/plan/']").click()
    slider = page.get_by_role("slider")
    expect(page.locator(".plan-paper .instalments li")).to_have_count(3)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".plan-paper .instalments li")).to_have_count(4)
    assert slider.get_attribute("aria-valuetext").startswith("4 ")
    _check(page, "plan")
    page.locator(".plan-paper form .button").click()
    confirmed(page)
    expect(page.locator("[data-plan=running]")).to_be_visible()
    _check(page, "plan")
    assert Promise.objects.count() == 4
    assert PlanProposal.objects.get().language == "en"
    page.goto(f"{path}?lang=en")
    expect(page.locator(".said progress")).to_be_visible()
    _check(page, "home")
    for _ in pages:
        pass


def test_without_javascript_the_number_is_a_list_and_the_button_shows_the_days(
    browser: Browser, live_server, path
):
    pages = _watched(_context(browser, live_server, viewport=PHONE, java_script_enabled=False))
    page = next(pages)
    page.goto(f"{path}plan/?lang=en")
    page.locator("select[name=count]").select_option("5")
    first = today() + timedelta(days=10)
    page.locator("[data-choice] input[name=first_on]").fill(first.isoformat())
    page.locator("[data-choice] .button").click()
    expect(page.locator(".plan-paper .instalments li")).to_have_count(5)
    page.locator(".ack summary").click()
    page.locator("input[name=acknowledges]").check()
    page.locator(".plan-paper form .button").click()
    confirmed(page)
    expect(page.locator("[data-plan=running]")).to_be_visible()
    assert PlanProposal.objects.get().acknowledges
    assert PaymentPlan.objects.count() == 1
    for _ in pages:
        pass
