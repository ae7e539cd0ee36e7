"""How it went: asked on the page of a settled case, with and without JavaScript, on a telephone and
at a desk; what is answered stands on a page of ours."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from amiable.apps.cases.models import Case
from amiable.apps.dunning.models import Survey
from amiable.apps.tenants.models import Organization
from tests import factories
from tests.apps.portal_pages import no_limits, path_of, today
from tests.apps.settled_cases import settled
from tests.browser.portfolio import member
from tests.browser.test_portal import DESK, PHONE, _check, _context, _watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case() -> Case:
    no_limits()
    owner = factories.creditor(factories.organization(), brand_color="#0b6e4f")
    return settled(owner, on=today())


def _answer(page: Page, mark: str, words: str) -> None:
    page.locator(f"input[name=score][value='{mark}']").check()
    page.locator("textarea[name=note]").fill(words)
    page.locator("input[name=wants_call]").check()
    page.locator("form .button:not(.plain)").click()
    expect(page.locator("[data-told=opinion]")).to_be_visible()


def test_a_telephone_answers_and_the_house_sees_it(browser: Browser, live_server, case):
    pages = _watched(_context(browser, live_server, viewport=PHONE, has_touch=True, is_mobile=True))
    page = next(pages)
    path = path_of(case)
    # SQLite writes one thing at a time: that the page was touched is told in other tests.
    page.add_init_script(
        "const ask = window.fetch;"
        "window.fetch = (to, how) => how && how.keepalive ? Promise.resolve() : ask(to, how);"
    )
    page.goto(f"{path}?lang=en")
    for choice in page.locator("form .choice").all():
        assert choice.bounding_box()["height"] >= 44
    _check(page, "settled")
    page.locator("form .button:not(.plain)").click()
    expect(page.get_by_role("alert")).to_be_visible()
    _check(page, "opinion")
    _answer(page, "2", "Too many letters <b>bold</b>")
    _check(page, "told")
    for _ in pages:
        pass
    row = Survey.objects.get()
    assert (row.score, row.wants_call, row.task_on) == (2, True, today())


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_without_javascript_an_answer_is_given_and_changed(
    browser: Browser, live_server, case, size
):
    pages = _watched(_context(browser, live_server, viewport=size, java_script_enabled=False))
    page = next(pages)
    path = path_of(case)
    page.goto(f"{path}?lang=en")
    _answer(page, "5", "Well done")
    page.goto(f"{path}opinion/?lang=en")
    expect(page.locator("input[name=score][value='5']")).to_be_checked()
    _answer(page, "4", "Well done")
    assert Survey.objects.get().score == 4
    for _ in pages:
        pass


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_person_sees_to_a_low_mark(browser: Browser, live_server, case, size):
    user = member(Organization.objects.get(), "manager@x.example", "manager")
    Survey.objects.create(
        organization=case.organization, case=case, action=case.actions.get(), asked_on=today(),
        score=1, note="Trop de courriers " * 20, answered_at=timezone.now(), task_on=today(),
    )  # fmt: skip
    client = Client()
    client.force_login(user)
    context = _context(browser, live_server, viewport=size)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    pages = _watched(context)
    page = next(pages)
    page.goto("/satisfaction/")
    _check(page, "satisfaction")
    page.locator("input[name=note]").fill("Rappelé")
    page.locator("form[action$='/done/'] button").click()
    expect(page.locator("form[action$='/done/']")).to_have_count(0)
    assert Survey.objects.get().task_note == "Rappelé"
    for _ in pages:
        pass
