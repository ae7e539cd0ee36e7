"""The everyday causes of non-payment on a telephone: two taps from the first page, and what they
become in the house."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Dispute, Hold, Promise
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.receivables.models import Installment, InvoiceDocument
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, today
from tests.browser.test_portal import DESK, PHONE, _check, _context, _watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def two_taps(page: Page, path: str, first: str) -> None:
    """A link of the first page, and the button of the form it leads to."""
    page.goto(f"{path}?lang=en")
    _check(page, f"cause-{first}")
    _shot(page, "causes-390")
    page.locator(first).first.click()
    page.locator("form.card button[type=submit]").first.click()
    expect(page.locator("#thanks")).to_contain_text("Thank you")


@pytest.mark.parametrize(
    "first", ["a[href*='later/']", "a[href*='now=1']", "a[href*='missing_document']"]
)
def test_two_taps_are_enough(browser: Browser, live_server, first):
    no_limits()
    case = owing()
    pages = _watched(_context(browser, live_server, viewport=PHONE))
    two_taps(next(pages), path_of(case), first)
    assert next(pages, None) is None
    told = {
        "a[href*='later/']": lambda: Promise.objects.get().amount_minor == 150_000,
        "a[href*='now=1']": lambda: (
            (reply := Reply.objects.get()).task == "check_payment"
            and Hold.objects.get().ends_on > today()
            and b"150000" in bytes(reply.content)
        ),
        "a[href*='missing_document']": lambda: (
            (dispute := Dispute.objects.get()).reason == "missing_document"
            and dispute.installment.invoice.number == "FA-1"
            and Reply.objects.get().task == "answer_dispute"
        ),
    }
    assert told[first]()


def test_the_wrong_addressee_names_the_right_one_in_two_taps(browser: Browser, live_server):
    no_limits()
    case = owing()
    pages = _watched(_context(browser, live_server, viewport=PHONE))
    page = next(pages)
    page.goto(f"{path_of(case)}?lang=en")
    page.locator("a[href*='contact/']").click()
    page.get_by_label("Name").fill("Jeanne Roux")
    page.get_by_label("Email").fill("j.roux@client.example")
    page.locator("form.card button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Thank you")
    assert next(pages, None) is None
    reply = Reply.objects.get()
    # Unread it holds the case; the inbox offers the new contact first.
    assert (reply.state, reply.proposals[0]["label"]) == ("unread", "wrong_contact")


@pytest.mark.parametrize("path_end", ["", "?lang=en"])
def test_the_number_of_an_invoice_stays_in_one_line_on_a_telephone(
    browser: Browser, live_server, path_end
):
    no_limits()
    case = owing()
    on = today()
    factories.invoice(
        case.customer, "FA-2026-00123", due=on - timedelta(days=3), total_minor=12_345_678
    )
    pages = _watched(_context(browser, live_server, viewport=PHONE))
    page = next(pages)
    page.goto(path_of(case) + path_end)
    _check(page, "numbers")
    _shot(page, f"numbers-{path_end[-2:]}-390")
    number = page.locator(".items strong", has_text="FA-2026-00123")
    assert number.evaluate("each => each.getClientRects().length") == 1
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert next(pages, None) is None


@pytest.mark.parametrize(("viewport", "script"), [(PHONE, True), (PHONE, False), (DESK, True)])
def test_an_invoice_that_never_came_is_sent_in_two_taps(
    browser: Browser, live_server, viewport, script
):
    no_limits()
    case = owing()
    for item in Installment.objects.filter(customer=case.customer):
        InvoiceDocument.objects.create(
            organization=case.organization, invoice_id=item.invoice_id, content=b"%PDF-1.7",
            filename=f"{item.invoice.number}.pdf", sha256="0",
        )  # fmt: skip
    context = _context(browser, live_server, viewport=viewport, java_script_enabled=script)
    pages = _watched(context)
    page = next(pages)
    page.goto(path_of(case))
    page.locator("a[href*='received/']").click()
    expect(page.locator("#copy")).to_have_attribute("data-copy-state", "ask")
    if script:
        _check(page, "received")
    _shot(page, f"received-{viewport['width']}")
    page.locator("#copy button[type=submit]").click()
    expect(page.locator("#copy")).to_have_attribute("data-copy-state", "leaves")
    if script:
        _check(page, "received-leaves")
    _shot(page, f"received-leaves-{viewport['width']}")
    assert next(pages, None) is None
    message, hold = Message.objects.get(), Hold.objects.get()
    assert (message.recipient, hold.installment.invoice.number) == ("ap@client.example", "FA-1")


def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("AMIABLE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
