"""The payment page on a telephone and at a desk: with and without JavaScript, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from amiable.apps.cases.models import Case, Dispute, PaymentLink, Promise
from amiable.apps.messaging.models import Reply
from amiable.apps.receivables.models import Installment, InvoiceDocument
from amiable.apps.tenants.models import Creditor, Organization
from tests import factories
from tests.apps.portal_pages import no_limits, owing, path_of, plain, today
from tests.browser.accessibility import faults
from tests.plugins.pictures import png

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture
def case() -> Case:
    """A consumer of a creditor with a logo, some invoices, one of them with its PDF."""
    no_limits()
    case = owing(kind="consumer", phone="04 72 00 00 00", brand_color="#0b6e4f", bic="AGRIFRPP")
    Creditor.objects.update(logo=png(200, 50))
    item = Installment.objects.filter(customer=case.customer).first()
    InvoiceDocument.objects.create(
        organization=case.organization, invoice_id=item.invoice_id, filename="FA-1.pdf",
        content=b"%PDF-1.7", sha256="0",
    )  # fmt: skip
    return case


@pytest.fixture
def path(case: Case) -> str:
    return path_of(case)


@pytest.fixture
def phone(browser: Browser, live_server) -> Iterator[Page]:
    """A telephone; nothing may be refused by the policy or fail."""
    context = _context(browser, live_server, viewport=PHONE, has_touch=True, is_mobile=True)
    yield from _watched(context)


def _context(browser: Browser, live_server, **options) -> BrowserContext:
    options.setdefault("viewport", DESK)
    context = browser.new_context(base_url=live_server.url, locale="fr-FR", **options)
    context.set_default_timeout(30_000)
    return context


def _watched(context: BrowserContext) -> Iterator[Page]:
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.wait_for_load_state("networkidle")
    context.close()
    # A form that is shown again says so by its status, which Chromium calls an error.
    assert [text for text in said if "status of 422" not in text] == []


def amount(page: Page) -> str:
    return plain(page.locator("#value-amount").inner_text())


def test_a_telephone_counts_at_once_what_is_ticked(phone: Page, path):
    phone.goto(path)
    expect(phone.locator("h1")).to_contain_text("1")
    assert amount(phone) == "1 500,00 €"
    phone.get_by_role("checkbox", name="FA-2").uncheck()
    expect(phone.locator("#value-amount")).to_contain_text("200,00")
    assert amount(phone) == "1 200,00 €"
    assert phone.url.endswith(path)
    for box in phone.get_by_role("checkbox").all():
        box.uncheck()
    expect(phone.locator("#value-amount")).to_have_count(0)
    phone.get_by_role("checkbox", name="FA-3").check()
    expect(phone.locator("#value-amount")).to_contain_text("50,00")


def test_the_account_is_copied_with_one_tap(browser: Browser, live_server, path):
    context = _context(browser, live_server, viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(path)
    page.locator(".row-iban .copy").click()
    expect(page.locator(".row-iban .copy")).to_have_attribute("data-done", "1")
    assert page.evaluate("navigator.clipboard.readText()") == "FR1420041010050500013M02606"
    context.close()


def test_a_day_is_promised_in_three_taps(phone: Page, case, path):
    phone.goto(path)
    phone.locator(".way").first.tap()
    phone.locator("form .choice").nth(1).tap()
    phone.locator("form button[type=submit]").first.tap()
    expect(phone.locator(".thanks")).to_be_visible()
    promise = Promise.objects.get()
    assert promise.amount_minor == 150_000  # what is due: the third invoice is not yet
    assert promise.due_on > today()
    phone.reload()
    phone.go_back()
    assert Promise.objects.count() == 1


def test_a_day_of_ones_own_picks_its_line(phone: Page, path):
    phone.goto(f"{path}later/")
    day = (today() + timedelta(days=3)).isoformat()
    phone.locator("input[type=date]").fill(day)
    phone.locator("form button[type=submit]").first.tap()
    expect(phone.locator(".thanks")).to_be_visible()
    assert Promise.objects.get().due_on.isoformat() == day


def test_what_is_missing_is_said_where_it_is(phone: Page, path):
    phone.goto(f"{path}disagree/")
    phone.locator("form button[type=submit]").tap()
    expect(phone.get_by_role("alert")).to_be_focused()
    assert not Dispute.objects.exists()
    phone.locator("input[name=item]").first.check()
    phone.locator("input[name=reason][value=quality]").check()
    phone.locator("form button[type=submit]").tap()
    expect(phone.locator(".thanks")).to_be_visible()
    assert Dispute.objects.get().reason == "quality"


def test_everything_works_without_javascript(browser: Browser, live_server, path):
    context = _context(browser, live_server, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(path)
    page.get_by_role("checkbox", name="FA-2").uncheck()
    page.locator("[data-without-script]").click()
    assert amount(page) == "1 200,00 €"
    assert page.locator(".copy:visible").count() == 0
    page.locator(".way").nth(2).click()
    page.locator("input[name=paid_on]").fill(today().isoformat())
    page.locator("input[name=amount]").fill("1500")
    page.locator("form button[type=submit]").click()
    expect(page.locator(".thanks")).to_be_visible()
    assert Reply.objects.get().label == "already_paid"
    context.close()


def test_only_a_person_counts_as_having_used_the_page(phone: Page, path):
    phone.goto(path)
    phone.wait_for_load_state("networkidle")
    assert PaymentLink.objects.get().first_used_on is None
    with phone.expect_response(lambda answer: answer.url.endswith("/used/")) as told:
        phone.locator("h1").tap()
    assert told.value.status == 204
    assert PaymentLink.objects.get().first_used_on == today()


def test_it_is_read_in_both_languages(phone: Page, path):
    phone.goto(path)
    phone.locator(".language").tap()
    expect(phone.locator("html")).to_have_attribute("lang", "en")
    assert amount(phone) == "€1,500.00"
    phone.locator(".way").nth(1).tap()
    expect(phone.locator("html")).to_have_attribute("lang", "en")


def test_it_is_worked_from_the_keyboard(browser: Browser, live_server, path):
    page = _context(browser, live_server).new_page()
    page.goto(path)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("checkbox", name="FA-3").focus()
    page.keyboard.press("Space")
    expect(page.locator("#value-amount")).to_contain_text("550,00")
    page.context.close()


@pytest.mark.looks
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    browser: Browser, live_server, case, path, viewport, scheme
):
    context = _context(browser, live_server, viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    paths = [path, f"{path}?chosen=1", f"{path}later/", f"{path}disagree/", f"{path}paid/"]
    for address in (*paths, "/p/none/"):
        page.goto(address)
        _check(page, address)
    page.goto(f"{path}disagree/")
    page.locator("form button[type=submit]").click()
    _check(page, "problems")
    page.goto(f"{path}later/")
    page.locator("form button[type=submit]").first.click()
    _check(page, "thanks")
    page.goto(path)
    _check(page, "after a promise")
    Installment.objects.update(settled_on=today())
    page.goto(path)
    _check(page, "settled")
    Installment.objects.update(settled_on=None)
    type(case.customer).objects.update(insolvent_since=today())
    page.goto(path)
    _check(page, "stopped")
    context.close()


@pytest.mark.looks
def test_the_page_of_an_agency_is_accessible_in_every_color(
    browser: Browser, live_server, case, path
):
    Organization.objects.update(
        name="Cabinet Mercure", is_agency=True, address=["5 place du Marché", "31000 Toulouse"],
        email="dossiers@mercure.example", test_recipient="tests@mercure.example",
    )  # fmt: skip
    factories.invoice(case.customer, "UN-NUMERO-TRES-LONG-" * 2, due=today() - timedelta(days=400))
    page = _context(browser, live_server, viewport=PHONE).new_page()
    for color in ("#ffe600", "#000000", "#ffffff", "#ff0066"):
        Creditor.objects.update(brand_color=color)
        page.goto(path)
        _check(page, color)
    page.context.close()


def _check(page: Page, where: str) -> None:
    for each in page.locator("details").all():
        each.evaluate("element => { element.open = true; }")
    assert faults(page, where) == []
