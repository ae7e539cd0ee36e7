"""One real Chromium for the session, and a portfolio with something to see on every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Condition, get_ident

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.portfolio import Portfolio, portfolio

# Playwright keeps an event loop in this thread; Django would refuse to query beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# A page may come late on a busy machine: what is expected of it says nothing about speed.
expect.set_options(timeout=30_000)

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


class Answering:
    """What the server is answering: the path by thread, which answers one request at a time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._paths: dict[int, str] = {}

    def started(self, environ: dict[str, str], **_: object) -> None:
        """A thread took a request."""
        with self._changed:
            self._paths[get_ident()] = environ["PATH_INFO"]

    def finished(self, **_: object) -> None:
        """It gave its answer, or the browser had left."""
        with self._changed:
            self._paths.pop(get_ident(), None)
            self._changed.notify_all()

    def wait(self, *, seconds: float) -> list[str]:
        """The paths that were still without an answer after that time."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paths, timeout=seconds)
            return list(self._paths.values())


@pytest.fixture(scope="session")
def answering() -> Iterator[Answering]:
    """Counts what the server of this process answers."""
    answering = Answering()
    request_started.connect(answering.started)
    request_finished.connect(answering.finished)
    yield answering
    request_started.disconnect(answering.started)
    request_finished.disconnect(answering.finished)


@pytest.fixture(autouse=True)
def _every_answer_is_given(
    _append_only_rows_leave_with_their_test, answering: Answering
) -> Iterator[None]:
    """A page that closes leaves requests behind (what was seen, what is drawn anew): they end
    before the rows they read and write leave with their test."""
    yield
    assert answering.wait(seconds=30) == []


@pytest.fixture
def story(transactional_db) -> Portfolio:
    """An organization with customers, a plan, messages, bank lines and an import."""
    return portfolio()


@pytest.fixture
def context(browser: Browser, live_server, story: Portfolio) -> Iterator[BrowserContext]:
    """A logged-in manager. The strict policy of the pages holds."""
    context = logged_in(browser, live_server.url, story)
    yield context
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
