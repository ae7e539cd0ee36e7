"""A code asked for, received by email and typed, on a telephone, at a desk and without JavaScript."""

from __future__ import annotations

import os
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import PlanProposal
from amiable.apps.cases.policies import policy_set
from amiable.apps.customers.models import ContactPoint
from amiable.core.plans import Policy
from tests.apps.portal_codes import code_in
from tests.apps.portal_pages import no_limits, owing, path_of, today
from tests.browser.test_portal import DESK, PHONE, _check, _context, _watched
from tests.plugins.smtp_servers import keeper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def path() -> str:
    no_limits()
    case = owing(kind="consumer", brand_color="#0b6e4f", phone="04 72 00 00 00")
    policy_set(
        case.organization_id, Policy("automatic", most_parts=6), creditor_id=None, segment="",
        on=today(), actor="camille",
    )  # fmt: skip
    ContactPoint.objects.create(
        organization=case.organization, customer=case.customer, kind="email",
        value="direction@client.example",
    )  # fmt: skip
    return path_of(case)


def _look(page: Page, name: str) -> None:
    _check(page, name)
    if folder := os.environ.get("AMIABLE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("size", "script"), [(PHONE, True), (DESK, True), (PHONE, False)], ids=["phone", "desk", "bare"]
)
def test_a_code_comes_by_email_and_signs(
    browser: Browser, live_server, settings, path, size, script
):
    shot = f"code-{size['width']}{'' if script else '-bare'}"
    with keeper() as (server, port):
        settings.CHANNEL_URLS = {
            **dict.fromkeys(settings.CHANNEL_URLS, ""), "email": f"smtp://127.0.0.1:{port}?tls=none"
        }  # fmt: skip
        options = {"viewport": size, "java_script_enabled": script}
        pages = _watched(_context(browser, live_server, **options))
        page = next(pages)
        page.goto(f"{path}plan/?lang=en&count=3")
        page.locator(".plan-paper form .button").click()
        expect(page.get_by_role("radio")).to_have_count(2)
        expect(page.locator("main")).not_to_contain_text("direction")
        if script:
            _look(page, f"{shot}-asked")
        page.get_by_role("radio", name="d•••@c•••.example").check()
        page.locator("[data-code=send] button").click()
        field = page.get_by_label("Code", exact=True)
        expect(field).to_have_attribute("autocomplete", "one-time-code")
        expect(field).to_have_attribute("inputmode", "numeric")
        ((_, recipients, content),) = server.mails
        assert recipients == ["direction@client.example"]
        if script:
            _look(page, f"{shot}-typed")
        mail = message_from_bytes(content, policy=policy.default)
        code = code_in(mail.get_body(("plain",)).get_content())
        field.fill(f"{(int(code) + 1) % 10**6:06d}")
        page.locator("[data-code=typed] button").click()
        expect(page.get_by_role("alert")).to_contain_text("4")
        if script:
            _look(page, f"{shot}-wrong")
        field.fill(code)
        page.locator("[data-code=typed] button").click()
        expect(page.locator("[data-plan=running]")).to_be_visible()
        assert PlanProposal.objects.get().code["address"] == "d•••@c•••.example"
        assert "?" not in page.url.removesuffix("?lang=en")
        for _ in pages:
            pass


def test_without_a_known_address_the_page_names_a_person(browser: Browser, live_server, path):
    ContactPoint.objects.all().delete()
    pages = _watched(_context(browser, live_server, viewport=PHONE))
    page = next(pages)
    page.goto(f"{path}plan/?lang=en&count=3")
    page.locator(".plan-paper form .button").click()
    expect(page.locator("[data-code=nobody] a[href^='tel:']")).to_be_visible()
    _look(page, "code-nobody")
    for _ in pages:
        pass
