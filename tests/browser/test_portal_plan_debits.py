"""A plan paid by direct debit, on a telephone and at a desk, with and without JavaScript: the
mandate signed on the way, then the plan."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import PaymentPlan
from amiable.apps.cases.policies import policy_set
from amiable.apps.payments.debits.models import Mandate
from amiable.core.plans import Policy
from tests.apps.portal_codes import confirmed
from tests.apps.portal_pages import no_limits, owing, path_of, today
from tests.browser.accessibility import TOO_WIDE
from tests.browser.test_direct_debits import ACCOUNT, looked
from tests.browser.test_portal import DESK, PHONE, _context, _watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def path() -> str:
    no_limits()
    case = owing(ics="FR72ZZZ123456", brand_color="#0b6e4f", bic="AGRIFRPP")
    policy_set(
        case.organization_id, Policy("automatic", most_parts=6, first_pct=10), creditor_id=None,
        segment="", on=today(), actor="camille",
    )  # fmt: skip
    return path_of(case)


def _wide_enough(page: Page, name: str) -> None:
    assert not page.evaluate(TOO_WIDE), name


def signed(page: Page, path: str, name: str, *, has_script: bool = True) -> None:
    """From the choice of the means to the plan that runs; every page looked at."""
    look = looked if has_script else _wide_enough  # axe is a script, too
    page.goto(f"{path}plan/?lang=en")
    page.locator("input[name=means][value=debit]").check()
    if not has_script:
        page.locator("[data-choice] .button").click()
    expect(page.locator("[data-mandate]")).to_be_visible()
    look(page, f"{name}-choice")
    page.locator("[data-mandate]").click()
    expect(page.locator("[data-code=send]")).to_be_visible()
    look(page, f"{name}-code")
    confirmed(page)
    page.locator("input[name=iban]").fill(ACCOUNT)
    look(page, f"{name}-mandate-form")
    page.locator("form.card .button").click()
    expect(page.locator(".paper")).to_contain_text("FR72ZZZ123456")
    look(page, f"{name}-mandate-text")
    page.locator("form.card .button").click()
    expect(page.locator(".plan-paper form .button")).to_be_visible()
    look(page, f"{name}-plan-text")
    page.locator(".plan-paper form .button").click()
    confirmed(page)
    expect(page.locator("[data-plan=running]")).to_be_visible()
    look(page, f"{name}-running")
    assert PaymentPlan.objects.get().mandate_id == Mandate.objects.get().pk
    page.goto(f"{path}?lang=en")
    look(page, f"{name}-home")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_mandate_is_signed_on_the_way_to_the_plan(browser: Browser, live_server, path, size):
    pages = _watched(_context(browser, live_server, viewport=size))
    page = next(pages)
    # SQLite writes one thing at a time: that the page was touched is told in other tests.
    page.add_init_script(
        "const ask = window.fetch;"
        "window.fetch = (to, how) => how && how.keepalive ? Promise.resolve() : ask(to, how);"
    )
    signed(page, path, f"plan-debit-{size['width']}")
    for _ in pages:
        pass


def test_the_same_without_javascript(browser: Browser, live_server, path):
    pages = _watched(_context(browser, live_server, viewport=PHONE, java_script_enabled=False))
    signed(next(pages), path, "plan-debit-plain", has_script=False)
    for _ in pages:
        pass
