"""What is wrong with a page as it stands: what axe finds, and whether one must scroll sideways."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import AXE

WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
CHECK = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
  return found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(' | '));
}"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def faults(page: Page, name: str = "") -> list[str]:
    """A sentence for each fault, with the page's name or address; none is what one wants.

    The strict policy of our pages holds meanwhile: axe comes by the debugger, not by the page. In a
    context without JavaScript it would never end.
    """
    page.evaluate(AXE.read_text("utf-8"))
    found = list(page.evaluate(CHECK, RULES))
    if page.evaluate(TOO_WIDE):
        found.append("wider than its window")
    return [f"{name or page.url}: {each}" for each in found]
