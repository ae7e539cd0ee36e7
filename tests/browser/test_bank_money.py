"""Refunds ordered by file and lines shared over customers, in a browser: on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import CreditDecision, RefundFile
from amiable.apps.payments.refunds import refund_request
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.browser.test_money import IBAN, _who, received

pytestmark = pytest.mark.browser


def refund(story, n: int, iban: str = IBAN) -> CreditDecision:
    credit = received(story, n)
    return refund_request(
        story.organization.pk, Wish(credit, 0), amount_minor=2_000 + n, iban=iban,
        name=story.customers[n].name, cases={}, **_who(),
    )  # fmt: skip


@pytest.mark.looks
def test_both_pages_are_accessible_and_fit(browser: Browser, live_server, story):
    refund(story, 0)
    refund(story, 1)
    refund(story, 2, iban="US-12")
    line = StatementLine.objects.get(label="VIR INST REF 0099")
    chosen = "&".join(f"customer={each.pk}" for each in story.customers[:3])
    share, problems = f"/bank/lines/{line.pk}/share/", []
    for name, width in WIDTHS.items():
        context = logged_in(browser, live_server.url, story)
        page = context.new_page()
        page.set_viewport_size(dict(zip(("width", "height"), width, strict=True)))
        for address in ("/bank/refunds/", share, f"{share}?{chosen}&q=a"):
            page.goto(address)
            problems += faults(page, f"{name} {address}")
        context.close()
    assert problems == []


def test_a_line_is_shared_from_the_keyboard_and_a_refund_leaves_by_file(page: Page, story):
    line = StatementLine.objects.get(label="VIR INST REF 0099")  # 987.65
    first, second = story.customers[0], story.customers[1]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"/bank/lines/{line.pk}/share/?customer={first.pk}")
    amounts = page.locator("[data-share-amount]")
    amounts.first.fill("450")
    page.locator("[data-share-search]").fill(second.name)
    page.keyboard.press("Enter")
    page.locator(f"button[name=add][value='{second.pk}']").click()
    expect(page.locator("section input[name=customer]")).to_have_count(2)
    expect(amounts.first).to_have_value("450")
    last = page.locator("[data-share-amount]").last
    last.fill("600")
    expect(page.locator("[data-share-over]")).to_be_visible()
    last.fill("400")
    expect(page.locator("[data-share-rest]")).to_contain_text("137,65")
    page.locator("#rest").select_option(str(second.pk))
    page.locator("[data-share-post]").click()
    page.wait_for_url("**/bank/")
    assert Match.objects.filter(line=line, state="posted", kind="shared").count() == 2
    noted = refund(story, 2)
    page.goto("/bank/refunds/")
    page.locator("form[action$='/order/'] button[type=submit]").click()
    with page.expect_download() as given:
        page.locator("form[action*='/refunds/files/'] button").first.click()
    file = RefundFile.objects.get()
    assert given.value.suggested_filename == f"{file.reference}.xml"
    noted.refresh_from_db()
    assert noted.file_id == file.pk
    assert complaints == []
