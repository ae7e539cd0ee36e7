"""The call mode, worked from the keyboard and from a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Promise
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.library.scenarios import scenario_import
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import plan_tick
from amiable.apps.messaging.models import Message
from amiable.core.scenario import Scenario, Step
from amiable.interfaces.console import clock
from tests import factories
from tests.browser.accessibility import faults
from tests.browser.conftest import logged_in
from tests.browser.keys import tap
from tests.browser.portfolio import Portfolio

pytestmark = pytest.mark.browser

CALLS = Scenario("calls", 1, "Calls", (
    Step("call", 1, "phone", "friendly"), Step("mail", 60, "email", "friendly", "reminder_1"),
))  # fmt: skip


@pytest.fixture
def calls(story: Portfolio) -> list[Action]:
    """Three calls of today, the largest amount first, in a house of their own."""
    organization = story.manager.memberships.get().organization
    Action.objects.filter(organization=organization, state="todo").update(
        state="cancelled", closed_on=timezone.localdate()
    )
    scenario_import(organization.pk, CALLS, make_default=True)
    owner = Customer.objects.filter(organization=organization).first().creditor
    made = []
    for number, euros in ((1, 9000), (2, 5000), (3, 700)):
        row = factories.customer(
            owner, f"TEL{number}", name=f"Appel {number}", email=f"appel{number}@client.example"
        )
        ContactPoint.objects.create(
            organization=organization, customer=row, kind="phone", value=f"+3324000000{number}"
        )
        due = timezone.localdate() - timedelta(days=20)
        factories.invoice(row, f"TEL-{number}", total_minor=euros * 100, due=due)
        made.append(row.pk)
    plan_tick(organization.pk, on=clock.workday())
    rows = Action.objects.filter(case__customer__in=made, medium="phone")
    assert len(rows) == 3
    return list(rows.order_by("case__customer__code"))


def test_three_calls_from_the_keyboard(page: Page, calls):
    page.goto("/calls/")
    tap(page, "s")
    expect(page.locator("h1")).to_contain_text("Appel 1")
    tap(page, "n")
    expect(page.locator("h1")).to_contain_text("Appel 2")
    assert Action.objects.get(id=calls[0].id).result == "no_answer"
    tap(page, "p")
    expect(page.locator("#c-due")).to_be_focused()
    assert not Promise.objects.filter(case=calls[1].case).exists()
    tap(page, "Enter")
    expect(page.locator("h1")).to_contain_text("Appel 3")
    assert Promise.objects.get(case=calls[1].case).amount_minor == 500_000
    assert Message.objects.get(case=calls[1].case).state == "frozen"
    tap(page, "r")
    expect(page.locator(".toast-note").first).to_be_visible()
    assert Action.objects.get(id=calls[2].id).result == "refused"


def test_the_undo_of_the_toast_opens_the_call_again(page: Page, calls):
    page.goto(f"/calls/{calls[0].id}/")
    tap(page, "v")
    expect(page.locator("h1")).to_contain_text("Appel 2")
    page.locator(".toast-undo").click()
    expect(page.locator("h1")).to_contain_text("Appel 1")
    assert Action.objects.get(id=calls[0].id).state == "todo"


def test_escape_closes_what_a_key_opened_and_j_and_k_walk(page: Page, calls):
    page.goto(f"/calls/{calls[0].id}/")
    tap(page, "c")
    expect(page.locator("#c-again")).to_be_focused()
    tap(page, "Escape")
    expect(page.locator("#c-again")).not_to_be_visible()
    tap(page, "j")
    expect(page.locator("h1")).to_contain_text("Appel 2")
    tap(page, "k")
    expect(page.locator("h1")).to_contain_text("Appel 1")


def test_the_confirmation_is_read_before_it_is_written(page: Page, calls):
    page.goto(f"/calls/{calls[0].id}/")
    tap(page, "p")
    preview = page.locator("form[data-key=p] .call-preview")
    preview.locator("summary").click()
    expect(preview).to_contain_text("appel1@client.example")
    expect(preview.locator(".message-text")).to_contain_text("TEL-1")


def test_it_works_without_javascript(browser: Browser, live_server, story, calls):
    context = logged_in(browser, live_server.url, story, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/calls/{calls[0].id}/")
    page.locator("button[data-key=r]").click()
    expect(page.locator("h1")).to_contain_text("Appel 2")
    assert Action.objects.get(id=calls[0].id).result == "refused"
    context.close()


@pytest.mark.looks
@pytest.mark.parametrize("width", [1440, 390])
def test_the_call_mode_is_accessible_and_fits(browser: Browser, live_server, story, calls, width):
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/calls/", f"/calls/{calls[0].id}/", "/templates/call_friendly/phone/fr/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if path.startswith("/calls/") and path != "/calls/":
            for key in "pcda":
                page.locator(f"form[data-key={key}] > details > summary").click()
        assert faults(page, path) == []
    context.close()
