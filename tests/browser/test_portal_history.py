"""The history read after a code: on a telephone, at a desk, in French, without JavaScript."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from tests.apps.portal_codes import confirmed
from tests.apps.portal_pages import no_limits, owing, path_of, today
from tests.browser.test_portal import DESK, PHONE, _check, _context, _watched
from tests.portal.test_history import message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def path() -> str:
    no_limits()
    case = owing(brand_color="#0b6e4f")
    for number in range(13):
        message(
            case, number, medium="letter" if number % 3 == 0 else "email",
            content_type="application/pdf" if number % 3 == 0 else "message/rfc822",
            text="Bonjour,\n\nVotre facture est arrivée à échéance.\n\nCordialement",
        )  # fmt: skip
    item = Installment.objects.get(invoice__number="FA-1")
    paid = PaymentIn(
        case.customer_id, 50_000, "EUR", today(), "p1", parts=((item.pk, 40_000),)
    )  # fmt: skip
    payment_record(case.organization_id, paid, cases={}, on=today(), actor="test")
    return path_of(case)


@pytest.mark.parametrize(
    ("size", "script", "language"),
    [(PHONE, True, "fr"), (DESK, True, "en"), (PHONE, False, "en")],
    ids=["phone", "desk", "bare"],
)
def test_the_history_is_read_page_by_page(
    browser: Browser, live_server, path, size, script, language
):
    options = {"viewport": size, "java_script_enabled": script}
    pages = _watched(_context(browser, live_server, **options))
    page = next(pages)
    page.goto(f"{path}?lang={language}")
    page.locator("#answers a[href*=history]").click()
    confirmed(page)
    expect(page.locator("[data-history] li[data-kind]")).to_have_count(12)
    page.locator("[data-kind=message] summary").first.click()
    if script:
        _check(page, f"history-{size['width']}")
    if folder := os.environ.get("AMIABLE_SHOTS"):
        page.screenshot(path=Path(folder) / f"history-{size['width']}-{script}.png", full_page=True)
    with page.expect_download() as got:
        page.locator("button[name=letter]").first.click()
    assert got.value.suggested_filename.endswith(".pdf")
    page.locator("button[name=page]").click()
    expect(page.locator("[data-history] li[data-kind]")).to_have_count(2)
    assert next(pages, None) is None
