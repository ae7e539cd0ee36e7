"""A line is posted to a customer, and the report that comes later says it is a payout: the same
money stands twice until a person has decided, in one act."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test import Client

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    line_assign,
    line_restore,
    lines_match,
    match_confirm,
    match_refuse,
    match_undo,
)
from amiable.apps.banking.sharing import line_share
from amiable.apps.payments.models import Payment, Payout
from amiable.apps.receivables.queries import installment_balances, unallocated_credits
from amiable.core.payouts import PayoutPart as Part
from tests import factories
from tests.apps.portal_pages import owing, today
from tests.browser.portfolio import member
from tests.stories.test_payouts import bank_line, record, row

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = (Part("t1", "payment", 60_000, 1_000), Part("t2", "payment", 40_000, 1_000))


class Office:
    """A line of Stripe of 980.00, posted by hand to a customer that owes as much."""

    def __init__(self, label: str = "VIR STRIPE PAYMENTS EUROPE") -> None:
        self.case = owing()
        self.org = self.case.organization_id
        self.who = {"on": today(), "actor": "lea@example.org"}
        self.item = factories.invoice(self.case.customer, "FA-980", total_minor=98_000)
        self.line = bank_line(self.case, 98_000, label)
        if self.line.state == "ignored":  # as that of a provider whose payouts are not known
            line_restore(self.org, self.line.pk, **self.who)
        self.post()

    def post(self) -> None:
        line_assign(
            self.org, self.line.pk, self.case.customer_id,
            allocations=[(self.item.pk, 98_000)], **self.who,
        )  # fmt: skip

    def report(self, net: int = 98_000, name: str = "po_late") -> Payout:
        record(self.case, row(name, net, *PARTS))
        lines_match(self.org, on=today())
        return Payout.objects.get(name=name)

    def proposal(self) -> Match:
        return Match.objects.get(line=self.line, state="proposed")

    @property
    def open_minor(self) -> int:
        return installment_balances(self.org, [self.item.pk])[self.item.pk]

    def state(self) -> str:
        return StatementLine.objects.get(pk=self.line.pk).state


@pytest.fixture
def office():
    yield Office()
    assert broken_invariants() == []


def test_a_posted_line_that_is_a_payout_is_proposed_and_one_act_makes_it_one(office):
    payout = office.report()
    assert (office.state(), office.open_minor) == ("posted", 0)
    proposal = office.proposal()
    assert [each["code"] for each in proposal.evidence] == ["bank.payout_doubt", "match.payout"]
    lines_match(office.org, on=today())
    assert office.proposal().pk == proposal.pk  # said once
    assert broken_invariants() == []
    client = Client()
    client.force_login(member(office.case.organization, "lea@example.org", "accountant"))
    client.cookies["django_language"] = "en"
    for page in ("/bank/", f"/bank/payouts/{payout.pk}/", "/bank/?state=posted"):
        told = client.get(page).content.decode()
        assert f"posted to {office.case.customer.name}" in told, page
        assert f"/bank/matches/{proposal.pk}/confirm/" in told
    client.post(f"/bank/matches/{proposal.pk}/confirm/")
    assert (office.state(), office.open_minor) == ("posted", 98_000)
    (posted,) = Match.objects.filter(line=office.line, state="posted")
    assert (posted.payout_id, posted.payment_id) == (payout.pk, None)
    assert unallocated_credits(office.org, [office.case.customer_id]) == {}
    assert "after all?" not in client.get("/bank/").content.decode()
    # Undone, what had been posted is posted again: nobody who paid is chased.
    match_undo(office.org, posted.pk, **office.who)
    assert (office.state(), office.open_minor) == ("posted", 0)
    (again,) = Match.objects.filter(line=office.line, state="posted")
    assert (again.kind, again.customer_id) == ("assigned", office.case.customer_id)
    assert again.evidence[-1]["code"] == "bank.posted_again"
    lines_match(office.org, on=today())
    assert (office.state(), office.open_minor) == ("posted", 0)
    assert not Match.objects.filter(line=office.line, state="proposed").exists()


def test_a_shared_line_that_is_a_payout_and_is_none_after_all_is_shared_again(office):
    other = factories.customer(office.case.customer.creditor, "C2", name="Outlet Sud")
    far = factories.invoice(other, "FA-8000", total_minor=8_000)
    match_undo(office.org, Match.objects.get(line=office.line, state="posted").pk, **office.who)
    parts = [(office.item.pk, 90_000), (far.pk, 8_000)]
    one, _ = line_share(office.org, office.line.pk, parts, **office.who)
    match_undo(office.org, one.pk, **office.who)
    line_share(office.org, office.line.pk, parts, **office.who)  # the last parts are the ones
    office.report()
    match_confirm(office.org, office.proposal().pk, **office.who)
    assert office.open_minor == 98_000
    match_undo(office.org, Match.objects.get(line=office.line, state="posted").pk, **office.who)
    assert (office.state(), office.open_minor) == ("posted", 8_000)
    assert installment_balances(office.org, [far.pk])[far.pk] == 0


def test_turned_down_it_stays_posted_and_does_not_come_back(office):
    office.report()
    match_refuse(office.org, office.proposal().pk, **office.who)
    lines_match(office.org, on=today())
    assert (office.state(), office.open_minor) == ("posted", 0)
    assert not Match.objects.filter(line=office.line, state="proposed").exists()


def test_the_posting_undone_otherwise_or_the_payout_found_elsewhere_ends_the_proposal(office):
    office.report()
    posted = Match.objects.get(line=office.line, state="posted")
    match_undo(office.org, posted.pk, **office.who)
    assert broken_invariants() == []
    office.post()
    lines_match(office.org, on=today())
    assert office.proposal().payout.name == "po_late"
    other = bank_line(office.case, 98_000, "STRIPE PO_LATE")
    assert Match.objects.get(line=other, state="posted").payout.name == "po_late"
    assert not Match.objects.filter(line=office.line, state="proposed").exists()


@pytest.mark.parametrize(
    ("label", "net"), [("VIR DUPONT SARL", 98_000), ("VIR STRIPE PAYMENTS", 98_001)]
)
def test_another_payer_or_amount_is_no_payout(label, net):
    office = Office(label)
    office.report(net)
    assert not Match.objects.filter(line=office.line, state="proposed").exists()


def test_a_line_of_certain_evidence_is_left_alone(office):
    rows = Match.objects.filter(line=office.line)
    rows.update(evidence=[{"code": "match.virtual_iban", "params": {}}])
    office.report()
    assert not Match.objects.filter(line=office.line, state="proposed").exists()


def test_two_people_pressing_at_once_are_one_decision(office):
    office.report()
    proposal, barrier, said = office.proposal(), threading.Barrier(2), []

    def person() -> None:
        try:
            barrier.wait(timeout=10)
            match_confirm(office.org, proposal.pk, **office.who)
            said.append("done")
        except MatchError as refused:
            said.append(refused.sentence.code)
        finally:
            connection.close()

    people = [threading.Thread(target=person) for _ in range(2)]
    for each in people:
        each.start()
    for each in people:
        each.join(timeout=30)
    assert sorted(said) == ["bank.not_proposed", "done"]
    assert office.open_minor == 98_000
    assert Payment.objects.filter(entry__reversed_by__isnull=True).count() == 0
