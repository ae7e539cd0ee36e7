"""Keys pressed as people press them: on a page that has come, with its scripts."""

from __future__ import annotations

from playwright.sync_api import Page


def tap(page: Page, key: str) -> None:
    """Press a key once the scripts of the page that is shown listen."""
    page.wait_for_load_state("load")
    page.keyboard.press(key)
