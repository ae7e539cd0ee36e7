"""One line for several customers: one act, exact to the cent, one undo, nothing left behind."""

from __future__ import annotations

import threading

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    line_assign,
    lines_match,
    match_confirm,
    match_undo,
    statement_import,
)
from amiable.apps.banking.sharing import line_share
from amiable.apps.customers.models import Customer, CustomerIban
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import Payment
from amiable.apps.payments.refunds import refund_make, refund_request
from amiable.apps.payments.services import PaymentError
from amiable.apps.receivables.allocations import AllocationError
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.records import StatementEntry, StatementRecord
from amiable.interfaces.cli.main import amiable
from tests import factories
from tests.browser.portfolio import member
from tests.days import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
IBAN, OURS = "FR7630006000011234567890189", "FR1420041010050500013M02606"
WHO = {"on": TODAY, "actor": "lea@example.org"}


class Office:
    """Three customers of one creditor, each with an invoice, and the money of their parent."""

    def __init__(self) -> None:
        self.owner = factories.creditor(factories.organization())
        self.org = self.owner.organization_id
        names = ("Outlet Nord", "Outlet Sud", "Outlet Ouest")
        self.customers = [
            factories.customer(self.owner, f"C{n}", name=name) for n, name in enumerate(names)
        ]
        self.items = [
            factories.invoice(each, f"FA2026-000{n}", total_minor=(n + 1) * 10_000)
            for n, each in enumerate(self.customers)
        ]

    def line(self, amount_minor: int, label: str = "VIREMENT", **fields) -> StatementLine:
        said = {"payer_name": "HOLDING ZED", "payer_iban": IBAN, **fields}
        entry = StatementEntry(1, TODAY, TODAY, amount_minor, "EUR", label, **said)
        number = str(StatementLine.objects.count())
        record = StatementRecord(OURS, "EUR", None, None, TODAY, TODAY, (entry,), number)
        statement_import(self.org, [record], source="test.xml", **WHO)
        lines_match(self.org, on=TODAY)
        return StatementLine.objects.order_by("-id")[0]

    def share(self, line, *parts: tuple[int, int], **how) -> list[Match]:
        pairs = [(self.items[n].id, amount) for n, amount in parts]
        return line_share(self.org, line.id, pairs, **how, **WHO)

    def balances(self) -> list[int]:
        found = installment_balances(self.org, [item.id for item in self.items])
        return [found[item.id] for item in self.items]

    def on_account(self, n: int) -> int:
        found = unallocated_credits(self.org, [self.customers[n].id])
        return found.get((self.customers[n].id, "EUR"), 0)


@pytest.fixture
def office():
    yield Office()
    assert broken_invariants() == []


def code(raised) -> str:
    return raised.value.sentence.code


def test_a_parents_money_pays_its_outlets_in_one_act_and_one_undo(office):
    line = office.line(45_000)
    matches = office.share(line, (0, 10_000), (1, 20_000), (2, 15_000))
    assert office.balances() == [0, 0, 15_000]
    assert sorted(p.amount_minor for p in Payment.objects.all()) == [10_000, 15_000, 20_000]
    line.refresh_from_db()
    assert line.state == "posted"
    (view,) = queries.lines(office.org, line_ids=[line.id])
    assert [match.unallocated.amount_minor for match in view.matches] == [0, 0, 0]
    told = Event.objects.filter(kind="match.shared").values_list("case_id", flat=True)
    assert len(set(told)) == 3
    match_undo(office.org, matches[1].id, **WHO)
    assert office.balances() == [10_000, 20_000, 30_000]
    assert set(Match.objects.filter(payment__isnull=False).values_list("state", flat=True)) == {
        "undone"
    }
    assert not CustomerIban.objects.exists()
    line.refresh_from_db()
    assert line.state == "new"
    office.share(line, (0, 10_000), (1, 20_000), (2, 15_000))
    assert office.balances() == [0, 0, 15_000]


def test_what_is_left_stays_with_the_customer_that_is_chosen_or_is_refused(office):
    line = office.line(45_000)
    with pytest.raises(MatchError) as refused:
        office.share(line, (0, 10_000), (1, 20_000))
    assert code(refused) == "bank.share_less"
    office.share(line, (0, 10_000), (1, 20_000), rest_for=office.customers[2].id)
    assert [office.on_account(n) for n in range(3)] == [0, 0, 15_000]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(0, 10_000), (1, 20_000), (2, 15_001)], "bank.share_more"),
        ([(0, 10_000), (1, 35_000)], "allocation.item_exceeded"),
        ([(0, 10_000), (1, 0)], "bank.share_amount"),
        ([(0, 10_000), (1, -1)], "bank.share_amount"),
    ],
)
def test_a_share_that_does_not_add_up_changes_nothing(office, parts, expected):
    line = office.line(45_000)
    with pytest.raises((MatchError, AllocationError)) as refused:
        office.share(line, *parts)
    assert code(refused) == expected
    assert not Payment.objects.exists()
    line.refresh_from_db()
    assert line.state != "posted"


def test_one_customer_alone_a_debit_or_another_creditors_customer_is_no_share(office):
    other = factories.creditor(office.owner.organization, "second", iban=IBAN)
    far = factories.invoice(factories.customer(other, "C9"), "FA-9", total_minor=35_000)
    line, out = office.line(45_000), office.line(-45_000)
    StatementLine.objects.filter(id=out.id).update(state="left")
    for row, parts, expected in (
        (line, [(office.items[0].id, 10_000), (far.id, 35_000)], "bank.share_creditors"),
        (line, [(office.items[2].id, 30_000), (10**9, 15_000)], "bank.share_unknown"),
        (out, [(office.items[0].id, 10_000)], "bank.share_money_out"),
    ):
        with pytest.raises(MatchError) as refused:
            line_share(office.org, row.id, parts, **WHO)
        assert code(refused) == expected
    whole = office.line(10_000)
    with pytest.raises(MatchError) as refused:
        office.share(whole, (0, 10_000))
    assert code(refused) == "bank.share_nobody"


def test_a_part_that_was_given_back_holds_the_undo_of_all(office):
    line = office.line(45_000)
    first, *_ = office.share(line, (0, 10_000), (1, 20_000), rest_for=office.customers[2].id)
    credit = Payment.objects.get(customer=office.customers[2]).entry_id
    refund = refund_request(
        office.org, Wish(credit, 0), amount_minor=15_000, iban=IBAN, name="Zed", cases={}, **WHO
    )
    refund_make(office.org, refund.pk, made=True, cases={}, **WHO)
    with pytest.raises(PaymentError):
        match_undo(office.org, first.id, **WHO)
    assert office.balances()[0] == 0
    refund_make(office.org, refund.pk, made=False, cases={}, **WHO)
    match_undo(office.org, first.id, **WHO)
    assert (office.balances(), office.on_account(2)) == ([10_000, 20_000, 30_000], 0)


def test_a_payer_group_found_by_the_engine_is_proposed_confirmed_and_undone_for_good(office):
    Customer.objects.update(payer_group="ZED")
    CustomerIban.objects.create(
        organization_id=office.org, customer=office.customers[0], iban=IBAN, source="t", since=TODAY
    )
    line = office.line(60_000)
    proposal = Match.objects.get(line=line, state="proposed", rank=1)
    assert (proposal.kind, proposal.customer_id) == ("several", None)
    (view,) = queries.lines(office.org, line_ids=[line.id])
    assert {part.customer for part in view.matches[0].parts} == {c.name for c in office.customers}
    told = CliRunner().invoke(amiable, ["lines", "--state", "proposed"]).stdout
    for owner, item in zip(office.customers, office.items, strict=True):
        assert f"{owner.name} [{item.invoice.number}]" in told
    posted = match_confirm(office.org, proposal.id, **WHO)
    assert office.balances() == [0, 0, 0]
    match_undo(office.org, posted.id, **WHO)
    lines_match(office.org, on=TODAY)
    standing = Match.objects.filter(line=line, state="proposed").values_list("kind", flat=True)
    assert "several" not in standing
    # Shared again by hand, the payer is not held to be none of theirs.
    line.refresh_from_db()
    office.share(line, (0, 10_000), (1, 20_000), (2, 30_000))
    factories.invoice(office.customers[1], "FA2026-0077", total_minor=7_700)
    assert office.line(7_700, "FACT FA2026-0077").state == "posted"


@pytest.mark.django_db(transaction=True)
def test_two_people_deciding_on_one_line_at_once_are_one_decision():
    office, barrier, said = Office(), threading.Barrier(2), []
    line = office.line(45_000)

    def person(act) -> None:
        try:
            barrier.wait(timeout=10)
            act()
            said.append("done")
        except MatchError as refused:
            said.append(refused.sentence.code)
        finally:
            connection.close()

    acts = (
        lambda: office.share(line, (0, 10_000), (1, 20_000), (2, 15_000)),
        lambda: line_assign(
            office.org,
            line.id,
            office.customers[2].id,
            allocations=[(office.items[2].id, 30_000)],
            **WHO,
        ),
    )
    people = [threading.Thread(target=person, args=(act,)) for act in acts]
    for each in people:
        each.start()
    for each in people:
        each.join(timeout=30)
    assert sorted(said) == ["bank.not_waiting", "done"]
    assert broken_invariants() == []


class AnyShare(TestCase):
    """Whatever is written, cents are conserved or nothing changes."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.integers(1, 60_000),
        st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 30_000)), max_size=4),
        st.sampled_from([None, 0, 1, 2]),
    )
    def test_cents_are_conserved(self, amount_minor, parts, rest):
        office = Office()
        line = office.line(amount_minor)
        how = {} if rest is None else {"rest_for": office.customers[rest].id}
        before = office.balances()
        try:
            matches = office.share(line, *parts, **how)
        except (MatchError, AllocationError):
            assert office.balances() == before
        else:
            assert sum(p.amount_minor for p in Payment.objects.all()) == amount_minor
            kept = sum(office.on_account(n) for n in range(3))
            assert sum(before) - sum(office.balances()) + kept == amount_minor
            match_undo(office.org, matches[0].id, **WHO)
            assert office.balances() == before
            assert [office.on_account(n) for n in range(3)] == [0, 0, 0]
        assert broken_invariants() == []


def test_the_page_adds_customers_keeps_what_is_written_and_shares(
    office, django_assert_max_num_queries
):
    client = Client()
    client.force_login(member(office.owner.organization, "lea@example.org", "accountant"))
    line = office.line(45_000)
    at = {
        name: reverse(f"console:{name}", args=[line.id])
        for name in ("bank_share", "bank_share_look", "line_share")
    }
    assert client.get(at["bank_share"]).status_code == 200
    one, two, three = office.customers
    written = {f"amount-{office.items[0].id}": "100,00", "customer": [one.id, two.id]}
    with django_assert_max_num_queries(40):
        page = client.post(at["bank_share_look"], {**written, "add": three.id, "q": "outlet"})
    assert page.context["chosen"] == [one.id, two.id, three.id]
    assert page.context["left"].amount_minor == 35_000
    assert "100,00" in page.content.decode()
    written |= {"customer": [one.id, two.id, three.id], "item": [office.items[1].id]}
    wrong = client.post(at["line_share"], {**written, f"amount-{office.items[2].id}": "x"})
    assert wrong.status_code == 200
    short = client.post(at["line_share"], written)
    assert (short.status_code, Payment.objects.count()) == (200, 0)
    done = client.post(at["line_share"], {**written, "rest": three.id})
    assert done.status_code == 302
    assert (office.balances(), office.on_account(2)) == ([0, 0, 30_000], 15_000)
    page = client.get("/bank/", {"state": "posted"}).content.decode()
    assert page.count(reverse("console:match_undo", args=[Match.objects.latest("id").id])) == 1
    assert all(each.name in page for each in office.customers)
