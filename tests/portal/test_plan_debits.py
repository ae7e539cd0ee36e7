"""A plan paid by direct debit on the payment page: chosen, the mandate signed on the way, signed with
its text kept; then nobody is asked to pay what is debited, and never twice."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.codes import is_code_asked
from amiable.apps.cases.models import PaymentPlan, PlanProposal, Promise
from amiable.apps.dunning.debiting.daily import debits_tick
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.models import Debit, Mandate
from amiable.core.direct_debits import NOTICE_DAYS
from tests.apps.portal_codes import typed
from tests.apps.portal_pages import owing, send, shown, today
from tests.apps.test_direct_debits import at, leave
from tests.portal.test_mandates import FIELDS, filled, hidden
from tests.portal.test_plan_signing import AUTOMATIC, set_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    found = owing(ics="FR72ZZZ123456")
    set_policy(found, AUTOMATIC)
    return found


def sign_mandate(client, address: str):
    """From the link of the plan to the answer of the last tap."""
    place, _, query = address.partition("?")
    page = typed(client, place, shown(client, f"{place}?{query}"))
    form = page.content.decode()
    assert 'type="radio" name="span"' not in form
    sent = {name: hidden(form, name) for name in ("ticket", "proof", "then")}
    text = send(client, place, step="read", **sent, **filled()).content.decode()
    again = {name: hidden(text, name) for name in (*FIELDS, "then")}
    return send(client, place, ticket=hidden(text, "ticket"), step="sign", **again)


def sign_plan(client, path: str, address: str):
    text = shown(client, address)
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
    fields = {name: unescape(value) for name, value in found if name != "lang"}
    answer = send(client, f"{path}plan/", **fields)
    body = answer.content.decode()
    return typed(client, f"{path}plan/", body) if 'data-code="send"' in body else answer


def journey(client, path: str, count: int = 3) -> PlanProposal:
    """Choose, sign the mandate, come back, sign the plan."""
    text = shown(client, f"{path}plan/?count={count}&first_on={today()}&first=&means=debit")
    link = unescape(re.search(r'href="([^"]+)" data-mandate', text)[1])
    answer = sign_mandate(client, link)
    assert answer.status_code == 303, answer.content.decode()
    address = answer.headers["Location"]
    assert address.startswith(f"{path}plan/?count={count}")
    answer = sign_plan(client, path, address)
    assert answer.status_code == 303, answer.content.decode()
    return PlanProposal.objects.get()


def test_the_mandate_is_signed_on_the_way_and_the_plan_keeps_its_evidence(client, case, path):
    proposal = journey(client, path)
    mandate, plan = Mandate.objects.get(), PaymentPlan.objects.get()
    assert (proposal.mandate_id, plan.mandate_id) == (mandate.pk, mandate.pk)
    assert not mandate.is_one_off
    for words in (mandate.rum, "FR72ZZZ123456"):
        assert words in proposal.text
    event = Event.objects.get(kind="plan.signed")
    assert (event.payload["mandate"], event.payload["sha256"]) == (mandate.pk, proposal.sha256)
    assert is_code_asked(case.organization_id, "mandate")
    first = date.fromisoformat(proposal.parts[0][0])
    assert (first - today()).days >= NOTICE_DAYS
    message = Message.objects.get(key__contains="plan-")
    assert mandate.rum in message.text
    assert sum(minor for _, minor in proposal.parts) == 155_000
    assert broken_invariants() == []


def test_what_is_debited_is_not_asked_for_and_with_the_bank_not_payable(client, case, path):
    journey(client, path)
    owner = case.customer.creditor
    later = today() + timedelta(days=1)
    debits_tick(case.organization_id, now=at(later))
    leave(owner, later)
    assert Debit.objects.filter(state="announced").count() == Promise.objects.count() == 3
    text = shown(client, f"{path}plan/")
    assert Mandate.objects.get().rum in text
    assert 'id="pay-title"' in text
    assert "data-copy" not in text  # no transfer is asked for
    Debit.objects.filter(pk=Debit.objects.earliest("collect_on").pk).update(state="sent")
    text = shown(client, f"{path}plan/")
    assert "une seconde fois" in text or "a second time" in text


def test_right_after_the_signature_nothing_is_asked_for_unless_it_is_revoked(client, path):
    journey(client, path)
    assert not Debit.objects.exists()
    text = shown(client, f"{path}plan/")
    assert Mandate.objects.get().rum in text
    assert "data-copy" not in text
    home = shown(client, path)
    assert f'href="{path}plan/' in home
    assert "plan/#pay" not in home
    assert f'href="{path}mandate/' not in home
    Mandate.objects.update(revoked_on=today())
    assert "data-copy" in shown(client, f"{path}plan/")


def test_without_an_identifier_no_direct_debit_is_offered(client, path, case):
    owner = case.customer.creditor
    owner.ics = ""
    owner.save()
    text = shown(client, f"{path}plan/?means=debit")
    assert 'name="means"' not in text
    assert "data-mandate" not in text


def test_a_forged_choice_by_debit_without_a_mandate_signs_nothing(client, path):
    text = shown(client, f"{path}plan/?count=3")
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
    fields = {name: unescape(value) for name, value in found if name != "lang"}
    answer = send(client, f"{path}plan/", **{**fields, "means": "debit"})
    body = answer.content.decode()
    answer = typed(client, f"{path}plan/", body) if 'data-code="send"' in body else answer
    assert answer.status_code == 422
    assert not PaymentPlan.objects.exists()
