"""Virtual IBANs in a browser: accessible and fitting pages, one given and ended from the keyboard."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment, VirtualIbanPolicy
from amiable.apps.payments.virtual_ibans.assigning import virtual_iban_assign, virtual_iban_end
from amiable.apps.tenants.models import Creditor
from tests.apps.test_virtual_ibans import ibans, take
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("AMIABLE_SHOTS", "")


def pool(story) -> list[VirtualIban]:
    """Four IBANs: two in use (one for an invoice), one that rests, one free; few are left."""
    owner = Creditor.objects.get(organization=story.organization)
    take(owner, ibans(4), on=story.today - timedelta(days=20))
    VirtualIbanPolicy.objects.create(
        organization=story.organization, creditor=owner, assign="customer"
    )
    rows = list(VirtualIban.objects.order_by("id"))
    who = {"on": story.today - timedelta(days=15), "actor": "camille@vauban.example", "cases": {}}
    org, (one, two, *_) = story.organization.pk, story.customers
    invoice = one.invoices.first()
    virtual_iban_assign(org, rows[0].pk, one.pk, **who)
    virtual_iban_assign(org, rows[1].pk, one.pk, invoice_id=invoice.pk, **who)
    held = virtual_iban_assign(org, rows[2].pk, two.pk, **who)
    virtual_iban_end(org, held.pk, **{**who, "on": story.today - timedelta(days=2)})
    return rows


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible_and_fit(browser: Browser, live_server, story, width: str):
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []

    def look(address: str, name: str) -> None:
        page.goto(address)
        problems.extend(faults(page))
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)

    look("/bank/virtual-ibans/", "empty")
    rows = pool(story)
    look("/bank/virtual-ibans/", "pool")
    look("/bank/virtual-ibans/?state=closed", "none-found")
    look(f"/bank/virtual-ibans/{rows[2].pk}/", "resting")
    look(f"/bank/virtual-ibans/{rows[3].pk}/", "free")
    look(f"/customers/{story.customers[0].pk}/", "customer")
    look("/imports/?kind=virtual_ibans", "imports")
    context.close()
    assert problems == []


def test_one_is_given_from_a_customers_file_and_ended(page: Page, story):
    rows = pool(story)
    debtor = story.customers[3]
    page.goto(f"/customers/{debtor.pk}/")
    page.locator("#virtual-ibans").scroll_into_view_if_needed()
    page.locator("section[aria-labelledby=virtual-ibans] summary").press("Enter")
    page.locator("#give-iban").select_option(str(rows[3].pk))
    page.locator("#give-iban").locator("xpath=ancestor::form//button").press("Enter")
    ended = page.locator(f"form[action*='/held/'] button[aria-label*='{rows[3].iban[-3:]}']")
    expect(ended).to_have_count(1)
    held = VirtualIbanAssignment.objects.get(customer=debtor)
    assert (held.virtual_iban_id, held.until_on) == (rows[3].pk, None)
    ended.press("Enter")
    expect(ended).to_have_count(0)
    held.refresh_from_db()
    assert held.until_on == story.today


def test_the_pool_is_searched_by_customer(page: Page, story):
    rows = pool(story)
    page.goto("/bank/virtual-ibans/")
    expect(page.locator("a.row-title.iban")).to_have_count(4)
    page.locator("#ibans-q").fill(story.customers[1].name)
    page.keyboard.press("Enter")
    expect(page.locator("a.row-title.iban")).to_have_count(1)
    page.locator("a.row-title.iban").click()
    expect(page).to_have_url(re.compile(f"/bank/virtual-ibans/{rows[2].pk}/$"))
