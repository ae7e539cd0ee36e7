"""The inbox of answers, worked from the keyboard and from a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Case, Dispute, Promise
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.models import Reply
from amiable.apps.messaging.replies.receiving import reply_receive
from tests.apps import mails
from tests.browser.accessibility import faults
from tests.browser.conftest import logged_in
from tests.browser.keys import tap
from tests.browser.portfolio import Portfolio

pytestmark = pytest.mark.browser


@pytest.fixture
def answers(story: Portfolio) -> list[Reply]:
    """A promise, a dispute that needs no more, and somebody unknown; the oldest first."""
    organization = story.manager.memberships.get().organization
    point = next(
        point
        for point in ContactPoint.objects.filter(organization=organization, kind="email").order_by(
            "id"
        )
        if Case.objects.filter(customer=point.customer).count() == 1
    )
    due = timezone.localdate() + timedelta(days=6)
    texts = (
        (f"Bonjour, je vous règle 10 € le {due:%d/%m/%Y}.", point.value),
        ("Je conteste cette facture, la marchandise est cassée.", point.value),
        ("Bonjour, qui êtes-vous ?", "inconnu@nulle-part.example"),
    )
    now = timezone.now()
    stored = [
        reply_receive(
            organization.id, mails.reply(text, sender=sender, own_id=f"{place}@x"),
            source="mailbox", received_at=now - timedelta(hours=9 - place),
        )
        for place, (text, sender) in enumerate(texts)
    ]  # fmt: skip
    return [Reply.objects.get(id=one.reply_id) for one in stored]


def test_one_key_validates_and_the_next_answer_stands_there(page: Page, answers):
    page.goto("/replies/")
    expect(page.locator("mark").first).to_be_visible()
    tap(page, "Enter")
    expect(page.locator(".toast-note")).to_be_visible()
    assert Promise.objects.filter(amount_minor=1000, cancelled_on=None).count() == 1
    expect(page.locator("[data-answer]")).to_contain_text("Je conteste")
    tap(page, "d")
    expect(page.locator("[data-answer]")).to_contain_text("qui êtes-vous")
    assert Dispute.objects.filter(closed_on=None, case_id=answers[1].case_id).count() >= 1
    tap(page, "i")
    expect(page.locator(".blank")).to_be_visible()
    assert not Reply.objects.filter(state="unread").exists()


def test_what_is_missing_is_asked_for_and_the_undo_brings_the_answer_back(page: Page, answers):
    page.goto(f"/replies/{answers[1].id}/")
    tap(page, "p")
    expect(page.locator("#p-due")).to_be_focused()
    assert Reply.objects.filter(state="unread").count() == 3
    tap(page, "Escape")
    page.locator("h1").click()
    tap(page, "r")
    page.locator(".toast-undo").click()
    expect(page.locator("[data-answer]")).to_contain_text("Je conteste")
    assert Reply.objects.filter(state="unread").count() == 3


def test_j_and_k_walk_through_the_answers(page: Page, answers):
    page.goto("/replies/")
    tap(page, "j")
    expect(page.locator("[data-answer]")).to_contain_text("Je conteste")
    tap(page, "k")
    expect(page.locator("[data-answer]")).to_contain_text("je vous règle")


def test_it_works_without_javascript(browser: Browser, live_server, story, answers):
    context = logged_in(browser, live_server.url, story, java_script_enabled=False)
    page = context.new_page()
    page.goto("/replies/")
    page.locator("form[data-first] button[type=submit]").click()
    expect(page.locator("[data-answer]")).to_contain_text("Je conteste")
    assert Promise.objects.filter(amount_minor=1000).count() == 1
    context.close()


@pytest.mark.looks
@pytest.mark.parametrize("width", [1440, 390])
def test_every_answer_is_accessible_and_fits(browser: Browser, live_server, story, answers, width):
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    paths = ["/replies/", "/replies/?tab=tasks", *(f"/replies/{row.id}/" for row in answers)]
    for path in paths:
        page.goto(path)
        assert faults(page, path) == []
    context.close()
