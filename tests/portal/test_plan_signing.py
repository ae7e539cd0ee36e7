"""A plan agreed on the payment page: within the policy, of what is owed when it is signed, with its
evidence; or looked at by a person first."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services as cases
from amiable.apps.cases.links import link_find
from amiable.apps.cases.models import Hold, PaymentPlan, PlanPolicy, PlanProposal, Promise
from amiable.apps.cases.policies import policy_of, policy_remove, policy_set
from amiable.apps.cases.queries import claimable, words_given
from amiable.apps.dunning.agreeing.deciding import proposal_decide, proposal_offer
from amiable.apps.dunning.agreeing.offering import plan_offer
from amiable.apps.dunning.agreeing.signing import Signing, plan_sign, text_digest
from amiable.apps.dunning.portal import Saying
from amiable.apps.messaging.models import Message, Reply
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.models import Installment
from amiable.core.plans import Choice, Policy, first_day
from amiable.core.schedules import schedule
from amiable.core.workdays import next_workday
from amiable.interfaces.portal import words
from tests import factories
from tests.apps.portal_codes import proof_for, typed
from tests.apps.portal_pages import owing, path_of, plain, send, shown, today

pytestmark = pytest.mark.django_db
AUTOMATIC = Policy("automatic", least_part_minor=10_000, ahead_days=30)
DEBT = 155_000  # 1,200.00 + 300.00 + 50.00


@pytest.fixture
def case():
    found = owing()
    set_policy(found, AUTOMATIC)
    return found


def set_policy(case, policy: Policy, *, creditor_id=None, segment: str = "") -> int:
    return policy_set(
        case.organization_id, policy, creditor_id=creditor_id, segment=segment, on=today(),
        actor="camille",
    )  # fmt: skip


def form_of(client, path: str, **chosen) -> dict[str, str]:
    """The hidden fields of the form that signs, for a choice."""
    query = "&".join(f"{key}={value}" for key, value in chosen.items())
    text = shown(client, f"{path}plan/?{query}")
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
    return {name: value for name, value in found if name != "lang"}


def sign(client, path: str, *, fields=None, **more):
    fields = fields or form_of(client, path, count=3)
    ticket = fields["ticket"]
    rest = {key: value for key, value in fields.items() if key != "ticket"}
    answer = send(client, f"{path}plan/", ticket=ticket, **{**rest, **more})
    text = answer.content.decode()
    return typed(client, f"{path}plan/", text) if 'data-code="send"' in text else answer


def pay(case, amount_minor: int, name: str = "p1"):
    item = Installment.objects.get(invoice__number="FA-1")
    incoming = PaymentIn(
        case.customer_id, amount_minor, "EUR", today(), name, parts=((item.pk, amount_minor),)
    )
    return payment_record(case.organization_id, incoming, on=today(), actor="bank", cases={})


def test_the_nearest_policy_holds(case):
    organization_id, creditor_id = case.organization_id, case.customer.creditor_id
    case.customer.segment = "large"
    case.customer.save()
    other = factories.creditor(case.organization, "other")
    set_policy(case, Policy("automatic", most_parts=9), creditor_id=other.pk)
    assert policy_of(organization_id, case.pk) == AUTOMATIC
    for most, creditor, segment in (
        (5, None, "large"),
        (6, creditor_id, ""),
        (7, creditor_id, "large"),
    ):
        policy = Policy("approval", most_parts=most)
        set_policy(case, policy, creditor_id=creditor, segment=segment)
        assert policy_of(organization_id, case.pk) == policy
    row = PlanPolicy.objects.get(creditor_id=creditor_id, segment="large")
    assert policy_remove(organization_id, row.pk, on=today(), actor="camille")
    assert policy_of(organization_id, case.pk).most_parts == 6
    with pytest.raises(cases.CaseError):
        set_policy(case, Policy("automatic", grace_days=61))


def test_without_a_policy_nothing_is_offered_but_a_person(client, case, path):
    PlanPolicy.objects.all().delete()
    assert f"{path}plan/" not in shown(client, f"{path}later/")
    answer = client.get(f"{path}plan/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{path}later/")
    assert not PlanProposal.objects.exists()


def test_a_link_of_one_invoice_offers_no_plan_of_the_others(client, case):
    only = Installment.objects.get(invoice__number="FA-2")
    narrow = path_of(case, invoice_id=only.invoice_id)
    assert client.get(f"{narrow}plan/").status_code == 302
    assert "1 550,00" not in shown(client, f"{narrow}later/")


def test_a_plan_leaves_what_is_owed_later_as_it_is_and_says_so(client, case, path):
    set_policy(case, Policy("automatic"))
    later = plain(words.day(today() + timedelta(days=7)))
    text = shown(client, f"{path}plan/?count=3")
    assert f"échéance après le {later} n’en font pas partie" in text
    assert "1 500,00 € à étaler" in text
    assert "FA-3" not in text
    assert sign(client, path).status_code == 303
    assert sum(Promise.objects.values_list("amount_minor", flat=True)) == DEBT - 5_000
    assert "FA-3" not in PlanProposal.objects.get().text
    # Nothing keeps the later invoice from being asked for on its day.
    given = words_given(case.organization_id, [case.pk], on=today())[case.pk]
    assert claimable(case.organization_id, case.pk, on=today(), given=given).plan_minor == 5_000


def test_a_plan_of_what_is_due_alone_is_offered_only_once_something_is(client, case, path):
    set_policy(case, Policy("automatic", ahead_days=0))
    assert f"{path}plan/" in shown(client, f"{path}later/")
    Installment.objects.update(due_date=today() + timedelta(days=1))
    assert f"{path}plan/" not in shown(client, f"{path}later/")
    assert client.get(f"{path}plan/").status_code == 302
    Installment.objects.filter(invoice__number="FA-2").update(due_date=today())
    assert "300,00 € à étaler" in shown(client, f"{path}plan/")


def test_a_plan_is_chosen_shown_signed_and_runs_at_once(client, case, path):
    assert f"{path}plan/" in shown(client, f"{path}later/")
    text = shown(client, f"{path}plan/?count=3")
    assert text.count("516,67 €") + text.count("516,66 €") >= 3
    answer = sign(client, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}plan/")
    rows = list(Promise.objects.order_by("due_on"))
    assert sum(row.amount_minor for row in rows) == DEBT
    assert len(rows) == 3
    proposal = PlanProposal.objects.get()
    assert (proposal.state, proposal.plan_id) == ("agreed", rows[0].plan_id)
    assert proposal.sha256 == text_digest(proposal.text)
    assert "FA-1" in proposal.text
    assert (proposal.address, proposal.acknowledges) == ("127.0.0.0/24", False)
    told = Event.objects.get(kind="plan.signed", case_id=case.pk).payload
    assert told["sha256"] == proposal.sha256
    message = Message.objects.get(key__startswith="portal/plan-")
    assert told["confirmation"] == message.pk
    assert "516,67" in message.text.replace("\u202f", " ")
    assert claimable(case.organization_id, case.pk, on=today()).plan_minor == 0
    assert broken_invariants() == []


def test_the_page_shows_how_far_the_plan_is_and_asks_for_exactly_the_next_instalment(
    client, case, path
):
    sign(client, path)
    text = shown(client, f"{path}plan/")
    assert 'data-copy="516,67"' in text
    pay(case, 20_000)
    text = shown(client, f"{path}plan/")
    assert 'data-copy="316,67"' in text
    assert f"{path}plan/#pay" in shown(client, path)


def test_what_came_earlier_on_the_same_day_is_not_taken_for_the_first_instalment(
    client, case, path
):
    pay(case, 30_000)
    sign(client, path)
    view = words_given(case.organization_id, [case.pk], on=today())[case.pk].plans[0]
    assert (view.amount_minor, view.received_minor) == (DEBT - 30_000, 0)
    pay(case, 10_000, "p2")
    view = words_given(case.organization_id, [case.pk], on=today())[case.pk].plans[0]
    assert view.received_minor == 10_000


def test_acknowledging_the_debt_is_a_tick_of_its_own(client, case, path):
    fields = form_of(client, path, count=2)
    assert "acknowledges" not in fields
    sign(client, path, fields=fields, acknowledges="yes")
    proposal = PlanProposal.objects.get()
    assert proposal.acknowledges
    assert "2240" in proposal.text
    assert text_digest(proposal.text) != fields["seen"]


def test_no_acknowledgment_of_an_old_consumer_debt(client):
    case = owing(kind="consumer")
    set_policy(case, AUTOMATIC)
    old = today() - timedelta(days=800)
    factories.invoice(case.customer, "FA-0", due=old, total_minor=10_000)
    path = path_of(case)
    assert "2240" not in shown(client, f"{path}plan/?count=2")
    assert sign(client, path, acknowledges="yes").status_code == 422
    assert not PaymentPlan.objects.exists()


def test_interest_is_said_to_companies_only(client, case, path):
    set_policy(case, Policy("automatic", charges_interest=True, ahead_days=30))
    assert "L441-10" in shown(client, f"{path}plan/?count=2")
    type(case.customer).objects.update(kind="consumer")
    assert "L441-10" not in shown(client, f"{path}plan/?count=2")


def test_a_payment_while_the_plan_is_read_shows_it_anew(client, case, path):
    fields = form_of(client, path, count=3)
    pay(case, 50_000)
    answer = sign(client, path, fields=fields)
    assert answer.status_code == 422
    assert not PaymentPlan.objects.exists()
    assert not PlanProposal.objects.exists()
    fresh = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.content.decode()))
    assert fresh["seen"] != fields["seen"]
    assert sign(client, path, fields=form_of(client, path, count=3)).status_code == 303
    assert sum(Promise.objects.values_list("amount_minor", flat=True)) == DEBT - 50_000


def test_the_same_form_sent_twice_is_one_plan_and_another_one_is_refused(client, case, path):
    fields, others = form_of(client, path, count=3), form_of(client, path, count=2)
    assert sign(client, path, fields=fields).status_code == 303
    assert sign(client, path, fields=fields).status_code == 200  # the plan that runs
    assert sign(client, path, fields=others).status_code == 200
    assert PaymentPlan.objects.count() == 1
    assert Message.objects.filter(key__startswith="portal/plan-").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", "40"), ("count", "x"), ("first_on", "2020-01-01"), ("first", "-1"), ("seen", "0")],
)
def test_what_the_policy_does_not_allow_is_not_signed(client, case, path, field, value):
    fields = {**form_of(client, path, count=3), field: value}
    assert sign(client, path, fields=fields).status_code == 422
    assert not PaymentPlan.objects.exists()
    assert client.get(f"{path}plan/?{field}={value}").status_code == 200


def by_approval(client, case, path) -> PlanProposal:
    set_policy(case, Policy("approval", ahead_days=30))
    assert sign(client, path).status_code == 303
    return PlanProposal.objects.get()


def decide(proposal, verdict: str, **more):
    return proposal_decide(
        proposal.organization_id, proposal.pk, verdict, on=today(), actor="camille",
        now=timezone.now(), **more,
    )  # fmt: skip


def test_by_approval_a_person_decides_while_reminders_pause_for_a_week(client, case, path):
    proposal = by_approval(client, case, path)
    assert proposal.state == "waiting"
    assert not PaymentPlan.objects.exists()
    hold = Hold.objects.get()
    assert hold.ends_on == today() + timedelta(days=7)
    reply = Reply.objects.get()
    assert reply.task == "agree_plan"
    assert 'data-plan="waiting"' in shown(client, f"{path}plan/")
    decide(proposal, "approve")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("agreed", "camille")
    assert sum(Promise.objects.values_list("amount_minor", flat=True)) == DEBT
    reply.refresh_from_db()
    hold.refresh_from_db()
    assert reply.task_done_on == today()
    assert hold.ends_on < today()
    assert Message.objects.filter(key=f"portal/plan-{proposal.pk}-agreed").exists()
    with pytest.raises(cases.CaseError):
        decide(proposal, "refuse")
    assert broken_invariants() == []


def test_a_proposal_is_not_approved_for_more_than_is_owed_by_then(client, case, path):
    proposal = by_approval(client, case, path)
    pay(case, 50_000)
    with pytest.raises(cases.CaseError) as refusal:
        decide(proposal, "approve")
    assert refusal.value.sentence.code == "plan.too_much"
    assert not PaymentPlan.objects.exists()


def test_a_refusal_is_told_with_its_answer_and_reminders_go_on(client, case, path):
    proposal = by_approval(client, case, path)
    decide(proposal, "refuse", answer="Deux fois au plus.")
    assert Hold.objects.get().ends_on < today()
    assert "Deux fois au plus." in shown(client, f"{path}plan/")
    message = Message.objects.get(key=f"portal/plan-{proposal.pk}-refused")
    assert "Deux fois au plus." in message.text


def test_another_plan_is_offered_and_signed_on_the_page(client, case, path):
    first = by_approval(client, case, path)
    parts = schedule(DEBT, 2, first_on=next_workday(today() + timedelta(days=3)), every="month")
    proposal_offer(
        case.organization_id, case.pk, parts=parts, on=today(), actor="camille",
        now=timezone.now(),
    )  # fmt: skip
    first.refresh_from_db()
    assert first.state == "withdrawn"
    fields = form_of(client, path)
    assert "count" not in fields
    assert sign(client, path, fields=fields).status_code == 303
    agreed = PlanProposal.objects.get(state="agreed")
    assert (agreed.asked_by, agreed.sha256) == ("camille", text_digest(agreed.text))
    assert Promise.objects.filter(plan_id=agreed.plan_id).count() == 2
    assert broken_invariants() == []


def test_a_person_may_offer_a_plan_of_all_that_is_open(client, case, path):
    set_policy(case, Policy("automatic", ahead_days=0))
    parts = schedule(DEBT, 2, first_on=next_workday(today() + timedelta(days=10)), every="month")
    proposal_offer(
        case.organization_id, case.pk, parts=parts, on=today(), actor="camille", now=timezone.now()
    )
    text = shown(client, f"{path}plan/")
    assert "FA-3 (50,00 €)" in text
    assert "n’en font pas partie" not in text
    assert sign(client, path, fields=form_of(client, path)).status_code == 303
    assert sum(Promise.objects.values_list("amount_minor", flat=True)) == DEBT


def test_after_a_broken_plan_only_a_person_agrees_another(client, case):
    long_ago = today() - timedelta(days=90)
    parts = schedule(20_000, 2, first_on=next_workday(long_ago), every="week")
    cases.plan_record(
        case.organization_id, case.pk, instalments=parts, on=long_ago, actor="camille"
    )
    path = path_of(case)
    assert "data-by-person" in shown(client, f"{path}plan/?count=2")


def test_a_change_is_a_new_version_and_the_old_one_is_kept(client, case, path):
    sign(client, path)
    old = PaymentPlan.objects.get()
    terms = cases.PlanTerms(DEBT, 4, next_workday(today() + timedelta(days=10)))
    new = cases.plan_change(
        case.organization_id, old.pk, terms, on=today(), actor="camille", note="Plus long"
    )
    views = words_given(case.organization_id, [case.pk], on=today())[case.pk].plans
    states = [(v.id, v.state, v.replaces, v.is_replaced) for v in views]
    assert states == [(new, "running", old.pk, False), (old.pk, "cancelled", None, True)]
    with pytest.raises(cases.CaseError):
        cases.plan_change(case.organization_id, old.pk, terms, on=today(), actor="camille")
    too_much = cases.PlanTerms(DEBT + 1, 4, terms.first_on)
    with pytest.raises(cases.CaseError):
        cases.plan_change(case.organization_id, new, too_much, on=today(), actor="camille")
    assert words_given(case.organization_id, [case.pk], on=today())[case.pk].plans[0].id == new
    assert broken_invariants() == []


def _write(offer, parts, *, acknowledges) -> str:
    return f"{offer.debt_minor} {[(p.due_on, p.amount_minor) for p in parts]} {acknowledges}"


def _signing(link, ticket: str, *, count: int = 3) -> Signing:
    offer = plan_offer(link, on=today())
    choice = Choice(count, first_day(offer.policy, on=today(), zone=offer.zone))
    seen = text_digest(_write(offer, offer.parts(choice), acknowledges=False))
    proof = proof_for(link, "plan", ticket=f"code-{ticket}")
    return Signing(choice, seen, False, ticket, "fr", "test", proof=proof)


def _together(*works) -> list[str]:
    """What each of these, begun at the same moment, ended with."""
    barrier, outcomes = threading.Barrier(len(works)), []

    def run(work) -> None:
        try:
            barrier.wait(timeout=10)
            work()
            outcomes.append("done")
        except cases.CaseError as error:
            outcomes.append(error.sentence.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(outcomes)


def _sign_by(link, signing: Signing):
    plan_sign(
        link, signing, write=_write, saying=lambda *_: Saying("hardship", ""), on=today(),
        now=timezone.now(),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_two_signings_at_once_are_one_plan(case, path, turn):
    link = link_find(path.split("/")[2], on=today())
    first, second = _signing(link, "a"), _signing(link, "b", count=2)
    outcomes = _together(lambda: _sign_by(link, first), lambda: _sign_by(link, second))
    assert outcomes == ["done", "plan.not_offered"]
    assert PaymentPlan.objects.count() == 1
    assert broken_invariants() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(5))
def test_a_payment_while_a_plan_is_signed_is_before_or_after_it(case, path, turn):
    """Either the payment came first, and nothing is signed of what is no longer owed; or the plan
    did, and the payment is for it."""
    link = link_find(path.split("/")[2], on=today())
    signing = _signing(link, "a")
    outcomes = _together(lambda: _sign_by(link, signing), lambda: pay(case, 50_000))
    given = words_given(case.organization_id, [case.pk], on=today()).get(case.pk)
    if outcomes == ["done", "plan.changed"]:
        assert given is None
        _sign_by(link, _signing(link, "b"))
        given = words_given(case.organization_id, [case.pk], on=today())[case.pk]
        assert (given.plans[0].amount_minor, given.plans[0].received_minor) == (DEBT - 50_000, 0)
    else:
        assert outcomes == ["done", "done"]
        assert (given.plans[0].amount_minor, given.plans[0].received_minor) == (DEBT, 50_000)
    assert broken_invariants() == []
