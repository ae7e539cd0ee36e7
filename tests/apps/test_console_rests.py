"""Rests, terms and habits in the console: asked, approved by another, noted on the file."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate

from amiable.apps.banking.models import Match, PayerTerms, Rest, StatementLine
from amiable.apps.banking.services import lines_match, statement_import
from amiable.apps.banking.terms import Agreed, terms_set
from amiable.apps.cases.models import Hold
from amiable.apps.insights.customer_file import customer_file
from amiable.apps.insights.spreading import spread
from amiable.apps.receivables.queries import installment_balances
from amiable.core.money import Money
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.apps.test_bank_habits import learn
from tests.apps.test_console_registered import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    debtor = factories.customer(factories.creditor(factories.organization()))
    return factories.invoice(debtor, "FA2026-0042", total_minor=100_000)


def receive(item, amount: int, label: str = "VIR", **fields) -> Match:
    """A payment of the customer, read and looked at: its first reading."""
    today, org = localdate(), item.organization
    entry = StatementEntry(
        1, today, today, amount, "EUR", label, payer_name=item.customer.name, **fields
    )
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, today, today, (entry,), label)
    statement_import(org.id, [record], source="t.xml", on=today, actor="test")
    lines_match(org.id, on=today)
    return Match.objects.filter(state__in=["proposed", "posted"]).order_by("rank", "-id")[0]


def balance(item) -> int:
    return installment_balances(item.organization_id, [item.id])[item.id]


def test_a_proposal_asks_what_its_rest_is_and_preselects_what_is_likely(item):
    receive(item, 98_350, "VIR INST RECU")
    page = member(item.organization, "accountant").get("/bank/").content.decode()
    assert f'name="rest-{item.id}"' in page
    assert '<option value="bank_fee" selected>' in page


def test_who_confirms_asks_and_another_manager_approves(item):
    org = item.organization
    match = receive(item, 98_350)
    asks, decides = member(org, "accountant"), member(org, "manager")
    asks.post(
        f"/bank/matches/{match.id}/confirm/",
        {f"rest-{item.id}": "bank_fee", f"note-{item.id}": "Deutsche Bank"},
    )
    rest = Rest.objects.get()
    assert (rest.state, rest.note, rest.asked_by) == (
        "waiting", "Deutsche Bank", "accountant@x.example",
    )  # fmt: skip
    assert Hold.objects.get().reason != ""
    assert asks.post(f"/bank/rests/{rest.id}/approve/").status_code == 403
    page = decides.get("/bank/rests/").content.decode()
    assert f'action="/bank/rests/{rest.id}/approve/"' in page
    assert "Deutsche Bank" in page
    decides.post(f"/bank/rests/{rest.id}/approve/")
    assert balance(item) == 0
    decides.post(f"/bank/rests/{rest.id}/reopen/")
    assert balance(item) == 1_650
    decides.post(f"/bank/rests/{rest.id}/refuse/", {"reason": ""})
    rest.refresh_from_db()
    assert rest.state == "waiting"
    decides.post(f"/bank/rests/{rest.id}/refuse/", {"reason": "their cost"})
    rest.refresh_from_db()
    assert (rest.state, rest.decision) == ("refused", "their cost")


def test_a_manager_who_asks_is_not_offered_to_approve(item):
    match = receive(item, 98_350)
    manager = member(item.organization, "manager")
    manager.post(f"/bank/matches/{match.id}/confirm/", {f"rest-{item.id}": "bank_fee"})
    rest = Rest.objects.get()
    assert f"/bank/rests/{rest.id}/approve/" not in manager.get("/bank/rests/").content.decode()
    manager.post(f"/bank/rests/{rest.id}/approve/")
    rest.refresh_from_db()
    assert (rest.state, balance(item)) == ("waiting", 1_650)


def test_the_rest_of_a_posted_payment_is_named_afterwards(item):
    match = receive(item, 60_000, "ACOMPTE FACT FA2026-0042")
    assert match.state == "posted"
    http = member(item.organization, "accountant")
    assert f"/bank/matches/{match.id}/rests/" in http.get("/bank/?state=posted").content.decode()
    http.post(f"/bank/matches/{match.id}/rests/", {f"rest-{item.id}": "dispute:quality"})
    assert Rest.objects.get().dispute.amount_minor == 40_000
    page = http.get("/bank/?state=posted").content.decode()
    assert f"/bank/matches/{match.id}/rests/" not in page
    # Nonsense changes nothing and breaks nothing.
    http.post(f"/bank/matches/{match.id}/rests/", {f"rest-{item.id}": "x", "rest-9" * 9: "y"})
    assert Rest.objects.count() == 1


def test_what_was_agreed_is_noted_on_the_file_by_managers_and_taken_back(item):
    org, customer = item.organization, item.customer
    address = f"/customers/{customer.id}/terms/"
    values = {"order": "oldest", "agreed": "", "fee": "12,50", "discount": "20"}
    assert member(org, "accountant").post(address, values).status_code == 403
    manager = member(org, "manager")
    manager.post(address, values)
    terms = PayerTerms.objects.get()
    assert (terms.order, terms.bank_fee_minor, terms.discount_permille) == ("oldest", 1_250, 20)
    assert 'value="oldest" selected' in manager.get(f"/customers/{customer.id}/").content.decode()
    manager.post(f"{address}?order=law&agreed=&fee=&discount=")
    terms.refresh_from_db()
    assert (terms.order, terms.bank_fee_minor, terms.discount_permille) == ("law", None, None)
    manager.post(address, {"order": "agreed", "agreed": ""})
    terms.refresh_from_db()
    assert terms.order == "law"


def test_habits_are_shown_forgotten_and_forbidden_on_the_file(item):
    debtor, org = item.customer, item.organization
    items = [factories.invoice(debtor, f"FB-{n}", total_minor=1_000 + n) for n in range(12)]
    learn(debtor, items)
    http, file = member(org, "accountant"), f"/customers/{debtor.id}/"
    place = f"/customers/{debtor.id}/habits/group/"
    assert place in http.get(file).content.decode()
    http.post(place, {"what": "forget"})
    assert place not in http.get(file).content.decode()
    http.post(place, {"what": "forbid"})
    assert PayerTerms.objects.get().forbidden == ["group"]
    assert 'value="allow"' in http.get(file).content.decode()
    http.post(place, {"what": "allow"})
    assert PayerTerms.objects.get().forbidden == []
    assert http.post(f"/customers/{debtor.id}/habits/luck/", {}).status_code == 404


def test_what_is_of_another_organization_is_not_found(item):
    match = receive(item, 98_350)
    member(item.organization, "accountant").post(
        f"/bank/matches/{match.id}/confirm/", {f"rest-{item.id}": "bank_fee"}
    )
    rest, stranger = Rest.objects.get(), member(factories.organization("other"), "manager")
    for what in ("approve", "refuse", "reopen"):
        assert stranger.post(f"/bank/rests/{rest.id}/{what}/", {"reason": "x"}).status_code == 404
    stranger.post(f"/customers/{item.customer_id}/terms/", {"order": "oldest"})
    assert not PayerTerms.objects.exists()
    assert "Menuiserie" not in stranger.get("/bank/rests/").content.decode()
    reader = member(item.organization, "reader")
    assert reader.get("/bank/rests/").status_code == 200
    assert reader.post(f"/bank/matches/{match.id}/rests/", {}).status_code == 403


def test_pages_cost_a_fixed_number_of_queries(item, django_assert_max_num_queries):
    debtor = item.customer
    for n in range(8):
        factories.invoice(debtor, f"FC-{n}", total_minor=50_000 + 100 * n)
        receive(item, 40_000 + 100 * n, f"ACOMPTE FACT FC-{n}")
    http = member(item.organization, "accountant")
    with django_assert_max_num_queries(34):
        http.get("/bank/?state=all")
    for match in Match.objects.filter(state="proposed", rank=1):
        part = match.allocations[0]["installment"]
        http.post(f"/bank/matches/{match.id}/confirm/", {f"rest-{part}": "bank_fee"})
    assert Rest.objects.filter(state="waiting").count() > 1
    with django_assert_max_num_queries(16):
        http.get("/bank/rests/")


def line_of(item, amount: int) -> int:
    """A payment of nobody known."""
    today, org = localdate(), item.organization
    entry = StatementEntry(1, today, today, amount, "EUR", "VIR INCONNU")
    account = "FR1420041010050500013M02606"
    record = StatementRecord(account, "EUR", None, None, today, today, (entry,), "1")
    statement_import(org.id, [record], source="t.xml", on=today, actor="test")
    return StatementLine.objects.latest("id").pk


def test_by_hand_what_names_nothing_is_spread_as_the_law_says_with_its_article(item):
    debtor, today = item.customer, localdate()
    later = factories.invoice(debtor, "FA-LATER", total_minor=50_000, due=today + timedelta(days=9))
    older = factories.invoice(
        debtor, "FA-OLDER", total_minor=70_000, due=today - timedelta(days=90)
    )
    line_id, http = line_of(item, 120_000), member(item.organization, "accountant")
    page = http.get(f"/bank/lines/{line_id}/?customer={debtor.id}").content.decode()
    assert "1342-10" in page
    http.post(f"/bank/lines/{line_id}/assign/", {"customer": debtor.id, "spread": "1"})
    assert [balance(each) for each in (older, item, later)] == [0, 50_000, 50_000]
    codes = [each["code"] for each in Match.objects.get(state="posted").evidence]
    assert codes == ["bank.assigned", "order.due", "order.oldest"]


def test_by_hand_only_what_is_ticked_is_paid_and_as_agreed(item):
    debtor, today = item.customer, localdate()
    twins = [
        factories.invoice(debtor, f"AB-{n}", total_minor=12_000, due=today - timedelta(days=30))
        for n in range(2)
    ]
    terms_set(debtor.organization_id, debtor.id, Agreed(order="oldest"), on=today, actor="ann")
    line_id, http = line_of(item, 15_000), member(item.organization, "accountant")
    ticked = {"customer": debtor.id, "item": [each.id for each in twins]}
    http.post(f"/bank/lines/{line_id}/assign/", ticked)
    assert [balance(each) for each in (*twins, item)] == [0, 9_000, 100_000]
    codes = [each["code"] for each in Match.objects.get(state="posted").evidence]
    assert codes == ["bank.assigned", "order.agreed_oldest"]


def test_a_part_payment_by_hand_says_what_the_law_counts_against_interest(item):
    creditor = item.customer.creditor
    creditor.claims_from = "firm"
    creditor.save()
    # Domain sheet A1, case 6: 61 days at 12.40 %.
    late = factories.invoice(
        item.customer, "FA-LATE", total_minor=1_000_000, due=date(2026, 7, 31),
    )  # fmt: skip
    file = customer_file(late.organization_id, late.customer_id, date(2026, 9, 30))
    spent = spread(
        late.organization_id, file, Money(400_000, "EUR"), on=date(2026, 9, 30), among={late.id}
    )
    (said,) = spent.why
    assert (said.params["interest"], said.params["principal"]) == (
        Money(20_723, "EUR"), Money(379_277, "EUR"),
    )  # fmt: skip
    assert said.params["article"] == "C. civ. 1343-1"
    late.customer.kind = "consumer"
    late.customer.save()
    file = customer_file(late.organization_id, late.customer_id, date(2026, 9, 30))
    money = Money(400_000, "EUR")
    assert (
        spread(late.organization_id, file, money, on=date(2026, 9, 30), among={late.id}).why == ()
    )
