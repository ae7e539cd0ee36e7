"""The bank pages as an accountant works them: find a line, decide by keyboard or by hand, undo."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate

from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import lines_match, statement_import
from amiable.apps.receivables.queries import installment_balances
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.apps.test_console_registered import member

pytestmark = pytest.mark.django_db
DUE = date(2026, 3, 2)


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


def receive(debtor, *given: tuple[int, str, str]) -> None:
    """Movements (cents, text, payer), read and looked at."""
    today, org = localdate(), debtor.organization
    entries = [
        StatementEntry(1, today, today, amount, "EUR", text, payer_name=payer)
        for amount, text, payer in given
    ]
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, today, today, tuple(entries), "1")
    statement_import(org.id, [record], source="t.xml", on=today, actor="test")
    lines_match(org.id, on=today)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("duval", ["FA-1"]),
        ("FA-1 menuiserie", ["FA-1"]),
        ("1 234,56", ["FRAIS"]),
        ("1234.56", ["FRAIS"]),
        ("loyer", ["LOYER MARS"]),
        ("nobody", []),
    ],
)
def test_a_line_is_found_by_its_payer_its_text_or_its_amount(debtor, typed, found):
    receive(
        debtor, (50_000, "FA-1", "MENUISERIE DUVAL"), (-123_456, "FRAIS", ""), (7, "LOYER MARS", "")
    )
    org = debtor.organization_id
    assert [line.label for line in queries.lines(org, search=typed)] == found
    assert queries.lines_count(org, search=typed) == len(found)
    assert queries.lines_count(org, states=["posted"], search=typed) == 0


def test_the_search_of_the_bank_page_keeps_the_state_and_counts_its_pages(
    debtor, django_assert_max_num_queries
):
    client = member(debtor.organization)
    receive(debtor, *((10_000 + n, f"VIREMENT {n:03d}", "") for n in range(120)))
    with django_assert_max_num_queries(40):
        page = client.get("/bank/?state=left&q=VIREMENT&page=3").content.decode()
    assert page.count("data-row") == 20
    assert 'name="state" value="left"' in page
    assert 'href="?state=proposed&amp;q=VIREMENT"' in page
    assert client.get("/bank/?state=all&q=%FF'%22<script>").status_code == 200


def test_a_line_without_a_payers_name_shows_its_text_once(debtor):
    client = member(debtor.organization)
    receive(debtor, (10_000, "VIREMENT DE PERSONNE", ""))
    page = client.get("/bank/").content.decode()
    assert page.count("VIREMENT DE PERSONNE") == 1


def test_every_proposal_has_one_button_to_confirm_and_one_to_refuse_it(debtor):
    factories.invoice(debtor, "FA2026-0042", total_minor=100_000)
    client = member(debtor.organization)
    receive(debtor, (60_000, "SOLDE", debtor.name))
    page = client.get("/bank/").content.decode()
    match = Match.objects.filter(state="proposed").order_by("rank")[0]
    assert re.search(rf'<button[^>]*form="refuse-{match.id}"[^>]*data-refuse', page)
    assert f'<form id="refuse-{match.id}" method="post" action="/bank/matches/{match.id}/' in page
    assert client.post(f"/bank/matches/{match.id}/refuse/", {"next": "/bank/"}).status_code == 302
    match.refresh_from_db()
    assert match.state == "refused"


def test_a_payment_assigned_by_hand_goes_to_the_ticked_items_and_back(debtor):
    first = factories.invoice(debtor, "FA2026-0042", total_minor=30_000, due=DUE)
    second = factories.invoice(debtor, "FA2026-0043", total_minor=50_000, due=DUE + timedelta(9))
    client = member(debtor.organization)
    receive(debtor, (60_000, "VIREMENT", ""))
    line = StatementLine.objects.get()
    page = client.get(f"/bank/lines/{line.id}/?customer={debtor.id}").content.decode()
    assert 'data-available="60000"' in page
    assert 'data-minor="30000"' in page
    client.post(
        f"/bank/lines/{line.id}/assign/", {"customer": debtor.id, "item": [first.id, second.id]}
    )
    org = debtor.organization_id
    assert installment_balances(org, [first.id, second.id]) == {first.id: 0, second.id: 20_000}
    client.post(f"/bank/matches/{Match.objects.get(state='posted').id}/undo/", {"next": "/bank/"})
    assert installment_balances(org, [first.id, second.id]) == {first.id: 30_000, second.id: 50_000}
