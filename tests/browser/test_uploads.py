"""The columns of a bank's table named in a real browser: read at once, saved, known next time."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.banking.models import StatementLine
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser

TABLE = (
    "Konto 1;;;;\nWann;Wertstellungstag;Was;Wieviel;Stand\n"
    "20.11.2026;20.11.2026;VIR DUPONT SARL FACTURE FA2026-0042;1.252,23;1.352,23\n"
    "21.11.2026;21.11.2026;FRAIS TENUE DE COMPTE;-5,00;1.347,23\n"
)
CHOSEN = {"booked_on": "Wann", "label": "Was", "amount": "Wieviel", "balance": "Stand"}


@pytest.fixture
def table(tmp_path: Path, settings) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    path = tmp_path / "konto.csv"
    path.write_text(TABLE)
    return path


def hand_in(page: Page, table: Path, *, by_choice: bool = False) -> None:
    """Hand a statement in; the page that asks for its columns comes."""
    page.goto("/imports/?kind=statement")
    page.locator("#import-file").set_input_files(table)
    name = "[name=columns]" if by_choice else ".btn-primary"
    page.locator(f"form[enctype] button{name}").click()


def choose(page: Page) -> None:
    for field, column in CHOSEN.items():
        page.locator(f"#column-{field}").select_option(label=column)


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_columns_is_accessible(
    browser: Browser, live_server, story, table: Path, width: str
):
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    hand_in(page, table)
    choose(page)
    expect(page.locator("#reading .pill-good")).to_be_visible(timeout=20_000)
    problems = faults(page)
    context.close()
    assert not problems, "\n".join(problems)


def test_columns_are_read_as_they_are_chosen_then_saved_and_known(page: Page, table: Path):
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text))
    page.on("pageerror", lambda e: complaints.append(str(e)))
    hand_in(page, table)
    expect(page.locator("#reading .notice-warn")).to_be_visible(timeout=20_000)
    choose(page)
    expect(page.locator("#reading table tbody tr")).to_have_count(2, timeout=20_000)
    page.locator("#id_name").fill("Sparkasse")
    page.locator("#id_name").press("Enter")
    page.wait_for_url("**/imports/*/", timeout=20_000)
    hand_in(page, table, by_choice=True)
    expect(page.locator("#id_name")).to_have_value("Sparkasse")
    expect(page.locator("#column-amount option:checked")).to_have_text("Wieviel")
    expect(page.locator("#reading table tbody tr")).to_have_count(2, timeout=20_000)
    assert not complaints
    assert StatementLine.objects.filter(label__startswith="VIR DUPONT").count() == 1
