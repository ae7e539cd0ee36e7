"""The customer's file in a browser: what comes next, what stops it, and what a call brought.

Elements are found by what they do, so that the words may change.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Dispute, Hold, PaymentPlan, Promise
from amiable.apps.customers.models import Contact, ContactPoint
from amiable.apps.dunning.models import Action
from amiable.apps.receivables.models import Installment
from amiable.core.schedules import PlanPart
from amiable.core.workdays import add_workdays
from tests import factories
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser


def tool(page: Page, name: str) -> None:
    """Open the form that posts to an address."""
    page.locator("details", has=page.locator(f"form[action='{name}']")).first.locator(
        "> summary"
    ).click()


def everything_stops(story) -> str:
    """A customer with a stop of every kind; the address of its file."""
    debtor = story.customers[1]
    case, organization = factories.case(debtor), story.organization.pk
    who = {"on": story.today, "actor": "camille@vauban.example"}
    ids = list(
        Installment.objects.filter(customer=debtor).order_by("id").values_list("id", flat=True)
    )
    cases.dispute_open(organization, ids[0], reason="price", amount_minor=10_000, **who)
    cases.hold_place(organization, case.pk, reason="Avoir attendu", installment_id=ids[1], **who)
    cases.promise_record(
        organization, case.pk, amount_minor=20_000, due_on=story.today + timedelta(days=9), **who
    )
    days = (add_workdays(story.today, 5), add_workdays(story.today, 25))
    parts = [PlanPart(day, 15_000) for day in days]
    cases.plan_record(organization, case.pk, instalments=parts, **who)
    before = story.today - timedelta(days=30)
    cases.promise_record(
        organization, case.pk, amount_minor=1_000, due_on=before + timedelta(days=3),
        on=before, actor="camille@vauban.example",
    )  # fmt: skip
    cases.contact_add(
        organization,
        debtor.pk,
        name="Ann Lee",
        role="director",
        phone="+33612345678",
        email="ann@client.example",
        **who,
    )
    email = ContactPoint.objects.filter(customer=debtor, kind="email").first()
    cases.point_mark(organization, email.pk, "invalid", reason="returned", **who)
    cases.customer_fact_set(organization, debtor.pk, "insolvent_since", value=story.today, **who)
    return f"/customers/{debtor.pk}/"


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_a_file_with_every_stop_is_accessible_and_not_too_wide(
    browser: Browser, live_server, story, width: str
):
    address = everything_stops(story)
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    page.goto(address)
    for summary in page.locator("details > summary").all():
        summary.click()
    page.wait_for_selector("#plan-preview *")
    assert faults(page) == []
    assert page.locator(".stops li").count() >= 4
    assert page.locator("progress.bar").count() >= 4
    context.close()


def test_an_insolvency_is_noted_and_taken_back(page: Page, story):
    debtor = story.customers[1]
    page.goto(f"/customers/{debtor.pk}/")
    tool(page, f"/customers/{debtor.pk}/facts/insolvent_since/")
    page.locator("#fact-insolvent").fill(story.today.isoformat())
    page.locator("#fact-insolvent").press("Enter")
    expect(page.locator(".case-now.is-stopped")).to_be_visible()
    page.locator(".toast-undo").click()
    expect(page.locator(".case-now.is-stopped")).to_have_count(0)
    debtor.refresh_from_db()
    assert debtor.insolvent_since is None


def test_a_plan_is_seen_before_it_is_recorded_and_taken_back(page: Page, story):
    debtor = story.customers[1]
    page.goto(f"/customers/{debtor.pk}/")
    tool(page, "/plans/")
    rows = page.locator("#plan-preview tbody tr")
    expect(rows).to_have_count(4)  # three instalments and their sum
    page.locator("#plan-count").fill("5")
    page.locator("#plan-count").press("Tab")
    expect(rows).to_have_count(6)
    page.locator("#plan-amount").fill("999999")
    page.locator("#plan-amount").press("Tab")
    expect(page.locator("#plan-preview table")).to_have_count(0)
    expect(page.locator("#plan-preview")).not_to_be_empty()
    assert not PaymentPlan.objects.exists()
    page.locator("#plan-amount").fill("1 000,01")
    page.locator("#plan-amount").press("Enter")
    expect(page.locator(".stops progress")).to_have_count(1)
    amounts = PaymentPlan.objects.get().instalments.values_list("amount_minor", flat=True)
    assert sorted(amounts) == [20_000] * 4 + [20_001]
    page.locator(".toast-undo").click()
    expect(page.locator(".stops progress")).to_have_count(0)
    assert PaymentPlan.objects.get().cancelled_on


def open_call(page: Page) -> Action:
    action = Action.objects.get(state="todo", medium="phone")
    page.goto(f"/customers/{action.case.customer_id}/")
    tool(page, f"/actions/{action.pk}/call/")
    return action


def test_a_promise_that_is_refused_keeps_what_was_typed(page: Page, story):
    action = Action.objects.get(state="todo", medium="phone")
    page.goto(f"/customers/{action.case.customer_id}/")
    tool(page, "/promises/")
    due = (story.today + timedelta(days=5)).isoformat()
    page.locator("#promise-amount").fill("12,x5")
    page.locator("#promise-due").fill(due)
    page.locator("#promise-note").fill("Madame Roy")
    page.locator("form[action='/promises/'] button[type=submit]").click()
    expect(page.locator(".toast-note.is-error")).to_be_visible()
    expect(page.locator("#promise-amount")).to_be_visible()
    expect(page.locator("#promise-amount")).to_have_value("12,x5")
    expect(page.locator("#promise-due")).to_have_value(due)
    expect(page.locator("#promise-note")).to_have_value("Madame Roy")


def test_a_promise_made_in_a_call_is_recorded_in_the_same_gesture(page: Page, story):
    action = open_call(page)
    page.locator(f"#result-{action.pk}").select_option("no_answer")
    expect(page.locator(f"#call-amount-{action.pk}")).to_be_hidden()
    page.locator(f"#result-{action.pk}").select_option("promise")
    page.locator(f"#call-amount-{action.pk}").fill("300")
    page.locator(".call-form button").click()
    expect(page.locator(".toast-note.is-error")).to_be_visible()  # no day yet
    action.refresh_from_db()
    assert action.state == "todo"
    open_call(page)
    page.locator(f"#result-{action.pk}").select_option("promise")
    page.locator(f"#call-amount-{action.pk}").fill("300")
    due = story.today + timedelta(days=5)
    page.locator(f"#call-due-{action.pk}").fill(due.isoformat())
    page.locator(".call-form button").click()
    expect(page.locator(".stops progress")).to_have_count(1)
    promise = Promise.objects.get(case=action.case)
    assert (promise.amount_minor, promise.due_on) == (30_000, due)
    action.refresh_from_db()
    assert (action.state, action.result) == ("done", "promise")


def test_a_dispute_a_callback_and_a_wrong_number_come_from_the_call_too(page: Page, story):
    action = open_call(page)
    page.locator(f"#result-{action.pk}").select_option("dispute")
    page.locator(f"#call-disputed-{action.pk}").fill("12,50")
    page.locator(".call-form button").click()
    expect(page.locator(".toast-note")).to_be_visible()
    assert Dispute.objects.get(case=action.case).amount_minor == 1_250
    Action.objects.filter(pk=action.pk).update(state="todo")
    open_call(page)
    page.locator(f"#result-{action.pk}").select_option("callback")
    again = story.today + timedelta(days=4)
    page.locator(f"#call-again-{action.pk}").fill(again.isoformat())
    page.locator(f"#call-at-{action.pk}").fill("14:30")
    page.locator(".call-form button").click()
    expect(page.locator(".stops li").first).to_be_visible()
    assert Hold.objects.get(case=action.case).ends_on == again
    action = Action.objects.get(case=action.case, state="todo")
    assert action.due_on == again
    expect(page.locator(".case-now")).to_contain_text("14:30")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    open_call(page)
    page.locator(f"#result-{action.pk}").select_option("wrong_number")
    page.locator(".call-form button").click()
    expect(page.locator(".toast-note")).to_be_visible()
    assert ContactPoint.objects.get(customer=action.case.customer, kind="phone").invalid_since


def test_a_contact_is_added_named_and_taken_back(page: Page, story):
    debtor = story.customers[1]
    page.goto(f"/customers/{debtor.pk}/")
    tool(page, f"/customers/{debtor.pk}/contacts/")
    page.locator("#contact-name").fill("Ann Lee")
    page.locator("#contact-role").select_option("director")
    page.locator("#contact-email").fill("ann@client.example")
    page.locator("#contact-email").press("Enter")
    expect(page.locator(".person select")).to_have_value("director")
    page.locator(".person select").select_option("legal")
    page.wait_for_load_state()
    expect(page.locator(".person select")).to_have_value("legal")
    contact = Contact.objects.get()
    assert contact.role == "legal"
    page.locator(".toast-undo").click()
    expect(page.locator(".person select")).to_have_value("director")


def test_an_address_that_is_wrong_is_marked_and_used_again(page: Page, story):
    debtor = story.customers[1]
    email = ContactPoint.objects.get(customer=debtor, kind="email")
    page.goto(f"/customers/{debtor.pk}/")
    tool(page, f"/points/{email.pk}/mark/")
    page.locator(f"#why-{email.pk}").fill("Revenu")
    page.locator(f"form[action='/points/{email.pk}/mark/'] button[value=invalid]").click()
    expect(page.locator(".person .pill-bad")).to_have_count(1)
    page.locator(f"form[action='/points/{email.pk}/mark/'] button[value=valid]").click()
    expect(page.locator(".person .pill-bad")).to_have_count(0)
    email.refresh_from_db()
    assert email.invalid_since is None
