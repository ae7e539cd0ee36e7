"""Requests for payment in a browser: handed in, seen, confirmed, followed; on a desk and a phone."""

from __future__ import annotations

import os
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, FilePayload, Page, expect

from amiable.apps.cases.links import link_find, link_used
from amiable.apps.dunning.models import PaymentRequest, RequestCampaign
from amiable.apps.dunning.requesting.sending import requests_tick
from amiable.apps.messaging.models import Message
from amiable.core.workdays import next_workday
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser
ROUTES = {medium: ("memory", {"box": {}}) for medium in ("email", "sms")}


def invoices(day) -> bytes:
    """Twelve payers, one of them with two invoices, two who cannot be reached."""
    rows = ["customer_code;customer_name;email;number;issue_date;due_date;total"]
    due = day + timedelta(days=30)
    for n in range(12):
        address = "" if n in {5, 6} else f"compta@client{n}.example"
        rows.append(f"Q{n};Client {n};{address};Q-{n};{day};{due};{100 + n},50")
    rows.append(f"Q0;Client 0;compta@client0.example;Q-0b;{day};{due};80,00")
    return "\n".join(rows).encode()


def problems(page: Page, name: str) -> list[str]:
    """What is wrong with a page at both widths."""
    found = []
    for width in WIDTHS.values():
        page.set_viewport_size(dict(zip(("width", "height"), width, strict=True)))
        found += faults(page, name)
        if folder := os.environ.get("PREQ_SHOTS"):
            page.screenshot(path=f"{folder}/{name}-{width[0]}.png", full_page=True)
    return found


def test_a_file_is_handed_in_confirmed_and_followed(browser: Browser, live_server, story, settings):
    settings.BASE_URL = "https://relance.example"
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.goto("/requests/")
    wrong = problems(page, "empty")
    content = FilePayload(name="novembre.csv", mimeType="text/csv", buffer=invoices(story.today))
    page.locator("#request-file").set_input_files(content)
    page.locator('form[action="/requests/file/"] button[type=submit]').click()
    page.wait_for_url("**/requests/*/")
    wrong += problems(page, "preview")
    found = RequestCampaign.objects.get()
    assert not Message.objects.filter(key__startswith="request/").exists()

    page.locator(f'form[action="/requests/{found.pk}/confirm/"] button').click()
    page.wait_for_url(f"**/requests/{found.pk}/")
    expect(page.locator(f'form[action="/requests/{found.pk}/cancel/"]').first).to_be_visible()
    wrong += problems(page, "leaving")
    day = next_workday(story.today)
    now = timezone.make_aware(datetime.combine(day, time(10)))
    PaymentRequest.objects.filter(state="waiting").update(retry_at=now)
    assert requests_tick(story.organization.pk, now=now, routes=ROUTES) == {"sent": 10}
    message = Message.objects.filter(key__startswith="request/").first()
    token = message.text.partition("https://relance.example/p/")[2][:22]
    link_used(link_find(token, on=day), on=day)

    page.goto(f"/requests/{found.pk}/")
    wrong += problems(page, "followed")
    page.locator('nav.chips a[href*="standing=opened"]').click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    with page.expect_download() as taken:
        page.locator(f'a[href="/requests/{found.pk}/list.csv/"]').click()
    assert taken.value.path().read_text("utf-8-sig").count("\n") == 13
    page.goto("/requests/")
    wrong += problems(page, "campaigns")
    context.close()
    assert wrong == []
