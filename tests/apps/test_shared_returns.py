"""The bank takes a shared line back: every part is owed again in one act, and undone in one."""

from __future__ import annotations

import pytest
from django.test import Client

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking.models import Match
from amiable.apps.banking.services import lines_match, match_confirm, match_undo
from amiable.apps.payments.decisions import Wish
from amiable.apps.payments.models import Payment, PaymentReturn
from amiable.apps.payments.refunds import refund_request
from tests.apps.test_shared_lines import IBAN, TODAY, WHO, Office
from tests.browser.portfolio import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_same_day")]
OWED = [10_000, 20_000, 30_000]


@pytest.fixture
def office():
    found = Office()
    line = found.line(45_000, end_to_end_id="E2E-778812")
    found.share(line, (0, 10_000), (1, 20_000), (2, 15_000))
    yield found
    assert broken_invariants() == []


def back(office, amount_minor: int = -45_000, **fields):
    said = {"end_to_end_id": "E2E-778812", "is_return": True, "return_reason": "AC04"}
    return office.line(amount_minor, "REJET VIREMENT", **{**said, **fields})


def codes(match) -> list[str]:
    return [each["code"] for each in match.evidence]


def test_the_return_of_a_shared_line_opens_every_debt_again_and_one_undo_pays_them(office):
    line = back(office)
    assert (line.state, office.balances()) == ("posted", OWED)
    assert {each.reason_code for each in PaymentReturn.objects.all()} == {"AC04"}
    parts = list(Match.objects.filter(line=line, state="posted").order_by("id"))
    assert {each.customer_id for each in parts} == {each.pk for each in office.customers}
    assert all(codes(each).count("match.return_part") == 1 for each in parts)
    match_undo(office.org, parts[1].pk, **WHO)
    assert office.balances() == [0, 0, 15_000]
    line.refresh_from_db()
    assert line.state == "new"
    # Nothing is posted unasked on a line that a person undid; confirmed, it is one act again.
    lines_match(office.org, on=TODAY)
    assert office.balances() == [0, 0, 15_000]
    proposal = Match.objects.get(line=line, state="proposed", rank=1)
    match_confirm(office.org, proposal.pk, **WHO)
    assert office.balances() == OWED
    match_undo(office.org, Match.objects.filter(line=line, state="posted")[0].pk, **WHO)
    assert office.balances() == [0, 0, 15_000]
    # The line the money came by can still be undone itself.
    came = Match.objects.filter(payment__isnull=False, state="posted").first()
    match_undo(office.org, came.pk, **WHO)
    assert office.balances() == OWED


def test_the_amount_alone_proposes_and_a_person_decides(office):
    line = back(office, end_to_end_id="", payer_name="", payer_iban="")
    assert (line.state, office.balances()) == ("proposed", [0, 0, 15_000])
    proposal = Match.objects.get(line=line, state="proposed")
    assert (proposal.kind, proposal.customer_id) == ("return_line", None)
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(member(office.owner.organization, "lea@example.org", "accountant"))
    page = client.get("/bank/", {"state": "proposed"}).content.decode()
    assert all(f"for {each.name}" in page for each in office.customers)
    lines_match(office.org, on=TODAY)  # it stands as it was
    assert Match.objects.get(line=line, state="proposed").pk == proposal.pk
    done = client.post(f"/bank/matches/{proposal.pk}/confirm/", follow=True).content.decode()
    assert office.balances() == OWED
    posted = Match.objects.filter(line=line, state="posted").order_by("pk")[0]
    assert f"/bank/matches/{posted.pk}/undo/" in done  # the proposal itself cannot be undone
    page = client.get("/bank/", {"state": "posted"}).content.decode()
    assert page.count(f"/bank/matches/{Match.objects.latest('id').pk}/undo") == 1


def test_a_part_taken_back_before_leaves_the_rest_to_a_person(office):
    one = back(office, -20_000)
    assert (one.state, office.balances()) == ("posted", [0, 20_000, 15_000])
    whole = back(office, payer_iban=IBAN)
    assert (whole.state, office.balances()) == ("proposed", [0, 20_000, 15_000])
    proposal = Match.objects.get(line=whole, state="proposed")
    assert "match.return_part_gone" in codes(proposal)
    match_confirm(office.org, proposal.pk, **WHO)
    assert office.balances() == OWED
    assert PaymentReturn.objects.count() == 3


def test_a_part_that_is_to_be_given_back_is_told_and_nothing_posted():
    office = Office()
    line = office.line(45_000, end_to_end_id="E2E-778812")
    office.share(line, (0, 10_000), (1, 20_000), rest_for=office.customers[2].pk)
    credit = Payment.objects.get(customer=office.customers[2]).entry_id
    refund_request(
        office.org, Wish(credit, 0), amount_minor=15_000, iban=IBAN, name="Zed", cases={}, **WHO
    )
    line = back(office)
    assert (line.state, office.balances()) == ("proposed", [0, 0, 30_000])
    proposal = Match.objects.get(line=line, state="proposed")
    assert "match.return_part_refunded" in codes(proposal)
    match_confirm(office.org, proposal.pk, **WHO)
    assert (office.balances(), office.on_account(2)) == (OWED, 0)
    assert broken_invariants() == []
