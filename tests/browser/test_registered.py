"""Registered letters in a browser: the list worked through from the keyboard, one letter's papers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.messaging.delivery.registered import letter_event, proof_add
from amiable.apps.messaging.delivery.registered_queries import letter_row
from amiable.apps.messaging.models import Message, Proof
from tests.apps.test_delivery_events import letter
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser


def letters(story) -> list[Message]:
    """One letter of each kind, the first two still to be taken to the post."""
    who = {"now": timezone.now(), "actor": "camille@vauban.example"}
    rows = [
        letter(story.customers[n % 6], n, on_date=story.today - timedelta(days=40),
               subject=f"Mise en demeure {n}")
        for n in range(1, 9)
    ]  # fmt: skip
    told = [None, None, ("deposited", 3), ("presented", 5), ("presented", 30), ("accepted", 9),
            ("refused", 9), ("returned", 9)]  # fmt: skip
    for row, each in zip(rows, told, strict=True):
        if each:
            on = story.today - timedelta(days=each[1])
            letter_event(row.organization_id, row.id, each[0], at_on=on, **who)
    proof_add(rows[4].organization_id, rows[4].id, "deposit", filename="Bordereau.pdf",
              content=b"%PDF-1.4", **who)  # fmt: skip
    return rows


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_letters_are_accessible_and_fit(browser: Browser, live_server, story, width: str):
    rows = letters(story)
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []
    for address in ("/registered/", "/registered/?state=unclaimed", f"/outbox/{rows[4].pk}/"):
        page.goto(address)
        problems += faults(page)
    context.close()
    assert problems == []


def test_numbers_are_entered_one_after_the_other_from_the_keyboard(page: Page, story):
    rows = letters(story)
    page.goto("/registered/?state=to_deposit")
    for number in ("2C 123 456 7890 1", "2C 123 456 7891 8"):
        # A scanner types the number and Enter.
        page.locator("input[name=number]").first.press_sequentially(number)
        page.keyboard.press("Enter")
        page.wait_for_load_state("networkidle")
    expect(page.locator("input[name=number]")).to_have_count(0)
    today = timezone.localdate()
    found = {letter_row(row.organization_id, row.id, on=today).number for row in rows[:2]}
    assert found == {"2C12345678901", "2C12345678918"}


def test_a_letter_not_collected_proposes_and_a_person_decides(page: Page, story):
    row = letters(story)[4]
    today = timezone.localdate()
    page.goto("/registered/?state=overdue")
    page.locator(f"a[href='/outbox/{row.pk}/#what-became']").click()
    form = page.locator("form#what-became")
    assert form.locator("select").input_value() == "unclaimed"
    assert letter_row(row.organization_id, row.pk, on=today).standing.state == "presented"
    form.locator("button").click()
    page.wait_for_load_state("networkidle")
    assert letter_row(row.organization_id, row.pk, on=today).standing.state == "unclaimed"
    page.locator("input[type=file][name=file]").set_input_files(
        {"name": "AR.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nx"}
    )
    page.locator("form[action$='/proof/'] button").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("a[href^='/registered/proofs/']")).to_have_count(2)
    assert Proof.objects.filter(message=row, content_type="image/png").exists()
