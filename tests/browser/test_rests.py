"""Rests of payments in a browser: asked on the line, decided by another, shown on the file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from amiable.apps.banking.models import Match, Rest, StatementLine
from amiable.apps.banking.rests import RestSaid, rest_refuse
from amiable.apps.banking.services import lines_match, match_confirm, statement_import
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.apps.test_bank_habits import learn
from tests.browser.accessibility import WIDTHS, faults
from tests.browser.conftest import logged_in

pytestmark = pytest.mark.browser
ANN = "ann@vauban.example"


def shorts(story, count: int = 3) -> list[Match]:
    """Payments of a customer, each short of an invoice of its own by what a bank might keep."""
    debtor, today = story.customers[0], story.today
    org_id = debtor.organization_id
    items = [
        factories.invoice(
            debtor, f"RE2026-{n:04}", total_minor=765_432 + 1_000 * n, due=today - timedelta(days=n)
        )
        for n in range(count)
    ]
    entries = tuple(
        StatementEntry(
            1, today, today, 763_782 + 1_000 * n, "EUR", f"VIR INST RECU {debtor.name}",
            payer_name=debtor.name,
        )
        for n in range(count)
    )  # fmt: skip
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, today, today, entries, "rests")
    statement_import(org_id, [record], source="r.xml", on=today, actor=ANN)
    lines_match(org_id, on=today)
    lines = StatementLine.objects.filter(statement__source="r.xml").order_by("amount_minor")
    return [_on(line, item) for line, item in zip(lines, items, strict=True)]


def _on(line: StatementLine, item) -> Match:
    """The line's one proposal: this very invoice."""
    match = Match.objects.filter(line=line, state="proposed").order_by("rank")[0]
    match.allocations = [
        {"installment": item.id, "amount_minor": line.amount_minor, "credit": None,
         "confirms": False}
    ]  # fmt: skip
    match.save()
    Match.objects.filter(line=line, state="proposed").exclude(id=match.id).update(
        state="superseded"
    )
    return match


def asked(story) -> list[Rest]:
    """One rest that waits, one refused, one proposal still to be asked about."""
    first, second, _ = shorts(story)
    how = {"on": story.today, "actor": ANN}
    for match in (first, second):
        said = RestSaid(
            match.allocations[0]["installment"], "bank_fee", note="Deutsche Bank, frais OUR",
            hold_words="What is left waits for an approval: A bank's fee",
        )  # fmt: skip
        match_confirm(match.organization_id, match.id, rests=[said], **how)
    rows = list(Rest.objects.order_by("id"))
    rest_refuse(rows[1].organization_id, rows[1].id, reason="à leur charge", on=story.today,
                actor="bob@vauban.example")  # fmt: skip
    return rows


@pytest.mark.looks
@pytest.mark.parametrize("width", WIDTHS)
def test_rests_and_ways_of_paying_are_accessible_and_fit(
    browser: Browser, live_server, story, width: str
):
    asked(story)
    debtor = story.customers[1]
    learn(debtor, [factories.invoice(debtor, f"HB-{n}", total_minor=900 + n) for n in range(8)])
    context = logged_in(browser, live_server.url, story)
    page = context.new_page()
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    problems = []
    line = StatementLine.objects.filter(statement__source="r.xml").latest("amount_minor").pk
    for address in (
        "/bank/", "/bank/?state=posted", "/bank/rests/", f"/customers/{debtor.pk}/",
        f"/bank/lines/{line}/?customer={story.customers[0].pk}",
    ):  # fmt: skip
        page.goto(address)
        problems += faults(page)
    context.close()
    assert problems == []


def test_the_likely_reason_is_chosen_already_and_the_approval_is_another_page(page: Page, story):
    (match,) = shorts(story, 1)
    page.goto("/bank/")
    field = page.locator(f"#rest-{match.id}-{match.allocations[0]['installment']}")
    expect(field).to_have_value("bank_fee")
    form = page.locator(f'form[action="/bank/matches/{match.id}/confirm/"]')
    form.locator("button[data-confirm]").click()
    page.wait_for_load_state("networkidle")
    rest = Rest.objects.get()
    assert (rest.state, rest.amount_minor) == ("waiting", 1_650)
    page.goto("/bank/")
    page.locator('a[href="/bank/rests/"]').first.click()
    # Who asked sees it, and cannot approve it.
    expect(page.locator(f'form[action="/bank/rests/{rest.id}/approve/"]')).to_have_count(0)
    page.locator("summary", has_text=story.customers[0].name).click()
    page.locator(f"#refuse-{rest.id}").fill("à leur charge")
    page.locator(f"#refuse-{rest.id}").press("Enter")
    page.wait_for_load_state("networkidle")
    rest.refresh_from_db()
    assert (rest.state, rest.decision) == ("refused", "à leur charge")
