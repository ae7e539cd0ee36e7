"""A mandate signed on a telephone, and the direct debits of the console: looked at with axe."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.payments.debits.mandates import MandateIn, mandate_sign
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.apps.tenants.models import Creditor
from tests import factories
from tests.apps.portal_codes import confirmed
from tests.apps.portal_pages import no_limits, owing, path_of
from tests.browser.accessibility import faults
from tests.browser.conftest import logged_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ACCOUNT = "FR7630006000011234567890189"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def looked(page: Page, name: str) -> None:
    """No fault of access, no page wider than the screen; kept as a picture where it is asked for."""
    assert faults(page, name) == []
    if folder := os.environ.get("AMIABLE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_mandate_is_signed_on_a_telephone(browser: Browser, live_server):
    no_limits()
    path = path_of(owing(ics="FR72ZZZ123456", brand_color="#0b6e4f"))
    opened = browser.new_context(base_url=live_server.url, locale="fr-FR", **PHONE)
    page = opened.new_page()
    page.goto(path)
    page.locator(f'a[href="{path}mandate/"]').tap()
    confirmed(page)
    page.locator("input[name=iban]").fill("FR76")
    page.locator("form button").tap()
    expect(page.locator("[role=alert]")).to_be_visible()
    looked(page, "mandate-form")
    page.locator("input[name=iban]").fill(ACCOUNT)
    page.locator("form button").tap()
    expect(page.locator(".paper")).to_contain_text("FR72ZZZ123456")
    looked(page, "mandate-text")
    page.locator("form.card button").tap()
    expect(page.locator("dl.rows")).to_contain_text("AM-MAIN-")
    looked(page, "mandate-signed")
    assert Mandate.objects.get().evidence["browser"]
    opened.close()


def test_the_console_shows_what_is_to_do(browser: Browser, live_server, story):
    opened = logged_in(browser, live_server.url, story)
    page = opened.new_page()
    Creditor.objects.update(ics="FR72ZZZ123456")
    owner = Creditor.objects.get()
    who = factories.customer(owner, "C900", name="Imprimerie du Canal", email="i@client.example")
    on = timezone.localdate()
    factories.invoice(who, "FA-900", due=on + timedelta(days=5))
    given = MandateIn(who.pk, "Imprimerie du Canal", ACCOUNT, on, "paper")
    mandate_sign(owner.organization_id, given, on=on, actor="test", case_id=None)
    assert debits_tick(owner.organization_id, now=timezone.now())["announced"] == 1
    page.goto("/bank/debits/")
    expect(page.locator("tbody tr")).to_contain_text("FA-900")
    looked(page, "debits")
    page.set_viewport_size({"width": 390, "height": 844})
    looked(page, "debits-phone")
    page.goto("/bank/mandates/")
    looked(page, "mandates-phone")
    page.goto(f"/customers/{who.pk}/")
    expect(page.locator(".story-text a")).to_contain_text("AM-MAIN-")
    looked(page, "mandate-customer-phone")
    page.goto("/bank/mandates/")
    page.locator("form[action*=revoke] button").click()
    assert Mandate.objects.get(customer=who).revoked_on == on
    assert Debit.objects.filter(customer=who).exists()
    opened.close()
