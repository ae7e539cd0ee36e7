"""Assignment and the batch, done by a browser: from the keyboard, with their undo, accessible."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from amiable.apps.dunning.enrollment import assignment, rules
from amiable.apps.dunning.models import Action, Enrollment, Scenario
from amiable.core.scenario_data import scenario_to_json
from amiable.core.shipped import SHIPPED
from tests import factories
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.browser.portfolio import Portfolio, member

pytestmark = pytest.mark.browser


@pytest.fixture
def story(story: Portfolio) -> Portfolio:
    """The portfolio with every shipped scenario, two rules, a batch and a task to do."""
    cache.clear()
    organization = story.organization
    for code, definition in SHIPPED.items():
        Scenario.objects.get_or_create(
            organization=organization,
            code=code,
            version=1,
            defaults={"name": definition.name, "definition": scenario_to_json(definition)},
        )
    who = {"on": story.today, "actor": "test"}
    data = [
        {"scenario": "public-bodies", "when": {"kinds": ["public"]}},
        {"scenario": "good-payers", "when": {"max_amount_minor": 500_000}},
    ]
    rules.rules_set(organization.pk, data, **who)
    Action.objects.filter(state="to_approve").update(approval="batch")
    key_accounts = Scenario.objects.get(organization=organization, code="key-accounts")
    Action.objects.create(
        organization=organization,
        case=factories.case(story.customers[4]),
        key="task",
        scenario=key_accounts,
        step="ask_sales",
        occurrence=1,
        medium="task",
        stage="firm",
        due_on=story.today,
        planned_on=story.today,
        state="todo",
    )
    type(story.customers[4]).objects.filter(pk=story.customers[4].pk).update(
        sales_owner="Nadia Roux"
    )
    return story


@pytest.fixture
def page(context, live_server) -> Page:
    """In English, whose texts are those of the templates."""
    context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    return context.new_page()


def order(story: Portfolio) -> list[str]:
    return [rule.scenario_code for rule in assignment.rules(story.organization.pk)]


def test_rules_are_ordered_from_the_keyboard_and_put_back(page: Page, story):
    page.goto("/assignment/")
    expect(page.get_by_role("main")).to_contain_text("1. Public body")
    button = page.get_by_role("button", name="Move rule 2 up")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("The order is changed")
    assert order(story) == ["good-payers", "public-bodies"]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("as they were")
    assert order(story) == ["public-bodies", "good-payers"]


def test_a_rule_is_added_changed_and_deleted(page: Page, story):
    page.goto("/assignment/")
    page.get_by_text("Add a rule").click()
    form = page.locator("form", has=page.locator("#new-scenario"))
    form.get_by_label("Segments").fill("grands-comptes, export")
    form.get_by_label("At least this much open").fill("1 252,23")
    form.get_by_label("Scenario").select_option("key-accounts")
    form.get_by_role("button", name="Keep the rule").click()
    expect(page.locator("#rule-3")).to_contain_text("Segment grands-comptes, export, at least")
    expect(page.locator("#rule-3")).to_contain_text("€1,252.23")
    assert order(story)[2] == "key-accounts"
    page.locator("#rule-3").get_by_text("Change").click()
    page.locator("#rule-3").get_by_label("Score of at most").fill("30")
    page.locator("#rule-3").get_by_role("button", name="Keep the rule").click()
    expect(page.locator("#rule-3")).to_contain_text("score of 30 or less")
    page.get_by_role("button", name="Delete rule 3").click()
    expect(page.locator("#rule-3")).to_have_count(0)
    assert order(story) == ["public-bodies", "good-payers"]


def test_a_rule_that_cannot_be_is_refused_with_a_word(page: Page, story):
    page.goto("/assignment/")
    page.get_by_text("Add a rule").click()
    form = page.locator("form", has=page.locator("#new-scenario"))
    form.get_by_label("Score of at least").fill("60")
    form.get_by_label("Score of at most").fill("50")
    form.get_by_label("Scenario").select_option("risky")
    form.get_by_role("button", name="Keep the rule").click()
    expect(page.locator("#toasts")).to_contain_text("is above")
    assert len(order(story)) == 2


def test_a_move_is_seen_before_it_is_made(page: Page, story):
    page.goto("/assignment/")
    page.get_by_label("Move to").select_option(label="Risky customers · 1")
    page.get_by_role("button", name="See what would change").click()
    page.wait_for_url(re.compile("/assignment/preview/"))
    assert not Enrollment.objects.filter(scenario__code="risky").exists()
    expect(page.get_by_role("main")).to_contain_text("Customers who would move")
    page.get_by_role("button", name=re.compile("Move 6 customers")).click()
    expect(page.locator("#toasts")).to_contain_text("6 customers were moved")
    assert Enrollment.objects.filter(scenario__code="risky").count() == 6
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("6 customers are back where they were")
    assert not Enrollment.objects.filter(scenario__code="risky").exists()


def test_a_batch_is_confirmed_and_refused_with_its_undo(page: Page, story):
    page.goto("/actions/?tab=batch")
    waiting = Action.objects.filter(state="to_approve").count()
    assert waiting >= 2
    page.get_by_label("All", exact=True).check()
    expect(page.locator("[data-selected-count]")).to_have_text(str(waiting))
    page.get_by_label("All", exact=True).uncheck()
    page.get_by_label(re.compile("^Choose ")).first.check()
    page.get_by_text("Refuse…").click()
    page.get_by_label("Why not").fill("Visited yesterday")
    page.get_by_role("button", name="Refuse", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("1 action is refused")
    assert Action.objects.filter(state="skipped").count() == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("1 refusal is taken back")
    assert Action.objects.filter(state="to_approve").count() == waiting
    page.get_by_label("All", exact=True).check()
    page.get_by_role("button", name=re.compile("^Confirm")).click()
    expect(page.locator("#toasts")).to_contain_text(f"{waiting} actions are approved")
    assert not Action.objects.filter(state="to_approve").exists()


def test_who_is_left_out_is_shown_with_the_reason(page: Page, story):
    page.goto("/actions/?tab=batch")
    group = page.locator("details", has_text="On hold")
    group.locator("summary").click()
    expect(group).to_contain_text("Transports Gaudin")
    expect(group).to_contain_text("Attente d’un avoir")


def test_a_waiting_message_is_read_from_the_batch(page: Page, story):
    """The first reminder of who has paid meanwhile says so; the others show their text."""
    waiting = Action.objects.filter(state="to_approve").exclude(case__customer=story.customers[0])
    name = waiting.first().case.customer.name
    page.goto("/actions/?tab=batch")
    page.get_by_role("link", name=re.compile(f"What it would say.*{name}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What it would say")
    expect(page.get_by_label("Text of the message")).to_contain_text("FA-")
    page.goto("/actions/?tab=batch")
    paid = story.customers[0].name
    page.get_by_role("link", name=re.compile(f"What it would say.*{paid}")).click()
    expect(page.get_by_role("main")).to_contain_text("Nothing is due")


def test_a_task_says_whom_to_ask_and_is_closed_with_a_note(page: Page, story):
    page.goto("/actions/?tab=calls")
    line = page.locator("li", has_text="Nadia Roux")
    expect(line).to_contain_text("Ask what holds the payment back")
    line.get_by_role("button", name="Not done").click()
    expect(page.locator("#toasts")).to_contain_text("Say why it was not done")
    line.get_by_label("Note").fill("On leave until Monday")
    line.get_by_role("button", name="Not done").click()
    expect(page.locator("#toasts")).to_contain_text("it was not done")
    task = Action.objects.get(key="task")
    assert (task.state, task.outcome[0]["params"]["note"]) == ("skipped", "On leave until Monday")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("open again")
    page.locator("li", has_text="Nadia Roux").get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("The task is done")


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_assignment_and_batch_are_accessible(
    browser: Browser, live_server, story, width: str
):
    # The policy forbids the foreign script that does the checking: it is lifted here only.
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []
    for address in (
        "/assignment/",
        "/assignment/preview/?to=rules",
        "/assignment/preview/?to=rules&source=nowhere",
        "/actions/?tab=batch",
        "/actions/?tab=calls",
        "/actions/left-out/",
        f"/actions/{Action.objects.filter(state='to_approve').first().pk}/preview/",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.evaluate(
            "document.querySelectorAll('main details').forEach((d) => { d.open = true; })"
        )
        problems += faults(page)
    context.close()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("role", "status"), [("reader", 403), ("collector", 403)])
def test_only_managers_change_rules_and_move_customers(story, role, status):
    client = Client()
    client.force_login(member(story.organization, f"{role}@vauban.example", role))
    assert client.get("/assignment/").status_code == 200
    form = {"to": "rules", "scenario": "risky", "rule": "1", "way": "up"}
    for address in ("move/", "rules/", "rules/shift/", "rules/remove/", "rules/undo/"):
        assert client.post(f"/assignment/{address}", form).status_code == status, address
    assert order(story) == ["public-bodies", "good-payers"]


def test_a_collector_chooses_the_scenario_of_a_customer_and_takes_it_back(story):
    client = Client()
    client.force_login(member(story.organization, "c@vauban.example", "collector"))
    case = factories.case(story.customers[0]).pk
    risky = Scenario.objects.get(organization=story.organization, code="risky").pk
    client.post("/assignment/case/", {"case": case, "scenario": risky})
    row = Enrollment.objects.get(case_id=case)
    assert (row.scenario_id, row.is_manual) == (risky, True)
    client.post(f"/assignment/case/undo/?case={case}")
    row.refresh_from_db()
    assert (row.scenario.code, row.is_manual) == ("sme-standard", False)
    client.post("/assignment/case/", {"case": case, "scenario": "rules"})
    row.refresh_from_db()
    assert row.scenario.code == "good-payers"


@pytest.mark.parametrize(
    "query", ["to=9999", "to=x", "to=rules&source=risky:x", "to=rules&kind=martian", ""]
)
def test_a_preview_of_nonsense_breaks_nothing(story, query):
    client = Client()
    client.force_login(story.manager)
    assert client.get(f"/assignment/preview/?{query}").status_code == 200


def test_pages_cost_a_bounded_number_of_queries(story, django_assert_max_num_queries):
    client = Client()
    client.force_login(story.manager)
    limits = {"/assignment/": 14, "/assignment/preview/?to=rules": 45, "/actions/?tab=batch": 14}
    for address, limit in limits.items():
        client.get(address)
        with django_assert_max_num_queries(limit):
            assert client.get(address).status_code == 200
