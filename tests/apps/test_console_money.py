"""Money to settle in the console: each kind in its place, each decision once, each undone."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match
from amiable.apps.banking.services import lines_match, match_confirm, statement_import
from amiable.apps.banking.unsettled import KINDS, totals, unsettled
from amiable.apps.cases.handovers import Collector, item_hand_over, item_write_off
from amiable.apps.cases.models import Handover
from amiable.apps.customers.models import Customer
from amiable.apps.payments.models import CreditDecision
from amiable.apps.payments.services import PaymentIn, payment_record, payment_return
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.browser.portfolio import member
from tests.days import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
IBAN, OTHER = "FR7630006000011234567890189", "FR7610096000509876543210185"
WHO = {"on": TODAY, "actor": "lea@example.org"}


@pytest.fixture(autouse=True)
def _invariants_hold():
    yield
    assert broken_invariants() == []


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


@pytest.fixture
def debtor(owner):
    return factories.customer(owner)


@pytest.fixture
def client(owner):
    browser = Client()
    browser.force_login(member(owner.organization, "lea@example.org", "accountant"))
    return browser


def paid(customer, amount_minor: int = 50_000, external_id: str = "p1", **more):
    fields = {"payer_name": customer.name, "payer_iban": IBAN, **more}
    incoming = PaymentIn(customer.id, amount_minor, "EUR", TODAY, external_id, **fields)
    return payment_record(customer.organization_id, incoming, cases={}, **WHO)


def item(customer, number: str = "FA-1", total_minor: int = 80_000, days: int = 5, **more):
    due = TODAY - timedelta(days=days)
    return factories.invoice(customer, number, total_minor=total_minor, due=due, **more)


def line(customer, amount_minor: int, label: str, **fields) -> None:
    entry = StatementEntry(1, TODAY, TODAY, amount_minor, "EUR", label, **fields)
    record = StatementRecord(
        account="FR1420041010050500013M02606", currency="EUR", opening_minor=0,
        closing_minor=amount_minor, opening_on=TODAY, closing_on=TODAY, entries=(entry,),
    )  # fmt: skip
    statement_import(customer.organization_id, [record], source="test.xml", **WHO)
    lines_match(customer.organization_id, on=TODAY)


def kinds(customer) -> list[str]:
    return [row.kind for row in unsettled(customer.organization_id, on=TODAY)]


def post(client, to_view: str, /, *args: int, **fields):
    return client.post(reverse(f"console:{to_view}", args=args), fields, follow=True)


def balance(row) -> int:
    return installment_balances(row.organization_id, [row.id])[row.id]


def on_account(customer) -> int:
    found = unallocated_credits(customer.organization_id, [customer.id])
    return found.get((customer.id, "EUR"), 0)


def undo(client) -> None:
    latest = CreditDecision.objects.filter(undone_on=None).latest("id")
    post(client, "money_undo", latest.pk)
    latest.refresh_from_db()
    assert latest.undone_on == TODAY


def test_each_kind_of_money_stands_in_its_place(owner, debtor):
    item(debtor)
    paid(debtor)
    assert kinds(debtor) == ["unallocated"]
    other = factories.customer(owner, "C002", name="Ateliers Morel")
    part = item(other, "FA-2", 20_000)
    paid(other, 30_000, "p2", parts=((part.id, 20_000),))
    assert kinds(debtor) == ["overpayment", "unallocated"]
    paid(other, 10_000, "p3", payer_name="Holding Zed", payer_iban=OTHER)
    assert kinds(debtor) == ["third_payer", "overpayment", "unallocated"]
    handed = factories.customer(owner, "C003", name="Garage Petit")
    collector = Collector("bailiff", "Me Durand", "handed over")
    item_hand_over(owner.organization_id, item(handed, "FA-3").id, collector, **WHO)
    paid(handed, 10_000, "p4")
    lost = factories.customer(owner, "C004", name="Garage Grand")
    item_write_off(owner.organization_id, item(lost, "FA-4").id, reason="gone", **WHO)
    paid(lost, 10_000, "p5")
    broke = factories.customer(owner, "C005", name="Brasserie Nord")
    Customer.objects.filter(id=broke.id).update(insolvent_since=TODAY - timedelta(days=9))
    item(broke, "FA-5", days=40)
    paid(broke, 10_000, "p6")
    assert kinds(debtor) == [
        "insolvent", "written_off", "handed_over", "third_payer", "overpayment", "unallocated",
    ]  # fmt: skip
    counted = totals(unsettled(owner.organization_id, on=TODAY))
    assert set(counted) == set(KINDS)
    assert counted["overpayment"][0] == 1
    assert [str(amount) for amount in counted["overpayment"][1]] == ["100.00"]


def test_judgment_from_before_the_known_rules_says_so(debtor):
    Customer.objects.filter(id=debtor.id).update(insolvent_since=date(2005, 6, 1))
    paid(debtor)
    (row,) = unsettled(debtor.organization_id, on=TODAY)
    assert [sentence.code for sentence in row.sentences] == [
        "settle.insolvent", "insolvency.unknown",
    ]  # fmt: skip


def test_double_payment_waits_as_a_line_then_on_the_account(client, debtor):
    line(debtor, 80_000, "FACT FA2026-0042")
    row = item(debtor, "FA2026-0042")
    lines_match(debtor.organization_id, on=TODAY)
    assert balance(row) == 0
    line(debtor, 80_000, "ENCORE FACT FA2026-0042")
    (shown,) = unsettled(debtor.organization_id, on=TODAY)
    assert (shown.kind, shown.credit_id) == ("double", None)
    assert b"FA2026-0042" in client.get("/bank/money/").content
    match_confirm(debtor.organization_id, Match.objects.get(state="proposed").id, **WHO)
    (shown,) = unsettled(debtor.organization_id, on=TODAY)
    assert (shown.kind, shown.amount.amount_minor) == ("double", 80_000)


def test_allocating_oldest_first_and_undoing_it(client, debtor):
    newer, older = item(debtor, "FA-2", 40_000, days=5), item(debtor, "FA-1", 30_000, days=30)
    payment = paid(debtor)
    (row,) = unsettled(debtor.organization_id, on=TODAY)
    assert [each.number for each in row.suggestions] == ["FA-1", "FA-2"]
    ticked = [each.installment_id for each in row.suggestions]
    post(client, "money_allocate", payment.entry_id, serial=0, item=ticked)
    assert (balance(older), balance(newer), kinds(debtor)) == (0, 20_000, [])
    post(client, "money_allocate", payment.entry_id, serial=0, item=ticked)  # clicked twice
    assert CreditDecision.objects.count() == 1
    undo(client)
    assert (balance(older), balance(newer), on_account(debtor)) == (30_000, 40_000, 50_000)


def test_money_of_an_old_page_is_not_spent_again(client, debtor):
    item(debtor, total_minor=10_000)
    payment = paid(debtor)
    (row,) = unsettled(debtor.organization_id, on=TODAY)
    ticked = [each.installment_id for each in row.suggestions]
    post(client, "money_allocate", payment.entry_id, serial=0, item=ticked)
    answer = post(client, "money_refund", payment.entry_id, serial=0, amount="400", iban=IBAN)
    assert answer.status_code == 200
    assert CreditDecision.objects.count() == 1
    assert on_account(debtor) == 40_000


def test_kept_money_leaves_the_list_until_there_is_a_newer_invoice(client, debtor):
    payment = paid(debtor)
    post(client, "money_keep", payment.entry_id, serial=0)
    assert kinds(debtor) == ["kept"]
    tomorrow = TODAY + timedelta(days=1)
    factories.invoice(debtor, "FA-9", due=tomorrow + timedelta(days=30), issued=tomorrow)
    assert kinds(debtor) == ["unallocated"]
    undo(client)


def test_moving_money_to_who_owed_it(client, owner, debtor):
    other = factories.customer(owner, "C002", name="Ateliers Morel")
    item(other, "FA-2", 50_000)
    payment = paid(debtor)
    page = client.get(reverse("console:money_credit", args=[payment.entry_id]), {"q": "morel"})
    assert b"Ateliers Morel" in page.content
    wish = {"serial": 0, "customer": other.id, "amount": "500.00"}
    post(client, "money_transfer", payment.entry_id, **wish)
    assert (on_account(debtor), on_account(other)) == (0, 50_000)
    undo(client)
    assert (on_account(debtor), on_account(other)) == (50_000, 0)


def test_refund_is_listed_exported_ordered_and_seen_to_leave(client, debtor):
    payment = paid(debtor)
    wish = {"serial": 0, "amount": "500,00", "iban": "FR76 3000 6000 0112 3456 7890 189"}
    post(client, "money_refund", payment.entry_id, **wish, name="=Duval")
    refund = CreditDecision.objects.get()
    assert (refund.iban, kinds(debtor)) == (IBAN, ["refund_to_make"])
    text = client.get("/bank/refunds/list.csv/").content.decode("utf-8-sig")
    (_, row) = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text else ","))
    assert refund.reference in row
    assert not any(cell.startswith("=") for cell in row)
    book = zipfile.ZipFile(io.BytesIO(client.get("/bank/refunds/list.xlsx/").content))
    assert any(refund.reference.encode() in book.read(name) for name in book.namelist())
    assert client.get("/bank/refunds/list.pdf/").status_code == 404
    post(client, "money_made", refund.pk)
    assert kinds(debtor) == ["refund_made"]
    line(debtor, -50_000, f"VIR SEPA {refund.reference}")
    assert kinds(debtor) == []


def test_refund_to_a_wrong_iban_is_refused(client, debtor):
    payment = paid(debtor)
    wish = {"serial": 0, "amount": "500", "iban": "FR7630006000011234567890188"}
    post(client, "money_refund", payment.entry_id, **wish)
    assert not CreditDecision.objects.exists()


def test_refund_whose_payment_the_bank_took_back_is_owed(client, debtor):
    payment = paid(debtor)
    wish = {"serial": 0, "amount": "500", "iban": IBAN}
    post(client, "money_refund", payment.entry_id, **wish)
    post(client, "money_made", CreditDecision.objects.get().pk)
    back = {"reason_code": "AM04", "external_id": "r", "cases": {}}
    payment_return(debtor.organization_id, payment.id, **back, **WHO)
    assert kinds(debtor) == ["refund_owed"]


def test_written_off_debt_is_given_up_on_the_file_and_taken_up_again(client, debtor):
    row = item(debtor, "FA-1", 50_000)
    post(client, "money_write_off", row.id, reason="liquidation")
    assert balance(row) == 0
    file = client.get(reverse("console:customer", args=[debtor.id])).content
    assert b"FA-1" in file
    payment = paid(debtor)
    page = client.get(reverse("console:money_credit", args=[payment.entry_id])).content
    assert b"FA-1" in page
    post(client, "money_allocate", payment.entry_id, serial=0, item=[row.id])
    assert (on_account(debtor), CreditDecision.objects.get().recovered) == (0, [[row.id, 50_000]])
    undo(client)
    post(client, "money_write_off_undo", row.id)
    assert balance(row) == 50_000


def test_item_is_handed_over_on_the_file_and_comes_back_with_its_hold(client, debtor):
    row = item(debtor)
    post(client, "money_hand_over", row.id, to="agency", name="Recouvrement Martin")
    handover = Handover.objects.get()
    assert (handover.name, handover.returned_on) == ("Recouvrement Martin", None)
    post(client, "hold_lift", handover.hold_id)
    handover.refresh_from_db()
    assert handover.returned_on == TODAY
    post(client, "money_hand_over", row.id, to="factor", name="Affacturage SA")
    post(client, "money_take_back", Handover.objects.latest("id").pk)
    assert not Handover.objects.filter(returned_on=None).exists()


def test_insolvent_money_needs_a_word_before_it_pays_earlier_claims(client, debtor):
    Customer.objects.filter(id=debtor.id).update(insolvent_since=TODAY - timedelta(days=9))
    row, payment = item(debtor, "FA-1", 50_000, days=40), paid(debtor)
    assert unsettled(debtor.organization_id, on=TODAY)[0].suggestions == ()
    post(client, "money_allocate", payment.entry_id, serial=0, item=[row.id])
    assert balance(row) == 50_000
    post(client, "money_allocate", payment.entry_id, serial=0, item=[row.id], despite="1")
    assert balance(row) == 0


def test_the_list_costs_as_many_queries_for_many_rows_as_for_few(
    owner, debtor, client, django_assert_max_num_queries
):
    for n in range(40):
        customer = factories.customer(owner, f"X{n}", name=f"Client {n}", email="")
        item(customer, f"FB-{n}", 10_000 + n)
        paid(customer, 5_000, f"x{n}")
    with django_assert_max_num_queries(12):
        assert len(unsettled(owner.organization_id, on=TODAY)) == 40
    with django_assert_max_num_queries(30):
        assert client.get("/bank/money/").status_code == 200


def test_nothing_to_settle_teaches_what_would_come(client):
    answer = client.get("/bank/money/", headers={"accept-language": "en"})
    assert b'class="blank"' in answer.content


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "more than zero"),
        ("-5", "more than zero"),
        ("600", "€600.00 is more than the €500.00 left"),
        ("99999999999999999", "This amount is too large"),
        ("abc", "Amount: Write the amount in digits"),
    ],
)
def test_an_amount_that_cannot_be_given_back_says_what_is_wrong_with_it(
    client, debtor, amount, said
):
    client.cookies["django_language"] = "en"
    payment = paid(debtor)
    wish = {"serial": 0, "amount": amount, "iban": IBAN}
    page = post(client, "money_refund", payment.entry_id, **wish)
    assert said in html.unescape(page.content.decode())
    assert not CreditDecision.objects.exists()


def test_a_refund_that_is_ordered_or_seen_says_what_comes_first(client, debtor):
    client.cookies["django_language"] = "en"
    payment = paid(debtor)
    post(client, "money_refund", payment.entry_id, serial=0, amount="500", iban=IBAN)
    refund = CreditDecision.objects.get()
    post(client, "money_made", refund.pk)
    page = post(client, "money_undo", refund.pk)
    assert "is ordered at the bank: say first that it was not" in page.content.decode()
    line(debtor, -50_000, f"VIR SEPA {refund.reference}")
    page = post(client, "money_undo", refund.pk)
    assert "is on a statement: undo that line" in page.content.decode()
    page = post(client, "match_undo", Match.objects.get(refund=refund).pk)
    assert "Undone: the line waits for a decision again." in page.content.decode()


def test_a_return_that_is_undone_does_not_say_that_invoices_are_open(client, debtor):
    client.cookies["django_language"] = "en"
    row = item(debtor, "FA2026-0077", 45_000)
    line(debtor, 45_000, "FACT FA2026-0077")
    match = Match.objects.get(state="posted")
    line(debtor, -45_000, "IMPAYE FA2026-0077", is_return=True)
    back = Match.objects.filter(returned_payment=match.payment).get()
    post(client, "match_confirm", back.pk)
    assert balance(row) == 45_000
    page = post(client, "match_undo", back.pk)
    assert "the payment that was taken back counts again" in page.content.decode()
    assert balance(row) == 0
