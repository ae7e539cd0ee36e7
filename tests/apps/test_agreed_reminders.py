"""Reminders before an instalment and before a promise: on their day, once, and not where something
stands against it; what is missed follows its rule."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Case, Promise
from amiable.apps.cases.queries import words_given
from amiable.apps.customers.models import ContactPoint, Customer
from amiable.apps.dunning.agreeing.reminding import remind_on, reminders_freeze
from amiable.apps.dunning.planning import plan_preview
from amiable.apps.dunning.sending import send_tick
from amiable.apps.messaging.models import Message
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.tenants.models import Organization
from amiable.core.plans import Policy
from amiable.core.schedules import schedule
from tests import factories
from tests.apps.settled_cases import chased
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
ROUTES = {
    medium: ("memory", {"box": {}}) for medium in ("email", "letter", "registered_letter", "sms")
}
DUE = date(2026, 12, 4)  # a Friday
WHO = {"on": TODAY, "actor": "camille"}


@pytest.fixture
def case() -> Case:
    debtor = factories.customer(factories.creditor(factories.organization()))
    factories.invoice(debtor, total_minor=120_000)
    return Case.objects.get()


def plan(case: Case, **policy) -> int:
    parts = schedule(120_000, 3, first_on=DUE, every="week")
    return cases.plan_record(
        case.organization_id, case.id, instalments=parts, policy=Policy(**policy), **WHO
    )


def tick(case: Case, day: date) -> list[str]:
    """What a day's sending wrote about what was agreed, newest last."""
    now = datetime(day.year, day.month, day.day, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
    send_tick(case.organization_id, now=now, routes=ROUTES)
    rows = Message.objects.filter(key__startswith="promise/", state="sent")
    return list(rows.order_by("id").values_list("key", flat=True))


def pay(case: Case, amount_minor: int, on: date):
    item = case.customer.invoices.first().installments.first()
    incoming = PaymentIn(
        case.customer_id, amount_minor, "EUR", on, f"p{on}", parts=((item.id, amount_minor),)
    )
    payment_record(case.organization_id, incoming, on=on, actor="bank", cases={})


def test_each_instalment_is_reminded_of_once_some_days_before(case):
    plan(case, remind_days=3)
    first, second, _ = Promise.objects.order_by("due_on")
    assert tick(case, DUE - timedelta(days=4)) == []
    assert tick(case, DUE - timedelta(days=3)) == [f"promise/{first.pk}"]
    assert tick(case, DUE - timedelta(days=2)) == [f"promise/{first.pk}"]
    message = Message.objects.get()
    assert message.recipient == "ap@client.example"
    assert "échelonné" in message.text
    assert "400,00 €" in message.text.replace("\u202f", " ").replace("\u00a0", " ")
    assert "1 200,00" not in message.text.replace("\u202f", " ").replace("\u00a0", " ")
    pay(case, 40_000, DUE)
    assert tick(case, DUE + timedelta(days=4))[-1] == f"promise/{second.pk}"


def test_a_promise_is_reminded_of_the_day_before_or_the_last_working_day(case):
    monday = date(2026, 12, 7)
    promise = cases.promise_record(
        case.organization_id, case.id, amount_minor=50_000, due_on=monday, **WHO
    )
    assert remind_on(monday, 1) == DUE
    assert tick(case, DUE - timedelta(days=1)) == []
    assert tick(case, DUE) == [f"promise/{promise}"]
    assert tick(case, DUE) == [f"promise/{promise}"]
    assert "pense-bête" in Message.objects.get().text


def _pause(case: Case) -> None:
    cases.hold_place(case.organization_id, case.id, reason="Pause", **WHO)


def _insolvent(case: Case) -> None:
    Customer.objects.update(insolvent_since=TODAY)


def _opted_out(case: Case) -> None:
    ContactPoint.objects.update(opted_out_at=datetime(2026, 11, 20, tzinfo=ZoneInfo("UTC")))


def _paid(case: Case) -> None:
    pay(case, 40_000, DUE - timedelta(days=4))


def _cancelled(case: Case) -> None:
    plan_id = Promise.objects.values_list("plan_id", flat=True)[0]
    cases.plan_cancel(case.organization_id, plan_id, **WHO)


def _stale(case: Case) -> None:
    Organization.objects.update(bank_data_max_age_days=3)


@pytest.mark.parametrize("against", [_pause, _insolvent, _opted_out, _paid, _cancelled, _stale])
def test_nothing_is_reminded_of_where_something_stands_against_it(case, against):
    plan(case)
    against(case)
    assert tick(case, DUE - timedelta(days=3)) == []
    assert not Message.objects.exists()


@pytest.mark.parametrize(("most", "reminded"), [(2, 1), (1, 0)])
def test_a_reminder_waits_where_the_customer_was_written_to_as_often_as_allowed(
    case, most, reminded
):
    Organization.objects.update(
        contact_caps=[{"medium": "email", "kind": "", "count": most, "days": 7}]
    )
    plan(case)
    chased(case.customer.invoices.first().installments.first(), on=DUE - timedelta(days=5))
    assert len(tick(case, DUE - timedelta(days=3))) == reminded


@pytest.mark.parametrize("days", [0, 1])
def test_a_reminder_that_could_not_leave_in_time_does_not_leave_late(case, days):
    promise = cases.promise_record(
        case.organization_id, case.id, amount_minor=50_000, due_on=DUE, **WHO
    )
    now = datetime(2026, 12, 3, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert reminders_freeze(case.organization_id, now=now) == 1
    assert tick(case, DUE + timedelta(days=days)) == []
    assert Message.objects.get(key=f"promise/{promise}").state == "withdrawn"


def test_reminders_of_many_cases_cost_the_same_queries(case, django_assert_max_num_queries):
    for number in range(12):
        debtor = factories.customer(
            case.customer.creditor, f"M{number}", email=f"m{number}@x.example"
        )
        factories.invoice(debtor, f"FA-{number}", total_minor=120_000)
        plan(Case.objects.get(customer=debtor))
    now = datetime(2026, 12, 1, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
    with django_assert_max_num_queries(75):
        assert reminders_freeze(case.organization_id, now=now) == 12
    assert reminders_freeze(case.organization_id, now=now) == 0


@pytest.mark.parametrize(("forgives", "state"), [(1, "late"), (0, "broken")])
def test_the_rule_of_the_policy_says_whether_one_miss_ends_a_plan(case, forgives, state):
    plan(case, forgives=forgives, grace_days=2)
    over = DUE + timedelta(days=3)
    (view,) = words_given(case.organization_id, [case.id], on=over - timedelta(days=1))[
        case.id
    ].plans
    assert view.state == "running"
    (view,) = words_given(case.organization_id, [case.id], on=over)[case.id].plans
    assert view.state == state


def test_a_broken_plan_has_its_case_chased_again_and_says_why(case):
    plan(case, forgives=0, grace_days=0)
    case.refresh_from_db()
    monday = date(2026, 12, 7)
    (preview,) = plan_preview(case.organization_id, on=monday)
    assert preview.plan.actions or preview.plan.skips
    codes = {sentence.code for action in preview.plan.actions for sentence in action.reasons} | {
        skip.sentence.code for skip in preview.plan.skips
    }
    assert "stop.plan" not in codes
    given = words_given(case.organization_id, [case.id], on=monday)[case.id]
    assert [each.kind for each in given.broken] == ["plan"]
    assert broken_invariants() == []
