"""Refunds as files for the bank: each in one at most, taken again, withdrawn, recognized."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.refund_orders import (
    OrderWish,
    debit_accounts,
    file_withdraw,
    refund_files,
    refund_mend,
    refunds_order,
    refunds_to_make,
)
from amiable.apps.banking.services import lines_match, match_confirm, match_undo, statement_import
from amiable.apps.payments.decisions import Wish, credit_decision_undo
from amiable.apps.payments.models import CreditDecision, RefundFile
from amiable.apps.payments.refund_files import refund_file_take
from amiable.apps.payments.refunds import refund_make, refund_request
from amiable.apps.payments.services import PaymentError, PaymentIn, payment_record
from amiable.core.records import StatementEntry, StatementRecord
from tests import factories
from tests.browser.portfolio import member
from tests.days import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
NOW = timezone.now()
IBAN, OTHER = "FR7630006000011234567890189", "DE89370400440532013000"
OURS = "FR1420041010050500013M02606"
WHO = {"on": TODAY, "actor": "lea@example.org"}
WISH = OrderWish(TODAY, words="Remboursement")


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


def refund(customer, amount_minor: int, number: str, **fields) -> CreditDecision:
    org = customer.organization_id
    said = {"iban": IBAN, "name": "Menuiserie Duval", **fields}
    currency = said.pop("currency", "EUR")
    paid = PaymentIn(customer.id, amount_minor, currency, TODAY, number, payer_iban=IBAN)
    payment = payment_record(org, paid, cases={}, **WHO)
    return refund_request(
        org, Wish(payment.entry_id, 0), amount_minor=amount_minor, cases={}, **said, **WHO
    )


def order(*refunds, wish: OrderWish = WISH) -> list[RefundFile]:
    org = refunds[0].organization_id
    return refunds_order(org, [each.pk for each in refunds], wish, now=NOW, **WHO)


def line(customer, amount_minor: int, label: str = "VIR", **fields) -> StatementLine:
    entry = StatementEntry(1, TODAY, TODAY, amount_minor, "EUR", label, **fields)
    number = str(StatementLine.objects.count())
    record = StatementRecord(OURS, "EUR", None, None, TODAY, TODAY, (entry,), number)
    statement_import(customer.organization_id, [record], source="test.xml", **WHO)
    lines_match(customer.organization_id, on=TODAY)
    return StatementLine.objects.order_by("-id")[0]


def settled(*refunds) -> list[bool]:
    for each in refunds:
        each.refresh_from_db()
    return [each.settled_on is not None for each in refunds]


def in_xml(file: RefundFile, tag: str) -> list[str]:
    return [each.text for each in etree.fromstring(bytes(file.content)).iter(f"{{*}}{tag}")]


def test_chosen_refunds_leave_once_in_a_file_of_their_account(debtor):
    first, second = refund(debtor, 12_345, "p1"), refund(debtor, 5_000, "p2")
    (file,) = order(first, second)
    assert in_xml(file, "EndToEndId") == [first.reference, second.reference]
    assert in_xml(file, "InstdAmt") == ["123.45", "50.00"]
    assert file.iban == OURS
    assert refunds_to_make(debtor.organization_id) == []
    with pytest.raises(PaymentError) as refused:
        order(first)
    assert refused.value.sentence.code == "refund.in_file"
    assert RefundFile.objects.count() == 1
    told = set(Event.objects.values_list("kind", flat=True))
    assert {"refund.made", "refund_file.made"} <= told


def test_a_file_is_taken_as_often_as_asked_until_it_is_withdrawn(debtor):
    org, noted = debtor.organization_id, refund(debtor, 12_345, "p1")
    (file,) = order(noted)
    assert (
        refund_file_take(org, file.pk, **WHO).content
        == refund_file_take(org, file.pk, **WHO).content
    )
    assert Event.objects.filter(kind="refund_file.taken").count() == 2
    with pytest.raises(PaymentError):
        credit_decision_undo(org, noted.pk, cases={}, **WHO)
    file_withdraw(org, file.pk, **WHO)
    for act in (
        lambda: refund_file_take(org, file.pk, **WHO),
        lambda: file_withdraw(org, file.pk, **WHO),
    ):
        with pytest.raises(PaymentError):
            act()
    (again,) = order(noted)
    assert again.pk != file.pk
    assert again.reference != file.reference


def test_a_refund_that_the_bank_refused_is_taken_out_and_the_file_is_not_given_again(debtor):
    org = debtor.organization_id
    first, second = refund(debtor, 12_345, "p1"), refund(debtor, 5_000, "p2")
    (file,) = order(first, second)
    refund_make(org, second.pk, made=False, cases={}, **WHO)
    with pytest.raises(PaymentError):
        refund_file_take(org, file.pk, **WHO)
    (shown,) = refund_files(org)
    assert (shown.is_whole, shown.can_be_withdrawn) == (False, True)
    assert line(debtor, -12_345, batch_id=file.reference).state == "posted"
    assert settled(first, second) == [True, False]


def test_each_creditor_has_a_file_of_its_own_account(owner, debtor):
    other = factories.creditor(owner.organization, "second", iban=OTHER, name="Vauban Sud")
    far = factories.customer(other, "C009", name="Ateliers Morel")
    files = order(refund(debtor, 1_000, "p1"), refund(far, 2_000, "p2"))
    assert [(file.iban, file.amount_minor) for file in files] == [(OURS, 1_000), (OTHER, 2_000)]
    accounts = {each.name: each.ibans for each in debit_accounts(owner.organization_id)}
    assert accounts == {"Atelier Vauban": (OURS,), "Vauban Sud": (OTHER,)}


def test_what_cannot_be_in_a_file_says_how_to_mend_it(debtor):
    abroad = refund(debtor, 1_000, "p1", iban="US-1234")
    francs = refund(debtor, 2_000, "p2", currency="CHF")
    good = refund(debtor, 3_000, "p3")
    problems = {
        row.id: row.problem.code for row in refunds_to_make(debtor.organization_id) if row.problem
    }
    assert problems == {abroad.pk: "refund.bad_account", francs.pk: "refund.not_euro"}
    for wrong in (abroad, francs):
        with pytest.raises(PaymentError):
            order(good, wrong)
    for wish in (
        OrderWish(TODAY - timedelta(1)),
        OrderWish(TODAY, accounts={debtor.creditor_id: OTHER}),
    ):
        with pytest.raises(PaymentError):
            order(good, wish=wish)
    assert not RefundFile.objects.exists()
    with pytest.raises(PaymentError):
        refund_mend(debtor.organization_id, abroad.pk, iban=IBAN[:-1] + "8", name="", **WHO)
    refund_mend(debtor.organization_id, abroad.pk, iban=OTHER, name="Duval Export", **WHO)
    (file,) = order(abroad, good)
    assert "Duval Export" in in_xml(file, "Nm")


def test_one_debit_of_all_closes_them_and_its_undo_opens_them(debtor):
    org = debtor.organization_id
    first, second = refund(debtor, 12_345, "p1"), refund(debtor, 5_000, "p2")
    (file,) = order(first, second)
    row = line(debtor, -17_345, f"VIR EN REMISE {file.reference}")
    assert (row.state, settled(first, second)) == ("posted", [True, True])
    with pytest.raises(PaymentError):
        file_withdraw(org, file.pk, **WHO)
    match_undo(org, Match.objects.get(state="posted").id, **WHO)
    assert settled(first, second) == [False, False]
    lines_match(org, on=TODAY)
    row.refresh_from_db()
    assert row.state == "ignored"  # a person said that it is not that file


def test_booked_one_by_one_the_id_alone_settles_and_the_rest_may_still_come_in_one(debtor):
    org = debtor.organization_id
    three = [refund(debtor, 5_000, f"p{n}") for n in range(3)]
    order(*three)
    assert line(debtor, -5_000, end_to_end_id=three[1].reference).state == "posted"
    assert settled(*three) == [False, True, False]
    proposed = line(debtor, -10_000, "REMISE VIREMENTS")
    assert proposed.state == "proposed"
    match_confirm(org, Match.objects.get(line=proposed, state="proposed").id, **WHO)
    assert settled(*three) == [True, True, True]
    match_undo(org, Match.objects.get(line=proposed, state="posted").id, **WHO)
    assert settled(*three) == [False, True, False]


@pytest.mark.django_db(transaction=True)
def test_two_people_ordering_the_same_refund_make_one_file(debtor):
    noted, barrier, said = refund(debtor, 12_345, "p1"), threading.Barrier(2), []

    def person() -> None:
        try:
            barrier.wait(timeout=10)
            order(noted)
            said.append("done")
        except PaymentError as refused:
            said.append(refused.sentence.code)
        finally:
            connection.close()

    people = [threading.Thread(target=person) for _ in range(2)]
    for each in people:
        each.start()
    for each in people:
        each.join(timeout=30)
    assert sorted(said) == ["done", "refund.in_file"]
    assert RefundFile.objects.count() == 1


def browser(owner, role: str) -> Client:
    client = Client()
    client.force_login(member(owner.organization, f"{role}@example.org", role))
    return client


def test_the_page_makes_the_file_gives_it_and_withdraws_it(
    owner, debtor, django_assert_max_num_queries
):
    client, noted = browser(owner, "accountant"), refund(debtor, 12_345, "p1")
    for n in range(10):
        refund(debtor, 1_000 + n, f"q{n}")
    refund(debtor, 700, "r", iban="US-1")
    with django_assert_max_num_queries(20):
        page = client.get("/bank/refunds/").content.decode()
    assert noted.reference in page
    chosen = {"refund": [str(noted.pk)], "execute_on": TODAY.isoformat(), "is_batch": "1"}
    client.post(reverse("console:refunds_order"), chosen)
    file = RefundFile.objects.get()
    assert (file.made_by, file.is_batch, file.count) == ("accountant@example.org", True, 1)
    given = client.post(reverse("console:refunds_take", args=[file.pk]))
    assert given.content == bytes(file.content)
    assert file.reference in given.headers["Content-Disposition"]
    client.post(reverse("console:refunds_withdraw", args=[file.pk]))
    file.refresh_from_db()
    assert (file.withdrawn_by, file.refunds.count()) == ("accountant@example.org", 0)
    assert client.post(reverse("console:refunds_take", args=[file.pk])).status_code == 302


@pytest.mark.parametrize("role", ["collector", "reader"])
def test_only_who_keeps_the_accounts_orders_at_the_bank(owner, debtor, role):
    client, noted = browser(owner, role), refund(debtor, 12_345, "p1")
    (file,) = order(noted)
    for name in ("refunds_take", "refunds_withdraw"):
        assert client.post(reverse(f"console:{name}", args=[file.pk])).status_code == 403
    assert client.post(reverse("console:refunds_order"), {}).status_code == 403
    assert client.get("/bank/refunds/").status_code == 200
