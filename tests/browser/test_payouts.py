"""Payouts in a browser: accessible and narrow enough, a payment made past us entered and undone."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from amiable.apps.payments.models import Payment, Payout
from amiable.apps.payments.payouts import payouts_record
from amiable.apps.receivables.queries import open_items
from amiable.core.payouts import PayoutPart, PayoutRow
from tests.browser.accessibility import WIDTHS
from tests.browser.conftest import logged_in
from tests.browser.test_money import _look as look

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
def test_a_payout_is_read_and_its_unknown_payment_entered(
    browser: Browser, live_server, story, width: str
):
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = look(page, "/bank/payouts/")
    today, item = timezone.localdate(), open_items(story.organization.pk)[0]
    parts = (
        PayoutPart("t1", "payment", item.open_minor, 100, "pi_1", today, f"Facture {item.number}"),
        PayoutPart("t2", "refund", -900, 0, "pi_0", today),
    )
    row = PayoutRow(0, "stripe", "po_browser1", "EUR", item.open_minor - 1_001, today, parts)
    payouts_record(story.organization.pk, [row], source="stripe", on=today, actor="gateway")
    address = f"/bank/payouts/{Payout.objects.get().pk}/"
    problems += look(page, "/bank/payouts/")
    problems += look(page, address)
    button = page.locator("form[action$='/settle/'] button").first
    button.press("Enter")
    expect(page.locator("form[action$='/undo/']").first).to_be_visible()
    assert Payment.objects.filter(external_id="stripe:pi_1").count() == 1
    problems += look(page, address)
    context.close()
    assert problems == []
