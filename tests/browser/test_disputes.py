"""A dispute from a telephone to its end at a desk: photo, answer, colleague; also without
JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases import colleagues
from amiable.apps.cases.models import Case, Dispute
from amiable.apps.messaging.models import Reply
from tests.apps.portal_pages import no_limits, owing, path_of
from tests.browser.accessibility import faults
from tests.browser.portfolio import member
from tests.plugins.pictures import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture
def case() -> Case:
    no_limits()
    return owing(language="en")


@pytest.fixture
def phone(browser: Browser, live_server) -> Iterator[Page]:
    """A telephone; nothing may be refused by the policy or fail."""
    context = browser.new_context(
        base_url=live_server.url, viewport=PHONE, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(30_000)
    # That a person uses the page is told a second later, while the test looks at the tables.
    context.route("**/used/", lambda route: route.fulfill(status=204))
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [text for text in said if "status of 422" not in text] == []


def _session(user) -> str:
    """The cookie of somebody who has logged in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def looked_at(page: Page, name: str) -> None:
    """Accessible, and no wider than its window."""
    assert faults(page, name) == []


def test_a_photo_of_a_broken_pallet_reaches_the_collector_and_comes_back_answered(
    phone: Page, browser: Browser, live_server, case
):
    path = path_of(case)
    phone.goto(f"{path}disagree/?lang=en")
    looked_at(phone, "disagree")
    phone.get_by_role("radio", name="FA-1").check()
    phone.locator("input[name=reason][value=quality]").check()
    photo = {"name": "pallet.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    phone.locator("#files").set_input_files([{**photo, "name": f"{n}.jpg"} for n in range(6)])
    expect(phone.locator("[data-files-told]")).to_be_visible()
    phone.locator("#files").set_input_files([photo])
    expect(phone.locator("[data-files-told]")).to_be_hidden()
    phone.locator("form button[type=submit]").click()
    phone.locator("a[href*='/disputes/']").click()
    expect(phone.locator(".talk")).to_contain_text("pallet.jpg")
    looked_at(phone, "dispute-page")

    phone.wait_for_load_state("networkidle")
    dispute = Dispute.objects.get()
    user = member(case.organization, "camille@acme.example", "manager")
    desk = browser.new_context(base_url=live_server.url, viewport=DESK)
    desk.set_default_timeout(30_000)
    session = _session(user)
    cookies = {settings.SESSION_COOKIE_NAME: session, "django_language": "en"}
    desk.add_cookies(
        [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
    )
    page = desk.new_page()
    page.goto(f"/disputes/{dispute.pk}/")
    page.locator("#say-text").fill("We send you a credit note.")
    page.locator("button[name=kind][value=message]").click()
    expect(page.locator(".talk-us")).to_contain_text("credit note")
    page.locator("#ask-name").fill("Marc")
    page.locator("#ask-question").fill("Was it delivered whole?")
    page.locator("form[action$='/ask/'] button").click()
    address = page.locator("input[readonly]").input_value()
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        looked_at(page, f"console-dispute-{size['width']}")
    for name in ("", "reasons/", "figures/"):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.goto(f"/disputes/{name}")
            looked_at(page, f"console-{name.strip('/')}-{size['width']}")
    desk.close()

    plain = browser.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=False)
    colleague = plain.new_page()
    colleague.goto(address.replace(settings.BASE_URL, live_server.url))
    colleague.locator("#text").fill("Two were missing.")
    colleague.locator("button[type=submit]").click()
    expect(colleague.locator("h1")).to_be_visible()
    assert "/ask/thanks/" in colleague.url
    # The customer goes on without JavaScript, too.
    customer = plain.new_page()
    customer.goto(f"{path}disputes/{dispute.pk}/?lang=en")
    expect(customer.locator(".talk")).to_contain_text("We send you a credit note.")
    expect(customer.locator(".talk")).not_to_contain_text("Two were missing.")
    customer.locator("textarea").fill("Thank you.")
    customer.get_by_role("button", name="Send", exact=True).click()
    expect(customer.locator(".talk")).to_contain_text("Thank you.")
    assert Reply.objects.filter(dispute=dispute).count() == 2
    plain.close()


def test_a_colleague_and_the_wrong_person_read_plain_pages(phone: Page, live_server, case):
    path = path_of(case)
    phone.goto(f"{path}contact/?lang=en")
    looked_at(phone, "contact")
    phone.locator("[name=name]").fill("Anne Morel")
    phone.locator("[name=email]").fill("anne@client.example")
    phone.locator("form button[type=submit]").click()
    expect(phone.locator("h1")).to_contain_text("Thank you")
    looked_at(phone, "contact-told")
    phone.goto(f"{path}paid/?lang=en")
    looked_at(phone, "paid")
    phone.goto(f"{path}disagree/?lang=en")
    phone.get_by_role("radio", name="FA-2").check()
    phone.locator("input[name=reason][value=price]").check()
    phone.locator("form button[type=submit]").click()
    phone.wait_for_load_state("networkidle")  # what is still answered holds its tables
    question = colleagues.question_ask(
        case.organization_id, Dispute.objects.get().pk, name="Marc", email="",
        question="Which price was agreed?", now=timezone.now(), actor="camille@acme.example",
    )  # fmt: skip
    url = colleagues.question_url(case.organization_id, question)
    phone.goto("/ask/" + url.rstrip("/").rpartition("/")[2] + "/")
    looked_at(phone, "ask")
