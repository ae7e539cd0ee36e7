"""Instalments of a plan collected by direct debit: announced together, each collected once on its
day, never what was paid otherwise, and no more once the plan or the mandate is over."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from lxml import etree

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases import services as cases
from amiable.apps.cases.models import Promise
from amiable.apps.cases.queries import words_given
from amiable.apps.cases.services import CaseError, dispute_open, hold_place
from amiable.apps.dunning.agreeing.reminding import reminders_freeze
from amiable.apps.dunning.debiting.running import debits_check
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.mandates import mandate_revoke
from amiable.apps.payments.debits.models import Debit, DebitItem
from amiable.apps.payments.services import PaymentIn, payment_record
from amiable.apps.receivables.queries import installment_balances
from amiable.core.direct_debits import submit_by
from tests import factories
from tests.apps.plan_debits import agreed
from tests.apps.test_direct_debits import ACCOUNT, ICS, MONDAY, at, booked, filed, look, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return factories.creditor(factories.organization(), ics=ICS)


@pytest.fixture
def debtor(owner):
    return factories.customer(owner)


@pytest.fixture
def items(debtor):
    """1,200.00 and 300.00, both overdue."""
    due = MONDAY - timedelta(days=30)
    return [
        factories.invoice(debtor, "FA-1", due=due),
        factories.invoice(debtor, "FA-2", total_minor=30_000, due=due),
    ]


@pytest.fixture
def plan(debtor, items):
    return agreed(debtor, 150_000)


def pay(debtor, item, amount: int, day: date, name: str = "p1") -> None:
    paid = PaymentIn(debtor.pk, amount, "EUR", day, name, parts=((item.pk, amount),))
    payment_record(debtor.organization_id, paid, cases={}, on=day, actor="bank")


def running(*states: str) -> list[Debit]:
    states = states or ("announced",)
    return list(Debit.objects.filter(state__in=states).order_by("collect_on", "id"))


def why(part_id: int) -> str:
    return Debit.objects.filter(part_id=part_id, state="withdrawn").latest("id").why["code"]


def state(plan, on: date) -> str:
    given = words_given(plan.organization_id, [plan.case_id], on=on)[plan.case_id]
    (found,) = [each for each in given.plans if each.id == plan.pk]
    return found.state


def hand_over(owner, debit: Debit):
    """The file, made on the last day."""
    return filed(owner, submit_by(debit.collect_on, owner.debit_lead_days))


def test_one_email_announces_every_day_and_amount_under_the_mandate(owner, debtor, plan):
    parts = list(Promise.objects.order_by("due_on"))
    debits = running()
    assert [(d.collect_on, d.amount_minor) for d in debits] == [
        (part.due_on, part.amount_minor) for part in parts
    ]
    assert sum(d.amount_minor for d in debits) == 150_000
    (message,) = Message.objects.filter(key__contains="plan-")
    assert {d.notice_key for d in debits} == {message.key}
    assert Message.objects.count() == 1
    for words in (ICS, debits[0].mandate.rum, "375,00"):
        assert words in message.text.replace("\u202f", "").replace("\xa0", " ")
    assert ACCOUNT not in message.text
    assert (debits[0].collect_on - MONDAY).days >= owner.debit_notice_days
    first = [(i.installment.invoice.number, i.amount_minor) for i in debits[0].items.all()]
    assert first == [("FA-1", 37_500)]
    assert look(owner, MONDAY)["announced"] == 0
    assert broken_invariants() == []


def test_each_instalment_is_collected_on_its_day_and_keeps_the_plan(owner, debtor, items, plan):
    types = []
    for debit in running():
        file = hand_over(owner, debit)
        root = etree.fromstring(bytes(file.content))
        types.append(root.findtext(".//{*}SeqTp"))
        assert [e.text for e in root.iterfind(".//{*}EndToEndId")] == [debit.end_to_end_id]
        assert root.findtext(".//{*}ReqdColltnDt") == debit.collect_on.isoformat()
        booked(owner, (debit.amount_minor, {"label": "REMISE PRLV"}), day=debit.collect_on)
        look(owner, debit.collect_on)
    assert types == ["FRST", "RCUR", "RCUR", "RCUR"]
    assert {d.state for d in Debit.objects.all()} == {"collected"}
    assert sum(installment_balances(owner.organization_id, [i.pk for i in items]).values()) == 0
    case_id = plan.case_id
    given = words_given(owner.organization_id, [case_id], on=debit.collect_on)[case_id]
    assert given.plans[0].state == "kept"
    assert broken_invariants() == []


@pytest.mark.parametrize("way", ["paid", "changed", "cancelled", "revoked", "disputed", "paused"])
def test_a_file_drawn_before_the_next_look_holds_nothing_that_ended(
    owner, debtor, items, plan, way
):
    """Another customer's collection keeps the file from being empty."""
    other = factories.customer(owner, "C002")
    factories.invoice(other, "FA-9", due=MONDAY - timedelta(days=30))
    agreed(other, 120_000)
    first = Debit.objects.filter(customer=debtor).earliest("collect_on")
    kept = Debit.objects.filter(customer=other).earliest("collect_on")
    org, day = owner.organization_id, submit_by(first.collect_on, owner.debit_lead_days)
    who = {"on": day, "actor": "test"}
    if way == "paid":
        pay(debtor, items[0], 37_500, day)
    elif way == "changed":
        cases.plan_change(
            org, plan.pk, cases.PlanTerms(150_000, 3, day + timedelta(days=20)), **who
        )
    elif way == "cancelled":
        cases.plan_cancel(org, plan.pk, **who)
    elif way == "revoked":
        mandate_revoke(org, first.mandate_id, **who)
    elif way == "paused":
        hold_place(org, plan.case_id, reason="a call", **who)
    else:
        for item in items:
            dispute_open(org, item.pk, reason="price", **who)
    file = hand_over(owner, first)
    root = etree.fromstring(bytes(file.content))
    assert [e.text for e in root.iterfind(".//{*}EndToEndId")] == [kept.end_to_end_id]
    assert (file.count, file.amount_minor) == (1, kept.amount_minor)
    first.refresh_from_db()
    assert (first.state, first.file_id) == ("withdrawn", None)
    assert broken_invariants() == []


@pytest.mark.parametrize("way", ["paid", "part", "changed", "cancelled", "revoked", "disputed"])
def test_what_may_no_longer_be_collected_is_in_no_file(owner, debtor, items, plan, way):
    first, *others = running()
    org, day = owner.organization_id, first.collect_on - timedelta(days=5)
    who = {"on": day, "actor": "test"}
    if way == "paid":
        pay(debtor, items[0], 37_500, day)
    elif way == "part":
        pay(debtor, items[0], 10_000, day)
    elif way == "changed":
        terms = cases.PlanTerms(150_000, 3, day + timedelta(days=20))
        cases.plan_change(org, plan.pk, terms, **who)
    elif way == "cancelled":
        cases.plan_cancel(org, plan.pk, **who)
    elif way == "revoked":
        mandate_revoke(org, first.mandate_id, **who)
    else:
        for item in items:
            dispute_open(org, item.pk, reason="price", **who)
    if way == "part":
        look(owner, day)
        file = hand_over(owner, first)
        assert file.amount_minor == 27_500
        assert why(first.part_id) == "debit.part_rest"
        return
    with pytest.raises(CaseError, match="Nothing is to be handed"):
        hand_over(owner, first)
    look(owner, day)
    assert why(first.part_id) == {
        "paid": "debit.part_paid", "changed": "debit.plan_over", "cancelled": "debit.plan_over",
        "revoked": "debit.mandate_over", "disputed": "stop.disputed",
    }[way]  # fmt: skip
    left = running()
    assert len(left) == (3 if way == "paid" else 0) or way == "cancelled"
    if way == "paid":  # the others go on, of what is open
        assert {d.part_id for d in left} == {d.part_id for d in others}
        assert items_sum(left) == {items[0].pk: 82_500, items[1].pk: 30_000}


def items_sum(debits) -> Counter[int]:
    found: Counter[int] = Counter()
    for item in DebitItem.objects.filter(debit__in=debits):
        found[item.installment_id] += item.amount_minor
    return found


def returned(owner, debit: Debit, code: str) -> date:
    """Handed over, booked, and back two days later; the day of that."""
    hand_over(owner, debit)
    booked(owner, (debit.amount_minor, {"label": "REMISE PRLV"}), day=debit.collect_on)
    debit.refresh_from_db()
    assert debit.state == "collected"
    day = debit.collect_on + timedelta(days=2)
    back = {"end_to_end_id": debit.end_to_end_id, "is_return": True, "return_reason": code}
    booked(owner, (-debit.amount_minor, back), day=day)
    debit.refresh_from_db()
    assert (debit.state, debit.reason_code) == ("returned", code)
    return day


def test_lack_of_funds_is_tried_once_more_and_missed_when_that_fails_too(owner, debtor, plan):
    first = running()[0]
    returned(owner, first, "AM04")
    (again,) = running("planned")
    assert (again.part_id, again.attempt, again.notice) == (first.part_id, 2, "")
    late = first.collect_on + timedelta(days=4)
    look(owner, late)
    assert state(plan, late) == "running"
    again.refresh_from_db()
    assert again.state in {"planned", "announced"}
    for step in range(1, 10):
        look(owner, late + timedelta(days=step))
    assert len(running("announced")) == 4
    assert not running("withdrawn")
    again.refresh_from_db()
    assert (again.state, again.why) == ("announced", {})
    assert (again.collect_on - again.announced_on).days >= owner.debit_notice_days
    assert Message.objects.filter(key=f"debit/{again.pk}").exists()
    last = returned(owner, again, "AM04")
    for step in range(8):
        look(owner, last + timedelta(days=step))
    assert not Debit.objects.filter(part_id=first.part_id, attempt=3).exists()
    assert not running("planned")
    assert Debit.objects.filter(part_id=first.part_id).count() == 2
    assert state(plan, last + timedelta(days=1)) == "late"


def test_a_mandate_that_the_bank_ends_withdraws_what_is_to_come(owner, debtor, plan):
    first, *others = running()
    day = returned(owner, first, "MD01")
    look(owner, day)
    assert not running("announced", "planned")
    assert {why(each.part_id) for each in others} == {"debit.mandate_over"}
    # Another account: the plan goes on under the new mandate, announced by itself.
    signed(debtor, on=day)
    second = others[0]
    look(owner, second.collect_on - timedelta(days=owner.debit_notice_days))
    new = [d for d in running() if d.part_id == second.part_id]
    assert [(d.notice, d.collect_on) for d in new] == [("", second.collect_on)]


def test_a_plan_that_was_broken_collects_nothing_more(owner, debtor, plan):
    for debit in running()[:2]:
        day = returned(owner, debit, "MS03")
    look(owner, day + timedelta(days=3))
    given = words_given(owner.organization_id, [plan.case_id], on=day + timedelta(days=3))
    assert given[plan.case_id].plans[0].state == "broken"
    assert not running("announced", "planned")
    assert why(Promise.objects.latest("due_on").pk) == "debit.plan_broken"


def test_weekly_instalments_of_one_invoice_run_side_by_side(owner, debtor, items):
    plan = agreed(debtor, 150_000, count=5, every="week")
    debits = running()
    assert len(debits) == 5
    hand_over(owner, debits[0])
    hand_over(owner, debits[1])
    assert len(running("sent")) == 2
    assert sum(items_sum(running("announced", "sent")).values()) == 150_000
    assert Promise.objects.filter(plan=plan).count() == 5
    assert broken_invariants() == []


def test_the_reminder_says_that_it_is_collected_and_asks_for_nothing(owner, debtor, plan):
    first = running()[0]
    for days in range(4, 0, -1):
        reminders_freeze(owner.organization_id, now=at(first.collect_on - timedelta(days=days)))
    (message,) = Message.objects.filter(key=f"promise/{first.part_id}")
    assert "prélevée" in message.text
    assert first.mandate.rum in message.text
    assert owner.iban[-4:] not in message.text


def test_what_was_handed_over_too_late_is_announced_by_itself(owner, debtor, plan):
    first = running()[0]
    look(owner, first.collect_on)
    assert why(first.part_id) == "debit.late"
    new = Debit.objects.get(part_id=first.part_id, state="announced")
    assert new.notice == ""
    assert (new.collect_on - first.collect_on).days >= owner.debit_notice_days


def test_a_debit_that_we_delay_is_no_instalment_missed(owner, debtor, plan):
    first = running()[0]
    look(owner, first.collect_on)
    new = Debit.objects.get(part_id=first.part_id, state="announced")
    assert new.collect_on > first.collect_on + timedelta(days=3)  # the days of grace
    last = submit_by(new.collect_on, owner.debit_lead_days)
    for days in range((last - first.collect_on).days):
        look(owner, first.collect_on + timedelta(days=days))
        assert state(plan, first.collect_on + timedelta(days=days)) == "running"
    hand_over(owner, new)
    assert state(plan, new.collect_on) == "running"
    booked(owner, (new.amount_minor, {"label": "REMISE PRLV"}), day=new.collect_on)
    after = new.collect_on + timedelta(days=1)
    look(owner, after)
    given = words_given(owner.organization_id, [plan.case_id], on=after)[plan.case_id]
    assert [each.state for each in given.plans[0].parts] == ["kept", *["running"] * 3]
    assert not given.broken


def test_an_instalment_is_held_between_a_late_debit_and_the_next(owner, debtor, plan):
    """The check of a file finds out that the day was missed: it is announced anew by the next
    look only, and the instalment is held meanwhile."""
    first = running()[0]
    day = submit_by(first.collect_on, owner.debit_lead_days) + timedelta(days=1)
    debits_check(owner.organization_id, on=day)
    assert why(first.part_id) == "debit.late"
    assert not Debit.objects.filter(part_id=first.part_id, state="announced").exists()
    assert state(plan, first.collect_on + timedelta(days=4)) == "running"


def test_a_withdrawn_debit_holds_nothing(owner, debtor, plan):
    first = running()[0]
    mandate_revoke(owner.organization_id, first.mandate_id, on=MONDAY, actor="test")
    look(owner, MONDAY + timedelta(days=1))
    assert state(plan, first.collect_on + timedelta(days=3)) == "running"
    assert state(plan, first.collect_on + timedelta(days=4)) == "late"


def test_the_second_try_of_the_last_instalment_holds_the_plan_until_its_answer(
    owner, debtor, items, plan
):
    debits = running()
    for debit in debits[:3]:
        hand_over(owner, debit)
        booked(owner, (debit.amount_minor, {"label": "REMISE PRLV"}), day=debit.collect_on)
    day = returned(owner, debits[3], "AM04")
    for step in range(12):
        look(owner, day + timedelta(days=step))
        assert state(plan, day + timedelta(days=step)) == "running"
    (again,) = running("announced")
    assert (again.part_id, again.attempt) == (debits[3].part_id, 2)
    hand_over(owner, again)
    booked(owner, (again.amount_minor, {"label": "REMISE PRLV"}), day=again.collect_on)
    assert state(plan, again.collect_on) == "kept"
    assert sum(installment_balances(owner.organization_id, [i.pk for i in items]).values()) == 0
    assert broken_invariants() == []


def test_the_plan_breaks_when_the_second_try_of_the_last_instalment_fails(owner, debtor, plan):
    debits = running()
    for debit in debits[:3]:
        hand_over(owner, debit)
        booked(owner, (debit.amount_minor, {"label": "REMISE PRLV"}), day=debit.collect_on)
    day = returned(owner, debits[3], "AM04")
    for step in range(12):
        look(owner, day + timedelta(days=step))
    (again,) = running("announced")
    last = returned(owner, again, "AM04")
    assert state(plan, last + timedelta(days=1)) == "broken"


def test_what_a_debit_brought_is_for_its_own_instalment(owner, debtor, items):
    """Weekly: the second is collected while the first waits for its second try."""
    plan = agreed(debtor, 150_000, count=5, every="week")
    first, second, *_ = running()
    day = returned(owner, first, "AM04")
    look(owner, day)
    hand_over(owner, second)
    booked(owner, (second.amount_minor, {"label": "REMISE PRLV"}), day=second.collect_on)
    for step in range(3):
        look(owner, second.collect_on + timedelta(days=step))
    given = words_given(owner.organization_id, [plan.case_id], on=second.collect_on)
    assert [each.received_minor for each in given[plan.case_id].plans[0].parts] == [
        0, 30_000, 0, 0, 0,
    ]  # fmt: skip
    (again,) = Debit.objects.filter(part_id=first.part_id, attempt=2)
    assert again.state == "announced"
    assert Debit.objects.filter(part_id=second.part_id).count() == 1
