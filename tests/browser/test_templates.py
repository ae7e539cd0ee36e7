"""Texts in a real browser: written beside what they look like, by mouse, by keyboard, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.messaging.models import Template
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser

EMAIL = "/templates/reminder_1/email/fr/"
LETTER = "/templates/reminder_firm/letter/fr/"
SMS = "/templates/reminder_sms/sms/en/"


@pytest.fixture
def english(page: Page, live_server) -> Page:
    """The manager's page, in English: its words are asked for below."""
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    return page


def seen(page: Page) -> None:
    """Wait for the preview."""
    expect(page.locator("#text-preview .text-verdict")).to_be_visible(timeout=20_000)


@pytest.mark.looks
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_texts_are_accessible(
    browser: Browser, live_server, story, width: str, language: str
):
    context = logged_in(browser, live_server.url, story)
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []
    for address in ("/templates/", EMAIL, LETTER, SMS):
        page.goto(address)
        if address != "/templates/":
            seen(page)
            page.locator(".text-picker > summary").click()
            page.locator("#text-body").fill("{{ montant }}\n<b>")
            expect(page.locator("#text-problems .weight-error").first).to_be_visible(timeout=20_000)
        problems += faults(page)
    context.close()
    assert not problems, "\n".join(problems)


def test_text_is_written_by_buttons_seen_at_once_and_saved_by_key(english: Page):
    complaints: list[str] = []
    english.on("console", lambda m: complaints.append(m.text))
    english.on("pageerror", lambda e: complaints.append(str(e)))
    english.goto(EMAIL)
    seen(english)
    english.locator("#text-subject").fill("Un mot de {{ creditor }}")
    body = english.locator("#text-body")
    body.fill("")
    body.press_sequentially("Bonjour, merci de régler ")
    english.locator(".text-picker > summary").click()
    english.get_by_label("Search a value").fill("amount asked")
    english.get_by_label("Search a value").press("Enter")
    expect(body).to_have_value("Bonjour, merci de régler {{ total }}")
    for block in ("Invoices", "Payment", "Signature"):
        english.locator("#text-tools").get_by_role("button", name=block).click()
    expect(body).to_have_value(
        "Bonjour, merci de régler {{ total }}\n\n{{ invoices }}\n\n{{ payment }}\n\n{{ signature }}"
    )
    frame = english.frame_locator("iframe[name=seen-email]")
    expect(frame.locator("body")).to_contain_text("Bonjour, merci de régler", timeout=20_000)
    expect(english.locator("#text-preview")).to_contain_text("It can be saved.")
    body.focus()
    english.keyboard.press("Control+s")
    expect(english.locator("#toasts")).to_contain_text("Version 1 is saved", timeout=20_000)
    saved = Template.objects.get()
    assert saved.text.startswith("Un mot de {{ creditor }}\nBonjour, merci de régler {{ total }}")
    expect(english.get_by_text("Your text, version 1")).to_be_visible()
    assert not complaints


def test_problem_leads_to_its_line_and_keeps_the_text_from_being_saved(english: Page):
    english.goto(EMAIL)
    seen(english)
    body = english.locator("#text-body")
    body.fill("Bonjour,\n\nmerci {{ montant }}\n\n{{ invoices }}\n\n{{ payment }}")
    problems = english.locator("#text-problems")
    expect(problems).to_contain_text("did you mean total", timeout=20_000)
    problems.get_by_role("button", name="Line 3").click()
    chosen = body.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert chosen == "merci {{ montant }}"
    english.get_by_role("button", name="Save").click()
    expect(english.get_by_role("alert")).to_contain_text("Not saved yet", timeout=20_000)
    expect(body).to_have_value("Bonjour,\n\nmerci {{ montant }}\n\n{{ invoices }}\n\n{{ payment }}")
    expect(english.locator("#text-problems")).to_contain_text("montant", timeout=20_000)
    assert not Template.objects.exists()


def test_text_is_shown_on_a_real_case_and_law_in_grey(english: Page, story):
    english.goto("/templates/formal_notice/registered_letter/fr/")
    seen(english)
    english.locator("#text-search").fill(story.customers[5].name[:9])
    english.get_by_label(story.customers[5].name).check()
    view = english.locator(".text-view").first
    expect(view).to_contain_text(story.customers[5].name, timeout=20_000)
    expect(view.get_by_role("img", name="Page 1 of the letter")).to_be_visible()
    body = english.locator("#text-body")
    kept = body.input_value().split("{% if kind ==", 1)[0]
    body.fill(f"{kept}\n\n{{{{ signature }}}}")
    expect(english.locator("#text-problems")).to_contain_text("Law adds", timeout=20_000)
    view.locator("details > summary").click()
    expect(view.locator(".by-law").first).to_contain_text("L441-10")


def test_text_message_says_its_parts_and_stays_neutral(english: Page):
    english.goto(SMS)
    seen(english)
    body = english.locator("#text-body")
    body.fill("{{ creditor }}: your debt of {{ total }} is due.")
    expect(english.locator("#text-problems")).to_contain_text("must not say", timeout=20_000)
    body.fill("{{ creditor }} asks you to call {{ short_contact }}.")
    expect(english.locator("#text-preview")).to_contain_text("1 part, billed once", timeout=20_000)


def test_versions_are_compared_and_restored(english: Page):
    english.goto(SMS)
    for words in ("first", "second"):
        english.locator("#text-body").fill(f"{{{{ creditor }}}} asks you to call, {words}.")
        english.get_by_role("button", name="Save").click()
        expect(english.locator("#toasts")).to_contain_text("is saved", timeout=20_000)
    english.get_by_role("link", name="Differences with 1").click()
    differences = english.get_by_role("region", name="What has changed since version 1")
    expect(differences.locator("ins")).to_contain_text("second")
    expect(differences.locator("del")).to_contain_text("first")
    english.get_by_role("button", name="Restore version 1").click()
    expect(english.locator("#toasts")).to_contain_text("as version 3", timeout=20_000)
    expect(english.locator("#text-body")).to_have_value("{{ creditor }} asks you to call, first.")


def test_text_is_written_on_a_phone(english: Page):
    english.set_viewport_size({"width": 390, "height": 844})
    english.goto("/templates/")
    english.get_by_role(
        "link", name="Reminder by text message, Text message, English"
    ).first.click()
    seen(english)
    english.locator("#text-body").fill("{{ creditor }} asks you to call.")
    english.get_by_role("button", name="Save").click()
    expect(english.locator("#toasts")).to_contain_text("Version 1 is saved", timeout=20_000)


def test_reader_sees_the_text_and_no_button(browser: Browser, live_server, story):
    from tests.browser.portfolio import member

    reader = member(story.organization, "reader@vauban.example", "reader")
    context = logged_in(
        browser, live_server.url, type(story)(story.organization, reader, [], story.today)
    )
    page = context.new_page()
    page.goto(EMAIL)
    seen(page)
    expect(page.locator("#text-body")).to_have_attribute("readonly", "")
    expect(page.locator("[data-save], #text-tools")).to_have_count(0)
    context.close()
