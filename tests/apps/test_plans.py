"""Promises and payment plans: recorded within what is owed, judged by what is paid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services
from amiable.apps.cases.models import Case, PaymentPlan, Promise
from amiable.apps.cases.queries import broken_promises, claimable, words_given
from amiable.apps.payments.services import PaymentIn, payment_record, payment_return
from amiable.apps.receivables.queries import receipts
from amiable.core.facts import Receipt
from amiable.core.schedules import PlanPart
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
WHO = {"on": TODAY, "actor": "claire@vauban.example"}
NEXT = TODAY + timedelta(days=7)  # a Friday too


@pytest.fixture
def case():
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor, total_minor=120_000)
    Case.objects.update(next_plan_on=None)
    return Case.objects.get()


def pay(case: Case, amount_minor: int, on: date, name: str = "p1"):
    item = case.customer.invoices.first().installments.first()
    incoming = PaymentIn(
        case.customer_id, amount_minor, case.currency, on, name, parts=((item.id, amount_minor),)
    )
    return payment_record(case.organization_id, incoming, on=on, actor="test", cases={})


def promise(case: Case, amount_minor: int = 50_000, due: date = NEXT, **fields) -> int:
    return services.promise_record(
        case.organization_id, case.id, amount_minor=amount_minor, due_on=due, **{**WHO, **fields}
    )


def plan(case: Case, amount_minor: int = 120_000, count: int = 3) -> int:
    terms = services.PlanTerms(amount_minor, count, NEXT, "week")
    parts = services.plan_schedule(case.organization_id, case.id, terms, on=TODAY)
    return services.plan_record(case.organization_id, case.id, instalments=parts, **WHO)


def given(case: Case, on: date):
    return words_given(case.organization_id, [case.id], on=on)[case.id]


def test_a_promise_takes_the_grace_and_tolerance_of_the_organization(case):
    case.organization.promise_grace_days = 5
    case.organization.promise_tolerance_pct = 80
    case.organization.save()
    promise(case)
    row = Promise.objects.get()
    assert (row.grace_days, row.tolerance_pct) == (5, 80)
    case.refresh_from_db()
    assert case.next_plan_on == TODAY


@pytest.mark.parametrize(
    ("amount", "due", "code"),
    [
        (0, NEXT, "case.amount_not_positive"),
        (100, TODAY - timedelta(days=1), "case.promise_in_the_past"),
        (100, TODAY + timedelta(days=400), "case.promise_too_far"),
        (120_001, NEXT, "case.promise_too_much"),
    ],
)
def test_a_promise_without_sense_is_refused_with_a_sentence(case, amount, due, code):
    with pytest.raises(services.CaseError) as refusal:
        promise(case, amount, due)
    assert refusal.value.sentence.code == code
    assert not Promise.objects.exists()


def test_the_same_debt_is_not_promised_twice(case):
    first = promise(case, 120_000)
    with pytest.raises(services.CaseError) as refusal:
        promise(case, 120_000, NEXT + timedelta(days=7))
    assert refusal.value.sentence.code == "case.nothing_to_promise"
    assert services.promise_cancel(case.organization_id, first, **WHO)
    assert promise(case, 120_000, NEXT + timedelta(days=7))


def test_a_promise_is_kept_or_broken_by_what_came(case):
    promise(case)
    pay(case, 30_000, TODAY + timedelta(days=2))
    (view,) = given(case, TODAY + timedelta(days=3)).promises
    assert (view.state, view.received_minor, view.percent) == ("running", 30_000, 60)
    later = given(case, NEXT + timedelta(days=4))
    assert later.promises[0].state == "partly_kept"
    (broken,) = later.broken
    assert (broken.on, broken.received_minor) == (NEXT + timedelta(days=4), 30_000)
    pay(case, 20_000, NEXT + timedelta(days=3), "p2")
    assert given(case, NEXT + timedelta(days=4)).promises[0].state == "kept"


def test_a_broken_promise_is_remembered_and_cannot_be_taken_back(case):
    promise_id = promise(case)
    over = NEXT + timedelta(days=4)
    assert not services.promise_cancel(case.organization_id, promise_id, on=over, actor="x")
    assert given(case, over).broken_count == 1
    found = broken_promises(case.organization_id, since=over - timedelta(days=6), on=over)
    assert [(b.kind, b.case_id, b.amount_minor) for b in found] == [("promise", case.id, 50_000)]
    assert not broken_promises(
        case.organization_id, since=over + timedelta(days=1), on=over + timedelta(days=9)
    )


def test_money_taken_back_breaks_the_promise_it_had_kept(case):
    promise(case)
    payment = pay(case, 50_000, TODAY + timedelta(days=1))
    assert given(case, NEXT).promises[0].state == "kept"
    payment_return(
        case.organization_id, payment.id, on=NEXT, reason_code="MS03", external_id="r", actor="x", cases={}
    )  # fmt: skip
    assert given(case, NEXT + timedelta(days=9)).promises[0].state == "broken"


def test_receipts_are_what_went_away_by_day(case):
    payment = pay(case, 30_000, TODAY)
    pay(case, 20_000, TODAY, "p2")
    payment_return(
        case.organization_id, payment.id, on=NEXT, reason_code="MS03", external_id="r", actor="x", cases={}
    )  # fmt: skip
    found = receipts(case.organization_id, {case.customer_id: TODAY})
    assert found == {(case.customer_id, "EUR"): [Receipt(TODAY, 50_000), Receipt(NEXT, -30_000)]}
    assert receipts(case.organization_id, {case.customer_id: NEXT})[case.customer_id, "EUR"] == [
        Receipt(NEXT, -30_000)
    ]


def test_a_plan_is_three_promises_that_sum_to_the_cent(case):
    plan_id = plan(case, 100_000)
    rows = Promise.objects.filter(plan_id=plan_id).order_by("due_on")
    assert [row.amount_minor for row in rows] == [33_334, 33_333, 33_333]
    assert [row.due_on for row in rows] == [NEXT + timedelta(weeks=n) for n in range(3)]
    (view,) = given(case, TODAY).plans
    assert (view.state, view.amount_minor, view.received_minor) == ("running", 100_000, 0)
    assert view.next_part.due_on == NEXT
    assert Event.objects.filter(kind="plan.recorded", case_id=case.id).count() == 1
    assert broken_invariants() == []


def test_a_plan_is_about_what_may_be_asked_for(case):
    item = case.customer.invoices.first().installments.first()
    services.dispute_open(case.organization_id, item.id, reason="price", amount_minor=20_000, **WHO)
    promise(case, 30_000)
    amounts = claimable(case.organization_id, case.id, on=TODAY)
    assert (amounts.plan_minor, amounts.promise_minor) == (70_000, 90_000)
    with pytest.raises(services.CaseError) as refusal:
        plan(case, 70_001)
    assert refusal.value.sentence.code == "plan.too_much"
    assert plan(case, 70_000)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(NEXT, 100)], "plan.few"),
        ([(NEXT, 100), (NEXT, 100)], "plan.order"),
        ([(NEXT, 100), (NEXT + timedelta(days=1), 100)], "plan.not_worked"),
        ([(NEXT, 100), (NEXT + timedelta(days=7), 0)], "case.amount_not_positive"),
        ([(TODAY - timedelta(days=1), 100), (NEXT, 100)], "case.promise_in_the_past"),
        ([(NEXT, 100_000), (NEXT + timedelta(days=7), 20_001)], "plan.too_much"),
    ],
)
def test_a_plan_without_sense_is_refused_with_a_sentence(case, parts, code):
    instalments = [PlanPart(*part) for part in parts]
    with pytest.raises(services.CaseError) as refusal:
        services.plan_record(case.organization_id, case.id, instalments=instalments, **WHO)
    assert refusal.value.sentence.code == code
    assert not PaymentPlan.objects.exists()


def test_a_plan_is_late_after_one_missed_instalment_and_broken_after_two(case):
    plan(case)
    states = [given(case, NEXT + timedelta(days=d)).plans[0].state for d in (3, 4, 10, 11)]
    assert states == ["running", "late", "late", "broken"]
    broken = given(case, NEXT + timedelta(days=11))
    assert [each.kind for each in broken.broken] == ["plan", "instalment"]
    assert broken.broken_count == 1


def test_a_plan_paid_on_time_is_kept(case):
    plan(case)
    for week in range(3):
        pay(case, 40_000, NEXT + timedelta(weeks=week), f"p{week}")
    assert given(case, NEXT + timedelta(weeks=9)).plans[0].state == "kept"


def test_a_cancelled_plan_covers_nothing(case):
    plan_id = plan(case)
    assert services.plan_cancel(case.organization_id, plan_id, **WHO)
    assert not services.plan_cancel(case.organization_id, plan_id, **WHO)
    assert given(case, TODAY).plans[0].state == "cancelled"
    assert claimable(case.organization_id, case.id, on=TODAY).plan_minor == 120_000
    assert broken_invariants() == []


def test_an_instalment_is_not_cancelled_by_itself_nor_a_plan_that_is_over(case):
    plan_id = plan(case)
    part = Promise.objects.filter(plan_id=plan_id).first()
    assert not services.promise_cancel(case.organization_id, part.id, **WHO)
    over = NEXT + timedelta(days=60)
    assert not services.plan_cancel(case.organization_id, plan_id, on=over, actor="x")


def test_another_organization_sees_and_changes_no_promise(case):
    stranger = factories.organization("stranger")
    promise_id, plan_id = promise(case, 50_000), plan(case, 60_000)
    assert words_given(stranger.id, [case.id], on=TODAY) == {}
    assert claimable(stranger.id, case.id, on=TODAY).open_minor == 0
    assert not services.promise_cancel(stranger.id, promise_id, **WHO)
    assert not services.plan_cancel(stranger.id, plan_id, **WHO)
    with pytest.raises(services.CaseError):
        services.promise_record(stranger.id, case.id, amount_minor=1, due_on=NEXT, **WHO)
    with pytest.raises(services.CaseError):
        services.plan_record(
            stranger.id, case.id, instalments=[PlanPart(NEXT, 1), PlanPart(NEXT, 1)], **WHO
        )
    assert broken_promises(stranger.id, since=TODAY, on=NEXT + timedelta(days=30)) == []


def test_the_words_of_many_cases_cost_three_queries(case, django_assert_num_queries):
    owner = case.customer.creditor
    for number in range(5):
        debtor = factories.customer(owner, f"C{number}")
        factories.invoice(debtor, f"F{number}")
        plan(factories.case(debtor))
    ids = list(Case.objects.values_list("id", flat=True))
    with django_assert_num_queries(3):
        assert len(words_given(case.organization_id, ids, on=TODAY)) == 5
