"""The settings and test mode as a manager meets them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.dunning.models import Action
from amiable.apps.messaging.models import Message
from amiable.apps.tenants.models import Organization
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser
HOUSE = "essais@vauban.example"


@pytest.fixture
def page(page: Page, live_server) -> Page:
    """The page in English: these sentences are the keys of the translations."""
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    return page


def test_test_mode_is_switched_on_seen_everywhere_and_taken_back(page: Page):
    page.goto("/settings/")
    page.get_by_label("Internal address").fill(HOUSE)
    page.get_by_role("button", name="Switch test mode on").click()
    expect(page.get_by_role("main")).to_contain_text("Tick the box")
    expect(page.get_by_label("Internal address")).to_have_value(HOUSE)
    page.get_by_label("I have read what happens").check()
    page.get_by_role("button", name="Switch test mode on").click()
    expect(page.get_by_role("region", name="Test mode is on")).to_contain_text(HOUSE)
    assert Organization.objects.get().test_recipient == HOUSE
    page.goto("/actions/?tab=calls")
    expect(page.get_by_role("region", name="Test mode is on")).to_be_visible()
    expect(page.locator(".work-line .pill", has_text="Test").first).to_be_visible()
    assert not Action.objects.filter(state="todo", is_test=False).exists()
    page.goto("/settings/")
    page.get_by_label("I have read what happens").check()
    page.get_by_role("button", name="Switch test mode off").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("as before")
    assert Organization.objects.get().test_recipient == HOUSE


def test_wrong_number_is_said_at_its_field(page: Page):
    page.goto("/settings/")
    field = page.get_by_label("Oldest bank data, in days")
    field.fill("400")
    page.locator("form", has=field).get_by_role("button", name="Save").click()
    expect(page.locator("#bank-bank_data_max_age_days_error")).to_contain_text("1 to 90")
    expect(field).to_have_value("400")
    expect(field).to_have_attribute("aria-invalid", "true")


def test_limit_is_added_and_removed(page: Page):
    page.goto("/settings/")
    page.get_by_label("At most").fill("2")
    page.get_by_label("In so many days").fill("30")
    page.get_by_label("Medium").select_option("sms")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".cap-line").last).to_contain_text("At most 2 contacts in 30 days")
    page.get_by_role("button", name="Remove the limit of 2 in 30 days").click()
    expect(page.locator(".cap-line")).to_have_count(2)


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("mode", ["", HOUSE])
def test_pages_are_accessible_in_and_out_of_test_mode(
    browser: Browser, live_server, story, width, mode
):
    Organization.objects.update(test_recipient=mode)
    Message.objects.update(
        is_test=bool(mode),
        recipients=[
            {"address": "a@client.example", "name": "Anne Duval", "role": "director", "state": "sent"},
            {"address": "b@client.example", "name": "", "role": "", "state": "refused"},
        ],
        notes=[{"code": "recipient.unknown",
                "params": {"role": ["sentence", {"code": "contact_role.legal", "params": {}}]}}],
    )  # fmt: skip
    message = Message.objects.filter(medium="email").first()
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    size = WIDTHS[width]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for theme in ("light", "dark"):
        context.add_cookies(
            [
                {"name": "django_language", "value": "en", "url": live_server.url},
                {"name": "theme", "value": theme, "url": live_server.url},
            ]
        )
        for address in ("/settings/", "/outbox/", f"/outbox/{message.pk}/", "/actions/?tab=calls"):
            page.goto(address)
            assert faults(page, f"{address} {theme}") == []
    context.close()
