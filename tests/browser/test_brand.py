"""The look of letters and emails as a manager sets it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.tenants.models import Creditor
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.plugins.pictures import png

pytestmark = pytest.mark.browser


@pytest.fixture
def page(page: Page, live_server) -> Page:
    """The page in English: these sentences are the keys of the translations."""
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    return page


@pytest.mark.looks
def test_page_of_the_look_is_accessible(browser: Browser, live_server, story):
    creditor = Creditor.objects.first()
    creditor.logo = png(120, 40)
    creditor.save()
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    problems = []
    for width, height in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"/settings/creditors/{creditor.pk}/")
        problems += faults(page)
    context.close()
    assert problems == []


def test_logo_is_taken_in_shown_and_taken_away(page: Page, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(png(120, 40))
    page.goto("/settings/")
    page.get_by_role("link", name="Logo, signature and sender of").first.click()
    page.get_by_label("Logo", exact=True).set_input_files(logo)
    page.get_by_label("Window of the envelopes").fill("9,9,9,9")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#brand-letter_window_error")).to_contain_text("does not fit")
    assert not Creditor.objects.first().logo
    page.get_by_label("Logo", exact=True).set_input_files(logo)
    page.get_by_label("Window of the envelopes").fill("din")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    expect(page.get_by_role("img", name="Logo")).to_be_visible()
    page.wait_for_function("document.querySelector('.brand-picture').naturalWidth === 120")
    page.get_by_label("Take the logo away").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="Logo")).to_have_count(0)
    assert not Creditor.objects.first().logo
    with page.expect_download() as download:
        page.get_by_role("link", name="Test page").click()
    assert download.value.suggested_filename == "test-page.pdf"
