"""Every page, in both languages and at both widths: accessible, within its policy, not too wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser

LANGUAGES = {"fr": "Tableau de bord", "en": "Dashboard"}


def addresses(story) -> list[str]:
    """Every page of the console, with something on it."""
    customer, held, disputed = (story.customers[i].pk for i in (1, 5, 2))
    from amiable.apps.banking.models import StatementLine
    from amiable.apps.messaging.models import Message

    message = Message.objects.first()
    line = StatementLine.objects.get(label__contains="0099")
    return [
        "/",
        "/figures/",
        "/items/?bucket=1_30",
        "/customers/",
        "/customers/?q=zzz",
        f"/customers/{customer}/",
        f"/customers/{held}/",
        f"/customers/{disputed}/",
        "/actions/",
        "/actions/?tab=calls",
        "/actions/?tab=automatic",
        "/bank/?state=all",
        f"/bank/lines/{line.pk}/?q=",
        f"/bank/lines/{line.pk}/?customer={customer}",
        "/outbox/",
        f"/outbox/{message.pk}/",
        "/imports/",
        "/jobs/",
        "/password/",
        "/nowhere/",
    ]


def _speak(page: Page, url: str, language: str, theme: str = "light") -> None:
    page.context.add_cookies(
        [
            {"name": "django_language", "value": language, "url": url},
            {"name": "theme", "value": theme, "url": url},
        ]
    )


@pytest.mark.looks
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_an_accessibility_violation(
    browser: Browser, live_server, story, language: str, width: str
):
    _no_violation(browser, live_server.url, story, language=language, width=width)


@pytest.mark.looks
def test_dark_pages_have_no_accessibility_violation(browser: Browser, live_server, story):
    _no_violation(browser, live_server.url, story, language="fr", width="desk", theme="dark")


def _no_violation(
    browser: Browser, url: str, story, *, language: str, width: str, theme: str = "light"
) -> None:
    # The policy forbids the foreign script that does the checking: it is lifted here only.
    context = logged_in(browser, url, story)
    page = context.new_page()
    _speak(page, url, language, theme)
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []
    for address in addresses(story)[:: 3 if theme == "dark" else 1]:
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        problems += faults(page)
    context.close()
    assert not problems, "\n".join(problems)


@pytest.mark.looks
def test_login_page_is_accessible(browser: Browser, live_server):
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    problems = []
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width[0], "height": width[1]})
        page.goto("/login/")
        problems += faults(page)
    context.close()
    assert not problems, "\n".join(problems)


@pytest.mark.looks
def test_no_page_breaks_its_policy_or_logs_an_error(page: Page, story):
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(f"{page.url}: {m.text}"))
    page.on("pageerror", lambda e: complaints.append(f"{page.url}: {e}"))
    for address in addresses(story):
        if address == "/nowhere/":  # a browser reports every 404 as an error
            continue
        answer = page.goto(address)
        assert answer is not None
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
        page.wait_for_load_state("networkidle")
    assert not complaints, "\n".join(complaints)
