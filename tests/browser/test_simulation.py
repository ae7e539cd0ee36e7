"""The page that shows what would be sent before it is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from amiable.apps.dunning.models import Action
from amiable.apps.dunning.simulation import jobs as simulation_jobs
from amiable.apps.work.models import Job
from amiable.project.worker import work
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in
from tests.browser.portfolio import member
from tests.browser.test_pages import _speak

pytestmark = pytest.mark.browser


def ask(page: Page, *, scenario: str, first, last) -> None:
    page.goto("/simulation/")
    page.select_option("#sim-scenario", scenario)
    page.fill("#sim-first", first.isoformat())
    page.fill("#sim-last", last.isoformat())
    page.locator("main form button[type=submit]").click()


def test_the_days_ahead_are_shown_with_their_work_their_difference_and_their_reasons(page, story):
    before = Action.objects.count()
    ask(page, scenario="risky", first=story.today, last=story.today + timedelta(days=60))
    expect(page).to_have_url(re.compile(r"/simulation/\d+/$"))
    job = Job.objects.get(kind="simulate")
    totals = job.result["summary"]
    assert job.state == "done"
    assert totals["contacts"] > 0
    stat = page.locator(".stat", has_text="Contacts").locator(".stat-value")
    expect(stat.first).to_have_text(str(totals["contacts"]))
    expect(page.locator(".notice-warn")).to_contain_text(re.compile("[Pp]a(y|ie)"))
    expect(page.locator("canvas[data-chart=days-data]")).to_be_visible()
    expect(page.locator("#difference-title")).to_be_visible()
    expect(page.locator(".reasons li").first).to_be_visible()
    assert Action.objects.count() == before


def test_a_result_can_be_reopened_and_narrowed_to_a_medium(page, story):
    ask(page, scenario="", first=story.today, last=story.today + timedelta(days=60))
    page.wait_for_url("**/simulation/*/")
    page.goto("/simulation/")
    page.locator("section[aria-labelledby=past-simulations] td a").first.click()
    expect(page.locator("#contacts-title")).to_be_visible()
    page.locator(".chips a[href*='medium=email']").click()
    expect(page.locator(".chip.is-on[href*='medium=email']")).to_be_visible()
    assert page.locator("#contacts-title").is_visible()


def test_past_days_are_a_back_test(page, story):
    ask(
        page,
        scenario="sme-standard",
        first=story.today - timedelta(days=60),
        last=story.today - timedelta(days=1),
    )
    page.wait_for_url("**/simulation/*/")
    expect(page.locator("#hindsight-title")).to_be_visible()
    assert Job.objects.get(kind="simulate").result["summary"]["kind"] == "back_test"


def test_a_period_across_today_is_refused_with_its_reason(page, story):
    ask(
        page,
        scenario="risky",
        first=story.today - timedelta(days=1),
        last=story.today + timedelta(days=1),
    )
    expect(page.locator(".toast-note").first).to_be_visible()
    assert not Job.objects.filter(kind="simulate").exists()


def test_a_large_one_runs_in_the_background_and_shows_its_progress(page, story, monkeypatch):
    monkeypatch.setattr(simulation_jobs, "AT_ONCE", 0)
    ask(page, scenario="risky", first=story.today, last=story.today + timedelta(days=30))
    page.wait_for_url("**/simulation/*/")
    expect(page.locator("#simulation-progress progress")).to_be_visible()
    ask(page, scenario="risky", first=story.today, last=story.today + timedelta(days=30))
    expect(page.locator(".toast-note").first).to_be_visible()
    job = Job.objects.get(kind="simulate")
    page.goto(f"/simulation/{job.id}/")
    work(ticks=False, until_idle=True)
    expect(page.locator("#days-title")).to_be_visible()
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", job.total)


def test_a_reader_sees_results_and_starts_nothing(story, client: Client):
    client.force_login(member(story.organization, "reader@vauban.example", "reader"))
    assert client.get("/simulation/").status_code == 200
    assert client.post("/simulation/run/", {}).status_code == 403
    assert client.get("/simulation/999/").status_code == 404


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_pages_are_accessible_and_not_too_wide(
    browser: Browser, live_server, story, language: str, width: str
):
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(size)
    _speak(page, live_server.url, language)
    days = (
        (story.today, story.today + timedelta(days=60)),
        (story.today - timedelta(days=60), story.today - timedelta(days=1)),
    )
    problems = []
    for first, last in days:
        page.goto("/simulation/")
        problems += faults(page)
        ask(page, scenario="risky", first=first, last=last)
        page.wait_for_url("**/simulation/*/")
        for summary in page.locator("details summary").all():
            if summary.is_visible():
                summary.click()
        problems += faults(page)
    context.close()
    assert problems == []
