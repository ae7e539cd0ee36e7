"""One real Chromium for the session, and a portfolio with something to see on every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.portfolio import Portfolio, portfolio

# Playwright keeps an event loop in this thread; Django would refuse to query beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: scripts/system-packages.sh installs it")
    if not (settings.PACKAGE / "assets" / "web" / "tabler.css").exists() or not AXE.exists():
        pytest.skip("browser assets are missing: run `make assets`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def story(transactional_db) -> Portfolio:
    """An organization with customers, a plan, messages, bank lines and an import."""
    return portfolio()


@pytest.fixture
def context(browser: Browser, live_server, story: Portfolio) -> Iterator[BrowserContext]:
    """A logged-in manager. The strict policy of the pages holds."""
    context = logged_in(browser, live_server.url, story)
    yield context
    for page in context.pages:
        # A request still being answered would hold the tables that the next test empties.
        with suppress(PlaywrightError):
            page.wait_for_load_state("networkidle", timeout=5_000)
    context.close()


def logged_in(browser: Browser, url: str, story: Portfolio, **options) -> BrowserContext:
    """A context with the manager's session."""
    client = Client()
    client.force_login(story.manager)
    context = browser.new_context(
        base_url=url, locale="fr-FR", viewport={"width": 1440, "height": 900}, **options
    )
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    context.set_default_timeout(30_000)
    return context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of the logged-in manager."""
    return context.new_page()
