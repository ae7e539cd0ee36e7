"""Paying online on a telephone: from the page to the gateway's and back, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from amiable.apps.cases.models import Case
from amiable.apps.payments.models import Checkout, Payment
from tests.apps.portal_pages import no_limits, owing, path_of, plain
from tests.browser.accessibility import faults
from tests.plugins.stripe_server import GOOD, LATE, Stripe, stripe_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    with stripe_server() as server:
        yield server


@pytest.fixture
def case(settings, stripe, live_server) -> Case:
    settings.GATEWAY_URLS = [stripe.url()]
    settings.BASE_URL = live_server.url
    no_limits()
    return owing(brand_color="#0b6e4f", bic="AGRIFRPP")


def context(browser: Browser, live_server, **options) -> BrowserContext:
    made = browser.new_context(base_url=live_server.url, locale="fr-FR", **PHONE, **options)
    made.set_default_timeout(30_000)
    return made


@pytest.fixture
def phone(browser: Browser, live_server) -> Iterator[Page]:
    opened, said = context(browser, live_server), []
    page = opened.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.wait_for_load_state("networkidle")
    opened.close()
    ours = [text for text in said if "status of 4" not in text and "favicon" not in text]
    assert ours == []


def pay_there(page: Page, by: str = GOOD) -> None:
    """On the gateway's page."""
    page.locator("input[name=by]").fill(by)
    page.get_by_role("button", name="Pay").click()


def standing(page: Page, state: str) -> None:
    expect(page.locator("[data-standing]")).to_have_attribute("data-standing", state)


def test_two_invoices_are_paid_by_card_in_one_go(phone: Page, case):
    phone.goto(path_of(case))
    amount = phone.locator("input[name=amount]")
    assert amount.input_value() == "1500,00"
    phone.get_by_role("checkbox", name="FA-2").uncheck()
    expect(amount).to_have_value("1200,00")
    phone.locator(".online button").tap()
    expect(phone.locator("h1")).to_contain_text("FA-1")
    pay_there(phone)
    standing(phone, "paid")
    assert "1 200,00 €" in plain(phone.locator(".rows").inner_text())
    assert Payment.objects.get().amount_minor == 120_000
    phone.reload()
    standing(phone, "paid")
    assert Payment.objects.count() == 1


def test_a_part_is_paid_and_the_rest_with_another_card(phone: Page, case):
    path = path_of(case)
    for amount, left in (("1000,00", "500,00 €"), ("500", "")):
        phone.goto(path)
        phone.locator("input[name=amount]").fill(amount)
        phone.locator(".online button").tap()
        pay_there(phone)
        standing(phone, "paid")
        rest = phone.locator("[data-left]")
        assert [plain(text) for text in rest.all_inner_texts()] == ([left] if left else [])
    assert sum(Payment.objects.values_list("amount_minor", flat=True)) == 150_000


def test_who_comes_back_without_paying_can_go_on_or_pay_otherwise(phone: Page, case):
    phone.goto(path_of(case))
    phone.locator(".online button").tap()
    phone.get_by_role("link", name="Back").click()
    standing(phone, "open")
    phone.locator("a.button").first.click()
    pay_there(phone)
    standing(phone, "paid")


def test_too_much_is_explained_on_the_page(phone: Page, case):
    phone.goto(path_of(case))
    phone.locator("input[name=amount]").fill("99999")
    phone.locator(".online button").tap()
    expect(phone.locator("[role=alert]")).to_be_focused()
    assert phone.locator("input[name=amount]").input_value() == "99999"
    assert Checkout.objects.count() == 0


def test_a_debit_on_its_way_is_told_so(phone: Page, case):
    phone.goto(path_of(case))
    phone.locator(".online button").tap()
    pay_there(phone, LATE)
    standing(phone, "processing")


def test_it_is_paid_without_javascript(browser: Browser, live_server, case):
    opened = context(browser, live_server, java_script_enabled=False)
    page = opened.new_page()
    page.goto(path_of(case))
    page.get_by_role("checkbox", name="FA-2").uncheck()
    page.locator("[data-without-script]").click()
    assert page.locator("input[name=amount]").input_value() == "1200,00"
    page.locator(".online button").click()
    pay_there(page)
    standing(page, "paid")
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nobody_is_kept_out(browser: Browser, live_server, case, scheme, width):
    opened = browser.new_context(
        base_url=live_server.url, locale="fr-FR", color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )  # fmt: skip
    page = opened.new_page()
    page.goto(path_of(case))
    assert faults(page) == []
    page.locator(".online button").click()
    pay_there(page)
    standing(page, "paid")
    assert faults(page) == []
    opened.close()
