"""Scenarios in a real browser: read as a timeline, written without code, by keyboard, on a phone."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from amiable.apps.dunning.models import Scenario
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser


@pytest.fixture
def english(page: Page, live_server) -> Page:
    """The manager's page, in English: its words are asked for below."""
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    return page


def newest(code: str) -> Scenario:
    """The newest version of a scenario."""
    return Scenario.objects.filter(code=code).order_by("-version")[0]


def copied(page: Page) -> Scenario:
    """The shipped scenario for risky customers, copied by its button."""
    page.goto("/scenarios/")
    page.get_by_role("button", name="Copy (Risky customers)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Risky customers")
    return newest("risky")


@pytest.mark.looks
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_scenario_pages_are_accessible(
    browser: Browser, live_server, story, width: str, theme: str, language: str
):
    context = logged_in(browser, live_server.url, story)
    cookies = {"django_language": language, "theme": theme}
    context.add_cookies(
        [{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()]
    )
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    own = Scenario.objects.get(code="sme-standard")
    addresses = ["/scenarios/", f"/scenarios/{own.pk}/", f"/scenarios/{own.pk}/edit/"]
    addresses += ["/scenarios/shipped/risky/", "/scenarios/shipped/after-broken/"]
    problems = []
    for address in addresses:
        page.goto(address)
        if address.endswith("/edit/"):
            page.locator("[data-card] > summary").nth(1).click()
            page.locator("[data-card][open] details > summary").first.click()
        problems += faults(page)
    context.close()
    assert not problems, "\n".join(problems)


def test_step_is_changed_from_the_keyboard_and_saved_as_a_version(english: Page):
    scenario = copied(english)
    complaints: list[str] = []
    english.on("console", lambda m: complaints.append(m.text))
    english.get_by_role("link", name="Edit", exact=True).click()
    card = english.locator("#card-call_1")
    card.locator("summary").first.focus()
    english.keyboard.press("Enter")
    days = card.locator("input[name$='-offset_days']")
    days.focus()
    english.keyboard.press("Control+A")
    english.keyboard.type("4")
    expect(english.locator("#preview")).to_contain_text("D+4")
    english.keyboard.press("Enter")  # in a field it saves, and moves no step
    english.wait_for_url(re.compile(r"/scenarios/\d+/$"))
    expect(english.locator("#toasts")).to_contain_text("Version 2 is saved")
    saved = newest("risky")
    assert saved.version == 2
    assert [step["offset_days"] for step in saved.definition["steps"]][:3] == [-8, 4, 7]
    assert [step["offset_days"] for step in scenario.definition["steps"]][:3] == [-8, 3, 7]
    english.get_by_role("link", name="Differences with 1").click()
    differences = english.get_by_role("region", name="What version 2 changes from 1")
    expect(differences).to_contain_text("4 days after the due date")
    assert not complaints


def test_steps_are_added_moved_copied_and_removed_and_focus_stays(english: Page):
    scenario = copied(english)
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    titles = english.locator(".step-cards .step-title")
    expect(titles).to_have_count(10)
    english.get_by_role("button", name="Move First call up").focus()
    english.keyboard.press("Enter")
    expect(titles.first).to_have_text("First call")
    expect(english.get_by_role("button", name="Move First call up")).to_be_focused()
    expect(english.locator("#preview")).to_contain_text("to correct")
    english.get_by_role("button", name="Move First call down").click()
    expect(english.locator("#preview")).to_contain_text("Nothing is wrong")
    english.get_by_role("button", name="Duplicate Text message").click()
    expect(titles).to_have_count(11)
    english.get_by_role("button", name="Remove Text message").last.click()
    expect(titles).to_have_count(10)
    english.get_by_role("button", name="Add a step").click()
    expect(titles.last).to_have_text("New step")
    expect(english.locator("[data-card] > summary").last).to_be_focused()
    assert newest("risky").version == 1


def test_button_pressed_right_after_typing_is_not_lost(english: Page):
    scenario = copied(english)
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    card = english.locator("#card-call_1")
    card.locator("summary").first.click()
    card.locator("input[name$='-offset_days']").fill("2")
    english.get_by_role("button", name="Remove Hold deliveries").click()
    expect(english.locator(".step-cards .step-title")).to_have_count(9)
    english.wait_for_timeout(1500)  # the picture that the typing asked for has come, too
    expect(english.locator(".step-cards .step-title")).to_have_count(9)
    expect(english.locator("#preview")).to_contain_text("D+2")
    expect(card.locator("input[name$='-offset_days']")).to_have_value("2")


def test_problem_is_shown_at_its_field_and_the_work_is_kept(english: Page):
    scenario = copied(english)
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    card = english.locator("#card-formal_notice")
    card.locator("summary").first.click()
    card.locator("input[name$='-name']").fill("Notre mise en demeure")
    card.get_by_label("Approval").select_option("automatic")
    expect(card.locator("ul.problem-list")).to_contain_text("needs a person")
    english.get_by_role("button", name="Save as a new version").click()
    expect(english.get_by_role("alert")).to_contain_text("Not saved yet: 1 thing to correct")
    expect(card.get_by_label("Approval")).to_have_attribute("aria-invalid", "true")
    expect(card.locator("input[name$='-name']")).to_have_value("Notre mise en demeure")
    assert newest("risky").version == 1
    card.get_by_label("Approval").select_option("manual")
    english.get_by_role("button", name="Save as a new version").click()
    expect(english.locator("#toasts")).to_contain_text("Version 2 is saved")


def test_texts_follow_the_medium(english: Page):
    scenario = copied(english)
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    card = english.locator("#card-reminder")
    card.locator("summary").first.click()
    text = card.get_by_label("Text", exact=True)
    expect(text.locator("option[value=reminder_sms]")).to_have_count(0)
    card.get_by_label("If the customer cannot be reached so, else by (1)").select_option("")
    card.get_by_label("Medium").focus()
    card.get_by_label("Medium").select_option("sms")
    expect(text.locator("option[value=reminder_sms]")).to_have_count(1)
    expect(text.locator("option[value=courtesy_1]")).to_have_count(0)
    expect(card.get_by_label("Medium")).to_be_focused()
    text.select_option("reminder_sms")
    expect(english.locator("#preview")).to_contain_text("Nothing is wrong")


def test_scenario_is_edited_on_a_phone(english: Page):
    scenario = copied(english)
    english.set_viewport_size({"width": 390, "height": 844})
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    english.locator("#preview").get_by_role("link", name="Hold deliveries").click()
    days = english.locator("#card-hold_deliveries input[name$='-offset_days']")
    expect(days).to_be_in_viewport()
    days.fill("22")
    expect(english.locator("#preview")).to_contain_text("D+22")
    english.get_by_role("button", name="Save as a new version").click()
    expect(english.locator("#toasts")).to_contain_text("Version 2 is saved")


def test_refused_file_says_what_to_correct(english: Page):
    english.goto("/scenarios/")
    text = b"code: x\nname: X\nsteps: [{code: a, offset_days: 3, medium: fax, stage: firm}]"
    file = {"name": "ours.yaml", "mimeType": "application/yaml", "buffer": text}
    english.locator("#scenario-upload").set_input_files(file)
    english.get_by_role("button", name="Import").click()
    expect(english.get_by_role("alert")).to_contain_text("step a: medium cannot be fax")
    expect(english.get_by_role("alert")).to_contain_text("Choose one of the values named")


def unfold(card: Locator, title: str, field: str) -> None:
    """Open a part of a step; on a busy machine a click may come while the page still moves."""
    for _ in range(5):
        card.get_by_text(title).click()
        with suppress(AssertionError):
            expect(card.get_by_label(field)).to_be_visible(timeout=3_000)
            return
    pytest.fail(f"{title} does not open")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_step_gets_an_event_a_fallback_a_window_and_conditions_and_goes_again(
    english: Page, width: str
):
    complaints: list[str] = []
    english.on("console", lambda m: complaints.append(m.text))
    english.on("pageerror", lambda e: complaints.append(str(e)))
    scenario = copied(english)
    english.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    english.goto(f"/scenarios/{scenario.pk}/edit/")
    english.get_by_role("button", name="Add a step").click()
    expect(english.locator("[data-card] > summary").last).to_be_focused()
    card = english.locator(".step-cards > li").last
    expect(card.locator("[data-card]")).to_have_attribute("open", "")
    card.get_by_label("Name", exact=True).fill("After the promise")
    card.get_by_label("Counted from").select_option("promise_broken")
    expect(english.locator("#preview")).to_contain_text("When a promise is broken")
    card.get_by_label("Text", exact=True).select_option("promise_broken")
    card.get_by_label("Tone").select_option("firm")
    card.get_by_label("If the customer cannot be reached so, else by (1)").select_option("letter")
    expect(card.get_by_label("If the customer cannot be reached so, else by (1)")).to_have_value(
        "letter"
    )
    card.get_by_label("If the customer cannot be reached so, else by (2)").select_option("phone")
    card.get_by_label("Manager at the customer").check()
    card.get_by_label("The invoices").check()
    unfold(card, "Only if", "Overdue at least (EUR)")
    card.get_by_label("Overdue at least (EUR)").fill("150,50")
    card.get_by_label("Company", exact=True).check()
    unfold(card, "When it may leave", "Friday")
    card.get_by_label("Friday").uncheck()
    card.get_by_label("From (hour)").fill("9")
    card.get_by_label("Until (hour)").fill("17")
    english.keyboard.press("Tab")
    expect(english.locator("#preview")).to_contain_text("Nothing is wrong")
    english.get_by_role("button", name="Save as a new version").click()
    expect(english.locator("#toasts")).to_contain_text("Version 2 is saved")
    english.wait_for_load_state("networkidle")
    step = newest("risky").definition["steps"][-1]
    assert (step["anchor"], step["stage"]) == ("promise_broken", "firm")
    assert step["fallback"] == ["letter", "phone"]
    assert (step["recipients"], step["attachments"]) == (["manager"], ["invoices"])
    assert step["conditions"] == {"min_amount_minor": 15_050, "kinds": ["company"]}
    assert step["window"] == {
        "weekdays": ["mon", "tue", "wed", "thu"], "from_hour": 9, "until_hour": 17,
    }  # fmt: skip
    expect(english.get_by_role("main")).to_contain_text("After the promise")
    english.get_by_role("link", name="Edit", exact=True).click()
    english.get_by_role("button", name="Move After the promise up").click()
    english.get_by_role("button", name="Remove After the promise").click()
    expect(english.locator(".step-cards .step-title", has_text="After the promise")).to_have_count(
        0
    )
    english.wait_for_load_state("networkidle")
    english.get_by_role("button", name="Save as a new version").click()
    expect(english.locator("#toasts")).to_contain_text("Version 3 is saved")
    english.wait_for_load_state("networkidle")
    codes = [each["code"] for each in newest("risky").definition["steps"]]
    assert codes == [each["code"] for each in scenario.definition["steps"]]
    assert not complaints
